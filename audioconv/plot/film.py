"""The sliding sum as a film: GIF, which Pillow writes, or MP4, for which ffmpeg has to be there."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from audioconv.errors import AudioconvError, UsageError
from audioconv.files import display_name, refuse_overwrite, scratch_folder, target
from audioconv.plot import style
from audioconv.plot.options import Film
from audioconv.plot.scene import SHAPE, Scene
from audioconv.views.sliding import Sliding

if TYPE_CHECKING:
    from PIL.Image import Image

LIMITS = {"seconds": (1, 60), "fps": (1, 50), "pixels": (240, 1920)}

SHADES = 12
"""Of each colour in a GIF, down to white: enough for smooth edges."""

MOST_DOTS = 3e8
"""Of all pictures together: 1 GB while they are drawn."""

HOLD = 1.0
"""Seconds for which the last picture stays."""


def film(slid: Sliding, output: str, look: Film, *, inputs: Sequence[str], title: str) -> int:
    """Film one output sample after another as the sum that it is.

    Parameters
    ----------
    slid : Sliding
        what is shown
    output : str
        GIF or MP4, by its suffix
    look : Film
    inputs : sequence of str
        files that it must not overwrite
    title : str
        a line above it

    Returns
    -------
    int
        how many pictures it has

    Raises
    ------
    UsageError
        If the suffix is another, the output exists, or a value is out of range.
    AudioconvError
        If what writes it is not there, or it cannot be written.
    """
    kind = os.path.splitext(output)[1].lower()
    if kind not in WRITERS:
        raise UsageError(
            f"{display_name(output, role='output')} does not say what kind of film it is; end it in "
            f"{' or '.join(WRITERS)}"
        )
    for option, (low, high) in LIMITS.items():
        value = getattr(look, option)
        if not low <= value <= high:
            raise UsageError(f"{option} is {value:g}; it must be between {low} and {high}")
    refuse_overwrite(output, inputs=list(inputs), overwrite=look.overwrite)
    count = max(2, round(look.seconds * look.fps))
    dots = count * look.pixels**2 * SHAPE
    if dots > MOST_DOTS:
        raise UsageError(
            f"the film would have {dots / 1e6:.0f} million dots in all its pictures; the limit is "
            f"{MOST_DOTS / 1e6:.0f}; give less of --seconds, --fps or --pixels"
        )
    with style.settings():
        scene = Scene(slid, look.pixels, title)
        pictures = (scene.at(c) for c in _positions(slid, count))
        written = WRITERS[kind](pictures, look)
    with target(output) as out:
        out.file.write(written)
        out.commit()
    return count


def _positions(slid: Sliding, count: int) -> Iterator[int]:
    last = slid.end - 1 - slid.begin
    return (slid.begin + last * n // (count - 1) for n in range(count))


def _gif(pictures: Iterator[Image], look: Film) -> bytes:
    """Write pictures of one palette."""
    from PIL.Image import Dither

    palette = _palette()
    first, *others = [one.quantize(palette=palette, dither=Dither.NONE) for one in pictures]
    # a GIF counts hundredths of a second: what one picture loses, another gains
    ends = [round(100 * n / look.fps) * 10 for n in range(len(others) + 1)]
    waits = [end - begin for begin, end in pairwise(ends)]
    written = io.BytesIO()
    first.save(
        written,
        "GIF",
        save_all=True,
        append_images=others,
        duration=[*waits, round(1000 * HOLD)],
        loop=0,
    )
    return written.getvalue()


def _palette() -> Image:
    """Return the colours that are drawn with, and what they become where they are blended."""
    from PIL import ImageColor
    from PIL.Image import new

    mixed = [
        round(255 + (part - 255) * share / SHADES)
        for colour in style.SERIES
        for share in range(1, SHADES + 1)
        for part in ImageColor.getrgb(colour)[:3]
    ]
    palette = new("P", (1, 1))
    palette.putpalette([255, 255, 255, *mixed])
    return palette


def _mp4(pictures: Iterator[Image], look: Film) -> bytes:
    """Hand pictures to ffmpeg, which has to be there."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise AudioconvError("an MP4 needs ffmpeg; install it, or end the film's name in .gif")
    every = list(pictures)
    every += every[-1:] * round(HOLD * look.fps)
    width, height = every[0].size
    with scratch_folder() as folder:
        path = Path(folder) / "film.mp4"
        command = [program, "-nostdin", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
        command += ["-s", f"{width}x{height}", "-r", str(look.fps), "-i", "-", "-c:v", "libx264"]
        # whatever player there is takes this; no date and no version, so the same bytes again
        command += ["-pix_fmt", "yuv420p", "-movflags", "+faststart", "-map_metadata", "-1"]
        command += ["-fflags", "+bitexact", "-flags:v", "+bitexact", str(path)]
        done = subprocess.run(
            command,
            input=b"".join(one.tobytes() for one in every),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").splitlines() or ["it says nothing"]
            raise AudioconvError(
                f"ffmpeg cannot write the MP4: {said[-1]}; end the film's name in .gif"
            )
        return path.read_bytes()


WRITERS = {".gif": _gif, ".mp4": _mp4}
"""What writes each kind of film."""
