"""Temporary files and folders, and the sweep of those that killed runs left behind.

A temporary is known by its name, ``audioconv-PROCESS-RANDOM``. Its run holds a lock on it as long
as it lives. What has such a name, belongs to this user and is locked by nobody was left behind, and
goes when the next temporary is made beside it. A file system without locks is never swept.

Windows has no such locks, but does not remove what is open: there, a leftover has not changed for a
day either, as a run closes its file for a moment before it renames it.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

from audioconv.errors import FormatError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

DAY = 24 * 60 * 60.0
"""Seconds for which a leftover has not changed, where there are no locks."""

FEW_ENTRIES, REST = 100, 1e-4
"""Entries of a folder that is swept each time. A larger one rests for so many seconds an entry, a
hundred times as long as it takes: where a batch writes thousands of files, each would list all."""

_RESTING: dict[str, float] = {}
"""Time up to which each of these folders rests."""


class _Kind(NamedTuple):
    """Files or folders with names of one form, which only this program gives."""

    form: str
    pattern: re.Pattern[str]
    flags: int
    is_kind: Callable[[int], bool]
    remove: Callable[[str], None]

    @property
    def prefix(self) -> str:
        """The beginning of all names, which most others do not have."""
        return self.form.partition("{")[0]

    def new_path(self, folder: str) -> str:
        """Return the path of a temporary, known before it is made.

        So a signal in between leaves nothing behind.
        """
        return os.path.join(folder, self.form.format(os.getpid(), os.urandom(8).hex()))


def _remove_folder(path: str) -> None:
    shutil.rmtree(path, ignore_errors=True)


_FILE = _Kind(
    ".audioconv-{}-{}.part",
    re.compile(r"\.audioconv-[0-9]+-[0-9a-f]{16}\.part"),
    os.O_RDWR,
    stat.S_ISREG,
    os.unlink,
)
_FOLDER = _Kind(
    "audioconv-{}-{}",
    re.compile(r"audioconv-[0-9]+-[0-9a-f]{16}"),
    os.O_RDONLY | getattr(os, "O_DIRECTORY", 0),
    stat.S_ISDIR,
    _remove_folder,
)


@contextmanager
def temporary_file(folder: str, mode: int) -> Iterator[IO[bytes]]:
    """Make a named file in a folder, which is removed on exit if it is still there.

    Parameters
    ----------
    folder : str
        need not be readable
    mode : int
        permissions, less those that the umask takes away
    """
    _sweep(folder, _FILE)
    made = False
    while not made:
        path = _FILE.new_path(folder)
        try:
            with open(path, "x+b", opener=partial(os.open, mode=mode)) as file:
                made = _hold(file.fileno(), path)
                if made:
                    yield file
        finally:
            with suppress(OSError):  # never made, renamed, or swept by another run
                os.unlink(path)


@contextmanager
def scratch() -> Iterator[IO[bytes]]:
    """Open an empty named file, which is removed on exit."""
    with scratch_folder() as folder, (Path(folder) / "scratch").open("w+b") as file:
        yield file


@contextmanager
def scratch_folder() -> Iterator[str]:
    """Make an empty folder in ``TMPDIR``, which is removed on exit with its contents."""
    _sweep(tempfile.gettempdir(), _FOLDER)
    made = False
    while not made:
        path = _FOLDER.new_path(tempfile.gettempdir())
        try:
            os.mkdir(path, 0o700)
            with _held_folder(path) as made:
                if made:
                    yield path
        finally:
            _remove_folder(path)


@contextmanager
def copied_to_tmpdir(what: str) -> Iterator[None]:
    """Turn failed writes to temporary files into errors that name ``TMPDIR``."""
    try:
        yield
    except OSError as error:
        raise FormatError(
            f"{what} cannot be copied to {tempfile.gettempdir()}: {error.strerror or error}; set "
            "TMPDIR to a larger disk, or name a file"
        ) from error


def is_scratch(path: str) -> bool:
    """Return whether a path is that of a file in a `scratch_folder`."""
    return bool(_FOLDER.pattern.fullmatch(os.path.basename(os.path.dirname(path))))


@contextmanager
def _held_folder(path: str) -> Iterator[bool]:
    """Lock a folder, where folders can be opened (not on Windows); yield False if it was swept."""
    if fcntl is None:
        yield True
        return
    try:
        descriptor = os.open(path, _FOLDER.flags)
    except FileNotFoundError:
        yield False
        return
    try:
        yield _hold(descriptor, path)
    finally:
        os.close(descriptor)


def _hold(descriptor: int, path: str) -> bool:
    """Lock a temporary until it is closed; return False if another run has swept it before."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def _sweep(folder: str, kind: _Kind) -> None:
    """Remove what killed runs have left in a folder, if it can be listed and does not rest."""
    began = time.monotonic()
    if began < _RESTING.get(folder, began):
        return
    seen, prefix = 0, kind.prefix
    with suppress(OSError), os.scandir(folder) as entries:
        for seen, entry in enumerate(entries, start=1):  # noqa: B007  (counted)
            if entry.name.startswith(prefix) and kind.pattern.fullmatch(entry.name):
                with suppress(OSError):  # gone already, locked, or not to be removed
                    _remove_leftover(entry.path, kind)
    if seen > FEW_ENTRIES:
        _RESTING[folder] = began + REST * seen


def _remove_leftover(path: str, kind: _Kind) -> None:
    """Remove a leftover of this user, unless a run holds it."""
    status = os.lstat(path)
    if not kind.is_kind(status.st_mode):
        return
    if fcntl is None:
        if time.time() - status.st_mtime > DAY:
            kind.remove(path)  # fails if it is open
        return
    if status.st_uid != os.geteuid():
        return
    # it may have been replaced by a pipe or a link since
    descriptor = os.open(path, kind.flags | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), status):
            kind.remove(path)
    finally:
        os.close(descriptor)
