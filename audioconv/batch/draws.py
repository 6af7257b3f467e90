"""Draws by content: numbers and choices that follow from what an item is, not where it stands.

Everything random about an output is a function of the seed of the batch, the identity of the item,
the number of the replica, and the purpose. So other items may come, go or change their order.

Numbers are SHA-256 in counter mode, which is the same in every version of every library. The
impulse of an item is the one with the highest score, where a score depends on the item and that
impulse alone: an impulse that is added wins some items, and all others keep theirs.

References
----------
D. Thaler, C. Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM Trans.
Networking 6(1), 1998 (the highest score). G. Steele, D. Lea, C. Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014 (the mixing function).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]


def digest(*parts: str | int) -> bytes:
    r"""Return the SHA-256 of texts and numbers, each with its length.

    Names count in Unicode's form C, as some systems write them in another.

    Examples
    --------
    >>> digest("ab", "c") == digest("a", "bc"), digest("e\u0301") == digest("\u00e9")
    (False, True)
    """
    texts = (unicodedata.normalize("NFC", str(part)) for part in parts)
    encoded = (text.encode("utf-8", "surrogatepass") for text in texts)
    return sha256(b"".join(b"%d:%b" % (len(text), text) for text in encoded)).digest()


class Stream:
    """Uniform numbers that follow from texts and numbers.

    Examples
    --------
    >>> stream, same = Stream(1, "a.wav", 0, "room"), Stream(1, "a.wav", 0, "room")
    >>> [stream.uniform() for _ in range(9)] == [same.uniform() for _ in range(9)]
    True
    >>> Stream(1, "a.wav", 0, "room").uniform() == Stream(1, "b.wav", 0, "room").uniform()
    False
    """

    def __init__(self, *parts: str | int) -> None:
        self._key = digest(*parts)
        self._drawn = 0

    def uniform(self) -> float:
        """Return the next number, from 0 up to, but without, 1; a multiple of 2 ** -53."""
        block = sha256(self._key + self._drawn.to_bytes(8, "little")).digest()
        self._drawn += 1
        return (int.from_bytes(block[:8], "little") >> 11) * 2.0**-53


def keys(names: Sequence[str]) -> Keys:
    """Return the key of each choice, from what it is called."""
    digests = b"".join(digest("choice", name)[:8] for name in names)
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def choices(
    seed: int, identity: str, replicas: int, pool: Keys, once: NDArray[np.bool_]
) -> list[int]:
    """Choose one of a pool for each replica of an item.

    Parameters
    ----------
    seed : int
    identity : str
        of the item
    replicas : int > 0
    pool : array of uint64
        key of each choice
    once : array of bool
        which choices no other replica has as long as there are others; those that are random
        themselves may come again

    Returns
    -------
    list of int
        indices into the pool; those of the first replicas do not depend on how many follow

    Examples
    --------
    >>> pool = keys(["a", "b", "c"])
    >>> sorted(choices(1, "x.wav", 3, pool, np.ones(3, bool)))
    [0, 1, 2]
    """
    chosen: list[int] = []
    free = np.ones(len(pool), bool)
    for replica in range(replicas):
        if not free.any():
            free[:] = True
        item = np.frombuffer(digest(seed, identity, replica, "choice")[:8], "<u8")[0]
        scores = np.where(free, _mixed(pool ^ item), 0)
        best = int(np.argmax(scores))
        chosen.append(best)
        free[best] = not once[best]
    return chosen


def _mixed(values: Keys) -> Keys:
    """Mix the bits of numbers, so that each depends on all: the finaliser of SplitMix64."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
