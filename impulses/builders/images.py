"""Image sources of a box: where they stand, and the sum of their sounds at a microphone.

Images stand on a grid that is a product of three axes, so their positions, gains and orders are
sums and products of those along each axis. An image `d` samples away adds a windowed sinc
around `d`. That is smooth in the fraction of `d`, so it is a polynomial in the fraction with
coefficients that are the same for all images: moments of the images are gathered sample by
sample, and each is folded with its coefficients once, which is the whole sum to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impulses.impulse import ImpulseError, Taps

MAX_IMAGES = 2**29
"""Most image sources looked at, for each microphone: some 20 seconds of work."""

MAX_AXIS = 2**20
"""Most image sources along one axis, which bounds what is stored of them."""

CHUNK = 2**17
"""Image sources in hand at once."""

SEGMENT = 2**18
"""Frames whose moments are in hand at once."""

DEGREE = 16
"""Of the polynomials: Chebyshev coefficients of a sinc over one sample fall as
(pi / 4)^k / k!, and those from 17 on are below 1e-16."""


@dataclass(frozen=True)
class Axis:
    """The images along one axis: samples from the microphone, product of beta, reflections."""

    offset: Taps
    gain: Taps
    order: NDArray[np.int64]


def image_axes(
    room: Sequence[float],
    source: Sequence[float],
    microphone: Sequence[float],
    walls: Sequence[float],
    reach: float,
    max_order: int = -1,
) -> list[Axis]:
    """Return the images along x, y and z that are less than `reach` away.

    They stand at ``(1 - 2 q) source + 2 m side`` for every whole m and for q = 0 and 1, and
    have met the first wall abs(m - q) times and the second abs(m) times.

    Parameters
    ----------
    room, source, microphone : three float
        sides and positions, in samples
    walls : six float
        reflection of x1, x2, y1, y2, z1, z2
    reach : float > 0
        samples
    max_order : int
        reflections at most, or -1

    Returns
    -------
    list of Axis
        x, y, z.

    Raises
    ------
    ImpulseError
        If there are too many images to store or to look at.

    References
    ----------
    Allen and Berkley 1979, eq. 10.

    Examples
    --------
    >>> x, _, _ = image_axes([10] * 3, [3] * 3, [4] * 3, [0.5] * 6, reach=12)
    >>> x.offset, x.gain
    (array([-1, -7]), array([1. , 0.5]))
    """
    axes = []
    for side, start, end, first, second in zip(
        room, source, microphone, walls[::2], walls[1::2], strict=True
    ):
        cells = math.ceil(reach / (2 * side)) + 1
        if max_order >= 0:
            cells = min(cells, (max_order + 1) // 2)
        _refuse_many(4 * cells + 2, MAX_AXIS, "along one side of the room")
        m, q = (n.ravel() for n in np.mgrid[-cells : cells + 1, 0:2])
        offset = (1 - 2 * q) * start - end + 2 * m * side
        order = np.abs(2 * m - q)
        kept = (np.abs(offset) < reach) & ((order <= max_order) | (max_order < 0))
        gain = np.power(first, np.abs(m - q)) * np.power(second, np.abs(m))
        axes.append(Axis(offset[kept], gain[kept], order[kept]))
    _refuse_many(math.prod(len(axis.offset) for axis in axes), MAX_IMAGES, "to look at")
    return axes


def images(
    axes: Sequence[Axis], start: float, stop: float, max_order: int = -1
) -> Iterator[tuple[Taps, Taps, list[Taps]]]:
    """Yield the images from `start` to before `stop` samples away: distances, gains, offsets.

    Examples
    --------
    >>> axes = image_axes([10] * 3, [5] * 3, [5, 5, 2], [0.5] * 6, reach=12)
    >>> [(distance, gain) for distance, gain, _ in images(axes, 0, 10)]
    [(array([3., 7.]), array([1. , 0.5]))]
    """
    # an image is no nearer than it is along one side
    near = [np.abs(axis.offset) < stop for axis in axes]
    axes = [
        Axis(axis.offset[kept], axis.gain[kept], axis.order[kept])
        for axis, kept in zip(axes, near, strict=True)
    ]
    shape = [len(axis.offset) for axis in axes]
    squares = [axis.offset**2 for axis in axes]
    for first in range(0, math.prod(shape), CHUNK):
        flat = np.arange(first, min(first + CHUNK, math.prod(shape)))
        x, y, z = np.unravel_index(flat, shape)
        distance = np.sqrt(squares[0][x] + squares[1][y] + squares[2][z])
        heard = (distance >= start) & (distance < stop)
        if max_order >= 0:
            heard &= axes[0].order[x] + axes[1].order[y] + axes[2].order[z] <= max_order
        places = list(zip(axes, (x[heard], y[heard], z[heard]), strict=True))
        gains = [axis.gain[place] for axis, place in places]
        yield (
            distance[heard],
            gains[0] * gains[1] * gains[2],
            [axis.offset[place] for axis, place in places],
        )


def response(
    axes: Sequence[Axis], rate: int, frames: int, *, max_order: int = -1, directional: bool = False
) -> Taps:
    """Return the sum of a tap of the height ``gain / distance`` for each image.

    Parameters
    ----------
    axes : sequence of Axis
        x, y, z; see `image_axes`
    rate : int > 0
        samples per second, on which the width of a tap depends
    frames : int > 0
        how long; images from there on are left out
    max_order : int
        reflections at most, or -1
    directional : bool
        whether there are channels for y, z and x too, weighted by the cosine to the image

    Returns
    -------
    array, (channels, frames)
        One channel, or W, Y, Z, X.

    References
    ----------
    Peterson 1986: ``0.5 (1 + cos(2 pi t / Tw)) sinc(t)``, with Tw = 8 ms.
    """
    width = 2 * max(1, math.floor(0.004 * rate + 0.5))
    coefficients = _coefficients(width)
    # the tap of an image starts width / 2 - 1 frames early, which may be before frame 0
    taps = np.zeros((4 if directional else 1, frames + width))
    for start in range(0, frames, SEGMENT):
        stop = min(start + SEGMENT, frames)
        moments = np.zeros((len(taps), DEGREE + 1, stop - start))
        for distance, gain, offsets in images(axes, start, stop, max_order):
            weights = [gain / distance]
            if directional:
                x, y, z = (weights[0] * offset / distance for offset in offsets)
                weights += [y, z, x]
            _gather(moments, distance - start, weights)
        heard = np.flatnonzero(moments[0].any(axis=0))
        if len(heard):  # what is folded starts with a sound, so that silence stays silent
            sound = _folded(moments[..., heard[0] : heard[-1] + 1], coefficients)
            taps[:, start + heard[0] :][:, : sound.shape[1]] += sound
    return taps[:, width // 2 - 1 :][:, :frames]


def _gather(moments: Taps, distance: Taps, weights: Sequence[Taps]) -> None:
    """Add each image, times each Chebyshev polynomial of its fraction, to its whole frame."""
    frame = np.floor(distance)
    at = frame.astype(np.int64)
    x = 2 * (distance - frame) - 1
    before, polynomial = x, np.ones_like(x)
    for degree in range(DEGREE + 1):
        for moment, weight in zip(moments, weights, strict=True):
            moment[degree] += np.bincount(at, weight * polynomial, moments.shape[2])
        before, polynomial = polynomial, 2 * x * polynomial - before


def _coefficients(width: int) -> Taps:
    """Return what each frame of a tap is as a polynomial in the fraction, (degrees, width).

    A fraction from 0 to 1 moves the tap within its window, so nothing is cut at the ends. The
    coefficients are those that interpolate it at the zeros of the next Chebyshev polynomial.
    """
    degrees = np.arange(DEGREE + 1)
    angles = np.pi * (degrees + 0.5) / (DEGREE + 1)
    fractions = (np.cos(angles) + 1) / 2
    t = np.arange(width) - width // 2 + 1 - fractions[:, np.newaxis]
    tap = 0.5 * (1 + np.cos(2 * np.pi * t / width)) * np.sinc(t)
    # einsum, as the rounding of a matrix product may depend on threads
    coefficients: Taps = np.einsum("da,at->dt", np.cos(np.outer(degrees, angles)), tap)
    coefficients *= 2 / (DEGREE + 1)
    coefficients[0] /= 2
    return coefficients


def _folded(moments: Taps, coefficients: Taps) -> Taps:
    """Convolve each moment with its coefficients, and sum: (channels, frames + width - 1)."""
    frames = moments.shape[2] + coefficients.shape[1] - 1
    size = 1 << (frames - 1).bit_length()
    shapes = np.fft.rfft(coefficients, size)
    spectra = [np.sum(np.fft.rfft(moment, size) * shapes, axis=0) for moment in moments]
    folded: Taps = np.fft.irfft(spectra, size)[:, :frames]
    return folded


def _refuse_many(images: int, limit: int, where: str) -> None:
    if images > limit:
        raise ImpulseError(
            f"there would be {images} image sources {where}; the limit is {limit}; shorten the "
            "length or rt60, lower max_order, or enlarge the room"
        )
