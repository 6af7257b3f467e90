"""A request and its outcome, as plain data that pickles, compares and prints."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from audioconv.engines import ENGINES
from audioconv.errors import UsageError, VerificationError
from audioconv.parameters import (
    COMPUTING,
    EFFECT,
    LEVEL,
    OUTPUT,
    RARE,
    READING,
    REPORTING,
    validate,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from impulses import Impulse

# spelt out here, because this module imports nothing heavy
Gain = Annotated[float | str, "gain"]
Size = Annotated[int, "size"]
Quality = Annotated[float | str, "quality"]

FileName: TypeAlias = "str | bytes | os.PathLike[str] | os.PathLike[bytes]"
"""A path, or ``-`` for standard input or output."""

ImpulseSource: TypeAlias = "FileName | Impulse | tuple[ArrayLike, int]"
"""A file, a builder spec or a preset by name; an `Impulse`; or taps and their rate in Hz."""

GUARD = "guard: "
"""Beginning of the notices that the clip guard lowered an output, as its gain states too."""

MOST_THREADS = 8
"""Default limit on threads: each holds a block or two in memory."""


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux; a container may have fewer than the machine
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a sound is convolved and written.

    Parameters
    ----------
    length : str
        length of the output: full (input + impulse - 1), input, auto (without the tail that stays
        60 dB below the peak), or a time such as 10s. It is counted from time 0, so that full is
        less by the frames before time 0
    align : {"none", "peak", "onset", "first"}
        time 0 of the impulse, where the output begins. none as the impulse has it (its first
        frame, or the centre of a linear-phase filter), or its peak, its onset (-20 dB), or its
        first frame; every tap counts
    wet : float or str
        gain of the convolved sound
    dry : float or str
        gain of the original sound, which is added
    mix : float, 0 to 1
        share of the convolved sound: sets wet to mix, and dry to 1 - mix
    ir_gain : str
        normalise the impulse: none, peak, l1 (cannot clip), l2, dc, response (largest magnitude
        0 dB, to 0.003 dB), web-audio (as the W3C ConvolverNode), or apply a gain such as -6dB
    match : str
        bring the output to the level of the input, by peak, rms or lufs (loudness), or to a level
        such as lufs=-23, rms=-20dBFS or peak=-1dBFS. none leaves the level; peak is the largest
        sample, rms is without the tail, lufs is of ITU-R BS.1770; a sine at full scale has an rms
        of -3.01 dBFS; under a length such as 10s, only as much of the input counts
    map : str
        routing of the impulse's channels: auto, each, mono, true-stereo[=LL,LR,RL,RR],
        matrix[=1:1,1:2,...] (input:output of each impulse channel, or of one impulse channel on
        several paths). A mono sound under true-stereo is left and right alike
    rate_mismatch : {"resample", "error"}
        action for an impulse at another sample rate
    clip : {"guard", "error", "saturate"}
        action for samples past full scale. guard attenuates the whole output to just fit, and
        reports by how much
    subtype : str
        sample format: PCM_16, PCM_24, PCM_32, FLOAT or DOUBLE, for instance; by default that of
        the input. Of a lossy input it is 24-bit by default
    format : str
        file format such as WAV, FLAC, AIFF; by default from the suffix of the output
    quality : float or str
        of an MP3, Vorbis or Opus output: 0 to 1 (best), or a bit rate such as 192k (MP3, Opus);
        transparent by default
    allow_truncated : bool
        accept an input that ends before its header states, with a notice
    rf64 : {"auto", "always", "never"}
        write a WAV with the 64-bit header of RF64: past 4 GiB, always, or never
    metadata : {"carry", "none"}
        copy the metadata of the input (INFO, bext, iXML, cue, tags), as far as the output's
        format can hold it, or leave it out
    recipe : {"chunk", "sidecar", "none"}
        record how the output was made, for `audioconv redo`: in a private chunk of a WAV, which
        identifies files by their hash alone; also in a JSON file beside it, with their paths; or
        not at all
    max_output : int or str
        refuse to write more than this many bytes, such as 4GB
    dither : {"none", "tpdf"}
        noise added before rounding to integers; none rounds correctly
    engine : str
        how to compute the convolution
    precision : {"double", "single"}
        of the arithmetic; single is for sounds of 16 bits at most
    threads : int
        blocks computed at a time; by default the number of cores; never changes the result
    verify : bool
        prove the output while it is made, and print the proof
    overwrite : bool
        replace the output if it exists. The new file keeps its mode, owner and, on Linux, extended
        attributes
    strict : bool
        make every notice an error

    Raises
    ------
    UsageError
        If a value has the wrong type, or is not one of the choices.

    Examples
    --------
    >>> Options(wet="-20dB").wet
    0.1
    """

    length: Annotated[str, "length"] = field(default="full", metadata=EFFECT)
    align: Literal["none", "peak", "onset", "first"] = field(default="none", metadata=EFFECT | RARE)
    wet: Gain = field(default=1.0, metadata=EFFECT)
    dry: Gain = field(default=0.0, metadata=EFFECT)
    mix: float | None = field(default=None, metadata=EFFECT)
    ir_gain: Annotated[str, "norm"] = field(default="none", metadata=LEVEL | RARE)
    match: Annotated[str, "match"] = field(default="none", metadata=LEVEL)
    map: Annotated[str, "map"] = field(default="auto", metadata=EFFECT | RARE)
    rate_mismatch: Literal["resample", "error"] = field(default="resample", metadata=READING | RARE)
    clip: Literal["guard", "error", "saturate"] = field(default="guard", metadata=LEVEL | RARE)
    subtype: Annotated[str, "subtype"] | None = field(default=None, metadata=OUTPUT)
    format: Annotated[str, "format"] | None = field(default=None, metadata=OUTPUT | RARE)
    quality: Quality | None = field(default=None, metadata=OUTPUT | RARE)
    allow_truncated: bool = field(default=False, metadata=READING | RARE)
    rf64: Literal["auto", "always", "never"] = field(default="auto", metadata=OUTPUT | RARE)
    metadata: Literal["carry", "none"] = field(default="carry", metadata=OUTPUT | RARE)
    recipe: Literal["chunk", "sidecar", "none"] = field(default="chunk", metadata=OUTPUT | RARE)
    max_output: Size | None = field(default=None, metadata=OUTPUT | RARE)
    dither: Literal["none", "tpdf"] = field(default="none", metadata=OUTPUT | RARE)
    engine: Annotated[str, ("auto", *ENGINES)] = field(default="auto", metadata=COMPUTING | RARE)
    precision: Literal["double", "single"] = field(default="double", metadata=COMPUTING | RARE)
    threads: int | None = field(default=None, metadata=COMPUTING | RARE)
    verify: bool = field(default=False, metadata=COMPUTING)
    overwrite: bool = field(default=False, metadata=OUTPUT)
    strict: bool = field(default=False, metadata=REPORTING | RARE)

    def __post_init__(self) -> None:
        validate(self)

    @property
    def gains(self) -> tuple[float, float]:
        """Wet and dry gain, as factors."""
        if self.mix is not None:
            return self.mix, 1 - self.mix
        return float(self.wet), float(self.dry)

    @property
    def cores(self) -> int:
        """Threads to use: `threads`, or the number of cores up to `MOST_THREADS`."""
        return self.threads or min(available_cores(), MOST_THREADS)


