"""Reverberation made of noise: random samples, or random spikes, that decay.

Long after its first reflections a room sounds like noise, of which only the decay is audible.
Every channel is scaled to an energy of 1, ``sum of h^2 = 1``, so that noise convolved with it
keeps its level.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audioconv.errors import counted
from impulses.impulse import Impulse, ImpulseError, Taps, check_samples
from impulses.quantities import (
    Decibels,
    Hertz,
    Seconds,
    above,
    frames_of,
    one_of,
    random_generator,
    within,
)

CROSSOVER = 1 / 3
"""Width in octaves of the crossover between two bands."""


def noise(
    rate: int,
    *,
    rt60: Sequence[Seconds] = (1.0,),
    bands: Sequence[Hertz] | None = None,
    predelay: Seconds = 0.0,
    channels: int = 2,
    floor: Decibels = -60.0,
    seed: int = 0,
) -> Impulse:
    """Decaying white noise: ``w[n] 10^(-3 n / (fs T))``, with one decay time or one for each band.

    Sound: a large, smooth, neutral hall without walls or echoes, wide in stereo.

    Each channel has its own noise and an energy of 1, so two channels make a mono sound wide.
    With `bands` the noise is split halfway (in octaves) between their centres, and each band
    has its own decay time; the lowest and highest reach to the ends of the spectrum.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    rt60 : sequence of float, 1e-6 to 1e6
        seconds in which the noise falls by 60 dB, one for all frequencies or one for each band
    bands : sequence of float, optional
        centre frequencies of bands with a decay time each, rising and below half the rate
    predelay : float >= 0
        seconds of silence before the noise
    channels : int, 1 or 2
        1 for mono, 2 for stereo with uncorrelated sides
    floor : float, -300 to -1
        level, in dB, at which the slowest band ends
    seed : int >= 0
        seed of the random numbers: the same seed gives the same impulse

    Returns
    -------
    Impulse
        (frames, channels), each channel of energy 1.

    Raises
    ------
    ImpulseError
        If the numbers of decay times and bands differ, or a value is out of range.

    References
    ----------
    J. A. Moorer, "About this reverberation business", Computer Music Journal 3(2), 1979.

    Examples
    --------
    >>> hall = noise(8000, rt60=[2.0, 1.0], bands=[250, 1000])
    >>> hall.taps.shape, (hall.taps**2).sum(axis=0).round(12)
    ((16000, 2), array([1., 1.]))
    """
    _check(rate, channels)
    centres = () if bands is None else tuple(bands)
    if len(rt60) != max(1, len(centres)):
        raise ImpulseError(
            f"{counted(len(rt60), 'decay time')} but {counted(len(centres), 'band')}; give one "
            "rt60, or one for each band"
        )
    before = frames_of("predelay", predelay, rate)
    frames = max(1, max(_decay_frames(rate, time, floor, predelay) for time in rt60))
    check_samples((before + frames) * channels)
    white = random_generator(seed).standard_normal((channels, frames))
    parts = _split_bands(white, rate, centres) if centres else [white]
    for part, time in zip(parts, rt60, strict=True):
        part *= _decay(np.arange(frames, dtype=np.int64), rate, time)
    taps = np.zeros((before + frames, channels))
    taps[before:] = _unit_energy(sum(parts, np.zeros((channels, 1)))).T
    return Impulse(taps, rate)


def velvet(
    rate: int,
    *,
    density: float = 2000.0,
    rt60: Seconds = 1.0,
    channels: int = 2,
    floor: Decibels = -60.0,
    seed: int = 0,
) -> Impulse:
    """Decaying velvet noise: one spike of random sign and position in every cell of a grid.

    Sound: a hall smoother than noise itself if dense, and grains or a rattle below 1000 a second.

    Spike `m` is at ``round(m Td + r (Td - 1))`` with ``Td = fs / density`` and `r` random between
    0 and 1, and its height is ``+-10^(-3 n / (fs T))``. Each channel has its own spikes and an
    energy of 1. Only whole cells are filled, and most taps are 0.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    density : float, 1e-3 to rate
        spikes per second: 2000 is as smooth as noise
    rt60 : float, 1e-6 to 1e6
        seconds in which the spikes fall by 60 dB
    channels : int, 1 or 2
        1 for mono, 2 for stereo with uncorrelated sides
    floor : float, -300 to -1
        level, in dB, at which the spikes end
    seed : int >= 0
        seed of the random numbers: the same seed gives the same impulse

    Returns
    -------
    Impulse
        (frames, channels), each channel of energy 1.

    Raises
    ------
    ImpulseError
        If a value is out of range, or the decay is shorter than one cell.

    References
    ----------
    M. Karjalainen and H. Jarvelainen, "Reverberation modeling using velvet noise", AES 30th
    Int. Conf., 2007; V. Valimaki, H.-M. Lehtonen, M. Takanen, "A perceptual study on velvet
    noise and its variants at different pulse densities", IEEE Trans. Audio, Speech, Language
    Processing 21(7), 2013.

    Examples
    --------
    >>> np.count_nonzero(velvet(8000, density=500, rt60=2.0).taps, axis=0)
    array([1000, 1000])
    """
    _check(rate, channels)
    within("density", density, 1e-3, rate, "/s")
    frames = _decay_frames(rate, rt60, floor)
    check_samples(frames * channels)
    cell = rate / density
    cells = int(frames / cell)
    if cells < 1:
        raise ImpulseError(
            f"density is {density:g} /s, a spike every {1 / density:g} s, but the decay is over "
            f"after {frames / rate:g} s; raise the density or the rt60"
        )
    within_cell, side = random_generator(seed).random((channels, 2, cells)).swapaxes(0, 1)
    # round half up: half to even could put 1.5 and 2.5, of neighbouring cells, on one frame
    positions = np.floor(
        np.arange(cells, dtype=np.int64) * cell + within_cell * (cell - 1) + 0.5
    ).astype(np.int64)
    spikes = np.where(side < 0.5, -1.0, 1.0) * _decay(positions, rate, rt60)
    taps = np.zeros((frames, channels))
    np.put_along_axis(taps, positions.T, _unit_energy(spikes).T, axis=0)
    return Impulse(taps, rate)


def _split_bands(white: Taps, rate: int, bands: Sequence[float]) -> list[Taps]:
    """Split noise, shape (channels, frames), into bands that add up to it again.

    Amplitudes, not powers, crossfade: the bands of one noise are in phase, so weights that sum
    to 1 leave the sum white. The weights are differences of rising steps, from 1 below the
    first to 0 above the last, so they sum to 1 whatever the steps are. The transform may be
    circular, as noise is stationary before its decay is applied.
    """
    for low, high in zip((0.0, *bands), (*bands, rate / 2), strict=True):
        if not low < high:
            raise ImpulseError(
                f"bands are {', '.join(f'{band:g}' for band in bands)} Hz; they must rise, and "
                f"lie between 0 and half the rate, {rate / 2:g} Hz"
            )
    frames = white.shape[1]
    octaves = np.log2(np.maximum(np.fft.rfftfreq(frames, 1 / rate), 1e-300))
    centres = np.log2(bands)
    edges = (centres[1:] + centres[:-1]) / 2
    steps = [np.ones_like(octaves), *(_smooth_step(octaves - edge) for edge in edges)]
    weights = -np.diff([*steps, np.zeros_like(octaves)], axis=0)
    spectrum = np.fft.rfft(white)
    return [np.fft.irfft(spectrum * weight, frames) for weight in weights]


def _smooth_step(octaves: Taps) -> Taps:
    """Return a step from 0 to 1 around 0: half a sine, `CROSSOVER` octaves wide."""
    rise: Taps = 0.5 + 0.5 * np.sin(np.pi * np.clip(octaves / CROSSOVER, -0.5, 0.5))
    return rise


def _decay(frames: np.ndarray[tuple[int, ...], np.dtype[np.int64]], rate: int, rt60: float) -> Taps:
    """Return the amplitude at each frame: -60 dB after `rt60`."""
    decay: Taps = 10 ** (-3 * frames / (rate * rt60))
    return decay


def _decay_frames(rate: int, rt60: float, floor: float, predelay: float = 0.0) -> int:
    """Return the frames in which the decay reaches the floor; with the pre-delay they must fit."""
    within("rt60", rt60, 1e-6, 1e6, "s")
    seconds = rt60 * within("floor", floor, -300, -1, "dB") / -60
    frames_of("rt60", predelay + seconds, rate)
    return frames_of("rt60", seconds, rate)


def _unit_energy(channels: Taps) -> Taps:
    """Scale each channel, shape (channels, frames), so that its squares sum to 1."""
    scaled: Taps = channels / np.sqrt((channels**2).sum(axis=1, keepdims=True))
    return scaled


def _check(rate: int, channels: int) -> None:
    above("rate", rate, 0, "Hz")
    one_of("channels", channels, (1, 2))
