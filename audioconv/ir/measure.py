"""Measurement with files: a sweep to play, and the impulse response from its recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from audioconv.errors import AudioconvError, UsageError
from audioconv.files import display_name
from audioconv.ir.load import read_file, refuse_standard_twice
from audioconv.parameters import arguments, parameters
from impulses import ImpulseError
from impulses.measurement.deconvolution import Deconvolved, deconvolve
from impulses.measurement.recordings import same_rate
from impulses.measurement.sweeps import Sweep

SWEEP = "sweep"
"""Recipe key of the parameters of a sweep."""


def sweep_recipe(sweep: Sweep) -> dict[str, Any]:
    """Return the recipe of a sweep, by which `deconvolve_files` recognises it."""
    return {SWEEP: asdict(sweep)}


def deconvolve_files(
    recording: str, excitation: str, settings: Mapping[str, Sequence[str]] | None = None
) -> tuple[Deconvolved, dict[str, Any]]:
    """Recover the impulse response from a recording and the excitation that was played.

    Parameters
    ----------
    recording, excitation : str
        sound files of one rate; a sweep written by audioconv contains its parameters
    settings : dict, optional
        parameters of `impulses.measurement.deconvolution.deconvolve`, as text:
        ``{"length": ["2s"]}``

    Returns
    -------
    result : Deconvolved
    recipe : dict
        source files and parameters, for the recipe of the output

    Raises
    ------
    AudioconvError
        If a file cannot be read, or the recording does not contain the excitation.
    """
    refuse_standard_twice([recording, excitation])
    recorded, recorded_digest, _ = read_file(recording)
    played, played_digest, recipe = read_file(excitation)
    sweep = _sweep(recipe.get(SWEEP), excitation)
    given = arguments("deconvolve", parameters(deconvolve), settings or {}, played.rate)
    if given.get("harmonics", 1) > 1 and sweep is None:
        raise UsageError(
            f"{display_name(excitation)} does not contain the parameters of its sweep, so its "
            "harmonics cannot be separated; play a WAV file of `audioconv sweep`"
        )
    try:
        same_rate(recorded.rate, played.rate)
        result = deconvolve(recorded.taps, played.taps, played.rate, sweep=sweep, **given)
    except ImpulseError as error:
        raise AudioconvError(str(error)) from None
    files = {"recording": recorded_digest._asdict(), SWEEP: played_digest._asdict()}
    return result, {"deconvolve": {**files, "parameters": given}}


def _sweep(declared: Any, path: str) -> Sweep | None:
    """Return the sweep that a recipe describes, if any."""
    try:
        return Sweep(**declared) if isinstance(declared, dict) else None
    except (ImpulseError, TypeError, ValueError, OverflowError):
        raise AudioconvError(
            f"{display_name(path)} contains parameters of a sweep that this version does not "
            "support; make it again"
        ) from None
