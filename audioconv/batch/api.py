"""The function for many files, as `audioconv batch` does it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from audioconv.batch.plan import make_plan
from audioconv.batch.run import Report, ignore, run_plan
from audioconv.batch.settings import Settings
from audioconv.batch.summary import Summary
from audioconv.batch.workers import Workers
from audioconv.errors import UsageError
from audioconv.job import FileName, Options


def convolve_files(
    inputs: Sequence[FileName] | FileName,
    impulses: Sequence[FileName] | FileName,
    into: FileName,
    options: Options | None = None,
    *,
    settings: Settings | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    report: Report = ignore,
    patience: float | None = None,
) -> Summary:
    """Convolve many files, as `audioconv batch` does: those that are not done yet.

    Parameters
    ----------
    inputs : path, or sequence of them
        sound files, folders, patterns such as ``**/*.flac``, or lists (CSV, JSON lines, Kaldi's
        ``wav.scp``, Lhotse's recordings and cuts)
    impulses : path, or sequence of them
        the same, and builder specs, also with ranges: ``"noise:rt60=0.2..0.8"``
    into : path
        folder of the outputs, and of ``metadata.jsonl``
    options : Options
        of each file
    settings : audioconv.batch.settings.Settings
        pairs, replicas, seed, names, lists
    executor : concurrent.futures.Executor, optional
        where the files are convolved; by default here, one after another
    workers : int > 0, optional
        number of processes that convolve, in place of an executor: `audioconv.batch.workers`, which
        can also limit time and memory. They do not run the caller's script again, so it needs no
        ``if __name__ == "__main__"``; with the standard library's ``ProcessPoolExecutor`` it does
    report : callable
        called with a `Done` or a `Failed` of `audioconv.batch.task` as each file ends
    patience : float > 0, optional
        seconds without any result after which what the executor has under way has failed, for
        executors that lose work

    Returns
    -------
    Summary
        what is done, what was before, what failed, what is left, and what may mislead

    Raises
    ------
    AudioconvError
        If a name leads nowhere, outputs collide, files are in the way that no batch has made, or a
        split leaks into another; before any work. A file that fails is no error: it is in the
        summary.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     summary = convolve_files("samples/speech.wav", "noise:rt60=0.2..0.4", folder)
    >>> summary.done, summary.failures
    (1, [])
    """
    plan = make_plan(
        _names(inputs),
        _names(impulses),
        os.fsdecode(into),
        options or Options(),
        settings or Settings(),
    )
    with _executor(executor, workers) as chosen:
        return run_plan(plan, executor=chosen, report=report, patience=patience)


def _executor(executor: Executor | None, workers: int | None) -> AbstractContextManager[Any]:
    """Return what opens the executor that is asked for, if one is."""
    if workers is None:
        return nullcontext(executor)
    if executor is not None:
        raise UsageError("both an executor and `workers` are given; give one")
    return Workers(workers)


def _names(paths: Sequence[FileName] | FileName) -> list[str]:
    """Return one path or several as text."""
    if isinstance(paths, str | bytes | os.PathLike):
        return [os.fsdecode(paths)]
    return [os.fsdecode(path) for path in paths]
