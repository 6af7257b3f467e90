"""Presets: named impulses that need no file, as specs of builders.

A spec is ``builder:key=value,key=value``, as on a command line; ``dry`` is the gain of the sound
itself beside it, ``wet`` that of the impulse.
"""

from __future__ import annotations

from typing import NamedTuple


class Preset(NamedTuple):
    """A spec, and what it sounds like."""

    spec: str
    sound: str


PRESETS: dict[str, Preset] = {
    "slapback": Preset("double-spike:delay=110ms,gain=-5dB", "one quick repeat, as on old records"),
    "dub-echo": Preset("feedback:delay=375ms,gain=-4.5dB", "repeats that go on and on"),
}
"""Every preset, by the name it has on a command line."""
