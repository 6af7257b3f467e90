"""What batches have done in a folder, written down so that no run does it again.

``DIR/.audioconv`` has a journal of each process that made outputs: JSON lines, one for each output,
only ever appended. A line is written by one call, and begins with the checksum of its rest, so a
line that was cut off, or mixed up by a network disk, counts for nothing. Each process has a file of
its own, and reading merges all: a database with one file, such as SQLite, needs locks, which fail
or are missing on many network disks (NFS, Lustre, SMB), and would let every worker wait for every
other.

A line is written, and synced to disk, when all files of its task, such as the output and its
recipe, are complete but have no names yet. So there is no moment at which a file is there that no
line knows; and a line counts for nothing if one of its files is not there. What was cut off lacks
one, and is made again.

A task is done if a line has its key (a hash of paths, impulse, options and version), if the files
that it was made from are as they were, and if all that it made is there as it was made. Files are
the same if size and time of modification are; or else if their SHA-256 is, as after a copy or a
touch. A file at a URL is the same if its server states the same size, and the same of all else that
changes with it, such as an ETag; if a server states a size alone, that has to do.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from audioconv._version import __version__
from audioconv.batch.plan import Task
from audioconv.batch.rows import Row, impulse_below, path_below
from audioconv.errors import AudioconvError, counted
from audioconv.files import (
    Look,
    file_digest,
    local,
    look,
    look_anew,
    sync_where_possible,
)
from audioconv.ir.load import impulse_files
from audioconv.job import Options
from audioconv.urls import address

FOLDER = ".audioconv"
"""Folder of journals and claims, in that of the outputs."""

NAME = re.compile(r"journal-.+\.jsonl")

LOOKERS = 16
"""Threads that ask for URLs, which are many where a large batch goes on."""

NEUTRAL = ("threads", "overwrite")
"""Options that change neither outputs nor rows."""

UNKNOWN = "an impulse, an option, a column of a list, a draw or the version of audioconv"
"""What may have changed where a journal does not have it."""

_HEAD = b'{"crc": "%08x", '
_BEGIN = len(_HEAD % 0)


class State(NamedTuple):
    """What was known of a file by a look (`audioconv.files.Look`), and its SHA-256 in hex."""

    size: int
    mtime_ns: int
    sha256: str
    version: str = ""

    def is_of(self, path: str) -> bool:
        """Return whether a file is still as it was: by a look, or else by its hash."""
        try:
            now = look(path)
        except (OSError, ValueError, AudioconvError):
            return False
        if now.size != self.size:
            return False
        if now.size >= 0 and now == Look(self.size, self.mtime_ns, self.version):
            return True
        return self.sha256 != "" and _digest(path, now) == self.sha256


class Record(NamedTuple):
    """An output that was made.

    Parameters
    ----------
    output : str
        its path below the folder of all
    key : str
        of the task, see `task_key`
    sources : list of State
        of what `sources` lists
    made : dict of str to State
        of every file that was made, by its path below the folder of all
    row : dict
    """

    output: str
    key: str
    sources: list[State]
    made: dict[str, State]
    row: Row


def task_key(task: Task, into: str, options: Options) -> str:
    """Return a hash of all that an output and its row depend on, besides the content of files."""
    said = {
        "version": __version__,
        "output": task.output,
        # relative, so that folders can move together; of a URL, what tells it apart
        "input": path_below(task.input, into, address),
        "impulse": impulse_below(task.impulse, into, address),
        "seed": task.seed,
        "replica": task.replica,
        "split": task.split,
        "room": task.room,
        "columns": task.columns,
        "stems": task.stems,
    }
    text = json.dumps(said, sort_keys=True, default=str)
    return sha256(f"{text}\n{_chosen(options)}".encode()).hexdigest()


def sources(task: Task) -> list[str]:
    """Return the paths of the files that an output is made from."""
    return [task.input, *impulse_files([task.impulse])]


def state(path: str, then: Look) -> State:
    """Return the state of a file, given what was known of it then."""
    return State(then.size, then.mtime_ns, _digest(path, then), then.version)


def write_record(into: str, record: Record, options: Options | None = None) -> None:
    """Append a line on an output, and sync it to disk.

    A line before it has the names alone: if the longer one is damaged, the files are known for
    ours. The options are there for those who ask later why an output is made again.

    Raises
    ------
    OSError
    """
    chosen = {} if options is None else {"options": json.loads(_chosen(options))}
    _append(into, {"names": [*record.made]}, record._asdict() | chosen)


def write_names(into: str, names: Sequence[str]) -> None:
    """Append a line on further files that are ours, such as the lists of rows."""
    _append(into, {"names": list(names)})


class Journal:
    """What the journals of a folder say of some tasks.

    Parameters
    ----------
    into : str
        folder of all outputs
    options : Options
    tasks : sequence of Task
    """

    def __init__(self, into: str, options: Options, tasks: Sequence[Task]) -> None:
        self._into = into
        self._keys = {task.output: task_key(task, into, options) for task in tasks}
        self._names: set[str] = set()
        self._records: dict[str, list[Record]] = {}
        self._options = json.loads(_chosen(options))
        self._otherwise: dict[str, Mapping[str, Any]] = {}
        self._sizes: dict[str, int] = {}
        self._read: dict[str, int] = {}
        look_anew()
        self.refresh()

    def refresh(self) -> bool:
        """Read what has been added since; return whether anything was."""
        sizes = _sizes(self._into)
        if sizes == self._sizes:
            return False
        for path, size in sizes.items():
            if size != self._sizes.get(path):
                self._read_on(path)
        self._sizes = sizes
        return True

    def knows(self, name: str) -> bool:
        """Return whether a file of this name was made by a batch."""
        return name in self._names

    def recorded(self, task: Task) -> bool:
        """Return whether a task has been done at some time, whatever has become of its files."""
        return task.output in self._records

    def made_otherwise(self, tasks: Iterable[Task]) -> str | None:
        """Return how many of some tasks are made again, and what has changed; None if none is."""
        before = [
            self._otherwise[task.output]
            for task in tasks
            if task.output in self._otherwise and not self.recorded(task)
        ]
        if not before:
            return None
        changed = {
            f"`{name}`"
            for options in before
            for name in options
            if self._options.get(name) != options[name]
        }
        cause = " and ".join(sorted(changed)) or UNKNOWN
        verb = "is" if len(before) == 1 else "are"
        have = "have" if len(changed) > 1 else "has"
        return f"{counted(len(before), 'file')} {verb} made again, as {cause} {have} changed since"

    def done(self, task: Task) -> bool:
        """Return whether a task is done, as far as any run has written down by now."""
        self.refresh()
        return self.row(task) is not None

    def rows(self, tasks: Iterable[Task]) -> dict[str, Row]:
        """Return the rows of those tasks that are done, by output."""
        known = [task for task in tasks if self.recorded(task)]
        if any("://" in task.input + task.impulse for task in known):
            with ThreadPoolExecutor(LOOKERS) as threads:  # which wait for servers
                found = [*threads.map(self.row, known)]
        else:
            found = [*map(self.row, known)]
        pairs = zip(known, found, strict=True)
        return {task.output: row for task, row in pairs if row is not None}

    def row(self, task: Task) -> Row | None:
        """Return the row of a task that is done, or None."""
        paths = sources(task)
        for record in self._there(task):
            if len(paths) == len(record.sources) and all(
                was.is_of(path) for was, path in zip(record.sources, paths, strict=True)
            ):
                return record.row
        return None

    def kept(self, tasks: Iterable[Task]) -> dict[str, Row]:
        """Return the rows of outputs that are there as they were made, by output.

        Their inputs may have changed since, or be out of reach, so that they are not done.
        """
        rows = ((task.output, next(self._there(task), None)) for task in tasks)
        return {output: record.row for output, record in rows if record is not None}

    def _there(self, task: Task) -> Iterator[Record]:
        """Yield the records of a task whose files are all there as they were made."""
        for record in self._records.get(task.output, ()):
            if all(one.is_of(output_path(self._into, name)) for name, one in record.made.items()):
                yield record

    def _read_on(self, path: str) -> None:
        """Read the lines of a journal that are whole since it was last read."""
        with suppress(OSError), open(path, "rb") as file:
            file.seek(self._read.get(path, 0))
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read[path] = self._read.get(path, 0) + len(line)
                self._take(_said(line))

    def _take(self, line: Mapping[str, Any]) -> None:
        """Remember what a line says of the tasks."""
        self._names.update(line.get("names", ()))
        if not line.keys() >= set(Record._fields):
            return
        if self._keys.get(line["output"]) != line["key"]:
            self._otherwise[line["output"]] = line.get("options", {})
            return
        output, key, was, made, row = (line[name] for name in Record._fields)
        states = {name: State(*one) for name, one in made.items()}
        record = Record(output, key, [State(*one) for one in was], states, row)
        self._records.setdefault(output, []).append(record)


def output_path(into: str, name: str) -> str:
    """Return the path of a file, given that below the folder of all, with slashes."""
    return os.path.join(into, *name.split("/"))


@lru_cache(maxsize=16)
def _chosen(options: Options) -> str:
    """Return the options that outputs depend on, as text."""
    chosen = {name: value for name, value in asdict(options).items() if name not in NEUTRAL}
    return json.dumps(chosen, sort_keys=True)


def _digest(path: str, then: Look) -> str:
    """Return the SHA-256 of a file if it is as it was then, kept where a look can tell that."""
    told = then.size >= 0 or then.version
    return _hashed(path, then) if told else _hashed.__wrapped__(path, then)


@lru_cache(maxsize=2**14)
def _hashed(path: str, then: Look) -> str:
    """Return the SHA-256 of a file if it is as it was then; empty if not, or it cannot be read."""
    try:
        with local(path) as found:
            digest = file_digest(found).sha256
        return digest if look(path) == then else ""
    except (OSError, AudioconvError):
        return ""


@cache
def _own_name(process: int) -> str:
    """Return the name of the journal of a process, which no other has, on any machine."""
    host = re.sub(r"[^\w.-]", "-", platform.node()) or "host"
    return f"journal-{host}-{process}-{os.urandom(8).hex()}.jsonl"


def _append(into: str, *said: Mapping[str, Any]) -> None:
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


def _sizes(into: str) -> dict[str, int]:
    """Return the sizes of all journals, by path."""
    sizes: dict[str, int] = {}
    try:
        with os.scandir(os.path.join(into, FOLDER)) as entries:
            paths = sorted(entry.path for entry in entries if NAME.fullmatch(entry.name))
    except OSError:
        return {}
    for path in paths:
        try:
            with open(path, "rb") as file:  # which network disks look at anew
                sizes[path] = os.fstat(file.fileno()).st_size
        except OSError:
            continue
    return sizes


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
