"""Edits of an impulse response: plain data, applied in a fixed order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

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
    """Edits of an impulse response, in the order in which they are applied.

    Parameters
    ----------
    slice : float, float
        keep the part between two times from the first frame, START,END, such as 10ms,500ms
    trim_start : {"none", "peak", "onset"}
        cut the frames before the peak, or before the onset (20 dB below the peak)
    align : {"none", "peak", "onset", "first"}
        move time 0, where an output begins, to the peak, the onset or the first frame; cuts
        nothing
    trim : str
        cut the tail where it stays below a level relative to the peak, such as -80dB; or noise:
        where the decay reaches the noise floor (Lundeby)
    early : float >= 0
        keep the early part, up to a time after the onset, such as 80ms
    late : float >= 0
        keep the late part, from a time after the onset, at its place
    reverse : bool
        reverse it in time
    stretch : float > 0
        factor of length, which divides all frequencies
    resample : int > 0
        sample rate in Hz to resample to, with the level of the response kept
    minimum_phase : bool
        make it minimum phase: same magnitude response, energy as early as possible
    chain : sequence of str
        convolve it with another impulse response, such as an equaliser: low-shelf:gain=3
    fade_in : float >= 0
        length of a fade-in, half a cosine
    fade_out : float >= 0
        length of a fade-out, half a cosine
    norm : str
        normalise its peak, l1, l2, dc, response or web-audio norm to 1
    gain : float
        gain to apply
    predelay : float >= 0
        pre-delay: silence before the impulse response
    wet : float
        wet level: gain of the impulse response
    dry : float
        dry level: gain of the direct sound, added at time 0
    """

    slice: tuple[Seconds, Seconds] | None = None
    trim_start: Literal["none", "peak", "onset"] = "none"
    align: Literal["none", "peak", "onset", "first"] = "none"
    trim: Annotated[str, "trim"] | None = None
    early: Seconds | None = None
    late: Seconds | None = None
    reverse: bool = False
    stretch: Annotated[float, "factor"] = 1.0
    resample: int | None = None
    minimum_phase: bool = False
    chain: Sequence[Annotated[str, "impulse"]] = ()
    fade_in: Seconds = 0.0
    fade_out: Seconds = 0.0
    norm: Annotated[str, "norm"] | None = None
    gain: Gain = 1.0
    predelay: Seconds = 0.0
    wet: Gain = 1.0
    dry: Gain = 0.0


def apply(impulse: Impulse, edits: Edits) -> Impulse:
    """Apply edits to an impulse response, in the order of the fields of `Edits`.

    Raises
    ------
    AudioconvError
        If a value is out of range, or an impulse response of the chain cannot be loaded.

    Examples
    --------
    >>> edits = Edits(trim_start="peak", gain=2)
    >>> apply(Impulse([[0.0], [1.0], [0.5]], 48000), edits).taps.ravel()
    array([2., 1.])
    """
    if edits.slice is not None:
        ends = (frames_of("`slice`", time, impulse.rate) for time in edits.slice)
        impulse = edit.section(impulse, *ends)
    if edits.trim_start != "none":
        impulse = edit.trim_start(impulse, edits.trim_start)
    if edits.align != "none":
        impulse = edit.align(impulse, edits.align)
    if edits.trim is not None:
        impulse = _trim(impulse, edits.trim)
    for part, (name, seconds) in enumerate([("early", edits.early), ("late", edits.late)]):
        if seconds is not None:
            impulse = edit.split(impulse, frames_of(name, seconds, impulse.rate))[part]
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
        fade_in=frames_of("`fade_in`", edits.fade_in, rate),
        fade_out=frames_of("`fade_out`", edits.fade_out, rate),
    )
    if edits.norm is not None:
        factor = norms.norm_gain(impulse, edits.norm)
        impulse = edit.gain(impulse, factor)
        impulse = impulse.with_taps(impulse.taps, f"scaled by {to_db(factor):+.2f} dB")
    impulse = edit.gain(impulse, edits.gain)
    impulse = edit.delay(impulse, frames_of("predelay", edits.predelay, rate))
    return edit.mix(impulse, dry=edits.dry, wet=edits.wet)


def _trim(impulse: Impulse, trim: str) -> Impulse:
    """Cut the tail, and note the lengths before and after."""
    if trim == NOISE:
        trimmed = trim_at_noise(impulse)
    else:
        try:
            level = parse_level(trim)
        except UsageError:
            raise UsageError(f"trim {trim!r} is not a level in decibels, or {NOISE}") from None
        trimmed = edit.trim(impulse, level)
    before, after = (one.frames / one.rate for one in (impulse, trimmed))
    return trimmed.with_taps(trimmed.taps, f"trimmed from {before:.3f} to {after:.3f} s")
