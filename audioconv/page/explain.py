"""Convolve a file, verify the result, and collect the material for its page.

Nothing is drawn here, and only the part to be shown is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from audioconv.engines.audio import Audio
from audioconv.engines.convolver import Convolver
from audioconv.errors import UsageError
from audioconv.files import (
    STANDARD,
    SoundInfo,
    display_name,
    refuse_missing,
    refuse_overwrite,
    rereadable,
    scratch_folder,
    target,
    unchanged,
)
from audioconv.ir import names
from audioconv.ir.load import impulse_files, impulse_name
from audioconv.job import Job, Outcome, Part
from audioconv.page.selection import excerpts, refuse_standard_impulse, select, sums_of
from audioconv.page.size import sums_bytes
from audioconv.progress import Progress, silent
from audioconv.render.run import run
from audioconv.views import cost
from audioconv.views.cost import Cost
from audioconv.views.listening import PlayerSound, player_sounds
from audioconv.views.sliding import Sliding
from impulses import Impulse

LONGEST = 60
"""Longest part in seconds; its page has some 2.9 MB."""

PAGES = ".html", ".htm"


@dataclass(frozen=True, eq=False)
class Explained:
    """A convolution, and the parts of it that the page shows.

    Parameters
    ----------
    job : Job
        its output is the page
    source : SoundInfo
        the input, with its true length
    impulse : Impulse
        as applied, with all edits
    convolver : Convolver
        of the run
    outcome : Outcome
        of the run, verified
    guard_db : float <= 0
        gain of the clip guard in dB
    sliding : Sliding
        output samples as sums; everything shown begins with the first of them
    before, after : array, (frames, channels)
        input and output to listen to, of equal length, the shorter padded with silence
    players : list of PlayerSound
        both, encoded
    cost : Cost
        times of the direct sum and the FFT on this machine
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
    players: list[PlayerSound]
    cost: Cost


def explain(job: Job, part: Part | None = None, progress: Progress = silent) -> Explained:
    """Convolve a sound file, verify the result, and collect the material for its page.

    The output itself is not kept; `audioconv.convolve_file` writes the same.

    Parameters
    ----------
    job : Job
        its output is the page, which is not written here
    part : Part, optional
        the part to be shown
    progress : Progress

    Raises
    ------
    AudioconvError

    Examples
    --------
    >>> echo = "double-spike:delay=350ms,gain=-6dB"
    >>> explained = explain(Job("samples/speech.wav", "page.html", [echo]))
    >>> explained.outcome.verified.passed, explained.sliding.begin
    (True, 0)
    """
    part = part or Part()
    _check(job, part)
    with rereadable(job.input) as path, unchanged(path), scratch_folder() as folder:
        output = str(Path(folder) / "output.wav")
        outcome = _convolve(job, path, output, progress)
        selection = select(path, job, part, progress, outcome.frames)
        before, after = excerpts(path, output, selection, job, part)
        players = player_sounds([before, after], selection.source.rate)
        sums = sums_of(path, job, selection, max_bytes=sums_bytes(players))
    source, prepared, *_ = selection
    progress("measuring the cost")
    return Explained(
        job=job,
        source=source,
        impulse=prepared.impulse,
        convolver=prepared.convolver,
        outcome=outcome,
        guard_db=outcome.guard_gain_db,
        sliding=sums,
        before=before,
        after=after,
        players=players,
        cost=cost.measure_cost(prepared.convolver, source.frames or 1),
    )


def title_of(job: Job) -> str:
    """Return the names of the input and the impulses of a job, without folders.

    Examples
    --------
    >>> title_of(Job("samples/speech.wav", "-", ["samples/hall.wav", "delta:delay=2S"]))
    'speech.wav with hall.wav, delta:delay=2S'
    """
    return f"{short_name(job.input)} with {', '.join(map(short_name, job.impulses))}"


def short_name(ir: str | Impulse) -> str:
    """Return the name of a sound or an impulse without the folders of its files."""
    return impulse_name(names.short_name(ir) if isinstance(ir, str) else ir)


def _check(job: Job, part: Part) -> None:
    """Raise `AudioconvError` before the run if the page cannot be made or written."""
    if not 1 <= part.seconds <= LONGEST:
        raise UsageError(f"seconds is {part.seconds:g}; it must be from 1 to {LONGEST}")
    refuse_standard_impulse(job)
    if job.output != STANDARD and not job.output.lower().endswith(PAGES):
        raise UsageError(
            f"{display_name(job.output, role='output')} is not the name of a page; "
            f"end it in {PAGES[0]}"
        )
    inputs = [job.input, *impulse_files(job.impulses)]
    refuse_missing(job.input)
    refuse_overwrite(job.output, inputs=inputs, overwrite=job.options.overwrite)
    with target(job.output):
        pass  # a folder that does not exist is an error now, not after a long run


def _convolve(job: Job, path: str, output: str, progress: Progress) -> Outcome:
    """Run a job on a file that can be read again, into a temporary output."""
    options = replace(job.options, verify=True, overwrite=True, recipe="none", metadata="none")
    outcome = run(Job(path, output, job.impulses, options), progress)
    return replace(outcome, input=job.input, output=job.output)
