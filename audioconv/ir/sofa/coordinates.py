"""Positions in a SOFA file, in metres: ahead of the listener, to the left, and up."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioconv.ir.sofa.variables import Variables

HARMONICS = "spherical harmonics"
"""Type of positions that stand for coefficients of a sound field."""

AHEAD, UP = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
"""View and up vector, in AES69, of a listener or source for which none is given."""

FARTHEST = 1e9
"""Largest coordinate in metres or degrees, of which the square is far from overflowing."""

Vectors: TypeAlias = NDArray[np.float64]


def source_positions(file: Variables, measurements: int, emitters: int | None) -> Vectors:
    """Return the positions of the emitters from the listener, (measurements, emitters, 3).

    They are NaN where `local_positions` are. Without an axis for emitters in the data (`emitters`
    is None), the source is the only emitter.
    """
    sources = vectors(file, "SourcePosition", measurements)[:, np.newaxis]
    if emitters is not None:
        local = local_positions(file, "EmitterPosition", measurements, emitters)
        sources = sources + np.einsum("mac,mea->mec", _frames(file, "Source", measurements), local)
    relative = sources - vectors(file, "ListenerPosition", measurements)[:, np.newaxis]
    return np.asarray(np.einsum("mac,mec->mea", _frames(file, "Listener", measurements), relative))


def local_positions(file: Variables, variable: str, measurements: int, count: int) -> Vectors:
    """Return positions of receivers or emitters in metres, (measurements, count, 3).

    They are relative to the listener or the source, and NaN if they are spherical harmonics, or
    not given.
    """
    if variable not in file or _type(file, variable) == HARMONICS:
        return np.full((measurements, count, 3), np.nan)
    values = _cartesian(file, variable)
    values = values[..., np.newaxis] if values.ndim == 2 else values
    return fitted(variable, values, (count, 3, measurements)).transpose(2, 0, 1)


def vectors(
    file: Variables, variable: str, measurements: int, default: tuple[float, ...] | None = None
) -> Vectors:
    """Return a position in metres for each measurement, (measurements, 3)."""
    values = np.array([default]) if default and variable not in file else _cartesian(file, variable)
    return fitted(variable, values, (measurements, 3))


def unit_vector(azimuth: float, elevation: float) -> Vectors:
    """Return the direction at an azimuth and an elevation in degrees.

    Examples
    --------
    >>> unit_vector(90, 0).round(6) + 0.0
    array([0., 1., 0.])
    """
    return np.array(_from_spherical(azimuth, elevation, 1.0))


def angles_between(positions: Vectors, direction: Vectors) -> Vectors:
    """Return the angles in degrees between positions and a direction, both of any length.

    Examples
    --------
    >>> angles_between(unit_vector(30, 0), unit_vector(90, 60)).round(6)  # cos 60 cos 60 = 1/4
    np.float64(75.522488)
    """
    # accurate for small angles, unlike the arc cosine
    sines = np.linalg.norm(np.cross(positions, direction), axis=-1)
    return np.asarray(np.rad2deg(np.arctan2(sines, positions @ direction)))[()]


def to_spherical(positions: Vectors) -> Vectors:
    """Return azimuths, 0 to 360, and elevations in degrees, and distances, (..., 3).

    The angles are NaN at the centre.

    Examples
    --------
    >>> to_spherical(np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 2.0]])).round(3)
    array([[315.   ,   0.   ,   1.414],
           [  0.   ,  90.   ,   2.   ]])
    """
    x, y, z = np.moveaxis(positions, -1, 0)
    radius, horizontal = np.linalg.norm(positions, axis=-1), np.hypot(x, y)
    vertical = horizontal <= 1e-9 * radius  # where rounding would decide on the azimuth
    azimuth = np.where(vertical, 0.0, np.rad2deg(np.arctan2(y, x)))
    elevation = np.rad2deg(np.arctan2(z, horizontal))
    angles = np.where(radius > 0, [azimuth, elevation], np.nan).round(4) + 0.0  # no negative zero
    return np.stack([angles[0] % 360, angles[1], radius], axis=-1)


def _frames(file: Variables, owner: str, measurements: int) -> Vectors:
    """Return unit vectors ahead, left and up of the listener or source, (measurements, 3, 3)."""
    ahead = vectors(file, f"{owner}View", measurements, AHEAD)
    left = np.cross(vectors(file, f"{owner}Up", measurements, UP), ahead)
    frames = np.stack([ahead, left, np.cross(ahead, left)], axis=1)
    lengths = np.linalg.norm(frames, axis=-1, keepdims=True)
    if not lengths.all():
        raise ValueError(f"{owner}View or {owner}Up has length 0, or the two are parallel")
    return np.asarray(frames / lengths)


def _cartesian(file: Variables, variable: str) -> Vectors:
    """Return positions in metres; the second axis holds the coordinates."""
    values = file.values(variable)
    if not (np.abs(values) <= FARTHEST).all():  # NaN is not, either
        raise ValueError(f"{variable} is not finite, or over {FARTHEST:g}")
    kind = _type(file, variable)
    # files keep the default up vector, which is Cartesian, beside a spherical view
    if kind == "cartesian" or (variable.endswith("Up") and (values == UP).all()):
        return values
    if kind != "spherical":
        raise ValueError(f"{variable} has type {kind!r}, not cartesian or spherical")
    return np.stack(_from_spherical(*np.moveaxis(values, 1, 0)), axis=1)


def _type(file: Variables, variable: str) -> str:
    """Return the type of coordinates; an up vector has that of its view."""
    names = (variable, f"{variable.removesuffix('Up')}View")
    kinds = (file.attribute("Type", of=name) for name in names if name in file)
    return next(filter(None, kinds), "cartesian")


def fitted(variable: str, values: Any, shape: tuple[int, ...]) -> Vectors:
    """Return a variable with each axis of length 1 repeated to the length that it must have."""
    values = np.asarray(values, np.float64)
    if values.ndim != len(shape) or any(
        given not in (1, length) for given, length in zip(values.shape, shape, strict=True)
    ):
        raise ValueError(f"{variable} has shape {values.shape}; it must fit {shape}")
    return np.broadcast_to(values, shape)


def _from_spherical(azimuth: Any, elevation: Any, radius: Any) -> tuple[Any, Any, Any]:
    azimuth, elevation = np.deg2rad(azimuth), np.deg2rad(elevation)
    horizontal = radius * np.cos(elevation)
    return horizontal * np.cos(azimuth), horizontal * np.sin(azimuth), radius * np.sin(elevation)
