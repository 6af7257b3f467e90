"""Writing to a path so that it always holds the whole old file, the whole new one, or nothing.

The new file grows under another name beside the target. Only when it is complete, checked and
on the disk does it take the target's name, in one step.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
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
"""Characters of the target's name in that of its temporary file, which has a limit in bytes."""


class Target:
    """An output under way.

    Attributes
    ----------
    file : binary file
        to be written, from its beginning
    path : str or None
        where what has been written can be read again; None for a pipe
    """

    def __init__(self, file: IO[bytes], path: str | None) -> None:
        self.file = file
        self.path = path
        self._turn = threading.Lock()

    def restart(self) -> None:
        """Throw away what has been written; not to be had of a pipe."""
        self.file.seek(0)
        self.file.truncate()

    def write_at(self, data: bytes, offset: int) -> None:
        """Write all of it at an offset of a file, in any thread."""
        if not hasattr(os, "pwrite"):  # Windows has none
            with self._turn:
                self.file.seek(offset)
                self.file.write(data)
            return
        left = memoryview(data)
        while left:
            count = os.pwrite(self.file.fileno(), left, offset)
            left, offset = left[count:], offset + count

    def commit(self) -> None:
        """Hand over what has been written."""
        self.file.flush()


class _Beside(Target):
    """A temporary file that takes the place of the target."""

    def __init__(self, file: IO[bytes], path: str, target: Path) -> None:
        super().__init__(file, path)
        self._target = target

    def commit(self) -> None:
        """Bring the file to the disk and then to its name."""
        assert self.path is not None
        self.file.flush()
        os.fsync(self.file.fileno())
        os.chmod(self.path, _mode(self._target))
        self.file.close()  # Windows cannot rename an open file
        os.replace(self.path, self._target)
        _sync_directory(self._target.parent)


class _Spooled(Target):
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
    """Open an output; unless it is committed before the end, nothing of it remains.

    Parameters
    ----------
    path : str
        a file, or ``-`` for standard output
    reread : bool
        what is written must be readable again, or may be written twice, before it is
        committed: a pipe is then kept on disk until it is complete

    Raises
    ------
    FormatError
        If the directory is not there or cannot be written to, or writing fails.
    """
    try:
        with _opened(path, reread) as opened:
            yield opened
    except BrokenPipeError:
        raise FormatError(
            f"{display_name(path, role='output')} was closed by its reader before the end"
        ) from None
    except OSError as error:
        reason = error.strerror or error
        raise FormatError(
            f"{display_name(path, role='output')} cannot be written: {reason}"
        ) from error


def _opened(path: str, reread: bool) -> AbstractContextManager[Target]:
    special = path == STANDARD or (os.path.exists(path) and not os.path.isfile(path))
    return _piped(path, reread) if special else _beside(path)


@contextmanager
def _beside(path: str) -> Iterator[Target]:
    folder = os.path.dirname(path)
    # looked at first, as what follows drops what leads through no directory, as no/../a does
    if folder and not os.path.isdir(folder):
        raise FormatError(f"{display_name(folder)} is not a directory; make it first")
    # a link stays a link: it is the file behind it that is replaced
    final = Path(os.path.realpath(path))
    if not final.parent.is_dir():
        raise FormatError(f"{display_name(str(final.parent))} is not a directory; make it first")
    prefix = f".{final.name[:LONGEST_PREFIX]}."
    _sweep(final.parent, prefix)
    descriptor, temporary = tempfile.mkstemp(SUFFIX, prefix, final.parent)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            _lock(file)
            yield _Beside(file, temporary, final)
    finally:
        with suppress(FileNotFoundError):  # gone to its name, if it was committed
            os.unlink(temporary)


@contextmanager
def _piped(path: str, reread: bool) -> Iterator[Target]:
    if Path(path).is_dir():
        raise FormatError(f"{display_name(path)} is a directory; name a file in it")
    if path == STANDARD and sys.stdout is None:
        raise FormatError("standard output is closed; name a file, or open it")
    # a stream of our own: Python's may write less than it is told to, and says so at its very end
    with _emptied(open(os.dup(sys.stdout.fileno()) if path == STANDARD else path, "wb")) as pipe:
        if reread:
            with scratch() as file:
                yield _Spooled(file, file.name, pipe)
        else:
            yield Target(pipe, None)


@contextmanager
def _emptied(pipe: IO[bytes]) -> Iterator[IO[bytes]]:
    """Close a pipe; what cannot be written any more, after an error, is let go."""
    try:
        yield pipe
        pipe.flush()
    finally:
        with suppress(OSError):
            pipe.close()


def _lock(file: IO[bytes]) -> bool:
    """Take a lock that ends with the process, where there are such; tell whether it was free."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sweep(folder: Path, prefix: str) -> None:
    """Remove what a killed run to the same target has left; a run under way holds a lock."""
    for entry in os.scandir(folder):
        if entry.name.startswith(prefix) and entry.name.endswith(SUFFIX):
            # not ours to remove, or gone already; on Windows, open in another run
            with suppress(OSError), Path(entry.path).open("rb") as left:
                if _lock(left):
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
        there = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{display_name(path)} cannot be written: {reason}") from None
    for used in inputs:
        if used != STANDARD and os.path.exists(used) and os.path.samestat(os.stat(used), there):
            raise UsageError(
                f"output {display_name(path)} is the same file as input {display_name(used)}; name another output"
            )
    if stat.S_ISDIR(there.st_mode):
        raise UsageError(f"{display_name(path)} is a directory; name a file in it")
    if stat.S_ISREG(there.st_mode) and not overwrite:
        raise UsageError(
            f"{display_name(path)} exists; pass -y to overwrite it, or name another output"
        )


def _mode(path: Path) -> int:
    """Return the permissions that the target had, or that a new file gets."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(path.stat().st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _sync_directory(path: Path) -> None:
    """Bring a rename to the disk, where directories can be synced (not on Windows)."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
