"""Impulse responses as text: a column of numbers, or the export of Room EQ Wizard (REW)."""

from __future__ import annotations

import codecs
import math
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, islice
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audioconv.errors import FormatError, UsageError, counted
from audioconv.files import display_name, escape, read_bytes
from audioconv.ir.limits import check_size
from audioconv.ir.names import example_name
from audioconv.ir.response import Response
from audioconv.ir.sound import checked_rate, chosen_channels
from impulses import Impulse

MAX_BYTES = 2**28
"""Largest file: more than ten million numbers as text."""

LINE = re.compile(r"([^\r\n]*)(?:\r\n?|\n|\Z)")
"""A line and its end; a list of all lines would take far more memory than the text."""

LONGEST_LINE = 2**16
"""Characters of a line, which is split into numbers as a whole."""

HEADER_LINES = 100
"""Lines among which a header is looked for."""

COMMENTS = ("*", "#", "%", ";", "//")
"""Beginnings of lines without numbers."""

SEPARATOR = re.compile(r"\s*[,;\t]\s*|\s+")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
NUMERALS = "+-.0123456789eE"
"""Characters of numbers; `float` also takes 1_0, nan, and the digits of other scripts."""

FREQUENCIES = re.compile(r"freq(?:uency)?\s*[(\[]\s*hz", re.IGNORECASE)

INTERVAL, START, LENGTH = "sample interval (seconds)", "start time (seconds)", "response length"
"""Labels of the values in a header of REW, in lower case."""

TOLERANCE = 0.2
"""Hz by which the inverse of a rounded sample interval may miss a whole rate."""

LATEST = 60
"""Latest start time, in seconds; a later one is probably in another unit."""


class Header(NamedTuple):
    """Header of an export: how many lines it has, and its values by their labels."""

    lines: int = 0
    values: dict[str, float] = {}  # noqa: RUF012  # never changed

    @property
    def rate(self) -> int | None:
        """The rate in Hz of its sample interval, which is rounded; None if that is not whole."""
        interval = self.values.get(INTERVAL, 0.0)
        rate = 1 / interval if interval > 0 else 0.0
        whole = 0.5 < rate < 1e9 and abs(rate - round(rate)) <= TOLERANCE
        return round(rate) if whole else None


def read_text(
    path: str,
    *,
    rate: Annotated[int, "rate"] | None = None,
    channel: int | None = None,
    channels: Sequence[int] = (),
) -> Response:
    """Read an impulse response from text: one number on each line, or REW's export.

    Parameters
    ----------
    path : str
        a text file; lines that begin with * # % ; or // are comments
    rate : int
        sample rate in Hz; required unless a header states it, and takes its place if it does
    channel : int, from 1
        number of the column to use, if there are several
    channels : sequence of int, from 1
        numbers of the columns to use, in this order

    Returns
    -------
    Response
        its origin is the time 0 of a header of REW; silence comes first if that is before the data

    Raises
    ------
    UsageError
        If there is no rate, or several columns of which none is chosen.
    FormatError
        If the file is not such text.
    """
    data, digest = read_bytes(path, MAX_BYTES)
    lines = _lines(path, data)
    start = [*islice(lines, HEADER_LINES)]
    header = _header(path, start)
    lines = chain(start[header.lines :], lines)
    known = header.rate if rate is None else checked_rate(path, rate)
    named = partial(
        example_name, path, rate=rate if known else 48000, channel=channel, channels=(*channels,)
    )
    choosing = channel is not None or bool(channels)
    taps = _table(path, lines, header.lines, None if choosing else named)
    if known is None:
        raise _unstated(path, header, named())
    stated = header.values.get(LENGTH, len(taps))
    if stated != len(taps):
        raise FormatError(
            f"{display_name(path)} has {len(taps)} values, but its header states {stated:g}; "
            "export it again"
        )
    chosen = chosen_channels(path, Impulse(taps, known), channel, channels)
    return Response(_placed(path, header, chosen), digest=digest)


def _lines(path: str, data: bytes) -> Iterator[str]:
    """Decode UTF-8 or UTF-16, as Windows writes it, and yield the lines."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if wide else "utf-8-sig", "replace")
    if "\0" in text:
        raise FormatError(
            f"{display_name(path)} is not text; give a binary file another suffix, such as .raw"
        )
    for at, line in enumerate(LINE.finditer(text), 1):
        if len(line[1]) > LONGEST_LINE:
            raise FormatError(
                f"{display_name(path)} has {len(line[1])} characters on line {at}; the limit is "
                f"{LONGEST_LINE}; write one number on each"
            )
        yield line[1]


def _header(path: str, start: list[str]) -> Header:
    """Parse the header of REW: lines such as ``48000 // Peak index`` before the data."""
    frequencies = next((line for line in start if FREQUENCIES.search(line)), None)
    if frequencies is not None:
        raise FormatError(
            f"{display_name(path)} is a frequency response ({escape(frequencies.strip(' *'))}), "
            "not an impulse response; export the impulse response as text, or as a WAV"
        )
    last, values = 0, {}
    for at, line in enumerate(start):
        value, slashes, label = line.partition("//")
        if slashes:
            last = at
        if (key := label.strip().lower()) in (INTERVAL, START, LENGTH):
            values[key] = _number(path, at, value.strip())
    return Header(last + 1, values) if INTERVAL in values else Header()


