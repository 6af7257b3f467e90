"""The proof of a run, gathered while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from audioconv.engines.audio import Samples
from audioconv.engines.convolver import Convolver
from audioconv.engines.stream import regrid
from audioconv.engines.window import Window
from audioconv.files import PeakMeter, Reader, SoundInfo
from audioconv.job import Options, VerificationReport
from audioconv.progress import Progress
from audioconv.verify.evidence import Evidence, Testimony
from audioconv.verify.samples import Rounding
from audioconv.verify.spots import Spot
from audioconv.verify.verdict import Output, Picked, verdict


class Proof:
    """The proof of one pass of a run.

    Parameters
    ----------
    convolver : Convolver
    window : Window
        the part of the convolution that the output holds
    options : Options
        of the job
    info : SoundInfo
        of the output
    gain : float
        of match and clip guard together
    unit : float
        value of 1 in the samples of the sound, a power of two
    """

    def __init__(
        self,
        convolver: Convolver,
        window: Window,
        options: Options,
        info: SoundInfo,
        gain: float,
        unit: float,
    ) -> None:
        self._options = options
        self._block = convolver.block
        self._info = info
        self._gain = gain
        self._spots: list[Spot] = []
        self._picked = Picked([])
        rounding = Rounding(info.subtype, options.dither, gain)
        self._evidence = Evidence(convolver, window, rounding, options.precision, unit=unit)

    def hear(self, reader: Reader, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the sound in blocks of the convolver's own length, and take note of it before."""
        heard = self._evidence.hear(reader, blocks)
        return self._evidence.measure(regrid(heard, self._block))

    def drop(self) -> None:
        """Take no note of what follows, as the pass will be discarded."""
        self._evidence.dropped = True

    def testimony(self, start: int) -> Testimony | None:
        """Return room for what a block of sums says, from frame `start` on; in any thread."""
        return None if self._evidence.dropped else self._evidence.testimony(start)

    def take(self, testimony: Testimony, level: PeakMeter) -> None:
        """Take what the next block of sums says, and the level of what was made of it."""
        self._evidence.take(testimony, level)

    def read_back(self, progress: Progress) -> Callable[[Samples, float], None]:
        """Return a listener to the output as it is read back."""
        self._spots = self._evidence.spots.chosen()
        self._picked = Picked(self._spots)
        progress("reading back", 0.0, self._evidence.level.frames / self._info.rate)
        return partial(self._heard, progress)

    def _heard(self, progress: Progress, block: Samples, unit: float) -> None:
        rate, frames = self._info.rate, self._evidence.level.frames
        self._picked.take(block, unit)
        progress("reading back", self._picked.frames / rate, frames / rate)

    def report(self, limited: int, started: float) -> VerificationReport:
        """Return the verdict, once the output has been read back.

        Parameters
        ----------
        limited : int
            samples that the run limited to full scale
        started : float
            when the run began, by `time.perf_counter`
        """
        picked = self._picked
        output = Output(
            self._info,
            picked.frames,
            self._evidence.level.peak,
            picked.found,
            self._gain,
            limited,
        )
        return verdict(
            self._evidence, self._spots, output, self._options, started=started, anew=False
        )
