"""The verification of a file that exists: its convolution is computed anew."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing

import numpy as np

from audioconv.engines import stream
from audioconv.engines.audio import Audio, Samples, as_audio
from audioconv.engines.convolver import Convolver
from audioconv.engines.window import Window
from audioconv.errors import FormatError, TruncatedError, VerificationError, counted
from audioconv.files import PeakMeter, Reader, Readings, SoundInfo, display_name, is_exact
from audioconv.job import Options, VerificationReport
from audioconv.metering.matching import Matching, gains, matching_of
from audioconv.progress import Progress, silent, watched
from audioconv.verify.evidence import Evidence, Testimony
from audioconv.verify.samples import Rounding
from audioconv.verify.verdict import Output, Picked, verdict

BLOCK = 2**16
"""Frames of the output that are read at a time, where its sums do not say how many."""


def verify(
    source: str,
    output: str,
    convolver: Convolver,
    window: Window,
    options: Options,
    *,
    gain: float | None = None,
    seed: int | None = None,
    progress: Progress = silent,
) -> VerificationReport:
    """Check an output against the sound and the impulse that it was made from.

    Parameters
    ----------
    source, output : str
        paths; both files are read more than once
    convolver : Convolver
        that of the job
    window : Window
        the part of the convolution that the output holds
    options : Options
        those that the output was made with
    gain : float, optional
        of match and clip guard together; determined from input and sums if not given
    seed : int, optional
        of the random primes and positions; a proof needs fresh ones, a test may fix them
    progress : Progress

    Raises
    ------
    FormatError
        If either file cannot be read or changes meanwhile, or the output's subtype is lossy.
    VerificationError
        If the output is cut short, or has other channels or another rate.
    """
    verification = Verification(source, output, convolver, window, options, seed, progress)
    if gain is None:
        report, gain = verification.check_and_measure()
        if gain == 1:
            return report
    return verification.check(gain)


class Verification:
    """An output, and the convolution that it should be; parameters are those of `verify`."""

    def __init__(
        self,
        source: str,
        output: str,
        convolver: Convolver,
        window: Window,
        options: Options,
        seed: int | None,
        progress: Progress,
    ) -> None:
        self._source = Readings(source, allow_truncated=options.allow_truncated)
        self._output = Readings(output)
        self._convolver = convolver
        self._window = window
        self._options = options
        self._seed = seed
        self._progress = progress
        self._started = time.perf_counter()

    def check_and_measure(self) -> tuple[VerificationReport, float]:
        """Do every check without a gain, and return also the gain that the output should have."""
        with self._source.open() as reader:
            outputs = self._convolver.routing.outputs
            matching = matching_of(
                self._options, self._window, reader.info, reader.speakers, outputs
            )
        report, sums = self._check(1.0, matching)
        return report, gains(matching, sums, report.subtype, self._options).both

    def check(self, gain: float) -> VerificationReport:
        """Do every check, for a gain between the sums and the output."""
        return self._check(gain, None)[0]

    def _check(
        self, gain: float, matching: Matching | None
    ) -> tuple[VerificationReport, PeakMeter]:
        """Do every check; return also the level of the sums."""
        options = self._options
        with self._source.open() as reader, self._open_output() as written:
            info = written.info
            self._refuse_other_kind(info, reader.info.rate)
            evidence = Evidence(
                self._convolver,
                self._window,
                Rounding(info.subtype, options.dither, gain),
                options.precision,
                unit=reader.unit,
                seed=self._seed,
            )
            comparison = _Comparison(evidence, self._window, reader, written, matching)
            sums = comparison.run(self._convolver, options.cores)
            for _ in watched(sums, self._progress, "verifying", info.rate, info.frames):
                pass
        spots = evidence.spots.chosen()
        picked = self._pick(Picked(spots), comparison.frames)
        self._source.refuse_changed()
        self._output.refuse_changed()
        # either reading may find another length
        right = comparison.frames == evidence.level.frames
        frames = picked.frames if right else comparison.frames
        peak = evidence.level.peak * gain
        found = Output(info, frames, peak, picked.found, gain, limited=None)
        report = verdict(evidence, spots, found, options, started=self._started, anew=True)
        report.notices.extend(dict.fromkeys([*reader.notices, *written.notices]))
        return report, evidence.level

    def _open_output(self) -> Reader:
        try:
            return self._output.open()
        except TruncatedError as error:
            raise VerificationError(str(error)) from error

    def _pick(self, picked: Picked, frames: int) -> Picked:
        """Read the output once more, for its samples at the spots."""
        with self._output.open() as written:
            blocks = watched(
                written.blocks(), self._progress, "reading back", written.info.rate, frames
            )
            for block in blocks:
                picked.take(block)
        return picked

    def _refuse_other_kind(self, info: SoundInfo, rate: int) -> None:
        """Refuse an output that cannot be that of the convolution."""
        if not is_exact(info.subtype):
            raise FormatError(
                f"{display_name(info.path)} holds {info.subtype} samples, a lossy coding of the "
                "sums; verify a PCM or floating-point output"
            )
        channels = self._convolver.routing.outputs
        if (info.rate, info.channels) != (rate, channels):
            raise VerificationError(
                f"{display_name(info.path)} has {counted(info.channels, 'channel')} at {info.rate} "
                f"Hz, but the convolution has {channels} at {rate} Hz"
            )


class _Comparison:
    """One pass over a sound and its output, block by block.

    Each block of the output is read with the block of the sound under which its sums lie.

    Attributes
    ----------
    frames : int
        of the output so far
    """

    def __init__(
        self,
        evidence: Evidence,
        window: Window,
        reader: Reader,
        written: Reader,
        matching: Matching | None,
    ) -> None:
        self.frames = 0
        self._evidence = evidence
        self._window = window
        self._reader = reader
        self._written = stream.Supply(written.samples(BLOCK))
        self._unit = written.unit
        self._matching = matching
        self._found: dict[int, Samples] = {}

    def run(self, convolver: Convolver, threads: int) -> Iterator[Audio]:
        """Compare all samples, and yield the sums that they are made of."""
        convolution = stream.convolve_blocks(
            self._sound(convolver),
            convolver,
            self._compare,
            unit=self._reader.unit,
            threads=threads,
        )
        with closing(convolution):
            for testimony, sums in convolution:
                yield from self._taken(testimony, sums)
        tail, frames = convolver.flush(), self._reader.frames
        testimony = self._evidence.testimony(frames)
        kept = [*self._window.tail(tail, frames=frames, peak=self._evidence.level.peak)]
        at = self._evidence.level.frames
        for part in kept:
            testimony.compare(part, self._next(len(part)), at, self._unit)
            at += len(part)
        testimony.fold(tail)
        yield from self._taken(testimony, kept)
        while len(self._next(BLOCK)):
            pass

    def _sound(self, convolver: Convolver) -> Iterator[Samples]:
        """Yield the sound, and read the output with it."""
        samples = self._reader.samples(
            convolver.block, convolver.limit, most=self._window.needed(None)
        )
        frames = 0
        heard = stream.regrid(self._evidence.hear(self._reader, samples), convolver.block)
        for block in self._evidence.measure(heard):
            if self._matching is not None:
                self._matching.hear(as_audio(block, np.dtype(np.float64), self._reader.unit))
            # as many as of the sums under it
            kept, _ = self._window.keep(np.empty((len(block), 0)), frames)
            self._found[frames] = self._next(len(kept))
            frames += len(block)
            yield block

    def _next(self, frames: int) -> Samples:
        """Return the next frames of the output, or what there is."""
        try:
            found = self._written.take(frames)
        except TruncatedError as error:
            raise VerificationError(str(error)) from error
        self.frames += len(found)
        return found

    def _compare(self, parts: Iterable[Audio], start: int) -> tuple[Testimony, list[Audio]]:
        """Compare a block of sums with the output; in any thread."""
        testimony, found, sums = self._evidence.testimony(start), self._found.pop(start), []
        for part in parts:
            kept, at = self._window.keep(part, start)
            testimony.compare(kept, found[: len(kept)], at, self._unit)
            found = found[len(kept) :]
            testimony.fold(part)
            sums.append(kept)
            start += len(part)
        return testimony, sums

    def _taken(self, testimony: Testimony, sums: list[Audio]) -> Iterator[Audio]:
        """Take what a block of sums says, in order, and yield the sums."""
        level = PeakMeter()
        for part in sums:
            level.take(part)
            if self._matching is not None:
                self._matching.take(part)
            yield part
        self._evidence.take(testimony, level)
