"""The null test: the residual when one sound is subtracted from another."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.files import PeakMeter
from audioconv.progress import Progress, silent
from audioconv.verify.pair import Blocks, Listener, Pair, pair
from audioconv.verify.spots import two_sum
from impulses.impulse import Taps, to_db

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
    first: str | os.PathLike[str],
    second: str | os.PathLike[str],
    progress: Progress = silent,
    *,
    threads: int | None = None,
) -> Difference:
    """Compare two sound files in constant memory.

    The shift is the maximum of the cross-correlation within `WINDOW` frames, of either polarity;
    gain and residual are taken over everything that then overlaps. All channels have one gain, and
    each its polarity.

    Parameters
    ----------
    first, second : str or path-like
    progress : Progress
    threads : int, optional
        by default one for each core, within reason; the result does not depend on it

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
    with pair(first, second, progress, threads) as both:
        return compare(both)


def compare(both: Pair, raw: Listener | None = None, rest: Listener | None = None) -> Difference:
    """Compare two sounds, each read once as it is, once to be fitted, and once to be subtracted.

    Parameters
    ----------
    both : Pair
    raw : Listener, optional
        hears both as they are, and the second minus the first
    rest : Listener, optional
        hears what the best shift and gain leave of the second
    """
    look = _look(both, raw)
    shift, spread = 0, np.ones(both.channels)
    if look.differs_at is not None:
        shift, spread = _shift(both, look.peak_frame)
    fit = _best_fit(both, shift, spread)
    return Difference(
        identical=look.differs_at is None,
        shift=shift,
        gain_db=to_db(fit.gain) if fit.gain else None,
        residual_db=_residual(both, shift, fit, rest),
        first_difference_s=None if look.differs_at is None else look.differs_at / both.rate,
        frames=look.frames,
        channel_polarity=fit.polarity,
        gains=tuple(fit.factors.tolist()),
    )


class _Look(NamedTuple):
    """What is seen of two sounds as they are: where they differ, the first one's peak, lengths."""

    differs_at: int | None
    peak_frame: int
    frames: tuple[int, int]


def _look(both: Pair, listener: Listener | None) -> _Look:
    """Read both sounds as they are."""

    def work(blocks: Blocks) -> tuple[int | None, PeakMeter, tuple[int, int], list[Any]]:
        level = PeakMeter()
        level.take(blocks.one)  # in units of its own, as only the place of the peak is asked for
        found = blocks.first_difference() if differs_at is None else None  # only the first counts
        return found, level, blocks.frames, _hear(blocks, listener)

    level, first, second = PeakMeter(), 0, 0
    differs_at: int | None = None
    for found, part, frames, heard in both.each(work, "comparing"):
        differs_at = found if differs_at is None else differs_at
        level.join(part)
        first, second = first + frames[0], second + frames[1]
        _hand_on(heard, listener)
    if differs_at is None and first != second:
        differs_at = min(first, second)
    return _Look(differs_at, level.peak_frame, (first, second))


def _hear(blocks: Blocks, listener: Listener | None) -> list[Any]:
    """Let a listener hear both sounds, and the second minus the first."""
    if listener is None:
        return []
    return [
        listener.hear(0, start, (one, other, other - one)) for start, one, other in blocks.pieces()
    ]


def _shift(both: Pair, centre: int) -> tuple[int, Taps]:
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

    parts = both.excerpts(max(0, centre - WINDOW // 2), WINDOW)
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
    whole: float
    """Energy of the second sound."""


def _best_fit(both: Pair, shift: int, spread: Taps) -> _Fit:
    """Return the least-squares gain of the first sound, with the sign of each channel.

    Channels that are alike enough have signs of their own; the others share that of all.
    """
    total = _Total()
    for sums in both.each(_products, "fitting", shift):
        total.add(sums)
    product, energy, explained, squares = total.value
    # the share of the energy that a channel explains is the square of its correlation
    mostly = math.sqrt(MOSTLY) * np.sqrt(energy) * np.sqrt(explained)
    alike = np.abs(product) > np.fmin(mostly, _chance(spread) * np.sqrt(squares))
    signs = np.where(alike, np.sign(product), 1.0 if product.sum() >= 0 else -1.0)
    gain = max(0.0, math.fsum(signs * product)) / (math.fsum(energy) or 1.0)
    names = np.where(signs < 0, INVERTED, NORMAL).tolist()
    polarity = tuple(name if clear else None for name, clear in zip(names, alike, strict=True))
    return _Fit(gain, signs * gain, polarity, math.fsum(explained))


def _products(blocks: Blocks) -> Taps:
    """Return sums over a block for each channel: products, squares of both and of products."""
    total = np.zeros((4, blocks.one.shape[1]))
    for _, one, other in blocks.pieces():
        with np.errstate(over="ignore"):  # of sounds beyond all measure, which are not judged
            products = one * other
        pairs = ((one, other), (one, one), (other, other), (products, products))
        total += [_dot(x, y) for x, y in pairs]
    return total


def _dot(one: Audio, other: Audio) -> Taps:
    """Return the sum of products of each channel.

    That of BLAS starts threads of its own, which wait for the cores that others work on.
    """
    sums: Taps = np.einsum("ij,ij->j", one, other)
    return sums


class _Total:
    """A sum of arrays, with the errors of its rounding: as if rounded once (Knuth's two-sum)."""

    def __init__(self) -> None:
        self._high = self._low = np.zeros(())

    @property
    def value(self) -> Taps:
        """The sum so far."""
        # beyond the largest number there is no error to be told
        return np.where(np.isfinite(self._low), self._high + self._low, self._high)

    def add(self, more: Taps) -> None:
        """Add an array."""
        with np.errstate(over="ignore", invalid="ignore"):
            self._high, lost = two_sum(self._high, more)
            self._low = self._low + lost


def _chance(spread: Taps) -> Taps:
    """Return how far chance may take a sum of products, over the root of the sum of their squares.

    Products of two sounds that have nothing in common are as often positive as negative, and their
    sum has a normal distribution: its variance is the sum of their squares, times the frames that
    are correlated. The shift is the one of the largest sum, among as many as are independent.
    """
    shifts = 2 * WINDOW / spread
    largest: Taps = np.sqrt(2 * np.log(shifts / BY_CHANCE) * spread)
    return largest


def _residual(both: Pair, shift: int, fit: _Fit, listener: Listener | None) -> float | None:
    """Return the energy in dB that a fit leaves, relative to the second sound."""
    lead = max(0, -shift)

    def work(blocks: Blocks) -> tuple[Taps, list[Any]]:
        left, heard = np.zeros(both.channels), []
        for start, one, other in blocks.pieces():
            rest = other - fit.factors * one
            left += _dot(rest, rest)
            if listener is not None:
                heard.append(listener.hear(lead, start, (rest,)))
        return left, heard

    total = _Total()
    for part, heard in both.each(work, "subtracting", shift):
        total.add(part)
        _hand_on(heard, listener)
    left = math.fsum(total.value)
    return 10 * math.log10(left / fit.whole) if left else None


def _hand_on(heard: list[Any], listener: Listener | None) -> None:
    if listener is not None:
        for each in heard:
            listener.take(each)
