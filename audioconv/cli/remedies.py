"""Remedies for command lines that typer refuses: the commands there are, or the usage."""

from __future__ import annotations

import os
import re
from typing import Any

USAGE_FAULTS = "Missing ", "No such option"
"""Beginnings of messages to which the usage of the command is the remedy."""

NO_COMMAND = r"No such command '(.*)'\."
"""A message without a suggestion."""

NO_FIGURE = r"No such (option: --|command ')(?i:rt60|t60|t30|t20|edt|c50|c80|d50|drr)(?![\w-])'?"
"""A message on the name of a figure of room acoustics, typed as an option or a command."""

MEASURES = ("info", "decay")
"""Commands whose options may be taken for figures."""


def with_remedy(message: str, context: Any) -> str:
    """Return a message about a command line with what there is, or with the usage.

    Parameters
    ----------
    message : str
    context : typer.Context or None
        of the command, or of the group of commands, that is meant

    Examples
    --------
    >>> with_remedy("No such command 'rt60'.", None)
    "No such command 'rt60'; `audioconv ir info IR` prints all figures of a room"
    """
    figure = re.match(NO_FIGURE, message)
    if figure and (
        figure[1].startswith("command") or getattr(context, "info_name", "") in MEASURES
    ):
        return f"{figure[0]}; `audioconv ir info IR` prints all figures of a room"
    if context is None:
        return message
    if unknown := re.fullmatch(NO_COMMAND, message, re.DOTALL):
        names = ", ".join(context.command.list_commands(context))
        word = unknown[1]
        is_file = "." in word or os.path.lexists(word)
        remedy = "name one before the file:" if is_file else "there are"
        return f"{message[:-1]}; {remedy} {names}"
    if message.startswith(USAGE_FAULTS) and not message.endswith(")"):
        usage = " ".join(context.get_usage().split())
        return f"{message.removesuffix('.')}; {usage.replace('Usage', 'usage', 1)}"
    return message
