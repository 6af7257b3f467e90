"""`audioconv spectral` and `audioconv amp`, and what the commands of effects share.

Their options are the fields of the effect.
"""

from __future__ import annotations

from audioconv.cli import printing, terminal
from audioconv.cli.options import Input, Output, Show
from audioconv.effects import Amp, Effect, EffectJob, Spectral
from audioconv.errors import UsageError
from audioconv.job import Options


def spectral(input: Input, output: Output, effect: Spectral, options: Options, show: Show) -> None:
    """Blur, sharpen or keep the edges of a sound's spectrum, as of a picture.

    The magnitudes of the short-time spectrum are convolved with a kernel over time and frequency.
    """
    apply(effect, input, output, options, show)


def amp(input: Input, output: Output, effect: Amp, options: Options, show: Show) -> None:
    """Play a sound through a guitar amplifier, a model of the Neural Amp Modeler (NAM).

    The sound begins after silence, and each channel has an amplifier of its own.
    """
    apply(effect, input, output, options, show)


def apply(effect: Effect, input: str, output: str, options: Options, show: Show) -> None:
    """Apply an effect to a sound, and print the outcome."""
    from audioconv.render.effect import run_effect  # late, so that help is fast

    if show.json and output == "-":
        raise UsageError("--json and the sound cannot both go to standard output; name a file")
    with terminal.progress(quiet=show.quiet) as progress:
        outcome = run_effect(EffectJob(input, output, effect, options), progress)
    printing.print_effect(outcome, show)
