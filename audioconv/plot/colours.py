"""Colours of all pictures, on a light and on a dark ground, and colour maps of levels.

A colour is named by its place in the colour cycle of the theme, as in the style sheets of
matplotlib, so that what draws does not know the theme. The dark theme is that of the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY = "C0", "C1", "C2", "C3", "C4", "C5"
INK, GREY, LINE, GROUND = "C6", "C7", "C8", "C9"
SERIES = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, INK)
"""Colours for series, distinct under colour blindness (Okabe and Ito)."""

DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (5, 1, 1, 1)), (0, (8, 2, 3, 2)))
"""Line styles for series; with five of them and seven colours, 35 series are distinct."""


@dataclass(frozen=True)
class Theme:
    """The colours of a picture, in the order of `SERIES`, then grey, thin lines and the ground.

    Parameters
    ----------
    cycle : tuple of str
        ten colours, ``#rrggbb``
    """

    cycle: tuple[str, ...]

    def colour(self, name: str) -> str:
        """Return a colour, such as `BLUE`, as ``#rrggbb``."""
        return self.cycle[int(name[1:])]

    def settings(self) -> dict[str, Any]:
        """Return the settings of matplotlib for the theme."""
        from cycler import cycler

        ink, line, ground = map(self.colour, (INK, LINE, GROUND))
        inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
        return {
            **dict.fromkeys(inked, ink),
            **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), ground),
            "grid.color": line,
            "axes.prop_cycle": cycler(color=self.cycle),
        }


LIGHT = Theme(
    (
        *("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9"),
        *("#000000", "#767676", "#DDDDDD", "#FFFFFF"),
    )
)
DARK = Theme(
    (
        *("#4AA8E0", "#F0843C", "#2FC496", "#ECB53C", "#DD95BD", "#7FC8F2"),
        *("#E7E6E2", "#A3A6A9", "#35393D", "#141618"),
    )
)


def theme(dark: bool) -> Theme:
    """Return the dark or the light theme."""
    return DARK if dark else LIGHT


Map = Literal["ember", "cividis", "viridis", "magma", "grey"]
"""Colour maps of levels."""

EMBER = (
    *((8, 9, 26), (31, 25, 84), (75, 28, 122), (128, 35, 124), (182, 54, 104)),
    *((224, 92, 74), (245, 145, 64), (250, 202, 108), (252, 250, 210)),
)
"""The page's map: from black through violet and orange to cream, in equal steps of lightness."""


def colour_map(name: Map) -> Colormap:
    """Return a colour map; ``grey`` is dark where a sound is loud, for print."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    if name == "ember":
        return LinearSegmentedColormap.from_list(name, np.array(EMBER) / 255)
    return colormaps["Greys" if name == "grey" else name]
