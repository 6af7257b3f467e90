"""The response that fits a direction and numbers; an error lists several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioconv.errors import UsageError, counted
from audioconv.ir.sofa.contents import Contents
from audioconv.ir.sofa.coordinates import Vectors, angles_between, to_spherical, unit_vector

TOLERANCE = 0.01
"""Degrees or metres within which two positions are the same."""

MOST_NAMED = 6
"""Responses that an error lists."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Wanted:
    """A request for one response; see `read_sofa`."""

    azimuth: float | None
    elevation: float | None
    distance: float | None
    listener: int | None
    emitter: int | None
    index: int | None

    @property
    def direction(self) -> Vectors | None:
        """The requested direction as a unit vector, if there is one."""
        if self.azimuth is None and self.elevation is None:
            return None
        if self.elevation is not None and not abs(self.elevation) <= 90:
            raise UsageError(
                f"elevation is {self.elevation:g} degrees; it must be between -90 and 90"
            )
        return unit_vector(self.azimuth or 0.0, self.elevation or 0.0)


def candidates(name: str, contents: Contents, wanted: Wanted) -> Indices:
    """Return the responses that fit a request, as indices into (measurements * emitters).

    Parameters
    ----------
    name : str
        name of the file, for messages
    contents : Contents
    wanted : Wanted

    Returns
    -------
    array of int
        one or more; all are at one position if a direction is wanted

    Raises
    ------
    UsageError
        If none fits.
    """
    found = _numbered(name, contents, wanted)
    direction, distance = wanted.direction, wanted.distance
    if direction is None and distance is None:
        return found
    positions = contents.sources.reshape(-1, 3)
    radii = np.linalg.norm(positions, axis=-1)
    if not (radii[found] > 0).any():
        unknown = np.isnan(radii[found]).any()
        reason = "its emitters have no positions" if unknown else "its source is at the listener"
        raise UsageError(f"{name} has no directions, as {reason}; name index=1 or emitter=1")
    found = found[radii[found] > 0]
    if distance is not None:
        errors = np.abs(radii[found] - distance)
        found = found[errors <= errors.min() + TOLERANCE]
    if direction is not None:
        angles = angles_between(positions[found], direction)
        nearest = positions[found[angles <= angles.min() + TOLERANCE][0]]
        found = found[angles_between(positions[found], nearest) <= TOLERANCE]
    return np.asarray(found)


def share_position(contents: Contents, found: Indices) -> bool:
    """Return whether responses are of one listener and one position."""
    positions = contents.sources.reshape(-1, 3)[found]
    listeners = contents.listener[found // contents.shape[2]]
    same = np.abs(positions - positions[0]) <= TOLERANCE
    return bool(same.all() and (listeners == listeners[0]).all())


def ambiguity(name: str, contents: Contents, found: Indices) -> UsageError:
    """Return the error for several responses, with the key that tells them apart."""
    measurements, emitters = np.divmod(found, contents.shape[2])
    positions = contents.sources.reshape(-1, 3)[found]
    listeners = np.unique(contents.listener[measurements])
    radii = np.unique(np.linalg.norm(positions, axis=-1).round(2))
    if len(listeners) > 1:
        places = (f" (at {_metres(contents.listeners[n])} m)" for n in listeners)
        names = [f"listener={n + 1}{at}" for n, at in zip(listeners, places, strict=True)]
    elif (angles_between(positions, positions[0]) > TOLERANCE).any():
        directions = len(np.unique(to_spherical(positions)[:, :2].round(2), axis=0))
        return UsageError(
            f"{name} has responses for {directions} directions; name one, such as "
            f"{name}:azimuth=30,elevation=0 (90 is on the left); `audioconv ir info` lists them"
        )
    elif len(radii) > 1:
        return UsageError(
            f"{name} has this direction at {', '.join(f'{r:g}' for r in radii)} "
            f"m; name one, such as distance={radii[0]:g}"
        )
    elif (emitters != emitters[0]).any():
        names = [f"emitter={n + 1}" for n in np.unique(emitters)]
    else:
        names = [f"index={n + 1}" for n in measurements]
    if len(names) > MOST_NAMED:
        names[MOST_NAMED:] = [f"{len(names) - MOST_NAMED} more"]
    return UsageError(
        f"{name} has {len(found)} responses that fit: {', '.join(names)}; name one, such as "
        f"{names[0].split()[0]}"
    )


def notes_on(contents: Contents, chosen: int, wanted: Wanted) -> tuple[str, ...]:
    """Note the position of a response where it is not the requested one, or was not requested."""
    notes = []
    position = contents.sources.reshape(-1, 3)[chosen]
    azimuth, elevation, radius = to_spherical(position).tolist()
    direction, distance = wanted.direction, wanted.distance
    angle = 0.0 if direction is None else float(angles_between(position, direction))
    if angle > TOLERANCE:
        notes.append(
            f"nearest measured direction: azimuth {round(azimuth, 1) % 360:.1f}, elevation "
            f"{elevation:.1f}, {angle:.1f} degrees away"
        )
    if distance is not None and abs(radius - distance) > TOLERANCE:
        notes.append(f"nearest measured distance: {radius:.3g} m")
    listener = contents.listener[chosen // contents.shape[2]]
    if len(contents.listeners) > 1 and wanted.listener is None and wanted.index is None:
        notes.append(
            f"measured at listener position {listener + 1} of {len(contents.listeners)}, "
            f"{_metres(contents.listeners[listener])} m"
        )
    return tuple(notes)


def _numbered(name: str, contents: Contents, wanted: Wanted) -> Indices:
    """Return the responses of a listener, an emitter and a measurement."""
    count, _, sources = contents.shape
    measurements, emitters = np.divmod(np.arange(count * sources, dtype=np.int64), sources)
    fits = np.ones(len(measurements), bool)
    for key, noun, number, numbers in (
        ("listener", "listener position", wanted.listener, contents.listener[measurements]),
        ("emitter", "emitter", wanted.emitter, emitters),
        ("index", "measurement", wanted.index, measurements),
    ):
        if number is None:
            continue
        most = int(numbers.max()) + 1
        if not 1 <= number <= most:
            raise UsageError(
                f"{key} is {number}, but {name} has {counted(most, noun)}, counted from 1"
            )
        fits &= numbers == number - 1
    if not fits.any():
        raise UsageError(
            f"{name} has index={wanted.index} at another listener than listener={wanted.listener}; "
            "name one of the two"
        )
    return np.flatnonzero(fits)


def _metres(position: Vectors) -> str:
    return ", ".join(f"{coordinate:g}" for coordinate in position.round(2) + 0.0)
