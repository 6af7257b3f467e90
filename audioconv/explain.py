"""The use case of the page: convolve a file, check it, and gather what shows how it came about.

Nothing is drawn here, and nothing of it is kept but what is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path as FilePath

import numpy as np

from audioconv.engines import Audio, Convolver
from audioconv.errors import UsageError
from audioconv.files import STANDARD, Reader, Sound, rereadable, scratch_folder
from audioconv.job import Job, Outcome
from audioconv.prepare import prepare
from audioconv.render import run
from audioconv.values import parse_time
from audioconv.views import cost
from audioconv.views.cost import Cost
from audioconv.views.envelope import envelope
from audioconv.views.excerpt import excerpt, onset
from audioconv.views.sliding import Sliding, sliding
from impulses import Impulse

LEAD = 0.05
"""Seconds before a sound begins with which a part of it begins."""

LONGEST = 60
"""Seconds of a part to listen to, at most: some 2 MB of a page."""

GRID = 2**16


@dataclass(frozen=True, kw_only=True)
class Part:
    """Which part of a sound is shown and heard.

    Parameters
    ----------
    start : str
        where it begins, such as 12.5s; where the sound first comes within 20 dB of its peak, if
        not given
    seconds : float
        how long the part to listen to is, 1 to 60 seconds
    """

    start: str | None = None
    seconds: float = 10.0


@dataclass(frozen=True, eq=False)
class Explained:
    """What came of a job, and what there is to see and hear of it.

    Parameters
    ----------
    job : Job
        as it was asked for; its output is the page
    source : Sound
        the input, of known length
    impulse : Impulse
        as it was applied, every option folded in
    convolver : Convolver
        that of the run
    outcome : Outcome
        of the convolution, which was verified
    sliding : Sliding
        some of its output samples, as sums
    begin : int
        frame with which all that is shown begins
    before, after : array, (frames, channels)
        what is heard of input and output, equally long; silence follows an input that has ended
    cost : Cost
        times of the plain sum and the FFT on this machine
    """

    job: Job
    source: Sound
    impulse: Impulse
    convolver: Convolver
    outcome: Outcome
    sliding: Sliding
    begin: int
    before: Audio
    after: Audio
    cost: Cost


def explain(job: Job, part: Part | None = None) -> Explained:
    """Convolve a sound file, verify the result, and gather what shows how it came about.

    The convolution itself is not kept: `audioconv.convolve_file` makes the same.

    Parameters
    ----------
    job : Job
        whose output is that of whoever draws, and is not written
    part : Part, optional
        which part of the sound is shown

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
    if STANDARD in job.impulses:
        raise UsageError("the impulse is read twice, so it cannot be standard input; name a file")
    with rereadable(job.input) as path, scratch_folder() as folder:
        output = str(FilePath(folder) / "output.wav")
        kept = replace(options, verify=True, overwrite=True, recipe="none", metadata="none")
        outcome = run(Job(path, output, job.impulses, kept))
        with Reader(path, known_as=job.input, allow_truncated=options.allow_truncated) as reader:
            prepared = prepare(job.impulses, options, reader.sound)
            seen = envelope(reader.blocks(GRID))
            source = replace(reader.sound, frames=reader.frames)
        rate, frames = source.rate, min(seen.frames, outcome.frames)
        if part.start is None:
            begin = max(0, onset(path, seen) - round(LEAD * rate))
        else:
            begin = round(parse_time(part.start, rate) * rate)
        if not 0 <= begin < frames:
            raise UsageError(
                f"start is {begin / rate:.3f} s; it must be in the sound, which is "
                f"{frames / rate:.3f} s long"
            )
        until = min(begin + round(part.seconds * rate), outcome.frames)
        before, after = excerpt(path, begin, until), excerpt(output, begin, until)
        routing = prepared.convolver.routing
        return Explained(
            job,
            source,
            prepared.impulse,
            prepared.convolver,
            outcome,
            sliding(path, rate, routing, begin, outcome.frames),
            begin,
            np.pad(before, ((0, len(after) - len(before)), (0, 0))),
            after,
            cost.measure(prepared.convolver, seen.frames),
        )
