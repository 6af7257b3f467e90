"""Refuse a job that makes no sense before anything is opened."""

from __future__ import annotations

import math
from collections.abc import Sequence

from audioconv.effects.job import EffectJob
from audioconv.errors import UsageError
from audioconv.files import is_exact, is_stream, refuse_missing, refuse_overwrite
from audioconv.ir.load import impulse_files, refuse_standard_twice
from audioconv.job import Job, Options
from audioconv.render.recipe import SUFFIX
from audioconv.units import parse_match
from audioconv.urls import is_url


def check_job(job: Job, *, replaces_sidecar: bool) -> None:
    """Raise `UsageError` if options contradict each other, or an output may not be written."""
    if not job.impulses:
        raise UsageError("no impulse is given; name a file or a builder spec")
    refuse_standard_twice([job.input, *impulse_files(job.impulses)])
    _check_outputs(job, impulse_files(job.impulses), replaces_sidecar=replaces_sidecar)


def check_effect(job: EffectJob, *, replaces_sidecar: bool) -> None:
    """Raise `UsageError` if an option is out of range, or an output may not be written."""
    refuse_standard_twice([job.input, *job.effect.files])
    _check_outputs(job, job.effect.files, replaces_sidecar=replaces_sidecar)


def _check_outputs(
    job: Job | EffectJob, ingredients: Sequence[str], *, replaces_sidecar: bool
) -> None:
    check_options(job.options)
    refuse_missing(job.input)
    outputs = {job.output: job.options.overwrite}
    if job.options.recipe == "sidecar":
        if is_stream(job.output) or is_url(job.output):
            raise UsageError("a sidecar recipe needs an output file beside it; name a file")
        outputs[job.output + SUFFIX] = replaces_sidecar
    for output, overwrite in outputs.items():
        refuse_overwrite(output, inputs=[job.input, *ingredients], overwrite=overwrite)


def check_options(options: Options) -> None:
    """Raise `UsageError` if options contradict each other, or one is out of range."""
    mix, threads, most = options.mix, options.threads, options.max_output
    if mix is not None and not 0 <= mix <= 1:
        remedy = f"or {mix:g}%" if 2 <= mix <= 100 else "such as 0.3 or 30%"
        raise UsageError(f"mix is {mix:g}; it must be between 0 (dry) and 1 (wet), {remedy}")
    if mix is not None and (options.wet, options.dry) != (1.0, 0.0):
        raise UsageError("mix sets both wet and dry; give either mix or wet and dry")
    if threads is not None and threads < 1:
        raise UsageError(f"threads is {threads}; it must be at least 1")
    if most is not None and most < 1:
        raise UsageError(f"`max_output` is {most}; it must be at least one byte")
    parse_match(options.match)
    if options.quality is not None:
        _check_quality(float(options.quality))


def _check_quality(quality: float) -> None:
    if not (0 <= quality <= 1 or 1000 <= quality < math.inf):
        raise UsageError(
            f"`quality` is {quality:g}; it must be between 0 and 1 (best), or a bit rate such as "
            "192k"
        )


def check_subtype(options: Options, subtype: str) -> None:
    """Refuse to verify a lossy output."""
    if options.verify and not is_exact(subtype):
        raise UsageError(
            f"{subtype} is a lossy coding, which cannot be verified; verify a PCM or "
            "floating-point output"
        )
