"""Image sources of a box: their positions, and the sum of their sounds at a microphone.

Images form a grid, the product of three axes, so their positions, gains and orders are sums and
products of those along each axis. An image `d` samples away adds a windowed sinc centred on
`d`. As a smooth function of the fraction of `d`, the sinc is a polynomial in it, with
coefficients that are the same for all images: moments of the images are accumulated sample by
sample, and each is convolved with its coefficients once. The result is exact to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impulses.impulse import ImpulseError, Taps

MAX_IMAGES = 2**29
"""Most image sources for each microphone: some 20 seconds of work."""

MAX_AXIS = 2**20
"""Most image sources along one axis, which bounds memory."""

CHUNK = 2**17
"""Image sources computed at a time."""

SEGMENT = 2**18
"""Frames whose moments are computed at a time."""

DEGREE = 16
"""Degree of the polynomials: the Chebyshev coefficients of a sinc over one sample fall as
(pi / 4)^k / k!, and those from 17 on are below 1e-16."""


@dataclass(frozen=True)
class Axis:
    """The images along one axis.

    Parameters
    ----------
    offset : array, (images,)
        samples from the microphone
    gain : array, (images,)
        product of the reflection coefficients
    order : array, (images,)
        number of reflections
    """

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

    They are at ``(1 - 2 q) source + 2 m side`` for every integer m and for q = 0 and 1, after
    abs(m - q) reflections by the first wall and abs(m) by the second.

    Parameters
    ----------
    room, source, microphone : three float
        sides and positions, in samples
    walls : six float
        reflection coefficients of x1, x2, y1, y2, z1, z2
    reach : float > 0
        largest distance, in samples
    max_order : int
        maximum number of reflections; -1 for no limit

    Returns
    -------
    list of Axis
        x, y, z.

    Raises
    ------
    ImpulseError
        If there are too many images.

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
        _check_count(4 * cells + 2, MAX_AXIS, "along one side of the room")
        m, q = (n.ravel() for n in np.mgrid[-cells : cells + 1, 0:2])
        offset = (1 - 2 * q) * start - end + 2 * m * side
        order = np.abs(2 * m - q)
        kept = (np.abs(offset) < reach) & ((order <= max_order) | (max_order < 0))
        gain = np.power(first, np.abs(m - q)) * np.power(second, np.abs(m))
        axes.append(Axis(offset[kept], gain[kept], order[kept]))
    _check_count(math.prod(len(axis.offset) for axis in axes), MAX_IMAGES, "in all")
    return axes


def images(
    axes: Sequence[Axis], start: float, stop: float, max_order: int = -1
) -> Iterator[tuple[Taps, Taps, list[Taps]]]:
    """Yield the images whose distance is in [start, stop): distances, gains and offsets.

    Examples
    --------
    >>> axes = image_axes([10] * 3, [5] * 3, [5, 5, 2], [0.5] * 6, reach=12)
    >>> [(distance, gain) for distance, gain, _ in images(axes, 0, 10)]
    [(array([3., 7.]), array([1. , 0.5]))]
    """
    # the distance along one axis is a lower bound of the distance
    near = [np.abs(axis.offset) < stop for axis in axes]
    axes = [
        Axis(axis.offset[kept], axis.gain[kept], axis.order[kept])
        for axis, kept in zip(axes, near, strict=True)
    ]
    shape = [len(axis.offset) for axis in axes]
    squares = [axis.offset**2 for axis in axes]
    for first in range(0, math.prod(shape), CHUNK):
        flat = np.arange(first, min(first + CHUNK, math.prod(shape)), dtype=np.int64)
        x, y, z = np.unravel_index(flat, shape)
        distance = np.sqrt(squares[0][x] + squares[1][y] + squares[2][z])
        kept = (distance >= start) & (distance < stop)
        if max_order >= 0:
            kept &= axes[0].order[x] + axes[1].order[y] + axes[2].order[z] <= max_order
        indices = list(zip(axes, (x[kept], y[kept], z[kept]), strict=True))
        gains = [axis.gain[index] for axis, index in indices]
        yield (
            distance[kept],
            gains[0] * gains[1] * gains[2],
            [axis.offset[index] for axis, index in indices],
        )


def response(
    axes: Sequence[Axis], rate: int, frames: int, *, max_order: int = -1, directional: bool = False
) -> Taps:
    """Return the sum of a windowed sinc of height ``gain / distance`` for each image.

    Parameters
    ----------
    axes : sequence of Axis
        x, y, z; see `image_axes`
    rate : int > 0
        samples per second, which sets the width of the sinc
    frames : int > 0
        length of the result, and the distance from which images are left out
    max_order : int
        maximum number of reflections; -1 for no limit
    directional : bool
        add channels for y, z and x, weighted by the cosine of the direction to the image

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
    # the sinc of an image starts width / 2 - 1 frames early, which may be before frame 0
    taps = np.zeros((4 if directional else 1, frames + width))
    for start in range(0, frames, SEGMENT):
        stop = min(start + SEGMENT, frames)
        moments = np.zeros((len(taps), DEGREE + 1, stop - start))
        for distance, gain, offsets in images(axes, start, stop, max_order):
            weights = [gain / distance]
            if directional:
                x, y, z = (weights[0] * offset / distance for offset in offsets)
                weights += [y, z, x]
            _add_moments(moments, distance - start, weights)
        filled = np.flatnonzero(moments[0].any(axis=0))
        if len(filled):  # transform only from the first image on, so that silence stays exact
            part = _convolve_moments(moments[..., filled[0] : filled[-1] + 1], coefficients)
            taps[:, start + filled[0] :][:, : part.shape[1]] += part
    return taps[:, width // 2 - 1 :][:, :frames]


def high_passed(taps: Taps, corner: float, rate: float) -> Taps:
    """Apply Allen and Berkley's high-pass (their appendix B) along the first axis.

    Its poles are at ``r e^(+-iw)``, ``r = e^-w``, its zeros at 1 and at r.
    """
    from scipy.signal import lfilter  # slow to import, and not needed for echoes

    w = 2 * np.pi * corner / rate
    r = math.exp(-w)
    passed: Taps = lfilter([1, -(1 + r), r], [1, -2 * r * math.cos(w), r * r], taps, axis=0)
    return passed


def _add_moments(moments: Taps, distance: Taps, weights: Sequence[Taps]) -> None:
    """Add each image, times each Chebyshev polynomial of its fraction, at its whole frame."""
    frame = np.floor(distance)
    at = frame.astype(np.int64)
    x = 2 * (distance - frame) - 1
    before, polynomial = x, np.ones_like(x)
    for degree in range(DEGREE + 1):
        for moment, weight in zip(moments, weights, strict=True):
            moment[degree] += np.bincount(at, weight * polynomial, moments.shape[2])
        before, polynomial = polynomial, 2 * x * polynomial - before


def _coefficients(width: int) -> Taps:
    """Return each frame of the sinc as a polynomial in the fraction, (degrees, width).

    The frames cover the whole window for any fraction from 0 to 1, so nothing is cut off. The
    coefficients interpolate the sinc at the zeros of the next Chebyshev polynomial.
    """
    degrees = np.arange(DEGREE + 1, dtype=np.int64)
    angles = np.pi * (degrees + 0.5) / (DEGREE + 1)
    fractions = (np.cos(angles) + 1) / 2
    t = np.arange(width, dtype=np.int64) - width // 2 + 1 - fractions[:, np.newaxis]
    tap = 0.5 * (1 + np.cos(2 * np.pi * t / width)) * np.sinc(t)
    # einsum, as the rounding of a matrix product may depend on the number of threads
    coefficients: Taps = np.einsum("da,at->dt", np.cos(np.outer(degrees, angles)), tap)
    coefficients *= 2 / (DEGREE + 1)
    coefficients[0] /= 2
    return coefficients


def _convolve_moments(moments: Taps, coefficients: Taps) -> Taps:
    """Convolve each moment with its coefficients, and sum: (channels, frames + width - 1)."""
    frames = moments.shape[2] + coefficients.shape[1] - 1
    size = 1 << (frames - 1).bit_length()
    transformed = np.fft.rfft(coefficients, size)
    spectra = [np.sum(np.fft.rfft(moment, size) * transformed, axis=0) for moment in moments]
    summed: Taps = np.fft.irfft(spectra, size)[:, :frames]
    return summed


def _check_count(images: int, limit: int, where: str) -> None:
    if images > limit:
        raise ImpulseError(
            f"there would be {images} image sources {where}; the limit is {limit}; shorten the "
            "length or rt60, lower max_order, or enlarge the room"
        )
