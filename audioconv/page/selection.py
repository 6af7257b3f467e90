"""Select the part of a convolution to be shown: its output frames, sounds and sums."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.errors import UsageError
from audioconv.files import STANDARD, Reader, SoundInfo, rereadable, unchanged
from audioconv.ir.load import impulse_files
from audioconv.job import Job, Part
from audioconv.progress import Progress, silent, watched
from audioconv.render.prepare import Prepared, prepare
from audioconv.units import parse_time
from audioconv.views.envelope import envelope
from audioconv.views.excerpt import excerpt, onset
from audioconv.views.sliding import MAX_BYTES, Sliding, sliding

LEAD = 0.05
"""Seconds between the start of the part to be shown and the onset of the sound."""


class Selection(NamedTuple):
    """Output frames to be shown, from `begin` on, and their source."""

    source: SoundInfo
    prepared: Prepared
    begin: int
    until: int


def slide(job: Job, part: Part | None = None, progress: Progress = silent) -> Sliding:
    """Select the sums to be shown of a convolution, without running all of it.

    Parameters
    ----------
    job : Job
        its output is not written
    part : Part, optional
    progress : Progress

    Raises
    ------
    AudioconvError

    Examples
    --------
    >>> sums = slide(Job("samples/speech.wav", "film.gif", ["delta:delay=100ms"]))
    >>> sums.rate, len(sums.g)
    (44100, 4411)
    """
    refuse_standard_impulse(job)
    with rereadable(job.input) as path, unchanged(path):
        return sums_of(path, job, select(path, job, part or Part(), progress))


def refuse_standard_impulse(job: Job) -> None:
    """Raise `UsageError` if an impulse is standard input, which cannot be read again."""
    if STANDARD in impulse_files(job.impulses):
        raise UsageError("the impulse is read twice, so it cannot be standard input; name a file")


def select(
    path: str, job: Job, part: Part, progress: Progress, frames: int | None = None
) -> Selection:
    """Read a sound, and select the output frames to be shown of its convolution.

    Parameters
    ----------
    path : str
        the input, which can be read again
    job : Job
    part : Part
    progress : Progress
    frames : int, optional
        length of the output, if it is not the full convolution
    """
    truncated = job.options.allow_truncated
    with Reader(path, known_as=job.input, allow_truncated=truncated) as reader:
        info = reader.info
        prepared = prepare(job.impulses, job.options, info)
        blocks = watched(reader.blocks(), progress, "reading", info.rate, info.frames)
        overview = envelope(blocks)
    source = replace(info, frames=overview.frames)
    routing = prepared.convolver.routing
    origin = prepared.impulse.origin
    until = frames or overview.frames + routing.frames - 1 - origin
    if part.start is None:
        loud = onset(path, overview, allow_truncated=truncated)
        # a short output may end before the sound begins
        begin = min(max(0, loud - round(LEAD * source.rate)), until - 1)
    else:
        begin = _start(part.start, source.rate, min(overview.frames, until))
    return Selection(source, prepared, begin, until)


def sums_of(path: str, job: Job, selection: Selection, max_bytes: int = MAX_BYTES) -> Sliding:
    """Return the sums of a selection that fit into `max_bytes`, packed."""
    source, prepared, begin, until = selection
    return sliding(
        path,
        source.rate,
        prepared.convolver.routing,
        begin,
        until,
        origin=prepared.impulse.origin,
        max_bytes=max_bytes,
        allow_truncated=job.options.allow_truncated,
    )


def _start(start: str, rate: int, end: int) -> int:
    """Return the frame of a start time, which must be before `end`."""
    begin = round(parse_time(start, rate) * rate)
    if not 0 <= begin < end:
        raise UsageError(
            f"start is {begin / rate:.3f} s; it must be within the sound, which is "
            f"{end / rate:.3f} s long"
        )
    return begin


def excerpts(
    path: str, output: str, selection: Selection, job: Job, part: Part
) -> tuple[Audio, Audio]:
    """Return the part to listen to, of the input and of the output, padded to equal length."""
    begin = selection.begin
    end = begin + round(part.seconds * selection.source.rate)
    before = excerpt(path, begin, end, allow_truncated=job.options.allow_truncated)
    after = excerpt(output, begin, end)
    frames = max(len(before), len(after))
    return _pad(before, frames), _pad(after, frames)


def _pad(sound: Audio, frames: int) -> Audio:
    return np.pad(sound, ((0, frames - len(sound)), (0, 0)))
