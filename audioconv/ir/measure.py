"""Measurement with files: a sweep to play, and the impulse in what was recorded of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from audioconv.errors import AudioconvError, UsageError
from audioconv.files import display_name
from audioconv.ir.load import read, refuse_standard_twice
from audioconv.parameters import arguments, parameters
from impulses import ImpulseError
from impulses.measurement.deconvolution import Deconvolved, deconvolve
from impulses.measurement.recordings import same_rate
from impulses.measurement.sweeps import Sweep

SWEEP = "sweep"
"""Key of a sweep's parameters in the recipe of its file."""


def recipe_of_sweep(sweep: Sweep) -> dict[str, Any]:
    """Return what the file of a sweep tells, so that `measure` knows it again."""
    return {SWEEP: asdict(sweep)}


def measure(
    recording: str, excitation: str, settings: Mapping[str, Sequence[str]] | None = None
) -> tuple[Deconvolved, dict[str, Any]]:
    """Recover the impulse from the file of a recording and that of what was played.

    Parameters
    ----------
    recording, excitation : str
        sound files of one rate; an excitation of audioconv's own tells how it was made
    settings : dict, optional
        parameters of `deconvolve` in `impulses.measurement`, as written: ``{"length": ["2s"]}``

    Returns
    -------
    found : Deconvolved
    made : dict
        how, for the recipe of what is written

    Raises
    ------
    AudioconvError
        If a file cannot be read, or the recording holds no such excitation.
    """
    refuse_standard_twice([recording, excitation])
    (recorded, heard, _), (played, known, told) = read(recording), read(excitation)
    sweep = _sweep(told.get(SWEEP), excitation)
    given = arguments("deconvolve", parameters(deconvolve), settings or {}, played.rate)
    if given.get("harmonics", 1) > 1 and sweep is None:
        raise UsageError(
            f"{display_name(excitation)} does not tell how it was made, so its harmonics cannot be "
            "separated; play a WAV file of `audioconv sweep`"
        )
    try:
        same_rate(recorded.rate, played.rate)
        found = deconvolve(recorded.taps, played.taps, played.rate, sweep=sweep, **given)
    except ImpulseError as error:
        raise AudioconvError(str(error)) from None
    made = {"recording": heard._asdict(), SWEEP: known._asdict(), "parameters": given}
    return found, {"deconvolve": made}


def _sweep(told: Any, path: str) -> Sweep | None:
    """Return the sweep that a file says it is."""
    try:
        return Sweep(**told) if isinstance(told, dict) else None
    except (ImpulseError, TypeError, ValueError, OverflowError):
        raise AudioconvError(
            f"{display_name(path)} says it is a sweep that this version cannot follow; make it again"
        ) from None
