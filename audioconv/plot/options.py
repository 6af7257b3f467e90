"""What is asked of a picture, and what is told of it; plain data, free of anything heavy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a picture looks.

    Parameters
    ----------
    width : float, 40 to 2000
        width in mm; 160 is the text of an A4 page
    height : float, 30 to 2000
        height in mm; what suits the picture if not given
    dpi : int, 30 to 1200
        dots an inch of a PNG, and of spectrograms in SVG and PDF
    title : str
        a line above it
    overwrite : bool
        replace the picture if it exists
    """

    width: float = 160.0
    height: float | None = None
    dpi: int = 200
    title: str | None = None
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class Film:
    """How a film looks.

    Parameters
    ----------
    seconds : float, 1 to 60
        how long it is
    fps : int, 1 to 50
        pictures a second
    pixels : int, 240 to 1920
        width in dots; the height is 5/8 of it
    overwrite : bool
        replace the film if it exists
    """

    seconds: Annotated[float, "time"] = 8.0
    fps: int = 12
    pixels: int = 720
    overwrite: bool = False


@dataclass(frozen=True)
class Drawn:
    """What a picture shows, in words, its size in mm, and what its reader should know."""

    what: str
    size: tuple[float, float]
    notices: tuple[str, ...] = ()
