"""Slips on the command line: numbers that probably mean something else than they say.

`--delay 350` is 350 seconds, and `--gain -6` a factor that inverts. Where they are typed, in
options and in specs, they are refused with the two ways to write them; so is a decimal comma.
Recipes and Python mean what they state.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence

from audioconv.errors import UsageError, printable
from audioconv.job import Options
from audioconv.parameters import Parameter, assignments
from audioconv.units import NUMBER, parse_gain

LONGEST = 10.0
"""Seconds up to which a time needs no unit."""

COMMA = r"[+-]?\d{1,3}(?:,\d+)? ?[A-Za-z%]*"
"""A number with a decimal comma and its unit, or without; or a list of two numbers."""

THOUSANDS = r"\b[1-9]\d{0,2},\d{3}(?!\d)"
"""A number whose comma may as well be one of thousands."""

UNIT = "(?i:ms|s|db|x|%|hz|k|khz)"
"""A unit of a time, a gain or a frequency, as a word of its own."""

LONG = ("duration", "seconds", "slice")
"""Times that are often longer: those of whole sounds, and places in them."""


def refuse(named: str, unit: str, text: str) -> None:
    """Raise if a time or a gain lacks the unit without which it is probably a slip.

    So does any number with a decimal comma.

    Parameters
    ----------
    named : str
        the option, or the key, with which the message begins; the value follows behind a space, or
        at once behind an ``=``
    unit : str
        of the parameter; all but ``time`` and ``gain`` are left alone
    text : str
        a value, or the two ends of a range, ``0.1..350``

    Raises
    ------
    UsageError

    Examples
    --------
    >>> refuse("--delay", "time", "350ms")
    >>> refuse("--delay", "time", "350")
    Traceback (most recent call last):
        ...
    audioconv.errors.UsageError: --delay 350 has no unit; write 350ms or 350s
    >>> refuse("--gain", "gain", "-6")
    Traceback (most recent call last):
        ...
    audioconv.errors.UsageError: --gain -6 has no unit; write -6dB, or -6x to invert
    >>> refuse("--stems early=", "time", "50")
    Traceback (most recent call last):
        ...
    audioconv.errors.UsageError: --stems early=50 has no unit; write 50ms or 50s
    """
    refuse_comma(text, named)
    ends = [end.strip() for end in text.split("..")]
    if not all(re.fullmatch(NUMBER, end) for end in ends):
        return
    value, numbers = "..".join(ends), [*map(float, ends)]
    if unit == "time" and max(numbers) > LONGEST:
        remedy = f"write {value}ms or {value}s"
    elif unit == "gain" and min(numbers) < 0:
        remedy = f"write {value}dB, or {value}x to invert"
    else:
        return
    raise UsageError(f"{_written(named, value)} has no unit; {remedy}")


def refuse_comma(text: str, named: str = "") -> None:
    """Raise if a number has a decimal comma; `named` is as for `refuse`.

    Examples
    --------
    >>> refuse_comma("0,35s", "--predelay")
    Traceback (most recent call last):
        ...
    audioconv.errors.UsageError: --predelay 0,35s has a comma, but decimals follow a point; write \
