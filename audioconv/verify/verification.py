"""One verification: a scan of the output, a pass over both files, a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from audioconv.engines import stream
from audioconv.engines.audio import Audio
from audioconv.engines.convolver import Convolver
from audioconv.engines.rounding import ErrorModel
from audioconv.engines.window import Window
from audioconv.errors import FormatError, TruncatedError, VerificationError, counted
from audioconv.files import PeakMeter, Reader, Readings, SoundInfo, display_name, is_exact
from audioconv.job import Options, VerificationReport
from audioconv.metering.matching import Matching, gains, matching_of
from audioconv.progress import Progress, silent, watched
from audioconv.verify import certificate
from audioconv.verify.bound import ErrorBound
from audioconv.verify.samples import NONE, Deviation, Rounding, SampleCheck, farthest_off
from audioconv.verify.spots import Spots

POINTS = 2
RANDOM_SPOTS = 12
RANDOM_SEAMS = 4
QUIETEST, LOUDEST = 1e-100, 1e100
QUIETEST_TAP = {"double": QUIETEST, "single": 1e-30}
"""Least peak of an impulse whose taps keep the precision of the arithmetic."""

BLOCK = 2**16
"""Frames that are compared at a time."""


def verify(
    source: str,
    output: str,
    convolver: Convolver,
    window: Window,
    options: Options,
    *,
    gain: float | None = None,
    limited: int | None = None,
    known_as: str | None = None,
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
    limited : int, optional
        number of samples that the run limited to full scale, if it is known
    known_as : str, optional
        name of the output in messages, where `output` is a temporary file
    seed : int, optional
        of the random points and positions; a proof needs fresh ones, a test may fix them
    progress : Progress

    Raises
    ------
    FormatError
        If either file cannot be read or changes meanwhile, or the output's subtype is lossy.
    VerificationError
        If the output is cut short, or has other channels or another rate.
    """
    verification = Verification(
        source,
        output,
        convolver,
        window,
        options,
        limited=limited,
        known_as=known_as,
        seed=seed,
        progress=progress,
    )
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
        *,
        limited: int | None = None,
        known_as: str | None = None,
        seed: int | None = None,
        progress: Progress = silent,
    ) -> None:
        self._source = Readings(source, allow_truncated=options.allow_truncated)
        self._output = Readings(output, known_as=known_as)
        self._convolver = convolver
        self._window = window
        self._options = options
        self._limited = limited
        self._made_elsewhere = limited is None  # a run verifies what its own engine made
        self._progress = progress
        self._random = np.random.default_rng(seed)
        self._info, self._level = self._scan()
        if not is_exact(self._info.subtype):
            raise FormatError(
                f"{display_name(self._info.path)} holds {self._info.subtype} samples, a lossy "
                "coding of the sums; verify a PCM or floating-point output"
            )
        self._tap = _largest_tap(convolver, options)
        self._model = convolver.error_model()  # once, as it transforms every kernel

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
        return self._check(gain)[0]

    def _check(
        self, gain: float, matching: Matching | None = None
    ) -> tuple[VerificationReport, PeakMeter]:
        """Do every check; return also the peak of the sums."""
        points = [int(k) for k in self._random.integers(1, certificate.M, POINTS)]
        # seams also lie inside blocks, where an engine computes them in halves
        frames = self._positions(max(1, self._convolver.block // 2))
        rounding = Rounding(self._info.subtype, self._options.dither, gain)
        evidence = _Evidence(
            self._convolver, self._window, self._model, points, frames, rounding, matching
        )
        with self._source.open() as reader, self._output.open() as written:
            self._refuse_other_kind(reader.info.rate)
            found = watched(
                evidence.pairs(reader, written, self._options.cores),
                self._progress,
                "verifying",
                self._info.rate,
                self._level.frames,
            )
            for _ in found:
                pass
        self._source.refuse_changed()
        self._output.refuse_changed()
        _refuse_extremes(reader)
        _refuse_products(self._tap * reader.peak)
        report = self._verdict(evidence, gain, rounding)
        report.notices.extend(dict.fromkeys([*reader.notices, *written.notices]))
        return report, evidence.sums

    def _scan(self) -> tuple[SoundInfo, PeakMeter]:
        """Read the output once, for its length and its loudest sample."""
        level = PeakMeter()
        try:
            with self._output.open() as reader:
                info, blocks = reader.info, reader.blocks()
                for block in watched(
                    blocks, self._progress, "reading back", info.rate, info.frames
                ):
                    level.take(block)
                return info, level
        except TruncatedError as error:
            raise VerificationError(str(error)) from error

    def _positions(self, block: int) -> set[int]:
        """Choose the frames to sample: ends, loudest, both sides of seams, and random ones."""
        last, head = self._level.frames - 1, self._window.head
        # seams lie on the grid of the convolution, in which the output begins at frame `head`
        first, final = head // block + 1, (head + last) // block
        random = self._random.integers
        some = random(first, final + 1, RANDOM_SEAMS).tolist() if first <= final else []
        chosen = {first, final, *some} if some else set()
        sides = {seam * block - head - side for seam in chosen for side in (0, 1)}
        anywhere = random(0, self._level.frames, RANDOM_SPOTS).tolist()
        return {0, last, self._level.peak_frame, *sides, *anywhere}

    def _refuse_other_kind(self, rate: int) -> None:
        info, channels = self._info, self._convolver.routing.outputs
        if (info.rate, info.channels) != (rate, channels):
            raise VerificationError(
                f"{display_name(info.path)} has {counted(info.channels, 'channel')} at {info.rate} "
                f"Hz, but the convolution has {channels} at {rate} Hz"
            )

    def _verdict(self, evidence: _Evidence, gain: float, rounding: Rounding) -> VerificationReport:
        """Compare every deviation with its limit; a NaN is under none."""
        samples, bound = evidence.samples, evidence.bound
        residual, residual_limit = evidence.certificate()
        spots_worst, spot = evidence.spot_deviation()
        allowed = self._allowed(evidence, gain, max(samples.farthest.excess, spot.excess))
        quantisation = rounding.most(evidence.sums.peak * gain)
        _refuse_infinite(allowed, quantisation, residual_limit)
        right = samples.farthest.excess <= allowed
        spots_right = spot.excess <= allowed
        report = VerificationReport(
            failures=[],
            frames=evidence.found,
            channels=self._info.channels,
            subtype=self._info.subtype,
            points=evidence.points,
            certificate_residual=residual,
            certificate_limit=residual_limit,
            certificate_passed=residual <= residual_limit,
            samples_worst=samples.worst if right else samples.farthest.size,
            samples_limit=allowed + (quantisation if right else samples.farthest.allowance),
            samples_passed=right and evidence.found == evidence.sums.frames,
            spots=len(samples.picked) * self._info.channels,
            spots_worst=spots_worst if spots_right else spot.size,
            spots_limit=allowed + (quantisation if spots_right else spot.allowance),
            spots_passed=spots_right,
            error_bound=bound.worst,
            exact=bound.exact,
            quantisation=quantisation,
            frames_expected=evidence.sums.frames,
            samples_failed_at=None if right else _place(samples.farthest),
            spots_failed_at=None if spots_right else _place(spot),
            limited=samples.limited,
            limited_passed=self._may_limit(samples, allowed),
            precision=self._options.precision,
            peak=self._level.peak,
        )
        return replace(report, failures=[*self._failures(report)])

    def _allowed(self, evidence: _Evidence, gain: float, excess: float) -> float:
        """Return the error of the sums that samples may have.

        In single precision, an output that this engine does not explain may be that of another.
        """
        bound = evidence.bound
        allowed = bound.remaining * gain
        if excess > allowed and self._options.precision == "single" and self._made_elsewhere:
            allowed += bound.other_engine * gain
        return allowed

    def _may_limit(self, samples: SampleCheck, allowed: float) -> bool:
        """Return whether so many sums may be past full scale.

        Where none may, those may that are past it by no more than their rounding error.
        """
        if self._limited is not None and samples.limited != self._limited:
            return False
        return self._options.clip == "saturate" or samples.past.excess <= allowed

    def _failures(self, report: VerificationReport) -> Iterator[str]:
        """Describe each failed check."""
        if report.frames != report.frames_expected:
            yield f"it has {counted(report.frames, 'frame')} instead of {report.frames_expected}"
        for place, off, limit in (
            (report.samples_failed_at, f"{report.samples_worst:.3g} off", report.samples_limit),
            (
                report.spots_failed_at,
                f"{report.spots_worst:.3g} off the direct sum",
                report.spots_limit,
            ),
        ):
            if place is not None:
                frame, channel = place
                yield (
                    f"the sample at frame {frame} ({frame / self._info.rate:.6f} s), channel "
                    f"{channel}, is {off}; its limit is {limit:.3g}"
                )
        if not report.limited_passed:
            allows = f"`clip='{self._options.clip}'` allows none"
            known = "" if self._limited is None else f"; the run limited {self._limited}"
            yield (
                f"it has {counted(report.limited, 'sample')} past full scale, limited to it"
                f"{known if self._options.clip == 'saturate' else f', but {allows}'}"
            )
        if not report.certificate_passed:
            yield (
                f"the certificate is {report.certificate_residual:.3g} off; its limit is "
                f"{report.certificate_limit:.3g}"
            )


def _place(deviation: Deviation) -> tuple[int, int]:
    """Return frame and channel of a sample, the channel counted from 1."""
    return deviation.frame, deviation.channel + 1


class _Evidence:
    """Everything that one pass over input and output gathers.

    Attributes
    ----------
    found : int
        frames of the output
    """

    def __init__(
        self,
        convolver: Convolver,
        window: Window,
        model: ErrorModel,
        points: list[int],
        frames: set[int],
        rounding: Rounding,
        matching: Matching | None,
    ) -> None:
        routing = convolver.routing
        self.points = points
        self.sums = PeakMeter()
        self.samples = SampleCheck(rounding, frames)
        self.found = 0
        self._rounding = rounding
        self._matching = matching
        self._convolver = convolver
        self._window = window
        self._model = model
        self.bound = ErrorBound(model)
        self._x = certificate.Evaluation(points, routing.inputs)
        self._y = certificate.Evaluation(points, routing.outputs)
        self._spots = Spots([window.head + frame for frame in frames], routing)
        self._frames = 0

    def pairs(self, reader: Reader, written: Reader, threads: int) -> Iterator[Audio]:
        """Compare sums and samples block by block, and yield the sums."""
        out = stream.regrid(written.blocks(), BLOCK)
        for sums in stream.regrid(self._output(reader, threads), BLOCK):
            found = next(out, sums[:0])
            self.found += len(found)
            both = min(len(sums), len(found))  # a difference in length is a failure of its own
            self.sums.take(sums)
            if self._matching is not None:
                self._matching.take(sums)
            self.samples.take(sums[:both], found[:both])
            yield sums
        self.found += sum(map(len, out))
        self._spots.finish()

    def _output(self, reader: Reader, threads: int) -> Iterator[Audio]:
        """Yield the part of the convolution that the output holds; certify all of it."""
        level, window = PeakMeter(), self._window
        sums = stream.convolve(
            self._input(reader), self._convolver, lambda part, start: part, threads=threads
        )
        for block in sums:
            kept, _ = window.keep(block, self._frames)
            level.take(kept)
            self._certify(block)
            yield kept
        tail, frames = self._convolver.flush(), self._frames
        self._certify(tail)
        yield from window.tail(tail, frames=frames, peak=level.peak)

    def _certify(self, sums: Audio) -> None:
        self._y.take(sums)
        self._frames += len(sums)

    def _input(self, reader: Reader) -> Iterator[Audio]:
        """Yield the input in blocks of the convolver's own length."""
        block_length = self._convolver.block
        blocks = reader.blocks(block_length, self._convolver.limit)
        for block in stream.regrid(blocks, block_length):
            if reader.peak > LOUDEST:
                _refuse_extremes(reader)
            for listener in (self._x, self.bound, self._spots):
                listener.take(block)
            if self._matching is not None:
                self._matching.hear(block)
            yield block

    def certificate(self) -> tuple[float, float]:
        """Return the residual of Y(z) - X(z) H(z), and its limit."""
        return certificate.check(
            self._x,
            self._y,
            self._convolver.routing,
            self.points,
            sums_error=0.0 if self.bound.exact else self._model.relative,
            floor=self._model.floor * self._frames,
        )

    def spot_deviation(self) -> tuple[float, Deviation]:
        """Return the largest deviation from the direct sum, and that farthest off its allowance."""
        worst, farthest = 0.0, NONE
        for frame, found in self.samples.picked.items():
            direct = self._spots.sums[self._window.head + frame]
            exact = self._rounding.wanted(direct[np.newaxis], frame)
            deviation = np.abs(found - exact)
            here = farthest_off(deviation, self._rounding.allowance(exact), frame)
            worst = float(np.maximum(worst, deviation.max()))
            farthest = max(farthest, here, key=lambda one: one.excess)
        return worst, farthest


def _refuse_extremes(reader: Reader) -> None:
    """Refuse levels whose squares and products float64 cannot represent."""
    if reader.peak and not QUIETEST <= reader.peak <= LOUDEST:
        raise FormatError(
            f"the peak of {display_name(reader.info.path)} is {reader.peak:.3g}; verification "
            f"needs one between {QUIETEST:g} and {LOUDEST:g}; scale the sound first"
        )


def _largest_tap(convolver: Convolver, options: Options) -> float:
    """Return the largest tap of an impulse, or refuse one out of range."""
    tap = max((float(np.abs(taps).max()) for taps in convolver.routing.kernels), default=0.0)
    least = QUIETEST_TAP[options.precision]
    if tap and not least <= tap <= LOUDEST:
        raise FormatError(
            f"the largest tap of the impulse is {tap:.3g}; verification needs one between "
            f"{least:g} and {LOUDEST:g}; scale the impulse"
        )
    return tap


def _refuse_products(level: float) -> None:
    """Refuse a largest product of a sample and a tap whose rounding error float64 cannot show."""
    if level and not QUIETEST <= level <= LOUDEST:
        raise FormatError(
            f"the largest sample times the largest tap is {level:.3g}; verification needs one "
            f"between {QUIETEST:g} and {LOUDEST:g}; scale the sound or the impulse"
        )


def _refuse_infinite(*limits: float) -> None:
    """Refuse limits that would let anything pass."""
    if not np.isfinite(limits).all():
        raise FormatError(
            "the bound on the rounding errors is not finite, so that anything would pass; scale "
            "the sound or the impulse"
        )
