"""An output and its stems: the parts that it is made of, aligned with it, for training.

Convolution is linear, so a stem is the sound through a part of the impulse: `early` up to a time
after the direct sound, `late` from there on, `dry` the direct sound alone, as a unit impulse where
the impulse has its onset. So all begin at the same time. Early and late add up to the output as it
is before the dry sound is mixed in.

All files of an item have one gain: that of the normalisation, of the match of the output, and of
the guard that the loudest of them needs, as parts can be louder than their sum. They have one
length, that of the output, and get their names together, the output last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np

from audioconv.engines.window import Window
from audioconv.errors import AudioconvError
from audioconv.files import SoundInfo, Target, commit_together, local, target
from audioconv.job import GUARD, Job, Options, Outcome
from audioconv.metering.matching import Gains
from audioconv.progress import Progress, silent
from audioconv.render.checks import check_job
from audioconv.render.prepare import Prepare, Prepared, prepare, prepare_part
from audioconv.render.recipe import SUFFIX
from audioconv.render.run import Complete, Rendering
from audioconv.units import Stem, early_frames
from impulses import Impulse, edit


class PrepareStem(Protocol):
    """What prepares a stem, as `prepare_stem` does."""

    def __call__(
        self, whole: Prepared, stem: Stem, options: Options, source: SoundInfo
    ) -> Prepared:
        """Return it, prepared; it may be used again for another sound like `source`."""


def prepare_stem(whole: Prepared, stem: Stem, options: Options, source: SoundInfo) -> Prepared:
    """Prepare the convolution of a stem, given that of its output, for the same sound."""
    return prepare_part(whole, stem_of(whole, stem), options, source)


def stem_of(whole: Prepared, stem: Stem) -> Impulse:
    """Return the impulse of a stem, with the origin of that of the output."""
    impulse = whole.unmixed
    onset = whole.onset
    if stem.name == "dry":
        direct = np.zeros((max(onset, impulse.origin) + 1, 1))
        direct[onset] = whole.norm_gain
        return impulse.with_taps(direct)
    early, late = edit.split_at(impulse, onset + early_frames(stem.time, impulse.rate))
    return early if stem.name == "early" else late


def run_stems(
    job: Job,
    stems: Mapping[Stem, str],
    progress: Progress = silent,
    *,
    prepare: Prepare = prepare,
    prepare_stem: PrepareStem = prepare_stem,
    complete: Complete | None = None,
) -> Outcome:
    """Convolve one file, and write stems beside the output; as `run`, all files or none.

    Parameters
    ----------
    job : Job
        its output is a file
    stems : dict of Stem to str
        the file of each
    progress : Progress
    prepare, prepare_stem : function
        what prepares the convolutions, for those who keep impulses from run to run
    complete : function, optional
        called once with all files, in the order in which they then get their names

    Returns
    -------
    Outcome
        of the output, with the notices of all; the gain is that of all

    Raises
    ------
    AudioconvError
        If any file cannot be made.
    """
    for one in (job, *(_job_of(job, path) for path in stems.values())):
        check_job(one, replaces_sidecar=job.options.overwrite)
    with ExitStack() as opened:
        source = opened.enter_context(local(job.input))
        job = Job(source, job.output, job.impulses, job.options)
        jobs = {stem: _job_of(job, path) for stem, path in stems.items()}
        whole = Rendering(job, opened, progress, prepare=prepare)
        output = _Output("", job, whole, _target(job, opened))
        output.begin()
        whole.notice(_silence(whole.prepared, [*stems]))
        parts = [
            _part(output, stem, one, opened, progress, prepare_stem) for stem, one in jobs.items()
        ]
        gains = _common([*parts, output])
        for each in [*parts, output]:
            each.end(gains)
        files = _files(parts) | _sidecar(output, opened) | _files([output])
        if complete is not None:
            complete(_outcome(output, parts), files)
        progress("syncing to disk")
        commit_together([*files.values()])
    return _outcome(output, parts)


class _Output(NamedTuple):
    """The output, or a stem, on its way into a file.

    Parameters
    ----------
    stem : str
        empty for the output
    job : Job
    rendering : Rendering
    target : Target
    """

    stem: str
    job: Job
    rendering: Rendering
    target: Target

    def begin(self) -> None:
        """Convolve a first time."""
        with _named(self.stem):
            self.rendering.begin(self.target)

    def end(self, gains: Gains) -> None:
        """Complete the file, with the gains that all have."""
        with _named(self.stem):
            self.rendering.end(self.target, gains)
            self.rendering.verify()
            self.rendering.refuse_changed()

    def told(self, known: Collection[str]) -> list[str]:
        """Return the notices of a stem that are not known."""
        notices = self.rendering.outcome().notices
        return [f"{self.stem}: {notice}" for notice in notices if notice not in known]


@contextmanager
def _named(stem: str) -> Iterator[None]:
    """Say which stem an error is of."""
    try:
        yield
    except AudioconvError as error:
        if not stem:
            raise
        raise type(error)(f"{stem} stem: {error}") from error


def _target(job: Job, opened: ExitStack) -> Target:
    return opened.enter_context(target(job.output, overwrite=job.options.overwrite, reread=True))


def _job_of(job: Job, path: str) -> Job:
    """Return the job of a stem: it has no recipe, as none would make it again."""
    return Job(job.input, path, job.impulses, replace(job.options, recipe="none"))


def _part(
    output: _Output,
    stem: Stem,
    job: Job,
    opened: ExitStack,
    progress: Progress,
    prepare_stem: PrepareStem,
) -> _Output:
    """Begin a stem of an output that is begun."""
    whole = output.rendering

    def prepared(
        impulses: Sequence[str | Impulse], options: Options, source: SoundInfo
    ) -> Prepared:
        one = prepare_stem(whole.prepared, stem, options, source)
        return replace(one, window=Window(one.window.head, whole.frames))

    with _named(stem.name):
        match = whole.gains.match
        rendering = Rendering(job, opened, progress, prepare=prepared, match=match)
        part = _Output(stem.name, job, rendering, _target(job, opened))
    part.begin()
    return part


def _common(outputs: Sequence[_Output]) -> Gains:
    """Return the gains of all: those of the last, with the guard that the loudest needs."""
    loudest = min(outputs, key=lambda one: one.rendering.gains.guard)
    whole = outputs[-1].rendering
    if loudest.rendering.gains.guard == whole.gains.guard:
        return whole.gains
    gains = whole.gains._replace(guard=loudest.rendering.gains.guard)
    whole.notice(
        f"{GUARD}{loudest.stem} is louder than the output; all are "
        f"{gains.attenuation(whole.subtype)}"
    )
    return gains


def _silence(whole: Prepared, stems: Sequence[Stem]) -> str | None:
    """Notice that the impulse ends before the early part does."""
    impulse, rate = whole.unmixed, whole.unmixed.rate
    timed = next((stem for stem in stems if stem.name != "dry"), None)
    left = impulse.frames - whole.onset
    if timed is None or left > early_frames(timed.time, rate):
        return None
    return (
        f"the impulse ends {1000 * left / rate:.2f} ms after the direct sound, and the early part "
        f"at {timed.time}: nothing is late"
    )


def _files(outputs: Sequence[_Output]) -> dict[str, Target]:
    return {one.job.output: one.target for one in outputs}


def _sidecar(output: _Output, opened: ExitStack) -> dict[str, Target]:
    """Return the recipe of the output in its own file, if it is to have one."""
    options = output.job.options
    if options.recipe != "sidecar" or not output.rendering.is_alone:
        return {}
    path = output.job.output + SUFFIX
    sidecar = opened.enter_context(target(path, overwrite=options.overwrite))
    sidecar.file.write(output.rendering.sidecar(output.target))
    return {path: sidecar}


def _outcome(output: _Output, parts: Sequence[_Output]) -> Outcome:
    """Return the outcome of the output, with the notices of all."""
    outcome = output.rendering.outcome()
    told = (notice for one in parts for notice in one.told(outcome.notices))
    return replace(outcome, notices=[*outcome.notices, *told])
