"""How far the output is from the exact sums, for each precision and sample format."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, log10

import numpy as np

from .bench import Bench, named
from .solo import PRECISIONS, convolve
from .tables import header, judged, row

SECONDS = 3
TARGETS = {("single", "FLOAT"): -128.0, ("single", "DOUBLE"): -128.0}  # dB


def accuracy(bench: Bench) -> Iterator[str]:
    """Compare with exact sums; double precision adds nothing to the rounding of the format."""
    length = bench.minutes(10)
    yield (
        f"## Accuracy\n\nThe largest error in {named(length)}, {named(SECONDS)} impulse, in dB "
        "relative to the peak, and what rounding to the format alone may add. The exact sums of "
        "16-bit sound and 16-bit taps are known."
    )
    yield "\n" + header("precision", "output", "error dB", "rounding dB")
    for precision in PRECISIONS:
        for subtype in ("FLOAT", "DOUBLE", "PCM_16"):
            verdict = convolve(bench, length, SECONDS, precision, subtype).verdict
            limit = _rounding(subtype, verdict.peak)
            target = TARGETS.get((precision, subtype), limit if precision == "double" else None)
            shown = judged(verdict.error, target, 1) if verdict.right else str(verdict)
            yield row(precision, subtype, _exact(shown), _exact(f"{limit:.1f}"))


def _rounding(subtype: str, peak: float) -> float:
    """Return half a step of a format, in dB relative to the peak; the sums fit 64 bits."""
    if subtype == "DOUBLE":
        return -inf
    step = 2.0**-15 if subtype == "PCM_16" else float(np.spacing(np.float32(peak)))
    return 20 * log10(step / 2 / peak)


def _exact(text: str) -> str:
    return text.replace("-inf ≤ -inf", "exact").replace("-inf", "exact")
