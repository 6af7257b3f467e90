"""The commands of effects, whose options are the fields of the effect."""

from __future__ import annotations

from audioconv.cli import printing, terminal
from audioconv.cli.options import Show
from audioconv.effects import Effect, EffectJob
from audioconv.errors import UsageError
from audioconv.job import Options


def apply(effect: Effect, input: str, output: str, options: Options, show: Show) -> None:
    """Apply an effect to a sound, and print the outcome."""
    from audioconv.render.effect import run_effect  # late, so that help is fast

    if show.json and output == "-":
        raise UsageError("--json and the sound cannot both go to standard output; name a file")
    with terminal.progress(quiet=show.quiet) as progress:
        outcome = run_effect(EffectJob(input, output, effect, options), progress)
    printing.print_effect(outcome, show)
