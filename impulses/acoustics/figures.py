"""The figures of ISO 3382-1, read from a decay curve.

A figure that the decay does not support is None, with the reason in `Figures.why_not`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial

import numpy as np

from impulses.acoustics.decay import DecayEnd, fit
from impulses.acoustics.lundeby import FEWEST, MARGIN
from impulses.impulse import Taps

RANGES = {"edt": (0.0, -10.0), "t20": (-5.0, -25.0), "t30": (-5.0, -35.0)}
"""dB, the range in which the line of each decay time is fitted."""

WORST_R = -0.9
"""Correlation above which a decay is a staircase or curved rather than a line."""

JUST_NOTICEABLE = 0.05
"""Relative difference of decay times that is not heard (ISO 3382-1, annex A)."""

CURVATURE_SCATTER = 0.69
"""Standard deviation of ``T30 / T20 - 1``, times the root of bandwidth times decay time.

Noise of bandwidth B that decays with T has at each time t the remaining energy E, whose relative
deviations have the covariance ``k / (2 B) exp(-k |t - u|)``, with ``k = 6 ln 10 / T``: the variance
of a sum of squares of noise is ``1 / B`` times the integral of its mean square. The slopes of
lines are weighted sums of it, and T20, T30 and ``T30 / T20`` deviate by 0.88, 0.55 and 0.69 times
``1 / sqrt(B T)``; the first two are the factors of ISO 3382-2, 7.2 (J. L. Davy, I. P. Dunn,
P. Dubout, "The variance of decay rates in reverberation rooms", Acustica 43, 1979)."""

CHANCE = 3.0
"""Standard deviations of the curvature that are chance."""

LEAST_BT = {"edt": 16.0, "t20": 4.0, "t30": 4.0}
"""Bandwidth times decay time below which the reversed filter affects a figure (ISO 3382-2, 7.3).

The filter rings before the direct sound and smears the start of a decay more than the rest: an
EDT, which begins there, is held to the limit for filters run forwards."""

ENERGY_RANGE = 20.0
"""dB of decay that sums of energy need: extrapolation then adds a hundredth, 0.04 dB."""

DIRECT = 0.0025
"""Seconds of direct sound after its peak (Zahorik 2002)."""

# a computed impulse that is cut off can end as evenly as noise, so that either may be the reason
REMEDIES = {
    "noise": "a longer impulse, or a quieter measurement, has more",
    "cut": "keep a longer impulse",
    "silence": "the impulse ends in silence before that",
    "fade": "keep a longer impulse, as its end is faded out",
    "rounding": "keep more bits, as its end is rounded off",
}
NO_DECAY = {
    None: "no decay rises 10 dB above the noise",
    "fade": f"the decay falls too little before its fade; {REMEDIES['fade']}",
    "rounding": f"no decay rises 10 dB above its rounding; {REMEDIES['rounding']}",
}
NO_FLOOR = {
    "cut": "the impulse is cut off before its decay meets noise",
    "silence": "the impulse ends in digital silence",
    "fade": "the impulse is faded out before its decay meets noise",
    "rounding": "the impulse is rounded to 0 before its decay meets noise",
}


@dataclass(frozen=True)
class Figures:
    """The figures of ISO 3382-1; None where the decay does not support one, with the reason.

    Parameters
    ----------
    edt_s, t20_s, t30_s : float or None
        Decay times for 60 dB in seconds, from lines fitted to 0..-10, -5..-25 and -5..-35 dB.
    edt_r, t20_r, t30_r : float or None
        Correlation of each fit, -1 for a straight decay.
    curvature_percent : float or None
        ``100 (T30 / T20 - 1)``; above 10, the decay is not straight (ISO 3382-2, annex B).
    c50_db, c80_db : float or None
        Clarity: energy before 50 or 80 ms over the energy after it.
    d50 : float or None
        Definition: share of the energy before 50 ms.
    ts_ms : float or None
        Centre time: centre of gravity of the energy in ms.
    drr_db : float or None
        Direct-to-reverberant ratio: energy of the direct sound over the energy after it.
    noise_floor_db : float or None
        Root mean square of the noise relative to the peak of the impulse response or band.
    decay_range_db : float or None
        Fall of the decay curve from its start until it ends in noise or is cut off.
    why_not : dict
        Name of each figure that is None, and the reason in one line.
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
    """A figure that the decay does not support; the message is the reason."""


