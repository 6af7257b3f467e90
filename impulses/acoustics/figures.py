"""The figures that ISO 3382-1 asks of a decay, and how each is read from a decay curve.

A figure that the decay does not support is None, and `Figures.why_not` says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial

import numpy as np

from impulses.acoustics.decay import Ending, fit
from impulses.acoustics.lundeby import FEWEST, MARGIN
from impulses.impulse import Taps

RANGES = {"edt": (0.0, -10.0), "t20": (-5.0, -25.0), "t30": (-5.0, -35.0)}
"""dB between which the line of each decay time is fitted."""

WORST_R = -0.9
"""Correlation above which a decay is a staircase or a bend, and no line."""

STEEPEST = -25.0
"""Curvature in percent below which a decay steepens more than chance would have it."""

LEAST_BT = {"edt": 16.0, "t20": 4.0, "t30": 4.0}
"""Bandwidth times decay time below which a reversed filter shows (ISO 3382-2, 7.3).

It rings before the direct sound, so the start of a decay is smeared the more: an EDT, which
begins there, is held to what is asked of filters that run forwards."""

ENERGY_RANGE = 20.0
"""dB of decay for sums of energy: a hundredth of it, 0.04 dB, is then left to extrapolation."""

DIRECT = 0.0025
"""Seconds after its peak in which sound is direct (Zahorik 2002)."""

REMEDIES = {
    "noise": "measure with less noise",
    "cut": "keep a longer impulse",
    "silence": "the impulse ends in silence before that",
}
NO_FLOOR = {
    "cut": "the impulse is cut off before its decay meets noise",
    "silence": "the impulse ends in digital silence",
}


@dataclass(frozen=True)
class Figures:
    """What ISO 3382-1 asks of a decay; None where it cannot be said, with the reason.

    Parameters
    ----------
    edt_s, t20_s, t30_s : float or None
        Seconds for 60 dB by lines fitted to 0..-10, -5..-25 and -5..-35 dB.
    edt_r, t20_r, t30_r : float or None
        Correlation of each fit, -1 for a straight decay.
    curvature_percent : float or None
        ``100 (T30 / T20 - 1)``: above 10, the decay is bent (ISO 3382-2, annex B).
    c50_db, c80_db : float or None
        Energy before 50 or 80 ms beside the energy after it.
    d50 : float or None
        Share of the energy before 50 ms.
    ts_ms : float or None
        Centre time: centre of gravity of the energy.
    drr_db : float or None
        Energy of the direct sound beside the energy after it.
    noise_floor_db : float or None
        Root mean square of the noise beside the largest frame of the impulse, or of the band.
    decay_range_db : float or None
        How far the decay curve falls from its start before it ends in noise or is cut off.
    why_not : dict
        Name of each figure that is None, and a line that says why.
    """

    edt_s: float | None = None
    t20_s: float | None = None
    t30_s: float | None = None
    edt_r: float | None = None
    t20_r: float | None = None
    t30_r: float | None = None
    curvature_percent: float | None = None
    c50_db: float | None = None
    c80_db: float | None = None
    d50: float | None = None
    ts_ms: float | None = None
    drr_db: float | None = None
    noise_floor_db: float | None = None
    decay_range_db: float | None = None
    why_not: dict[str, str] = field(default_factory=dict)


class Unsupported(Exception):  # noqa: N818 - an answer, not a fault
    """A figure cannot be given; the message says why."""


@dataclass(frozen=True)
class Decay:
    """A decay curve and what bounds it, for the figures to be read from.

    Frame `start` is time 0: a band filter has rung before it, and that energy counts as early.
    Frame `direct` is the first after the direct sound.
    """

    curve: Taps
    rate: int
    start: int
    direct: int
    end: Ending
    range_db: float
    peak: float
    width: float | None = None
    smear: float = 0.0

    @property
    def total(self) -> float:
        """All of the energy."""
        return float(self.curve[0])

    def levels_db(self) -> Taps:
        """Return the curve from time 0 on in dB beside its start, -inf where it is not above 0."""
        curve = self.curve[self.start :] / self.total
        levels = np.full(len(curve), -np.inf)
        np.log10(curve, out=levels, where=curve > 0)
        return 10 * levels

    def after(self, frame: int, what: str) -> float:
        """Return the energy from a frame on, or say why it is not known."""
        if self.end.kind != "silence":
            self.need(ENERGY_RANGE)
            if frame >= self.end.frames:
                ends = (self.end.frames - self.start) / self.rate
                raise Unsupported(f"the decay ends at {1000 * ends:.1f} ms, before {what}")
        return float(self.curve[frame]) if frame < len(self.curve) else 0.0

    def ratio_db(self, frame: int, what: str) -> float:
        """Return the energy before a frame beside the energy from it on, in dB."""
        late = self.after(frame, what)
        if not 0 < late < self.total:
            raise Unsupported(f"no energy {'before' if late else 'after'} {what}")
        return float(10 * np.log10(self.total / late - 1))

    def need(self, least: float) -> None:
        """Refuse a decay of too small a range."""
        if self.range_db < least - 1e-6:  # what rounding may take from a range met exactly
            raise Unsupported(
                f"decay range is {self.range_db:.2f} dB; it must be {least:g} dB; "
                f"{REMEDIES[self.end.kind]}"
            )

    def frame(self, seconds: float) -> int:
        """Return the frame so many seconds after time 0."""
        return self.start + round(seconds * self.rate)


def no_figures(why: str) -> Figures:
    """Return no figure at all, for one reason."""
    return Figures(why_not={f.name: why for f in fields(Figures) if f.name != "why_not"})


def figures_of(decay: Decay | None) -> Figures:
    """Read every figure from a decay, and keep the reasons of those that cannot be read."""
    if decay is None:
        return no_figures("no decay can be followed 10 dB above the noise")
    found: dict[str, float] = {"decay_range_db": decay.range_db}
    why_not: dict[str, str] = {}
    levels = decay.levels_db()
    readers: list[tuple[tuple[str, ...], Callable[[], tuple[float, ...]]]] = [
        *(((f"{n}_s", f"{n}_r"), partial(_decay_time, decay, levels, n)) for n in RANGES),
        (("c50_db",), lambda: (decay.ratio_db(decay.frame(0.05), "50 ms"),)),
        (("c80_db",), lambda: (decay.ratio_db(decay.frame(0.08), "80 ms"),)),
        (("d50",), lambda: (1 - decay.after(decay.frame(0.05), "50 ms") / decay.total,)),
        (("ts_ms",), lambda: (_centre_time(decay),)),
        (("drr_db",), lambda: (_direct_ratio(decay),)),
        (("noise_floor_db",), lambda: (_noise_floor(decay),)),
    ]
    for names, read in readers:
        try:
            found |= dict(zip(names, read(), strict=True))
        except Unsupported as refusal:
            why_not |= dict.fromkeys(names, str(refusal))
    if not {"t20_s", "t30_s"} <= found.keys():
        why_not["curvature_percent"] = "it takes both T20 and T30"
        return Figures(**found, why_not=why_not)
    found["curvature_percent"] = 100 * (found["t30_s"] / found["t20_s"] - 1)
    if found["curvature_percent"] < STEEPEST:
        reason = (
            f"the decay steepens: T30 {found['t30_s']:.3g} s is below 3/4 of T20 "
            f"{found['t20_s']:.3g} s, as in no room; see whether its end was gated or faded"
        )
        names = ("t20_s", "t30_s", "t20_r", "t30_r")
        found = {name: value for name, value in found.items() if name not in names}
        why_not |= dict.fromkeys(names, reason)
    return Figures(**found, why_not=why_not)


def _decay_time(decay: Decay, levels: Taps, name: str) -> tuple[float, float]:
    """Return a decay time and the correlation of its line."""
    upper, lower = RANGES[name]
    decay.need(MARGIN - lower)
    line = fit(levels, decay.rate, upper, lower)
    if line is None:
        raise Unsupported(f"fewer than {FEWEST} frames lie from {upper:g} to {lower:g} dB")
    if line.r > WORST_R:
        raise Unsupported(
            f"the decay is no line: its correlation is {line.r:.3f}; it must be below {WORST_R}"
        )
    if decay.width is not None and decay.width * line.rt60 < LEAST_BT[name]:
        raise Unsupported(
            f"bandwidth times decay time is {decay.width * line.rt60:.2g}; it must be at least "
            f"{LEAST_BT[name]:g}, or the filter's own decay shows; see a wider band"
        )
    return line.rt60, line.r


def _centre_time(decay: Decay) -> float:
    """Return the centre of gravity in ms: the area under the decay curve over its start."""
    area = float(decay.curve[1:].sum())
    if decay.end.kind != "silence":
        decay.need(ENERGY_RANGE)
        area += decay.end.beyond / (1 - 10 ** (-6 / (decay.end.rt60 * decay.rate)))
    seconds = (area / decay.total - decay.start) / decay.rate
    if decay.smear and seconds < decay.smear:
        raise Unsupported(
            f"centre time is below the {1000 * decay.smear:.3g} ms over which the filter smears it"
        )
    return 1000 * seconds


def _direct_ratio(decay: Decay) -> float:
    if decay.width is not None and decay.width * DIRECT < 1:
        raise Unsupported(
            f"a band under {1 / DIRECT:g} Hz wide does not resolve {1000 * DIRECT:g} ms; "
            "see a higher band"
        )
    return decay.ratio_db(decay.direct, "the direct sound")


def _noise_floor(decay: Decay) -> float:
    if decay.end.kind != "noise":
        raise Unsupported(NO_FLOOR[decay.end.kind])
    return float(10 * np.log10(decay.end.noise / decay.peak))
