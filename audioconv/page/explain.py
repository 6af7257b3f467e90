"""The use case of the page: convolve a file, check it, and gather what shows how it came about.

Nothing is drawn here, and nothing of it is kept but what is shown.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from audioconv.engines.convolver import Audio, Convolver
from audioconv.errors import UsageError
from audioconv.files import (
    STANDARD,
    Reader,
    SoundInfo,
    display_name,
    refuse_overwrite,
    rereadable,
    scratch_folder,
    target,
)
from audioconv.ir.load import impulse_files
from audioconv.job import Job, Outcome, Part
from audioconv.progress import Progress, silent, watched
from audioconv.render.prepare import Prepared, prepare
from audioconv.render.run import run
from audioconv.units import parse_time
from audioconv.views import cost
from audioconv.views.cost import Cost
from audioconv.views.envelope import envelope
from audioconv.views.excerpt import excerpt, onset
from audioconv.views.sliding import Sliding, sliding
from impulses import Impulse
from impulses.impulse import to_db

LEAD = 0.05
"""Seconds before a sound begins with which a part of it begins."""

LONGEST = 60
"""Seconds of a part to listen to, at most: a page of some 2.6 MB."""

PAGES = ".html", ".htm"

GRID = 2**16


@dataclass(frozen=True, eq=False)
class Explained:
    """What came of a job, and what there is to see and hear of it.

    Parameters
    ----------
    job : Job
        as it was asked for; its output is the page
    source : SoundInfo
        the input, of known length
    impulse : Impulse
        as it was applied, every option folded in
    convolver : Convolver
        that of the run
    outcome : Outcome
        of the convolution, which was verified
    guard_db : float
        by which the clip guard changed the level of the output, 0 or less
    sliding : Sliding
        some of its output samples, as sums; all that is shown begins where they do
    before, after : array, (frames, channels)
        what is heard of input and output, equally long; silence follows what has ended
    cost : Cost
        times of the plain sum and the FFT on this machine
    """

    job: Job
    source: SoundInfo
    impulse: Impulse
    convolver: Convolver
    outcome: Outcome
    guard_db: float
    sliding: Sliding
    before: Audio
    after: Audio
    cost: Cost


def explain(job: Job, part: Part | None = None, progress: Progress = silent) -> Explained:
    """Convolve a sound file, verify the result, and gather what shows how it came about.

    The convolution itself is not kept: `audioconv.convolve_file` makes the same.

    Parameters
    ----------
    job : Job
        whose output is that of whoever draws, and is not written
    part : Part, optional
        which part of the sound is shown
    progress : Progress
        is told how far it has come

    Raises
    ------
    AudioconvError, ImpulseError

    Examples
    --------
    >>> echo = "double-spike:delay=350ms,gain=-6dB"
    >>> told = explain(Job("samples/speech.wav", "page.html", [echo]))
    >>> told.outcome.verified["passed"], told.sliding.begin
    (True, 0)
    """
    options, part = job.options, part or Part()
    if not 1 <= part.seconds <= LONGEST:
        raise UsageError(f"seconds is {part.seconds:g}; it must be from 1 to {LONGEST}")
    _refuse_standard_impulse(job)
    if job.output != STANDARD and not job.output.lower().endswith(PAGES):
        raise UsageError(
            f"{display_name(job.output, role='output')} is not named as a page; end it in {PAGES[0]}"
        )
    inputs = [job.input, *impulse_files(job.impulses)]
    refuse_overwrite(job.output, inputs=inputs, overwrite=options.overwrite)
    with target(job.output):
        pass  # so that a long run does not end before a folder that is not there
    with rereadable(job.input) as path, scratch_folder() as folder:
        output = str(Path(folder) / "output.wav")
        kept = replace(options, verify=True, overwrite=True, recipe="none", metadata="none")
        outcome = run(Job(path, output, job.impulses, kept), progress)
        outcome = replace(outcome, input=job.input, output=job.output)
        seen, prepared, slid = _looked(path, job, part, progress, outcome.frames)
        begin, until = slid.begin, slid.begin + round(part.seconds * seen.rate)
        before = excerpt(path, begin, until, allow_truncated=options.allow_truncated)
        after = excerpt(output, begin, until)
        longest = max(len(before), len(after))
        before, after = (
            np.pad(sound, ((0, longest - len(sound)), (0, 0))) for sound in (before, after)
        )
    convolver = prepared.convolver
    progress("measuring what it costs")
    found = cost.measure(convolver, seen.frames or 1)
    guard_db = outcome.gain_db - to_db(abs(prepared.norm_gain))
    return Explained(
        job, seen, prepared.impulse, convolver, outcome, guard_db, slid, before, after, found
    )


def slide(job: Job, part: Part | None = None, progress: Progress = silent) -> Sliding:
    """Choose what is shown of a convolution as sums, without the whole of it.

    Parameters
    ----------
    job : Job
        whose output is not written
    part : Part, optional
    progress : Progress

    Raises
    ------
    AudioconvError, ImpulseError

    Examples
    --------
    >>> slid = slide(Job("samples/speech.wav", "film.gif", ["delta:delay=100ms"]))
    >>> slid.rate, len(slid.g)
    (44100, 4411)
    """
    _refuse_standard_impulse(job)
    with rereadable(job.input) as path:
        return _looked(path, job, part or Part(), progress)[2]


def title(job: Job) -> str:
    """Name what is convolved with what, without where it lies.

    Examples
    --------
    >>> title(Job("samples/speech.wav", "-", ["samples/hall.wav", "delta:delay=2S"]))
    'speech.wav with hall.wav, delta:delay=2S'
    """
    return f"{short_name(job.input)} with {', '.join(map(short_name, job.impulses))}"


def short_name(path: str) -> str:
    """Name a file without its folder; what is no file, as a builder spec, as it is."""
    return display_name(Path(path).name if os.path.lexists(path) else path)


def _refuse_standard_impulse(job: Job) -> None:
    if STANDARD in job.impulses:
        raise UsageError("the impulse is read twice, so it cannot be standard input; name a file")


def _looked(
    path: str, job: Job, part: Part, progress: Progress, frames: int | None = None
) -> tuple[SoundInfo, Prepared, Sliding]:
    """Look through a sound for what to show of it; return it with its true length.

    `frames` is the length of the output, where that is not all of the convolution.
    """
    options = job.options
    with Reader(path, known_as=job.input, allow_truncated=options.allow_truncated) as reader:
        prepared = prepare(job.impulses, options, reader.info)
        blocks = reader.blocks(GRID)
        sound = reader.info
        seen = envelope(watched(blocks, progress, "looking through it", sound.rate, sound.frames))
        source = replace(sound, frames=seen.frames)
    rate, routing, truncated = source.rate, prepared.convolver.routing, options.allow_truncated
    until = frames or seen.frames + routing.frames - 1
    if part.start is None:
        loud = onset(path, seen, allow_truncated=truncated)
        # a short output may end before the sound begins
        begin = min(max(0, loud - round(LEAD * rate)), until - 1)
    else:
        begin = round(parse_time(part.start, rate) * rate)
    last = min(seen.frames, until)
    if not 0 <= begin < last:
        raise UsageError(
            f"start is {begin / rate:.3f} s; it must be in the sound, which is "
            f"{last / rate:.3f} s long"
        )
    slid = sliding(path, rate, routing, begin, until, allow_truncated=truncated)
    return source, prepared, slid
