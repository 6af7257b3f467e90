"""Style and output of all pictures, independent of the user's matplotlib settings.

The same version of matplotlib draws a picture to the same bytes everywhere: without dates or random
identifiers, in the fonts that ship with matplotlib. Text in SVG is drawn as outlines, because
labels would overlap on machines without those fonts; PDF embeds them.
"""

from __future__ import annotations

import io
import logging
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audioconv.errors import AudioconvError, UsageError
from audioconv.files import display_name, escape, refuse_overwrite, target
from audioconv.plot.colours import theme
from audioconv.plot.fonts import add_fallback_fonts
from audioconv.plot.options import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = {".png": "png", ".svg": "svg", ".pdf": "pdf"}

METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""Metadata left out of each format, so that output is deterministic."""

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
    "text.parse_math": False,  # dollar signs in file names are literal
    "svg.hashsalt": "audioconv",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}

TITLE_SIZE = 9
"""Points."""

CHARACTER_WIDTH = 1.55
"""Width per character of a wrapped line at 8 points, including the margins, in mm."""

INCH = 25.4
"""mm."""

LIMITS = {"width": (40, 2000), "height": (30, 2000), "dpi": (30, 1200)}
MIN_AXIS = 3.0
"""Smallest width and height of an axis, in mm."""

COLORBAR = "<colorbar>"
"""Label that matplotlib gives to the axes of a colour bar, which may be narrower."""

MAX_DOTS = 10**8
"""Largest picture; it takes 400 MB of memory while it is drawn."""


@contextmanager
def picture(output: str, look: Look, inputs: Sequence[str]) -> Iterator[Figure]:
    """Yield an empty figure, and write it when the block ends without an error.

    Parameters
    ----------
    output : str
        PNG, SVG or PDF, by the suffix
    look : Look
    inputs : sequence of str
        files that must not be overwritten

    Raises
    ------
    UsageError
        If the suffix is unknown, the output exists or is one of the inputs, or a size is out of
        range.
    AudioconvError
        If matplotlib is not installed, or the output cannot be written.
    """
    file_format = FORMATS.get(Path(output).suffix.lower())
    if file_format is None:
        raise UsageError(
            f"{display_name(output, role='output')} has no known picture format; use a name ending "
            "in .png, .svg or .pdf"
        )
    refuse_overwrite(output, inputs=list(inputs), overwrite=look.overwrite)
    _check_size(look)
    with settings(dark=look.dark):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(look.width / INCH, (look.height or 60) / INCH), dpi=look.dpi)
        yield figure
        if look.title is not None:
            _add_title(figure, wrap(escape(look.title), figure, TITLE_SIZE))
        data = _render(figure, file_format)
    with target(output, overwrite=look.overwrite) as out:
        out.file.write(data)
        out.commit()


@contextmanager
def settings(*, dark: bool = False) -> Iterator[None]:
    """Apply the settings of all pictures in place of the user's matplotlibrc.

    Parameters
    ----------
    dark : bool
        light on a dark ground

    Raises
    ------
    AudioconvError
        If matplotlib is not installed.
    """
    matplotlib = _import_matplotlib()
    # figures choose their backend themselves
    defaults = {k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith("backend")}
    with matplotlib.rc_context({**defaults, **SETTINGS, **theme(dark).settings()}):
        yield


def set_height(figure: Figure, look: Look, height: float) -> None:
    """Set the height in mm that suits a plot, unless the user chose another one."""
    if look.height is None:
        low, high = LIMITS["height"]
        height = min(max(height, low), high)
        _check_dots(look.width, height, look.dpi)
        figure.set_figheight(height / INCH)


def legend(figure: Figure, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """Add a legend above a picture: one line, or as many columns as the longest label allows."""
    row = figure.get_figwidth() * INCH / 1.5  # characters, at 1.5 mm each
    lengths = [len(label) + 9 for label in labels]  # a line of the legend is as wide as 9
    columns = len(labels) if sum(lengths) <= row else max(1, int(row / max(lengths)))
    figure.legend(
        handles,
        # matplotlib drops labels that begin with an underscore
        [f" {label}" if label.startswith("_") else label for label in labels],
        loc="outside upper left",
        ncols=columns,
        alignment="left",
    )


def _add_title(figure: Figure, title: str) -> None:
    """Add a title above a picture and its legend."""
    if figure.legends:
        legend = figure.legends[0]
        legend.set_title(title)
        legend.get_title().set_fontsize(TITLE_SIZE)
    else:
        figure.suptitle(title, x=0.01, ha="left", fontsize=TITLE_SIZE)


def size(figure: Figure) -> tuple[float, float]:
    """Return the size of a picture in mm."""
    width, height = figure.get_size_inches() * INCH
    return round(float(width), 1), round(float(height), 1)


def wrap(text: str, figure: Figure, points: float = 8.0, margin: float = 0.0) -> str:
    """Wrap text to the width of a picture, less a margin in mm."""
    characters = (size(figure)[0] - margin) / (CHARACTER_WIDTH * points / 8)
    return "\n".join(textwrap.wrap(text, max(1, int(characters))))


def _check_size(look: Look) -> None:
    for option, (low, high) in LIMITS.items():
        value = getattr(look, option)
        if value is not None and not low <= value <= high:
            unit = "" if option == "dpi" else " mm"
            raise UsageError(
                f"{option} is {value:g}{unit}; it must be between {low} and {high}{unit}"
            )
    _check_dots(look.width, look.height or 100, look.dpi)


def _check_dots(width: float, height: float, dpi: int) -> None:
    dots = width * height * (dpi / INCH) ** 2
    if dots > MAX_DOTS:
        raise UsageError(
            f"the picture would have {dots / 1e6:.0f} million dots; the limit is "
            f"{MAX_DOTS / 1e6:.0f}; lower `dpi`, `width` or `height`"
        )


def _import_matplotlib() -> Any:
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)  # no warnings about its font cache or the user's settings
    try:
        import matplotlib
        import matplotlib.font_manager
    except ImportError:
        raise AudioconvError(
            "plots need matplotlib; install it with: pip install matplotlib"
        ) from None
    finally:
        log.setLevel(level)
    return matplotlib


def _render(figure: Figure, file_format: str) -> bytes:
    add_fallback_fonts(figure)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # about characters in no font, which are drawn as boxes, and about collapsed axes, see below
        warnings.simplefilter("ignore")
        figure.savefig(buffer, format=file_format, metadata=METADATA[file_format])
    width, height = size(figure)
    panels = [axes for axes in figure.axes if axes.get_label() != COLORBAR]
    boxes = [axes.get_position() for axes in panels]
    if any(box.height * height < MIN_AXIS or box.width * width < MIN_AXIS for box in boxes):
        raise UsageError(
            f"the picture is {width:g} x {height:g} mm, too small for its labels; increase `width` "
            "or `height`"
        )
    return buffer.getvalue()
