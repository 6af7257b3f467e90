"""Directions of a SOFA file: head-related and binaural room impulse responses.

AES69, on top of HDF5. Responses are read as they were measured: the nearest one to a direction,
never a mixture of several.
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

SAME = 0.01
"""Degrees, and metres, within which two places are one."""

Vectors: TypeAlias = NDArray[np.float64]


def read_sofa(
    path: str,
    *,
    azimuth: Degrees | None = None,
    elevation: Degrees | None = None,
    distance: Metres | None = None,
) -> Impulse:
    """Read the response that was measured nearest to a direction.

    Parameters
    ----------
    path : str
        a SOFA file of finite impulse responses (data type FIR or FIR-E)
    azimuth : float
        degrees to the left of where the listener looks; 0 if an elevation is given alone
    elevation : float
        degrees above the horizontal plane, -90 to 90; 0 if an azimuth is given alone
    distance : float
        metres from the listener, for a file that has several

    Returns
    -------
    Impulse
        (frames, receivers), left and right for a head; a note tells how far the direction
        measured is from the one asked for

    Raises
    ------
    UsageError
        If the file has several directions, or distances, and none is named.
    FormatError
        If it is none that can be read.

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
            places = _places(file)
            chosen = _nearest(path, places, azimuth, elevation, distance)
            measurement, emitter = divmod(chosen, places.shape[1])
            taps, notes = _response(file, measurement, emitter)
            rate = float(np.ravel(file["Data.SamplingRate"][()])[0])
            if not (rate > 0 and rate == round(rate)):
                raise ValueError(f"its rate is {rate:g} Hz, which is not a whole number")
    except (
        *(OSError, KeyError, ValueError, TypeError, RuntimeError, IndexError),
        *(AttributeError, OverflowError),
    ) as error:
        raise FormatError(
            f"{display_name(path)} is not a SOFA file of impulse responses: {error}; look at it with a "
            "SOFA tool"
        ) from None
    notes += _named(places.reshape(-1, 3)[chosen], azimuth, elevation, distance)
    return Impulse(taps, round(rate), notes)


def _response(file: Any, measurement: int, emitter: int) -> tuple[Vectors, tuple[str, ...]]:
    """Return taps (frames, receivers), each as late as its Data.Delay says."""
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
    for receiver, (late, response) in enumerate(zip(whole.tolist(), responses, strict=True)):
        taps[late : late + len(response), receiver] = response
    rounded = np.abs(delays - whole).max(initial=0)
    return taps, (f"delays rounded by up to {rounded:.3f} samples",) * bool(rounded)


def _places(file: Any) -> Vectors:
    """Return where each source was, as the listener saw it: (measurements, emitters, 3) metres.

    The first axis points ahead, the second to the left, the third up.
    """
    shape = file["Data.IR"].shape
    if len(shape) not in (3, 4):
        raise ValueError(f"Data.IR has shape {shape}, not (M, R, N) or (M, R, E, N)")
    measurements, emitters = shape[0], shape[2] if len(shape) == 4 else 1
    source = _vectors(file, "SourcePosition", measurements)[:, np.newaxis]
    if emitters > 1:  # loudspeakers, each beside the middle of them all
        source = source + _cartesian(file["EmitterPosition"])[..., 0][np.newaxis]
    ahead = _unit(_vectors(file, "ListenerView", measurements))
    up = _unit(_vectors(file, "ListenerUp", measurements))
    axes = np.stack([ahead, np.cross(up, ahead), up], axis=1)
    listener = _vectors(file, "ListenerPosition", measurements)[:, np.newaxis]
    return np.asarray(np.einsum("mac,mec->mea", axes, source - listener))


def _vectors(file: Any, variable: str, measurements: int) -> Vectors:
    """Return a position of each measurement in metres, ``(measurements, 3)``."""
    return np.broadcast_to(_cartesian(file[variable]), (measurements, 3))


def _cartesian(variable: Any) -> Vectors:
    """Return the coordinates of a variable, whose second axis they are, as metres."""
    values = np.asarray(variable[()], np.float64)
    if not np.isfinite(values).all():
        raise ValueError("a position that is not finite")
    kind = np.ravel(variable.attrs.get("Type", "cartesian"))[0]
    kind = kind.decode() if isinstance(kind, bytes) else kind
    if kind == "cartesian":
        return values
    if kind != "spherical":
        raise ValueError(f"positions of the type {kind!r}")
    azimuth, elevation, radius = np.moveaxis(values, 1, 0)
    return np.stack(_sphere(azimuth, elevation, radius), axis=1)


def _sphere(azimuth: Any, elevation: Any, radius: Any = 1.0) -> tuple[Any, Any, Any]:
    azimuth, elevation = np.deg2rad(azimuth), np.deg2rad(elevation)
    level = radius * np.cos(elevation)
    return level * np.cos(azimuth), level * np.sin(azimuth), radius * np.sin(elevation)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not lengths.all():
        raise ValueError("a direction of no length")
    return np.asarray(vectors / lengths)


def _away(places: Vectors, azimuth: float, elevation: float) -> Vectors:
    """Return the angles between places and a direction, in degrees."""
    wanted = np.array(_sphere(azimuth, elevation))
    places = _unit(places)
    # exact for small angles too, as the arc cosine is not
    across = np.linalg.norm(np.cross(places, wanted), axis=-1)
    return np.asarray(np.rad2deg(np.arctan2(across, places @ wanted)))


def _nearest(
    path: str,
    places: Vectors,
    azimuth: float | None,
    elevation: float | None,
    distance: float | None,
) -> int:
    """Return which of all places is nearest to the direction, at the distance."""
    flat = places.reshape(-1, 3)
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
        far = np.abs(radii - distance)
        flat = np.where((far <= far.min() + SAME)[:, np.newaxis], flat, np.nan)
    away = _away(flat, azimuth or 0.0, elevation or 0.0)
    near = np.flatnonzero(away <= np.nanmin(away) + SAME)
    found = np.unique(radii[near].round(2))
    if len(found) > 1:
        raise UsageError(
            f"{display_name(path)} has this direction at {', '.join(f'{r:g}' for r in found)} m; name "
            f"one, such as distance={found[0]:g}"
        )
    return int(near[0])


def _named(
    place: Vectors, azimuth: float | None, elevation: float | None, distance: float | None
) -> tuple[str, ...]:
    """Say which direction was measured, if it is not the one asked for."""
    x, y, z = place
    radius = float(np.linalg.norm(place))
    if distance is not None and abs(radius - distance) > SAME:
        far: tuple[str, ...] = (f"nearest measured distance: {radius:.3g} m",)
    else:
        far = ()
    if azimuth is None and elevation is None:
        return far
    away = float(_away(place, azimuth or 0.0, elevation or 0.0))
    if away <= SAME:
        return far
    found = np.rad2deg(np.arctan2(y, x)) % 360, np.rad2deg(np.arctan2(z, np.hypot(x, y)))
    return (
        f"nearest measured direction: azimuth {found[0]:.1f}, elevation {found[1]:.1f}, "
        f"{away:.1f} degrees away",
        *far,
    )
