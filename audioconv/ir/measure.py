"""Measurement with files: a sweep to play, and the impulse response from its recording."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from audioconv.errors import AudioconvError, UsageError
from audioconv.files import display_name
from audioconv.ir.load import refuse_standard_twice
from audioconv.ir.sound import read_file
from audioconv.parameters import arguments, parameters
from impulses import ImpulseError
from impulses.impulse import MAX_RECORDED, Taps
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
    recorded, recorded_digest, other = read_file(recording, MAX_RECORDED)
    played, played_digest, recipe = read_file(excitation, MAX_RECORDED)
    sweep = _sweep(recipe.get(SWEEP), excitation, played.frames)
    if sweep is None and SWEEP in other and recorded.frames < played.frames:
        raise UsageError(
            f"{display_name(recording)} is a sweep, and {display_name(excitation)} contains no "
            "parameters of one; name the recording first, then the sweep"
        )
    given = arguments("deconvolve", parameters(deconvolve), settings or {}, played.rate)
    if given.get("harmonics", 1) > 1 and sweep is None:
        raise UsageError(
            f"{display_name(excitation)} does not contain the parameters of its sweep, so its "
            "harmonics cannot be separated; play a WAV file of `audioconv sweep`"
        )
    try:
        same_rate(recorded.rate, played.rate)
        sound = _one_channel(played.taps, excitation)
        result = deconvolve(recorded.taps, sound, played.rate, sweep=sweep, **given)
    except ImpulseError as error:
        raise AudioconvError(str(error)) from None
    files = {"recording": recorded_digest._asdict(), SWEEP: played_digest._asdict()}
    return result, {"deconvolve": {**files, "parameters": given}}


def _one_channel(taps: Taps, path: str) -> Taps:
    """Return the one channel of an excitation; several are one if they are equal."""
    channels = taps.shape[1]
    if (taps == taps[:, :1]).all():
        return taps[:, :1]
    name = display_name(path)
    raise AudioconvError(
        f"{name} has {channels} channels, and they differ; a sweep has 1: write the one that was "
        f"played with `audioconv convolve {shlex.quote(path)} one.wav --ir delta --map matrix=1:1` "
        f"(1 to {channels}:1), and give one.wav"
    )


def _sweep(declared: Any, path: str, frames: int) -> Sweep | None:
    """Return the sweep that a recipe describes, if any.

    Files of versions before 0.2.0 have one sweep, whatever the repeats of their recipe.
    """
    try:
        sweep = Sweep(**declared) if isinstance(declared, dict) else None
    except (ImpulseError, TypeError, ValueError, OverflowError):
        raise AudioconvError(
            f"{display_name(path)} contains parameters of a sweep that this version does not "
            "support; make it again"
        ) from None
    if sweep is not None and frames == sweep.single.frames:
        return sweep.single
    return sweep
