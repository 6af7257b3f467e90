"""Atomic output: a path holds the complete old file, the complete new one, or nothing.

The new file is written under a temporary name beside the target. Once it is complete, checked and
synced to disk, it gets the target's name in one step: in place of an old file where that is
wanted, or else only if the name is free.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, NoReturn

from audioconv.errors import FormatError, UsageError
from audioconv.files import remote, reserved
from audioconv.files.attributes import carry_over, set_mode
from audioconv.files.formats import STANDARD, display_name, is_stream
from audioconv.files.scratch import copied_to_tmpdir, is_scratch, scratch, temporary_file
from audioconv.urls import is_url

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

UNSYNCABLE = (errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.ENOSYS)
"""Errors of file systems that cannot sync a folder, or need not; PostgreSQL ignores them too."""

PROBE = 2**20
"""Bytes that a disk with room takes."""

LONGEST_NAME = 240
"""Bytes of a name that still leave room for a number: file systems allow 255."""


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

    def write_at(self, data: bytes | memoryview, offset: int) -> None:
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

    def raise_if_full(self) -> None:
        """Write further bytes to a file that an encoder could not complete.

        libsndfile does not say why a write failed, but another one fails for the same reason.

        Raises
        ------
        OSError
        """
        self.write_at(bytes(PROBE), os.fstat(self.file.fileno()).st_size)
        self.file.flush()

    def commit(self, companion: Target | None = None) -> None:
        """Publish the written bytes.

        Parameters
        ----------
        companion : Target, optional
            another file, which describes this one and is published with it

        Raises
        ------
        FormatError
            If a file of this name has appeared, and may not be replaced: the new one is then left
            beside it.
        """
        self.file.flush()


class _FileTarget(Target):
    """A temporary file that gets the name of the target.

    Parameters
    ----------
    file : binary file
        the temporary file
    name : str
        of the target, in messages
    final : Path
        its path, free of links
    overwrite : bool
        whether a file of this name is replaced
    """

    def __init__(self, file: IO[bytes], name: str, final: Path, overwrite: bool) -> None:
        super().__init__(file, file.name)
        self._temporary = file.name
        self._name = name
        self._final = final
        self._overwrite = overwrite
        self._mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        with suppress(OSError):  # of file systems that have none
            set_mode(file.name, 0o600)  # nobody else's until it is complete

    def commit(self, companion: Target | None = None) -> None:
        """Sync the file to disk, then give it its name.

        A companion is synced as well before either gets its name. Its name comes first where both
        replace a file: a recipe that is ahead of its sound can still make it.
        """
        assert companion is None or isinstance(companion, _FileTarget)
        files = [self] if companion is None else [self, companion]
        for one in reversed(files):
            with _reported(one._name):
                one._complete()
        if self._overwrite:
            self._replace(companion)
            self._sync_folder()
        elif self._take([one._final for one in files], files):
            self._sync_folder()
        else:
            self._leave_beside(files)

    def _complete(self) -> None:
        """Sync the file to disk, and give it the attributes of the file that it replaces."""
        self.file.flush()
        if self._overwrite and self._final.exists():
            carry_over(str(self._final), self._temporary)
        else:
            set_mode(self._temporary, self._mode)
        sync(self.file.fileno())
        if fcntl is None:
            self.file.close()  # Windows cannot rename an open file

    def _replace(self, companion: _FileTarget | None) -> None:
        if companion is not None:
            with _reported(companion._name):
                os.replace(companion._temporary, companion._final)
        try:
            os.replace(self._temporary, self._final)
        except OSError as error:
            if companion is None:
                raise
            raise FormatError(
                f"{self._name} cannot be written: {error.strerror or error}; its old content is "
                f"still there, but {companion._name} describes the new one"
            ) from error

    def _take(self, paths: list[Path], files: list[_FileTarget]) -> bool:
        """Give all files their names, or none of them; return whether the names were free."""
        taken: list[tuple[str, Path]] = []
        try:
            for path, one in zip(paths, files, strict=True):
                if one._overwrite and path == one._final:
                    os.replace(one._temporary, path)
                else:
                    _rename_new(one._temporary, path)
                taken.append((one._temporary, path))
        except OSError as error:
            for temporary, path in taken:
                _take_back(temporary, path)
            if isinstance(error, FileExistsError):
                return False
            raise
        return True

    def _leave_beside(self, files: list[_FileTarget]) -> NoReturn:
        """Give the files free names beside those that are taken, and say so."""
        stem, suffix = self._final.stem, self._final.suffix
        if len(os.fsencode(self._final.name)) > LONGEST_NAME:
            stem = stem[: LONGEST_NAME // 4]  # characters have at most four bytes
        for number in count(2):  # pragma: no branch  (it has no end)
            path = self._final.with_name(f"{stem}-{number}{suffix}")
            companions = [one._final.with_name(path.name + one._final.suffix) for one in files[1:]]
            if self._take([path, *companions], files):
                break
        self._sync_folder()
        raise FormatError(
            f"{self._name} has appeared during the run, and is left as it is; the new file is "
            f"{display_name(str(path))}; pass `overwrite=True` to overwrite"
        )

    def _sync_folder(self) -> None:
        try:
            _sync_folder(self._final.parent)
        except OSError as error:
            raise FormatError(
                f"{self._name} is written, but a power failure may undo it, as its folder cannot "
                f"be synced to disk: {error.strerror or error}"
            ) from error


def commit_together(targets: Sequence[Target]) -> None:
    """Publish several files once all are complete, in this order: all, or none that is new.

    Raises
    ------
    FormatError
        If one cannot be written, or a file of its name has appeared and may not be replaced.
    """
    files = [one for one in targets if isinstance(one, _FileTarget)]
    assert len(files) == len(targets)  # no pipes
    last = files[-1]
    for one in files:
        with _reported(one._name):
            one._complete()
    with _reported(last._name):
        if not last._take([one._final for one in files], files):
            raise FormatError(
                f"{last._name}, or a file beside it, has appeared during the run, and is left as "
                "it is; name another folder"
            )
        for folder in {one._final.parent for one in files}:
            _sync_folder(folder)


class _SpooledTarget(Target):
    """A temporary file that is copied to a pipe once it is complete."""

    def __init__(self, file: IO[bytes], name: str, pipe: IO[bytes]) -> None:
        super().__init__(file, file.name)
        self._name = name
        self._pipe = pipe

    def commit(self, companion: Target | None = None) -> None:
        """Copy the file to the pipe."""
        assert companion is None
        self.file.flush()
        self.file.seek(0)
        with _reported(self._name):
            shutil.copyfileobj(self.file, self._pipe, 2**20)
            self._pipe.flush()


class _RemoteTarget(Target):
    """A temporary file that is sent to a URL once it is complete."""

    def __init__(self, file: IO[bytes], url: str, overwrite: bool) -> None:
        super().__init__(file, file.name)
        self._url = url
        self._overwrite = overwrite

    def commit(self, companion: Target | None = None) -> None:
        """Send the file, unless another has appeared that may not be replaced."""
        assert companion is None
        self.file.flush()
        if not self._overwrite and remote.exists(self._url):
            raise FormatError(
                f"{display_name(self._url, role='output')} has appeared during the run, and is "
                "left as it is; pass `overwrite=True` to overwrite, or name another output"
            )
        remote.put(self.file.name, self._url)


@contextmanager
def target(path: str, *, overwrite: bool = False, reread: bool = False) -> Iterator[Target]:
    """Open an output; unless it is committed before the end, nothing remains of it.

    Parameters
    ----------
    path : str
        a file, a URL, or ``-`` for standard output
    overwrite : bool
        whether a file of this name is replaced, also one that appears before the commit
    reread : bool
        whether the output must be readable, or may be restarted, before it is committed; if
        so, a pipe is spooled to disk until it is complete

    Raises
    ------
    FormatError
        If the directory does not exist or is not writable, or writing fails.
    """
    name = display_name(path, role="output")
    remedy = "; set TMPDIR to a larger disk" if is_scratch(path) else ""
    with _reported(name, remedy), _open(path, name, overwrite, reread) as opened:
        yield opened


@contextmanager
def _reported(name: str, remedy: str = "") -> Iterator[None]:
    """Turn failed writes to an output into errors that name it."""
    try:
        yield
    except BrokenPipeError:
        raise FormatError(f"{name} was closed by its reader before the end") from None
    except OSError as error:
        cause = error.strerror or error
        raise FormatError(f"{name} cannot be written: {cause}{remedy}") from error


def _open(path: str, name: str, overwrite: bool, reread: bool) -> AbstractContextManager[Target]:
    if is_url(path):
        return _remote_target(path, name, overwrite)
    if is_stream(path):
        return _pipe_target(path, name, reread)
    return _file_target(path, name, overwrite)


@contextmanager
def _file_target(path: str, name: str, overwrite: bool) -> Iterator[Target]:
    folder = os.path.dirname(path)
    # checked first, because realpath drops a missing directory before "..", as in no/../a
    if folder and not os.path.isdir(folder):
        raise FormatError(f"{display_name(folder)} is not a directory; make it first")
    # a link stays a link: the file behind it is replaced
    final = Path(os.path.realpath(path))
    if not final.parent.is_dir():
        raise FormatError(f"{display_name(str(final.parent))} is not a directory; make it first")
    # in the place of a private file, or of a group's, it is nobody else's from the beginning
    mode = 0o600 if final.exists() else 0o666
    with temporary_file(str(final.parent), mode) as file:
        yield _FileTarget(file, name, final, overwrite)


@contextmanager
def _remote_target(url: str, name: str, overwrite: bool) -> Iterator[Target]:
    with copied_to_tmpdir(name), scratch() as file:
        yield _RemoteTarget(file, url, overwrite)


@contextmanager
def _pipe_target(path: str, name: str, reread: bool) -> Iterator[Target]:
    if Path(path).is_dir():
        raise FormatError(f"{display_name(path)} is a directory; name a file in it")
    if path == STANDARD and sys.stdout is None:
        raise FormatError("standard output is closed; name a file, or open it")
    # a separate stream: sys.stdout may write less than asked, and reports it only at exit
    with _closed(open(os.dup(sys.stdout.fileno()) if path == STANDARD else path, "wb")) as pipe:
        if reread:
            with copied_to_tmpdir(name), scratch() as file:
                yield _SpooledTarget(file, name, pipe)
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


def refuse_overwrite(path: str, *, inputs: list[str], overwrite: bool) -> None:
    """Refuse an output that exists, is one of the inputs, also through a link, or cannot be.

    Raises
    ------
    UsageError
    """
    if path == STANDARD:
        return
    if not path:
        raise UsageError("the name of the output is empty; name a file")
    if is_url(path):
        _refuse_remote(path, inputs, overwrite)
        return
    if reserved.ON_WINDOWS:
        reserved.refuse_reserved(path)
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
        raise UsageError(_exists(path))


def _refuse_remote(url: str, inputs: list[str], overwrite: bool) -> None:
    """Refuse an output at a URL that exists, or is one of the inputs."""
    if url in inputs:
        raise UsageError(f"output {display_name(url)} is the same file as an input; name another")
    if not overwrite and remote.exists(url):
        raise UsageError(_exists(url))


def _exists(path: str) -> str:
    return (
        f"{display_name(path)} exists; pass `overwrite=True` to overwrite it, or name another "
        "output"
    )


def _rename_new(old: str, new: Path) -> None:
    """Rename a file to a name that is free, or raise `FileExistsError`."""
    if os.name == "nt":  # pragma: no cover  (no test can say so: pathlib reads it too)
        os.rename(old, new)  # which replaces nothing there
        return
    try:
        os.link(old, new)  # the old name goes with its context
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(new):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(new)) from None
        os.rename(old, new)


def _take_back(old: str, new: Path) -> None:
    """Undo `_rename_new`."""
    if os.path.lexists(old):
        os.unlink(new)
    else:
        os.rename(new, old)


def sync(descriptor: int) -> None:
    """Sync a file, or a folder, to disk."""
    if fcntl is not None and hasattr(fcntl, "F_FULLFSYNC"):  # macOS, whose fsync stops at the drive
        with suppress(OSError):  # not on every file system
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def sync_where_possible(descriptor: int) -> None:
    """Sync a file, or a folder, to disk, unless its file system cannot."""
    try:
        sync(descriptor)
    except OSError as error:
        if error.errno not in UNSYNCABLE:
            raise


def _sync_folder(path: Path) -> None:
    """Sync the names in a folder to disk, where this can be done (not on Windows)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:  # a folder for writing only
        return
    try:
        sync_where_possible(descriptor)
    finally:
        os.close(descriptor)
