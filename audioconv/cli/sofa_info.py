"""Report of `audioconv ir info` on a SOFA file: its contents, and what chooses a response."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioconv.cli import printing
from audioconv.errors import counted
from audioconv.files import display_name, local
from audioconv.ir.sofa import Contents, read_contents
from audioconv.urls import public_name

MOST_ROWS = 40
"""Elevations or listener positions of a SOFA file that are listed one by one."""


def report(path: str, *, json: bool) -> None:
    """Print the contents of a SOFA file to standard output, for a person or as JSON.

    Raises
    ------
    FormatError
        If it cannot be read.
    """
    with local(path) as found:
        contents = read_contents(found)
    if json:
        printing.print_json(_data(path, contents))
        return
    printing.out(display_name(path))
    _show(path, contents)


def _show(path: str, contents: Contents) -> None:
    measurements, receivers, emitters = contents.shape
    ears = " (left and right ear)" * contents.has_ears(0)
    rates = ", ".join(f"{rate:g}" for rate in np.unique(contents.rates))
    pairs = [
        ("conventions", f"{contents.conventions} {contents.version}".strip() or "none"),
        ("data", f"{contents.data_type}, axes {contents.axes}"),
        ("format", f"{rates} Hz, {counted(contents.frames, 'frame')}"),
        ("receivers", f"{receivers}{ears}"),
        ("responses", f"{counted(measurements, 'measurement')}, {counted(emitters, 'emitter')}"),
    ]
    printing.out_rows(pairs)
    for heading, rows in (
        ("directions", _directions(contents)),
        ("listeners", _listeners(contents)),
    ):
        if rows:
            printing.out(heading)
            printing.out_rows(rows)
    keys = _keys(contents)
    printing.out("choose one by" if keys else "there is one response, which needs no choice")
    if keys:
        printing.out_rows(keys)
        example = ",".join(assignment for assignment, _ in keys[:2])
        printing.out_line(f"such as --ir {public_name(path)}:{example}")


def _data(path: str, contents: Contents) -> dict[str, Any]:
    measurements, receivers, emitters = contents.shape
    rates = [int(rate) if rate.is_integer() else rate for rate in contents.rates.tolist()]
    responses = [
        {
            "index": index + 1,
            "emitter": emitter + 1,
            "listener": int(contents.listener[index]) + 1,
            "rate": rates[index],
            "azimuth": place[0],
            "elevation": place[1],
            "distance": place[2],
        }
        for (index, emitter), place in zip(
            np.ndindex(measurements, emitters), contents.places.tolist(), strict=True
        )
    ]
    return {
        "path": path,
        "conventions": contents.conventions,
        "conventions_version": contents.version,
        "data_type": contents.data_type,
        "rate": rates[0] if len(set(rates)) == 1 else None,
        "frames": contents.frames,
        "channels": receivers,
        "ears": contents.has_ears(0),
        "measurements": measurements,
        "emitters": emitters,
        "listeners": contents.listeners.tolist(),
        "choose_by": [assignment.partition("=")[0] for assignment, _ in _keys(contents)],
        "responses": responses,
        "notices": [],
    }


def _directions(contents: Contents) -> list[tuple[str, str]]:
    """Return the elevations in a SOFA file, each with its azimuths."""
    places = contents.places[np.isfinite(contents.places).all(axis=1)].round(1)
    elevations = np.unique(places[:, 1])
    if len(elevations) > MOST_ROWS:
        return [("", f"{len(places)} at {len(elevations)} elevations; --json lists them")]
    rows = []
    for elevation in elevations.tolist():
        azimuths = np.unique(places[places[:, 1] == elevation, 0] % 360)
        rows.append((f"elevation {elevation:g}", f"azimuth {_series(azimuths)}"))
    return rows


def _listeners(contents: Contents) -> list[tuple[str, str]]:
    """Return the listener positions in a SOFA file, if there are several."""
    if not 1 < len(contents.listeners) <= MOST_ROWS:
        return []
    return [
        (f"{number}", ", ".join(f"{coordinate:g}" for coordinate in position.round(3)) + " m")
        for number, position in enumerate(contents.listeners, 1)
    ]


def _keys(contents: Contents) -> list[tuple[str, str]]:
    """Return the assignments, each with its range, that choose a response of a SOFA file."""
    azimuths, elevations, distances = (
        np.unique(column[np.isfinite(column)].round(2)) for column in contents.places.T
    )
    measurements, _, emitters = contents.shape
    keys = []
    if len(azimuths) > 1:
        keys.append((f"azimuth={azimuths[0]:g}", "degrees to the left, the nearest is taken"))
    if len(elevations) > 1:
        level = elevations[np.abs(elevations).argmin()]
        low, high = elevations[[0, -1]]
        keys.append((f"elevation={level:g}", f"degrees up, {low:g} to {high:g}"))
    if len(distances) > 1:
        keys.append((f"distance={distances[0]:g}", f"metres, {_series(distances)}"))
    keys += [
        (f"{key}=1", f"1 to {count}")
        for key, count in (
            ("listener", len(contents.listeners)),
            ("emitter", emitters),
            ("index", measurements),
        )
        if count > 1
    ]
    return keys


def _series(values: NDArray[np.float64]) -> str:
    """Return sorted values as text, with equal steps abbreviated.

    Examples
    --------
    >>> _series(np.arange(0.0, 360, 5)), _series(np.array([0.0, 6.4, 12.9]))
    ('0 to 355 in steps of 5 (72)', '0, 6.4, 12.9')
    """
    steps = np.diff(values).round(2)
    if len(values) > 3 and (steps == steps[0]).all():
        return f"{values[0]:g} to {values[-1]:g} in steps of {steps[0]:g} ({len(values)})"
    if len(values) > 6:
        return f"{', '.join(f'{v:g}' for v in values[:3])} to {values[-1]:g} ({len(values)})"
    return ", ".join(f"{v:g}" for v in values)
