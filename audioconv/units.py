"""Parse quantities with units: times, gains, levels, frequencies, distances, angles, sizes.

And the words that may stand for one: the length of an output, the level that it matches, and the
stems beside it.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from audioconv.errors import UsageError, printable

LARGEST = 1e30
"""Magnitude that no number reaches; its square, and sums of many, are far from overflowing."""

LARGEST_BARE = 2.0
"""Gain without a unit up to which it is no surprise."""

LENGTHS = ("full", "input", "auto")

STEMS = ("early", "late", "dry")
EARLY_TIME = "50ms"
"""Where the early part ends, after the direct sound, unless another time is given."""

LONGEST_EARLY = 60.0
"""Seconds of the early part, at most."""

MEASURES = {"peak": "dBFS", "rms": "dBFS", "lufs": "LUFS"}
"""Measures of the level of a sound, and their units."""

LOWEST_TARGET = {"peak": -200.0, "rms": -200.0, "lufs": -70.0}
"""Lowest level to be matched: under the last of 32 bits, and the gate of BS.1770."""
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"


def parse_time(text: str, rate: int) -> float:
    """Parse a time in seconds: ``350ms``, ``0.35s``, ``0.35`` or ``15435S`` (samples at `rate`).

    Examples
    --------
    >>> parse_time("350ms", 48000), parse_time("24000S", 48000)
    (0.35, 0.5)
    """
    number, unit = _number(text, "[mM][sS]|s|S|", "a time; write 350ms, 0.35s or 15435S (samples)")
    return number / {"ms": 1000, "s": 1, "": 1, "S": rate}[unit if unit == "S" else unit.lower()]


class BareGain(float):
    """A gain that was written without a unit, which its number alone would not tell."""


def parse_gain(text: str) -> float:
    """Parse a gain, as a factor: ``0.5``, ``0.5x`` or ``50%``, or ``-6dB``.

    A factor without a unit is a `BareGain`.

    Examples
    --------
    >>> parse_gain("0.5"), parse_gain("-20dB"), parse_gain("-0.5x"), parse_gain("50%")
    (0.5, 0.1, -0.5, 0.5)
    """
    number, unit = _number(text, "[dD][bB]|x|%|", "a gain; write 0.5 or -6dB")
    if unit in ("x", "%"):
        return number / (100 if unit == "%" else 1)
    if unit and not 10 ** (min(number, 6000) / 20) < LARGEST:
        raise UsageError(f"{text!r} is not a gain; write one under 600 dB")
    return 10 ** (number / 20) if unit else BareGain(number)


def bare_gain_notice(gain: float | str) -> str | None:
    """Return a notice of a gain without a unit that is probably meant in decibels; None if not.

    Parameters
    ----------
    gain : float or str
        as text, or as `parse_gain` gives it; any other number is meant as a factor

    Examples
    --------
    >>> bare_gain_notice("6")
    'a gain of 6 is a factor, 15.6 dB louder; 6 dB are written 6dB, and the factor 6x'
    >>> bare_gain_notice("2"), bare_gain_notice("6x"), bare_gain_notice(6.0)
    (None, None, None)
    """
    number = parse_gain(gain) if isinstance(gain, str) else gain
    if not isinstance(number, BareGain) or number <= LARGEST_BARE:
        return None
    return (
        f"a gain of {number:g} is a factor, {20 * math.log10(number):.1f} dB louder; {number:g} dB "
        f"are written {number:g}dB, and the factor {number:g}x"
    )


def parse_level(text: str) -> float:
    """Parse a level in decibels, with or without the unit; ``-inf`` is silence.

    Examples
    --------
    >>> parse_level("-60dB"), parse_level("-60"), parse_level("-inf")
    (-60.0, -60.0, -inf)
    """
    if text.strip() == "-inf":
        return -math.inf
    return _number(text, "[dD][bB]|", "a level in decibels; write -60dB")[0]


def parse_frequency(text: str) -> float:
    """Parse a frequency in hertz: ``4300``, ``4300Hz`` or ``4.3kHz``.

    Examples
    --------
    >>> parse_frequency("4.3kHz"), parse_frequency("20")
    (4300.0, 20.0)
    """
    number, unit = _number(text, "(?i:k?hz|k|)", "a frequency; write 500Hz or 4.3kHz")
    return number * 1000 if unit.lower().startswith("k") else number


def parse_rate(text: str) -> int:
    """Parse a sample rate, a whole number of hertz: ``44100``, ``44100Hz`` or ``44.1kHz``.

    Examples
    --------
    >>> parse_rate("48000"), parse_rate("44.1kHz")
    (48000, 44100)
    """
    hertz = round(parse_frequency(text), 6)  # 44.1 times 1000 is not 44100
    if hertz != int(hertz):
        raise UsageError(f"{text!r} is not a whole number of hertz; write 48000 or 44.1kHz")
    return int(hertz)


def parse_distance(text: str) -> float:
    """Parse a distance in metres: ``3.5``, ``3.5m`` or ``17cm``.

    Examples
    --------
    >>> parse_distance("3.5m"), parse_distance("17cm")
    (3.5, 0.17)
    """
    number, unit = _number(text, "m|cm|", "a distance; write 3.5m or 17cm")
    return number / 100 if unit == "cm" else number


def parse_angle(text: str) -> float:
    """Parse an angle in degrees, with or without the unit.

    Examples
    --------
    >>> parse_angle("30"), parse_angle("-45deg")
    (30.0, -45.0)
    """
    return _number(text, "deg|°|", "an angle in degrees; write 30 or 30deg")[0]


def parse_size(text: str) -> int:
    """Parse a number of bytes: ``4GB``, ``500MB`` (powers of ten), or ``4096``.

    Examples
    --------
    >>> parse_size("4GB"), parse_size("4096")
    (4000000000, 4096)
    """
    number, unit = _number(text, "[kKMGT]?B?", "a size; write 500MB or 4GB")
    powers = {"": 0, "K": 3, "M": 6, "G": 9, "T": 12}
    return round(number * 10.0 ** powers[unit.upper().rstrip("B")])


def parse_quality(text: str) -> float:
    """Parse the quality of a lossy coding: ``0.8``, or a bit rate, ``192k``, in bit/s.

    Examples
    --------
    >>> parse_quality("0.8"), parse_quality("192k")
    (0.8, 192000.0)
    """
    number = text.strip().lower().removesuffix("k")
    try:
        value = parse_number(number)
    except UsageError:
        raise UsageError(
            f"{text!r} is not a quality; write 0.8, or a bit rate such as 192k"
        ) from None
    return value if number == text.strip().lower() else 1000 * value


def parse_length(text: str, rate: int) -> str | int:
    """Parse an output length: ``full``, ``input``, ``auto``, or a time, as a number of frames.

    Examples
    --------
    >>> parse_length("full", 48000), parse_length("2s", 48000)
    ('full', 96000)
    """
    if text in LENGTHS:
        return text
    try:
        frames = round(parse_time(text, rate) * rate)
    except UsageError:
        raise UsageError(
            f"length {text!r} is not one of {', '.join(LENGTHS)}, or a time such as 10s"
        ) from None
    if frames < 1:
        raise UsageError(f"length {printable(text)} is {frames} frames; it must be at least one")
    return frames


class Stem(NamedTuple):
    """A part of an output, written beside it.

    Parameters
    ----------
    name : {"early", "late", "dry"}
        the sound through the impulse up to a time after the direct sound, or from there on; or the
        sound itself, at the time of the direct sound
    time : str
        that time, as `parse_time` reads it
    """

    name: str
    time: str = EARLY_TIME


def parse_stems(text: str) -> tuple[Stem, ...]:
    """Parse the stems of an output: ``early``, ``late``, ``dry``, the first also with its time.

    Examples
    --------
    >>> parse_stems("early=80ms,late")
    (Stem(name='early', time='80ms'), Stem(name='late', time='80ms'))
    """
    given: dict[str, str] = {}
    for part in text.split(","):
        name, equals, time = (piece.strip() for piece in part.partition("="))
        if name not in STEMS:
            raise UsageError(
                f"`stems` has {name!r}, which is not one of {', '.join(STEMS)}; write "
                f"early={EARLY_TIME},late,dry"
            )
        if name in given:
            raise UsageError(f"`stems` has {name} twice; name each once")
        if equals and name != "early":
            raise UsageError(
                f"`stems` has a time for {name}; give it to early, as in early={EARLY_TIME}"
            )
        given[name] = time if equals else EARLY_TIME
    time = given.get("early", EARLY_TIME)
    parse_time(time, 1)
    return tuple(Stem(name, time) for name in given)


def early_frames(time: str, rate: int) -> int:
    """Return the frames of the early part after the direct sound.

    Examples
    --------
    >>> early_frames("50ms", 16000)
    800
    """
    seconds = parse_time(time, rate)
    if not 0 < seconds <= LONGEST_EARLY:
        raise UsageError(
            f"`stems` has early={printable(time)}; it must be above 0, and at most "
            f"{LONGEST_EARLY:g} s"
        )
    return max(1, round(seconds * rate))


class Match(NamedTuple):
    """The level that an output is to have.

    Parameters
    ----------
    measure : {"peak", "rms", "lufs"}
    target : float or None
        in the unit of the measure; None for the level of the input
    """

    measure: str
    target: float | None = None

    @property
    def unit(self) -> str:
        """``dBFS`` or ``LUFS``."""
        return MEASURES[self.measure]


def parse_match(text: str) -> Match | None:
    """Parse a level to match: ``none``, ``rms`` (that of the input), or ``lufs=-23``.

    Targets are in dBFS, of loudness in LUFS, with or without the unit.

    Examples
    --------
    >>> parse_match("rms")
    Match(measure='rms', target=None)
    >>> parse_match("lufs=-23LUFS").target, parse_match("peak=-1dB").target
    (-23.0, -1.0)
    """
    measure, given, target = text.strip().partition("=")
    measure = measure.lower()
    if measure == "none" and not given:
        return None
    if measure not in MEASURES:
        raise UsageError(
            f"match {text!r} is not one of none, {', '.join(MEASURES)}, or one of these with a "
            "target, such as lufs=-23 or peak=-1dBFS"
        )
    return Match(measure, _target(measure, target) if given else None)


def _target(measure: str, text: str) -> float:
    """Parse the target of a measure."""
    unit = MEASURES[measure]
    if text.lower().endswith("tp"):
        raise UsageError(
            f"match {measure}={printable(text)} is a true peak, between the samples; a match "
            "is of the samples themselves, such as peak=-1dBFS"
        )
    units = "(?i:lufs|lkfs|db|)" if measure == "lufs" else "(?i:dbfs|db|)"
    example = f"{measure}={-23 if measure == 'lufs' else -20}"
    level, _ = _number(text, units, f"a level in {unit}; write {example}")
    if not LOWEST_TARGET[measure] < level <= 0:
        raise UsageError(
            f"match {measure}={level:g} cannot be reached; it must be above "
            f"{LOWEST_TARGET[measure]:g} {unit}, and at most 0 {unit}, which is full scale"
        )
    return level


def _number(text: str, units: str, expected: str) -> tuple[float, str]:
    """Split a number from its unit, one of the alternatives of a regular expression."""
    match = re.fullmatch(f"({NUMBER}) ?({units})", text.strip())
    if match is None or not abs(float(match[1])) < LARGEST:
        raise UsageError(f"{text!r} is not {expected}")
    return float(match[1]), match[2]


def parse_number(text: str) -> float:
    """Parse a number without a unit, or as a percentage.

    Examples
    --------
    >>> parse_number("0.3"), parse_number("30%")
    (0.3, 0.3)
    """
    number, unit = _number(text, "%|", "a number")
    return number / 100 if unit else number


def parse_whole(text: str) -> int:
    """Parse a whole number."""
    number = _number(text, "", "a whole number")[0]
    if number != int(number):
        raise UsageError(f"{text!r} is not a whole number")
    return int(number)


def clock(seconds: float) -> str:
    """Return a length in minutes and seconds, and in hours if there are any.

    Examples
    --------
    >>> clock(25.2), clock(3725.2)
    ('0:25', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
