"""A web server on this machine, which answers in whatever way a test asks for."""

import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRETS = "sesame", "hush-hush"
"""Password and token of every URL in the tests."""


@dataclass
class Server:
    """Files by their paths, and what is odd about some of them.

    `faults` has a word for a path: cut (shorter than stated), dies, moved (to ``moved/PATH``),
    circles (is moved to itself), signed (no HEAD), silent (no length), loses (less than HEAD
    states), refuses (PUT), keeps (a PUT is cut). `headers` are sent besides; `asked` has each
    request.
    """

    port: int = 0
    files: dict = field(default_factory=dict)
    faults: dict = field(default_factory=dict)
    headers: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)

    def url(self, path):
        """Return a URL with a password and a token."""
        password, token = SECRETS
        return f"http://me:{password}@127.0.0.1:{self.port}/{path}?token={token}"

    def public(self, path):
        """Return the URL of a path as it may be shown."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def count(self, method):
        return sum(one.startswith(method) for one in self.asked)


def _handler(server):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *said):
            pass

        def do_HEAD(self):
            self.answer(body=False)

        def do_GET(self):
            self.answer(body=True)

        def answer(self, *, body):
            path = self.path.partition("?")[0][1:]
            server.asked.append(f"{self.command} {path}")
            fault = server.faults.get(path)
            if path not in server.files:
                self.status(404)
            elif fault in ("moved", "circles"):
                self.move(path, fault)
            elif fault == "signed" and not body:
                self.status(403)
            else:
                self.send(path, fault, body=body)

        def move(self, path, fault):
            there = f"moved/{path}" if fault == "moved" else path
            self.status(307, Location=f"{server.public(there)}?sig={SECRETS[1]}")

        def send(self, path, fault, *, body):
            data = server.files[path]
            unstated = fault == "silent" or (fault == "loses" and body)
            length = {} if unstated else {"Content-Length": len(data)}
            self.begin(200, {**length, **server.headers.get(path, {})})
            if body:
                half = fault in ("cut", "dies", "loses")
                self.wfile.write(data[: len(data) // 2] if half else data)
            self.close_connection = fault in ("cut", "dies", "loses", "silent")
            if body and fault == "dies":  # a reset, as of a process that is killed
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

        def do_PUT(self):
            path = self.path.partition("?")[0][1:]
            data = self.rfile.read(int(self.headers["Content-Length"]))
            server.asked.append(f"PUT {path}")
            fault = server.faults.get(path)
            if fault == "refuses":
                self.status(500)
                return
            if fault == "moved":
                self.move(path, fault)
                return
            cut = fault == "keeps"
            server.files[path] = data[:100] if cut else data
            self.status(201)

        def status(self, code, **headers):
            self.begin(code, {"Content-Length": 0, **headers})

        def begin(self, code, headers):
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, str(value))
            self.end_headers()

    return Handler


@contextmanager
def serving():
    """Serve on loopback until the end."""
    server = Server()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(server)) as listening:
        server.port = listening.server_port
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        listening.shutdown()
        thread.join()
