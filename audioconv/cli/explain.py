"""`audioconv explain` and `audioconv animate`: show how a convolution comes about."""

from __future__ import annotations

from typing import Annotated

import typer

from audioconv.cli import printing, terminal
from audioconv.cli.options import Impulses, Input, Show
from audioconv.errors import UsageError
from audioconv.job import Job, Options, Part
from audioconv.plot.options import Film

OF_FILES = ("format", "max_output", "metadata", "recipe", "rf64", "verify")
"""Options of a convolution that is kept."""


def explain(
    input: Input,
    ir: Impulses,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="PAGE", help="Page to write: page.html.")
    ],
    part: Part,
    options: Options,
    show: Show,
) -> None:
    """Make a page that explains a convolution on your own sound: one file, to open in a browser.

    It slides the impulse over the sound and shows each sum, plays both before and after, and
    tells what the run did. The convolution is made, verified, and not kept; a few seconds go into
    measuring what it costs on this machine.
    """
    from audioconv.page import write
    from audioconv.page.explain import explain as made  # late, so that help is quick

    if show.json and output == "-":
        raise UsageError("--json and the page cannot both go to standard output; name a file")
    with terminal.progress(quiet=show.quiet) as progress:
        told = made(Job(input, output, ir, options), part, progress)
    size = write(told, printing.summary(told.outcome), printing.proof(told.outcome))
    if show.json:
        printing.print_json({**told.outcome.as_json(), "bytes": size})
    if not show.quiet:
        printing.wrote(output, f"a page of {size / 1e6:.2f} MB", told.outcome.notices)


def animate(
    input: Input,
    ir: Impulses,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILM", help="Film to write: .gif or .mp4.")
    ],
    film: Film,
    start: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Where to begin; where the sound does, if not given."),
    ] = None,
) -> None:
    """Film the impulse sliding over the sound, and the sum that it traces: GIF, or MP4."""
    from audioconv.ir.load import impulse_files
    from audioconv.page.explain import slide, title
    from audioconv.plot.film import film as filmed

    job = Job(input, output, ir)
    inputs = [input, *impulse_files(ir)]
    with terminal.progress() as progress:
        slid = slide(job, Part(start=start), progress)
        progress("drawing")
        pictures = filmed(slid, output, film, inputs=inputs, title=title(job))
    notes = [slid.shortened] if slid.shortened else []
    printing.wrote(output, f"{pictures} pictures, {film.pixels} dots wide", notes)
