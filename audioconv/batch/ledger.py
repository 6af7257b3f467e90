"""Files of JSON lines that are only ever appended, one for each process, each line with a checksum.

A line is written by one call, and begins with the checksum of its rest, so a line that was cut off,
or mixed up by a network disk, counts for nothing. Each process has a file of its own, and reading
merges all: a database with one file, such as SQLite, needs locks, which fail or are missing on many
network disks (NFS, Lustre, SMB), and would let every worker wait for every other.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from audioconv.files import sync_where_possible

FOLDER = ".audioconv"
"""Folder of journals and claims, in that of the outputs."""

NAME = re.compile(r"journal-.+\.jsonl")

_HEAD = b'{"crc": "%08x", '
_BEGIN = len(_HEAD % 0)


def append(into: str, *said: Mapping[str, Any]) -> None:
    """Append lines to the file of this process, and sync them to disk.

    Raises
    ------
    OSError
    """
    folder = os.path.join(into, FOLDER)
    os.makedirs(folder, exist_ok=True)
    lines = b"".join(map(_line, said))
    path = os.path.join(folder, _own_name(os.getpid()))
    # closed each time, as network disks show others what is closed
    with open(path, "ab", buffering=0) as file:
        if file.write(lines) != len(lines):
            _own_name.cache_clear()  # what is torn stays the end of its file
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        sync_where_possible(file.fileno())


def sizes(into: str) -> dict[str, int]:
    """Return the sizes of all files, by path."""
    found: dict[str, int] = {}
    try:
        with os.scandir(os.path.join(into, FOLDER)) as entries:
            paths = sorted(entry.path for entry in entries if NAME.fullmatch(entry.name))
    except OSError:
        return {}
    for path in paths:
        try:
            with open(path, "rb") as file:  # which network disks look at anew
                found[path] = os.fstat(file.fileno()).st_size
        except OSError:
            continue
    return found


def read(path: str, start: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield what each line that is whole says, from a place on, and the place where it ends.

    A line that is damaged says nothing.
    """
    with suppress(OSError), open(path, "rb") as file:
        file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                break
            start += len(line)
            yield _said(line), start


@cache
def _own_name(process: int) -> str:
    """Return the name of the journal of a process, which no other has, on any machine."""
    host = re.sub(r"[^\w.-]", "-", platform.node()) or "host"
    return f"journal-{host}-{process}-{os.urandom(8).hex()}.jsonl"


def _line(said: Mapping[str, Any]) -> bytes:
    rest = json.dumps(said)[1:].encode() + b"\n"
    return _HEAD % zlib.crc32(rest) + rest


def _said(line: bytes) -> dict[str, Any]:
    """Return what a line of a journal says; nothing if it is damaged."""
    head, rest = line[:_BEGIN], line[_BEGIN:]
    if head != _HEAD % zlib.crc32(rest):
        return {}
    said: dict[str, Any] = json.loads(b"{" + rest)
    return said
