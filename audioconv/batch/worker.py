"""A process that does calls, one after another: the other end of `audioconv.batch.workers`.

Calls come on standard input, pickled, and their results leave on what was standard output. What a
library prints goes to standard error. When standard input ends, because all is done or because the
parent is gone, so does the process, in the middle of a call too.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import BinaryIO

from audioconv.batch.calls import answer

GRACE = 1.0
"""Seconds that a call has to end once nobody waits for its result."""

MEMORY = Path("/proc/self/statm")
"""What a process occupies, in pages, on systems where a limit can be put on it."""


def serve(memory: int | None) -> None:
    """Do the calls that come on standard input until it ends.

    What tasks need is imported first, and an empty reply sent: neither counts as time or memory of
    a call.

    Parameters
    ----------
    memory : int or None
        bytes that a call may take beyond what the process has, on Linux
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    calls: SimpleQueue[bytes | None] = SimpleQueue()
    Thread(target=_listen, args=(sys.stdin.buffer, calls), daemon=True).start()
    import_module("audioconv.batch.task")
    _send(replies, b"")
    while (call := calls.get()) is not None:
        if memory is not None:
            limit_memory(memory)
        _send(replies, answer(call))


def _listen(stream: BinaryIO, calls: SimpleQueue[bytes | None]) -> None:
    """Take calls until the stream ends, and let the process end then."""
    with suppress(EOFError, OSError, pickle.UnpicklingError):
        while True:
            calls.put(pickle.load(stream))
    calls.put(None)
    time.sleep(GRACE)
    os._exit(1)


def _send(replies: BinaryIO, reply: bytes) -> None:
    try:
        pickle.dump(reply, replies)
        replies.flush()
    except OSError:  # the parent is gone
        os._exit(1)


def limits_memory() -> bool:
    """Return whether this system can limit the memory of a process."""
    return MEMORY.exists()


def limit_memory(more: int) -> None:
    """Let this process have so many bytes more than now, where the system can limit it.

    The limit is on addresses (``RLIMIT_AS``), so that what asks for too much gets an error.
    """
    if not limits_memory():
        return
    import resource  # late: Windows has none

    taken = int(MEMORY.read_text().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = taken + more if hard == resource.RLIM_INFINITY else min(taken + more, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
