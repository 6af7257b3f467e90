"""`audioconv info`, `audioconv verify` and `audioconv compare`: read only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from audioconv.cli import layout, printing, slips, terminal, verification
from audioconv.cli.options import Impulses, Input, Json, Show
from audioconv.errors import AudioconvError, FormatError, counted
from audioconv.job import Job, Options

if TYPE_CHECKING:
    from audioconv.files import FileReport
    from audioconv.verify.compare import Difference

WRITING = (
    "subtype",
    "format",
    "quality",
    "rf64",
    "metadata",
    "recipe",
    "max_output",
    "verify",
    "overwrite",
)
"""Options of a convolution that change nothing of what `verify` computes."""

UNLIKE = "unknown: B has too little in common with A"

Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Sound files, or their URLs.")]


def info(
    file: Files,
    json: Json = False,
    allow_truncated: Annotated[
        bool, typer.Option("--allow-truncated", help="Accept a file that ends early.")
    ] = False,
) -> None:
    """Show format, length, peak level and metadata of sound files.

    Each is read to its end. A file that cannot be read is an error; the others are shown all the
    same.

    Examples
    --------
    $ audioconv info speech.wav guitar.wav
    $ audioconv info hall.wav --json
    """
    from audioconv.files import info as read_info  # late, so that help is fast

    failed = 0
    for path in file:
        try:
            with terminal.progress() as progress:
                report = read_info(path, allow_truncated=allow_truncated, progress=progress)
        except FormatError as error:
            if len(file) == 1:
                raise
            printing.print_error(str(error))
            failed += 1
            continue
        if json:
            printing.print_json(report.as_json())
        else:
            printing.out(_describe(report))
            for notice in report.notices:
                printing.print_message("notice", notice)
    if failed:
        raise AudioconvError(f"{failed} of {len(file)} files cannot be read; fix or omit them")


def _describe(report: FileReport) -> str:
    """Describe a sound file, in a line if there is room for it."""
    from audioconv.files import display_name, listed

    parts = [
        f"{display_name(report.path)}: {report.format} {report.subtype}",
        f"{report.rate} Hz",
        counted(report.channels, "channel"),
        printing.duration(report.frames, report.rate),
        f"peak {printing.format_db(report.peak_dbfs, 'dBFS')}",
        *([f"with {listed(report.metadata)}"] if report.metadata else []),
        *(["with its recipe"] if report.recipe else []),
    ]
    return layout.listed(parts, ", ", layout.width(sys.stdout))


def verify(
    input: Input,
    output: Annotated[str, typer.Argument(metavar="OUT", help="Output to verify.")],
    ir: Impulses,
    options: Options,
    show: Show,
) -> None:
    """Verify that OUT is the convolution that it should be.

    Give the options with which OUT was made; those that only concern how it was written, such as
    --subtype and -y, may stay, and change nothing here. The exit code is 3 if OUT is anything else
    than the convolution of IN and the impulse response.

    Examples
    --------
    $ audioconv convolve guitar.wav wet.wav --ir hall.wav --mix 0.3
    $ audioconv verify guitar.wav wet.wav --ir hall.wav --mix 0.3
    """
    from audioconv.api import verify_file  # late, so that help is fast
    from audioconv.files import display_name

    slips.refuse_in_job(ir, options)
    with terminal.progress(quiet=show.quiet) as progress:
        report = verify_file(Job(input, output, ir, options), progress)
    if show.json:
        printing.print_json(report.as_json())
    if not show.quiet:
        printing.print_sections([verification.section(report)], report.notices)
    report.raise_if_failed(display_name(output, role="output"))


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A sound file, or its URL.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The sound file to compare with A.")],
    json: Json = False,
) -> None:
    """Compare two sounds: shift, gain, polarity, and what is left.

    This is a null test: of B, shifted and scaled to fit A best, A is subtracted.
    The exit code is 0 whether they differ or not; for scripts, see "identical" in --json.

    Examples
    --------
    $ audioconv compare speech.wav speech.wav
    """
    from audioconv.files import display_name  # late, so that help is fast
    from audioconv.verify.compare import compare_files

    with terminal.progress() as progress:
        difference = compare_files(a, b, progress)
    if json:
        printing.print_json(difference.as_json())
        return
    if difference.identical:
        printing.out("identical: every sample is the same")
        return
    first, second = difference.frames
    rows = [("A, B", f"{display_name(a)}, {display_name(b)}")]
    if first != second:
        rows.append(("length", f"{first} and {second} frames"))
    if difference.gain_db is None:
        rows.append(("gain", "none: one of them is silent"))
    else:
        rows.append(("shift", f"{counted(difference.shift, 'frame')} (B after A)"))
        rows.append(("gain", f"{difference.gain_db:+.4f} dB (B relative to A)"))
        rows.append(("polarity", difference.inversion or difference.polarity or UNLIKE))
        residual = difference.residual_db
        null = f"none: B is A{_changes(difference)}"
        rows.append(("residual", null if residual is None else f"{residual:.1f} dB relative to B"))
    rows.append(("differs", f"from {difference.first_difference_s:.6f} s"))
    printing.out_rows(rows, indent="")


def _changes(difference: Difference) -> str:
    """Return what the second sound is beside the first, such as ``, inverted and scaled``."""
    from audioconv.files import listed  # late, so that help is fast

    scaled = difference.gain_db is not None and f"{abs(difference.gain_db):.4f}" != "0.0000"
    changes = [
        *filter(None, [difference.inversion]),
        *(["shifted"] if difference.shift else []),
        *(["scaled"] if scaled else []),
    ]
    return f", {listed(changes)}" if changes else ""
