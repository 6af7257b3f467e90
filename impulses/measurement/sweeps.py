"""Excitations for measuring a room or a device: sweeps and maximum length sequences.

A `Sweep` holds the parameters from which its samples are computed, so that a recording of it can
be deconvolved by formula as well as by samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from impulses import edit
from impulses.impulse import MAX_RECORDED, Impulse, ImpulseError, Taps, from_db, too_long
from impulses.quantities import Decibels, Hertz, Seconds, above, frames_of, one_of, within

Kind = Literal["exponential", "synchronised", "mls"]

LONGEST_ORDER = MAX_RECORDED.bit_length() - 1
"""Order of the longest maximum length sequence that fits into an impulse: 27."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """An excitation: silence, then a sweep and silence, once or more, or a repeated sequence.

    The exponential sweep is ``sin(2 pi f1 L (e^(t/L) - 1))`` with ``L = T / ln(f2/f1)``. The
    synchronised sweep is ``sin(2 pi f1 L e^(t/L))`` with an integer ``f1 L``, so that each of its
    harmonics is the sweep itself, ``L ln m`` early. A maximum length sequence (MLS) has as many
    frequencies as samples, all of one magnitude; frequencies and fades do not apply to it.

    Parameters
    ----------
    kind : {"exponential", "synchronised", "mls"}
        type of excitation; synchronised keeps the phase of distortion
    rate : int, 1000 to 768000
        samples per second
    duration : float > 0
        seconds of the sweep; for an MLS, the shortest length of a period
    start : float > 0
        lowest frequency of the sweep
    end : float > start, optional
        highest frequency of the sweep, below half the rate; by default 20 kHz or 0.475 of the
        rate, whichever is lower
    level : float, -120 to 0
        peak level relative to full scale
    fade_in : float >= 0
        seconds of fade-in at the start of the sweep, half a cosine
    fade_out : float >= 0
        seconds of fade-out at the end of the sweep, half a cosine
    lead : float >= 0
        seconds of silence before the sweep
    silence : float >= 0
        seconds of silence after the sweep, in which the response decays
    repeats : int > 0, optional
        sweeps, each with its silence, to be averaged; or periods of the MLS, of which the first
        excites the room and the others are averaged; by default one sweep, or two periods

    Raises
    ------
    ImpulseError
        If a value is out of range or the parts do not fit.

    References
    ----------
    A. Farina, "Simultaneous measurement of impulse response and distortion with a swept-sine
    technique", AES 108, 2000. A. Novak, P. Lotton, L. Simon, "Synchronized swept-sine: theory,
    application, and implementation", J. Audio Eng. Soc. 63(10), 2015, eqs. 32 and 33.
    J. Borish, J. B. Angell, "An efficient algorithm for measuring the impulse response using
    pseudorandom noise", J. Audio Eng. Soc. 31, 1983.

    Examples
    --------
    >>> sweep = Sweep(kind="synchronised", rate=8000, duration=1, start=100, end=3000)
    >>> round(sweep.seconds, 6), sweep.samples().shape
    (0.986347, (27891, 1))
    """

    kind: Kind = "exponential"
    rate: int = 48000
    duration: Seconds = 10.0
    start: Hertz = 20.0
    end: Hertz | None = None
    level: Decibels = -6.0
    fade_in: Seconds = 0.05
    fade_out: Seconds = 0.01
    lead: Seconds = 0.5
    silence: Seconds = 2.0
    repeats: int | None = None

    def __post_init__(self) -> None:
        one_of("kind", self.kind, get_args(Kind))
        within("rate", self.rate, 1000, 768_000, "Hz")
        above("duration", self.duration, 0, "s")
        within("level", self.level, -120, 0, "dB")
        within("repeats", self.count, 1, MAX_RECORDED)
        if self.kind != "mls":
            self._check_sweep()
        if self.frames > MAX_RECORDED:
            raise ImpulseError(too_long(self.frames, MAX_RECORDED))

    def _frames(self, name: str, seconds: float) -> int:
        return frames_of(name, seconds, self.rate, MAX_RECORDED)

    def _check_sweep(self) -> None:
        low, high = self.band
        if not 0 < low < high < self.rate / 2:
            raise ImpulseError(
                f"sweep goes from {low:g} to {high:g} Hz; at a rate of {self.rate} Hz it must "
                f"rise, from above 0 to below {self.rate / 2:g} Hz"
            )
        if self.growth <= 0:
            raise ImpulseError(
                f"duration is {self.duration:g} s; a synchronised sweep from {low:g} to "
                f"{high:g} Hz must be at least {math.log(high / low) / (2 * low):.3g} s"
            )
        fades = self._frames("fade_in", self.fade_in) + self._frames("fade_out", self.fade_out)
        if fades > self.active_frames:
            raise ImpulseError(
                f"fades of {self.fade_in:g} and {self.fade_out:g} s do not fit a sweep of "
                f"{self.seconds:g} s; shorten them"
            )

    @property
    def band(self) -> tuple[float, float]:
        """Lowest and highest frequency excited, in Hz."""
        if self.kind == "mls":
            return 0.0, self.rate / 2
        return self.start, min(20_000.0, 0.475 * self.rate) if self.end is None else self.end

    @property
    def growth(self) -> float:
        """L: seconds in which the frequency of the sweep grows by a factor of e."""
        low, high = self.band
        if self.kind == "synchronised":
            return round(self.duration * low / math.log(high / low)) / low
        return self.duration / math.log(high / low)

    @property
    def count(self) -> int:
        """Number of sweeps, or of periods of an MLS."""
        if self.repeats is None:
            return 2 if self.kind == "mls" else 1
        return self.repeats

    @property
    def single(self) -> Sweep:
        """The same with one sweep; an MLS is unchanged."""
        return self if self.kind == "mls" else replace(self, repeats=1)

    @property
    def period(self) -> int:
        """Frames of one period of an MLS, 2^order - 1."""
        frames = self._frames("duration", self.duration)
        order = max(2, math.ceil(math.log2(frames + 1)))
        if order > LONGEST_ORDER:
            raise ImpulseError(too_long(2**order - 1, MAX_RECORDED))
        return int(2**order - 1)

    @property
    def active_frames(self) -> int:
        """Frames of a sweep, or of all periods of an MLS, without the silence around it."""
        if self.kind == "mls":
            return self.period * self.count
        low, high = self.band
        length = self.growth * math.log(high / low)
        return max(1, self._frames("duration", length))

    @property
    def lead_frames(self) -> int:
        """Frames of silence before the excitation."""
        return self._frames("lead", self.lead)

    @property
    def frames(self) -> int:
        """Total frames, with the silence."""
        sweeps = 1 if self.kind == "mls" else self.count
        return self.lead_frames + sweeps * self._cycle

    @property
    def _cycle(self) -> int:
        """Frames of the excitation and the silence after it."""
        return self.active_frames + self._frames("silence", self.silence)

    @property
    def seconds(self) -> float:
        """Actual duration of a sweep, or of all periods of an MLS, without the silence around it.

        A synchronised sweep is as close to `duration` as an integer ``f1 L`` allows.
        """
        if self.kind == "synchronised":
            low, high = self.band
            return self.growth * math.log(high / low)
        return self.active_frames / self.rate

    def harmonic_advance(self, order: int) -> float:
        """Return the seconds by which harmonic `order` arrives early, L ln m.

        Examples
        --------
        >>> round(Sweep(duration=10, start=20, end=20000).harmonic_advance(2), 4)
        1.0034
        """
        if self.kind == "mls":
            raise ImpulseError("an MLS does not separate harmonics; use a synchronised sweep")
        return self.growth * math.log(within("order", order, 1, math.inf))

    def samples(self) -> Taps:
        """Return the excitation, (frames, 1), with its peak at `level`.

        Examples
        --------
        >>> Sweep(kind="mls", rate=1000, duration=0.007, level=0, lead=0, silence=0, repeats=1
        ... ).samples().ravel()
        array([-1., -1., -1.,  1., -1.,  1.,  1.])
        """
        samples = np.zeros((self.frames, 1))
        active = self._sequence() if self.kind == "mls" else self._faded()
        for first in range(self.lead_frames, self.frames, max(1, self._cycle)):
            samples[first : first + len(active), 0] = active
        samples *= from_db(self.level)
        return samples

    def _sequence(self) -> Taps:
        from scipy.signal import max_len_seq  # late: an echo must not import scipy

        bits = max_len_seq(self.period.bit_length())[0]
        return np.tile(1.0 - 2.0 * bits, self.count)

    def _faded(self) -> Taps:
        low, _ = self.band
        time = np.arange(self.active_frames, dtype=np.int64) / self.rate
        # expm1 is accurate for small x; for the synchronised sweep it only drops whole turns
        phase = 2 * np.pi * low * self.growth * np.expm1(time / self.growth)
        faded = edit.fade(
            Impulse(np.sin(phase)[:, np.newaxis], self.rate),
            fade_in=self._frames("fade_in", self.fade_in),
            fade_out=self._frames("fade_out", self.fade_out),
        )
        return faded.taps[:, 0]