@dataclass(frozen=True)
class DecayCurve:
    """An energy decay curve with its limits, from which the figures are read.

    Parameters
    ----------
    remaining : array, (frames,)
        Energy from each frame on.
    rate : int
        Frames per second.
    start : int
        Frame of time 0: the ringing of a band filter before it counts as early energy.
    direct : int
        First frame after the direct sound.
    end : DecayEnd
        Where and why the decay ends.
    range_db : float
        Fall of the curve from its start to its end.
    peak : float
        Largest energy of a frame.
    width : float or None
        Bandwidth in Hz; None for a broadband decay.
    bandwidth : float
        Bandwidth in Hz of noise that fluctuates as much.
    rounded : bool
        Whether the noise is that of rounding to PCM.
    smear : float
        Seconds by which the band filter smears the centre time.
    """

    remaining: Taps
    rate: int
    start: int
    direct: int
    end: DecayEnd
    range_db: float
    peak: float
    width: float | None = None
    bandwidth: float = math.inf
    rounded: bool = False
    smear: float = 0.0

    @property
    def total(self) -> float:
        """Total energy."""
        return float(self.remaining[0])

    def levels_db(self) -> Taps:
        """Return the curve from time 0 on, in dB relative to its start; -inf where not above 0."""
        share = self.remaining[self.start :] / self.total
        levels = np.full(len(share), -np.inf)
        np.log10(share, out=levels, where=share > 0)
        return 10 * levels

    def energy_after(self, frame: int, boundary: str) -> float:
        """Return the energy from a frame on; raise Unsupported if the decay ends before it."""
        if self.end.kind != "silence":
            self.require_range(ENERGY_RANGE)
            if frame >= self.end.frames:
                ends = (self.end.frames - self.start) / self.rate
                raise Unsupported(f"the decay ends at {1000 * ends:.1f} ms, before {boundary}")
        return float(self.remaining[frame]) if frame < len(self.remaining) else 0.0

    def ratio_db(self, frame: int, boundary: str) -> float:
        """Return the energy before a frame over the energy from it on, in dB."""
        late = self.energy_after(frame, boundary)
        if not 0 < late < self.total:
            raise Unsupported(f"no energy {'before' if late else 'after'} {boundary}")
        return float(10 * np.log10(self.total / late - 1))

    def require_range(self, least: float) -> None:
        """Raise Unsupported if the decay has a smaller range, in dB."""
        if self.range_db < least - 1e-6:  # rounding may reduce a range met exactly
            rounded = self.rounded and self.end.kind == "noise"
            raise Unsupported(
                f"decay range is {self.range_db:.2f} dB; it must be {least:g} dB; "
                f"{REMEDIES['rounding' if rounded else self.end.kind]}"
            )

    def frame_at(self, seconds: float) -> int:
        """Return the frame at a time, in seconds from time 0."""
        return self.start + round(seconds * self.rate)


def no_figures(why: str) -> Figures:
    """Return figures that are all None, for one reason."""
    return Figures(why_not={f.name: why for f in fields(Figures) if f.name != "why_not"})


