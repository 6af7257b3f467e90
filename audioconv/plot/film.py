"""Films of the sliding sum, as GIF or, by ffmpeg, as MP4."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from audioconv.errors import AudioconvError, UsageError
from audioconv.files import display_name, refuse_overwrite, scratch_folder, target
from audioconv.plot import style
from audioconv.plot.colours import GROUND, SERIES, Theme, theme
from audioconv.plot.options import Film
from audioconv.plot.scene import SHAPE, Scene
from audioconv.views.sliding import Sliding

if TYPE_CHECKING:
    from PIL.Image import Image

LIMITS = {"seconds": (1, 60), "fps": (1, 50), "pixels": (240, 1920)}

SHADES = 12
"""Shades of each colour in a GIF, for smooth edges."""

MAX_PIXELS = 3e8
"""Pixels of all frames together; they take 1 GB of memory."""

HOLD = 1.0
"""Seconds for which the last frame is held."""


def film(sliding: Sliding, output: str, look: Film, *, inputs: Sequence[str], title: str) -> int:
    """Film the sliding sum, one output sample after another.

    Parameters
    ----------
    sliding : Sliding
    output : str
        GIF or MP4, by the suffix
    look : Film
    inputs : sequence of str
        files that must not be overwritten
    title : str
        line above the rows, unless `look` has one

    Returns
    -------
    int
        number of frames

    Raises
    ------
    UsageError
        If the suffix is unknown, the output exists, or a value is out of range.
    AudioconvError
        If matplotlib or ffmpeg is not installed, or the output cannot be written.
    """
    suffix = Path(output).suffix.lower()
    if suffix not in WRITERS:
        raise UsageError(
            f"{display_name(output, role='output')} has no known film format; use a name ending in "
            f"{' or '.join(WRITERS)}"
        )
    for option, (low, high) in LIMITS.items():
        value = getattr(look, option)
        if not low <= value <= high:
            raise UsageError(f"{option} is {value:g}; it must be between {low} and {high}")
    refuse_overwrite(output, inputs=list(inputs), overwrite=look.overwrite)
    count = max(2, round(look.seconds * look.fps))
    pixels = count * look.pixels**2 * SHAPE
    if pixels > MAX_PIXELS:
        raise UsageError(
            f"the film would have {pixels / 1e6:.0f} million pixels in all; the limit is "
            f"{MAX_PIXELS / 1e6:.0f}; lower `seconds`, `fps` or `pixels`"
        )
    with style.settings(dark=look.dark):
        scene = Scene(sliding, look.pixels, title if look.title is None else look.title)
        frames = (scene.at(c) for c in _positions(sliding, count))
        data = WRITERS[suffix](frames, look)
    with target(output, overwrite=look.overwrite) as out:
        out.file.write(data)
        out.commit()
    return count


def _positions(sliding: Sliding, count: int) -> Iterator[int]:
    last = sliding.end - 1 - sliding.begin
    return (sliding.begin + last * n // (count - 1) for n in range(count))


def _gif(frames: Iterator[Image], look: Film) -> bytes:
    """Encode frames with one palette."""
    from PIL.Image import Dither

    palette = _palette(theme(look.dark))
    first, *others = [one.quantize(palette=palette, dither=Dither.NONE) for one in frames]
    # a GIF counts hundredths of a second: rounding the ends keeps the total duration
    ends = [round(100 * n / look.fps) * 10 for n in range(len(others) + 1)]
    durations = [end - begin for begin, end in pairwise(ends)]
    buffer = io.BytesIO()
    first.save(
        buffer,
        "GIF",
        save_all=True,
        append_images=others,
        duration=[*durations, round(1000 * HOLD)],
        loop=0,
    )
    return buffer.getvalue()


def _palette(theme: Theme) -> Image:
    """Return the colours of a scene, with their blends into the ground."""
    from PIL import ImageColor
    from PIL.Image import new

    ground = ImageColor.getrgb(theme.colour(GROUND))[:3]
    blends = [
        round(below + (part - below) * share / SHADES)
        for name in SERIES
        for share in range(1, SHADES + 1)
        for part, below in zip(ImageColor.getrgb(theme.colour(name)), ground, strict=True)
    ]
    palette = new("P", (1, 1))
    palette.putpalette([*ground, *blends])
    return palette


def _mp4(frames: Iterator[Image], look: Film) -> bytes:
    """Encode frames by ffmpeg."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise AudioconvError("an MP4 needs ffmpeg; install it, or write a .gif instead")
    held = list(frames)
    held += held[-1:] * round(HOLD * look.fps)
    width, height = held[0].size
    with scratch_folder() as folder:
        path = Path(folder) / "film.mp4"
        command = [program, "-nostdin", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
        command += ["-s", f"{width}x{height}", "-r", str(look.fps), "-i", "-", "-c:v", "libx264"]
        # playable everywhere; no date or version, so that output is deterministic
        command += ["-pix_fmt", "yuv420p", "-movflags", "+faststart", "-map_metadata", "-1"]
        command += ["-fflags", "+bitexact", "-flags:v", "+bitexact", str(path)]
        done = subprocess.run(
            command,
            input=b"".join(one.tobytes() for one in held),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            lines = done.stderr.decode(errors="replace").splitlines() or ["no error message"]
            raise AudioconvError(f"ffmpeg cannot write the MP4: {lines[-1]}; write a .gif instead")
        return path.read_bytes()


WRITERS = {".gif": _gif, ".mp4": _mp4}
"""Encoders by suffix."""
