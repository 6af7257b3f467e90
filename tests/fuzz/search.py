"""The search: inputs damaged again and again, until one is a fault or the time is over."""

from __future__ import annotations

import faulthandler
import random
import re
import time
from pathlib import Path
from typing import NamedTuple

from .guard import checked
from .mutation import mutated
from .targets import TARGETS, seeds

HANG = 60
"""Seconds after which an input ends the process."""


class Found(NamedTuple):
    """What a search found.

    Parameters
    ----------
    inputs : int
    outcomes : int
        messages that differ in more than numbers
    fault : tuple of (str, Exception), or None
        the name of the file with the input, and what it raised
    """

    inputs: int
    outcomes: int
    fault: tuple[str, Exception] | None = None


def search(name: str, seconds: float, seed: int, folder: Path) -> Found:
    """Damage the inputs of a target for a time, or up to the first fault.

    Inputs with a message that none had before are damaged further. The one that is being tried
    lies in `folder`, where it stays if it ends the process.
    """
    target, pool = TARGETS[name], seeds(name)
    chance = random.Random(seed)
    outcomes: set[str] = set()
    current = folder / f"{name}-{seed}"
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        data = mutated(chance.choice(pool), f"{seed} {count}", target.words)
        count += 1
        current.write_bytes(data)
        faulthandler.dump_traceback_later(HANG, exit=True)
        try:
            said = checked(target.run, data)
        except Exception as error:  # whatever it is
            return Found(count, len(outcomes), (str(current), error))
        finally:
            faulthandler.cancel_dump_traceback_later()
        if (outcome := _plain(said)) not in outcomes:
            outcomes.add(outcome)
            pool.append(data)
    current.unlink(missing_ok=True)
    return Found(count, len(outcomes))


def _plain(message: str) -> str:
    """Return a message without numbers and quoted text."""
    return re.sub(r"'[^']*'|\S*\d\S*", "", message)
