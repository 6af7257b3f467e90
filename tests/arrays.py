"""What tests of arrays of several libraries share: the definition for batches, and the bounds."""

from itertools import product

import numpy as np

from tests import oracle

BOUND = {"float32": 4e-7, "float64": 1e-13, "complex64": 4e-7, "complex128": 1e-13}
"""Largest errors, by type, in parts of sum(abs(h)) max(abs(x))."""

SHAPES = [
    ((7,), (3,)),
    ((7,), (9,)),  # the impulse is longer
    ((1,), (1,)),
    ((1,), (9,)),
    ((0,), (3,)),
    ((3, 20), (6,)),
    ((20,), (3, 9)),
    ((3, 2, 20), (3, 1, 6)),  # one for each item
    ((3, 2, 20), (3, 1, 9)),
    ((3, 2, 20), (2, 6)),  # one for each channel
    ((3, 1, 20), (2, 9)),
    ((2, 1, 3, 9), (4, 1, 4)),
    ((2, 1, 3, 9), (4, 1, 10)),
    ((0, 2, 9), (4,)),
]
"""Shapes of x and h; up to eight taps are summed as they are."""


def definition(x, h):
    """The plain sum, of each item."""
    lead = np.broadcast_shapes(x.shape[:-1], h.shape[:-1])
    frames = x.shape[-1] + h.shape[-1] - 1
    y = np.zeros((*lead, frames), np.result_type(x, h))
    x = np.broadcast_to(x, (*lead, x.shape[-1]))
    h = np.broadcast_to(h, (*lead, h.shape[-1]))
    for item in product(*map(range, lead)):
        if np.iscomplexobj(y):
            for a, b in product(range(x.shape[-1]), range(h.shape[-1])):
                y[(*item, a + b)] += x[(*item, a)] * h[(*item, b)]
        elif x.shape[-1]:
            y[item] = oracle.convolve(x[item], h[item])
    return y


def window(y, frames, taps, mode):
    """The part of a full convolution that a mode returns."""
    begin = taps - 1 if mode == "valid" else 0
    end = {"full": frames + taps - 1, "input": frames, "valid": max(frames, begin)}[mode]
    return y[..., begin:end]


def bound(x, h):
    """The largest error that `convolve` may have."""
    dtype = np.result_type(x, h).name
    return BOUND[dtype] * np.abs(h).sum(axis=-1).max(initial=0) * np.abs(x).max(initial=0)


def numbers(shape, dtype="float64", seed=0):
    """Random numbers."""
    rng = np.random.default_rng(seed)
    made = rng.standard_normal(shape)
    if dtype.startswith("complex"):
        made = made + 1j * rng.standard_normal(shape)
    return made.astype(dtype)


def few_points(monkeypatch, most):
    """Let so few points be transformed at a time that a small convolution needs many steps."""
    from audioconv.arrays import library

    monkeypatch.setattr(library, "CACHED", most)
    monkeypatch.setattr(library, "LARGE", most)
