"""The command line: the only room that knows typer, one module for each kind of command.

A command parses, calls one function of the library, and prints. Everything heavy is imported
inside the commands, so that help is fast.

usage     the help of a command: its options in panels, and examples
help_text  sections, wrapped lines and examples of a help
completion  completion of values: words, impulses and files
shells    what bash, zsh and fish know of it, and the answer to a Tab
options   options made from signatures, and arguments that several commands share
slips     numbers that probably mean something else than they say
remedies  what there is, where a command line names what there is not
wording   messages of the library, in terms of the command line
terminal  progress bars, tables and sparklines, on a terminal only
layout    text laid out for a width: wrapped lines, rows and tables
printing  summaries and notices on standard error, results on standard output
outcomes  the report of a run: for a person, with all figures, or as JSON
verification  the report of a verification
convolve  convolve, echo
many      many files on a command line: given to one of these, or expanded by the shell
batch     batch
batch_report  what a batch tells as it goes, at its end, and in a dry run
ir        ir build, edit, list, fold, info
builders  ir build and ir list, made from the builders' signatures
ir_info   the report of ir info on an impulse response
sofa_info the report of ir info on a SOFA file
saved     options and summary of the commands that save an impulse response
inspect   info, verify, compare
effects   spectral, amp: a command for each effect
measure   sweep, deconvolve
redo      redo
plot      plot waveform, spectrogram, response, decay, waterfall, null
explain   explain, animate
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Annotated, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command

from audioconv._version import __version__
from audioconv.batch.places import LOCAL
from audioconv.cli import (
    batch,
    convolve,
    effects,
    explain,
    inspect,
    ir,
    measure,
    plot,
    printing,
    redo,
    shells,
    slips,
)
from audioconv.cli.many import ManyFiles, OneFile
from audioconv.cli.options import LazyGroup, expand
from audioconv.cli.remedies import with_remedy
from audioconv.cli.usage import HELP_ALL, HELP_NAMES, HELP_OPTIONS, Command
from audioconv.effects import EFFECTS
from audioconv.errors import AudioconvError
from audioconv.urls import public_text

VERBOSE = "-v", "--verbose"


class Commands(LazyGroup):
    """All commands."""

    lazy: ClassVar = measure.LAZY


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP_OPTIONS,
)
app.command(cls=OneFile)(expand(convolve.convolve, without=LOCAL))
app.command(cls=OneFile)(expand(convolve.echo, without=["rate_mismatch"]))
app.command(cls=ManyFiles)(expand(batch.batch, without=["json"]))
for name, effect in EFFECTS.items():
    app.command(name, cls=effects.EffectCommand)(effects.command(effect))
app.add_typer(ir.app, name="ir")
app.command(cls=Command)(inspect.info)
app.command(cls=Command)(expand(inspect.verify, unlisted=inspect.WRITING))
app.command(cls=Command)(inspect.compare)
app.command(cls=Command)(expand(redo.redo))
app.add_typer(plot.app, name="plot")
app.command(cls=Command)(expand(explain.explain, without=explain.OUTPUT_OPTIONS))
app.command(cls=Command)(expand(explain.animate))
shells.register()


def _print_version(wanted: bool) -> None:
    if wanted:
        printing.out(f"audioconv {__version__}")
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
    """Convolution reverb, echoes and filters: exact convolution with impulse responses (IR).

    Halls, cabinets, rooms that you measured or that are built from numbers, on recordings of any
    length, in constant memory; the output can be verified against the definition.

    Examples
    --------
    $ audioconv echo speech.wav echo.wav --delay 350ms --gain -6dB
    $ audioconv convolve guitar.wav wet.wav --ir hall.wav --mix 0.3
    $ audioconv ir info hall.wav
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; an error is one line on standard error."""
    printing.escape_unencodable()
    code = _run(sys.argv[1:] if arguments is None else list(arguments))
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # Python flushes the buffer again on exit, and would print a second error
        printing.discard(sys.stdout)
        return code or _ended(printing.write_error(error))
    return code


def _run(arguments: Sequence[str]) -> int:
    plain = _placed(arguments)
    if arguments and not plain:
        return _failed("-v is alone; a command is missing, and `audioconv --help` lists them", 2)
    try:
        slips.refuse_spaces(plain)
        code = app(plain, prog_name="audioconv", standalone_mode=False)
        if code == 130:  # typer returns this for KeyboardInterrupt
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt:
        return _failed("interrupted", 130)
    except AudioconvError as error:
        _trace(arguments)
        return _ended(error)
    except typer.TyperException as error:
        message = error.format_message()
        if message.startswith("Usage:"):  # a command without arguments shows its help
            printing.err(message)
            return error.exit_code
        context = getattr(error, "ctx", None)  # typer's type of errors of usage is private
        return _failed(with_remedy(message, context), error.exit_code)
    except Exception as error:
        _trace(arguments)
        if isinstance(error, OSError) and {*plain} & {*HELP_NAMES, HELP_ALL}:
            return _ended(printing.write_error(error))  # typer prints help
        if isinstance(error, MemoryError):
            return _failed("not enough memory; use a shorter impulse", 1)
        return _failed(
            f"{type(error).__name__}: {error} (unexpected; run again with -v to see where)", 1
        )


def _placed(arguments: Sequence[str]) -> list[str]:
    """Return arguments with -v, which may stand anywhere, behind the command if it is its option.

    Every command takes it: an error then has its traceback.
    """
    plain = [argument for argument in arguments if argument not in VERBOSE]
    if len(plain) == len(arguments) or not plain:
        return plain
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    command = group.commands.get(plain[0])
    known = command is not None and "verbose" in [one.name for one in command.params]
    return [plain[0], *["-v"] * known, *plain[1:]]


def _trace(arguments: Sequence[str]) -> None:
    """Print the traceback of the current exception under -v."""
    if any(re.fullmatch("-[qyv]*v[qyv]*|--verbose", argument) for argument in arguments):
        import traceback  # late: most runs succeed

        printing.err(public_text(traceback.format_exc()))


def _ended(error: AudioconvError) -> int:
    """Print an error, unless it is that nobody reads, and return its exit code."""
    if not isinstance(error, printing.ReaderGoneError):
        printing.print_error(str(error))
    return error.exit_code


def _failed(message: str, code: int) -> int:
    printing.print_error(message)
    return code
