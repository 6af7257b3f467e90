"""A font for every character of a name, as far as one is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OWN = "DejaVu Sans"
"""The font that matplotlib brings."""


def give_fonts(figure: Figure) -> None:
    """Add to the font of a text, where it lacks a character, one that is installed and has it."""
    from matplotlib import font_manager
    from matplotlib.text import Text

    own = font_manager.get_font(font_manager.findfont(OWN)).get_charmap()
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        missing = {ord(c) for c in text.get_text() if ord(c) not in own and not c.isspace()}
        if missing:
            text.set_fontfamily([OWN, *_families(missing)])


def _families(missing: set[int]) -> Iterator[str]:
    """Name fonts that have some characters between them, in an order that never changes."""
    from matplotlib.font_manager import fontManager

    for entry in sorted(fontManager.ttflist, key=lambda entry: (entry.name, entry.fname)):
        plain = entry.style == "normal" and entry.weight == 400
        if plain and (has := missing & _characters(entry.fname)):
            yield entry.name
            missing = missing - has


def _characters(font: str) -> set[int]:
    from matplotlib import font_manager

    try:
        return {*font_manager.get_font(font).get_charmap()}
    except (OSError, RuntimeError):  # a font that went, or is none
        return set()
