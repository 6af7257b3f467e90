"""`audioconv plot ...`: a command for each plot, made from the signature of its function."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Annotated, Any, ClassVar

import typer

from audioconv.cli import printing, slips, terminal
from audioconv.cli.options import LazyCommand, LazyGroup, declare, expand
from audioconv.parameters import description
from audioconv.plot import PLOTS

Picture = Annotated[
    str,
    typer.Option("-o", "--output", metavar="PICTURE", help="Picture to write: .png, .svg or .pdf."),
]


def _plot_command(plot: str) -> Callable[..., None]:
    draw = getattr(import_module(f"audioconv.plot.{plot}"), plot)

    def command(output: str, **values: Any) -> None:
        slips.refuse_specs([*values.get("irs", ()), values.get("ir")])
        with terminal.progress("reading and drawing"):
            picture = draw(output=output, **values)
        width, height = picture.size
        printing.print_written(
            output, f"{picture.description}, {width:g} x {height:g} mm", picture.notices
        )

    command.__signature__ = declare(draw, output=Picture)  # type: ignore[attr-defined]
    command.__doc__ = description(draw)
    return expand(command)


class PlotGroup(LazyGroup):
    """The plots."""

    lazy: ClassVar = {
        plot: LazyCommand(summary, partial(_plot_command, plot)) for plot, summary in PLOTS.items()
    }


app = typer.Typer(
    cls=PlotGroup,
    help="Draw sounds and impulse responses: PNG, SVG or PDF.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