@dataclass(frozen=True, init=False)
class Job:
    """One file to convolve.

    Parameters
    ----------
    input, output : str or path-like
        file names, or ``-`` for standard input and output
    impulses : sequence of str, path-like, Impulse, or (array, rate)
        impulse responses: files, builder specs and presets by name, an `impulses.Impulse`, or
        taps, (frames, channels) or (frames, inputs, outputs), with their sample rate in Hz;
        several are a chain, folded into one
    options : Options

    Raises
    ------
    UsageError, ImpulseError
        If a value has the wrong type, or taps are not an impulse.

    Examples
    --------
    >>> from pathlib import Path
    >>> job = Job(Path("in.wav"), "out.wav", ["delta", ([[1.0], [0.5]], 48000)])
    >>> job.input, job.impulses[0], job.impulses[1].frames
    ('in.wav', 'delta', 2)
    """

    input: str
    output: str
    impulses: Sequence[str | Impulse]
    options: Options

    def __init__(
        self,
        input: FileName,  # noqa: A002  # as the command line calls it
        output: FileName,
        impulses: Sequence[ImpulseSource],
        options: Options | None = None,
    ) -> None:
        if isinstance(impulses, str | bytes | os.PathLike) or not isinstance(impulses, Iterable):
            raise UsageError(f"impulses is {impulses!r}; it must be a list, such as ['hall.wav']")
        if not isinstance(options, Options | None):
            raise UsageError(f"options is {options!r}; it must be an audioconv.Options")
        fields = {
            "input": _file_name("input", input),
            "output": _file_name("output", output),
            "impulses": tuple(map(_impulse, impulses)),
            "options": options or Options(),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class VerificationReport:
    """Result of a verification; every level is relative to full scale.

    Parameters
    ----------
    failures : list of str
        failed checks, in words
    frames, channels : int
        of the output
    subtype : str
        of the output
    primes : list of int
        frames that are alike modulo a prime are folded together by the certificate
    certificate_residual, certificate_limit : float
        of the folded sums beside the cyclic convolution of the folded sound and impulse
    certificate_smallest : float
        error of a single sum, anywhere, that the certificate shows for certain
    certificate_passed : bool
    samples_worst, samples_limit : float
        largest deviation of a sample of the output from the certified sums, and the limit of the
        loudest; if any sample fails, both are of the one that exceeds its limit by most
    samples_passed : bool
        whether there are as many as sums, and none deviates by more
    spots : int
        number of samples compared with the direct sum
    spots_exact : int
        number of those that are exactly rounded; the others are computed in pairs of floats
    spots_worst, spots_limit : float
        as for all samples
    spots_passed : bool
    error_bound : float
        guaranteed bound on the error of the sums, in the worst block
    exact : bool
        whether every sum is proven exact to the last bit
    quantisation : float
        largest error that rounding to the output's subtype adds
    anew : bool
        whether the sound was read, and the sums computed, anew; if not, they are those of the run
    frames_expected : int or None
        number of frames that the output should have
    samples_failed_at, spots_failed_at : pair of int, or None
        frame, from 0, and channel, from 1, of the sample that exceeds its limit by most
    limited : int
        samples that are past full scale before rounding, and limited to it
    limited_passed : bool
        whether `clip` lets samples be limited, if any are, and the run limited as many
    precision : str
        of the arithmetic that computed the sums
    peak : float
        of the output, before it is rounded
    notices : list of str
        what the user should know of the files that were read, such as one that is cut off
    """

    failures: list[str]
    frames: int
    channels: int
    subtype: str
    primes: list[int]
    certificate_residual: float
    certificate_limit: float
    certificate_smallest: float
    certificate_passed: bool
    samples_worst: float
    samples_limit: float
    samples_passed: bool
    spots: int
    spots_exact: int
    spots_worst: float
    spots_limit: float
    spots_passed: bool
    error_bound: float
    exact: bool
    quantisation: float
    anew: bool
    frames_expected: int | None = None
    samples_failed_at: tuple[int, int] | None = None
    spots_failed_at: tuple[int, int] | None = None
    limited: int = 0
    limited_passed: bool = True
    precision: str = "double"
    peak: float = 0.0
    notices: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether all checks passed."""
        checks = (self.certificate_passed, self.samples_passed, self.spots_passed)
        return all(checks) and self.limited_passed

    def as_json(self) -> dict[str, Any]:
        """Return plain data with stable names."""
        return {"passed": self.passed, **asdict(self)}

    def raise_if_failed(self, output: str) -> None:
        """Raise if any check failed.

        Parameters
        ----------
        output : str
            name of the output, for the message

        Raises
        ------
        VerificationError
        """
        if not self.passed:
            raise VerificationError(
                f"{output} is not the convolution it should be: "
                f"{'; '.join(self.failures)}; if it was made with other options, give the same"
            )


@dataclass(frozen=True)
class Outcome:
    """Result of a job; `as_json` has the names that scripts may rely on.

    Parameters
    ----------
    input, output : str
    frames, channels, rate : int
        of the output
    subtype : str
    engine : str
    block : int
        frames of the longest block of the input
    fft_size : int or None
        points of the longest transform; those of shorter blocks have less
    impulse_frames : int
        length K of the impulse as applied
    gain_db : float
        gain of impulse normalisation, match and clip guard together
    match_gain_db : float or None
        gain that brings the output to the level `matched`; None without a match
    matched : dict or None
        measure, level and unit that the output has before the guard; None without a match
    guard_gain_db : float <= 0
        gain of the clip guard
    peak_dbfs : float
        of the output, measured before it is limited and rounded
    clipped : int
        samples past full scale that were limited
    notices : list of str
        changes and losses that the user should know
    verified : VerificationReport or None
    seconds, speed : float
        wall time, and seconds of sound per second
    routes : str
        routing of the impulse's channels, in words
    impulse_level : dict
        peak, l1 (sum of abs(h)), l2, rms and max_response_db of the impulse as applied
    guaranteed_dbfs : float
        bound on the output's peak: peak of the input times sum of abs(h)
    expected_dbfs : float
        peak of noise with the input's peak after convolution: times the root of the sum of h^2
    bit_rate : int or None
        of a lossy output, in bit/s: all bits of the file, divided by its duration
    shift : int
        frames by which labels move: from the beginning of the output to the direct sound, which is
        the onset of the impulse (-20 dB), one for all channels
    input_sha256 : str or None
        of the input, if the output has a recipe, which states it
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
    match_gain_db: float | None
    matched: dict[str, str | float] | None
    guard_gain_db: float
    peak_dbfs: float
    clipped: int
    notices: list[str]
    verified: VerificationReport | None
    seconds: float
    speed: float
    routes: str
    impulse_level: dict[str, float]
    guaranteed_dbfs: float
    expected_dbfs: float
    bit_rate: int | None
    shift: int
    input_sha256: str | None

    def as_json(self) -> dict[str, Any]:
        """Return the stable names, with minus infinity (silence) as None."""
        fields = {**asdict(self), "verified": self.verified and self.verified.as_json()}
        del fields["routes"]
        return {key: None if value == -math.inf else value for key, value in fields.items()}


@dataclass(frozen=True, kw_only=True)
class Part:
    """The part of a sound to show and play.

    Parameters
    ----------
    start : str
        where the part begins, such as 12.5s; by default, where the sound first comes within 20 dB
        of its peak
    seconds : float, 1 to 60
        length of the part to play, 1 to 60 seconds
    """

    start: Annotated[str, "time"] | None = None
    seconds: Annotated[float, "time"] = 10.0


def _file_name(argument: str, value: Any) -> str:
    """Return a path as text.

    Raises
    ------
    UsageError
        If it is not one.
    """
    if not isinstance(value, str | bytes | os.PathLike):
        raise UsageError(f"{argument} is {value!r}; it must be a path, or '-'")
    return os.fsdecode(value)


def _impulse(value: Any) -> str | Impulse:
    """Return the name of an impulse, or the impulse itself."""
    if isinstance(value, str | bytes | os.PathLike):
        return os.fsdecode(value)
    from impulses import Impulse  # late: it needs NumPy, and most impulses are names

    if isinstance(value, Impulse):
        return value
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], Integral):
        return Impulse(*value)
    raise UsageError(
        f"an impulse is of type {type(value).__name__}; it must be a path, a builder spec, an "
        "impulses.Impulse, or (array, rate)"
    )
