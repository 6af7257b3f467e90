"""What commands that write impulses have in common: their options, and what they say."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from audioconv.cli import printing

Rate = Annotated[int, typer.Option(metavar="HZ", help="Samples per second.")]
Subtype = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="Sample format: DOUBLE, FLOAT, PCM_24, PCM_16 ...; the widest that OUT's format has.",
    ),
]
Overwrite = Annotated[bool, typer.Option("-y", "--overwrite", help="Replace OUT if it exists.")]
Out = Annotated[str, typer.Argument(metavar="OUT", help="Sound file to write.")]


def store_and_say(
    impulse: Any,
    output: str,
    made: dict[str, Any],
    *,
    subtype: str | None,
    overwrite: bool,
    inputs: list[str] | None = None,
) -> None:
    """Write an impulse, or a sweep, as a sound file, and say what it is."""
    from audioconv.files import display_name
    from audioconv.ir.save import store

    sound, notice = store(
        impulse, output, made=made, subtype=subtype, overwrite=overwrite, inputs=inputs or []
    )
    printing.err(
        f"{display_name(output)}: {impulse.frames} frame{'s' * (impulse.frames > 1)} "
        f"({impulse.frames / impulse.rate:.3f} s), "
        f"{sound.channels} channel{'s' * (sound.channels > 1)}, {impulse.rate} Hz, "
        f"{sound.subtype}"
    )
    for note in filter(None, [*impulse.notes, notice]):
        printing.err(f"notice: {note}")
    if impulse.origin:
        printing.err(
            f"notice: its time 0 is frame {impulse.origin} "
            f"({1000 * impulse.origin / impulse.rate:.3f} ms): what it is convolved with comes so "
            "much later"
        )
