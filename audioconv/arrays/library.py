"""What each library of arrays computes with.

The array API standard has all that a convolution needs. Some libraries do parts of it better in a
way of their own: NumPy and PyTorch see overlapping windows without a copy, NumPy multiplies in
place, and all but JAX write an output part by part.

References
----------
Consortium for Python Data API Standards, "Python array API standard", 2024.12.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from audioconv.arrays.sink import Array, Filled, Joined, Sink
from audioconv.errors import UsageError

CACHED = 2**21
"""Points transformed at a time by a processor: two or three arrays of as many stay in its cache."""

LANES = 4
"""Transforms that are done side by side: fewer take as long."""

LARGE = 2**24
"""Points transformed at a time by another device, whose calls take as long as some 2^22 points."""


class Library:
    """Any library of the standard: no array is written to.

    Parameters
    ----------
    xp : module
        its functions, by the names of the standard
    """

    def __init__(self, xp: Any) -> None:
        self.xp = xp

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.xp.__name__)  # a module cannot be pickled

    def points(self, array: Array) -> int:
        """Return how many points are transformed at a time."""
        return LARGE

    def is_constant(self, taps: Array) -> bool:
        """Return whether spectra may be kept, as no gradient goes through them."""
        return True

    def is_complex(self, array: Array) -> bool:
        """Return whether numbers are complex."""
        return bool(self.xp.isdtype(array.dtype, "complex floating"))

    def spectra(self, rows: Array, size: int) -> Array:
        """Transform rows (..., at most size), with zeros behind."""
        forward = self.xp.fft.fft if self.is_complex(rows) else self.xp.fft.rfft
        return forward(rows, n=size)

    def sums(self, spectra: Array, size: int, *, real: bool) -> Array:
        """Transform spectra back, which may be overwritten: (..., size)."""
        return (self.xp.fft.irfft if real else self.xp.fft.ifft)(spectra, n=size)

    def product(self, spectra: Array, kernels: Array, *, overwrite: bool) -> Array:
        """Multiply spectra, of which the first may be overwritten or not."""
        return spectra * kernels

    def windows(self, sound: Array, size: int, hop: int) -> Array:
        """Return overlapping windows (..., count, size) of a sound, each `hop` after the last.

        Side by side lie the frames of all windows from 0 on, from `hop` on, and so forth.
        """
        count = (sound.shape[-1] - size) // hop + 1
        parts = []
        for begin in range(0, size, hop):
            width = min(hop, size - begin)
            rows = self.padded(sound, begin, begin + count * hop)
            rows = self.xp.reshape(rows, (*sound.shape[:-1], count, hop))
            parts.append(rows if width == hop else rows[..., :width])
        return parts[0] if len(parts) == 1 else self.xp.concat(parts, axis=-1)

    def padded(self, sound: Array, begin: int, end: int) -> Array:
        """Return frames of a sound, which is silent before and behind."""
        frames = sound.shape[-1]
        inside = sound[..., max(begin, 0) : max(min(end, frames), 0)]
        before = min(max(-begin, 0), end - begin)
        behind = end - begin - before - inside.shape[-1]
        parts = [self.zeros_like(sound, before)] if before else []
        parts.append(inside)
        if behind:
            parts.append(self.zeros_like(sound, behind))
        return inside if len(parts) == 1 else self.xp.concat(parts, axis=-1)

    def zeros_like(self, sound: Array, frames: int) -> Array:
        """Return silence with the leading axes, type and device of a sound."""
        return self.zeros((*sound.shape[:-1], frames), sound)

    def zeros(self, shape: tuple[int, ...], like: Array) -> Array:
        """Return zeros with the type and device of an array."""
        return self.xp.zeros(shape, dtype=like.dtype, device=self.device(like))

    def device(self, array: Array) -> Any:
        """Return the device of an array, for arrays beside it."""
        return array.device

    def sink(self, shape: tuple[int, ...], x: Array, h: Array) -> Sink:
        """Return where the parts of an output go."""
        return Joined(self.xp, shape)


class NumPy(Library):
    """NumPy, with SciPy's transforms: those of NumPy take twice the time in single precision."""

    def __init__(self, xp: Any = np) -> None:
        super().__init__(xp)
        self._fft = import_module("scipy.fft")

    def points(self, array: Array) -> int:
        """Return how many points are transformed at a time."""
        return CACHED

    def spectra(self, rows: Array, size: int) -> Array:
        """Transform rows (..., at most size), with zeros behind."""
        return (self._fft.fft if self.is_complex(rows) else self._fft.rfft)(rows, size)

    def sums(self, spectra: Array, size: int, *, real: bool) -> Array:
        """Transform spectra back, which may be overwritten: (..., size)."""
        backward = self._fft.irfft if real else self._fft.ifft
        return backward(spectra, size, overwrite_x=True)

    def product(self, spectra: Array, kernels: Array, *, overwrite: bool) -> Array:
        """Multiply spectra, of which the first may be overwritten or not."""
        return np.multiply(spectra, kernels, out=spectra if overwrite else None)

    def windows(self, sound: Array, size: int, hop: int) -> Array:
        """Return overlapping windows (..., count, size) of a sound, as a view."""
        return np.lib.stride_tricks.sliding_window_view(sound, size, axis=-1)[..., ::hop, :]

    def zeros(self, shape: tuple[int, ...], like: Array) -> Array:
        """Return zeros with the type of an array."""
        return np.zeros(shape, like.dtype)

    def sink(self, shape: tuple[int, ...], x: Array, h: Array) -> Sink:
        """Return where the parts of an output go."""
        return Filled(np.empty(shape, np.result_type(x, h)))


