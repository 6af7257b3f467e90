"""Contents of a SOFA file: everything in it but the responses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioconv.errors import AudioconvError, FormatError
from audioconv.files import display_name, escape
from audioconv.ir.sofa.coordinates import (
    Vectors,
    fitted,
    local_positions,
    source_positions,
    to_spherical,
    vectors,
)
from audioconv.ir.sofa.variables import Variables

AXES = {"FIR": "MRN", "FIR-E": "MRNE", "FIRE": "MREN"}
"""Axes of Data.IR for each data type: measurements, receivers, samples, emitters."""

OTHER_TYPES = {"TF": "transfer functions", "SOS": "second-order sections", "Audio": "recordings"}
"""Contents of data types without impulse responses, by the beginnings of their names."""

MAX_PLACES = 2**21
"""Positions of receivers and emitters, over all measurements; each takes some 300 bytes."""

ARI, LAST_REVERSED = "ARI SOFA API for Matlab/Octave", (1, 1, 0)
"""Software with which left ears got receiver positions on the right, and its last version that did
so; libmysofa makes the same exception."""


@dataclass(frozen=True, eq=False)
class Contents:
    """Everything in a SOFA file of impulse responses but the responses.

    Parameters
    ----------
    conventions, version : str
        SOFA conventions of the file, and their version
    data_type : str
        FIR, FIR-E or FIRE
    axes : str
        axes of Data.IR, such as MRN
    frames : int
        length N of the responses, without their delays
    rates : array, (M,)
        sample rate in Hz of each measurement
    sources : array, (M, E, 3)
        positions of the emitters from the listener in metres: ahead, to the left and up; NaN
        where they are unknown
    receivers : array, (M, R, 3)
        positions of the receivers, likewise
    listeners : array, (listeners, 3)
        the different listener positions in metres, in the order of the file
    listener : array of int, (M,)
        index of the listener position of each measurement
    reversed_ears : bool
        whether the file is from software that took left for right in receiver positions
    """

    conventions: str
    version: str
    data_type: str
    axes: str
    frames: int
    rates: Vectors
    sources: Vectors
    receivers: Vectors
    listeners: Vectors
    listener: NDArray[np.int64]
    reversed_ears: bool

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of measurements M, receivers R, and emitters E."""
        return (*self.receivers.shape[:2], self.sources.shape[1])

    @property
    def places(self) -> Vectors:
        """Azimuth and elevation in degrees and distance in metres of each response, (M * E, 3).

        Angles are NaN for a source at the position of the listener, as that of headphones is.
        """
        return to_spherical(self.sources.reshape(-1, 3))

    def has_ears(self, measurement: int) -> bool:
        """Return whether the receivers of a measurement are the ears of a head in a sound field."""
        lateral = self.receivers[measurement, :, 1]
        outside = (np.linalg.norm(self.sources[measurement], axis=-1) > 0).all()
        return bool(outside and len(lateral) == 2 and lateral.prod() < 0)

    def is_right_first(self, measurement: int) -> bool:
        """Return whether, by its position, the first of two receivers is the right ear."""
        lateral = self.receivers[measurement, :, 1]
        return bool(len(lateral) == 2 and lateral[0] < 0 < lateral[1])


def read_contents(path: str) -> Contents:
    """Read all of a SOFA file but the responses.

    Raises
    ------
    FormatError
        If it is not a SOFA file of finite impulse responses.
    """
    with opened(path) as file:
        return contents_of(file)


@contextmanager
def opened(path: str) -> Iterator[Variables]:
    """Open a SOFA file of impulse responses; whatever it lacks is a `FormatError` with its name."""
    try:
        import h5py  # an extra
    except ImportError:
        raise AudioconvError(
            f"{display_name(path)} is a SOFA file, which needs h5py; run: pip install h5py"
        ) from None
    try:
        with h5py.File(path, "r") as file:
            variables = Variables(path, file)
            _check_type(path, variables.attribute("DataType"))
            yield variables
    except FileNotFoundError:
        raise FormatError(f"{display_name(path)} does not exist; check the name") from None
    except (
        *(OSError, KeyError, ValueError, TypeError, RuntimeError, IndexError),
        *(AttributeError, OverflowError),
    ) as error:
        raise FormatError(
            f"{display_name(path)} is not a SOFA file of impulse responses: "
            f"{escape(str(error))}; inspect it with a SOFA tool"
        ) from None


def contents_of(file: Variables) -> Contents:
    """Return the contents of an open SOFA file."""
    data_type = file.attribute("DataType")
    axes = _axes(file["Data.IR"], data_type)
    lengths = dict(zip(axes, file["Data.IR"].shape, strict=True))
    if 0 in lengths.values():
        raise ValueError(f"Data.IR has shape {file['Data.IR'].shape}, which is empty")
    _check_places(lengths)
    measurements = lengths["M"]
    listeners, listener = _different(vectors(file, "ListenerPosition", measurements))
    rates = file.values("Data.SamplingRate")
    return Contents(
        conventions=file.attribute("SOFAConventions"),
        version=file.attribute("SOFAConventionsVersion"),
        data_type=data_type or "FIR",
        axes=axes,
        frames=lengths["N"],
        rates=fitted("Data.SamplingRate", rates.ravel(), (measurements,)),
        sources=source_positions(file, measurements, lengths.get("E")),
        receivers=local_positions(file, "ReceiverPosition", measurements, lengths["R"]),
        listeners=listeners,
        listener=listener,
        reversed_ears=_has_reversed_ears(file),
    )


def _check_type(path: str, data_type: str) -> None:
    if data_type in ("", *AXES):
        return
    held = next((held for kind, held in OTHER_TYPES.items() if data_type.startswith(kind)), "data")
    raise FormatError(
        f"{display_name(path)} holds {held} (data type {data_type}), not impulse responses; "
        "convert it to FIR with a SOFA tool"
    )


def _check_places(lengths: dict[str, int]) -> None:
    """Refuse more positions than may be in memory; some bytes can stand for any number of them."""
    count = lengths["M"] * (lengths["R"] + lengths.get("E", 1))
    if count > MAX_PLACES:
        raise ValueError(
            f"it has {count} positions of receivers and emitters; the limit is {MAX_PLACES}"
        )


def _axes(data: Any, data_type: str) -> str:
    """Return the axes of Data.IR by the names of its dimensions, or else by the data type."""
    scales = [scale for axis in data.dims for scale in list(axis.values())[:1]]
    axes = "".join(scale.name.rpartition("/")[2] for scale in scales)
    if len(axes) == data.ndim and sorted(axes) in map(sorted, AXES.values()):
        return axes
    axes = AXES[data_type or "FIR"]
    if len(axes) != data.ndim:
        layout = f"data type {data_type} has" if data_type else "without a data type there are"
        raise ValueError(f"Data.IR has shape {data.shape}; {layout} axes {axes}")
    return axes


def _different(positions: Vectors) -> tuple[Vectors, NDArray[np.int64]]:
    """Return the different positions, in order of appearance, and the index of each position."""
    # to a micrometre: rounding errors make no other position
    different, first, index = np.unique(
        positions.round(6), axis=0, return_index=True, return_inverse=True
    )
    order = np.argsort(first)
    return different[order], np.argsort(order)[index.ravel()]


def _has_reversed_ears(file: Variables) -> bool:
    version = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", file.attribute("APIVersion"))
    if file.attribute("APIName") != ARI or version is None:
        return False
    return tuple(map(int, version.groups())) <= LAST_REVERSED
