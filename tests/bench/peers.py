"""Ours beside the fastest that users would take instead: ffmpeg, and sox for echoes."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from . import commands
from .bench import Bench, named, taps_of
from .measure import in_turn
from .pairs import HEADER, Pair, compare

TUNED = ":minp=65536:maxp=65536"
DOUBLE = ":precision=double:minp=32768:maxp=32768"
PARTITIONS = [(8192, 65536), (16384, 16384), (16384, 65536), (32768, 32768), (65536, 65536)]


def peers(bench: Bench) -> Iterator[str]:
    """Compare with ffmpeg's afir and aecho, and sox's echo, with the targets beside."""
    yield "## Peers\n\nStereo 16-bit in, 32-bit float out unless said; a ratio is ours / theirs."
    yield "\n" + HEADER
    for pair in _pairs(bench):
        yield compare(pair, bench.rounds)


def _pairs(bench: Bench) -> Iterator[Pair]:
    hour, minutes = bench.minutes(60), bench.minutes(10)
    if commands.present("ffmpeg"):
        yield _afir(bench, hour, 3, "single", "default", "", 0.40, 0.50)
        yield _afir(bench, hour, 3, "single", "tuned", TUNED, 0.65, 0.70)
        yield _afir(bench, hour, 3, "double", "default", "", 0.70)
        yield _afir(bench, hour, 3, "double", "double", DOUBLE, 0.50)
        for seconds, default, best in [(0.4, 0.60, 0.75), (10, 0.40, 0.90)]:
            yield _afir(bench, minutes, seconds, "single", "default", "", default)
            tuning = _best(bench, minutes, seconds)
            yield _afir(bench, minutes, seconds, "single", f"tuned {tuning}", tuning, best)
        yield _afir(bench, hour, 3, "double", "default", "", 0.50, subtype="PCM_24")
    yield from _echoes(bench, hour)


def _afir(
    bench: Bench,
    length: float,
    seconds: float,
    precision: str,
    how: str,
    tuning: str,
    wall: float,
    cpu: float | None = None,
    subtype: str = "FLOAT",
) -> Pair:
    sound, impulse = bench.sound(length), bench.impulse(seconds)
    codec = {"FLOAT": "pcm_f32le", "PCM_24": "pcm_s24le"}[subtype]
    job = f"{named(length)}, {named(seconds)}, {precision}"
    return Pair(
        job if subtype == "FLOAT" else f"{job}, {subtype}",
        f"ffmpeg {how}",
        sound,
        taps_of(impulse),
        commands.convolve(sound, impulse, bench.folder / "ours.wav", precision, subtype),
        commands.afir(sound, impulse, bench.folder / "theirs.wav", tuning, codec),
        wall,
        cpu,
    )


def _best(bench: Bench, length: float, seconds: float) -> str:
    """Search the partitions with which ffmpeg is fastest."""
    print(f"tuning ffmpeg for {named(seconds)}", file=sys.stderr, flush=True)
    tunings = [f":minp={least}:maxp={most}" for least, most in PARTITIONS]
    output = bench.folder / "theirs.wav"
    sound, impulse = bench.sound(length), bench.impulse(seconds)
    costs = in_turn([commands.afir(sound, impulse, output, how) for how in tunings], 2)
    walls = [min(cost.wall for cost in of_one) for of_one in costs]
    return tunings[walls.index(min(walls))]


def _echoes(bench: Bench, length: float) -> Iterator[Pair]:
    taps = np.zeros((commands.DELAY + 1, 1))
    taps[0], taps[-1] = 1, commands.GAIN
    sound = bench.sound(length)
    ours = commands.echo(sound, bench.folder / "ours.wav")
    for peer, effect, build in [
        ("ffmpeg", "aecho", commands.aecho),
        ("sox", "echo", commands.sox_echo),
    ]:
        if commands.present(peer):
            theirs = build(sound, bench.folder / "theirs.wav")
            yield Pair(
                f"{named(length)}, echo", f"{peer} {effect}", sound, taps, ours, theirs, 0.30
            )
