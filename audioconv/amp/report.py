"""What a model is: rows for people, figures for scripts, and what a user should know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audioconv.amp.cabinet import Cabinet
from audioconv.errors import counted
from audioconv.files import display_name
from audioconv.ir.load import impulse_name
from audioconv.layers.nam import Model

LEVELS = {
    "loudness": "loudness {:+.2f} dB",
    "gain": "gain {:.2f}",
    "input_level_dbu": "input level {:+.2f} dBu",
    "output_level_dbu": "output level {:+.2f} dBu",
}
"""Numbers of the metadata, as they are shown."""


def rows(
    path: str, model: Model, ir: str | None = None, cabinet: Cabinet | None = None
) -> list[tuple[str, str]]:
    """Return rows on a model and a cabinet, each a label and a value."""
    sizes = f", size {model.size + 1} of {len(model.sizes)}" if model.sizes else ""
    made = f"{model.architecture}, version {model.version}{sizes}, {model.rate} Hz"
    found = [("model", f"{display_name(path)}: {made}")]
    if gear := _gear(model):
        found.append(("gear", gear))
    said = model.metadata
    if levels := [text.format(said[key]) for key, text in LEVELS.items() if key in said]:
        found.append(("levels", ", ".join(levels)))
    if ir is not None and cabinet is not None:
        frames = counted(cabinet.impulse.frames, "frame")
        found.append(("cabinet", f"{impulse_name(ir)}: {frames}, engine {cabinet.engine}"))
    return found


def figures(model: Model, cabinet: Cabinet | None = None) -> dict[str, Any]:
    """Return the same as plain data, by the names in JSON."""
    return {
        "architecture": model.architecture,
        "model_version": model.version,
        "model_rate": model.rate,
        "model_size": model.sizes[model.size] if model.sizes else None,
        "model_metadata": dict(model.metadata),
        "cabinet_frames": None if cabinet is None else cabinet.impulse.frames,
    }


def notices(model: Model, rate: int) -> Iterator[str]:
    """Yield what a user should know of a model on a sound of some rate."""
    if not model.states_rate:
        yield f"the model does not state its sample rate; {model.rate} Hz is taken for it"
    if model.rate != rate:
        yield f"resampled from {rate} to {model.rate} Hz, the model's rate, and back after it"


def _gear(model: Model) -> str:
    """Return what the metadata says of the amplifier, as text."""
    said = model.metadata
    parts = [("name",), ("gear_make", "gear_model"), ("gear_type",), ("tone_type",)]
    texts = [" ".join(str(said[key]) for key in part if key in said) for part in parts]
    by = f"by {said['modeled_by']}" if "modeled_by" in said else ""
    return ", ".join(filter(None, [*texts, by]))
