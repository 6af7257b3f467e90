"""Many files on a command line: for a command that takes one, or from a pattern of impulses."""

from __future__ import annotations

import glob
import os
import shlex
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from typer.core import TyperOption

from audioconv.cli.slips import refuse_specs
from audioconv.cli.usage import QUOTES, Command, taken, too_many
from audioconv.errors import UsageError, counted, printable

OWN = ("ir", "delay", "gain", "fractional", "json", "shards")
"""Options that a batch has not, or has in another form."""

CHAIN = "chain.wav"
"""Name for several impulses in one file."""


class OneFile(Command):
    """A command with one input and one output."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line; many inputs, or a folder, are refused with a remedy."""
        given = list(args)
        ctx.allow_extra_args = True
        extra: list[str] = super().parse_args(ctx, args)
        if ctx.resilient_parsing:  # for completion
            return extra
        last = extra[-1] if extra else ctx.params["output"]
        folders = os.path.isdir(ctx.params["input"]) or os.path.isdir(last)
        if extra or folders or last.endswith(("/", os.sep)):
            self._refuse(ctx, given, extra)
        return extra

    def _refuse(self, ctx: Any, args: list[str], extra: Sequence[str]) -> None:
        """Raise if many files are meant, with the command line of the batch."""
        from audioconv.files import display_name, escape  # late, so that help is fast

        named = [ctx.params["input"], ctx.params["output"], *extra]
        *inputs, last = named
        if not _are_files(inputs):
            if extra:
                raise too_many(ctx, named, "give many files to `audioconv batch`")
            return
        if not extra and not _may_be_folder(last):
            return  # the reader refuses a folder as IN
        if not extra:
            folder, kind = (inputs[0], "sound file") if os.path.isdir(inputs[0]) else (last, "file")
            fault = f"{display_name(folder)} is a directory; name a {kind} in it, or"
        elif _may_be_folder(last) or os.path.exists(last):
            fault = f"{taken(ctx, len(named))}; for many files,"
        else:
            fault = f"{taken(ctx, len(named))}; {QUOTES}, or for many files"
        into = last if _may_be_folder(last) else "DIR"
        sounds = named if into == "DIR" and os.path.exists(last) else inputs
        line = escape(self._batch_line(ctx, args, sounds, into))
        raise UsageError(f"{fault} run: {line}")

    def _batch_line(self, ctx: Any, args: list[str], inputs: Sequence[str], into: str) -> str:
        """Return the command line of the batch."""
        before, ir = "", _impulse(ctx.params)
        if len(ir) > 1:
            before = f"audioconv ir fold {shlex.join(ir)} {CHAIN} && "
            ir = [CHAIN]
        return before + " ".join(
            [
                "audioconv batch",
                *_named(inputs),
                shlex.join(["--ir", *ir, *self._kept(args), "--into", into]),
            ]
        )

    def _kept(self, args: Sequence[str]) -> Iterator[str]:
        """Yield the options, as written, that a batch has too."""
        known = {
            name: one for one in self.params if isinstance(one, TyperOption) for name in one.opts
        }
        words = iter(args)
        for word in words:
            option = known.get(word.partition("=")[0])
            if option is None:
                continue
            value = [] if option.is_flag or "=" in word else [next(words)]
            if option.name not in OWN:
                yield from [word, *value]


class ManyFiles(Command):
    """The command with many inputs and impulses."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line; a pattern of impulses that the shell has expanded is refused."""
        if not ctx.resilient_parsing:  # as for completion
            refuse_expanded(args)
        return super().parse_args(ctx, args)


def refuse_expanded(words: Sequence[str]) -> None:
    """Raise if a pattern of impulses is expanded, so that all but the first would be inputs.

    They are files in one folder, and the inputs, which come first, in others.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> refuse_expanded(["dry.wav", "--ir", "samples/guitar.wav", "samples/hall.wav"])
    Traceback (most recent call last):
        ...
    audioconv.errors.UsageError: 1 file behind --ir samples/guitar.wav would be an input; put the \
pattern in quotes, --ir 'samples/*.wav', or write --ir before each
    """
    inputs = _names(words)
    taken = {*inputs, *map(os.path.dirname, inputs)}
    for at in [at for at, word in enumerate(words) if word == "--ir" and inputs]:
        first, *others = _names(words[at + 1 :]) or [""]
        folder, suffix = os.path.dirname(first), os.path.splitext(first)[1]
        alike = all(os.path.dirname(one) == folder and os.path.isfile(one) for one in others)
        if others and alike and folder not in taken:
            would = "would be an input" if len(others) == 1 else "would be inputs"
            raise UsageError(
                f"{counted(len(others), 'file')} behind --ir {printable(first)} {would}; put the "
                f"pattern in quotes, --ir {shlex.quote(os.path.join(folder, f'*{suffix}'))}, or "
                "write --ir before each"
            )


def _names(words: Sequence[str]) -> list[str]:
    """Return the words before the first option."""
    return [*takewhile(lambda word: not word.startswith("-"), words)]


def _impulse(parameters: dict[str, Any]) -> list[str]:
    """Return the impulses of a command: of an echo, its spec."""
    from audioconv.cli.convolve import echo_spec  # late: it imports this module

    if "ir" in parameters:
        refuse_specs(parameters["ir"])
        return list(parameters["ir"])
    return [echo_spec(parameters["delay"], parameters["gain"], parameters["fractional"])]


def _named(inputs: Sequence[str]) -> list[str]:
    """Return inputs as words of a command line: as a pattern, if it means the same files."""
    first = inputs[0]
    suffix = os.path.splitext(first)[1]
    folder = os.path.dirname(first)
    if len(inputs) > 1 and suffix:
        pattern = os.path.join(glob.escape(folder), f"*{suffix}")
        if sorted(glob.glob(pattern)) == sorted(inputs):
            return [os.path.join(shlex.quote(folder) if folder else "", f"*{suffix}")]
    return [shlex.quote(one) for one in inputs]


def _may_be_folder(path: str) -> bool:
    """Return whether a path is a folder, or is no file and has the name of none."""
    return not (os.path.isfile(path) or os.path.splitext(path)[1]) or os.path.isdir(path)


def _are_files(paths: Sequence[str]) -> bool:
    return all(os.path.exists(path) for path in paths)
