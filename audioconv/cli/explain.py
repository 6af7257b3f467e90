"""`audioconv explain` and `audioconv animate`: show how a convolution works."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from audioconv.cli import outcomes, printing, slips, terminal, verification
from audioconv.cli.options import Impulses, Input, Show
from audioconv.cli.wording import as_options
from audioconv.errors import UsageError, counted
from audioconv.job import Job, Options, Part
from audioconv.plot.options import Film

OUTPUT_OPTIONS = ("format", "max_output", "metadata", "quality", "recipe", "rf64", "verify")
"""Options that concern the output file of a convolution, which a page does not keep."""


def explain(
    input: Input,
    ir: Impulses,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="PAGE",
            help="Page to write: page.html.",
            rich_help_panel="Output file",
        ),
    ],
    part: Part,
    options: Options,
    show: Show,
    title: Annotated[
        str | None,
        typer.Option(
            metavar="TITLE",
            help="Heading of the page; the names of sound and impulse if not given.",
            rich_help_panel="Output file",
        ),
    ] = None,
) -> None:
    """Explain a convolution of your own sound on a web page.

    It is one file, to open in a browser. Slide the impulse response over the sound and see each
    sum, hear the sound before and after, and read how it was computed and verified. The convolved
    sound itself is not kept. A second goes into timing the convolution on this machine.

    Examples
    --------
    $ audioconv explain guitar.wav --ir hall.wav -o page.html
    """
    from audioconv.page import write
    from audioconv.page.explain import explain as explain_job  # late, so that help is fast

    slips.refuse_in_job(ir, options)
    if show.json and output == "-":
        raise UsageError("--json and the page cannot both go to standard output; name a file")
    with terminal.progress(quiet=show.quiet) as progress:
        explained = explain_job(Job(input, output, ir, options), part, progress)
    outcome = explained.outcome
    # on the page as on the terminal, where printing does the same
    shown = replace(outcome, notices=[*map(as_options, outcome.notices)])
    size = write(
        replace(explained, outcome=shown),
        outcomes.outcome_rows(outcome),
        verification.section(outcome.verified)[1] if outcome.verified else [],
        title,
    )
    if show.json:
        printing.print_json({**outcome.as_json(), "bytes": size})
    if not show.quiet:
        outcomes.print_page(outcome, size)


def animate(
    input: Input,
    ir: Impulses,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILM", help="Film to write: .gif or .mp4.")
    ],
    film: Film,
    start: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Where to begin; by default where the sound does."),
    ] = None,
) -> None:
    """Film an impulse that slides over a sound: GIF, or MP4.

    The impulse response is reversed in time, and traces the output.

    Examples
    --------
    $ audioconv animate speech.wav --ir double-spike -o film.gif --seconds 2
    """
    from audioconv.ir.load import impulse_files
    from audioconv.page.explain import title_of
    from audioconv.page.selection import slide
    from audioconv.plot.film import film as draw_film

    slips.refuse_specs(ir)
    job = Job(input, output, ir)
    inputs = [input, *impulse_files(ir)]
    with terminal.progress() as progress:
        sliding = slide(job, Part(start=start), progress)
        progress("drawing")
        pictures = draw_film(sliding, output, film, inputs=inputs, title=title_of(job))
    notices = [sliding.notice] if sliding.notice else []
    printing.print_written(
        output, f"{counted(pictures, 'picture')}, {film.pixels} pixels wide", notices
    )
