"""What a run has to say of its output, besides figures: what was lost, and what may mislead."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from audioconv.effects.job import EffectJob
from audioconv.engines.subnormals import FLUSH_BELOW
from audioconv.errors import AudioconvError, counted
from audioconv.files import INTEGER_BITS, STANDARD, PeakMeter, SoundInfo, display_name
from audioconv.job import Job, Options
from audioconv.render.prepare import Prepared
from audioconv.render.recipe import SUFFIX
from audioconv.units import bare_gain_notice
from impulses.impulse import to_db

NOTED = 10 ** (-60 / 20)
"""Peak of the frames before time 0, relative to that of the output, from which it is noted."""

RAISED = 10 ** (40 / 20)
"""Gain of a match from which it is noted: 16 bits then have the noise of 9."""


class Notices:
    """Notices of a run; under `strict` the first of them is an error.

    Attributes
    ----------
    given : list of str
        those so far
    """

    def __init__(self, strict: bool) -> None:
        self.given: list[str] = []
        self._strict = strict

    def add(self, *notices: str | None) -> None:
        """Add notices, or raise the first; None is no notice."""
        for notice in notices:
            if notice is None:
                continue
            if self._strict:
                raise AudioconvError(f"{notice} (an error under `strict`)")
            self.given.append(notice)


def misleading(job: Job | EffectJob, info: SoundInfo) -> Iterator[str]:
    """Notice gains without a unit, options without effect, and a file that describes another."""
    options, subtype = job.options, info.subtype
    yield from filter(None, dict.fromkeys(map(bare_gain_notice, (options.wet, options.dry))))
    if options.dither != "none" and subtype not in INTEGER_BITS:
        yield f"`dither={options.dither!r}` has no effect on {subtype} samples"
    if options.quality is not None and info.quality is None:
        yield f"`quality` has no effect on {subtype} samples"
    stale = job.output != STANDARD and options.recipe != "sidecar"
    if stale and os.path.isfile(job.output + SUFFIX):
        yield f"{display_name(job.output + SUFFIX)} exists, and describes another output"


def vanished(prepared: Prepared, sound: float, sums: PeakMeter, options: Options) -> str | None:
    """Notice that all samples are so small that the engine takes them for zero.

    Parameters
    ----------
    prepared : Prepared
    sound : float
        peak of the sound
    sums : PeakMeter
        that of its convolution
    options : Options
    """
    single = options.precision == "single"
    limit = FLUSH_BELOW[np.dtype(np.float32 if single else np.float64)]
    peaks = {"input": sound, "impulse": prepared.levels.peak}
    small = [name for name, peak in peaks.items() if 0 < peak < limit]
    if not small or sums.peak:
        return None
    return (
        f"the output is silent: no sample of the {' or the '.join(small)} reaches {limit:g}, and "
        f"the {prepared.engine} engine takes smaller ones for zero; raise the level, or use "
        "`engine='direct'`"
    )


def raised(match_gain: float) -> str | None:
    """Notice that a match raises so much that it is noise, perhaps, that is heard.

    Examples
    --------
    >>> raised(1e5)
    'the match raises the output by 100.0 dB, and the noise of input and impulse with it; check \
that neither is almost silent'
    """
    if match_gain <= RAISED:
        return None
    return (
        f"the match raises the output by {to_db(match_gain):.1f} dB, and the noise of input and "
        "impulse with it; check that neither is almost silent"
    )


def dropped(peak: float, sums: PeakMeter, gain: float, head: int, rate: int) -> str | None:
    """Notice that sums before time 0 are not in the output, unless they are far softer.

    Parameters
    ----------
    peak : float
        of those sums
    sums : PeakMeter
        that of the others
    gain : float
        between the sums and the output
    head : int
        frames before time 0
    rate : int
        frames per second
    """
    most = sums.peak
    if peak == 0 or peak < most * NOTED:
        return None
    beside = f"{to_db(peak / most):+.1f} dB beside the output's peak" if most else "all of it"
    return (
        f"the {counted(head, 'frame')} ({1000 * head / rate:.2f} ms) before time 0 of the impulse "
        f"are dropped, with a peak of {to_db(peak * gain):.1f} dBFS ({beside}); `align='first'` "
        "keeps them"
    )
