"""The command line: the only room that knows typer, one module for each kind of command.

Commands parse, call one function of the library and print. Everything heavy is imported inside
them, so that help comes at once.

options   options made from signatures, and the arguments that several commands share
terminal  progress bars, tables and sparklines, on a terminal only
printing  summaries and notices on standard error, results on standard output
convolve  convolve, echo
ir        ir build, edit, list, fold, info
builders  ir build and ir list, made from the builders' signatures
ir_info   the text of ir info
saved     options and summary of every command that writes an impulse
inspect   info, verify, compare
measure   sweep, deconvolve
redo      redo
plot      plot waveform, spectrogram, response, decay, waterfall, null
explain   explain, animate
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Annotated, ClassVar

import typer

from audioconv._version import __version__
from audioconv.cli import convolve, explain, inspect, ir, measure, plot, printing, redo
from audioconv.cli.options import HELP_OPTIONS, LateGroup, expand
from audioconv.errors import AudioconvError


class Commands(LateGroup):
    """All commands."""

    late: ClassVar = measure.LATE


app = typer.Typer(
    cls=Commands,
    help="Exact convolution of sound: echoes, rooms, measured impulses; hours long, in constant "
    "memory, checked against the plain sum.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP_OPTIONS,
)
app.command()(expand(convolve.convolve))
app.command()(expand(convolve.echo))
app.add_typer(ir.app, name="ir")
app.command()(inspect.info)
app.command()(expand(inspect.verify))
app.command()(inspect.compare)
app.command()(expand(redo.redo))
app.add_typer(plot.app, name="plot")
app.command()(expand(explain.explain, without=explain.OF_FILES))
app.command()(expand(explain.animate))


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"audioconv {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Exact convolution of sound.

    Echoes, rooms and measured impulses; hours long in constant memory, checked against the
    plain sum.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; what goes wrong is one line on stderr."""
    _exit_on_termination()
    code = _run(sys.argv[1:] if arguments is None else list(arguments))
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # what is left in the buffer would fail once more, and be told, when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or _failed(str(printing.unwritten(error)), 1)
    return code


def _run(arguments: Sequence[str]) -> int:
    plain = [argument for argument in arguments if argument not in ("-v", "--verbose")]
    try:
        # -v goes with every command, and only `_trace` asks for it
        code = app(plain, prog_name="audioconv", standalone_mode=False)
        if code == 130:  # what typer makes of an interrupt
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt:
        return _failed("interrupted", 130)
    except AudioconvError as error:
        _trace(arguments)
        return _failed(str(error), error.exit_code)
    except typer.TyperException as error:
        message = error.format_message()
        if message.startswith("Usage:"):  # a command without arguments shows its help
            printing.err(message)
            return error.exit_code
        return _failed(message, error.exit_code)
    except Exception as error:
        _trace(arguments)
        from impulses import ImpulseError  # late: only where something has failed

        if isinstance(error, ImpulseError):  # a value that no impulse can be made with
            return _failed(str(error), 2)
        if isinstance(error, MemoryError):
            return _failed("not enough memory; use a shorter impulse", 1)
        return _failed(
            f"{type(error).__name__}: {error} (unexpected; run again with -v to see where)", 1
        )


def _exit_on_termination() -> None:
    """Let TERM and HUP end the program by its clean-up, unless whoever started it ignores them."""
    if threading.current_thread() is not threading.main_thread():
        return
    for termination in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, termination, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda received, _: sys.exit(128 + received))


def _trace(arguments: Sequence[str]) -> None:
    """Under -v, show where the error being handled came from."""
    if any(re.fullmatch("-[qyv]*v[qyv]*|--verbose", argument) for argument in arguments):
        import traceback  # late, as most runs end well

        traceback.print_exc()


def _failed(message: str, code: int) -> int:
    printing.err(f"error: {' '.join(message.splitlines())}")
    return code
