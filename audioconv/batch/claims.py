"""Which run has which output in hand, so that two at once do none twice.

A run is a file in ``DIR/.audioconv/runs``, whose time of modification is its heartbeat. A claim is
a link to it in ``DIR/.audioconv/claims``; where there are no links, a file that names the run, made
by `O_EXCL`. Either is atomic on every disk that has it, also of a network, so no lock is needed:
who makes the claim has the output.

A run is gone if its file is, if there is no such process on this machine, or if its heart has not
beaten for `STALE` seconds; times are compared on the clock of the disk. Whoever finds the claim of
a run that is gone makes the next one in order (``HASH-1`` after ``HASH-0``): of two that try, one
succeeds. Claims are never removed while another run lives, which would take an output for free that
has been made since it last looked.

If all this fails, as after a computer has slept, an output is made twice, which does no harm: each
has a temporary file of its own, and the same bytes.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from itertools import count
from typing import Any

from audioconv.batch.ledger import FOLDER
from audioconv.batch.plan import Task
from audioconv.errors import FormatError
from audioconv.files import display_name

BEAT = 15.0
"""Seconds between heartbeats."""

STALE = 300.0
"""Seconds without a heartbeat after which a run is gone; network disks show times a minute late."""

RUNS, CLAIMS = "runs", "claims"
"""Folders of both."""

_OF_PROCESS: set[str] = set()
"""Runs of this process."""


class Claims:
    """The claims of one run.

    Parameters
    ----------
    folder : str
        of runs and claims
    run : str
        name of this run
    done : function
        whether a task is done, as far as any run has written down by now
    """

    def __init__(self, folder: str, run: str, done: Callable[[Task], bool]) -> None:
        self._folder = folder
        self._run = run
        self._done = done

    def take(self, task: Task) -> bool:
        """Claim a task; return False if another run has it, or has done it."""
        name = sha256(task.output.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        for number in count():
            path = os.path.join(self._folder, CLAIMS, f"{name}-{number}")
            if self._claim(path):
                return True
            if self._lives(path) or self._done(task):
                return False
        raise AssertionError  # count has no end

    def _claim(self, path: str) -> bool:
        """Make a claim; return False if it exists.

        It is a link to the run's own file, and so is never there without its content, whenever
        this process is killed. Some disks have no links, and others have 65,000 at most.
        """
        try:
            os.link(self._run_path(self._run), path)
        except FileExistsError:
            return False
        except OSError:
            return _make(path, self._run)
        return True

    def _lives(self, path: str) -> bool:
        """Return whether the run that made a claim lives."""
        owner = _read(path).get("run")
        if owner is None:  # no link, and not yet written; or its run was killed in between
            return _is_fresh(path, self._run_path(self._run))
        return self.is_live(owner)

    def is_live(self, run: str) -> bool:
        """Return whether a run lives."""
        path = self._run_path(run)
        found = _read(path)
        process = found.get("pid")
        if process is not None and found.get("host") == _machine():
            if process == os.getpid():
                return run in _OF_PROCESS
            if not _exists(process):
                return False
        return _is_fresh(path, self._run_path(self._run))

    def clean(self) -> None:
        """Remove all claims, and what is left of other runs, unless one of them lives."""
        claims = _names(os.path.join(self._folder, CLAIMS))
        # what began after this look has no claim among those
        for run in _names(os.path.join(self._folder, RUNS)):
            if run != self._run and self.is_live(run):
                return
            if run != self._run:
                _remove(self._run_path(run))
        for claim in claims:
            _remove(os.path.join(self._folder, CLAIMS, claim))

    def _run_path(self, run: str) -> str:
        return os.path.join(self._folder, RUNS, run)


@contextmanager
def claiming(into: str, done: Callable[[Task], bool]) -> Iterator[Claims]:
    """Begin a run on a folder of outputs, whose claims end with it.

    Parameters
    ----------
    into : str
        folder of all outputs
    done : function
        as for `Claims`

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder = os.path.join(into, FOLDER)
    for name in (RUNS, CLAIMS):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    run = f"{os.getpid()}-{os.urandom(8).hex()}"
    path = os.path.join(folder, RUNS, run)
    claims = Claims(folder, run, done)
    ended = threading.Event()
    heart = threading.Thread(target=_beat, args=(path, ended), name="heartbeat", daemon=True)
    _OF_PROCESS.add(run)
    try:
        _make(path, run)
        heart.start()
        yield claims
    finally:
        ended.set()
        _OF_PROCESS.discard(run)
        claims.clean()
        _remove(path)


@cache
def _machine() -> str:
    """Return the name of this machine; containers of one name have numbers of processes apart."""
    with suppress(OSError):
        return f"{platform.node()} {os.readlink('/proc/self/ns/pid')}"
    return platform.node()


def _beat(path: str, ended: threading.Event) -> None:
    while not ended.wait(BEAT):
        with suppress(OSError):  # taken for gone by another run
            os.utime(path)


def _make(path: str, run: str) -> bool:
    """Make a file that names a run, its machine and its process; return False if it exists.

    Raises
    ------
    FormatError
        If it cannot be written.
    """
    said = {"run": run, "host": _machine(), "pid": os.getpid(), "since": time.time()}
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(json.dumps(said))
    except FileExistsError:
        return False
    except OSError as error:
        raise FormatError(
            f"{display_name(path)} cannot be written: {error.strerror or error}; free some space, "
            "or name another folder"
        ) from None
    return True


def _read(path: str) -> dict[str, Any]:
    """Return what a file says of its run; nothing if it is gone, or not yet written."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_fresh(path: str, own: str) -> bool:
    """Return whether a file was touched a short while before now, on the clock of its disk."""
    with suppress(OSError):
        os.utime(own)
        return os.stat(own).st_mtime - os.stat(path).st_mtime < STALE
    return False


def _exists(process: int) -> bool:
    """Return whether there is a process of this number on this machine."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x00100000, 0, process)  # SYNCHRONIZE
        if not handle:
            return bool(kernel.GetLastError() == 5)  # ERROR_ACCESS_DENIED: another user's
        waits = kernel.WaitForSingleObject(handle, 0) == 0x102  # WAIT_TIMEOUT: it runs
        kernel.CloseHandle(handle)
        return bool(waits)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
