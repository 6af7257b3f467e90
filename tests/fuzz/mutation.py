"""Damage to files, the same for the same seed."""

from __future__ import annotations

import random

DAMAGES = ["flip", "zero", "one", "random", "delete", "insert", "duplicate", "swap"]


def mutated(data, name):
    """Damage a file in one to eight places, chosen by its name."""
    chance = random.Random(name)
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        size = len(damaged)
        if not size:
            break
        # headers are short, and matter most
        begin = chance.randrange(min(size, chance.choice([16, 64, size, size])))
        end = min(size, begin + chance.choice([1, 1, 2, 4, 8, 32]))
        other = chance.randrange(size)
        match chance.choice(DAMAGES):
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
    return bytes(damaged)
