"""One task: an output and its row, or why there is none.

`perform` is all that a worker needs: its arguments and its result are plain data that pickle.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from audioconv.batch.plan import Task
from audioconv.batch.rows import row
from audioconv.batch.shelf import shelf
from audioconv.errors import AudioconvError
from audioconv.files import file_digest
from audioconv.job import Job, Options
from audioconv.render.run import run


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
    """

    task: Task
    row: dict[str, Any]
    notices: tuple[str, ...]


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


def _performed(task: Task, into: str, options: Options) -> Done:
    output = os.path.join(into, *task.output.split("/"))
    os.makedirs(os.path.dirname(output), exist_ok=True)
    impulses = shelf()
    outcome = run(Job(task.input, output, [task.impulse], options), prepare=impulses.prepare)
    facts = impulses.facts(task.impulse, outcome.rate)
    source = outcome.input_sha256 or file_digest(task.input).sha256
    made = file_digest(output).sha256
    found = row(task, into, outcome, facts, source, made)
    return Done(task, found, tuple(outcome.notices))
