"""Impulse responses as text: a column of numbers, or the export of Room EQ Wizard (REW)."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audioconv.errors import FormatError, UsageError, counted
from audioconv.files import display_name, escape, read_bytes
from audioconv.ir.response import Response
from audioconv.ir.sound import checked_rate, chosen_channels
from impulses import Impulse

MAX_BYTES = 2**28
"""Largest file: more than ten million numbers, each of which takes far more memory as text."""

HEADER_LINES = 100
"""Lines among which a header is looked for."""

COMMENTS = ("*", "#", "%", ";", "//")
"""Beginnings of lines without numbers."""

VALUE = re.compile(r"\s*(\S+)\s*//\s*(.*\S)\s*")
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


def read_text(
    path: str,
    *,
    rate: int | None = None,
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
    header = _header(path, lines)
    rate = _stated_rate(path, header) if rate is None else checked_rate(path, rate)
    taps = _table(path, lines, header.lines, choosing=channel is not None or bool(channels))
    stated = header.values.get(LENGTH, len(taps))
    if stated != len(taps):
        raise FormatError(
            f"{display_name(path)} has {len(taps)} values, but its header states {stated:g}; "
            "export it again"
        )
    chosen = chosen_channels(path, Impulse(taps, rate), channel, channels)
    return Response(_placed(path, header, chosen), digest=digest)


def _lines(path: str, data: bytes) -> list[str]:
    """Decode UTF-8 or UTF-16, as Windows writes it, into lines."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if wide else "utf-8-sig", "replace")
    if "\0" in text:
        raise FormatError(
            f"{display_name(path)} is not text; give a binary file another suffix, such as .raw"
        )
    return text.splitlines()


def _header(path: str, lines: list[str]) -> Header:
    """Parse the header of REW: lines such as ``48000 // Peak index`` before the data."""
    start = lines[:HEADER_LINES]
    frequencies = next((line for line in start if FREQUENCIES.search(line)), None)
    if frequencies is not None:
        raise FormatError(
            f"{display_name(path)} is a frequency response ({escape(frequencies.strip(' *'))}), "
            "not an impulse response; export the impulse response as text, or as a WAV"
        )
    found = {at: match for at, line in enumerate(start) if (match := VALUE.fullmatch(line))}
    values = {
        match[2].lower(): _number(path, at, match[1])
        for at, match in found.items()
        if match[2].lower() in (INTERVAL, START, LENGTH)
    }
    return Header(max(found) + 1, values) if INTERVAL in values else Header()


def _stated_rate(path: str, header: Header) -> int:
    """Return the rate of a header, whose sample interval is rounded."""
    name = display_name(path)
    if INTERVAL not in header.values:
        raise UsageError(f"{name} has no rate of its own; name it, as in {name}:rate=48000")
    interval = header.values[INTERVAL]
    rate = 1 / interval if interval > 0 else 0.0
    if not (0.5 < rate < 1e9 and abs(rate - round(rate)) <= TOLERANCE):
        raise UsageError(
            f"{name} has a sample interval of {interval:g} s, which is a rate of {rate:.2f} Hz and "
            f"not a whole number; name it, as in {name}:rate=48000"
        )
    return round(rate)


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
    taps = np.pad(impulse.taps, [(max(frames, 0), 0), (0, 0)])
    return impulse.with_taps(taps, origin=max(-frames, 0))


def _table(path: str, lines: list[str], first: int, *, choosing: bool) -> NDArray[np.float64]:
    """Parse lines from `first` on: numbers (rows, columns); one column if none is chosen."""
    rows: list[list[float]] = []
    titled = False
    for at, line in enumerate(lines[first:], first):
        text = line.strip()
        if not text or text.startswith(COMMENTS):
            continue
        if not (rows or titled) and _is_title(text):
            titled = True
            continue
        rows.append(_row(path, at, text, choosing))
        if len(rows[-1]) != len(rows[0]):
            raise FormatError(
                f"{display_name(path)} has {counted(len(rows[-1]), 'number')} on line {at + 1}, "
                f"after {len(rows[0])} on others; it must be as many on each"
            )
    if not rows:
        raise FormatError(f"{display_name(path)} holds no numbers; there is no impulse in it")
    columns = len(rows[0])
    if columns > 1 and not choosing:
        remedy = f"choose one, as in {display_name(path)}:channel={columns}"
        raise UsageError(
            f"{display_name(path)} has {columns} columns, and one of them may be the time; {remedy}"
            if len(rows) > 1
            else f"{display_name(path)} has {columns} numbers on one line; write one on each"
        )
    return np.array(rows)


def _row(path: str, at: int, text: str, choosing: bool) -> list[float]:
    """Parse a line of one number or several."""
    with suppress(ValueError):  # the usual case, several times as fast
        return [_parsed(text)]
    if "," in text:
        _refuse_decimal_comma(path, at, text, choosing)
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


def _refuse_decimal_comma(path: str, at: int, text: str, choosing: bool) -> None:
    fields = re.split(r"[;\s]+", text)
    commas = any(map(DECIMAL_COMMA.fullmatch, fields))
    if commas and (len(fields) > 1 or not choosing):
        raise FormatError(
            f"{display_name(path)} has {escape(text)!r} on line {at + 1}: a decimal comma, or two "
            "columns; write decimal points, or choose a column, as in "
            f"{display_name(path)}:channel=2"
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
