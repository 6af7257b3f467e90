"""SOFA files: head-related and binaural room impulse responses (HRIR, BRIR), by direction.

The format is AES69, a convention for HDF5. The measured response nearest to a direction is used
as it is; responses are not interpolated.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioconv.errors import AudioconvError, FormatError, UsageError
from audioconv.files.formats import display_name
from impulses import Impulse
from impulses.impulse import MAX_FRAMES
from impulses.quantities import Degrees, Metres

TOLERANCE = 0.01
"""Degrees or metres within which two positions are the same."""

Vectors: TypeAlias = NDArray[np.float64]


def read_sofa(
    path: str,
    *,
    azimuth: Degrees | None = None,
    elevation: Degrees | None = None,
    distance: Metres | None = None,
) -> Impulse:
    """Read the measured response nearest to a direction.

    Parameters
    ----------
    path : str
        a SOFA file of finite impulse responses (data type FIR or FIR-E)
    azimuth : float
        degrees to the left of the listener's view; 0 if only an elevation is given
    elevation : float, -90 to 90
        degrees above the horizontal plane; 0 if only an azimuth is given
    distance : float
        metres from the listener, if the file has several distances

    Returns
    -------
    Impulse
        (frames, receivers), left and right for a head; a note gives the angle between the
        measured direction and the requested one

    Raises
    ------
    UsageError
        If the file has several directions or distances, and none is given.
    FormatError
        If it cannot be read.

    References
    ----------
    AES69-2022, "AES standard for file exchange - Spatial acoustic data file format".
    """
    try:
        import h5py  # an extra
    except ImportError:
        raise AudioconvError(
            f"{display_name(path)} is a SOFA file, which needs h5py; run: pip install h5py"
        ) from None
    try:
        with h5py.File(path, "r") as file:
            positions = _positions(file)
            chosen = _nearest(path, positions, azimuth, elevation, distance)
            measurement, emitter = divmod(chosen, positions.shape[1])
            taps, notes = _response(file, measurement, emitter)
            rate = float(np.ravel(file["Data.SamplingRate"][()])[0])
            if not (rate > 0 and rate == round(rate)):
                raise ValueError(f"its rate is {rate:g} Hz, which is not a whole number")
    except (
        *(OSError, KeyError, ValueError, TypeError, RuntimeError, IndexError),
        *(AttributeError, OverflowError),
    ) as error:
        raise FormatError(
            f"{display_name(path)} is not a SOFA file of impulse responses: {error}; inspect it "
            "with a SOFA tool"
        ) from None
    notes += _direction_notes(positions.reshape(-1, 3)[chosen], azimuth, elevation, distance)
    return Impulse(taps, round(rate), notes)


def _response(file: Any, measurement: int, emitter: int) -> tuple[Vectors, tuple[str, ...]]:
    """Return taps (frames, receivers), delayed by Data.Delay, and notes."""
    data = file["Data.IR"]
    responses = np.asarray(data[measurement], np.float64)
    if data.ndim == 4:
        responses = responses[:, emitter]
    delays = np.asarray(file["Data.Delay"][()], np.float64)
    if delays.ndim == 3:
        delays = delays[:, :, min(emitter, delays.shape[2] - 1)]
    delays = np.broadcast_to(delays[min(measurement, len(delays) - 1)], len(responses))
    if not ((delays >= 0) & (delays < MAX_FRAMES)).all():
        raise ValueError(f"delays of {delays} samples")
    whole = np.rint(delays).astype(np.int64)
    taps = np.zeros((responses.shape[1] + int(whole.max(initial=0)), len(responses)))
    for receiver, (delay, response) in enumerate(zip(whole.tolist(), responses, strict=True)):
        taps[delay : delay + len(response), receiver] = response
    rounded = np.abs(delays - whole).max(initial=0)
    return taps, (f"delays rounded by up to {rounded:.3f} samples",) * bool(rounded)


def _positions(file: Any) -> Vectors:
    """Return source positions relative to the listener, (measurements, emitters, 3), in metres.

    The first coordinate points ahead, the second to the left, the third up.
    """
    shape = file["Data.IR"].shape
    if len(shape) not in (3, 4):
        raise ValueError(f"Data.IR has shape {shape}, not (M, R, N) or (M, R, E, N)")
    measurements, emitters = shape[0], shape[2] if len(shape) == 4 else 1
    source = _vectors(file, "SourcePosition", measurements)[:, np.newaxis]
    if emitters > 1:  # loudspeakers, relative to the source
        source = source + _cartesian(file["EmitterPosition"])[..., 0][np.newaxis]
    ahead = _normalise(_vectors(file, "ListenerView", measurements))
    up = _normalise(_vectors(file, "ListenerUp", measurements))
    axes = np.stack([ahead, np.cross(up, ahead), up], axis=1)
    listener = _vectors(file, "ListenerPosition", measurements)[:, np.newaxis]
    return np.asarray(np.einsum("mac,mec->mea", axes, source - listener))


def _vectors(file: Any, variable: str, measurements: int) -> Vectors:
    """Return a position in metres for each measurement, (measurements, 3)."""
    return np.broadcast_to(_cartesian(file[variable]), (measurements, 3))


def _cartesian(variable: Any) -> Vectors:
    """Return positions in metres; the second axis holds the coordinates."""
    values = np.asarray(variable[()], np.float64)
    if not np.isfinite(values).all():
        raise ValueError("a position is not finite")
    kind = np.ravel(variable.attrs.get("Type", "cartesian"))[0]
    kind = kind.decode() if isinstance(kind, bytes) else kind
    if kind == "cartesian":
        return values
    if kind != "spherical":
        raise ValueError(f"positions have type {kind!r}, not cartesian or spherical")
    azimuth, elevation, radius = np.moveaxis(values, 1, 0)
    return np.stack(_from_spherical(azimuth, elevation, radius), axis=1)


def _from_spherical(azimuth: Any, elevation: Any, radius: Any = 1.0) -> tuple[Any, Any, Any]:
    azimuth, elevation = np.deg2rad(azimuth), np.deg2rad(elevation)
    horizontal = radius * np.cos(elevation)
    return horizontal * np.cos(azimuth), horizontal * np.sin(azimuth), radius * np.sin(elevation)


def _normalise(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not lengths.all():
        raise ValueError("a direction has length 0")
    return np.asarray(vectors / lengths)


def _angles(positions: Vectors, azimuth: float, elevation: float) -> Vectors:
    """Return the angles in degrees between positions and a direction."""
    direction = np.array(_from_spherical(azimuth, elevation))
    units = _normalise(positions)
    # accurate for small angles, unlike the arc cosine
    sines = np.linalg.norm(np.cross(units, direction), axis=-1)
    return np.asarray(np.rad2deg(np.arctan2(sines, units @ direction)))


def _nearest(
    path: str,
    positions: Vectors,
    azimuth: float | None,
    elevation: float | None,
    distance: float | None,
) -> int:
    """Return the flat index of the position nearest to a direction, at a distance."""
    flat = positions.reshape(-1, 3)
    if len(flat) == 1:
        return 0
    if azimuth is None and elevation is None:
        raise UsageError(
            f"{display_name(path)} has responses for {len(flat)} directions; name one, such as "
            f"{display_name(path)}:azimuth=30,elevation=0 (90 is on the left)"
        )
    if elevation is not None and not abs(elevation) <= 90:
        raise UsageError(f"elevation is {elevation:g} degrees; it must be between -90 and 90")
    radii = np.linalg.norm(flat, axis=-1)
    if distance is not None:
        errors = np.abs(radii - distance)
        flat = np.where((errors <= errors.min() + TOLERANCE)[:, np.newaxis], flat, np.nan)
    angles = _angles(flat, azimuth or 0.0, elevation or 0.0)
    near = np.flatnonzero(angles <= np.nanmin(angles) + TOLERANCE)
    distances = np.unique(radii[near].round(2))
    if len(distances) > 1:
        raise UsageError(
            f"{display_name(path)} has this direction at {', '.join(f'{r:g}' for r in distances)} "
            f"m; name one, such as distance={distances[0]:g}"
        )
    return int(near[0])


def _direction_notes(
    position: Vectors, azimuth: float | None, elevation: float | None, distance: float | None
) -> tuple[str, ...]:
    """Note the measured direction and distance where they differ from the requested ones."""
    notes = []
    if azimuth is not None or elevation is not None:
        angle = float(_angles(position, azimuth or 0.0, elevation or 0.0))
        if angle > TOLERANCE:
            x, y, z = position
            measured = np.rad2deg([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))])
            notes.append(
                f"nearest measured direction: azimuth {measured[0] % 360:.1f}, elevation "
                f"{measured[1]:.1f}, {angle:.1f} degrees away"
            )
    radius = float(np.linalg.norm(position))
    if distance is not None and abs(radius - distance) > TOLERANCE:
        notes.append(f"nearest measured distance: {radius:.3g} m")
    return tuple(notes)
