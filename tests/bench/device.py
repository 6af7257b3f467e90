"""Convolution of arrays on a GPU, or on the processor, beside what else there is.

``python -m tests.bench.device`` prints a table: times by device events (by a clock on the
processor), medians of rounds in turn, and the peak of memory beside input and output.

With PyTorch it compares with `torchaudio.functional.fftconvolve` where it is installed, with the
same by a bare rfft and irfft, and with a variant that packs two windows of a sound into one complex
transform. With CuPy, and with NumPy on the processor, it compares with `fftconvolve` and
`oaconvolve` of SciPy's signal module. ``--small`` is for a processor, ``--points 24 22`` tries work
spaces of as many binary digits of points.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from audioconv.arrays import convolve, library
from audioconv.arrays.cut import cut

from .tables import header, row

JOBS = {
    "1 h stereo, 3 s": ((2, 3600 * 44100), (1, 132_300)),
    "256 x 10 s, 16 kHz, 256 of 0.5 s": ((256, 160_000), (256, 8000)),
    "256 x 10 s, 16 kHz, 256 of 2 s": ((256, 160_000), (256, 32_000)),
    "64 x 10 s, 48 kHz, 64 of 1 s": ((64, 480_000), (64, 48_000)),
}
SMALL = {
    "4 min stereo, 3 s": ((2, 240 * 44100), (1, 132_300)),
    "16 x 10 s, 16 kHz, 16 of 0.5 s": ((16, 160_000), (16, 8000)),
    "16 x 10 s, 16 kHz, 16 of 2 s": ((16, 160_000), (16, 32_000)),
    "8 x 10 s, 48 kHz, 8 of 1 s": ((8, 480_000), (8, 48_000)),
    "1 x 10 s, 16 kHz, 1 of 0.5 s": ((160_000,), (8000,)),
}

Ways = dict[str, Callable[[Any, Any], Any]]


class Machine:
    """A library, and how to time it; `kind` is torch, cupy or numpy."""

    def __init__(self, kind: str, device: str) -> None:
        self.kind, self.device = kind, device
        self.xp: Any = __import__(kind)

    def array(self, numbers: Any) -> Any:
        """Return numbers as an array on the device."""
        if self.kind == "torch":
            return self.xp.asarray(numbers, device=self.device)
        return self.xp.asarray(numbers)

    def timed(self, call: Callable[[], Any]) -> tuple[float, float]:
        """Return milliseconds, and MiB beside what there was and the result."""
        if self.device == "cpu":
            began = time.perf_counter()
            call()
            return 1000 * (time.perf_counter() - began), float("nan")
        cuda = self.xp.cuda
        if self.kind == "torch":
            cuda.synchronize()
            cuda.reset_peak_memory_stats()
            before = cuda.memory_allocated()
            events = [cuda.Event(enable_timing=True) for _ in range(2)]
            events[0].record()
            made = call()
            events[1].record()
            cuda.synchronize()
            beside = cuda.max_memory_allocated() - before - made.nbytes
            return events[0].elapsed_time(events[1]), beside / 2**20
        events = [cuda.Event() for _ in range(2)]
        events[0].record()
        call()
        events[1].record()
        events[1].synchronize()
        return cuda.get_elapsed_time(*events), float("nan")

    def ways(self) -> Iterator[tuple[str, Callable[[Any, Any], Any]]]:
        """Yield the ways to convolve, ours first."""
        yield "ours", convolve
        if self.kind == "torch":
            yield "rfft, irfft", bare
            yield "packed", packed
            try:
                from torchaudio.functional import fftconvolve
            except ImportError:
                return
            yield "torchaudio", lambda x, h: fftconvolve(x, h.expand(*x.shape[:-1], -1))
            return
        if self.kind == "cupy":
            from cupyx.scipy import signal
        else:
            from scipy import signal
        yield "fftconvolve", lambda x, h: signal.fftconvolve(x, h, axes=-1)
        yield "oaconvolve", lambda x, h: signal.oaconvolve(x, h, axes=-1)


def bare(x: Any, h: Any) -> Any:
    """Convolve by one transform of n + K - 1 points, as torchaudio does."""
    fft = __import__("torch").fft
    size = x.shape[-1] + h.shape[-1] - 1
    return fft.irfft(fft.rfft(x, n=size) * fft.rfft(h, n=size), n=size)


def packed(x: Any, h: Any) -> Any:
    """Convolve real windows in pairs, as the real and imaginary part of one transform."""
    torch = __import__("torch")
    frames, taps = x.shape[-1], h.shape[-1]
    full = frames + taps - 1
    how = cut(frames, taps, 0, full, None, int(h[..., 0].numel() > 1))
    size, hop = how.size, how.size - taps + 1
    pairs = -(-full // (2 * hop))
    kernel = torch.fft.fft(h, n=size)[..., None, :]
    out = x.new_empty((*x.shape[:-1], full))
    step = max(1, library.LARGE // size // max(1, x[..., 0].numel()))
    for first in range(0, pairs, step):
        count = min(step, pairs - first)
        ends = [2 * first * hop, (2 * first + count) * hop, (2 * first + 2 * count) * hop]
        parts = [
            _stretch(x, begin - taps + 1, begin - taps + 1 + (count - 1) * hop + size)
            for begin in ends[:2]
        ]
        windows = torch.complex(*parts).unfold(-1, size, hop)
        sums = torch.fft.ifft(torch.fft.fft(windows) * kernel)[..., taps - 1 :]
        for part, begin in zip((sums.real, sums.imag), ends[:2], strict=True):
            flat = part.reshape(*x.shape[:-1], count * hop)
            out[..., begin : begin + count * hop] = flat[..., : max(0, full - begin)]
    return out


def _stretch(x: Any, begin: int, end: int) -> Any:
    """Return frames of a sound, with silence before and behind."""
    inside = x[..., max(0, begin) : max(0, end)]
    before = min(max(0, -begin), end - begin)
    pad = __import__("torch").nn.functional.pad
    return pad(inside, (before, end - begin - before - inside.shape[-1]))


def measured(machine: Machine, x: Any, h: Any, rounds: int) -> Iterator[tuple[str, Any]]:
    """Yield each way with its milliseconds, MiB, ratio to ours and difference from ours."""
    ways: Ways = dict(machine.ways())
    first = {name: way(x, h) for name, way in ways.items()}
    scale = float(abs(first["ours"]).max())
    errors = {name: float(abs(made - first["ours"]).max()) / scale for name, made in first.items()}
    del first
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(machine.timed(lambda way=way: way(x, h)))  # type: ignore[misc]
    for name, found in times.items():
        ratio = statistics.median(a[0] / b[0] for a, b in zip(times["ours"], found, strict=True))
        middle = statistics.median(ms for ms, _ in found)
        yield name, (middle, max(mib for _, mib in found), ratio, errors[name])


def main() -> None:
    """Measure all jobs, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--library", default="numpy", choices=["numpy", "torch", "cupy"])
    parser.add_argument("--device", default=None, help="cpu or cuda, by default cuda but for NumPy")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--points", type=int, nargs="*", help="binary digits of the work space")
    given = parser.parse_args()
    device = given.device or ("cpu" if given.library == "numpy" else "cuda")
    machine = Machine(given.library, device)
    print(header("job", "type", "points", "way", "ms", "MiB beside", "ours / it", "difference"))
    rng = np.random.default_rng(0)
    for job, (x_shape, h_shape) in (SMALL if given.small else JOBS).items():
        for dtype in ("float32", "float64"):
            x = machine.array(rng.standard_normal(x_shape, np.float32).astype(dtype))
            h = machine.array(rng.standard_normal(h_shape, np.float32).astype(dtype))
            for digits in given.points or [0]:
                if digits:
                    library.CACHED = library.LARGE = 2**digits
                for way, (ms, mib, ratio, error) in measured(machine, x, h, given.rounds):
                    figures = f"{ms:.3g}", f"{mib:.0f}", f"{ratio:.2f}", f"{error:.1e}"
                    print(
                        row(job, dtype, f"2^{digits}" if digits else "", way, *figures), flush=True
                    )


if __name__ == "__main__":
    main()
