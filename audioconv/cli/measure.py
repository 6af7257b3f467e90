"""`audioconv sweep` and `audioconv deconvolve`: measure a room or a device."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from audioconv.cli import printing, terminal
from audioconv.cli.options import Json, Late
from audioconv.cli.saved import Out, Overwrite, Rate, Subtype, store_and_say
from audioconv.parameters import Parameter, arguments, parameters


def sweep(
    output: Out,
    settings: dict[str, list[str]],
    rate: Rate = 48000,
    subtype: Subtype = "PCM_24",
    overwrite: Overwrite = False,
) -> None:
    """Write a sweep to play into a room or a device, and record.

    Play OUT, record from before it starts until the room is silent again, and give the
    recording and OUT to `audioconv deconvolve`. OUT, as WAV, holds the parameters of the sweep.
    """
    from audioconv.ir.measure import recipe_of_sweep
    from impulses import Impulse
    from impulses.measurement.sweeps import Sweep

    made = Sweep(rate=rate, **arguments("sweep", parameters(Sweep), settings, rate))
    sound = Impulse(made.samples(), rate)
    store_and_say(sound, output, recipe_of_sweep(made), subtype=subtype, overwrite=overwrite)
    low, high = made.band
    printing.err(
        f"{made.kind}, {low:g} to {high:g} Hz in {made.seconds:.3f} s, {made.level:g} dBFS"
    )


def deconvolve(
    recording: Annotated[
        str, typer.Argument(metavar="RECORDING", help="What was recorded of the sweep.")
    ],
    excitation: Annotated[str, typer.Argument(metavar="SWEEP", help="The sweep that was played.")],
    output: Out,
    settings: dict[str, list[str]],
    subtype: Subtype = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Recover the impulse of a room or a device from a recording of a sweep.

    Time 0 is the start of the sweep, so latency is kept, and so is the level. With --harmonics,
    the distortion of order 2, 3 ... is written beside OUT, as OUT-h2, OUT-h3 ...
    """
    from audioconv.errors import UsageError
    from audioconv.files import STANDARD, display_name, refuse_overwrite
    from audioconv.ir.measure import measure

    if json and output == STANDARD:
        raise UsageError("--json and the sound cannot both go to standard output; name a file")
    inputs = [recording, excitation]
    refuse_overwrite(output, inputs=inputs, overwrite=overwrite)
    with terminal.progress("deconvolving"):
        found, made = measure(recording, excitation, settings)
    orders = range(2, len(found.harmonics) + 2)
    if output == STANDARD and orders:
        raise UsageError("harmonics need files of their own; give OUT a name")
    out = Path(output)
    outputs = [output, *(str(out.with_stem(f"{out.stem}-h{order}")) for order in orders)]
    for path in outputs:
        refuse_overwrite(path, inputs=inputs, overwrite=overwrite)
    impulses = zip(outputs, [found.impulse, *found.harmonics], strict=True)
    for order, (path, impulse) in enumerate(impulses, 1):
        recipe = {**made, "order": order}
        store_and_say(impulse, path, recipe, subtype=subtype, overwrite=overwrite, inputs=inputs)
    origin = found.impulse.origin / found.impulse.rate
    if json:
        printing.print_json(
            {
                "output": output,
                "harmonics": outputs[1:],
                "latency_s": found.latency,
                "origin_s": origin,
                "decay_range_db": found.decay_range,
                "band_hz": found.band,
                "flat_hz": found.flat,
                "harmonic_bands_hz": found.harmonic_bands,
                "notices": found.notes,
            }
        )
    low, high = found.flat
    told = zip(orders, found.harmonic_bands, strict=True)
    pairs = [
        ("latency", f"{1000 * found.latency:.3f} ms from the start of {display_name(excitation)}"),
        ("range", f"{found.decay_range:.1f} dB from its loudest 10 ms to the noise"),
        ("band", f"{_hertz(found.band)}, flat from {low:.0f} to {high:.0f} Hz"),
        *((f"harmonic {order}", f"{_hertz(band)}, no more") for order, band in told),
    ]
    printing.block([("", pairs)], found.notes)


def _hertz(band: tuple[float, float]) -> str:
    return f"{band[0]:g} to {band[1]:g} Hz"


def _of_sweeps() -> dict[str, list[Parameter]]:
    from impulses.measurement.sweeps import Sweep

    return {"settings": parameters(Sweep)}


def _of_deconvolution() -> dict[str, list[Parameter]]:
    from impulses.measurement.deconvolution import deconvolve

    return {"settings": parameters(deconvolve)}


LATE = {"sweep": Late(sweep, _of_sweeps), "deconvolve": Late(deconvolve, _of_deconvolution)}
