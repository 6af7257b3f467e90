"""Impulse responses in sound files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from audioconv.errors import UsageError
from audioconv.files import Digest, Reader, display_name, recipe_fields
from audioconv.files.formats import MAX_RATE
from audioconv.ir.limits import check_size
from audioconv.ir.response import Response
from impulses import Impulse, ImpulseError
from impulses import channels as selection
from impulses.impulse import MAX_SAMPLES
from impulses.quantities import whole

ORIGIN = "origin"
"""Recipe key of the frame at time 0."""


def read_sound(
    path: str,
    *,
    channel: int | None = None,
    channels: Sequence[int] = (),
    rate: Annotated[int, "rate"] | None = None,
) -> Response:
    """Read a sound file as an impulse response, or some of its channels.

    Parameters
    ----------
    path : str
        a sound file, or ``-`` for standard input
    channel : int, from 1
        number of the only channel to use
    channels : sequence of int, from 1
        numbers of the channels to use, in this order
    rate : int, optional
        sample rate in Hz, in the place of the one that the file states

    Raises
    ------
    UsageError
        If a channel does not exist, or the rate is out of range.
    FormatError
        If the file cannot be read.
    """
    impulse, digest, _ = read_file(path)
    if rate is not None:
        impulse = replace(impulse, rate=checked_rate(path, rate))
    return Response(chosen_channels(path, impulse, channel, channels), digest=digest)


def read_file(path: str, most: int = MAX_SAMPLES) -> tuple[Impulse, Digest, dict[str, Any]]:
    """Read a sound file as an impulse response, with its digest and its recipe.

    Raises
    ------
    FormatError
        If it cannot be read, or has more than `most` samples.
    """
    blocks, samples = [], 0
    with Reader(path, hashed=True) as reader:
        sound = reader.info
        check_size(path, (sound.frames or 0) * sound.channels, most)
        for block in reader.blocks():
            samples += block.size
            check_size(path, samples, most)  # the header may be wrong, or not state the length
            blocks.append(block)
        digest = reader.digest()
        recipe = recipe_fields(reader.metadata) or {}
    assert digest is not None  # the file was read to its end
    taps = np.concatenate(blocks).astype(np.float64, copy=False)
    origin = recipe.get(ORIGIN, 0)
    valid = type(origin) is int and 0 <= origin < len(taps)
    return Impulse(taps, sound.rate, origin=origin if valid else 0), digest, recipe


def chosen_channels(
    path: str, impulse: Impulse, channel: int | None, channels: Sequence[int] = ()
) -> Impulse:
    """Return the channels of an impulse that are asked for, or all."""
    if channel is not None and channels:
        raise UsageError(f"{display_name(path)} has channel= and channels=; give one of them")
    numbers = channels if channel is None else [channel]
    try:
        return selection.select(impulse, numbers) if numbers else impulse
    except ImpulseError as error:
        raise UsageError(f"{display_name(path)}: {error}") from None


def checked_rate(path: str, rate: int) -> int:
    """Return a sample rate that is given for a file; raise `UsageError` if it is out of range."""
    try:
        return whole("rate", rate, 1, MAX_RATE, "Hz")
    except ImpulseError as error:
        raise UsageError(f"{display_name(path)}: {error}") from None
