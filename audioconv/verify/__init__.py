"""Verification: whether a file is the convolution of a sound and an impulse.

The chain of proof has two links, and a third look needs neither of them:

certificate  the convolution is computed anew, and its sums are certified as a whole:
             Y(z) = X(z) H(z) holds at random points
samples      every sample of the output lies within the rounding of its format of those sums
spots        some samples are compared with the direct sum, exactly rounded: the ends, both
             sides of the seams between blocks, the loudest one, and random ones
bound        what the error of the sums was guaranteed to stay under all along
report       all of it, as plain data
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from audioconv.engines import stream
from audioconv.engines.convolver import Audio, Convolver
from audioconv.errors import FormatError, TruncatedError, VerificationError
from audioconv.files import PeakMeter, Reader, SoundInfo, display_name, is_exact
from audioconv.job import Options
from audioconv.progress import Progress, silent, watched
from audioconv.units import parse_length
from audioconv.verify import certificate
from audioconv.verify.bound import ErrorBound, sums_error
from audioconv.verify.report import Report
from audioconv.verify.samples import Rounding, Samples
from audioconv.verify.spots import Spots

POINTS = 2
RANDOM_SPOTS = 12
RANDOM_SEAMS = 4
GRID = 2**16
QUIETEST, LOUDEST = 1e-100, 1e100


def verify(
    source: str,
    output: str,
    convolver: Convolver,
    options: Options,
    *,
    gain: float | None = None,
    known_as: str | None = None,
    seed: int | None = None,
    progress: Progress = silent,
) -> Report:
    """Check an output against the sound and the impulse that it was made from.

    Parameters
    ----------
    source, output : str
        files; they are read more than once
    convolver : Convolver
        that of the job
    options : Options
        those that the output was made with
    gain : float, optional
        the clip guard's; found out if not given
    known_as : str, optional
        the output's name for messages, where it has not got it yet
    seed : int, optional
        of the random points and positions; a proof needs fresh ones, a test may fix them
    progress : Progress
        is told how far it has come

    Raises
    ------
    FormatError
        If either file cannot be read, or the output's subtype is lossy.
    VerificationError
        If the output is cut short, or has other channels or another rate.
    """
    found, level = _scan(output, known_as or output, progress)
    if not is_exact(found.subtype):
        raise FormatError(
            f"{display_name(found.path)} holds {found.subtype} samples, a lossy coding of the sums; "
            "verify a PCM or floating-point output"
        )
    random = np.random.default_rng(seed)
    check = partial(_check, source, output, found, level, convolver, options, random, progress)
    report, sums = check(gain or 1.0)
    if gain is None and options.clip == "guard":
        gain = sums.fitting_gain(found.subtype, options.dither)
        if gain != 1:
            report, _ = check(gain)
    return report


def _scan(output: str, known_as: str, progress: Progress) -> tuple[SoundInfo, PeakMeter]:
    """Read an output once, for its true length and its loudest sample."""
    level = PeakMeter()
    try:
        with Reader(output, known_as=known_as) as reader:
            sound, blocks = reader.info, reader.blocks(GRID)
            for block in watched(blocks, progress, "reading back", sound.rate, sound.frames):
                level.take(block)
            return sound, level
    except TruncatedError as error:
        raise VerificationError(str(error)) from error


def _check(
    source: str,
    output: str,
    found: SoundInfo,
    level: PeakMeter,
    convolver: Convolver,
    options: Options,
    random: np.random.Generator,
    progress: Progress,
    gain: float,
) -> tuple[Report, PeakMeter]:
    """Do every check in one pass over both files; return also the level of the sums."""
    routing = convolver.routing
    points = [int(k) for k in random.integers(1, certificate.M, POINTS)]
    frames = _positions(level, max(1, convolver.block // 2), random)  # the FFT's have two halves
    rounding = Rounding(found.subtype, options.dither, gain)
    x = certificate.Evaluation(points, routing.inputs)
    y = certificate.Evaluation(points, routing.outputs)
    spots = Spots(frames, routing)
    samples = Samples(rounding, frames)
    sums = PeakMeter()
    given = Reader(source, allow_truncated=options.allow_truncated)
    with given as reader, Reader(output) as written:
        _refuse_other_kind(found, reader.info.rate, routing.outputs)
        single = options.precision == "single"
        length = parse_length(options.length, found.rate)
        bound = ErrorBound(convolver, single=single, signal_bits=reader.info.signal_bits)

        def heard() -> Iterator[Audio]:
            for block in stream.regrid(reader.blocks(convolver.block), convolver.block):
                if reader.peak > LOUDEST:
                    _refuse_extremes(reader)
                for listener in (x, bound, spots):
                    listener.take(block)
                yield block

        def summed() -> Iterator[Audio]:
            # what a shorter length leaves out still belongs to the certificate
            whole = PeakMeter()
            for block in stream.convolve(heard(), convolver, _as_it_is, threads=options.cores):
                y.take(block)
                yield stream.within(block, whole.frames, length)
                whole.take(block)
            tail = convolver.flush()
            y.take(tail)
            yield from stream.ending(tail, length, frames=whole.frames, peak=whole.peak)

        out = stream.regrid(written.blocks(GRID), GRID)
        blocks = stream.regrid(summed(), GRID)
        for block in watched(blocks, progress, "verifying", found.rate, level.frames):
            sums.take(block)
            samples.take(*_overlap(block, next(out, block[:0])))
        spots.finish()

    _refuse_extremes(reader)
    error = 0.0 if bound.exact else sums_error(convolver, single=single)
    residual, limit = certificate.check(
        x, y, routing, points, sums_error=error, floor=bound.floor * sums.frames
    )
    worst_spot, spot_excess = _spot_deviation(spots, samples, rounding)
    allowed = bound.remaining * gain
    quantisation = rounding.most(sums.peak * gain)
    # so put, none of them is true of a NaN
    right_length = level.frames == sums.frames
    right_samples = samples.worst_excess <= allowed
    right_spots = spot_excess <= allowed
    right_sums = residual <= limit
    failures = []
    if not right_length:
        failures.append(f"it has {level.frames} frames instead of {sums.frames}")
    if not right_samples:
        frame, channel = samples.worst_at
        failures.append(
            f"the sample at frame {frame} ({frame / found.rate:.6f} s), channel {channel + 1}, is "
            f"off; the largest deviation is {samples.worst:.3g}, the limit "
            f"{quantisation + allowed:.3g}"
        )
    if not right_spots:
        failures.append(
            f"a sample is {worst_spot:.3g} off the direct sum; the limit is "
            f"{quantisation + allowed:.3g}"
        )
    if not right_sums:
        failures.append(f"the certificate is {residual:.3g} off; its limit is {limit:.3g}")
    report = Report(
        failures=failures,
        frames=level.frames,
        channels=found.channels,
        subtype=found.subtype,
        points=points,
        certificate_residual=residual,
        certificate_limit=limit,
        certificate_passed=right_sums,
        samples_worst=samples.worst,
        samples_limit=quantisation + allowed,
        samples_passed=right_samples and right_length,
        spots=len(samples.picked) * routing.outputs,
        spots_worst=worst_spot,
        spots_limit=quantisation + allowed,
        spots_passed=right_spots,
        error_bound=bound.worst,
        exact=bound.exact,
        quantisation=quantisation,
    )
    return report, sums


def _as_it_is(part: Audio, start: int) -> Audio:
    return part


def _refuse_extremes(reader: Reader) -> None:
    """Refuse levels whose squares and products float64 cannot hold."""
    if reader.peak and not QUIETEST <= reader.peak <= LOUDEST:
        raise FormatError(
            f"the peak of {display_name(reader.info.path)} is {reader.peak:.3g}; verification needs one "
            f"between {QUIETEST:g} and {LOUDEST:g}; scale the sound first"
        )


def _refuse_other_kind(found: SoundInfo, rate: int, channels: int) -> None:
    if (found.rate, found.channels) != (rate, channels):
        raise VerificationError(
            f"{display_name(found.path)} has {found.channels} channels at {found.rate} Hz, but the "
            f"convolution has {channels} at {rate} Hz"
        )


def _positions(level: PeakMeter, block: int, random: np.random.Generator) -> set[int]:
    """Choose the frames to look at: ends, loudest, both sides of seams, and random ones."""
    last = level.frames - 1
    seams = last // block
    chosen = {seams, *random.integers(1, seams + 1, RANDOM_SEAMS).tolist(), 1} if seams else set()
    sides = {side for seam in chosen for side in (seam * block - 1, seam * block)}
    anywhere = random.integers(0, level.frames, RANDOM_SPOTS).tolist()
    return {0, last, level.peak_frame, *sides, *anywhere}


def _overlap(sums: Audio, found: Audio) -> tuple[Audio, Audio]:
    """Cut two blocks to the frames that both have; a difference in length is told elsewhere."""
    both = min(len(sums), len(found))
    return sums[:both], found[:both]


def _spot_deviation(spots: Spots, samples: Samples, rounding: Rounding) -> tuple[float, float]:
    """Return the largest deviation from the direct sum, and the largest beyond the rounding."""
    worst, excess = 0.0, -np.inf
    for frame, found in samples.picked.items():
        exact = rounding.wanted(spots.sums[frame][np.newaxis], frame)[0]
        deviation = np.abs(found - exact)
        worst = max(worst, float(deviation.max()))
        excess = max(excess, float((deviation - rounding.allowance(exact)).max()))
    return worst, excess
