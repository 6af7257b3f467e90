"""Text in pictures: file names and numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from audioconv.files import display_name
from audioconv.ir.names import short_name

MAX_LENGTH = 44
"""Characters of a legend label."""


def legend_labels(paths: Sequence[str]) -> list[str]:
    """Label files by their names, or by their paths if two names are the same.

    Examples
    --------
    >>> legend_labels(["one/hall.wav", "one/room.wav"]), legend_labels(["one/a.wav", "two/a.wav"])
    (['hall.wav', 'room.wav'], ['one/a.wav', 'two/a.wav'])
    """
    names = [short_name(path) for path in paths]
    unique = len({*names}) == len(names)
    return [_shorten(display_name(label)) for label in (names if unique else paths)]


def minus_signs(text: str) -> str:
    """Replace hyphens before digits by minus signs.

    Examples
    --------
    >>> minus_signs("-5 to -25 dB, a-b")
    '−5 to −25 dB, a-b'
    """
    return re.sub(r"-(?=\d)", "−", text)


def _shorten(text: str) -> str:
    if len(text) <= MAX_LENGTH:
        return text
    return f"{text[: MAX_LENGTH // 2]}…{text[-MAX_LENGTH // 2 + 1 :]}"
