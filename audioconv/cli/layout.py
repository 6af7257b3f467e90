"""Text laid out for a width: lines wrapped between words, rows of label and value, and tables.

A terminal has the width that it has; anything else, such as a pipe or a file, has 80 columns, so
that it holds the same on every machine. COLUMNS in the environment overrides both.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator, Sequence
from typing import TextIO

Rows = list[tuple[str, str]]
"""Labels and values."""

PLAIN = 80
"""Columns of what is no terminal."""

NARROWEST, LEAST = 40, 20
"""Columns to which text is laid out at least, and at least of a value beside its label."""


def width(stream: TextIO | None) -> int:
    """Return the columns of a stream: COLUMNS, or those of the terminal, or 80."""
    given = os.environ.get("COLUMNS", "")
    columns = int(given) if given.isdecimal() else 0
    if not columns and stream is not None and not stream.closed and stream.isatty():
        try:
            columns = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError):  # a stand-in for a terminal
            columns = 0
    return max(columns or PLAIN, NARROWEST)


def wrapped(text: str, columns: int, *, hanging: int = 2) -> str:
    """Wrap a line between words; the lines after the first are indented.

    Examples
    --------
    >>> print(wrapped("out.wav: the same 285406 bytes", 24))
    out.wav: the same 285406
      bytes
    """
    indent = len(text) - len(text.lstrip(" "))
    following = " " * (indent + hanging)
    lines = textwrap.wrap(
        text[indent:],
        columns,
        initial_indent=" " * indent,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def listed(parts: Sequence[str], separator: str, columns: int, *, hanging: int = 2) -> str:
    """Join parts, and break the line only between them.

    Examples
    --------
    >>> print(listed(["a.wav: 44100 Hz", "2 channels", "4.000 s"], ", ", 28))
    a.wav: 44100 Hz, 2 channels,
      4.000 s
    """
    lines = [parts[0]]
    for part in parts[1:]:
        lines[-1] += separator
        # the blank at the end of a line is not seen
        if len(f"{lines[-1]}{part}{separator}".rstrip()) <= columns:
            lines[-1] += part
        else:
            lines.append(" " * hanging + part)
    return "\n".join(line.rstrip() for line in lines)


def two_columns(rows: Rows, columns: int, *, indent: str = "  ") -> str:
    """Align labels and values in two columns; values are wrapped beside their labels.

    Examples
    --------
    >>> print(two_columns([("peak", "-1.9 dBFS"), ("output", "142561 frames, 1 channel")], 26))
      peak    -1.9 dBFS
      output  142561 frames, 1
              channel
    """
    return "\n".join(f"{label}{value}".rstrip() for label, value in cells(rows, columns, indent))


def cells(rows: Rows, columns: int, indent: str = "  ") -> Iterator[tuple[str, str]]:
    """Yield the labels, padded, and the values, wrapped, of `two_columns`.

    Beside long labels there may be no room, and the values stand below them.
    """
    widest = max((len(label) for label, _ in rows), default=0)
    beside = len(indent) + widest + 2
    hanging = beside if columns - beside >= LEAST else len(indent) + 4
    for label, value in rows:
        lines = " " * hanging + wrapped(value, columns - hanging, hanging=0)
        lines = lines.replace("\n", "\n" + " " * hanging)
        if hanging == beside:
            yield f"{indent}{label:<{widest}}  ", lines.lstrip(" ")
        else:
            yield f"{indent}{label}\n", lines


def table(lines: Sequence[Sequence[str]], columns: int, *, indent: str = "  ") -> str:
    """Align cells to the right, in columns two blanks apart, or one if there is no room for two.

    Columns for which there is no room at all follow in a table of their own, below, with the first
    column again.

    Examples
    --------
    >>> print(table([["Hz", "EDT", "T20"], ["500", "1.63", "1.69"]], 80))
       Hz   EDT   T20
      500  1.63  1.69
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    room = columns - len(indent)
    gap = 2 if sum(widths) + 2 * (len(widths) - 1) <= room else 1
    parts: list[list[int]] = []
    used = room
    for column in range(1, len(widths)):
        used += gap + widths[column]
        if used > room:
            parts.append([0])
            used = widths[0] + gap + widths[column]
        parts[-1].append(column)
    return "\n".join(
        (indent + (" " * gap).join(f"{line[at]:>{widths[at]}}" for at in part)).rstrip()
        for part in parts
        for line in lines
    )
