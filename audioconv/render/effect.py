"""Apply an effect to one file.

As for a convolution, one writer rounds, dithers, limits and checks the output, a second time with
less gain where the guard asks for it, and a recipe states how it was made.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Literal

from audioconv._version import __version__
from audioconv.effects.job import EffectJob, EffectOutcome
from audioconv.effects.plan import Stage
from audioconv.engines.stream import regrid
from audioconv.files import (
    Digest,
    Reader,
    Readings,
    SoundInfo,
    Target,
    Writer,
    changed_error,
    listed,
    output_format,
    padding_notice,
    refuse_unfit,
    rereadable,
    suffix_notice,
    target,
)
from audioconv.metering.matching import Gains, gains
from audioconv.progress import Progress, silent
from audioconv.render.checks import check_effect
from audioconv.render.notices import Notices, misleading
from audioconv.render.output import bit_rate, guard_notice, hashed, quality, restarts
from audioconv.render.provenance import Provenance
from audioconv.render.recipe import SUFFIX, Applied, Recipe
from audioconv.urls import public_name
from impulses.impulse import to_db


def run_effect(
    job: EffectJob, progress: Progress = silent, *, follows: Recipe | None = None
) -> EffectOutcome:
    """Apply an effect to one file.

    The output path holds the complete, checked new file when this returns, and its old content
    when it raises. The stage is given blocks of one length, so any way of reading the sound, from
    a file or a pipe, gives the same bytes.

    Parameters
    ----------
    job : EffectJob
    progress : Progress
    follows : Recipe, optional
        recipe to follow, as `redo` does

    Raises
    ------
    AudioconvError
    """
    replaces_sidecar = job.options.overwrite or follows is not None
    check_effect(job, replaces_sidecar=replaces_sidecar)
    progress("reading")
    with ExitStack() as files:
        rendering = EffectRendering(job, files, progress, follows)
        sidecar = None
        if job.options.recipe == "sidecar":
            sidecar = files.enter_context(target(job.output + SUFFIX, overwrite=replaces_sidecar))
        output = files.enter_context(
            target(job.output, overwrite=job.options.overwrite, reread=restarts(job.options))
        )
        rendering.write(output)
        if sidecar is not None:
            sidecar.file.write(rendering.sidecar(output))
        progress("syncing to disk")
        output.commit(sidecar)
    return rendering.outcome()


class EffectRendering:
    """One run of an effect: what is known of it, and its steps in order.

    Parameters
    ----------
    job : EffectJob
    files : ExitStack
        keeps the input open as long as it is
    progress : Progress
    follows : Recipe or None
    """

    def __init__(
        self, job: EffectJob, files: ExitStack, progress: Progress, follows: Recipe | None
    ) -> None:
        self._started = time.perf_counter()
        self._job, self._progress = job, progress
        options = job.options
        path = job.input
        if restarts(options):
            path = files.enter_context(rereadable(path))
        self._readings = Readings(path, known_as=job.input, allow_truncated=options.allow_truncated)
        self._reader = files.enter_context(self._readings.open(hashed=hashed(options)))
        source = self._reader.info
        form, subtype, notice = output_format(job.output, source, options.format, options.subtype)
        progress(f"preparing {job.name}")
        self._plan = plan = job.effect.plan(source.rate, source.channels)
        frames = None if options.allow_truncated else source.frames
        self._info = SoundInfo(
            job.output,
            form,
            subtype,
            plan.rate,
            plan.channels,
            None if frames is None else plan.frames(frames),
            quality(options, subtype, transparent=follows is None),
        )
        refuse_unfit(self._info)
        self._notices = Notices(options.strict)
        odd = suffix_notice(job.output, form, subtype)
        self._notices.add(
            *dict.fromkeys([*plan.notices, notice, odd, padding_notice(self._info)]),
            *misleading(job, self._info),
        )
        self._provenance = Provenance(
            job,
            self._reader,
            Applied(job.name, {**job.settings, **plan.ingredients}),
            job.effect.files,
            self._info,
            __version__ if follows is None else follows.version,
        )
        self._digest: Digest | None = None
        self._gains = Gains()
        self._writer: Writer

    def write(self, output: Target) -> None:
        """Write the output, again with less gain if the guard asks for it, and finish it."""
        options, info = self._job.options, self._info
        self._open(output, options.clip)
        stage = self._pump(self._reader, f"applying {self._job.name}")
        self._notices.add(*self._reader.notices, *stage.notices)
        self._gains = gains(None, self._writer.level, info.subtype, options)
        if self._gains.guard != 1:
            self._notices.add(guard_notice(self._writer, self._gains))
            self._writer.discard()
            self._open(output, "error")
            self._write_again()
        if self._writer.clipped:
            self._notices.add(
                f"limited {self._writer.clipping()}; lower the gain of the sound to avoid it"
            )
        self._notices.add(self._writer.level.step_notice(info.format, info.subtype, options.dither))
        self._finish()
        self._readings.refuse_changed()

    def sidecar(self, output: Target) -> bytes:
        """Return the recipe that lies beside the output."""
        assert output.path is not None  # a sidecar is for a file
        return self._provenance.sidecar(output.path, self._digest)

    def outcome(self) -> EffectOutcome:
        """Return the outcome of the run."""
        seconds = time.perf_counter() - self._started
        level, info = self._writer.level, self._info
        return EffectOutcome(
            input=public_name(self._job.input),
            output=public_name(self._job.output),
            effect=self._job.name,
            frames=level.frames,
            channels=info.channels,
            rate=info.rate,
            subtype=info.subtype,
            gain_db=to_db(self._gains.guard),
            peak_dbfs=to_db(level.peak),
            clipped=self._writer.clipped,
            notices=self._notices.given,
            seconds=seconds,
            speed=level.frames / info.rate / seconds,
            bit_rate=bit_rate(self._writer),
            input_sha256=None if self._digest is None else self._digest.sha256,
            figures=dict(self._plan.figures),
            rows=list(self._plan.rows),
        )

    def _open(self, output: Target, clip: Literal["guard", "error", "saturate"]) -> None:
        """Begin to write the output, with the gain that is known."""
        options = self._job.options
        self._writer = Writer(
            output,
            self._info,
            clip=clip,
            unclipped="`clip='guard'`, or lower the gain of the sound",
            dither=options.dither,
            gain=self._gains.guard,
            rf64=options.rf64,
            metadata=self._provenance.metadata,
            tail_bytes=self._provenance.expected_bytes(),
            max_bytes=options.max_output,
        )

    def _write_again(self) -> None:
        """Read the sound again, and write it with the gain of the guard."""
        with self._readings.open(hashed=hashed(self._job.options)) as again:
            self._pump(again, f"applying {self._job.name} at {to_db(self._gains.guard):+.2f} dB")
            digest = again.digest()
        if self._reader.digest() not in (None, digest):
            raise changed_error(self._job.input)

    def _pump(self, reader: Reader, step: str) -> Stage:
        """Move a sound through a new stage into the writer, and return the stage."""
        stage, rate = self._plan.start(), reader.info.rate
        seconds = None if reader.info.frames is None else reader.info.frames / rate
        self._progress(step, 0.0, seconds)
        for block in regrid(reader.blocks(self._plan.block), self._plan.block):
            self._writer.write(stage.process(block))
            self._progress(step, reader.frames / rate, seconds)
        self._writer.write(stage.flush())
        self._digest = reader.digest()
        return stage

    def _finish(self) -> None:
        """Close the output with its metadata and recipe, read it back and check it."""
        metadata = self._provenance.metadata
        self._progress("reading back")
        self._writer.finish(metadata, self._provenance.chunks(self._digest))
        self._notices.add(*self._writer.notices)
        if lost := [*metadata.lost, *self._writer.lost]:
            self._notices.add(
                f"the {self._info.format} output does not hold the input's {listed(lost)}"
            )
