"""The size of the page: what its sounds and pictures leave for sums."""

from __future__ import annotations

from collections.abc import Sequence

from audioconv.views.listening import PlayerSound

PAGE_BYTES = 1_500_000
"""Largest size of the page of a part of 10 s."""

OTHER_BYTES = 360_000
"""Size of its scripts, texts and pictures."""

LEAST_BYTES = 300_000
"""Size of the packed sums where sounds are longer."""


def sums_bytes(players: Sequence[PlayerSound]) -> int:
    """Return how large the packed sums of a page may be, beside its sounds.

    Examples
    --------
    >>> [sums_bytes([PlayerSound(bytes(size), -20.0, 1.0)]) for size in (100_000, 1_000_000)]
    [755000, 300000]
    """
    left = (PAGE_BYTES - OTHER_BYTES) * 3 // 4  # base 64 adds a third
    return max(LEAST_BYTES, left - sum(len(player.mp3) for player in players))
