"""The verdict: every deviation beside its limit."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from audioconv.engines.audio import Samples
from audioconv.errors import FormatError, counted
from audioconv.files import SoundInfo
from audioconv.job import Options, VerificationReport
from audioconv.verify.certificate import Margin
from audioconv.verify.evidence import Evidence
from audioconv.verify.samples import NONE, Deviation, SampleCheck, farthest_off
from audioconv.verify.spots import Spot, direct_sum, doubled_sum
from impulses.impulse import Taps

EXACT_PER_SECOND = 4
"""Exactly rounded spots for each second that the rest has taken."""

EXACT_SHARE = 1 / 200
"""Part of that time that they may take."""


@dataclass(frozen=True)
class Output:
    """An output as it was found.

    Parameters
    ----------
    info : SoundInfo
    frames : int
        that it holds
    peak : float
        before it was rounded
    found : dict of int to array, (channels,)
        its samples at the spots, by frame
    gain : float
        of match and clip guard together
    limited : int or None
        samples that the run limited to full scale; None if it is not known who made the output,
        and by which engine
    """

    info: SoundInfo
    frames: int
    peak: float
    found: dict[int, Taps]
    gain: float
    limited: int | None


class Picked:
    """The samples of a sound at some frames, as it goes by.

    Parameters
    ----------
    spots : list of Spot
        in order

    Attributes
    ----------
    found : dict of int to array, (channels,)
        by frame; none for frames behind the end
    frames : int
        so far
    """

    def __init__(self, spots: list[Spot]) -> None:
        self.found: dict[int, Taps] = {}
        self.frames = 0
        self._wanted = [spot.frame for spot in reversed(spots)]

    def take(self, block: Samples, unit: float = 1.0) -> None:
        """Take the next frames (n, channels), in steps of a unit."""
        while self._wanted and self._wanted[-1] < self.frames + len(block):
            frame = self._wanted.pop()
            self.found[frame] = block[frame - self.frames] * unit
        self.frames += len(block)


def verdict(
    evidence: Evidence,
    spots: list[Spot],
    output: Output,
    options: Options,
    *,
    started: float,
    anew: bool,
) -> VerificationReport:
    """Compare every deviation with its limit; a NaN is under none.

    Parameters
    ----------
    evidence : Evidence
    spots : list of Spot
    output : Output
    options : Options
    started : float
        when the run or the verification began, by `time.perf_counter`
    anew : bool
        whether sound and sums were read and computed anew
    """
    samples, bound = evidence.samples, evidence.bound
    margin = evidence.certificate()
    seconds = time.perf_counter() - started
    spots_worst, spot, exact = _spot_deviation(evidence, spots, output, seconds)
    allowed = _allowed(evidence, output, options, max(samples.farthest.excess, spot.excess))
    quantisation = evidence.rounding.most(output.peak)
    # where sums are not numbers, the residual is none either, and fails
    _refuse_infinite(allowed, quantisation, 0.0 if math.isnan(margin.residual) else margin.limit)
    allowed_samples = allowed if anew else 0.0  # a run compares with the very sums that it encodes
    right = samples.farthest.excess <= allowed_samples
    spots_right = spot.excess <= allowed
    report = VerificationReport(
        failures=[],
        frames=output.frames,
        channels=output.info.channels,
        subtype=output.info.subtype,
        primes=list(evidence.primes),
        certificate_residual=margin.residual,
        certificate_limit=margin.limit,
        certificate_smallest=margin.smallest,
        certificate_passed=margin.residual <= margin.limit and evidence.gap is None,
        samples_worst=_worst(evidence, output) if right else samples.farthest.size,
        samples_limit=allowed_samples + (quantisation if right else samples.farthest.allowance),
        samples_passed=right and output.frames == samples.frames == evidence.expected,
        spots=len(output.found) * output.info.channels,
        spots_exact=exact * output.info.channels,
        spots_worst=spots_worst if spots_right else spot.size,
        spots_limit=allowed + (quantisation if spots_right else spot.allowance),
        spots_passed=spots_right,
        error_bound=bound.worst,
        exact=bound.exact,
        quantisation=quantisation,
        anew=anew,
        frames_expected=evidence.expected,
        samples_failed_at=None if right else _place(samples.farthest),
        spots_failed_at=None if spots_right else _place(spot),
        limited=samples.limited,
        limited_passed=_may_limit(samples, output, options, allowed_samples),
        precision=options.precision,
        peak=output.peak,
    )
    return replace(report, failures=[*_failures(report, evidence, margin, output, options)])


def _worst(evidence: Evidence, output: Output) -> float:
    """Return the largest deviation of a sample, or a bound on it where rounding explains all."""
    samples = evidence.samples
    rounded = evidence.rounding.farthest_rounded(output.peak) if samples.equal else 0.0
    return float(np.maximum(samples.worst, rounded))


def _spot_deviation(
    evidence: Evidence, spots: list[Spot], output: Output, seconds: float
) -> tuple[float, Deviation, int]:
    """Return the largest deviation from the direct sum, and that farthest off its allowance.

    The first spots, in an order that is drawn at random, are exactly rounded, as many as the time
    allows; return also how many.
    """
    worst, farthest, exact = 0.0, NONE, 0
    found = [spot for spot in spots if spot.frame in output.found]
    began = time.perf_counter()
    for at in evidence.shuffled(len(found)):
        frame, window = found[at]
        late = time.perf_counter() - began > EXACT_SHARE * seconds
        exactly = exact < EXACT_PER_SECOND * seconds and not late
        exact += exactly
        sum_of = direct_sum if exactly else doubled_sum
        direct = sum_of(window * evidence.unit, evidence.spots.routing)
        wanted = evidence.rounding.wanted(direct[np.newaxis], frame)
        deviation = np.abs(output.found[frame] - wanted)
        here = farthest_off(deviation, evidence.rounding.allowance(wanted), frame)
        worst = float(np.maximum(worst, deviation.max()))
        farthest = max(farthest, here, key=lambda one: one.excess)
    return worst, farthest, exact


def _allowed(evidence: Evidence, output: Output, options: Options, excess: float) -> float:
    """Return the error of the sums that samples may have.

    In single precision, an output that this engine does not explain may be that of another.
    """
    bound = evidence.bound
    allowed = bound.remaining * output.gain
    if excess > allowed and options.precision == "single" and output.limited is None:
        allowed += bound.other_engine * output.gain
    return allowed


def _may_limit(samples: SampleCheck, output: Output, options: Options, allowed: float) -> bool:
    """Return whether so many sums may be past full scale.

    Where none may, those may that are past it by no more than their rounding error.
    """
    if output.limited is not None and samples.limited != output.limited:
        return False
    return options.clip == "saturate" or samples.past.excess <= allowed


def _failures(
    report: VerificationReport,
    evidence: Evidence,
    margin: Margin,
    output: Output,
    options: Options,
) -> Iterator[str]:
    """Describe each failed check."""
    compared = evidence.samples.frames
    if report.frames != report.frames_expected:
        yield f"it has {counted(report.frames, 'frame')} instead of {report.frames_expected}"
    elif compared != report.frames:
        yield f"{counted(compared, 'frame')} of {report.frames} were compared with their sums"
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
                f"the sample at frame {frame} ({frame / output.info.rate:.6f} s), channel "
                f"{channel}, is {off}; its limit is {limit:.3g}"
            )
    if not report.limited_passed:
        allows = f"`clip='{options.clip}'` allows none"
        known = "" if output.limited is None else f"; the run limited {output.limited}"
        yield (
            f"it has {counted(report.limited, 'sample')} past full scale, limited to it"
            f"{known if options.clip == 'saturate' else f', but {allows}'}"
        )
    if evidence.gap is not None:
        yield f"sums are missing, or come twice, at frame {evidence.gap} of the convolution"
    if not margin.residual <= margin.limit:
        yield f"the certificate is {margin.residual:.3g} off; its limit is {margin.limit:.3g}"


def _place(deviation: Deviation) -> tuple[int, int]:
    """Return frame and channel of a sample, the channel counted from 1."""
    return deviation.frame, deviation.channel + 1


def _refuse_infinite(*limits: float) -> None:
    """Refuse limits that would let anything pass."""
    if not np.isfinite(limits).all():
        raise FormatError(
            "the bound on the rounding errors is not finite, so that anything would pass; scale "
            "the sound or the impulse"
        )
