"""Faults of a recording that need no excitation to be seen: each a line with its remedy."""

from __future__ import annotations

import numpy as np

from impulses.impulse import ImpulseError, Taps, from_db, to_db

SILENT = 1e-30
"""Peak below which a sound is silent; its square is still a normal number."""

LOW_LEVEL = -50.0
"""Peak in dBFS below which a 16-bit recording has under half of its bits left."""

OFFSET = -40.0
"""Mean in dB relative to the peak, above which it is an offset."""

FLAT = 3
"""Samples of one value at the peak that make a flat top, between steep steps on either side."""


def same_rate(recording: int, excitation: int) -> None:
    """Raise ImpulseError unless recording and excitation have the same rate."""
    if recording != excitation:
        raise ImpulseError(
            f"recording is {recording} Hz but the excitation is {excitation} Hz; resample the "
            "recording, or record at the rate of the excitation"
        )


def check_recording(recording: Taps, excitation: Taps, rate: int) -> tuple[str, ...]:
    """Return notes on the level, offset and clipping of a recording.

    Parameters
    ----------
    recording, excitation : array, (frames, channels)
    rate : int
        Samples per second.

    Raises
    ------
    ImpulseError
        If one is silent, or they are in the wrong order.
    """
    for name, sound in (("recording", recording), ("excitation", excitation)):
        if np.abs(sound).max() < SILENT:
            raise ImpulseError(f"{name} is silent from end to end; check the connections")
    recorded, played = (_level_range(sound, rate) for sound in (recording, excitation))
    if recorded < 1 and played > 3:
        raise ImpulseError(
            f"excitation varies by {played:.1f} dB and the recording by {recorded:.1f} dB, but a "
            "sweep is even (under 1 dB); give the recording first and the sweep second"
        )
    notes = [
        note for channel, sound in enumerate(recording.T, 1) for note in _channel(channel, sound)
    ]
    peak = to_db(float(np.abs(recording).max()))
    if peak < LOW_LEVEL:
        notes.append(
            f"recording peaks at {peak:.1f} dBFS, under {LOW_LEVEL:g} dBFS; raise the input gain"
        )
    flat_tops, first = _flat_tops(recording)
    if flat_tops:
        notes.append(
            f"recording is clipped: {flat_tops} flat top{'s' * (flat_tops > 1)}, the first at "
            f"{first / rate:.3f} s; lower the level and record again"
        )
    return tuple(notes)


def _channel(channel: int, sound: Taps) -> list[str]:
    """Return notes on silence or an offset of one channel."""
    peak = float(np.abs(sound).max())
    if peak < SILENT:
        return [f"channel {channel} of the recording is silent; check its connection"]
    offset = to_db(abs(float(sound.mean())) / peak)
    if offset < OFFSET:
        return []
    return [
        f"channel {channel} of the recording has an offset of {sound.mean():.3g}, {offset:.1f} dB "
        f"relative to its peak, over {OFFSET:g} dB; fix the input, or filter the offset out"
    ]


def _level_range(sound: Taps, rate: int) -> float:
    """Return the decibels between the tenth and the ninetieth percentile of the level."""
    power = (sound**2).sum(axis=1)
    sounding = np.flatnonzero(power > from_db(-40) * power.max())
    power = power[sounding[0] : sounding[-1] + 1]
    # long enough that a period of 20 Hz weighs little, short enough for at least 20 blocks
    levels = blocks(power, max(1, min(rate // 5, len(power) // 20))).mean(axis=1)
    low, high = np.quantile(levels, [0.1, 0.9])
    return to_db(np.sqrt(high / low)) if low else np.inf


def _flat_tops(sound: Taps) -> tuple[int, int]:
    """Count the flat tops of all channels, and return the frame of the first.

    A flat top is a run of samples at the peak between steps of more than three times the smallest
    step there. The crest of a slow wave in few bits has no such steps, and neither has a sequence
    recorded over a wire.
    """
    count, first = 0, len(sound)
    for channel in (*sound.T, *-sound.T):
        top = channel.max()
        below = channel[channel < top]
        highest = np.partition(below, -min(1000, len(below)))[-1000:] if len(below) else below
        step = np.diff(np.unique(highest)).min(initial=np.inf)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], channel == top, [False]])))
        starts, ends = edges[::2], edges[1::2]
        inner = (ends - starts >= FLAT) & (starts > 0) & (ends < len(channel))
        starts, ends = starts[inner], ends[inner]
        steep = top - np.maximum(channel[starts - 1], channel[ends]) > 3 * step
        count += int(steep.sum())
        first = min(first, *starts[steep][:1].tolist(), len(sound))
    return count, first


def blocks(values: Taps, block: int) -> Taps:
    """Return the whole blocks of an array as rows, or all of a shorter array as one."""
    whole = max(1, len(values) // block)
    return values[: whole * block].reshape(whole, -1)
