"""How every picture looks, and how it is written; nothing here follows a user's settings.

A picture is the same bytes wherever the same matplotlib draws it: no date, no random names, the
fonts that matplotlib brings. Text in SVG is drawn as outlines, because a reader's machine may not
have those fonts, and labels would then run into each other; in PDF it is text, with its font.
"""

from __future__ import annotations

import io
import logging
import os
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from audioconv.errors import AudioconvError, UsageError
from audioconv.files import display_name, refuse_overwrite, target
from audioconv.plot.fonts import give_fonts
from audioconv.plot.options import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, GREY, BLACK = "#E69F00", "#56B4E9", "#767676", "#000000"
SERIES = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, BLACK)
"""Colours of Okabe and Ito, told apart by whoever sees fewer."""

DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (5, 1, 1, 1)), (0, (8, 2, 3, 2)))
"""Line styles; there are five of these and seven colours, so 35 lines differ."""

KINDS = {".png": "png", ".svg": "svg", ".pdf": "pdf"}

UNDATED: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}

SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.xmargin": 0,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.0,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "legend.borderpad": 0.2,
    "figure.constrained_layout.use": True,
    "text.parse_math": False,  # a name is a name, dollars and all
    "svg.hashsalt": "audioconv",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}

TITLE = 9
"""Points."""

LETTER = 1.55
"""mm of a letter, with what stands beside a line."""

MM = 25.4
LIMITS = {"width": (40, 2000), "height": (30, 2000), "dpi": (30, 1200)}
LEAST = 3.0
"""mm that an axis takes between its labels, at least."""

BAR = "<colorbar>"
"""What matplotlib calls the axes of a scale of colours, which is narrow."""

MOST_DOTS = 10**8
"""Of a picture: 400 MB while it is drawn."""


@contextmanager
def picture(output: str, look: Look, inputs: Sequence[str]) -> Iterator[Figure]:
    """Open a picture to be drawn; it is written when it is done.

    Raises
    ------
    UsageError
        If the output has no suffix that is known, exists, or is one of the inputs; if a size is
        out of range.
    AudioconvError
        If matplotlib is not there, or the output cannot be written.
    """
    kind = KINDS.get(os.path.splitext(output)[1].lower())
    if kind is None:
        raise UsageError(
            f"{display_name(output, role='output')} does not say what kind of picture it is; end it in "
            ".png, .svg or .pdf"
        )
    refuse_overwrite(output, inputs=list(inputs), overwrite=look.overwrite)
    _check(look)
    with settings():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(look.width / MM, (look.height or 60) / MM), dpi=look.dpi)
        yield figure
        if look.title is not None:
            _head(figure, printable(look.title))
        drawn = _drawn(figure, kind)
    with target(output) as out:
        out.file.write(drawn)
        out.commit()


@contextmanager
def settings() -> Iterator[None]:
    """Draw as every picture is drawn, whatever a user's matplotlibrc says.

    Raises
    ------
    AudioconvError
        If matplotlib is not there.
    """
    matplotlib = _matplotlib()
    # the backend is chosen by who draws
    usual = {k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith("backend")}
    with matplotlib.rc_context({**usual, **SETTINGS}):
        yield


def tall(figure: Figure, look: Look, height: float) -> None:
    """Give a picture the height in mm that suits it, unless another is asked for."""
    if look.height is None:
        low, high = LIMITS["height"]
        figure.set_figheight(min(max(height, low), high) / MM)


def legend(figure: Figure, handles: Sequence[Any], named: Sequence[str]) -> None:
    """Put a legend above a picture, side by side as far as the labels are short."""
    wide = max(map(len, named)) + 6
    room = figure.get_figwidth() * MM / 1.5  # characters, at 1.5 mm each
    figure.legend(
        handles,
        # matplotlib drops labels that begin with an underscore
        [f" {label}" if label.startswith("_") else label for label in named],
        loc="outside upper left",
        ncols=max(1, min(len(named), int(room / wide))),
        alignment="left",
    )


def _head(figure: Figure, title: str) -> None:
    """Put a title above a picture, and above its legend if it has one there."""
    if figure.legends:
        legend = figure.legends[0]
        legend.set_title(title)
        legend.get_title().set_fontsize(TITLE)
    else:
        figure.suptitle(title, x=0.01, ha="left", fontsize=TITLE)


def size(figure: Figure) -> tuple[float, float]:
    """Return the size of a picture in mm."""
    width, height = figure.get_size_inches() * MM
    return round(float(width), 1), round(float(height), 1)


def wrapped(text: str, figure: Figure) -> str:
    """Break a line that is longer than a picture is wide."""
    return "\n".join(textwrap.wrap(text, int(size(figure)[0] / LETTER)))


def printable(text: str) -> str:
    r"""Escape what cannot be shown: line ends, lone surrogates, marks that turn text around.

    Examples
    --------
    >>> printable("a\nb\u202e")
    'a\\nb\\u202e'
    """
    return display_name(text) if text != "-" else text


def _check(look: Look) -> None:
    for option, (low, high) in LIMITS.items():
        value = getattr(look, option)
        if value is not None and not low <= value <= high:
            unit = "" if option == "dpi" else " mm"
            raise UsageError(
                f"{option} is {value:g}{unit}; it must be between {low} and {high}{unit}"
            )
    dots = look.width * (look.height or 100) * (look.dpi / MM) ** 2
    if dots > MOST_DOTS:
        raise UsageError(
            f"the picture would have {dots / 1e6:.0f} million dots; the limit is "
            f"{MOST_DOTS / 1e6:.0f}; give a lower --dpi, or a smaller size"
        )


def _matplotlib() -> Any:
    log = logging.getLogger("matplotlib")
    before = log.level
    log.setLevel(logging.ERROR)  # it tells of a cache that it cannot write, and of odd settings
    try:
        import matplotlib
        import matplotlib.font_manager
    except ImportError:
        raise AudioconvError(
            "plots need matplotlib; install it with: pip install matplotlib"
        ) from None
    finally:
        log.setLevel(before)
    return matplotlib


def _drawn(figure: Figure, kind: str) -> bytes:
    give_fonts(figure)
    written = io.BytesIO()
    with warnings.catch_warnings():
        # of characters that no font has, which are drawn as boxes; of axes without room, see below
        warnings.simplefilter("ignore")
        figure.savefig(written, format=kind, metadata=UNDATED[kind])
    width, height = size(figure)
    panels = [axes for axes in figure.axes if axes.get_label() != BAR]
    places = [axes.get_position() for axes in panels]
    if any(at.height * height < LEAST or at.width * width < LEAST for at in places):
        raise UsageError(
            f"the picture is {width:g} x {height:g} mm, too small for its labels; give more to "
            "--width or --height"
        )
    return written.getvalue()
