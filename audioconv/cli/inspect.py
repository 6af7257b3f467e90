"""`audioconv info`, `audioconv verify` and `audioconv compare`: look, and change nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from audioconv.cli import printing, terminal
from audioconv.cli.options import Impulses, Input, Json, Show
from audioconv.errors import AudioconvError, FormatError
from audioconv.job import Options

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Sound files.")]


def info(
    file: Files,
    json: Json = False,
    allow_truncated: Annotated[
        bool, typer.Option("--allow-truncated", help="Look at what there is of one cut short.")
    ] = False,
) -> None:
    """Show format, length and level of sound files; each is read to its end.

    One that cannot be read is an error; the others are shown all the same.
    """
    failed = 0
    for path in file:
        try:
            _look_at(path, json, allow_truncated)
        except FormatError as error:
            if len(file) == 1:
                raise
            printing.err(f"error: {error}")
            failed += 1
    if failed:
        raise AudioconvError(f"{failed} of {len(file)} files cannot be read; mend or leave them")


def _look_at(path: str, json: bool, allow_truncated: bool) -> None:
    from audioconv.files import PeakMeter, Reader, carried_recipe, display_name, listed
    from audioconv.progress import watched
    from impulses.impulse import to_db

    level = PeakMeter()
    with (
        terminal.progress() as progress,
        Reader(path, allow_truncated=allow_truncated) as reader,
    ):
        sound, blocks = reader.info, reader.blocks(2**16)
        for block in watched(blocks, progress, "reading", sound.rate, sound.frames):
            level.take(block)
        tells = reader.metadata.names()
        recipe = carried_recipe(reader.metadata)
    if json:
        printing.print_json(
            {
                "path": path,
                "format": sound.format,
                "subtype": sound.subtype,
                "rate": sound.rate,
                "channels": sound.channels,
                "frames": level.frames,
                "seconds": level.frames / sound.rate,
                "peak_dbfs": to_db(level.peak),
                "metadata": tells,
                "recipe": recipe,
                "notices": reader.notices,
            }
        )
        return
    peak = printing.decibels(to_db(level.peak), "dBFS")
    printing.out(
        f"{display_name(path)}: {sound.format} {sound.subtype}, {sound.rate} Hz, {sound.channels} "
        f"channel{'s' * (sound.channels > 1)}, {level.frames} frames "
        f"({level.frames / sound.rate:.3f} s), peak {peak}"
        f"{f', tells {listed(tells)}' if tells else ''}"
        f"{', holds its recipe' if recipe else ''}"
    )
    printing.notes(reader.notices)


def verify(
    input: Input,
    output: Annotated[str, typer.Argument(metavar="OUT", help="The output to check.")],
    ir: Impulses,
    options: Options,
    show: Show,
) -> None:
    """Prove that OUT is the convolution of IN and the impulse, made with the same options.

    Ends with exit code 3 if it is not.
    """
    from audioconv.files import Reader, rereadable
    from audioconv.render.prepare import prepare
    from audioconv.verify import verify as check

    with terminal.progress(quiet=show.quiet) as progress, rereadable(input) as path:
        with Reader(path, allow_truncated=options.allow_truncated) as reader:
            source = reader.info
        convolver = prepare(ir, options, source).convolver
        found = check(path, output, convolver, options, progress=progress)
    if show.json:
        printing.print_json(found.as_json())
    if not show.quiet:
        printing.block([printing.verdict(found.as_json())])
    found.raise_if_failed(output)


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A sound file.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    json: Json = False,
) -> None:
    """Null test: how far, in time, level and residue, B is from A.

    The exit code is 0 whether they differ or not; --json tells.
    """
    from audioconv.verify.compare import compare as null_test

    with terminal.progress() as progress:
        difference = null_test(a, b, progress)
    if json:
        printing.print_json(difference.as_json())
        return
    if difference.identical:
        printing.out("identical: every sample is the same")
        return
    one, other = difference.frames
    pairs = []
    if one != other:
        pairs.append(("length", f"{one} and {other} frames"))
    if difference.gain_db is None:
        pairs.append(("gain", "none: one of them is silent"))
    else:
        pairs.append(("shift", f"{difference.shift} frames (B after A)"))
        pairs.append(("gain", f"{difference.gain_db:+.4f} dB (B beside A)"))
        left = difference.residual_db
        nothing = "none: B is A, shifted and scaled"
        pairs.append(("residual", nothing if left is None else f"{left:.1f} dB beside B"))
    pairs.append(("differs", f"from {difference.first_difference_s:.6f} s"))
    printing.out(printing.rows(pairs, indent=""))
