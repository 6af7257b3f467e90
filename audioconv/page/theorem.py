"""The spectra of the sound and the taps of the sliding picture, and of their convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from audioconv.views.blocks import convolve_blocks
from audioconv.views.packed import pack
from audioconv.views.sliding import Sliding
from audioconv.views.theorem import spectra

RANGE = 240.0
"""Levels further below the highest are drawn at this distance in dB."""


def theorem_of(sums: Sliding) -> dict[str, Any]:
    """Return levels in dB and phases in degrees, ready for JSON.

    The sound is the part that the picture shows, as if it were the whole. That of the output comes
    from the output, so that the page can compare it with the product of the others.
    """
    f = sums.f[sums.begin - sums.first :][: sums.end - sums.begin]
    (whole,) = convolve_blocks(f, sums.g, 1)
    found = spectra(f, sums.g, whole.y, sums.rate, origin=sums.origin)
    described: dict[str, Any] = {"hz": pack(found.hz)}
    for name, values in (("f", found.f), ("g", found.g), ("y", found.y)):
        size = np.abs(values)
        least = max(float(size.max()) * 10 ** (-RANGE / 20), np.finfo(float).tiny)
        described[name] = {
            "level_db": pack(20 * np.log10(np.maximum(size, least)), exact=False),
            "phase": pack(np.angle(values, deg=True), exact=False),
        }
    return described
