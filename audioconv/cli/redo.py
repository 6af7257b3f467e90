"""`audioconv redo`: make a file again from its recipe."""

from __future__ import annotations

from typing import Annotated

import typer

from audioconv.cli import printing, terminal
from audioconv.cli.options import Show


def redo(
    output: Annotated[str, typer.Argument(metavar="OUT", help="A file that audioconv made.")],
    new: Annotated[
        str | None,
        typer.Argument(metavar="NEW", help="Where to write it again; nowhere, if not given."),
    ] = None,
    *,
    places: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="A file or a folder to look in for the input and the impulses. They are found by "
            "their content, beside OUT and in the working directory too.",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("-y", "--overwrite", help="Replace NEW, or OUT if it comes out otherwise."),
    ] = False,
    show: Show,
) -> None:
    """Make OUT again from the recipe that it holds, and tell whether every byte is the same.

    Ends with exit code 3 if it is not.
    """
    from audioconv.files import display_name
    from audioconv.render.redo import redo as again  # late, so that help is quick

    with terminal.progress(quiet=show.quiet) as progress:
        made = again(output, new, places=places or [], overwrite=overwrite, progress=progress)
    if show.json:
        printing.print_json(made.as_json())
    if not show.quiet:
        made_of = " and ".join(display_name(path) for path in (made.input, *made.impulses))
        result = f"{'the same ' * made.same}{made.bytes} bytes"
        printing.err(
            f"{display_name(made.output)}: {result}, made again of {made_of}"
            f"{f' as {display_name(made.new)}' if made.new else ''}"
            f"{', in the place of others' * made.replaced}"
        )
        printing.notes(made.notices)
    made.raise_if_different()
