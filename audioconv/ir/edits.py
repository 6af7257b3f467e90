"""Edits of an impulse, as plain data, made one after another in one order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from audioconv.errors import UsageError
from audioconv.ir.load import load_impulse
from audioconv.units import parse_level
from impulses import Impulse, edit, folding, norms, phase, resampling
from impulses.acoustics.trimming import trim_at_noise
from impulses.impulse import to_db
from impulses.quantities import Gain, Seconds, frames_of

NOISE = "noise"


@dataclass(frozen=True, kw_only=True)
class Edits:
    """Edits in the order in which they are made.

    Parameters
    ----------
    align : {"none", "peak", "onset"}
        drop the delay before the peak, or before the onset (20 dB below it)
    trim : str
        cut the end: from where it stays below a level beside the peak, such as -80dB, or where
        the decay meets the noise (noise, after Lundeby)
    early : float >= 0
        keep what comes up to so long after the onset, such as 80ms
    late : float >= 0
        keep what comes later than so long after the onset, in its place
    reverse : bool
        turn it round in time
    stretch : float > 0
        make it so many times as long, and all its frequencies as much lower
    resample : int > 0
        resample to so many samples per second, keeping the response at its level
    minimum_phase : bool
        keep the magnitude of the response, and bring the energy as early as it can be
    chain : sequence of str
        fold it with another impulse, such as an equaliser, low-shelf:gain=3
    fade_in : float >= 0
        half a cosine over the beginning
    fade_out : float >= 0
        half a cosine over the end
    norm : str
        scale it by its peak, l1, l2, dc, response, or web-audio, which then is 1
    gain : float
        scale it by a gain
    predelay : float >= 0
        silence before it
    wet : float
        gain of the impulse beside the sound itself
    dry : float
        gain of the sound itself, put into the impulse
    """

    align: Literal["none", "peak", "onset"] = "none"
    trim: str | None = None
    early: Seconds | None = None
    late: Seconds | None = None
    reverse: bool = False
    stretch: float = 1.0
    resample: int | None = None
    minimum_phase: bool = False
    chain: Sequence[str] = ()
    fade_in: Seconds = 0.0
    fade_out: Seconds = 0.0
    norm: str | None = None
    gain: Gain = 1.0
    predelay: Seconds = 0.0
    wet: Gain = 1.0
    dry: Gain = 0.0


def apply(impulse: Impulse, edits: Edits) -> Impulse:
    """Make the edits of an impulse, in the order in which `Edits` has them.

    Raises
    ------
    AudioconvError, ImpulseError
        If a value is out of range, or an impulse of the chain cannot be had.

    Examples
    --------
    >>> apply(Impulse([[0.0], [1.0], [0.5]], 48000), Edits(align="peak", gain=2)).taps.ravel()
    array([2., 1.])
    """
    if edits.align != "none":
        impulse = edit.align(impulse, edits.align)
    if edits.trim is not None:
        impulse = _said("trimmed", impulse, _trimmed(impulse, edits.trim))
    for seconds, part in ((edits.early, 0), (edits.late, 1)):
        if seconds is not None:
            impulse = edit.split(impulse, frames_of("split", seconds, impulse.rate))[part]
    if edits.reverse:
        impulse = edit.reverse(impulse)
    impulse = resampling.stretch(impulse, edits.stretch)
    if edits.resample is not None:
        impulse = resampling.resample(impulse, edits.resample)
    if edits.minimum_phase:
        impulse = phase.minimum_phase(impulse)
    rate = impulse.rate
    impulse = folding.chain([impulse, *(load_impulse(ir, rate) for ir in edits.chain)])
    impulse = edit.fade(
        impulse,
        fade_in=frames_of("fade-in", edits.fade_in, rate),
        fade_out=frames_of("fade-out", edits.fade_out, rate),
    )
    if edits.norm is not None:
        factor = norms.norm_gain(impulse, edits.norm)
        impulse = edit.gain(impulse, factor)
        impulse = impulse.with_taps(impulse.taps, f"scaled by {to_db(factor):+.2f} dB")
    impulse = edit.gain(impulse, edits.gain)
    impulse = edit.delay(impulse, frames_of("predelay", edits.predelay, rate))
    return edit.mix(impulse, dry=edits.dry, wet=edits.wet)


def _said(what: str, before: Impulse, after: Impulse) -> Impulse:
    """Note what an edit did to the length."""
    seconds = [f"{impulse.frames / impulse.rate:.3f}" for impulse in (before, after)]
    return after.with_taps(after.taps, f"{what} from {seconds[0]} to {seconds[1]} s")


def _trimmed(impulse: Impulse, trim: str) -> Impulse:
    if trim == NOISE:
        return trim_at_noise(impulse)
    try:
        return edit.trim(impulse, parse_level(trim))
    except UsageError:
        raise UsageError(f"trim {trim!r} is not a level in decibels, or {NOISE}") from None
