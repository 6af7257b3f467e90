"""`audioconv convolve` and `audioconv echo`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import typer

from audioconv.batch.places import Place
from audioconv.cli import outcomes, printing, slips, terminal
from audioconv.cli.options import Impulses, Input, Output, Show
from audioconv.errors import AudioconvError, UsageError, counted
from audioconv.job import Job, Options

Shards = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        rich_help_panel="Cluster",
        hidden=True,
        help="Convolve N blocks at a time on the workers of a Dask cluster instead of on this "
        "machine; by default, where --scheduler is given, two for each of their threads. Reading "
        "and writing stay here; N never changes the result.",
    ),
]


def convolve(
    input: Input,
    output: Output,
    ir: Impulses,
    options: Options,
    place: Place,
    shards: Shards = None,
    *,
    show: Show,
) -> None:
    """Convolve a sound with an impulse response: a hall, a cabinet.

    The output is exact and complete, tail included, unless an option asks for something else.
    Set --wet and --dry, or --mix, to use it as a convolution reverb beside the dry sound.

    Examples
    --------
    $ audioconv convolve guitar.wav wet.wav --ir hall.wav
    $ audioconv convolve speech.wav far.wav --ir preset:cathedral --mix 0.3
    $ audioconv convolve guitar.wav dub.wav --ir feedback:delay=300ms,gain=0.6
    """
    slips.refuse_in_job(ir, options)
    job = Job(input, output, ir, options)
    if shards is None and place == Place():
        _run(job, show)
    else:
        _run_shards(job, place, shards, show)


def echo(
    input: Input,
    output: Output,
    *,
    delay: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TIME",
            help="Time from the direct sound to the echo, by default 250ms: 350ms, 0.35 "
            "(seconds) or 15435S (samples). Repeat it for more echoes, each with its --gain.",
            rich_help_panel="Effect",
        ),
    ] = None,
    gain: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GAIN",
            help="Gain of the echo, by default 0.5: -6dB, or 0.5 (a factor).",
            rich_help_panel="Effect",
        ),
    ] = None,
    fractional: Annotated[
        bool,
        typer.Option(
            "--fractional",
            help="Interpolate delays between samples instead of rounding them.",
            rich_help_panel="Effect",
            hidden=True,
        ),
    ] = False,
    options: Options,
    show: Show,
) -> None:
    """Add echoes to a sound: a copy for each --delay and --gain.

    To --wet, --dry and --mix, the convolved sound is the direct sound with its echoes.

    Examples
    --------
    $ audioconv echo speech.wav echo.wav --delay 350ms --gain -6dB
    $ audioconv echo speech.wav two.wav --delay 1s --gain 0.6 --delay 2s --gain 0.3
    $ audioconv echo speech.wav checked.wav --delay 350ms --length input --verify
    """
    slips.refuse_in_job([], options)
    try:
        _run(Job(input, output, [echo_spec(delay, gain, fractional)], options), show, _as_echo)
    except AudioconvError as error:
        error.args = (_as_echo(str(error)),)
        raise


def echo_spec(delay: list[str] | None, gain: list[str] | None, fractional: bool) -> str:
    """Return the spec of the impulse of an echo, from its options.

    Examples
    --------
    >>> echo_spec(["350ms"], ["-6dB"], False)
    'double-spike:delay=350ms,gain=-6dB'
    """
    _refuse_slips(delay, gain)
    delays, gains = delay or ["250ms"], gain or (["0.5"] if len(delay or [1]) == 1 else [])
    if len(delays) != len(gains):
        raise UsageError(
            f"{counted(len(delays), 'delay')} but {counted(len(gains), 'gain')}; give one --gain "
            "for each --delay"
        )
    between = ",fractional=yes" if fractional else ""
    if len(delays) == 1:
        return f"double-spike:delay={delays[0]},gain={gains[0]}{between}"
    taps = "".join(f",delay={d},gain={g}" for d, g in zip(delays, gains, strict=True))
    return f"multi-tap:delay=0,gain=1{taps}{between}"


def _refuse_slips(delay: list[str] | None, gain: list[str] | None) -> None:
    """Raise if a value of an echo lacks its unit, or is several."""
    for option, unit, texts in (("--delay", "time", delay), ("--gain", "gain", gain)):
        for text in texts or ():
            if "," in text:
                values = [slips.probable(option, unit, one.strip()) for one in text.split(",")]
                remedy = " ".join(f"{option} {one}" for one in values)
                if pointed := slips.point_for_comma(text):
                    one = slips.probable(option, unit, pointed)
                    remedy = f"{option} {one}, or {remedy} for two echoes"
                raise UsageError(
                    f"{option} takes one value, but {text!r} is several; write {remedy}"
                )
            slips.refuse(option, unit, text)


def _run_shards(job: Job, place: Place, shards: int | None, show: Show) -> None:
    from audioconv.batch.shards import run_shards  # late, so that help is fast

    _refuse_both(job, show)
    notices: list[str] = []
    with terminal.progress(quiet=show.quiet) as progress:
        outcome = run_shards(job, place, shards, progress, notices=notices)
    outcomes.print_outcome(outcome, job.options, show)
    if not show.quiet:
        for notice in notices:
            printing.print_message("notice", notice)


def _as_echo(message: str) -> str:
    """Return a message about the builder of an echo, which no option names, as one about the echo.

    Examples
    --------
    >>> _as_echo("multi-tap: delay is -1 s; it must be 0 or more, and finite")
    'echo: delay is -1 s; it must be 0 or more, and finite'
    """
    return re.sub(r"^(double-spike|multi-tap)\b", "echo", message)


def _run(job: Job, show: Show, worded: Callable[[str], str] = str) -> None:
    from audioconv.render.run import run  # late, so that help is fast

    _refuse_both(job, show)
    with terminal.progress(quiet=show.quiet) as progress:
        outcome = run(job, progress)
    outcome = replace(outcome, notices=[*map(worded, outcome.notices)])
    outcomes.print_outcome(outcome, job.options, show)


def _refuse_both(job: Job, show: Show) -> None:
    """Raise if two things would go to standard output."""
    if show.json and job.output == "-":
        raise UsageError("--json and the sound cannot both go to standard output; name a file")
