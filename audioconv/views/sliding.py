"""Each output sample as the sum that it is, ``y[c] = sum over a + b = c of f[a] g[b]``.

What is to be seen of it is one path, from one channel of the sound through its taps, over some
frames c of the output; and all that the sums there are made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.plan import plan
from audioconv.engines.routes import Route, Routing
from audioconv.errors import LayoutError
from audioconv.views.excerpt import excerpt
from audioconv.views.packed import width

Samples = NDArray[np.float64]

SHORTEST, LONGEST = 0.5, 3.0
"""Seconds of output that are shown: one and a half times as much as the impulse lasts, within
these."""

SEEN, UNHEARD = 0.01, 0.001
"""An impulse lasts for taps of a hundredth of the largest, and all but a thousandth of its
energy."""

MOST = 1_400_000
"""Bytes, which are a third more as text."""


@dataclass(frozen=True, eq=False)
class Sliding:
    """Some output samples of one path, and all that they are sums of.

    Parameters
    ----------
    rate : int
        frames per second
    source, target : int
        channels that the path leads from and to, counted from 0
    first : int
        frame of the sound that ``f[0]`` is
    f : array
        the sound, up to frame ``end - 1``; silence is before frame 0
    g : array
        the taps
    begin, end : int
        frames of the output between which c runs
    left_out : int
        taps after those in `g`, which are too many to show
    kept : float, 0 to 1
        share of the energy of all taps that those in `g` have
    others : int
        further paths that lead to the same output channel, and add to it
    """

    rate: int
    source: int
    target: int
    first: int
    f: Samples
    g: Samples
    begin: int
    end: int
    left_out: int = 0
    kept: float = 1.0
    others: int = 0

    @property
    def shortened(self) -> str | None:
        """What of the impulse is not shown, in words."""
        if not self.left_out:
            return None
        return (
            f"of the impulse's {len(self.g) + self.left_out} taps the first {len(self.g)} are "
            f"shown, and summed here; they hold {100 * self.kept:.3g} % of its energy"
        )

    def products(self, c: int) -> Samples:
        """Return ``f[c - b] g[b]`` for every tap b.

        Examples
        --------
        >>> small = Sliding(1, 0, 0, 0, np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.5]), 0, 3)
        >>> small.products(2), small.products(0)
        (array([3., 1.]), array([1., 0.]))
        """
        last = c - self.first
        window = self.f[max(0, last - len(self.g) + 1) : last + 1][::-1]
        return np.pad(window, (0, len(self.g) - len(window))) * self.g

    def sums(self) -> Samples:
        """Return ``y[c]`` for every c from `begin` to ``end - 1``.

        Examples
        --------
        >>> small = Sliding(1, 0, 0, 0, np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.5]), 1, 3)
        >>> small.sums()
        array([2.5, 4. ])
        """
        convolver = plan(Routing(1, 1, len(self.g), (Route(0, 0, self.g),)))
        y = np.concatenate([convolver.process(self.f[:, np.newaxis]), convolver.flush()])
        return y[:, 0].astype(np.float64, copy=False)[
            self.begin - self.first : self.end - self.first
        ]


def sliding(
    source: str,
    rate: int,
    routing: Routing,
    begin: int,
    until: int,
    *,
    most: int = MOST,
    allow_truncated: bool = False,
) -> Sliding:
    """Choose a path, and as much of sound and taps as is to be shown.

    Parameters
    ----------
    source : str
        the sound, a file that can be read more than once
    rate : int
        frames per second
    routing : Routing
        the paths
    begin, until : int
        the frame of the output to begin with, and how many the output has
    most : int
        bytes that all of it may take, packed
    allow_truncated : bool
        take a file that ends before its header says so for what there is

    Returns
    -------
    Sliding
        of the first path into the first output: as many frames as let the impulse be seen
        coming and going, as far as there is room

    Raises
    ------
    LayoutError
        If no path leads anywhere.

    Examples
    --------
    >>> from audioconv.engines.routes import routes
    >>> echo = np.zeros((4411, 1))
    >>> echo[[0, 4410]] = 1
    >>> found = sliding("samples/speech.wav", 44100, routes(echo, 1), 20000, 130000)
    >>> found.first, found.end, len(found.f), len(found.g)
    (15590, 42050, 26460, 4411)
    """
    if not routing.routes:
        raise LayoutError("the impulse is silent; there is nothing to see of it")
    route = min(routing.routes, key=lambda route: (route.target, route.source))
    taps = route.taps
    wanted = round(min(max(1.5 * _lasts(taps), SHORTEST * rate), LONGEST * rate))
    wanted = min(wanted, until - begin)
    # what is needed of the sound begins with what the last tap meets
    before = begin - len(taps) + 1
    part = excerpt(source, before, begin + wanted, allow_truncated=allow_truncated)
    f = part[:, route.source].astype(np.float64, copy=False)
    frames, shown = _room(wanted, len(taps), begin, width(f), width(taps), most)
    first, end = max(0, begin - shown + 1), begin + frames
    f = np.pad(f, (0, begin + wanted - before - len(f)))  # silence, where it has ended
    return Sliding(
        rate,
        route.source,
        route.target,
        first,
        f[first - before : end - before],
        taps[:shown],
        begin,
        end,
        left_out=len(taps) - shown,
        kept=float(np.vdot(taps[:shown], taps[:shown]) / np.vdot(taps, taps)),
        others=sum(other.target == route.target for other in routing.routes) - 1,
    )


def _room(wanted: int, taps: int, begin: int, sample: int, tap: int, most: int) -> tuple[int, int]:
    """Return how many sums and how many taps there is room for, in bytes of each kind.

    Half of it is for the sums, each with the sample at its place; what they leave is for taps, each
    with the sample that it meets in the first of them. Before frame 0 there is silence, which takes
    no room; nor do taps of an echo.
    """
    frames = min(wanted, most // 2 // (sample + 8))
    left = most - frames * (sample + 8)
    both = left // (sample + tap) if sample + tap else taps
    if both > begin:
        both = (left - begin * sample) // tap if tap else taps
    return frames, min(taps, both)


def _lasts(taps: Samples) -> int:
    """Return the frames until nothing is left of the taps that is seen or heard."""
    seen = np.flatnonzero(np.abs(taps) >= SEEN * np.abs(taps).max())[-1]
    energy = np.cumsum(taps**2)
    heard = np.searchsorted(energy, (1 - UNHEARD) * energy[-1])
    return int(max(seen, heard)) + 1