0.35s
    """
    if pointed := point_for_comma(text):
        whole = f", or {text.replace(',', '')}" if re.search(THOUSANDS, text) else ""
        raise UsageError(
            f"{_written(named, text)} has a comma, but decimals follow a point; write "
            f"{pointed}{whole}"
        )


def point_for_comma(text: str) -> str | None:
    """Return a number, or a range, that has a decimal comma with a point; None if it has none.

    Examples
    --------
    >>> point_for_comma("-3,5dB"), point_for_comma("lufs=-23,5"), point_for_comma("1s,2s")
    ('-3.5dB', 'lufs=-23.5', None)
    >>> point_for_comma("0,2..0,8s")
    '0.2..0.8s'
    """
    number = rf"(?:[a-z]+=)?{COMMA}(?:\.\.{COMMA})?"
    found = "," in text and re.fullmatch(number, text.strip())
    return text.strip().replace(",", ".") if found else None


def probable(named: str, unit: str, text: str) -> str:
    """Return a value that `refuse` takes: with a unit, if it lacks one.

    Examples
    --------
    >>> probable("--delay", "time", "350"), probable("--delay", "time", "0")
    ('350ms', '0')
    """
    try:
        refuse(named, unit, text)
    except UsageError:
        return text + {"time": "ms", "gain": "dB"}[unit]
    return text


def _written(named: str, value: str) -> str:
    """Return an option, or a key, with its value."""
    return f"{named}{'' if named.endswith('=') else ' '}{value}".lstrip()


def refuse_spaces(words: Sequence[str]) -> None:
    """Raise if a value of an option and its unit are two words, as in ``--delay 350 ms``.

    A file that has the name of a unit is left alone.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> refuse_spaces(["in.wav", "out.wav", "--gain", "-6", "dB"])
    Traceback (most recent call last):
        ...
    audioconv.errors.UsageError: --gain -6 dB has a space before the unit; write -6dB
    """
    for before, word, unit in zip(["", *words], words, words[1:], strict=False):
        option, _, value = word.partition("=") if word.startswith("--") else (before, "", word)
        if (
            re.match("--[a-z]", option)
            and re.fullmatch(NUMBER, value)
            and re.fullmatch(UNIT, unit)
            and not os.path.lexists(unit)
        ):
            written = f"{option} {value} {unit}"
            raise UsageError(f"{written} has a space before the unit; write {value}{unit}")


def refuse_options(declared: Sequence[Parameter], given: Mapping[str, Sequence[str]]) -> None:
    """Raise if an option that takes text has a value that `refuse` refuses."""
    for parameter in declared:
        unit = "" if parameter.name in LONG else parameter.unit
        for text in given.get(parameter.option, ()):
            for one in text.split(",") if parameter.many else [text]:
                refuse(f"--{parameter.option}", unit, one)


def refuse_in_job(irs: Iterable[str], options: Options) -> None:
    """Raise if specs, or the gain of the impulse, have a value that `refuse` refuses."""
    refuse_specs(irs)
    refuse("--ir-gain", "gain", options.ir_gain)


def refuse_specs(irs: Iterable[str | None]) -> None:
    """Raise if a builder spec, or a change of a preset, has a value that `refuse` refuses.

    Any other fault of a name is left to those who load it.
    """
    for ir in irs:
        # most impulses are files, for which nothing needs to be imported
        if ir is None or ":" not in ir or os.path.lexists(ir):
            continue
        from audioconv.ir.load import builder_parameters  # late, so that help is fast
        from audioconv.ir.names import split_join

        if parts := split_join(ir):
            refuse_specs(parts)
        elif builder := _builder(ir):
            declared = {one.option: one for one in builder_parameters(builder)}
            for key, texts in _typed(ir).items():
                parameter = declared.get(key.replace("_", "-"))
                if parameter is None:
                    continue
                named, together = f"{key} of {printable(ir)}:", ",".join(texts)
                # a key may also be given twice, and a list have ranges
                is_one = not parameter.many or any(map(_is_reversed, texts))
                if is_one and f"{key}={together}" in ir:
                    refuse_comma(together, named)
                for text in texts:
                    refuse(named, parameter.unit, text)


def _is_reversed(text: str) -> bool:
    """Return whether a text is a range whose end is not above its beginning."""
    ends = re.fullmatch(rf"({NUMBER})\.\.({NUMBER})", text)
    return ends is not None and float(ends[1]) >= float(ends[2])


def _builder(ir: str) -> str | None:
    """Return the builder of a spec or of a preset; None for any other name."""
    from audioconv.ir.load import PRESET
    from impulses import BUILDERS, PRESETS

    builder, _, rest = ir.partition(":")
    if builder == PRESET and (preset := rest.partition(",")[0]) in PRESETS:
        builder = PRESETS[preset].spec.partition(":")[0]
    return builder if builder in BUILDERS else None


def _typed(ir: str) -> dict[str, list[str]]:
    """Return the assignments that are typed in a spec, or behind the name of a preset."""
    from audioconv.ir.load import PRESET

    kind, _, rest = ir.partition(":")
    typed = rest.partition(",")[2] if kind == PRESET else rest
    try:
        return assignments(typed, ir)
    except UsageError:
        return {}


def typed_gain(text: str) -> float:
    """Parse a gain, unless it is negative and has no unit.

    Examples
    --------
    >>> typed_gain("-1x"), typed_gain("50%")
    (-1.0, 0.5)
    """
    refuse("", "gain", text)
    return parse_gain(text)
