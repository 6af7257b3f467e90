"""`audioconv redo`: make a file again from its recipe."""

from __future__ import annotations

from typing import Annotated

import typer

from audioconv.cli import printing, terminal
from audioconv.cli.options import Show


def redo(
    output: Annotated[str, typer.Argument(metavar="OUT", help="A file made by audioconv.")],
    new: Annotated[
        str | None,
        typer.Argument(metavar="NEW", help="File to write; none if not given."),
    ] = None,
    *,
    places: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="File, its URL, or folder to search for the input and the impulse responses. They "
            "are recognised by their content, also beside OUT and in the working directory; each "
            "folder is searched 5 levels deep.",
        ),
    ] = None,
    max_output: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Refuse to write more than this, such as 4GB; by default four times the length "
            "that OUT has, or had, and 64 MiB.",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("-y", "--overwrite", help="Replace NEW, or OUT if the result differs."),
    ] = False,
    show: Show,
) -> None:
    """Make OUT again from the recipe in it, and compare every byte.

    Ends with exit code 3 if one differs.

    Examples
    --------
    $ audioconv echo speech.wav echo.wav --delay 350ms
    $ audioconv redo echo.wav
    """
    from audioconv.files import display_name
    from audioconv.render.redo import redo as make_again  # late, so that help is fast

    with terminal.progress(quiet=show.quiet) as progress:
        result = make_again(
            output,
            new,
            places=places or [],
            max_output=max_output,
            overwrite=overwrite,
            progress=progress,
        )
    if show.json:
        printing.print_json(result.as_json())
    if not show.quiet:
        sources = " and ".join(display_name(path) for path in (result.input, *result.impulses))
        printing.print_written(
            result.output,
            f"{'the same ' * result.same}{result.bytes} bytes, made again from {sources}"
            f"{f' as {display_name(result.new)}' if result.new else ''}"
            f"{', replacing other content' * result.replaced}",
            result.notices,
        )
    result.raise_if_different()
