"""Arrays of two and three dimensions, beside SciPy: one call each, in turn, in one process."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import numpy as np
from scipy import ndimage, signal

from audioconv import nd

from .bench import Bench
from .tables import header, judged, number, row

CASES = [((4096, 4096), (3, 31, 511)), ((256, 256, 256), (3, 15, 63))]
SMALL = 32
"""Taps up to which the direct sums of others are measured, which take minutes of more."""

Call = Callable[[], Any]


def in_dimensions(bench: Bench) -> Iterator[str]:
    """Time `nd.convolve` and SciPy's functions, processor time and all, mode same."""
    yield (
        "## Arrays of more dimensions\n\n`nd.convolve(f, g, mode='same')` of noise, beside SciPy's "
        "functions of the same mode and precision; direct sums are left out where the kernel has "
        f"more than {SMALL} elements. Seconds of the processor; the ratio is the median of rounds "
        "in turn with the one of them that is fastest."
    )
    peers = ("convolve", "fftconvolve", "oaconvolve", "ndimage")
    yield "\n" + header("f", "g", "precision", "ratio to the best", "ours", *peers, "error dB")
    for shape, sides in CASES:
        for side in sides:
            for dtype in (np.float64, np.float32):
                size = tuple(n // 4 for n in shape) if bench.quick else shape
                yield _row(size, (side,) * len(shape), np.dtype(dtype), bench.rounds)


def _row(shape: tuple[int, ...], kernel: tuple[int, ...], dtype: Any, rounds: int) -> str:
    print(f"nd: {shape}, {kernel}, {dtype}", file=sys.stderr, flush=True)
    random = np.random.default_rng(1)
    f, g = (random.standard_normal(size).astype(dtype) for size in (shape, kernel))
    calls: list[Call | None] = [
        lambda: nd.convolve(f, g, mode="same"),
        None,  # it is one of the others, which it chooses by an estimate
        lambda: signal.fftconvolve(f, g, mode="same"),
        lambda: signal.oaconvolve(f, g, mode="same"),
        (lambda: ndimage.convolve(f, g, mode="constant")) if g.size <= SMALL else None,
    ]
    if signal.choose_conv_method(f, g, mode="same") == "direct" and g.size <= SMALL:
        calls[1] = lambda: signal.convolve(f, g, mode="same", method="direct")
    outputs = [call() if call else None for call in calls]
    wanted = signal.oaconvolve(f.astype(np.float64), g.astype(np.float64), mode="same")
    error = 20 * np.log10(np.abs(outputs[0] - wanted).max() / np.abs(wanted).max())
    del outputs, wanted
    times = [[_seconds(call) if call else np.inf for call in calls] for _ in range(rounds)]
    middle = [median(each) for each in zip(*times, strict=True)]
    best = 1 + int(np.argmin(middle[1:]))
    ratio = median(each[0] / each[best] for each in times)
    return row(
        " x ".join(map(str, shape)),
        " x ".join(map(str, kernel)),
        dtype.name,
        judged(ratio, 1.0),
        *(number(each, 3) if np.isfinite(each) else number(np.nan) for each in middle),
        number(float(error), 0),
    )


def _seconds(call: Call) -> float:
    begin = time.process_time()
    call()
    return time.process_time() - begin
