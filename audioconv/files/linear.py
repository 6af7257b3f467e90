"""Linear samples as WAV files hold them: bytes to sound in -1 to 1, and back, without rounding."""

from __future__ import annotations

import numpy as np

from audioconv.engines import Audio

PCM, IEEE_FLOAT = 1, 3
SUBTYPES = {
    (PCM, 8): "PCM_U8",
    (PCM, 16): "PCM_16",
    (PCM, 24): "PCM_24",
    (PCM, 32): "PCM_32",
    (IEEE_FLOAT, 32): "FLOAT",
    (IEEE_FLOAT, 64): "DOUBLE",
}
"""Format tag and bits of a sample, as a fmt chunk has them, to libsndfile's name."""

TAGS = {subtype: tag for tag, subtype in SUBTYPES.items()}


def frame_bytes(subtype: str, channels: int) -> int:
    """Return the bytes of one frame.

    Examples
    --------
    >>> frame_bytes("PCM_24", 2)
    6
    """
    return channels * TAGS[subtype][1] // 8


def decode(data: bytes, subtype: str, channels: int, order: str = "<") -> Audio:
    r"""Turn bytes of whole frames, of one byte order or the other, into sound in -1 to 1.

    Examples
    --------
    >>> decode(b"\x00\x40\x00\x80", "PCM_16", 1).ravel()
    array([ 0.5, -1. ])
    """
    tag, bits = TAGS[subtype]
    if tag == IEEE_FLOAT:
        with np.errstate(invalid="ignore"):  # one that is not a number is refused later
            samples = np.frombuffer(data, f"{order}f{bits // 8}").astype(np.float64)
    elif bits == 8:
        samples = (np.frombuffer(data, np.uint8) - 128.0) / 128
    elif bits == 24:
        # each sample becomes the upper three bytes of a 32-bit one
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        upper = slice(1, 4) if order == "<" else slice(0, 3)
        wide[:, upper] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        samples = wide.view(f"{order}i4")[:, 0] / 2.0**31
    else:
        samples = np.frombuffer(data, f"{order}i{bits // 8}") / 2.0 ** (bits - 1)
    return samples.reshape(-1, channels)


def encode(samples: Audio | np.ndarray[tuple[int, ...], np.dtype[np.int32]], subtype: str) -> bytes:
    """Turn samples, whole numbers or floats as the subtype has them, into little-endian bytes.

    Examples
    --------
    >>> encode(np.array([[1], [-2]], np.int32), "PCM_24").hex()
    '010000feffff'
    """
    if subtype == "PCM_24":
        narrow = np.ascontiguousarray(samples, "<i4").view(np.uint8).reshape(-1, 4)[:, :3]
        return narrow.tobytes()
    if subtype == "PCM_U8":
        return (samples + 128).astype(np.uint8).tobytes()
    tag, bits = TAGS[subtype]
    return samples.astype(f"<{'f' if tag == IEEE_FLOAT else 'i'}{bits // 8}").tobytes()
