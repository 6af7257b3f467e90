"""Options and summary of the commands that save an impulse response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from audioconv.cli import printing
from audioconv.cli.completion import completer
from audioconv.cli.options import read_rate
from audioconv.errors import counted

if TYPE_CHECKING:
    from impulses import Impulse

Rate = Annotated[int, typer.Option(metavar="HZ", parser=read_rate, help="Sample rate.")]
Subtype = Annotated[
    str | None,
    typer.Option(
        metavar="SUBTYPE",
        autocompletion=completer("subtype"),
        help="Sample format: DOUBLE, FLOAT, PCM_24, PCM_16 ...; by default the widest of OUT's "
        "format.",
    ),
]
Overwrite = Annotated[bool, typer.Option("-y", "--overwrite", help="Replace OUT if it exists.")]
Out = Annotated[str, typer.Argument(metavar="OUT", help="Sound file to write.")]


def save_impulse(
    impulse: Impulse,
    output: str,
    recipe: dict[str, Any],
    *,
    subtype: str | None,
    overwrite: bool,
    inputs: list[str] | None = None,
) -> tuple[str, list[str]]:
    """Save an impulse response or a sweep as a sound file; return a summary, and notices."""
    from audioconv.files import display_name, holds_chunks
    from audioconv.ir.save import save

    sound, said = save(
        impulse, output, recipe=recipe, subtype=subtype, overwrite=overwrite, inputs=inputs or []
    )
    notices = [*impulse.notes, *said]
    if impulse.origin:
        notices.append(_time_zero(impulse, stored=holds_chunks(sound)))
    summary = (
        f"{display_name(output, role='output')}: "
        f"{printing.duration(impulse.frames, impulse.rate)}, "
        f"{counted(sound.channels, 'channel')}, {impulse.rate} Hz, {sound.subtype}"
    )
    return summary, notices


def report(summary: str, notices: list[str]) -> None:
    """Print what `save_impulse` returns."""
    printing.print_sections([(summary, [])], notices)


def _time_zero(impulse: Impulse, *, stored: bool) -> str:
    """Return a notice about the frame of time 0, and whether the file states it."""
    where = f"time 0 is frame {impulse.origin} ({1000 * impulse.origin / impulse.rate:.3f} ms)"
    if stored:
        return f"{where}: an output convolved with it begins there"
    return (
        f"{where}, which this format cannot state: save a WAV, or outputs begin at its first frame"
    )
