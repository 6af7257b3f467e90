"""JSON from a stranger: read only if each value is one that audioconv could have written."""

from __future__ import annotations

import json
from typing import Any

from audioconv.files.formats import escape
from audioconv.units import LARGEST

PATH = "path"
"""Key of the one kind of text that may hold any character: the name of a file."""


def read_json(text: str) -> Any:
    r"""Parse JSON whose numbers are finite and in range, and whose text is safe to print.

    Raises
    ------
    ValueError
        If it is no JSON, or holds anything else.

    Examples
    --------
    >>> read_json('{"wet": 0.5, "length": "full"}')
    {'wet': 0.5, 'length': 'full'}
    >>> read_json('{"wet": 1e308}')
    Traceback (most recent call last):
    ValueError: a number is out of range
    >>> read_json('{"length": "\\u001b[31m"}')
    Traceback (most recent call last):
    ValueError: text holds control characters
    """
    try:
        read = json.loads(text, parse_int=_whole, parse_float=_number, parse_constant=_number)
        _check_text(read)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return read


def _whole(text: str) -> int:
    _number(text)  # first, as thousands of digits take their time
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if not abs(number) < LARGEST:  # NaN is not, either
        raise ValueError("a number is out of range")
    return number


def _check_text(value: Any, key: str = "") -> None:
    """Refuse text that a terminal or a message would take for something else."""
    if isinstance(value, str) and key != PATH and escape(value) != value:
        raise ValueError("text holds control characters")
    if isinstance(value, dict):
        for name, item in value.items():
            _check_text(name)
            _check_text(item, name)
    if isinstance(value, list):
        for item in value:
            _check_text(item)
