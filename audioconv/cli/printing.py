"""Results for a person: lines on standard error, or JSON on standard output."""

from __future__ import annotations

import io
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from audioconv.cli import layout, terminal
from audioconv.cli.layout import Rows
from audioconv.cli.wording import as_options
from audioconv.errors import AudioconvError, counted, printable
from audioconv.urls import public_name, public_text


class ReaderGoneError(AudioconvError):
    """Text that nobody reads to its end, as before ``| head``: no fault, and nothing to be told.

    The exit code is that of a program that SIGPIPE ends.
    """

    exit_code = 141


NAMES = "path", "input", "output"
"""Keys of objects under which the name of a file stands."""


def err(text: str) -> None:
    """Write lines to standard error, if it is there and can be written."""
    if sys.stderr is None:
        return
    with _unless_lost(sys.stderr):
        print(_lines(text), file=sys.stderr)


def out(text: str) -> None:
    """Write lines to standard output.

    Raises
    ------
    AudioconvError
        If it cannot be written.
    """
    try:
        print(_lines(text))
    except OSError as error:
        raise write_error(error) from None


def out_line(text: str, *, hanging: int = 2) -> None:
    """Write a line of a report to standard output, wrapped at its width."""
    out(layout.wrapped(text, layout.width(sys.stdout), hanging=hanging))


def out_rows(rows: Rows, *, indent: str = "  ") -> None:
    """Write labels and values to standard output, in two columns that fit its width."""
    out(layout.two_columns(rows, layout.width(sys.stdout), indent=indent))


def err_line(text: str) -> None:
    """Write a line of a report to standard error, wrapped at its width."""
    err(layout.wrapped(text, layout.width(sys.stderr)))


def _lines(text: str) -> str:
    """Return lines as a terminal may show them, whatever text of a file is in them."""
    return "\n".join(map(printable, text.split("\n")))


@contextmanager
def _unless_lost(stream: TextIO) -> Iterator[None]:
    """Suppress errors of standard error: nothing that is done fails because it cannot be told."""
    try:
        yield
    except (OSError, ValueError):
        discard(stream)


def escape_unencodable() -> None:
    """Make both standard streams escape what their encodings lack, such as kanji in cp1252."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def discard(stream: TextIO) -> None:
    """Send what is still to be written, and Python writes on exit, nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_error(error: OSError) -> AudioconvError:
    """Return the error for standard output that cannot be written."""
    if isinstance(error, BrokenPipeError):
        return ReaderGoneError("standard output was closed by its reader before the end")
    return AudioconvError(f"standard output cannot be written: {error.strerror or error}")


def print_error(message: str) -> None:
    """Write an error as one line on standard error."""
    err(f"error: {one_line(message)}")


def print_notices(notices: Sequence[str]) -> None:
    """Write notices to standard error, after an empty line.

    Each is one line, as an error is, so that it can be searched for; a terminal wraps it at words.
    """
    if notices:
        err("")
    for notice in notices:
        print_message("notice", notice)


def print_message(kind: str, message: str) -> None:
    """Write a notice or a failure as a line on standard error; a terminal wraps it at words."""
    text = f"{kind}: {one_line(message)}"
    if sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty():
        text = layout.wrapped(printable(text), layout.width(sys.stderr), hanging=len(kind) + 2)
    err(text)


def one_line(message: str) -> str:
    """Return a message as one line, without what may be secret in a URL."""
    return public_text(" ".join(as_options(message).splitlines()))


def print_json(value: dict[str, Any]) -> None:
    """Write one JSON object on a line of standard output, with null for NaN and infinity.

    Of files at URLs it names what is public.
    """
    names = {key: public_name(value[key]) for key in NAMES if isinstance(value.get(key), str)}
    value = {**value, **names}
    if "notices" in value:
        value = {**value, "notices": [*map(as_options, value["notices"])]}
    out(json.dumps(_finite(value)))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def format_db(level: float, unit: str = "dB") -> str:
    """Format a level, with ``-inf`` for silence and without a sign of zero.

    Examples
    --------
    >>> format_db(-6.0206), format_db(-1e-9), format_db(-math.inf, "dBFS")
    ('-6.02 dB', '0.00 dB', '-inf dBFS')
    """
    if not math.isfinite(level):
        return f"-inf {unit}"
    rounded = round(level, 2)
    return f"{rounded:+.2f} {unit}" if rounded else f"0.00 {unit}"


def duration(frames: int, rate: int) -> str:
    """Format a number of frames, and the same in seconds.

    Examples
    --------
    >>> duration(48000, 48000), duration(1, 48000)
    ('48000 frames (1.000 s)', '1 frame (0.000 s)')
    """
    return f"{counted(frames, 'frame')} ({frames / rate:.3f} s)"


def print_sections(sections: Sequence[tuple[str, Rows]], notices: Sequence[str] = ()) -> None:
    """Write sections, each a heading and rows, and notices to standard error.

    A terminal shows the same lines, with colours.
    """
    if terminal.shows(sys.stderr):
        with _unless_lost(sys.stderr):
            terminal.table(sys.stderr, sections, [*map(one_line, notices)])
        return
    columns = layout.width(sys.stderr)
    for heading, rows in sections:
        if heading:
            err(layout.wrapped(heading, columns))
        if rows:
            err(layout.two_columns(rows, columns))
    print_notices(notices)


def print_written(output: str, description: str, notices: Sequence[str] = ()) -> None:
    """Write the name of an output file and a description of it, and notices."""
    from audioconv.files import display_name  # late, so that help is fast

    err_line(f"{display_name(output, role='output')}: {description}")
    print_notices(notices)
