"""The text of a help: sections in two columns, wrapped lines, and the examples of a docstring."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

WIDEST = 24
"""Columns of the names of options at most; the text on a longer one begins below it."""

PROMPT = "$ "
SECTION = "\n\nExamples\n--------\n"


def examples(docstring: str) -> list[str]:
    r"""Return the command lines in the section Examples of a docstring.

    Examples
    --------
    >>> examples("Echo.\n\nExamples\n--------\n$ audioconv echo in.wav out.wav\n")
    ['audioconv echo in.wav out.wav']
    """
    lines = inspect.cleandoc(docstring).partition(SECTION)[2].splitlines()
    return [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]


def with_examples(text: str, docstring: str) -> str:
    """Return a text with the examples of a docstring."""
    lines = [f"{PROMPT}{line}" for line in examples(docstring)]
    return text + SECTION + "\n".join(lines) if lines else text


def first_sentence(name: str, text: str) -> tuple[str, str]:
    """Shorten the help on an option to its first sentence, with its default.

    Examples
    --------
    >>> first_sentence("--clip", "Past full scale. guard attenuates.  [default: guard]")
    ('--clip', 'Past full scale.  [default: guard]')
    """
    sentences, gap, extra = text.partition("  [")
    first, _, _ = sentences.partition(". ")
    return name, f"{first.removesuffix('.')}.{gap}{extra}"


def write_sections(sections: Mapping[str, Sequence[tuple[str, str]]], formatter: Any) -> None:
    """Write sections of names and texts, whose texts begin in one column."""
    names = [name for rows in sections.values() for name, _ in rows if len(name) <= WIDEST]
    column = max(map(len, names), default=0) + 4
    for heading, rows in sections.items():
        formatter.write(f"\n{heading}:\n")
        for name, text in rows:
            lines = wrapped(text, formatter.width, indent=column)
            beside = f"  {name}".ljust(column) + lines[column:]
            formatter.write(beside if len(name) <= WIDEST else f"  {name}\n{lines}")


def wrapped(text: str, width: int, indent: int = 0, below: int = 0) -> str:
    """Wrap a text between words, which keep their hyphens, with a line break at its end."""
    lines = textwrap.wrap(
        text.replace("\n", " "),
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + below),
        break_on_hyphens=False,
        break_long_words=False,
    )
    return "\n".join(lines) + "\n"
