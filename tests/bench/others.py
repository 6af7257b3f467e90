"""Ours beside the other programs and packages that convolve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import commands
from .bench import Bench, named, taps_of
from .measure import Command
from .pairs import HEADER, Pair, compare

SECONDS = 3


@dataclass(frozen=True)
class Peer:
    """How one of them is called, which precision of ours is its like, how its output is read."""

    name: str
    needs: str
    command: Callable[[Path, Path, Path], Command]
    precision: str = "single"
    channels: int = 2
    read: dict[str, Any] = field(default_factory=dict)


def _package(name: str, *how: str) -> Callable[[Path, Path, Path], Command]:
    return lambda sound, impulse, output: commands.package(name, sound, impulse, output, *how)


PEERS = [
    Peer("pedalboard", "pedalboard", _package("pedalboard"), read={"fitted": True}),
    Peer("scipy oaconvolve float32", "scipy", _package("oaconvolve", "float32")),
    Peer("scipy oaconvolve float64", "scipy", _package("oaconvolve", "float64"), "double"),
    Peer("audiomentations", "audiomentations", _package("audiomentations"), read={"fitted": True}),
    Peer("csound pconvolve", "csound", commands.csound, "double", read={"slack": commands.BLOCK}),
    Peer("sox fir, one impulse for both", "sox", commands.sox_fir, "double", channels=1),
    Peer(
        "brutefir, raw files",
        "brutefir",
        commands.brutefir,
        read={"raw": True, "slack": commands.BLOCK},
    ),
]


def others(bench: Bench) -> Iterator[str]:
    """Compare with every peer that is here; each in the precision that is like its own."""
    yield (
        "## Others\n\nStereo 16-bit in, 32-bit float out. pedalboard and audiomentations choose a "
        "level of their own, which is fitted and told. sox takes its input padded, because its "
        "`fir` cuts both ends, and brutefir takes it padded because it drops the tail."
    )
    yield "\n" + HEADER
    for peer in PEERS:
        if commands.present(peer.needs):
            yield compare(_pair(bench, peer), bench.rounds)


def _pair(bench: Bench, peer: Peer) -> Pair:
    length = bench.minutes(10)
    sound, impulse = bench.sound(length), bench.impulse(SECONDS, peer.channels)
    return Pair(
        f"{named(length)}, {named(SECONDS)}, {peer.precision}",
        peer.name,
        sound,
        taps_of(impulse),
        commands.convolve(sound, impulse, bench.folder / "ours.wav", peer.precision),
        peer.command(sound, impulse, bench.folder / "theirs.wav"),
        read=peer.read,
    )
