"""What is written in a picture: names of files, and numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from audioconv.files import display_name

LONGEST = 44
"""Characters of a name in a legend."""


def names_in_legend(paths: Sequence[str]) -> list[str]:
    """Name files in a legend: without their folders, unless they are then alike.

    Examples
    --------
    >>> names_in_legend(["one/hall.wav", "one/room.wav"]), names_in_legend(["one/a.wav", "two/a.wav"])
    (['hall.wav', 'room.wav'], ['one/a.wav', 'two/a.wav'])
    """
    short = [os.path.basename(path) or path for path in paths]
    return [
        _shortened(display_name(one)) for one in (short if len({*short}) == len(short) else paths)
    ]


def minus(text: str) -> str:
    """Write minus signs before numbers as wide as plus signs.

    Examples
    --------
    >>> minus("-5 to -25 dB, a-b")
    '−5 to −25 dB, a-b'
    """
    return re.sub(r"-(?=\d)", "−", text)


def listed(names: Sequence[str]) -> str:
    """Join names to words.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _shortened(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 + 1 :]}"
