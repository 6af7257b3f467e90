"""The growth of the cost as a picture, where matplotlib is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path


def plot(
    path: Path,
    seconds: Sequence[float],
    measured: Mapping[str, Sequence[float]],
    fitted: Mapping[str, Sequence[float]],
) -> str:
    """Draw cost against impulse length, both axes logarithmic, and say what became of it."""
    if find_spec("matplotlib") is None:
        return "No picture: matplotlib is not installed."
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot(xlabel="impulse, s", ylabel="CPU s per hour of sound")
    for name, costs in measured.items():
        [line] = axes.loglog(seconds, costs, "o-", label=name)
        axes.loglog(seconds, fitted[name], ":", color=line.get_color(), label="n log K")
    axes.grid(which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=150)
    return f"Picture: {path.name}"
