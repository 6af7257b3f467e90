"""The null test: the residual when one sound is subtracted from another."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from audioconv.engines import stream
from audioconv.engines.audio import Audio
from audioconv.errors import LayoutError, UsageError, counted
from audioconv.files import STANDARD, PeakMeter, Reader, display_name, rereadable, unchanged
from audioconv.progress import Progress, silent, watched
from impulses.impulse import Taps, to_db

GRID = 2**16
WINDOW = 2**17
"""Frames around the peak of the first sound that are searched for the shift."""

BY_CHANCE = 1e-3
"""Probability that two sounds that have nothing in common are given a polarity nevertheless."""

MOSTLY = 0.5
"""Share of a channel's energy that gives it a polarity in any case, as no other sound has more.

A steady tone explains any other of its pitch: chance alone would never let it have one."""

NORMAL, INVERTED = "normal", "inverted"


@dataclass(frozen=True)
class Difference:
    """How two sounds differ.

    Parameters
    ----------
    identical : bool
        same rate, channels, length and samples
    shift : int
        frames by which the second comes later than the first
    gain_db : float or None
        level of the second relative to the first, by least squares after the shift, of either
        polarity; None if either is silent
    residual_db : float or None
        energy of the second minus the shifted and scaled first, relative to that of the second;
        None if nothing is left
    first_difference_s : float or None
        seconds to the first sample that differs, without shift or gain; None if none does
    frames : pair of int
        length of each
    channel_polarity : tuple of {"normal", "inverted"} or None
        polarity of each channel of the second relative to the first; None if nothing can be said,
        as one is silent, or the first explains no more of the second than chance may, nor half
    gains : tuple of float
        factor of each channel in the best fit: that of `gain_db`, negative where inverted
    """

    identical: bool
    shift: int
    gain_db: float | None
    residual_db: float | None
    first_difference_s: float | None
    frames: tuple[int, int]
    channel_polarity: tuple[str | None, ...] = ()
    gains: tuple[float, ...] = ()

    @property
    def polarity(self) -> str | None:
        """Polarity of all channels; None if they differ, or nothing can be said.

        Examples
        --------
        >>> Difference(False, 0, 0.0, None, 0.0, (9, 9), (None, "inverted")).polarity
        'inverted'
        """
        found = {*self.channel_polarity} - {None}
        return found.pop() if len(found) == 1 else None

    @property
    def inversion(self) -> str:
        """What is inverted, in words; nothing if nothing is, as far as can be said.

        Examples
        --------
        >>> Difference(False, 0, 0.0, None, 0.0, (9, 9), ("normal", "inverted")).inversion
        'channel 2 inverted'
        """
        if self.polarity == INVERTED:
            return INVERTED
        channels = [str(n) for n, one in enumerate(self.channel_polarity, 1) if one == INVERTED]
        return f"channel{'s' * (len(channels) > 1)} {', '.join(channels)} inverted" * bool(channels)

    def as_json(self) -> dict[str, Any]:
        """Return the stable names."""
        fields = {**asdict(self), "polarity": self.polarity}
        fields["channel_polarity"] = fields.pop("channel_polarity")  # after that of all
        return {name: value for name, value in fields.items() if name not in ("frames", "gains")}


def compare_files(
    first: str | os.PathLike[str], second: str | os.PathLike[str], progress: Progress = silent
) -> Difference:
    """Compare two sound files in constant memory.

    The shift is the maximum of the cross-correlation within `WINDOW` frames, of either polarity;
    gain and residual are taken over everything that then overlaps. All channels have one gain, and
    each its polarity.

    Parameters
    ----------
    first, second : str or path-like
    progress : Progress

    Raises
    ------
    FormatError
        If either cannot be read, or changes meanwhile.
    LayoutError
        If they differ in rate or channels.

    Examples
    --------
    >>> compare_files("samples/guitar.wav", "samples/guitar.wav").identical
    True
    """
    if os.fspath(first) == os.fspath(second) == STANDARD:
        raise UsageError("both files are standard input; name one of them")
    # each is read several times
    with (
        rereadable(os.fspath(first)) as one,
        rereadable(os.fspath(second)) as other,
        unchanged(one, other),
    ):
        return _compare(one, other, progress)


def _compare(first: str, second: str, progress: Progress) -> Difference:
    level = PeakMeter()
    differs_at: int | None = None
    with Reader(first) as a, Reader(second) as b:
        if (a.info.rate, a.info.channels) != (b.info.rate, b.info.channels):
            raise LayoutError(
                f"{display_name(first)} has {counted(a.info.channels, 'channel')} at {a.info.rate} "
                f"Hz, but {display_name(second)} has {b.info.channels} at {b.info.rate} Hz; they "
                "must agree in both"
            )
        for one, other in _together(a, b, 0, progress, "comparing"):
            if differs_at is None and (different := (one != other).any(axis=1)).any():
                differs_at = level.frames + int(np.argmax(different))
            level.take(one)
        frames = a.frames, b.frames
        rate, channels = a.info.rate, a.info.channels
    if differs_at is None and frames[0] != frames[1]:
        differs_at = min(frames)
    shift, spread = 0, np.ones(channels)
    if differs_at is not None:
        shift, spread = _shift(first, second, level.peak_frame)
    fit = _best_fit(first, second, shift, spread, progress)
    return Difference(
        identical=differs_at is None,
        shift=shift,
        gain_db=to_db(fit.gain) if fit.gain else None,
        residual_db=_residual(first, second, shift, fit, progress),
        first_difference_s=None if differs_at is None else differs_at / rate,
        frames=frames,
        channel_polarity=fit.polarity,
        gains=tuple(fit.factors.tolist()),
    )


def _together(
    a: Reader, b: Reader, shift: int, progress: Progress, step: str
) -> Iterator[tuple[Audio, Audio]]:
    """Yield both sounds in equal blocks; see `aligned`."""
    first = watched(a.blocks(), progress, step, a.info.rate, a.info.frames)
    pairs = (first, -shift), (b.blocks(), shift)
    streams = [stream.regrid(_from(blocks, skip), GRID) for blocks, skip in pairs]
    while True:
        one, other = (next(blocks, np.zeros((0, a.info.channels))) for blocks in streams)
        if not len(one) and not len(other):
            return
        longest = max(len(one), len(other))
        yield _padded(one, longest), _padded(other, longest)


def _from(blocks: Iterable[Audio], skip: int) -> Iterator[Audio]:
    """Yield a sound without its first frames, if `skip` is positive."""
    for block in blocks:
        yield block[max(skip, 0) :]
        skip -= min(max(skip, 0), len(block))


def _padded(block: Audio, frames: int) -> Audio:
    return np.pad(block, ((0, frames - len(block)), (0, 0)))


def _shift(first: str, second: str, centre: int) -> tuple[int, Taps]:
    """Find the shift by cross-correlating the part of both around a frame, channels together.

    The magnitudes of the channels are added, as one may be inverted and another not.

    Returns
    -------
    shift : int
    spread : array, (channels,)
        frames over which chance correlates the products of both: the sum of their autocorrelations
        times each other, which is the energy of their correlation. It is 1 for white noise, and
        grows as the bandwidth shrinks.
    """
    from scipy.fft import irfft, rfft  # a quarter of a second to import: only when used

    begin = max(0, centre - WINDOW // 2)
    parts = []
    for path in (first, second):
        with Reader(path) as reader:
            part = np.zeros((WINDOW, reader.info.channels))
            at = 0
            for block in _from(reader.blocks(), begin):
                part[at : at + len(block)] = block[: WINDOW - at]
                at += len(block)
                if at >= WINDOW:
                    break
        parts.append(part)
    one, other = (rfft(part, 2 * WINDOW, axis=0) for part in parts)
    correlation = irfft(np.conj(one) * other, 2 * WINDOW, axis=0)
    lag = int(np.argmax(np.abs(correlation).sum(axis=1)))
    largest = np.prod([np.sqrt(np.square(part).sum(axis=0)) for part in parts], axis=0)
    spread = np.square(correlation / np.where(largest > 0, largest, 1)).sum(axis=0)
    return lag - 2 * WINDOW if lag > WINDOW else lag, np.maximum(spread, 1)


class _Fit(NamedTuple):
    """The best fit of one sound to another: one gain, and a sign for each channel."""

    gain: float
    factors: Taps
    polarity: tuple[str | None, ...]


def _best_fit(first: str, second: str, shift: int, spread: Taps, progress: Progress) -> _Fit:
    """Return the least-squares gain of the first sound, with the sign of each channel.

    Channels that are alike enough have signs of their own; the others share that of all.
    """
    sums: list[Taps] = []
    for one, other in aligned(first, second, shift, progress, "fitting"):
        with np.errstate(over="ignore"):  # of sounds beyond all measure, which are not judged
            both = one * other
        products = ((one, other), (one, one), (other, other), (both, both))
        sums.append(np.array([np.vecdot(x.T, y.T) for x, y in products]))
    total = np.array([[math.fsum(column) for column in row] for row in np.stack(sums, -1)])
    product, energy, explained, squares = total
    # the share of the energy that a channel explains is the square of its correlation
    mostly = math.sqrt(MOSTLY) * np.sqrt(energy) * np.sqrt(explained)
    alike = np.abs(product) > np.fmin(mostly, _chance(spread) * np.sqrt(squares))
    signs = np.where(alike, np.sign(product), 1.0 if product.sum() >= 0 else -1.0)
    gain = max(0.0, math.fsum(signs * product)) / (math.fsum(energy) or 1.0)
    names = np.where(signs < 0, INVERTED, NORMAL).tolist()
    polarity = tuple(name if clear else None for name, clear in zip(names, alike, strict=True))
    return _Fit(gain, signs * gain, polarity)


def _chance(spread: Taps) -> Taps:
    """Return how far chance may take a sum of products, over the root of the sum of their squares.

    Products of two sounds that have nothing in common are as often positive as negative, and their
    sum has a normal distribution: its variance is the sum of their squares, times the frames that
    are correlated. The shift is the one of the largest sum, among as many as are independent.
    """
    shifts = 2 * WINDOW / spread
    largest: Taps = np.sqrt(2 * np.log(shifts / BY_CHANCE) * spread)
    return largest


def _residual(first: str, second: str, shift: int, fit: _Fit, progress: Progress) -> float | None:
    """Return the energy in dB that a fit leaves, relative to the second sound."""
    left, whole = [], []
    for one, other in aligned(first, second, shift, progress, "subtracting"):
        rest = other - fit.factors * one
        left.append(float(np.vdot(rest, rest)))
        whole.append(float(np.vdot(other, other)))
    return 10 * math.log10(math.fsum(left) / math.fsum(whole)) if any(left) else None


def aligned(
    first: str,
    second: str,
    shift: int = 0,
    progress: Progress = silent,
    step: str = "comparing",
) -> Iterator[tuple[Audio, Audio]]:
    """Yield two sound files in equal blocks, the second moved to `shift` frames earlier.

    Where one of them has ended, it is silent.

    Examples
    --------
    >>> one, other = next(aligned("samples/hall.wav", "samples/hall.wav", shift=1))
    >>> bool((one[1:] == other[:-1]).all())
    True
    """
    with Reader(first) as a, Reader(second) as b:
        yield from _together(a, b, shift, progress, step)
