"""Convolve one file.

`run` pumps the sound through the convolver into a file, a second time with less gain where it
would clip, and has the file verified before it gets its name. An output whose level is to match is
measured first, and then written once, with both gains.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, Literal

from audioconv._version import __version__
from audioconv.engines import stream
from audioconv.engines.audio import Samples
from audioconv.errors import VerificationError
from audioconv.files import (
    Digest,
    PeakMeter,
    Reader,
    Readings,
    SoundInfo,
    Target,
    Writer,
    changed_error,
    display_name,
    listed,
    local,
    original_name,
    output_format,
    padding_notice,
    refuse_unfit,
    rereadable,
    suffix_notice,
    target,
)
from audioconv.ir.load import impulse_files
from audioconv.job import Job, Options, Outcome, VerificationReport
from audioconv.metering.matching import Gains, gains
from audioconv.progress import Progress, silent
from audioconv.render.checks import check_job, check_subtype
from audioconv.render.measurement import Measurement, unplaced
from audioconv.render.notices import Notices, dropped, misleading, raised, vanished
from audioconv.render.output import bit_rate, guard_notice, hashed, quality, restarts
from audioconv.render.passage import Passage, Sink
from audioconv.render.prepare import Prepare, Prepared, prepare
from audioconv.render.provenance import Provenance
from audioconv.render.recipe import SUFFIX, Recipe
from audioconv.units import parse_match
from audioconv.urls import public_name
from impulses.impulse import to_db

if TYPE_CHECKING:
    from audioconv.verify import Proof


Complete = Callable[[Outcome, Mapping[str, Target]], None]
"""Called with the outcome, and with all files by their paths, when they are complete but have no
names yet; if it raises, nothing remains of them."""


def run(
    job: Job,
    progress: Progress = silent,
    *,
    follows: Recipe | None = None,
    prepare: Prepare = prepare,
    complete: Complete | None = None,
) -> Outcome:
    """Convolve one file.

    The output path holds the complete, checked new file when this returns, and its old content
    when it raises.

    Parameters
    ----------
    job : Job
    progress : Progress
    follows : Recipe, optional
        recipe to follow, as `redo` does: its version of audioconv is stated, its encoders choose a
        quality where it has none (as in version 0.1.0), and its sidecar is replaced
    prepare : Prepare
        what prepares the convolution, for those who keep impulses from run to run
    complete : function, optional
        called with the output, and the recipe if that has a file of its own, before they get
        their names

    Raises
    ------
    AudioconvError

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     echo = "double-spike:delay=350ms,gain=-6dB"
    ...     run(Job("samples/guitar.wav", f"{folder}/echo.wav", [echo])).frames
    191835
    """
    replaces_sidecar = job.options.overwrite or follows is not None
    check_job(job, replaces_sidecar=replaces_sidecar)
    progress("reading")
    with ExitStack() as files:
        rendering = Rendering(job, files, progress, follows=follows, prepare=prepare)
        sidecar = None
        if job.options.recipe == "sidecar":
            sidecar = files.enter_context(target(job.output + SUFFIX, overwrite=replaces_sidecar))
        output = files.enter_context(
            target(job.output, overwrite=job.options.overwrite, reread=_rereads_output(job.options))
        )
        rendering.begin(output)
        rendering.end(output, rendering.gains)
        rendering.verify()
        rendering.refuse_changed()
        if sidecar is not None:
            sidecar.file.write(rendering.sidecar(output))
        if complete is not None:
            beside = {} if sidecar is None else {job.output + SUFFIX: sidecar}
            complete(rendering.outcome(), {**beside, job.output: output})
        progress("syncing to disk")
        output.commit(sidecar)
    return rendering.outcome()


def _rereads_output(options: Options) -> bool:
    """Return whether the output may be written anew, or is read back."""
    return options.verify or restarts(options)


def _rereads(options: Options) -> bool:
    """Return whether the input may be read more than once."""
    return restarts(options) or parse_match(options.match) is not None


class Rendering:
    """One run of a job: what is known of it, and its steps in order.

    Parameters
    ----------
    job : Job
    files : ExitStack
        keeps the input open as long as it is
    progress : Progress
    follows : Recipe, optional
    prepare : Prepare
        as for `run`
    match : float, optional
        gain of the match, where another output has determined it

    Attributes
    ----------
    gains : Gains
        those that the output asks for by itself; known once it is begun
    """

    def __init__(
        self,
        job: Job,
        files: ExitStack,
        progress: Progress,
        *,
        follows: Recipe | None = None,
        prepare: Prepare = prepare,
        match: float | None = None,
    ) -> None:
        options = job.options
        self._started = time.perf_counter()
        self._job = job
        self._progress = progress
        opening = rereadable if _rereads(options) else local
        self._path = files.enter_context(opening(job.input))
        self._readings = Readings(
            self._path, known_as=job.input, allow_truncated=options.allow_truncated
        )
        # what is measured before it is written is hashed as it is written
        at_once = hashed(options) and parse_match(options.match) is None
        self._reader = files.enter_context(self._readings.open(hashed=at_once))
        self._digest: Digest | None = None
        source = self._reader.info
        form, subtype, notice = output_format(job.output, source, options.format, options.subtype)
        progress("preparing the impulse")
        self._prepared = prepare(job.impulses, options, source)
        self._info = SoundInfo(
            job.output,
            form,
            subtype,
            source.rate,
            self._prepared.convolver.routing.outputs,
            self._frames(),
            quality(options, subtype, transparent=follows is None),
        )
        refuse_unfit(self._info)
        odd = suffix_notice(job.output, form, subtype)
        self._notices = Notices(options.strict)
        self._notices.add(
            *dict.fromkeys([*self._prepared.impulse.notes, notice, odd, padding_notice(self._info)])
        )
        check_subtype(options, subtype)
        self._notices.add(*misleading(job, self._info))
        self._provenance = Provenance(
            job,
            self._reader,
            self._prepared.ingredients,
            impulse_files(job.impulses),
            self._info,
            __version__ if follows is None else follows.version,
        )
        self.gains = self._gains = Gains()
        self._before = 0.0
        self._measurement = self._measures(match)
        self._verified: VerificationReport | None = None
        self._writer: Writer
        self._sums: PeakMeter
        self._proof: Proof | None = None
        # of each pass; a match depends on all sums, the guard on the largest and the smallest
        self._checksums: set[int] = set()
        self._extremes: set[tuple[float, float]] = set()

    @property
    def prepared(self) -> Prepared:
        """The convolution."""
        return self._prepared

    @property
    def frames(self) -> int:
        """Length of the output, known once it is begun."""
        return self._sums.frames

    @property
    def subtype(self) -> str:
        """Subtype of the output."""
        return self._info.subtype

    def notice(self, *notices: str | None) -> None:
        """Add notices, as the job has them; None is no notice."""
        self._notices.add(*notices)

    def begin(self, output: Target) -> None:
        """Convolve a first time: write the output, or measure it if its level is to match."""
        if self._measurement is None:
            self._open(output, self._job.options.clip)
            self._first_pass(self._writer, self._samples(self._reader), "convolving")
            self.gains = gains(None, self._sums, self._info.subtype, self._job.options)
        else:
            heard = self._measurement.heard(self._samples(self._reader), self._reader.unit)
            self._first_pass(self._measurement, heard, "measuring")
            self.gains = self._measurement.gains(self._job.options)

    def end(self, output: Target, gains: Gains) -> None:
        """Write the output with some gains, if it has not been written so, and finish it.

        Parameters
        ----------
        output : Target
        gains : Gains
            those of the output itself, or with a guard that attenuates it more
        """
        self._gains = gains
        if self._measurement is None:
            self._write_plain(output)
        else:
            self._write_matched(output, self._measurement)
        form, subtype, dither = self._info.format, self._info.subtype, self._job.options.dither
        self._notices.add(self._writer.level.step_notice(form, subtype, dither))
        metadata = self._provenance.metadata
        self._digest = self._digest or self._reader.digest()
        # a recipe makes what the output is by itself
        chunks = self._provenance.chunks(self._digest) if self.is_alone else []
        if self._proof is None:
            self._progress("reading back")
            self._writer.finish(metadata, chunks)
        else:
            self._writer.finish(metadata, chunks, self._proof.read_back(self._progress))
        self._notices.add(*self._writer.notices)
        if lost := [*metadata.lost, *self._writer.lost]:
            self._notices.add(f"the {form} output does not hold the input's {listed(lost)}")

    def verify(self) -> None:
        """Verify the output, if the job asks for it.

        Raises
        ------
        VerificationError
            If it is not the convolution that it should be.
        """
        if self._proof is None:
            return
        self.refuse_changed()  # a better cause than what comes of it
        self._verified = self._proof.report(self._writer.clipped, self._started)
        self._verified.raise_if_failed(display_name(self._job.output, role="output"))
        if len(self._checksums) > 1 or len(self._extremes) > 1:
            raise VerificationError(
                "the first pass, which determined the gain, had other sums than the second; the "
                "memory or the engine failed; try again"
            )

    @property
    def is_alone(self) -> bool:
        """Whether the output has the gains that it asks for by itself."""
        return self._gains == self.gains

    def refuse_changed(self) -> None:
        """Raise `FormatError` if the input has changed since it was first opened."""
        self._readings.refuse_changed()

    def sidecar(self, output: Target) -> bytes:
        """Return the recipe that lies beside the output."""
        assert output.path is not None  # a sidecar is for a file
        return self._provenance.sidecar(output.path, self._digest)

    def outcome(self) -> Outcome:
        """Return the outcome of the run."""
        seconds = time.perf_counter() - self._started
        prepared, level = self._prepared, self._writer.level
        peak, levels, match = self._reader.peak, prepared.levels, self._measurement
        return Outcome(
            input=public_name(original_name(self._job.input)),
            output=public_name(self._job.output),
            frames=level.frames,
            channels=self._info.channels,
            rate=self._info.rate,
            subtype=self._info.subtype,
            engine=prepared.engine,
            block=prepared.convolver.block,
            fft_size=prepared.convolver.fft_size,
            impulse_frames=prepared.impulse.frames,
            gain_db=to_db(abs(prepared.norm_gain * self._gains.both)),
            match_gain_db=None if match is None else to_db(self._gains.match),
            matched=None if match is None else match.matched,
            guard_gain_db=to_db(self._gains.guard),
            peak_dbfs=to_db(level.peak),
            clipped=self._writer.clipped,
            notices=self._notices.given,
            verified=self._verified,
            seconds=seconds,
            speed=level.frames / self._info.rate / seconds,
            routes=prepared.layout,
            impulse_level=levels.as_json(),
            guaranteed_dbfs=to_db(levels.guaranteed(peak) * self._gains.both),
            expected_dbfs=to_db(levels.expected(peak) * self._gains.both),
            bit_rate=bit_rate(self._writer),
            shift=prepared.shift,
            input_sha256=None if self._digest is None else self._digest.sha256,
        )

    def _open(self, output: Target, clip: Literal["guard", "error", "saturate"]) -> None:
        """Begin to write the output, with the gains that are known, and to prove it."""
        options, gain = self._job.options, self._gains.both
        self._proof = self._new_proof(gain) if options.verify else None
        self._writer = Writer(
            output,
            self._info,
            clip=clip,
            dither=options.dither,
            gain=gain,
            threads=options.cores,
            proven=options.verify,
            rf64=options.rf64,
            metadata=self._provenance.metadata,
            tail_bytes=self._provenance.expected_bytes(),
            max_bytes=options.max_output,
        )

    def _new_proof(self, gain: float) -> Proof:
        from audioconv.verify import Proof  # late: most runs do without it

        prepared, options = self._prepared, self._job.options
        return Proof(
            prepared.convolver, prepared.window, options, self._info, gain, self._reader.unit
        )

    def _measures(self, match: float | None) -> Measurement | None:
        """Return what measures the output before it is written, if that is to be done."""
        options, reader, info = self._job.options, self._reader, self._info
        if match is not None:
            return None if match == 1 else Measurement(match, info)
        self._notices.add(*unplaced(options, reader, info))
        return Measurement.of(options, self._prepared.window, reader, info)

    def _write_plain(self, output: Target) -> None:
        """Begin again with less gain if the guard asks for it."""
        level = self._sums
        self._notices.add(self._dropped())
        if self._gains.guard != 1:
            if self.gains.guard != 1:
                self._notices.add(guard_notice(self._writer, self._gains))
            self._writer.discard()
            self._open(output, "error")
            self._second_pass()
            # rounding keeps the order, so the largest sum is the largest when it is scaled
            for one in (level.scaled(self._gains.guard), self._writer.level):
                self._extremes.add((one.highest, one.lowest))
        self._notice_clipped("lower `wet`")

    def _write_matched(self, output: Target, measurement: Measurement) -> None:
        """Write with the gains that the measurement found."""
        self._notices.add(raised(self._gains.match))
        self._notices.add(self._dropped())
        if self._gains.guard != 1:
            self._notices.add(measurement.guard_notice(self._gains))
        self._open(output, "saturate" if self._job.options.clip == "saturate" else "error")
        self._second_pass()
        self._notice_clipped("match a lower level")

    def _first_pass(self, sink: Sink[Any], samples: Iterable[Samples], step: str) -> None:
        """Move the sound into a sink, and keep the peaks of the sums."""
        self._before = self._pump(self._reader, samples, sink, step)
        self._sums = sink.level
        peak, options = self._reader.peak, self._job.options
        self._notices.add(*self._reader.notices)
        self._notices.add(vanished(self._prepared, peak, sink.level, options))

    def _second_pass(self) -> None:
        """Read the sound again, and write it with the gains that the first pass found."""
        gain = self._gains.both
        step = "convolving" if gain == 1 else f"convolving at {to_db(gain):+.2f} dB"
        with self._readings.open(hashed=hashed(self._job.options)) as again:
            self._pump(again, self._samples(again), self._writer, step)
            self._digest = again.digest()
        if self._reader.digest() not in (None, self._digest):
            raise changed_error(self._job.input)

    def _samples(self, reader: Reader) -> Iterator[Samples]:
        """Yield the samples of the sound that the output needs, in blocks for the convolver."""
        convolver, needed = self._prepared.convolver, self._prepared.window.needed(None)
        return reader.samples(convolver.block, convolver.limit, needed)

    def _dropped(self) -> str | None:
        head, rate = self._prepared.window.head, self._info.rate
        return dropped(self._before, self._sums, self._gains.both, head, rate)

    def _notice_clipped(self, remedy: str) -> None:
        """Notice samples that were limited to full scale."""
        if self._writer.clipped:
            self._notices.add(f"limited {self._writer.clipping()}; {remedy} to avoid it")

    def _pump(
        self, reader: Reader, samples: Iterable[Samples], sink: Sink[Any], step: str
    ) -> float:
        """Move the samples of a sound through the convolver into a sink; prove what is written.

        Return the peak of the sums before time 0, which the output does not hold.
        """
        convolver, window, rate = self._prepared.convolver, self._prepared.window, reader.info.rate
        needed = window.needed(reader.info.frames)
        seconds = None if needed is None else needed / rate
        proof, matched = self._proof, self._measurement is not None
        passage = Passage(window, sink, proof, summed=self._job.options.verify and matched)
        convolution = stream.convolve_blocks(
            samples if proof is None else proof.hear(reader, samples),
            convolver,
            passage.finish,
            unit=reader.unit,
            threads=self._job.options.cores,
        )
        self._progress(step, 0.0, seconds)
        with closing(convolution):  # no thread may write to a file that is closed
            for finished in convolution:
                passage.append(finished)
                self._progress(step, (window.head + sink.level.frames) / rate, seconds)
        passage.end(convolver.flush(), reader.frames)
        self._checksums.add(passage.checksum)
        return passage.before

    def _frames(self) -> int | None:
        """Return the length of the output, if it is known in advance."""
        # a pipe may end earlier than its header states
        frames = None if self._job.options.allow_truncated else self._reader.info.frames
        return self._prepared.window.frames(frames, self._prepared.impulse.frames)
