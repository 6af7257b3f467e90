"""Options of pictures and films, and the description of a finished picture; plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, kw_only=True)
class Look:
    """The look of a picture.

    Parameters
    ----------
    width : float, 40 to 2000
        width in mm; 160 is the text width of an A4 page
    height : float, 30 to 2000
        height in mm; chosen to suit the plot if not given
    dpi : int, 30 to 1200
        dots per inch of a PNG, and of spectrograms in SVG and PDF
    title : str
        title above the plot
    dark : bool
        light on a dark ground, for slides and screens
    overwrite : bool
        replace the picture if it exists
    """

    width: float = 160.0
    height: float | None = None
    dpi: int = 200
    title: str | None = None
    dark: bool = False
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class Film:
    """The look of a film.

    Parameters
    ----------
    seconds : float, 1 to 60
        duration
    fps : int, 1 to 50
        frames per second
    pixels : int, 240 to 1920
        width in pixels; the height is 5/8 of it
    title : str
        title above the rows; the names of sound and impulse if not given
    dark : bool
        light on a dark ground, for slides and screens
    overwrite : bool
        replace the film if it exists
    """

    seconds: Annotated[float, "time"] = 8.0
    fps: int = 12
    pixels: int = 720
    title: str | None = None
    dark: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class PictureInfo:
    """Description of a finished picture.

    Parameters
    ----------
    description : str
        plot and inputs, such as "decay of hall.wav"
    size : pair of float
        width and height in mm
    notices : tuple of str
        changes made to the inputs
    """

    description: str
    size: tuple[float, float]
    notices: tuple[str, ...] = ()