def _unstated(path: str, header: Header, example: str) -> UsageError:
    """Return the error for a file without a rate."""
    interval = header.values.get(INTERVAL)
    if interval is None:
        return UsageError(f"{display_name(path)} has no rate of its own; name it, as in {example}")
    return UsageError(
        f"{display_name(path)} has a sample interval of {interval:g} s, whose inverse is not a "
        f"whole number of Hz; name the rate, as in {example}"
    )


def _placed(path: str, header: Header, impulse: Impulse) -> Impulse:
    """Move time 0 to where a header has it; silence comes first if that is before the data."""
    start, interval = header.values.get(START, 0.0), header.values.get(INTERVAL, 0.0)
    shift = start / interval if 0 < interval < math.inf else start * impulse.rate
    if shift > LATEST * impulse.rate:
        raise FormatError(
            f"{display_name(path)} has a start time of {start:g} s, so {shift:.9g} frames of "
            f"silence come first; they must be at most {LATEST} s; export it again"
        )
    if shift <= 0.5 - impulse.frames:
        raise FormatError(
            f"{display_name(path)} has a start time of {start:g} s, which puts time 0 behind its "
            f"last frame ({counted(impulse.frames, 'frame')}); export it again"
        )
    frames = round(shift)
    check_size(path, (impulse.frames + max(frames, 0)) * impulse.taps.shape[1])
    taps = np.pad(impulse.taps, [(max(frames, 0), 0), (0, 0)])
    return impulse.with_taps(taps, origin=max(-frames, 0))


def _table(
    path: str, lines: Iterable[str], first: int, named: Callable[..., str] | None
) -> NDArray[np.float64]:
    """Parse the lines from number `first` on, counted from 0: numbers (rows, columns).

    If no column is chosen, there must be one; `named` returns a name with an option that is given.
    """
    values = array("d")
    columns, titled = 0, False
    for at, line in enumerate(lines, first):
        text = line.strip()
        if not text or text.startswith(COMMENTS):
            continue
        if not (values or titled) and _is_title(text):
            titled = True
            continue
        row = _row(path, at, text, named)
        columns = columns or len(row)
        if len(row) != columns:
            raise FormatError(
                f"{display_name(path)} has {counted(len(row), 'number')} on line {at + 1}, after "
                f"{columns} on others; it must be as many on each"
            )
        values.extend(row)
        check_size(path, len(values))
    if not values:
        raise FormatError(f"{display_name(path)} holds no numbers; there is no impulse in it")
    if columns > 1 and named:
        raise UsageError(
            f"{display_name(path)} has {columns} columns, and one of them may be the time; choose "
            f"one, as in {named(channel=columns)}"
            if len(values) > columns
            else f"{display_name(path)} has {columns} numbers on one line; write one on each"
        )
    return np.array(values).reshape(-1, columns)


def _row(path: str, at: int, text: str, named: Callable[..., str] | None) -> list[float]:
    """Parse a line of one number or several."""
    with suppress(ValueError):  # the usual case, several times as fast
        return [_parsed(text)]
    if "," in text:
        _refuse_decimal_comma(path, at, text, named)
    return [_number(path, at, cell) for cell in SEPARATOR.split(text.rstrip(" ,;"))]


def _is_title(text: str) -> bool:
    """Return whether a line is the title of columns: words without any number."""
    return (
        not any(map(_begins_number, SEPARATOR.split(text)))
        and re.search(r"[^\W\d_]", text) is not None
    )


def _begins_number(cell: str) -> bool:
    """Return whether text begins as a number does."""
    return re.match(r"[+-]?[.,]?\d|nan|[+-]?inf", cell, re.IGNORECASE) is not None


def _refuse_decimal_comma(path: str, at: int, text: str, named: Callable[..., str] | None) -> None:
    """Refuse commas that may be decimal; between two numbers they are not if a column is chosen."""
    fields = re.split(r"[;\s]+", text)
    if not any(map(DECIMAL_COMMA.fullmatch, fields)):
        return
    where = f"{display_name(path)} has {escape(text)!r} on line {at + 1}"
    if len(fields) > 1:
        raise FormatError(
            f"{where}: decimal commas, or columns with several separators; write decimal points, "
            "and one separator"
        )
    if named:
        raise FormatError(
            f"{where}: a decimal comma, or two columns; write decimal points, or choose a column, "
            f"as in {named(channel=2)}"
        )


def _number(path: str, at: int, text: str) -> float:
    try:
        return _parsed(text)
    except ValueError:
        raise FormatError(
            f"{display_name(path)} has {escape(text[:40])!r} on line {at + 1}, which is not a "
            "number; give a column of numbers with decimal points"
        ) from None


def _parsed(text: str) -> float:
    """Parse a decimal number; raise `ValueError` for anything else."""
    if text.strip(NUMERALS):
        raise ValueError(text)
    return float(text)
