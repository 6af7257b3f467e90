"""Kernels over the spectrum, as an effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from audioconv.effects.plan import Plan
from audioconv.errors import counted
from audioconv.parameters import validate


@dataclass(frozen=True, kw_only=True)
class Spectral:
    """Blur, sharpen or keep the edges of a spectrum, as of a picture.

    The magnitudes of the short-time spectrum are convolved with a kernel over time and frequency.

    Parameters
    ----------
    kernel : str
        kernel and its parameters: blur:time=90ms,frequency=50Hz averages over these widths
        (shape=box or gauss); sharpen:frequency=200Hz adds what such a blur would take away (time,
        shape, amount=1); edge:axis=time keeps what rises from one time to the next
        (axis=frequency: from one frequency; side=fall: what falls); identity changes nothing
    window : float
        length of the window under which spectra are taken, rounded to a power of two in frames; a
        longer one separates tones better, a shorter one times

    Raises
    ------
    UsageError
        If a value has the wrong type.

    Examples
    --------
    >>> Spectral(kernel="blur:time=90ms").plan(44100, 2).figures["kernel_slices"]
    17

    $ audioconv spectral speech.wav smeared.wav --kernel blur:time=90ms
    """

    kernel: Annotated[str, "kernel"]
    window: Annotated[float, "time"] = 0.043

    def __post_init__(self) -> None:
        validate(self)

    @property
    def files(self) -> Sequence[str]:
        """Paths among its settings: none."""
        return ()

    def plan(self, rate: int, channels: int) -> Plan:
        """Plan it for a sound; see `Effect.plan`."""
        from audioconv.spectral import kernels, stage  # late, so that help is fast
        from audioconv.spectral.transform import Grid

        grid = Grid.of(rate, self.window)
        kernel = kernels.kernel(self.kernel, grid)
        slices, bins = kernel.weights.shape
        return Plan(
            start=lambda: stage.SpectralStage(grid, kernel, channels),
            block=stage.together(kernel) * grid.hop,
            channels=channels,
            rate=rate,
            frames=lambda frames: stage.frames_of(frames, grid, kernel),
            rows=[
                ("kernel", f"{self.kernel}: {counted(slices, 'slice')} x {counted(bins, 'bin')}"),
                (
                    "slices",
                    f"{grid.frames} frames ({1000 * grid.frames / rate:.1f} ms), one every "
                    f"{1000 * grid.hop / rate:.2f} ms; bins of {rate / grid.frames:.1f} Hz",
                ),
            ],
            figures={
                "kernel": self.kernel,
                "kernel_slices": slices,
                "kernel_bins": bins,
                "window_frames": grid.frames,
                "hop_frames": grid.hop,
            },
            notices=kernel.notes,
        )
