"""A command for each effect, such as `audioconv spectral`, made from its docstring and fields."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import Any

from audioconv.cli import outcomes, slips, terminal
from audioconv.cli.help_text import with_examples
from audioconv.cli.options import Input, Output, Show, expand
from audioconv.cli.usage import Command
from audioconv.effects.job import OF_CONVOLUTION, EffectJob, misplaced
from audioconv.effects.plan import Effect
from audioconv.errors import UsageError
from audioconv.job import Options
from audioconv.parameters import description, parameters


class EffectCommand(Command):
    """A command of an effect, on one sound, with none of the options of a convolution."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line; options of a convolution are refused by name."""
        if not ctx.resilient_parsing:  # as for completion
            self._refuse_misplaced(args)
        return list(super().parse_args(ctx, args))

    def _refuse_misplaced(self, args: list[str]) -> None:
        """Raise if an option is one of a convolution alone."""
        own = {option for parameter in self.params for option in parameter.opts}
        for argument in takewhile("--".__ne__, args):
            option = argument.partition("=")[0]
            name = option.removeprefix("--").removeprefix("no-").replace("-", "_")
            if option.startswith("--") and option not in own and name in OF_CONVOLUTION:
                raise misplaced(name)


def command(kind: Callable[..., Effect]) -> Callable[..., None]:
    """Return the command of an effect: its docstring is the help, its fields are the options."""

    def applied(input: Input, output: Output, effect: Effect, options: Options, show: Show) -> None:
        slips.refuse_specs(getattr(effect, name) for name in impulses)
        apply(effect, input, output, options, show)

    applied.__doc__ = with_examples(description(kind), kind.__doc__ or "")
    applied.__annotations__["effect"] = kind
    own = {field.name for field in parameters(kind)}
    impulses = [field.name for field in parameters(kind) if field.unit == "impulse"]
    return expand(applied, without={*OF_CONVOLUTION} - own)


def apply(effect: Effect, input: str, output: str, options: Options, show: Show) -> None:
    """Apply an effect to a sound, and print the outcome."""
    from audioconv.render.effect import run_effect  # late, so that help is fast

    if show.json and output == "-":
        raise UsageError("--json and the sound cannot both go to standard output; name a file")
    with terminal.progress(quiet=show.quiet) as progress:
        outcome = run_effect(EffectJob(input, output, effect, options), progress)
    outcomes.print_effect(outcome, show)
