"""The taps of one response of a SOFA file, with the left ear first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from audioconv.files import display_name
from audioconv.ir.limits import check_size
from audioconv.ir.response import Response
from audioconv.ir.sofa.choice import (
    Indices,
    Wanted,
    ambiguity,
    candidates,
    notes_on,
    share_position,
)
from audioconv.ir.sofa.contents import Contents, contents_of, opened
from audioconv.ir.sofa.coordinates import Vectors, fitted
from audioconv.ir.sofa.variables import Variables
from audioconv.ir.sound import chosen_channels
from impulses import Impulse
from impulses.impulse import MAX_SAMPLES
from impulses.quantities import Degrees, Metres


def read_sofa(
    path: str,
    *,
    azimuth: Degrees | None = None,
    elevation: Degrees | None = None,
    distance: Metres | None = None,
    listener: int | None = None,
    emitter: int | None = None,
    index: int | None = None,
    channel: int | None = None,
    channels: Sequence[int] = (),
) -> Response:
    """Read one response: the nearest to a direction, or one given by its number.

    Parameters
    ----------
    path : str
        a SOFA file of finite impulse responses (data type FIR, FIR-E or FIRE)
    azimuth : float
        degrees to the left of the listener's view; 0 if only an elevation is given
    elevation : float, -90 to 90
        degrees above the horizontal plane; 0 if only an azimuth is given
    distance : float
        metres from the listener, if the file has several distances
    listener : int, from 1
        number of the listener position, if the file has several
    emitter : int, from 1
        number of the emitter, if the file has several
    index : int, from 1
        number of the measurement
    channel : int, from 1
        number of the only receiver to use; 1 is the left ear of a head
    channels : sequence of int, from 1
        numbers of the receivers to use, in this order

    Returns
    -------
    Response
        notes of its impulse give the measured direction if it is not the requested one, the
        listener position if none of several is requested, and a change in the order of the ears

    Raises
    ------
    UsageError
        If several responses fit, and differ, or if none does.
    FormatError
        If the file cannot be read.

    References
    ----------
    AES69-2022, "AES standard for file exchange - Spatial acoustic data file format".
    """
    name = display_name(path)
    wanted = Wanted(azimuth, elevation, distance, listener, emitter, index)
    with opened(path) as file:
        contents = contents_of(file)
        found = candidates(name, contents, wanted)
        if len(found) > 1 and not share_position(contents, found):
            raise ambiguity(name, contents, found)
        check_size(path, len(found) * contents.frames * contents.shape[1])
        responses = _responses(file, contents, found)
        taps, notes = next(responses)
        # some files have a direction twice, such as azimuths 0 and 360
        if not all(np.array_equal(taps, other) for other, _ in responses):
            raise ambiguity(name, contents, found)
    chosen = int(found[0])
    measurement = chosen // contents.shape[2]
    if contents.is_right_first(measurement):
        taps, ear_notes = _left_first(contents, taps)
        notes += ear_notes
    notes += notes_on(contents, chosen, wanted)
    impulse = Impulse(taps, round(contents.rates[measurement]), notes)
    selected = chosen_channels(path, impulse, channel, channels)
    return Response(selected, contents.has_ears(measurement) and selected is impulse)


def _responses(
    file: Variables, contents: Contents, found: Indices
) -> Iterator[tuple[Vectors, tuple[str, ...]]]:
    """Yield taps (frames, receivers), delayed by Data.Delay, and notes."""
    delays = _delays(file, contents)
    for measurement, emitter in zip(*np.divmod(found, contents.shape[2]), strict=True):
        rate = contents.rates[measurement]
        if not (rate > 0 and rate == round(rate)):
            raise ValueError(f"its rate is {rate:g} Hz, which is not a whole number")
        one = {"M": measurement, "E": emitter}
        where = tuple(one.get(axis, slice(None)) for axis in contents.axes)
        responses = file.values("Data.IR", where)
        if contents.axes.index("N") < contents.axes.index("R"):
            responses = responses.T
        yield _delayed(responses, delays[measurement, :, emitter])


def _delayed(responses: Vectors, delays: Vectors) -> tuple[Vectors, tuple[str, ...]]:
    """Delay responses, (receivers, samples), by whole samples, and note how these are rounded."""
    longest = MAX_SAMPLES // len(responses) - responses.shape[1]
    if not ((delays >= 0) & (delays <= longest)).all():
        raise ValueError(f"delays of {delays} samples")
    whole = np.rint(delays).astype(np.int64)
    taps = np.zeros((responses.shape[1] + int(whole.max(initial=0)), len(responses)))
    for receiver, (delay, response) in enumerate(zip(whole.tolist(), responses, strict=True)):
        taps[delay : delay + len(response), receiver] = response
    rounded = np.abs(delays - whole).max(initial=0)
    return taps, (f"delays rounded by up to {rounded:.3f} samples",) * bool(rounded)


def _delays(file: Variables, contents: Contents) -> Vectors:
    """Return the delays in samples, (measurements, receivers, emitters)."""
    delays = file.values("Data.Delay")
    delays = delays[..., np.newaxis] if delays.ndim == 2 else delays
    return fitted("Data.Delay", delays, contents.shape)


def _left_first(contents: Contents, taps: Vectors) -> tuple[Vectors, tuple[str, ...]]:
    """Exchange two ears of which the right one is first, and note it."""
    if contents.reversed_ears:
        return taps, (
            "ReceiverPosition has the right ear first, but old versions of the ARI SOFA API wrote "
            "that for data with the left ear first; the channels are kept in their order",
        )
    return taps[:, ::-1], (
        "the file has the right ear first (ReceiverPosition); its channels are exchanged",
    )
