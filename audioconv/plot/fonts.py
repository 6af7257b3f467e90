"""Fallback fonts for characters that the default font lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEFAULT = "DejaVu Sans"
"""The font that ships with matplotlib."""


def add_fallback_fonts(figure: Figure) -> None:
    """Give each text of a figure installed fonts for the characters that `DEFAULT` lacks."""
    from matplotlib import font_manager
    from matplotlib.text import Text

    covered = font_manager.get_font(font_manager.findfont(DEFAULT)).get_charmap()
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        missing = {ord(c) for c in text.get_text() if ord(c) not in covered and not c.isspace()}
        if missing:
            text.set_fontfamily([DEFAULT, *_families(missing)])


def _families(missing: set[int]) -> Iterator[str]:
    """Yield font families that cover the missing characters, in a fixed order."""
    from matplotlib.font_manager import fontManager

    for entry in sorted(fontManager.ttflist, key=lambda entry: (entry.name, entry.fname)):
        regular = entry.style == "normal" and entry.weight == 400
        if regular and (new := missing & _characters(entry.fname)):
            yield entry.name
            missing = missing - new


def _characters(font: str) -> set[int]:
    from matplotlib import font_manager

    try:
        return {*font_manager.get_font(font).get_charmap()}
    except (OSError, RuntimeError):  # removed since matplotlib listed it, or not a font
        return set()