class Torch(Library):
    """PyTorch."""

    def points(self, array: Array) -> int:
        """Return how many points are transformed at a time."""
        return CACHED if array.device.type == "cpu" else LARGE

    def is_constant(self, taps: Array) -> bool:
        """Return whether spectra may be kept, as no gradient goes through them."""
        return not taps.requires_grad

    def windows(self, sound: Array, size: int, hop: int) -> Array:
        """Return overlapping windows (..., count, size) of a sound, as a view."""
        if sound.requires_grad:  # the gradient of a view is slower, and not for `vmap`
            return super().windows(sound, size, hop)
        return sound.unfold(-1, size, hop)

    def sink(self, shape: tuple[int, ...], x: Array, h: Array) -> Sink:
        """Return where the parts of an output go: no gradient goes through an array in place."""
        if self.xp.is_grad_enabled() and (x.requires_grad or h.requires_grad):
            return Joined(self.xp, shape)
        # of a product, so that under `vmap` it has the hidden axes of both
        return Filled((x[..., :1] * h[..., :1]).new_empty(shape))


class JAX(Library):
    """JAX, which puts new arrays where those are that they meet."""

    def device(self, array: Array) -> Any:
        """Return None, as that of a tracer is not known."""
        return None


class CuPy(Library):
    """CuPy."""

    def sink(self, shape: tuple[int, ...], x: Array, h: Array) -> Sink:
        """Return where the parts of an output go."""
        return Filled(self.xp.empty(shape, dtype=self.xp.result_type(x, h), device=x.device))


def library_of(**arrays: Array) -> Library:
    """Return the library of arrays, which are given by their names.

    Raises
    ------
    UsageError
        If one is no array, or they are not of one library.

    Examples
    --------
    >>> library_of(x=np.ones(1), h=np.ones(1)).xp.__name__
    'numpy'
    >>> library_of(x=[1.0])
    Traceback (most recent call last):
    audioconv.errors.UsageError: x is a list; it must be an array, of NumPy, PyTorch, CuPy, JAX or \
another library of the array API standard
    """
    if all(isinstance(array, np.ndarray) for array in arrays.values()):
        return NumPy()
    for name, array in arrays.items():
        if not hasattr(array, "dtype") or not hasattr(array, "shape"):
            raise UsageError(
                f"{name} is a {type(array).__name__}; it must be an array, of NumPy, PyTorch, "
                "CuPy, JAX or another library of the array API standard"
            )
    try:
        import array_api_compat as compat
    except ImportError:
        raise UsageError(
            f"{_listed(arrays)}; arrays of other libraries than NumPy need array-api-compat; run: "
            "pip install 'audioconv[arrays]'"
        ) from None
    if all(_is_torch(array) for array in arrays.values()):  # which compilers trace
        from array_api_compat import torch

        return Torch(torch)
    try:
        xp = compat.array_namespace(*arrays.values())
    except TypeError:
        raise UsageError(f"{_listed(arrays)}; they must be arrays of one library") from None
    return _kind(xp.__name__)(xp)


def _is_torch(array: Array) -> bool:
    return type(array).__module__.partition(".")[0] == "torch"


def _kind(name: str) -> type[Library]:
    """Return the class for a module of functions."""
    if name == "jax.numpy":
        return JAX
    kinds: dict[str, type[Library]] = {"numpy": NumPy, "torch": Torch, "cupy": CuPy}
    return kinds.get(name.rpartition(".")[2], Library)


def _listed(arrays: dict[str, Array]) -> str:
    return " and ".join(f"{name} is a {type(array).__name__}" for name, array in arrays.items())


def _restored(kind: type[Library], name: str) -> Library:
    return kind(import_module(name))
