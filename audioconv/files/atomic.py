"""Atomic output: a path holds the complete old file, the complete new one, or nothing.

The new file is written under a temporary name beside the target. Once it is complete, checked and
synced to disk, it is renamed to the target in one step.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO

from audioconv.errors import FormatError, UsageError
from audioconv.files.formats import STANDARD, display_name
from audioconv.files.scratch import scratch

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed anyway
    fcntl = None  # type: ignore[assignment]

SUFFIX = ".part"
LONGEST_PREFIX = 40
"""Characters of the target's name in its temporary file's, as file systems limit the bytes."""


class Target:
    """An output being written.

    Attributes
    ----------
    file : binary file
        to be written from its beginning
    path : str or None
        where the written bytes can be read again; None for a pipe
    """

    def __init__(self, file: IO[bytes], path: str | None) -> None:
        self.file = file
        self.path = path
        self._lock = threading.Lock()

    def restart(self) -> None:
        """Discard all written bytes; impossible in a pipe."""
        self.file.seek(0)
        self.file.truncate()

    def write_at(self, data: bytes, offset: int) -> None:
        """Write bytes at an offset of a file, in any thread."""
        if not hasattr(os, "pwrite"):  # Windows
            with self._lock:
                self.file.seek(offset)
                self.file.write(data)
            return
        left = memoryview(data)
        while left:
            count = os.pwrite(self.file.fileno(), left, offset)
            left, offset = left[count:], offset + count

    def commit(self) -> None:
        """Publish the written bytes."""
        self.file.flush()


class _FileTarget(Target):
    """A temporary file that is renamed to the target."""

    def __init__(self, file: IO[bytes], path: str, target: Path) -> None:
        super().__init__(file, path)
        self._target = target

    def commit(self) -> None:
        """Sync the file to disk, then rename it."""
        assert self.path is not None
        self.file.flush()
        os.fsync(self.file.fileno())
        os.chmod(self.path, _mode(self._target))
        self.file.close()  # Windows cannot rename an open file
        os.replace(self.path, self._target)
        _sync_directory(self._target.parent)


class _SpooledTarget(Target):
    """A temporary file that is copied to a pipe once it is complete."""

    def __init__(self, file: IO[bytes], path: str, pipe: IO[bytes]) -> None:
        super().__init__(file, path)
        self._pipe = pipe

    def commit(self) -> None:
        """Copy the file to the pipe."""
        self.file.flush()
        self.file.seek(0)
        shutil.copyfileobj(self.file, self._pipe, 2**20)
        self._pipe.flush()


@contextmanager
def target(path: str, *, reread: bool = False) -> Iterator[Target]:
    """Open an output; unless it is committed before the end, nothing remains of it.

    Parameters
    ----------
    path : str
        a file, or ``-`` for standard output
    reread : bool
        whether the output must be readable, or may be restarted, before it is committed; if
        so, a pipe is spooled to disk until it is complete

    Raises
    ------
    FormatError
        If the directory does not exist or is not writable, or writing fails.
    """
    try:
        with _open(path, reread) as opened:
            yield opened
    except BrokenPipeError:
        raise FormatError(
            f"{display_name(path, role='output')} was closed by its reader before the end"
        ) from None
    except OSError as error:
        cause = error.strerror or error
        raise FormatError(
            f"{display_name(path, role='output')} cannot be written: {cause}"
        ) from error


def _open(path: str, reread: bool) -> AbstractContextManager[Target]:
    special = path == STANDARD or (os.path.exists(path) and not os.path.isfile(path))
    return _pipe_target(path, reread) if special else _file_target(path)


@contextmanager
def _file_target(path: str) -> Iterator[Target]:
    folder = os.path.dirname(path)
    # checked first, because realpath drops a missing directory before "..", as in no/../a
    if folder and not os.path.isdir(folder):
        raise FormatError(f"{display_name(folder)} is not a directory; make it first")
    # a link stays a link: the file behind it is replaced
    final = Path(os.path.realpath(path))
    if not final.parent.is_dir():
        raise FormatError(f"{display_name(str(final.parent))} is not a directory; make it first")
    prefix = f".{final.name[:LONGEST_PREFIX]}."
    _remove_leftovers(final.parent, prefix)
    # named before it is made, so that a signal in between leaves nothing behind
    temporary = str(final.parent / f"{prefix}{os.urandom(8).hex()}{SUFFIX}")
    try:
        with open(temporary, "x+b", opener=_open_private) as file:
            _lock(file)
            yield _FileTarget(file, temporary, final)
    finally:
        with suppress(FileNotFoundError):  # never made, or renamed by a commit
            os.unlink(temporary)


def _open_private(path: str, flags: int) -> int:
    """Open a file that its owner alone can read, as `tempfile` does."""
    return os.open(path, flags, 0o600)


@contextmanager
def _pipe_target(path: str, reread: bool) -> Iterator[Target]:
    if Path(path).is_dir():
        raise FormatError(f"{display_name(path)} is a directory; name a file in it")
    if path == STANDARD and sys.stdout is None:
        raise FormatError("standard output is closed; name a file, or open it")
    # a separate stream: sys.stdout may write less than asked, and reports it only at exit
    with _closed(open(os.dup(sys.stdout.fileno()) if path == STANDARD else path, "wb")) as pipe:
        if reread:
            with scratch() as file:
                yield _SpooledTarget(file, file.name, pipe)
        else:
            yield Target(pipe, None)


@contextmanager
def _closed(pipe: IO[bytes]) -> Iterator[IO[bytes]]:
    """Flush and close a pipe on exit; after an error, drop the unwritten bytes."""
    try:
        yield pipe
        pipe.flush()
    finally:
        with suppress(OSError):
            pipe.close()


def _lock(file: IO[bytes]) -> bool:
    """Lock a file until the process ends, where supported; return False if it was locked."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove temporary files of killed runs to the same target; a live run holds a lock."""
    for entry in os.scandir(folder):
        if entry.name.startswith(prefix) and entry.name.endswith(SUFFIX):
            # no permission, or gone already; on Windows, open in another run
            with suppress(OSError), Path(entry.path).open("rb") as leftover:
                if _lock(leftover):
                    Path(entry.path).unlink()


def refuse_overwrite(path: str, *, inputs: list[str], overwrite: bool) -> None:
    """Refuse an output that exists, or that is one of the inputs, also through a link.

    Raises
    ------
    UsageError
    """
    if path == STANDARD:
        return
    if not path:
        raise UsageError("the name of the output is empty; name a file")
    try:
        existing = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or error
        raise UsageError(f"{display_name(path)} cannot be written: {cause}") from None
    for used in inputs:
        if used != STANDARD and os.path.exists(used) and os.path.samestat(os.stat(used), existing):
            raise UsageError(
                f"output {display_name(path)} is the same file as input {display_name(used)}; "
                "name another output"
            )
    if stat.S_ISDIR(existing.st_mode):
        raise UsageError(f"{display_name(path)} is a directory; name a file in it")
    if stat.S_ISREG(existing.st_mode) and not overwrite:
        raise UsageError(
            f"{display_name(path)} exists; pass `overwrite=True` to overwrite it, or name another "
            "output"
        )


def _mode(path: Path) -> int:
    """Return the permissions of the target, or those of a new file."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(path.stat().st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _sync_directory(path: Path) -> None:
    """Sync a rename to disk, where directories can be synced (not on Windows)."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
