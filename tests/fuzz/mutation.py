"""Damage to files, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

DAMAGES = ["flip", "zero", "one", "random", "delete", "insert", "duplicate", "swap"]
WORD_DAMAGES = [*DAMAGES, "word", "word over", "number"]

NUMBERS = [
    value.to_bytes(width, order)
    for width in (1, 2, 4, 8)
    for edge in (8 * width - 1, 8 * width)
    for value in (2**edge - 2, 2**edge - 1, 2**edge % 2 ** (8 * width))
    for order in ("little", "big")
]
"""Integers at the limits of their types, in either byte order."""


def mutated(data: bytes, seed: object, words: Sequence[bytes] = ()) -> bytes:
    """Damage a file in one to eight places, chosen by the seed.

    Words of its format may be inserted or put over others, and numbers at their limits.
    """
    chance = random.Random(seed)
    damaged = bytearray(data)
    damages = WORD_DAMAGES if words else DAMAGES
    for _ in range(chance.randint(1, 8)):
        size = len(damaged)
        if not size:
            break
        # headers are short, and matter most
        begin = chance.randrange(min(size, chance.choice([16, 64, size, size])))
        end = min(size, begin + chance.choice([1, 1, 2, 4, 8, 32]))
        other = chance.randrange(size)
        match chance.choice(damages):
            case "flip":
                damaged[begin] ^= 1 << chance.randrange(8)
            case "zero":
                damaged[begin:end] = bytes(end - begin)
            case "one":
                damaged[begin:end] = b"\xff" * (end - begin)
            case "random":
                damaged[begin:end] = chance.randbytes(end - begin)
            case "delete":
                del damaged[begin:end]
            case "insert":
                damaged[begin:begin] = chance.randbytes(end - begin)
            case "duplicate":
                damaged[other:other] = damaged[begin:end]
            case "swap":
                damaged[begin], damaged[other] = damaged[other], damaged[begin]
            case "word":
                damaged[begin:begin] = chance.choice(words)
            case "word over":
                word = chance.choice(words)
                damaged[begin : begin + len(word)] = word
            case "number":
                number = chance.choice(NUMBERS)
                damaged[begin : begin + len(number)] = number
    return bytes(damaged)
