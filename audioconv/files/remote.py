"""Files elsewhere than on a disk of this machine, by URL: fetched whole, or put once.

What a URL names is copied to a scratch file, in constant memory, and then read as any other; an
output is complete and checked in a scratch file before it is sent. `fsspec` knows the protocols. It
is imported when the first URL is asked for, and nothing else here reaches the network.

A redirect is followed where a file is read, as those of GitHub and Hugging Face have to be, but not
from https to http, nor where one is written. aiohttp sends a password to no other host.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import PurePath
from typing import Any, NamedTuple

from audioconv.errors import AudioconvError, FormatError, UsageError
from audioconv.files.formats import TemporaryCopy, display_name
from audioconv.files.scratch import copied_to_tmpdir, scratch_folder
from audioconv.urls import is_url, public_name, public_text, secrets_of

MOST_BYTES = 2**36
"""Largest file that is copied, as of a pipe: 100 hours of 16-bit stereo."""

FRESH = 2.0
"""Seconds for which a look at a file counts, so that all that is said of a task asks once."""

CONNECT, READ = 30.0, 60.0
"""Seconds in which a web server must accept a connection, and send something further."""

FULL = errno.ENOSPC, errno.EDQUOT, errno.EFBIG
"""Errors of a disk here, which no server has."""

HTTP = "http", "https"

GONE = 404, 410
"""Answers of a web server that has no such file."""

SAYS = (
    *("ETag", "etag", "md5Hash", "Content-MD5", "Digest", "generation", "VersionId"),
    *("Last-Modified", "LastModified", "last_modified", "updated", "modified", "mtime", "created"),
)
"""What the systems of fsspec call that which changes with a file."""


class Look(NamedTuple):
    """What is known of a file without reading it.

    Parameters
    ----------
    size : int
        bytes, or -1 where a server does not state them
    mtime_ns : int
        time of modification of a local file; 0 for a URL
    version : str
        hash of all that a server states that changes with the file; empty for a local one, and
        where a server states nothing
    """

    size: int
    mtime_ns: int
    version: str = ""


class _AnswerError(Exception):
    """An answer of a web server other than the file.

    Parameters
    ----------
    status : int
    text : str
        public
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@contextmanager
def local(path: str) -> Iterator[str]:
    """Provide a path that can be opened: `path`, or a scratch copy of what a URL names.

    Parameters
    ----------
    path : str
        messages call the copy by this name, without what may be secret in it

    Raises
    ------
    FormatError
        If it is a URL, and the file cannot be read whole.
    UsageError
        If it is a URL, and what is needed for it is not installed.

    Examples
    --------
    >>> with local("samples/speech.wav") as path:
    ...     path
    'samples/speech.wav'
    """
    if not is_url(path):
        yield path
        return
    with scratch_folder() as folder:
        copy = os.path.join(folder, f"scratch{_suffix(path)}")
        _fetch(path, copy)
        yield TemporaryCopy(copy, path)


def look(path: str) -> Look:
    """Return what is known of a file, at a path or a URL, without reading it.

    Raises
    ------
    OSError, ValueError
        If there is no such local file.
    FormatError
        If a URL cannot be asked for.
    """
    if is_url(path):
        return _looked(path, int(time.monotonic() / FRESH))
    status = os.stat(path)
    return Look(status.st_size, status.st_mtime_ns)


def look_anew() -> None:
    """Forget what was seen at URLs a moment ago."""
    _looked.cache_clear()


def exists(url: str) -> bool:
    """Return whether there is a file at a URL.

    Raises
    ------
    FormatError
        If that cannot be known.
    """
    files, path = _system(url)
    with _explained(url, "looked for"):
        return _info(files, path) is not None


def put(path: str, url: str) -> None:
    """Send a complete file to a URL: there is then the whole of it, or what was there before.

    Raises
    ------
    FormatError
        If it cannot be sent.
    """
    files, there = _system(url, anew=True)
    size = os.path.getsize(path)
    extra: dict[str, Any] = {}
    if _scheme(url) in HTTP:  # a signed PUT needs the length, in place of chunks
        headers = {**files.kwargs.get("headers", {}), "Content-Length": str(size)}
        extra = {"method": "put", "headers": headers, "allow_redirects": False}
    # object stores and web servers replace a file when they have all of it; for the others, the
    # transaction does it
    with _explained(url, "written"), files.transaction:
        files.put_file(path, there, **extra)
    look_anew()
    try:
        with _explained(url, "read back"):
            info = _info(files, there)
    except FormatError:
        return  # a place to put files, of which none may be seen
    arrived = None if info is None else info.get("size", size)
    if arrived not in (size, None) or info is None:
        raise FormatError(
            f"{display_name(url, role='output')} cannot be written: of {size} bytes, "
            f"{arrived or 0} arrived; try again"
        )


@lru_cache(maxsize=2**10)
def _looked(url: str, moment: int) -> Look:
    """Look at a URL, once in a moment."""
    files, path = _system(url)
    info = _found(url, files, path)
    said = {name: str(info[name]) for name in SAYS if info.get(name) not in (None, "")}
    version = sha256(repr(sorted(said.items())).encode()).hexdigest()[:32] if said else ""
    size = info.get("size")
    return Look(-1 if size is None else int(size), 0, version)


