"""What batches have done in a folder, written down so that no run does it again.

``DIR/.audioconv`` has a journal of each process that made outputs (`audioconv.batch.ledger`), a
line for each output.

A line is written, and synced to disk, when all files of its task, such as the output and its
recipe, are complete but have no names yet. So there is no moment at which a file is there that no
line knows; and a line counts for nothing if one of its files is not there. What was cut off lacks
one, and is made again.

A task is done if a line has its key (a hash of paths, impulse, options and version), if the files
that it was made from are as they were, and if all that it made is there as it was made
(`audioconv.batch.states`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from audioconv._version import __version__
from audioconv.batch import ledger
from audioconv.batch.earlier import Earlier
from audioconv.batch.plan import Task
from audioconv.batch.rows import Row, impulse_below, path_below
from audioconv.batch.states import State
from audioconv.files import look_anew
from audioconv.ir.load import impulse_files
from audioconv.job import Options
from audioconv.urls import address

LOOKERS = 16
"""Threads that ask for URLs, which are many where a large batch goes on."""

NEUTRAL = ("threads", "overwrite")
"""Options that change neither outputs nor rows."""


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
    options : dict
        those it was made with, see `chosen`, for those who ask later why it is made again
    """

    output: str
    key: str
    sources: list[State]
    made: dict[str, State]
    row: Row
    options: Mapping[str, Any]

    @classmethod
    def of(cls, line: Mapping[str, Any], options: Mapping[str, Any]) -> Record:
        """Return the record of a line, with its options."""
        output, key, was, made, row = (line[name] for name in cls._fields[:-1])
        states = {name: State(*one) for name, one in made.items()}
        return cls(output, key, [State(*one) for one in was], states, row, options)


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
    return sha256(f"{text}\n{_as_text(options)}".encode()).hexdigest()


def chosen(task: Task, options: Options) -> dict[str, Any]:
    """Return the options that an output and its row depend on, those of the batch too."""
    return {**json.loads(_as_text(options)), "seed": task.seed, "stems": task.stems}


def sources(task: Task) -> list[str]:
    """Return the paths of the files that an output is made from."""
    return [task.input, *impulse_files([task.impulse])]


def write_record(into: str, record: Record) -> None:
    """Append a line on an output, and sync it to disk.

    A line before it has the names alone: if the longer one is damaged, the files are known for
    ours.

    Raises
    ------
    OSError
    """
    ledger.append(into, {"names": [*record.made]}, record._asdict())


def write_names(into: str, names: Sequence[str]) -> None:
    """Append a line on further files that are ours, such as the lists of rows."""
    ledger.append(into, {"names": list(names)})


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
        self._earlier: dict[str, list[Earlier]] = {}
        self._options: Mapping[str, Any] = {}
        self._sizes: dict[str, int] = {}
        self._read: dict[str, int] = {}
        look_anew()
        self.refresh()

    def refresh(self) -> bool:
        """Read what has been added since; return whether anything was."""
        sizes = ledger.sizes(self._into)
        if sizes == self._sizes:
            return False
        for path, size in sizes.items():
            if size != self._sizes.get(path):
                for line, end in ledger.read(path, self._read.get(path, 0)):
                    self._take(line)
                    self._read[path] = end
        self._sizes = sizes
        return True

    def knows(self, name: str) -> bool:
        """Return whether a file of this name was made by a batch."""
        return name in self._names

    def records(self, task: Task) -> Sequence[Record]:
        """Return all records of a task, whatever has become of its files."""
        return self._records.get(task.output, ())

    def earlier(self, task: Task) -> Sequence[Earlier]:
        """Return the records of the output of a task that were made otherwise."""
        return self._earlier.get(task.output, ())

    def recorded(self, task: Task) -> bool:
        """Return whether a task has been done at some time, whatever has become of its files."""
        return task.output in self._records

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
        for record in self.records(task):
            if all(one.is_of(output_path(self._into, name)) for name, one in record.made.items()):
                yield record

    def _take(self, line: Mapping[str, Any]) -> None:
        """Remember what a line says of the outputs of the tasks."""
        match line:
            case {"names": [*names]}:
                self._names.update(map(str, names))
            case {"output": str(output)} if output in self._keys:
                self._take_made(output, line, self._shared(line.get("options")))

    def _take_made(self, output: str, line: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """Remember what a line says of an output that was made, by a task or otherwise."""
        if line.get("key") != self._keys[output]:
            if (one := Earlier.of(line, options)) is not None:
                self._earlier.setdefault(output, []).append(one)
        elif line.keys() >= set(Record._fields):
            self._records.setdefault(output, []).append(Record.of(line, options))

    def _shared(self, options: Any) -> Mapping[str, Any]:
        """Return the options of a line, as one object for lines in turn that have the same."""
        if options != self._options:
            self._options = options if isinstance(options, dict) else {}
        return self._options


def output_path(into: str, name: str) -> str:
    """Return the path of a file, given that below the folder of all, with slashes."""
    return os.path.join(into, *name.split("/"))


@lru_cache(maxsize=16)
def _as_text(options: Options) -> str:
    """Return the options of each file that outputs depend on, as text."""
    kept = {name: value for name, value in asdict(options).items() if name not in NEUTRAL}
    return json.dumps(kept, sort_keys=True)
