"""What is asked for and what came of it: plain data, so that it pickles, compares and prints."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

# a gain, in the terms of `audioconv.ir.load`; spelt out, because this module imports nothing heavy
Gain = Annotated[float, "gain"]
Size = Annotated[int, "size"]


MOST_THREADS = 8
"""Threads that are used unasked: each holds a block or two in memory."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a sound is convolved and written.

    Parameters
    ----------
    length : str
        how long the output is: full (input + impulse - 1), input, auto (the tail cut where it
        stays 60 dB below the peak), or a time such as 10s
    align : {"none", "peak", "onset"}
        drop the impulse's delay before its peak or its onset (-20 dB)
    wet : float
        gain of the convolved sound
    dry : float
        gain of the sound itself
    mix : float, 0 to 1
        sets wet to it and dry to 1 - mix
    ir_gain : str
        scale the impulse: none, peak, l1 (cannot clip), l2, dc, response (largest magnitude
        0 dB), web-audio (as the W3C ConvolverNode), or a gain such as -6dB
    map : str
        which impulse channel leads where: auto, each, mono, true-stereo[=LL,LR,RL,RR],
        matrix[=1:1,1:2,...] (input:output of each impulse channel)
    rate_mismatch : {"resample", "error"}
        what to do with an impulse of another rate
    clip : {"guard", "error", "saturate"}
        past full scale: guard attenuates the whole output to just fit, and says by how much
    subtype : str
        sample format such as PCM_16, PCM_24, PCM_32, FLOAT, DOUBLE; the input's own if not
        given (24-bit for a lossy input)
    format : str
        file format such as WAV, FLAC, AIFF; from the suffix of OUT if not given
    allow_truncated : bool
        take an input that ends before its header says so for what there is, with a notice
    rf64 : {"auto", "always", "never"}
        give a WAV the 64-bit header of RF64: past 4 GiB, in any case, or not at all
    metadata : {"carry", "none"}
        what the input tells besides its samples (INFO, bext, iXML, cue, tags): carried over as
        far as the output's format holds it, or left out
    recipe : {"chunk", "sidecar", "none"}
        how OUT was made, for `audioconv redo`: in a private chunk of a WAV, that names files by
        their hash alone; also in OUT.json, with their paths; or nowhere
    max_output : size
        refuse to write more than so many bytes, such as 4GB
    dither : {"none", "tpdf"}
        noise added before rounding to whole numbers; none rounds correctly
    engine : str
        how to compute it: auto, overlap-add, partitioned, sparse, direct, toeplitz
    precision : {"double", "single"}
        of the arithmetic; single is for sounds of 16 bits at most
    threads : int
        blocks computed at a time; the number of cores if not given; never changes the result
    verify : bool
        check the result against the input, and print what is proven
    overwrite : bool
        replace OUT if it exists
    strict : bool
        make every notice an error
    """

    length: str = "full"
    align: Literal["none", "peak", "onset"] = "none"
    wet: Gain = 1.0
    dry: Gain = 0.0
    mix: float | None = None
    ir_gain: str = "none"
    map: str = "auto"
    rate_mismatch: Literal["resample", "error"] = "resample"
    clip: Literal["guard", "error", "saturate"] = "guard"
    subtype: str | None = None
    format: str | None = None
    allow_truncated: bool = False
    rf64: Literal["auto", "always", "never"] = "auto"
    metadata: Literal["carry", "none"] = "carry"
    recipe: Literal["chunk", "sidecar", "none"] = "chunk"
    max_output: Size | None = None
    dither: Literal["none", "tpdf"] = "none"
    engine: str = "auto"
    precision: Literal["double", "single"] = "double"
    threads: int | None = None
    verify: bool = False
    overwrite: bool = False
    strict: bool = False

    @property
    def cores(self) -> int:
        """Threads to use: as many as asked for, or as there are cores, up to `MOST_THREADS`."""
        return self.threads or min(os.cpu_count() or 1, MOST_THREADS)


@dataclass(frozen=True)
class Job:
    """One file to convolve.

    Parameters
    ----------
    input, output : str
        file names, or ``-`` for standard input and output
    impulses : sequence of str
        impulse files or builder specs; several are a chain, folded into one
    options : Options
        how
    """

    input: str
    output: str
    impulses: Sequence[str]
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Outcome:
    """What came of a job; `as_json` has the names that scripts may rely on.

    Parameters
    ----------
    input, output : str
    frames, channels, rate : int
        of the output
    subtype : str
    engine : str
    block : int
        frames of the grid on which the sound was cut
    fft_size : int or None
    impulse_frames : int
        length K of the impulse that was applied
    gain_db : float
        gain of impulse normalisation and clip guard together
    peak_dbfs : float
        of the output, measured before rounding
    clipped : int
        samples past full scale that were limited
    notices : list of str
        whatever a careful person should know
    verified : dict or None
        the report of the verification
    seconds, speed : float
        wall time, and seconds of sound made in a second
    routes : str
        how the impulse's channels lead from inputs to outputs
    impulse_level : dict
        peak, l1 (sum of abs(h)), l2, rms and max_response_db of the impulse that was applied
    guaranteed_dbfs : float
        what the output's peak cannot pass: peak of the input times sum of abs(h)
    expected_dbfs : float
        the peak that noise of the input's peak would come out with: times the root of the sum
        of h^2
    """

    input: str
    output: str
    frames: int
    channels: int
    rate: int
    subtype: str
    engine: str
    block: int
    fft_size: int | None
    impulse_frames: int
    gain_db: float
    peak_dbfs: float
    clipped: int
    notices: list[str]
    verified: dict[str, Any] | None
    seconds: float
    speed: float
    routes: str
    impulse_level: dict[str, float]
    guaranteed_dbfs: float
    expected_dbfs: float

    def as_json(self) -> dict[str, Any]:
        """Return the stable names, with minus infinity (silence) as None."""
        fields = asdict(self)
        del fields["routes"]
        return {key: None if value == -math.inf else value for key, value in fields.items()}


@dataclass(frozen=True, kw_only=True)
class Part:
    """Which part of a sound is shown and heard.

    Parameters
    ----------
    start : str
        where it begins, such as 12.5s; where the sound first comes within 20 dB of its peak, if
        not given
    seconds : float, 1 to 60
        how long the part to listen to is, 1 to 60 seconds
    """

    start: str | None = None
    seconds: Annotated[float, "time"] = 10.0
