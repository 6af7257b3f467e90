"""The stage of a spectral effect: slices, magnitudes, kernel, phases, sound; block by block.

A kernel reaches over slices before and behind each. Before time 0 and behind the end of the sound
there is silence, and what it spreads there: what is spread before time 0 is dropped, with a notice
if it is loud, and the output is longer than the sound by what is spread behind its end.
"""

from __future__ import annotations

import numpy as np

from audioconv import nd
from audioconv.engines.audio import Audio, Signal
from audioconv.spectral.kernels import Kernel
from audioconv.spectral.phases import Magnitudes, Phases
from audioconv.spectral.transform import OVERLAP, Analysis, Grid, Slices, Synthesis
from impulses.impulse import to_db

TOGETHER = 64
"""Slices computed at a time, at least; as many as a kernel has, if those are more."""

NOTED = 10 ** (-60 / 20)
"""Peak of what is dropped before time 0, relative to that of the output, from which it is noted."""


class SpectralStage:
    """A sound whose magnitudes are convolved with a kernel.

    Parameters
    ----------
    grid : Grid
    kernel : Kernel
    channels : int > 0

    Attributes
    ----------
    notices : list of str
        on what was dropped; once the sound has ended

    Examples
    --------
    >>> from audioconv.spectral.kernels import identity
    >>> grid = Grid(48000, 32)
    >>> stage = SpectralStage(grid, identity(grid), 1)
    >>> sound = np.array([[0.5], [0.25], [-0.5]])
    >>> np.concatenate([stage.process(sound), stage.flush()]).round(12).ravel().tolist()
    [0.5, 0.25, -0.5]
    """

    def __init__(self, grid: Grid, kernel: Kernel, channels: int) -> None:
        self.notices: list[str] = []
        self._grid, self._kernel = grid, kernel
        self._lanes = [Lane(grid, kernel) for _ in range(channels)]
        # frames before time 0: those of the first slice, what the kernel spreads there, and the
        # silence that phases begin with
        self._head = grid.frames - grid.hop + (kernel.origin[0] + ahead(kernel)) * grid.hop
        self._heard = self._made = 0
        self._before = self._peak = 0.0

    def process(self, block: Audio) -> Audio:
        """Return the frames (n, channels) that are complete after a block (frames, channels)."""
        self._heard += len(block)
        return self._next(block)

    def flush(self) -> Audio:
        """Return the frames that are left after the last block."""
        end = frames_of(self._heard, self._grid, self._kernel)
        silence: Audio = np.zeros((together(self._kernel) * self._grid.hop, len(self._lanes)))
        parts = [silence[:0]]
        while self._made < end:
            parts.append(self._next(silence, end))
        self._note_dropped()
        return np.concatenate(parts)

    def _next(self, block: Audio, end: int | None = None) -> Audio:
        """Move a block through all lanes, and return what of it belongs to the output."""
        columns = block.astype(np.float64, copy=False).T
        made: Audio = np.stack(
            [lane.process(column) for lane, column in zip(self._lanes, columns, strict=True)],
            axis=1,
        )
        dropped, made = made[: self._head], made[self._head :]
        self._head -= len(dropped)
        made = made if end is None else made[: end - self._made]
        self._made += len(made)
        self._before = max(self._before, float(np.abs(dropped).max(initial=0)))
        self._peak = max(self._peak, float(np.abs(made).max(initial=0)))
        return made

    def _note_dropped(self) -> None:
        if self._before <= NOTED * self._peak:
            return
        beside = f"{to_db(self._before / self._peak):+.1f} dB beside the output's peak"
        self.notices.append(
            "what the kernel spreads to before time 0 is dropped, with a peak of "
            f"{to_db(self._before):.1f} dBFS ({beside}); silence before the sound keeps it"
        )


class Lane:
    """One channel on its way.

    Parameters
    ----------
    grid : Grid
    kernel : Kernel
    """

    def __init__(self, grid: Grid, kernel: Kernel) -> None:
        slices, _ = kernel.weights.shape
        self._kernel = kernel
        self._analysis, self._synthesis = Analysis(grid), Synthesis(grid)
        self._phases = Phases(grid, ahead(kernel))
        self._magnitudes = np.zeros((slices - 1, grid.bins))
        self._slices = np.zeros((kernel.origin[0], grid.bins), np.complex128)

    def process(self, frames: Signal) -> Signal:
        """Return as many frames as there are whole hops in what has come."""
        new = self._analysis.process(frames)
        if not len(new):
            return np.zeros(0)
        heard = np.concatenate([self._magnitudes, np.abs(new)])
        self._magnitudes = heard[len(new) :]
        slices: Slices = np.concatenate([self._slices, new])
        self._slices = slices[len(new) :]
        wanted = convolved(heard, self._kernel)
        return self._synthesis.process(self._phases.process(wanted, slices[: len(new)]))


def convolved(magnitudes: Magnitudes, kernel: Kernel) -> Magnitudes:
    """Convolve magnitudes with a kernel, where it lies within their slices; none is below 0.

    Bins are even around 0 and half the rate, as those of a real sound are.

    Examples
    --------
    >>> from audioconv.spectral.kernels import edge
    >>> convolved(np.array([[1.0, 2.0], [4.0, 1.0]]), edge(Grid(48000, 2048))).tolist()
    [[3.0, 0.0]]
    """
    bins = kernel.weights.shape[1]
    after = kernel.origin[1]
    padded = np.pad(magnitudes, ((0, 0), (bins - 1 - after, after)), mode="reflect")
    made: Magnitudes = nd.convolve(padded, kernel.weights, mode="valid")
    return np.maximum(made, 0)


def ahead(kernel: Kernel) -> int:
    """Return how many slices phases look ahead: to where sound that is carried forwards comes from.

    There the window must have reached the sound, so that it has a phase.
    """
    return kernel.origin[0] + OVERLAP


def together(kernel: Kernel) -> int:
    """Return how many slices are computed at a time."""
    return max(TOGETHER, len(kernel.weights))


def frames_of(frames: int, grid: Grid, kernel: Kernel) -> int:
    """Return the length of the output for that of a sound."""
    return frames + (len(kernel.weights) - 1 - kernel.origin[0]) * grid.hop
