"""`audioconv plot ...`: pictures of sounds and impulses."""

from __future__ import annotations

from typing import Annotated

import typer

from audioconv.cli import printing, terminal
from audioconv.cli.options import expand
from audioconv.plot.options import Drawn, Look

Picture = Annotated[
    str, typer.Option("-o", "--output", metavar="PICTURE", help="File to write: .png, .svg, .pdf.")
]
Sounds = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Sound files, or - for standard input."),
]
Start = Annotated[str, typer.Option(metavar="TIME", help="Where to begin.")]
Duration = Annotated[
    str | None, typer.Option(metavar="TIME", help="How much to draw; up to the end if not given.")
]
Irs = Annotated[
    list[str],
    typer.Argument(
        metavar="IR...", help="Impulses: sound files, builder specs, presets; overlaid."
    ),
]
Rate = Annotated[int, typer.Option(metavar="HZ", help="For builder specs.")]
Channel = Annotated[
    int | None, typer.Option(metavar="N", help="One channel, counted from 1; all if not given.")
]
Smoothing = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Average over 1/N octave, 0 for none; if not given, 12 for an impulse of over 4096 "
        "frames, and none for a shorter one.",
    ),
]

DRAWING = "reading and drawing"

app = typer.Typer(
    help="Draw sounds and impulses: PNG, SVG or PDF, at the width of a page.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


def waveform(
    file: Sounds,
    output: Picture,
    start: Start = "0",
    duration: Duration = None,
    *,
    look: Look,
) -> None:
    """Draw the waveform: extremes and level of each moment, hours as well as milliseconds."""
    from audioconv.plot.waveform import waveform as draw

    with terminal.progress(DRAWING):
        drawn = draw(file, output, look, start=start, duration=duration)
    _say(output, drawn)


def spectrogram(
    file: Sounds,
    output: Picture,
    start: Start = "0",
    duration: Duration = None,
    channel: Channel = None,
    *,
    look: Look,
) -> None:
    """Draw how loud each frequency is over time, one panel for each sound."""
    from audioconv.plot.spectrogram import spectrogram as draw

    with terminal.progress(DRAWING):
        drawn = draw(file, output, look, start=start, duration=duration, channel=channel)
    _say(output, drawn)


def response(
    ir: Irs,
    output: Picture,
    rate: Rate = 48000,
    channel: Channel = None,
    smoothing: Smoothing = None,
    *,
    look: Look,
) -> None:
    """Draw magnitude, phase and group delay of impulses."""
    from audioconv.plot.response import response as draw

    with terminal.progress(DRAWING):
        drawn = draw(ir, output, look, rate=rate, channel=channel, smoothing=smoothing)
    _say(output, drawn)


def decay(
    ir: Irs,
    output: Picture,
    rate: Rate = 48000,
    channel: Channel = None,
    band: Annotated[
        float | None,
        typer.Option(metavar="HZ", help="An octave, such as 1000; broadband if not given."),
    ] = None,
    *,
    look: Look,
) -> None:
    """Draw the decay of impulses: level, energy decay, T20, T30, noise floor (ISO 3382-1)."""
    from audioconv.plot.decay import decay as draw

    with terminal.progress(DRAWING):
        drawn = draw(ir, output, look, rate=rate, channel=channel, band=band)
    _say(output, drawn)


def waterfall(
    ir: Annotated[str, typer.Argument(metavar="IR", help="Sound file, builder spec or preset.")],
    output: Picture,
    rate: Rate = 48000,
    channel: Annotated[int, typer.Option(metavar="N", help="The channel, counted from 1.")] = 1,
    span: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="First slice to last; what it takes to fall by 45 dB if not given."
        ),
    ] = None,
    slices: Annotated[int, typer.Option(metavar="N", help="How many spectra.")] = 40,
    smoothing: Smoothing = None,
    *,
    look: Look,
) -> None:
    """Draw the cumulative spectral decay of an impulse: what is left later and later."""
    from audioconv.plot.waterfall import waterfall as draw

    with terminal.progress(DRAWING):
        drawn = draw(
            ir,
            output,
            look,
            rate=rate,
            channel=channel,
            span=span,
            slices=slices,
            smoothing=smoothing,
        )
    _say(output, drawn)


def null(
    a: Annotated[str, typer.Argument(metavar="A", help="A sound file.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    output: Picture,
    start: Start = "0",
    duration: Duration = None,
    *,
    look: Look,
) -> None:
    """Draw the difference of two sounds, as they are and after the best shift and gain."""
    from audioconv.plot.null import null as draw

    with terminal.progress(DRAWING):
        drawn = draw(a, b, output, look, start=start, duration=duration)
    _say(output, drawn)


def _say(output: str, drawn: Drawn) -> None:
    width, height = drawn.size
    printing.wrote(output, f"{drawn.what}, {width:g} x {height:g} mm", drawn.notices)


for command in (waveform, spectrogram, response, decay, waterfall, null):
    app.command()(expand(command))
