"""Messages of the library, in terms of the command line.

The library names Python arguments in backticks, as in "pass `overwrite=True`". Where a command
prints the message, they become its options: "pass -y".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import suppress

from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from audioconv.cli.options import LazyGroup
from audioconv.errors import AudioconvError

ARGUMENT = re.compile(r"(?<![^\s(])`(?:([a-z]\w*)(?:=('[^'`]*'|[\w.+-]+))?|('[^'`]*'))`(?!\w|\.\w)")
"""`overwrite`, `overwrite=True`, `rate=48000`, `clip='guard'`, or a value alone: `'error'`."""

ALIASES = {"impulses": "ir", "resample": "rate"}
"""Arguments whose option has another name."""


def as_options(message: str) -> str:
    """Replace Python arguments in a message by command-line options.

    Examples
    --------
    >>> as_options("out.wav exists; pass `overwrite=True` to replace it")
    'out.wav exists; pass -y to replace it'
    >>> as_options("h.wav is 48000 Hz; resample it or pass `rate_mismatch='resample'`")
    'h.wav is 48000 Hz; resample it or pass --rate-mismatch resample'
    >>> as_options("use `map='auto'` or `'mono'`; lower `wet`")
    'use --map auto or mono; lower --wet'
    """
    return ARGUMENT.sub(_replacement, message)


def _replacement(match: re.Match[str]) -> str:
    import shlex  # late: most runs print no argument

    name, value, alone = match.groups()
    text = shlex.quote((value or alone or "").strip("'"))
    if alone:
        return text
    option = _option(ALIASES.get(name, name))
    if option is None:
        return match[0]
    return option if value in (None, "True") else f"{option} {text}"


@functools.cache
def _option(argument: str) -> str | None:
    """Return the option for a Python argument, such as ``-y`` for overwrite, if there is one."""
    from audioconv.cli import app  # late: it imports this module

    group = get_command(app)
    assert isinstance(group, TyperGroup)
    for command in _commands(group):
        for option in command.params:
            if isinstance(option, TyperOption) and option.name == argument:
                return option.opts[0]
    return None


def _commands(group: TyperGroup) -> Iterator[TyperCommand]:
    """Yield all commands except those of builders; those with slow imports come last."""
    groups = [group, *(one for one in group.commands.values() if isinstance(one, TyperGroup))]
    for one in groups:
        yield from (leaf for leaf in one.commands.values() if isinstance(leaf, TyperCommand))
    for one in (one for one in groups if isinstance(one, LazyGroup)):
        for name in one.lazy:
            with suppress(ImportError, AudioconvError):  # an optional library is not installed
                yield one.load_command(name)