def _fetch(url: str, copy: str) -> None:
    """Copy what a URL names to a file."""
    files, path = _system(url)
    size = _found(url, files, path).get("size")
    if size is not None:
        _refuse_large(url, size)
    with copied_to_tmpdir(display_name(url)), _explained(url, "read"):
        files.get_file(path, copy, callback=_limit(url))
    arrived = os.path.getsize(copy)
    if size is not None and arrived != size:
        raise FormatError(
            f"{display_name(url)} is cut off: of {size} bytes, {arrived} arrived; try again"
        )


def _found(url: str, files: Any, path: str) -> dict[str, Any]:
    """Return what is known of a file at a URL, which must be there."""
    with _explained(url, "read"):
        info = _info(files, path)
    if info is None:
        raise FormatError(f"{display_name(url)} does not exist; check the name")
    if info.get("type") == "directory":
        raise FormatError(f"{display_name(url)} is a directory; name a sound file in it")
    return info


def _info(files: Any, path: str) -> dict[str, Any] | None:
    """Return what a file system states of a file; None if there is none."""
    try:
        info: dict[str, Any] = files.info(path)
    except FileNotFoundError as error:
        cause = error.__cause__  # of a web server, for which this is any error
        if cause is None or (isinstance(cause, _AnswerError) and cause.status in GONE):
            return None
        raise cause from None
    return info


def _system(url: str, *, anew: bool = False) -> tuple[Any, str]:
    """Return the file system for a URL, and its path there.

    Parameters
    ----------
    url : str
    anew : bool
        not shared with other threads, as a transaction would be
    """
    try:
        from fsspec.core import url_to_fs  # late, and optional
    except ImportError:
        raise _needs(url, "fsspec") from None
    scheme = _scheme(url)
    written = scheme + url[len(scheme) :]  # of which fsspec knows the lower case alone
    options = {one: _web_options(url, one) for one in HTTP if f"{one}://" in written}
    own = options if "::" in url else options.get(scheme, {})  # of a chain, each by its protocol
    try:
        files, path = url_to_fs(written, skip_instance_cache=anew, **own)
    except ImportError as error:
        raise UsageError(
            f"{display_name(url)} cannot be opened: {_cause(error, url)}; install that, or name a "
            "file"
        ) from None
    except Exception as error:
        raise FormatError(f"{display_name(url)} cannot be opened: {_cause(error, url)}") from None
    return files, path


def _needs(url: str, package: str) -> UsageError:
    return UsageError(
        f"{display_name(url)} is a URL, for which {package} is needed; run "
        "pip install 'audioconv[remote]', or name a file"
    )


def _web_options(url: str, scheme: str) -> dict[str, Any]:
    """Return how web servers are asked, with what the user's configuration of fsspec adds."""
    try:
        import aiohttp
    except ImportError:
        raise _needs(url, "aiohttp") from None
    from fsspec.config import conf

    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=READ)
    configured = conf.get(scheme, {}).get("client_kwargs", {})
    client = {"timeout": timeout, **configured, "raise_for_status": _refuse_answer}
    return {"client_kwargs": client}


async def _refuse_answer(answer: Any) -> None:
    """Raise if a web server answers with anything but the file."""
    there = _refused_place(answer)
    if there is None and answer.status < 300:
        return
    answer.close()
    if there is None:
        said = f"the server answers {answer.status} {answer.reason or ''}"
    else:
        said = f"it redirects to {public_name(there)}; name that, if it is right"
    raise _AnswerError(answer.status, said)


def _refused_place(answer: Any) -> str | None:
    """Return where a redirect leads that is not followed: from a PUT, or from https to http."""
    if 300 <= answer.status < 400:
        return str(answer.headers.get("Location", "another place"))
    was_secret = any(one.url.scheme == "https" for one in answer.history)
    return str(answer.url) if was_secret and answer.url.scheme == "http" else None


def _limit(url: str) -> Any:
    """Return what ends a copy that is too large."""
    from fsspec.callbacks import Callback

    class Limit(Callback):  # type: ignore[misc]
        def relative_update(self, inc: int = 1) -> None:
            super().relative_update(inc)
            _refuse_large(url, self.value)

    return Limit()


def _refuse_large(url: str, size: int) -> None:
    if size > MOST_BYTES:
        raise FormatError(
            f"{display_name(url)} exceeds {MOST_BYTES >> 30} GiB, the limit of a temporary copy; "
            "fetch it, and name the file"
        )


@contextmanager
def _explained(url: str, done: str) -> Iterator[None]:
    """Turn all errors into one that names the URL, without what may be secret in it.

    Libraries raise errors of many kinds, whose text may hold the whole URL.
    """
    try:
        yield
    except AudioconvError:
        raise
    except OSError as error:
        if error.errno in FULL:
            raise  # of the copy
        raise _failure(url, done, error) from None
    except Exception as error:
        raise _failure(url, done, error) from None


def _failure(url: str, done: str, error: Exception) -> FormatError:
    role = "output" if done == "written" else "input"
    return FormatError(f"{display_name(url, role=role)} cannot be {done}: {_cause(error, url)}")


def _cause(error: Exception, url: str) -> str:
    """Return the message of an error of a library, if nothing secret is in it, or else its kind."""
    kind = type(error).__name__
    text = public_text(" ".join(str(error).split()))
    if not text or any(secret in text for secret in secrets_of(url)):
        return kind
    return text if isinstance(error, _AnswerError | ImportError) else f"{text} ({kind})"


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()


def _suffix(url: str) -> str:
    """Return the suffix of a URL, by which some kinds of files are known; empty if it is odd."""
    suffix = PurePath(public_name(url)).suffix
    return suffix if re.fullmatch(r"\.\w{1,8}", suffix, re.ASCII) else ""
