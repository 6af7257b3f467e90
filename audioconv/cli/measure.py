"""`audioconv sweep` and `audioconv deconvolve`: measure a room or a device."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audioconv.cli import layout, printing, terminal
from audioconv.cli.options import Json, LazyCommand
from audioconv.cli.saved import Out, Overwrite, Rate, Subtype, save_impulse
from audioconv.errors import UsageError
from audioconv.parameters import Parameter, arguments, parameters

if TYPE_CHECKING:
    from impulses.measurement.deconvolution import Deconvolved


def sweep(
    output: Out,
    settings: dict[str, list[str]],
    rate: Rate = 48000,
    subtype: Subtype = "PCM_24",
    overwrite: Overwrite = False,
) -> None:
    """Write a sweep, to play into a room or through a device.

    Play OUT, record from before it starts until the room is silent again, and give the
    recording and OUT to `audioconv deconvolve`. As WAV, OUT contains the parameters of the sweep.

    Examples
    --------
    $ audioconv sweep long.wav --duration 5s --silence 3s
    """
    from audioconv.ir.measure import sweep_recipe
    from impulses import Impulse
    from impulses.measurement.sweeps import Sweep

    swept = Sweep(rate=rate, **arguments("sweep", parameters(Sweep), settings, rate))
    sound = Impulse(swept.samples(), rate)
    heading, notices = save_impulse(
        sound, output, sweep_recipe(swept), subtype=subtype, overwrite=overwrite
    )
    times = f", {swept.count} times" if swept.kind != "mls" and swept.count > 1 else ""
    row = f"{_hertz(swept.band)} in {swept.seconds:.3f} s{times}, {swept.level:g} dBFS"
    printing.print_sections([(heading, [(swept.kind, row)])], notices)


def deconvolve(
    recording: Annotated[
        str, typer.Argument(metavar="RECORDING", help="The recording of the sweep.")
    ],
    excitation: Annotated[str, typer.Argument(metavar="SWEEP", help="The sweep that was played.")],
    output: Out,
    settings: dict[str, list[str]],
    subtype: Subtype = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Recover the impulse response of a room or a device.

    It is found from a recording of a sweep that was played there.

    Time 0 is the start of the sweep: level and latency, the time to the peak, are kept. With
    --harmonics, the impulse responses of harmonic distortion of order 2, 3 ... are written as
    OUT-h2, OUT-h3 ...

    Examples
    --------
    $ audioconv deconvolve recording.wav sweep.wav room.wav
    """
    from audioconv.files import STANDARD, refuse_missing, refuse_overwrite
    from audioconv.ir.measure import deconvolve_files

    if json and output == STANDARD:
        raise UsageError("--json and the sound cannot both go to standard output; name a file")
    inputs = [recording, excitation]
    refuse_missing(*inputs)
    refuse_overwrite(output, inputs=inputs, overwrite=overwrite)
    with terminal.progress("deconvolving"):
        result, recipe = deconvolve_files(recording, excitation, settings)
    outputs = _outputs(output, len(result.harmonics))
    for path in outputs:
        refuse_overwrite(path, inputs=inputs, overwrite=overwrite)
    impulses = [result.impulse, *result.harmonics]
    sections: list[tuple[str, layout.Rows]] = []
    notices: list[str] = []
    for order, (path, impulse) in enumerate(zip(outputs, impulses, strict=True), 1):
        heading, told = save_impulse(
            impulse,
            path,
            {**recipe, "order": order},
            subtype=subtype,
            overwrite=overwrite,
            inputs=inputs,
        )
        sections.append((heading, []))
        notices += told
    if json:
        printing.print_json(_as_json(result, outputs))
    sections.append(("", _rows(result, excitation)))
    printing.print_sections(sections, [*dict.fromkeys([*notices, *result.notes])])


def _outputs(output: str, harmonics: int) -> list[str]:
    """Return the path of the linear response, and one for each harmonic: OUT-h2, OUT-h3 ..."""
    if output == "-" and harmonics:
        raise UsageError("harmonics need files of their own; give OUT a name")
    out = Path(output)
    orders = range(2, harmonics + 2)
    return [output, *(str(out.with_stem(f"{out.stem}-h{order}")) for order in orders)]


def _as_json(result: Deconvolved, outputs: list[str]) -> dict[str, Any]:
    return {
        "output": outputs[0],
        "harmonics": outputs[1:],
        "latency_s": result.latency,
        "origin_s": result.impulse.origin / result.impulse.rate,
        "decay_range_db": result.decay_range,
        "takes": result.takes,
        "spread_db": result.spread,
        "band_hz": result.band,
        "flat_hz": result.flat,
        "harmonic_bands_hz": result.harmonic_bands,
        "notices": result.notes,
    }


def _rows(result: Deconvolved, excitation: str) -> layout.Rows:
    """Return the rows that describe a deconvolution."""
    from audioconv.files import display_name

    low, high = result.flat
    start = f"the start of {display_name(excitation)}"
    return [
        ("latency", f"{1000 * result.latency:.3f} ms from {start} to the peak"),
        ("range", f"{result.decay_range:.1f} dB from the loudest 10 ms to the noise floor"),
        ("band", f"{_hertz(result.band)}, flat from {low:.0f} to {high:.0f} Hz"),
        *_takes(result),
        *(
            (f"harmonic {order}", f"limited to {_hertz(band)}")
            for order, band in enumerate(result.harmonic_bands, 2)
        ),
    ]


def _takes(result: Deconvolved) -> layout.Rows:
    """Return a row on the takes that are averaged, if any."""
    if result.spread is None:
        return []
    text = f"{result.takes} averaged"
    if result.spread > -math.inf:
        noise = result.spread - 10 * math.log10(result.takes)
        text += f"; they differ by {result.spread:.1f} dB, which leaves {noise:.1f} dB of noise"
    return [("takes", text)]


def _hertz(band: tuple[float, float]) -> str:
    return f"{band[0]:g} to {band[1]:g} Hz"


def _sweep_texts() -> dict[str, list[Parameter]]:
    from impulses.measurement.sweeps import Sweep

    return {"settings": parameters(Sweep)}


def _deconvolve_texts() -> dict[str, list[Parameter]]:
    from impulses.measurement.deconvolution import deconvolve

    return {"settings": parameters(deconvolve)}


LAZY = {
    "sweep": LazyCommand.of(sweep, _sweep_texts),
    "deconvolve": LazyCommand.of(deconvolve, _deconvolve_texts),
}
