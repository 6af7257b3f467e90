"""The definition, and the tolerances that follow from it. Every other test leans on this file."""

import numpy as np

UNIT = 2.0**-53


def convolve(x, h):
    """(x * h)[n] = sum over a + b = n of x[a] h[b], one axis, in plain Python numbers."""
    y = [0.0] * (len(x) + len(h) - 1)
    for b, tap in enumerate(h):
        for a, sample in enumerate(x):
            y[a + b] += float(sample) * float(tap)
    return np.array(y)


def convolve_routes(x, routing):
    """The same for every route: (frames, inputs) to (frames + K - 1, outputs)."""
    y = np.zeros((len(x) + routing.frames - 1, routing.outputs))
    for route in routing.routes:
        y[:, route.target] += convolve(x[:, route.source], routing.taps(route))
    return y


def tolerance(x, h, unit=UNIT):
    """Return what rounding may add to one sample, for any engine.

    A plain sum of K products errs by at most K u sum(abs(h)) max(abs(x)), and is expected to
    stay near u sqrt(K); a transform of N points errs by a few u log2(N) |x| |h| in the roots of
    the energies, which is no more than the same with the larger of the two norms for each. 16
    covers the constants of both for the lengths tested here.
    """
    h, x = np.abs(np.asarray(h, float)), np.abs(np.asarray(x, float))
    energies = np.sqrt((x**2).sum()) * np.sqrt((h**2).sum())
    return 16 * unit * (energies + h.sum() * x.max(initial=0)) + 1e-300
