"""Loudness of a stream, as ITU-R BS.1770 defines it.

The sound is filtered to the sensitivity of the ear (K-weighting), and its power is taken in blocks
of 0.4 s, of which each overlaps the next by three quarters. Silence and pauses are left out by two
gates. The second depends on the mean of all blocks, so that every power is kept to the end: 8 bytes
for 0.1 s, 7 MB for a day of sound. A histogram would need less, and would not be exact.

References
----------
ITU-R BS.1770-5, "Algorithms to measure audio programme loudness and true-peak audio level", 2023,
annexes 1 and 3.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from audioconv.engines.audio import Audio
from audioconv.errors import AudioconvError, counted
from audioconv.files.codecs.speakers import BL, BR, LFE, SL, SR
from audioconv.metering.meters import Powers, Steps

BLOCK, OVERLAP = 0.4, 4
"""Length of a gating block in s, and number of overlapping blocks."""

ABSOLUTE, RELATIVE = -70.0, -10.0
"""Gates: loudness of silence in LUFS, and of a pause in LU relative to the mean of the rest."""

OFFSET = -0.691

SURROUND = 1.41
"""Weight of a loudspeaker at the side, 60 to 120 degrees from the front: +1.5 dB."""

CACHED = 2**14
"""Frames that stay in the CPU cache from one filter to the other."""

# BS.1770 gives the K-weighting at 48 kHz only, as two filters. Their analogue prototypes are a
# shelf of +4 dB with its corner at 1682 Hz, for the head, and a high-pass at 38 Hz. The bilinear
# transform yields them at any rate, and the published ones at 48 kHz.
SHELF_HZ, SHELF_DB, SHELF_Q, SHELF_EXPONENT = (
    1681.974450955533,
    3.999843853973347,
    0.70717523695541,
    0.4996667741545416,
)
PASS_HZ, PASS_Q = 38.13547087602444, 0.5003270373238773

LOWEST_RATE = math.ceil(2 * SHELF_HZ)
"""Hz; below, there is no frequency at which the shelf has its corner."""


def channel_weights(speakers: int, channels: int) -> list[float]:
    """Return the weight of each channel.

    1.41 at the side, 0 for low-frequency effects, and 1 for the others, and where no position is
    known. Speakers at the back stand at the side, as in 5.1, unless others stand there.

    Parameters
    ----------
    speakers : int
        bit mask of the positions, as in WAV; 0 if they are not known
    channels : int > 0

    Examples
    --------
    >>> channel_weights(0x3F, 6), channel_weights(0, 2)
    ([1.0, 1.0, 1.0, 0.0, 1.41, 1.41], [1.0, 1.0])
    """
    sides = (SL | SR) if speakers & (SL | SR) else (BL | BR)
    positions = [1 << bit for bit in range(speakers.bit_length()) if speakers >> bit & 1]
    weights = {LFE: 0.0, **{side: SURROUND for side in (BL, BR, SL, SR) if side & sides}}
    known = [weights.get(position, 1.0) for position in positions[:channels]]
    return known + [1.0] * (channels - len(known))


class Loudness:
    """The gated loudness of a stream, in LUFS.

    Parameters
    ----------
    rate : int
        frames per second, over twice 1682 Hz
    weights : sequence of float
        of each channel, as from `channel_weights`

    Attributes
    ----------
    frames : int
        frames so far

    Raises
    ------
    AudioconvError
        If the rate is too low for the K-weighting.

    Examples
    --------
    >>> meter = Loudness(48000, [1.0])
    >>> meter.take(np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)[:, np.newaxis])
    >>> round(meter.level(), 2)
    -3.01
    """

    def __init__(self, rate: int, weights: Sequence[float]) -> None:
        if rate < LOWEST_RATE:
            raise AudioconvError(
                f"loudness in LUFS needs a rate of at least {LOWEST_RATE} Hz; this sound has "
                f"{rate} Hz; use `match='rms'`"
            )
        self.frames = 0
        self._step = rate // 10  # not rounded up, so that 0.4 s are always enough
        self._filters = np.array([[*b, *a] for b, a in (shelf(rate), high_pass(rate))])
        self._state = np.zeros((len(self._filters), 2, len(weights)))
        self._weights = np.array(weights)
        self._steps = Steps(self._step)
        self._energies = array("d")

    def take(self, block: Audio) -> None:
        """Add a block (n, channels)."""
        for start in range(0, len(block), CACHED):
            self._take(block[start : start + CACHED].astype(np.float64, copy=False))

    def _take(self, block: NDArray[np.float64]) -> None:
        from scipy.signal import sosfilt  # most of a second to import: only when used

        heard, self._state = sosfilt(self._filters, block, axis=0, zi=self._state)
        self._energies.extend(self._steps.take((np.square(heard) * self._weights).sum(axis=1)))
        self.frames += len(block)

    def silent(self) -> bool:
        """Return whether there is no sound in any block."""
        return not self._powers().any()

    def level(self) -> float:
        """Return the loudness in LUFS; -inf if no block passes the gate of -70 LUFS."""
        powers = self._powers()
        if not (powers > power(ABSOLUTE)).any():
            return -math.inf
        return OFFSET + 10 * math.log10(gated(powers, power(ABSOLUTE)))

    def gain_to(self, level: float) -> float:
        """Return the gain that brings the sound to a level.

        The absolute gate is at -70 LUFS of the result: a sound that is made louder has more blocks
        above it. The more are left out, the louder is the mean of the others, and the higher, in
        the sound as it is, the gate: the sequence rises from the mean of all to the first one that
        agrees with its own gate.

        Parameters
        ----------
        level : float > -70
        """
        powers, wanted = self._powers(), power(level)
        mean, again = 0.0, gated(powers, 0.0)
        while again > mean:
            mean, again = again, gated(powers, power(ABSOLUTE) * again / wanted)
        return math.sqrt(wanted / mean)

    def _powers(self) -> Powers:
        """Return the power of each block.

        Raises
        ------
        AudioconvError
            If there is none.
        """
        steps = np.array(self._energies)
        if len(steps) < OVERLAP:
            seconds = self.frames / (10 * self._step)
            raise AudioconvError(
                f"{counted(self.frames, 'frame')} of sound, {seconds:.3f} s, are too short for a "
                f"loudness in LUFS, which needs {BLOCK} s; use "
                "`match='rms'`, or a longer `length`"
            )
        energies: Powers = sliding_window_view(steps, OVERLAP).sum(axis=1)
        return energies / (OVERLAP * self._step)


def power(loudness: float) -> float:
    """Return the weighted power of a loudness."""
    return float(10 ** ((loudness - OFFSET) / 10))


def gated(powers: Powers, absolute: float) -> float:
    """Return the mean power of the blocks above both gates, of which there is one at least."""
    heard = powers[powers > absolute]
    return float(heard[heard > heard.mean() * 10 ** (RELATIVE / 10)].mean())


def shelf(rate: int) -> tuple[list[float], list[float]]:
    """Return numerator and denominator of the shelf of the K-weighting."""
    k = math.tan(math.pi * SHELF_HZ / rate)
    high = 10 ** (SHELF_DB / 20)
    middle = high**SHELF_EXPONENT
    norm = 1 + k / SHELF_Q + k * k
    numerator = [
        (high + middle * k / SHELF_Q + k * k) / norm,
        2 * (k * k - high) / norm,
        (high - middle * k / SHELF_Q + k * k) / norm,
    ]
    return numerator, [1.0, 2 * (k * k - 1) / norm, (1 - k / SHELF_Q + k * k) / norm]


def high_pass(rate: int) -> tuple[list[float], list[float]]:
    """Return numerator and denominator of the high-pass of the K-weighting."""
    k = math.tan(math.pi * PASS_HZ / rate)
    norm = 1 + k / PASS_Q + k * k
    return [1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / norm, (1 - k / PASS_Q + k * k) / norm]