def read_figures(curve: DecayCurve) -> Figures:
    """Read every figure from a decay curve; those it does not support keep the reason."""
    values: dict[str, float] = {"decay_range_db": curve.range_db}
    why_not: dict[str, str] = {}
    levels = curve.levels_db()
    readers: list[tuple[tuple[str, ...], Callable[[], tuple[float, ...]]]] = [
        *(((f"{n}_s", f"{n}_r"), partial(_decay_time, curve, levels, n)) for n in RANGES),
        (("c50_db",), lambda: (curve.ratio_db(curve.frame_at(0.05), "50 ms"),)),
        (("c80_db",), lambda: (curve.ratio_db(curve.frame_at(0.08), "80 ms"),)),
        (("d50",), lambda: (1 - curve.energy_after(curve.frame_at(0.05), "50 ms") / curve.total,)),
        (("ts_ms",), lambda: (_centre_time(curve),)),
        (("drr_db",), lambda: (_direct_ratio(curve),)),
        (("noise_floor_db",), lambda: (_noise_floor(curve),)),
    ]
    for names, read in readers:
        try:
            values |= dict(zip(names, read(), strict=True))
        except Unsupported as error:
            why_not |= dict.fromkeys(names, str(error))
    if not {"t20_s", "t30_s"} <= values.keys():
        why_not["curvature_percent"] = "it needs both T20 and T30"
        return Figures(**values, why_not=why_not)
    values["curvature_percent"] = 100 * (values["t30_s"] / values["t20_s"] - 1)
    if values["curvature_percent"] < _steepest(curve, values["t20_s"]):
        reason = (
            f"the decay steepens: T30 {values['t30_s']:.3g} s is below T20 {values['t20_s']:.3g} s "
            "by more than chance, unlike any room; check whether its end was gated or faded"
        )
        names = ("t20_s", "t30_s", "t20_r", "t30_r")
        values = {name: value for name, value in values.items() if name not in names}
        why_not |= dict.fromkeys(names, reason)
    return Figures(**values, why_not=why_not)


def _steepest(curve: DecayCurve, t20: float) -> float:
    """Return the curvature in percent below which a decay steepens audibly and not by chance."""
    chance = CHANCE * CURVATURE_SCATTER / math.sqrt(curve.bandwidth * t20)
    return -100 * max(JUST_NOTICEABLE, chance)


def _decay_time(curve: DecayCurve, levels: Taps, name: str) -> tuple[float, float]:
    """Return a decay time and the correlation of its line."""
    upper, lower = RANGES[name]
    curve.require_range(MARGIN - lower)
    line = fit(levels, curve.rate, upper, lower)
    if line is None:
        raise Unsupported(f"fewer than {FEWEST} frames between {upper:g} and {lower:g} dB")
    if line.r > WORST_R:
        raise Unsupported(
            f"the decay is not straight: its correlation is {line.r:.3f}; it must be below "
            f"{WORST_R}"
        )
    if curve.width is not None and curve.width * line.rt60 < LEAST_BT[name]:
        raise Unsupported(
            f"bandwidth times decay time is {curve.width * line.rt60:.2g}; it must be at least "
            f"{LEAST_BT[name]:g}, or the filter's own decay shows; see a wider band"
        )
    return line.rt60, line.r


def _centre_time(curve: DecayCurve) -> float:
    """Return the centre of gravity in ms: the area under the decay curve over its first value."""
    area = float(curve.remaining[1:].sum())
    if curve.end.kind != "silence":
        curve.require_range(ENERGY_RANGE)
        area += curve.end.beyond / (1 - 10 ** (-6 / (curve.end.rt60 * curve.rate)))
    seconds = (area / curve.total - curve.start) / curve.rate
    if curve.smear and seconds < curve.smear:
        raise Unsupported(
            f"centre time is below the {1000 * curve.smear:.3g} ms over which the filter smears it"
        )
    return 1000 * seconds


def _direct_ratio(curve: DecayCurve) -> float:
    if curve.width is not None and curve.width * DIRECT < 1:
        raise Unsupported(
            f"a band under {1 / DIRECT:g} Hz wide does not resolve {1000 * DIRECT:g} ms; "
            "see a higher band"
        )
    return curve.ratio_db(curve.direct, "the direct sound")


def _noise_floor(curve: DecayCurve) -> float:
    if curve.end.kind != "noise":
        raise Unsupported(NO_FLOOR[curve.end.kind])
    return float(10 * np.log10(curve.end.noise / curve.peak))
