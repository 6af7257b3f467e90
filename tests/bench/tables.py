"""Markdown, line by line, so that a table can be watched as it grows."""

from __future__ import annotations

from math import isnan

NONE = "–"


def header(*names: str) -> str:
    """Begin a table; all columns but the first are for numbers."""
    return row(*names) + "\n" + row("---", *["--:"] * (len(names) - 1))


def row(*cells: object) -> str:
    """Write one row."""
    return "| " + " | ".join(str(cell).replace("|", r"\|") for cell in cells) + " |"


def number(value: float, digits: int = 2) -> str:
    """Write a figure, or that there is none."""
    return NONE if isnan(value) else f"{value:.{digits}f}"


def judged(value: float, limit: float | None, digits: int = 2) -> str:
    """Write a figure beside its target, in bold where it misses it.

    Examples
    --------
    >>> judged(0.31, 0.4), judged(0.5, 0.4), judged(0.31, None)
    ('0.31 ≤ 0.40', '**0.50 > 0.40**', '0.31')
    """
    text = number(value, digits)
    if limit is None or isnan(value):
        return text
    target = number(limit, digits)
    return f"{text} ≤ {target}" if value <= limit else f"**{text} > {target}**"
