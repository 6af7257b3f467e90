"""Output samples as sums of products, ``y[c] = sum over a + b = c of f[a] g[b]``.

The taps b of an impulse that rings before time 0 begin below 0.

A `Sliding` holds a range of output frames c of one path, from a channel of the sound through its
taps, with all samples and taps in these sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioconv.engines.audio import Signal
from audioconv.engines.plan import plan
from audioconv.engines.routes import Route, Routing
from audioconv.errors import LayoutError
from audioconv.views.excerpt import excerpt
from audioconv.views.packed import item_size

SHORTEST, LONGEST = 0.5, 3.0
"""Limits of the output range in s; within them it is 1.5 times the length of the impulse."""

VISIBLE, INAUDIBLE = 0.01, 0.001
"""An impulse ends after the last tap over a hundredth of the largest, and with no more than a
thousandth of its energy to come."""

MAX_BYTES = 1_400_000
"""Size of a packed `Sliding`; base64 adds a third."""


@dataclass(frozen=True, eq=False)
class Sliding:
    """A range of output samples of one path, with the samples and taps that they are sums of.

    Parameters
    ----------
    rate : int
        frames per second
    source, target : int
        input and output channel of the path, counted from 0
    first : int
        frame of the sound at ``f[0]``
    f : array
        the sound, as far as the sums need it, silent before frame 0
    g : array
        the taps
    origin : int
        place of the tap b = 0 in `g`
    begin, end : int
        range of c, from `begin` to ``end - 1``
    omitted : int
        taps after those in `g`, which are too many to show
    energy_share : float, 0 to 1
        energy of the taps in `g`, relative to that of all taps
    other_paths : int
        further paths that add to the same output channel
    """

    rate: int
    source: int
    target: int
    first: int
    f: Signal
    g: Signal
    begin: int
    end: int
    origin: int = 0
    omitted: int = 0
    energy_share: float = 1.0
    other_paths: int = 0

    @property
    def notice(self) -> str | None:
        """A notice about omitted taps."""
        if not self.omitted:
            return None
        return (
            f"only the first {len(self.g)} of the impulse's {len(self.g) + self.omitted} taps are "
            f"shown and summed here; they hold {100 * self.energy_share:.3g} % of its energy"
        )

    def products(self, c: int) -> Signal:
        """Return ``f[c - b] g[b]`` for every tap, in the order of `g`.

        Examples
        --------
        >>> small = Sliding(1, 0, 0, 0, np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.5]), 0, 3)
        >>> small.products(2), small.products(0)
        (array([3., 1.]), array([1., 0.]))
        """
        last = c + self.origin - self.first
        window = self.f[max(0, last - len(self.g) + 1) : last + 1][::-1]
        return np.pad(window, (0, len(self.g) - len(window))) * self.g

    def sums(self) -> Signal:
        """Return ``y[c]`` for every c from `begin` to ``end - 1``.

        Examples
        --------
        >>> small = Sliding(1, 0, 0, 0, np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.5]), 1, 3)
        >>> small.sums()
        array([2.5, 4. ])
        """
        convolver = plan(Routing(1, 1, len(self.g), (self.g,), (Route(0, 0, 0),)))
        y = np.concatenate([convolver.process(self.f[:, np.newaxis]), convolver.flush()])
        begin, end = (c + self.origin - self.first for c in (self.begin, self.end))
        return y[begin:end, 0].astype(np.float64, copy=False)


def sliding(
    source: str,
    rate: int,
    routing: Routing,
    begin: int,
    frames: int,
    *,
    origin: int = 0,
    max_bytes: int = MAX_BYTES,
    allow_truncated: bool = False,
) -> Sliding:
    """Select a path, and the range of samples and taps to show.

    Parameters
    ----------
    source : str
        sound file, not standard input
    rate : int
        frames per second
    routing : Routing
    begin : int
        first frame of the output range
    frames : int
        frames of the whole output
    origin : int
        frame of time 0 of the impulse
    max_bytes : int
        largest size, packed
    allow_truncated : bool
        accept a file that is shorter than its header states

    Returns
    -------
    Sliding
        the first path into the first output, long enough for the whole impulse to slide into and
        out of view, as far as `max_bytes` allows

    Raises
    ------
    LayoutError
        If there are no paths.

    Examples
    --------
    >>> from audioconv.engines.routes import routes
    >>> echo = np.zeros((4411, 1))
    >>> echo[[0, 4410]] = 1
    >>> sums = sliding("samples/speech.wav", 44100, routes(echo, 1), 20000, 130000)
    >>> sums.first, sums.end, len(sums.f), len(sums.g)
    (15590, 42050, 26460, 4411)
    """
    if not routing.routes:
        raise LayoutError("the impulse is silent; give one with a tap that is not 0")
    route = min(routing.routes, key=lambda route: (route.target, route.source))
    taps = routing.taps(route)
    length = round(min(max(1.5 * _duration(taps), SHORTEST * rate), LONGEST * rate))
    length = min(length, frames - begin)
    meets = begin + origin  # the frame of the sound that the first tap meets in the first sum
    before, after = meets - len(taps) + 1, meets + length
    part = excerpt(source, before, after, allow_truncated=allow_truncated)
    f = part[:, route.source].astype(np.float64, copy=False)
    sums, shown = _fit(length, len(taps), meets, item_size(f), item_size(taps), max_bytes)
    first, end = max(0, meets - shown + 1), meets + sums
    f = np.pad(f, (0, after - before - len(f)))  # silence after the end of the sound
    return Sliding(
        rate,
        route.source,
        route.target,
        first,
        f[first - before : end - before],
        taps[:shown],
        begin,
        begin + sums,
        origin=origin,
        omitted=len(taps) - shown,
        energy_share=float(np.vdot(taps[:shown], taps[:shown]) / np.vdot(taps, taps)),
        other_paths=sum(other.target == route.target for other in routing.routes) - 1,
    )


def _fit(
    length: int, taps: int, begin: int, sample_bytes: int, tap_bytes: int, max_bytes: int
) -> tuple[int, int]:
    """Return how many sums and how many taps fit into `max_bytes`.

    Half of the bytes are for sums, each with its sample, and what all taps leave of the rest. The
    others are for taps, each with the sample that it meets in the first sum. Silence before
    frame 0 takes no bytes, nor do the taps of an echo.
    """
    needed = taps * tap_bytes + min(taps, begin) * sample_bytes
    sums = min(length, max(max_bytes // 2, max_bytes - needed) // (sample_bytes + 8))
    left = max_bytes - sums * (sample_bytes + 8)
    fitting = left // (sample_bytes + tap_bytes) if sample_bytes + tap_bytes else taps
    if fitting > begin:
        fitting = (left - begin * sample_bytes) // tap_bytes if tap_bytes else taps
    return sums, min(taps, fitting)


def _duration(taps: Signal) -> int:
    """Return the frames up to the last visible tap and the end of audible energy."""
    visible = np.flatnonzero(np.abs(taps) >= VISIBLE * np.abs(taps).max())[-1]
    energy = np.cumsum(taps**2)
    audible = np.searchsorted(energy, (1 - INAUDIBLE) * energy[-1])
    return int(max(visible, audible)) + 1
