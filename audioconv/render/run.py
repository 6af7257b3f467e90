"""The use case: convolve one file.

`run` moves the sound through the convolver into a file, once more with a lower gain where it
would clip, and has it checked before it gets its name.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing
from typing import Literal

import numpy as np

from audioconv.engines import stream
from audioconv.engines.convolver import Audio
from audioconv.errors import AudioconvError, UsageError
from audioconv.files import (
    FLOATS,
    INTEGER_BITS,
    STANDARD,
    Encoded,
    Reader,
    SoundInfo,
    Target,
    Writer,
    display_name,
    is_exact,
    listed,
    output_format,
    padding,
    refuse_overwrite,
    refuse_unfit,
    rereadable,
    target,
)
from audioconv.ir.load import impulse_files, refuse_standard_twice
from audioconv.job import Job, Options, Outcome
from audioconv.progress import Progress, silent
from audioconv.render.prepare import Prepared, prepare
from audioconv.render.provenance import Provenance
from audioconv.render.recipe import SUFFIX
from audioconv.units import parse_length
from impulses.impulse import to_db


def run(job: Job, progress: Progress = silent) -> Outcome:
    """Convolve one file.

    The output path holds the complete, checked new file when this returns, and what it held
    before when it raises.

    Parameters
    ----------
    job : Job
    progress : Progress
        is told how far it has come

    Raises
    ------
    AudioconvError, ImpulseError

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     echo = "double-spike:delay=350ms,gain=-6dB"
    ...     run(Job("samples/guitar.wav", f"{folder}/echo.wav", [echo])).frames
    191835
    """
    started = time.perf_counter()
    options = job.options
    _refuse(job)
    progress("reading")
    # a guard may have to begin again, and a check reads both ends once more
    twice = options.verify or (
        options.clip == "guard" and (options.subtype or "").upper() not in FLOATS
    )
    with ExitStack() as files:
        path = files.enter_context(rereadable(job.input)) if twice else job.input
        reader = files.enter_context(
            Reader(
                path,
                known_as=job.input,
                allow_truncated=options.allow_truncated,
                hashed=options.recipe != "none",
            )
        )
        source = reader.info
        form, subtype, notice = output_format(job.output, source, options.format, options.subtype)
        progress("preparing the impulse")
        prepared = prepare(job.impulses, options, source)
        sound = SoundInfo(
            job.output,
            form,
            subtype,
            source.rate,
            prepared.convolver.routing.outputs,
            _frames(prepared, options, source),
        )
        refuse_unfit(sound)
        notices = Notices(
            options.strict, filter(None, [*prepared.impulse.notes, notice, padding(sound)])
        )
        _check_subtype(subtype, options, notices)
        stale = job.output != STANDARD and options.recipe != "sidecar"
        if stale and os.path.isfile(job.output + SUFFIX):
            notices.say(
                f"{display_name(job.output + SUFFIX)} is there, and tells of another output"
            )
        beside = None
        if options.recipe == "sidecar":
            beside = files.enter_context(target(job.output + SUFFIX))
        output = files.enter_context(target(job.output, reread=twice))
        told = Provenance(job, reader, prepared.ingredients, sound)
        writer, gain = _written(
            reader, path, output, sound, prepared, options, told, notices, progress
        )
        verified = None
        if options.verify:
            from audioconv.verify import verify  # late: most runs do without it

            assert output.path is not None
            report = verify(
                path,
                output.path,
                prepared.convolver,
                options,
                gain=gain,
                known_as=job.output,
                progress=progress,
            )
            report.raise_if_failed(job.output)
            verified = report.as_json()
        if beside is not None:
            assert output.path is not None  # a sidecar is for a file
            beside.file.write(told.sidecar(output.path))
        progress("bringing it to the disk")
        output.commit()
        if beside is not None:
            beside.commit()
    seconds = time.perf_counter() - started
    return Outcome(
        input=job.input,
        output=job.output,
        frames=writer.level.frames,
        channels=sound.channels,
        rate=sound.rate,
        subtype=subtype,
        engine=prepared.engine,
        block=prepared.convolver.block,
        fft_size=prepared.convolver.fft_size,
        impulse_frames=prepared.impulse.frames,
        gain_db=to_db(abs(prepared.norm_gain * gain)),
        peak_dbfs=to_db(writer.level.peak),
        clipped=writer.clipped,
        notices=notices.said,
        verified=verified,
        seconds=seconds,
        speed=writer.level.frames / sound.rate / seconds,
        routes=prepared.layout,
        impulse_level=prepared.levels.as_json(),
        guaranteed_dbfs=to_db(prepared.levels.guaranteed(reader.peak) * gain),
        expected_dbfs=to_db(prepared.levels.expected(reader.peak) * gain),
    )


class Notices:
    """What a careful person should know of a run; under `strict` the first of them ends it."""

    def __init__(self, strict: bool, said: Iterable[str] = ()) -> None:
        self.said: list[str] = []
        self._strict = strict
        for notice in dict.fromkeys(said):
            self.say(notice)

    def say(self, notice: str) -> None:
        """Add a notice, or raise it."""
        if self._strict:
            raise AudioconvError(f"{notice} (an error under --strict)")
        self.said.append(notice)


def _written(
    reader: Reader,
    path: str,
    output: Target,
    sound: SoundInfo,
    prepared: Prepared,
    options: Options,
    told: Provenance,
    notices: Notices,
    progress: Progress,
) -> tuple[Writer, float]:
    """Write the convolution; return its writer, finished, and the gain the guard took."""

    def begin(clip: Literal["guard", "error", "saturate"]) -> Writer:
        return Writer(
            output,
            sound,
            clip=clip,
            dither=options.dither,
            rf64=options.rf64,
            metadata=told.metadata,
            after=told.expected(),
            most=options.max_output,
        )

    writer, gain = begin(options.clip), 1.0
    _pump(reader, writer, prepared, options, gain, progress)
    for notice in reader.notices:
        notices.say(notice)
    if options.clip == "guard":
        gain = writer.level.fitting_gain(sound.subtype, options.dither)
    if gain != 1:
        found = writer.clipping() if writer.clipped else "no room for dither"
        notices.say(f"guard: {found}; attenuated by {-to_db(gain):.3f} dB to fit {sound.subtype}")
        writer.abandon()
        writer = begin("error")
        with Reader(
            path, known_as=reader.info.path, allow_truncated=options.allow_truncated
        ) as again:
            _pump(again, writer, prepared, options, gain, progress)
    elif writer.clipped:
        notices.say(f"limited {writer.clipping()}; lower --wet to keep them whole")
    progress("reading back")
    writer.finish(told.metadata, told.chunks(reader.digest()))
    for notice in writer.notices:
        notices.say(notice)
    if lost := [*told.metadata.lost, *writer.lost]:
        notices.say(f"the {sound.format} output does not hold the input's {listed(lost)}")
    return writer, gain


def _pump(
    reader: Reader,
    writer: Writer,
    prepared: Prepared,
    options: Options,
    gain: float,
    progress: Progress,
) -> None:
    """Move the sound through the convolver into the writer."""
    convolver, rate = prepared.convolver, reader.info.rate
    length = parse_length(options.length, rate)
    what = "convolving" if gain == 1 else f"convolving at {to_db(gain):+.2f} dB"
    ends = [end for end in (reader.info.frames, length) if isinstance(end, int)]
    total = min(ends) / rate if ends else None

    peaks = [0.0]

    def encode(part: Audio, start: int) -> Encoded:
        part = stream.within(part, start, length)
        if length == "auto":  # which is a matter of the sums, whatever they are scaled by
            peaks.append(float(np.abs(part).max(initial=0)))
        return writer.encode(_scaled(part, gain), start)

    blocks = reader.samples(convolver.block)
    convolution = stream.convolve(
        blocks, convolver, encode, unit=reader.unit, threads=options.cores
    )
    progress(what, 0.0, total)
    with closing(convolution):  # no thread may write to a file that is closed
        for encoded in convolution:
            writer.append(encoded)
            progress(what, writer.level.frames / rate, total)
            if writer.level.frames == length:
                break
    frames, peak = writer.level.frames, max(peaks)
    for part in stream.ending(convolver.flush(), length, frames=frames, peak=peak):
        writer.write(_scaled(part, gain))


def _scaled(block: Audio, gain: float) -> Audio:
    return block if gain == 1 else block.astype(np.float64, copy=False) * gain


def _check_subtype(subtype: str, options: Options, notices: Notices) -> None:
    """Refuse to verify what no check can reach, and say what an option will not do."""
    if options.verify and not is_exact(subtype):
        raise UsageError(
            f"{subtype} is a lossy coding, which cannot be verified; verify a PCM or "
            "floating-point output"
        )
    if options.dither != "none" and subtype not in INTEGER_BITS:
        notices.say(f"--dither {options.dither} does nothing to {subtype} samples")


def _refuse(job: Job) -> None:
    """Refuse what cannot be meant, before anything is opened."""
    options = job.options
    if isinstance(job.impulses, str):
        raise UsageError(f"impulses must be a list, such as [{job.impulses!r}]")
    if not job.impulses:
        raise UsageError("no impulse is given; pass --ir with a file or a builder spec")
    refuse_standard_twice([job.input, *job.impulses])
    if options.mix is not None and not 0 <= options.mix <= 1:
        raise UsageError(f"mix is {options.mix:g}; it must be between 0 (dry) and 1 (wet)")
    if options.mix is not None and (options.wet, options.dry) != (1.0, 0.0):
        raise UsageError("mix sets both wet and dry; give either it or them")
    if options.threads is not None and options.threads < 1:
        raise UsageError(f"threads is {options.threads}; it must be at least 1")
    if options.max_output is not None and options.max_output < 1:
        raise UsageError(f"max-output is {options.max_output}; it must be at least one byte")
    outputs = [job.output]
    if options.recipe == "sidecar":
        if job.output == STANDARD or (
            os.path.exists(job.output) and not os.path.isfile(job.output)
        ):
            raise UsageError("a recipe lies beside a file, not a pipe; name a file")
        outputs.append(job.output + SUFFIX)
    inputs = [job.input, *impulse_files(job.impulses)]
    for output in outputs:
        refuse_overwrite(output, inputs=inputs, overwrite=options.overwrite)


def _frames(prepared: Prepared, options: Options, source: SoundInfo) -> int | None:
    """Return the length of the output, where it is known before its end."""
    length = parse_length(options.length, source.rate)
    if isinstance(length, int):
        return length
    if source.frames is None or length == "auto":
        return None
    if options.allow_truncated:  # a pipe may end before its header says so
        return None
    return source.frames + (prepared.impulse.frames - 1) * (length == "full")
