"""One task: an output and its row, or why there is none.

`perform` is all that a worker needs: its arguments and its result are plain data that pickle. A
task may be done twice, as clusters do when they lose sight of a worker: the second finds the row
that the first has written down, or writes the same bytes once more.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from audioconv.batch.journal import (
    Journal,
    Record,
    chosen,
    output_path,
    sources,
    task_key,
    write_record,
)
from audioconv.batch.outputs import stem_outputs
from audioconv.batch.plan import Task
from audioconv.batch.rows import Row, row
from audioconv.batch.shelf import shelf
from audioconv.batch.states import State, state
from audioconv.errors import AudioconvError, UsageError
from audioconv.files import Look, Target, display_name, file_digest, local, look, sync
from audioconv.job import Job, Options, Outcome
from audioconv.render.recipe import SUFFIX
from audioconv.render.run import Complete, run
from audioconv.render.stems import run_stems


@dataclass(frozen=True)
class Done:
    """A task that is done.

    Parameters
    ----------
    task : Task
    row : dict
        plain data, the same for every run
    notices : tuple of str
        what the user should know
    spread : bool
        whether a mono sound has become several channels
    """

    task: Task
    row: dict[str, Any]
    notices: tuple[str, ...]
    spread: bool = False


@dataclass(frozen=True)
class Failed:
    """A task that failed.

    Parameters
    ----------
    task : Task
    error : str
        in one line
    """

    task: Task
    error: str


def perform(task: Task, into: str, options: Options) -> Done | Failed:
    """Make one output; an error is a result.

    Parameters
    ----------
    task : Task
    into : str
        folder of all outputs
    options : Options
    """
    try:
        return _performed(task, into, options)
    except AudioconvError as error:
        return Failed(task, str(error))
    except MemoryError:
        return Failed(task, "not enough memory; use a shorter impulse")
    except OSError as error:
        return Failed(task, f"{error.filename or task.output}: {error.strerror or error}")
    except Exception as error:
        return Failed(task, f"{type(error).__name__}: {error} (unexpected)")


class _OtherwiseMadeError(Exception):
    """Another has made the output, and has written down this row."""

    def __init__(self, row: Row) -> None:
        self.row = row


def _performed(task: Task, into: str, options: Options) -> Done:
    os.makedirs(os.path.dirname(output_path(into, task.output)), exist_ok=True)
    before = [look(path) for path in sources(task)]
    found: dict[str, Any] = {}

    def complete(outcome: Outcome, files: Mapping[str, Target]) -> None:
        made = {_below(into, path): _state_of(written) for path, written in files.items()}
        digest = outcome.input_sha256 or file_digest(source).sha256
        found.update(_row(task, into, outcome, digest, made))
        _refuse_existing(task, into, options)
        states = _states(task, before, found["input_sha256"])
        key, said = task_key(task, into, options), chosen(task, options)
        write_record(into, Record(task.output, key, states, made, found, said))

    try:
        _refuse_existing(task, into, options)
        with local(task.input) as source:
            # a file that may not be replaced is refused by now, before the new one gets its name
            outcome = rendered(task, into, replace(options, overwrite=True), complete, source)
    except _OtherwiseMadeError as other:
        return Done(task, dict(other.row), ())
    spread = outcome.channels > 1 and outcome.routes == f"mono into {outcome.channels}"
    return Done(task, found, tuple(outcome.notices), spread)


def rendered(
    task: Task,
    into: str,
    options: Options,
    complete: Complete | None = None,
    source: str | None = None,
) -> Outcome:
    """Convolve the file of a task into a folder, and write its stems.

    Parameters
    ----------
    task : Task
    into : str
        folder of all outputs, with that of this one in it
    options : Options
    complete : function, optional
        called with the outcome and all files, before they get their names
    source : str, optional
        copy of the input, if that is at a URL
    """
    job = Job(source or task.input, output_path(into, task.output), [task.impulse], options)
    prepare, prepare_stem = shelf().prepare, shelf().prepare_stem
    stems = stem_outputs(task.output, task.stems)
    if not stems:
        return run(job, prepare=prepare, complete=complete)
    paths = {stem: output_path(into, name) for stem, name in stems.items()}
    return run_stems(job, paths, prepare=prepare, prepare_stem=prepare_stem, complete=complete)


def _below(into: str, path: str) -> str:
    """Return the path of a file below the folder of all, with slashes."""
    return PurePath(path).relative_to(into).as_posix()


def _state_of(written: Target) -> State:
    """Return the state of a file that is complete, and sync it to disk."""
    assert written.path is not None  # which only a pipe lacks
    written.file.flush()
    sync(written.file.fileno())
    status = os.fstat(written.file.fileno())
    return State(status.st_size, status.st_mtime_ns, file_digest(written.path).sha256)


def _row(
    task: Task, into: str, outcome: Outcome, input_sha256: str, made: Mapping[str, State]
) -> dict[str, Any]:
    facts = shelf().facts(task.impulse, outcome.rate)
    hashes = {name: one.sha256 for name, one in made.items()}
    return row(task, into, outcome, facts, input_sha256, hashes)


def _states(task: Task, before: Sequence[Look], input_sha256: str) -> list[State]:
    """Return the states of what an output was made from, as they were before it was read."""
    _, *impulses = sources(task)
    read = [state(path, then) for path, then in zip(impulses, before[1:], strict=True)]
    sound = before[0]
    return [State(sound.size, sound.mtime_ns, input_sha256, sound.version), *read]


def _refuse_existing(task: Task, into: str, options: Options) -> None:
    """Raise if a file is in the way that may not be replaced."""
    if options.overwrite:
        return
    names = [name for name in files_made(task, options) if name not in task.replaces]
    there = [name for name in names if os.path.lexists(output_path(into, name))]
    if not there:
        return
    journal = Journal(into, options, [task])
    if (made := journal.row(task)) is not None:
        raise _OtherwiseMadeError(made)
    for name in there:
        if not journal.knows(name):  # another may have named some, and be about to name the rest
            raise in_the_way(output_path(into, name))


def files_made(task: Task, options: Options) -> list[str]:
    """Return the paths of all files that a task makes, below the folder of all."""
    beside = [task.output + SUFFIX] if options.recipe == "sidecar" else []
    return [*beside, *task.outputs]


def in_the_way(path: str) -> UsageError:
    """Return the error for a file that no batch has made."""
    return UsageError(
        f"{display_name(path)} exists; pass `overwrite=True` to overwrite it, or name another "
        "folder"
    )
