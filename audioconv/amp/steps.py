"""Steps of an amplifier: each passes the blocks of one sound on, changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from audioconv.amp.cabinet import Cabinet
from audioconv.engines.audio import Audio
from audioconv.engines.convolver import Convolver
from audioconv.engines.stream import regrid
from audioconv.errors import AudioconvError
from audioconv.layers.nam import Amplifier, Voices
from impulses.resampling import Resampler

LOUDEST = 1e6
"""Largest sample that a model is given, or may return: 120 dB above full scale."""


class Step(Protocol):
    """What changes a sound that comes in blocks, (any, channels)."""

    def process(self, block: Audio) -> Audio:
        """Return the frames that are complete, any number of them."""
        ...

    def flush(self) -> Audio:
        """Return the frames that are left."""
        ...


class Chain:
    """Steps one after another, with gains.

    Parameters
    ----------
    steps : sequence of Step
        at least one
    before, after : float
        gains of what goes in, and of what comes out
    """

    notices: Sequence[str] = ()

    def __init__(self, steps: Sequence[Step], before: float = 1.0, after: float = 1.0) -> None:
        self._steps = steps
        self._before, self._after = before, after

    def process(self, block: Audio) -> Audio:
        """Return the frames that are complete."""
        block = block * self._before
        for step in self._steps:
            block = step.process(block)
        return block * self._after

    def flush(self) -> Audio:
        """Return the frames that are left."""
        left = self._steps[0].flush()
        for step in self._steps[1:]:
            left = np.concatenate([step.process(left), step.flush()])
        return left * self._after


class OnGrid:
    """A step that is given blocks of one length, the last of which may be shorter.

    Parameters
    ----------
    step : Step
    block : int > 0
        frames
    channels : int > 0
    """

    def __init__(self, step: Step, block: int, channels: int) -> None:
        self._step = step
        self._block = block
        self._waiting: Audio = np.zeros((0, channels))

    def process(self, block: Audio) -> Audio:
        """Return what the step makes of the blocks that are complete."""
        blocks = [*regrid([self._waiting, block], self._block)]
        short = bool(blocks) and len(blocks[-1]) < self._block
        self._waiting = blocks.pop() if short else block[:0]
        nothing = self._step.process(block[:0])
        return np.concatenate([nothing, *map(self._step.process, blocks)])

    def flush(self) -> Audio:
        """Return what the step makes of the last block, and what is left in it."""
        last, self._waiting = self._waiting, self._waiting[:0]
        return np.concatenate([self._step.process(last), self._step.flush()])


class Amplified:
    """The model itself, channel by channel.

    Parameters
    ----------
    voices : Voices
    """

    def __init__(self, voices: Voices) -> None:
        self._voices = voices

    def process(self, block: Audio) -> Audio:
        """Render a block.

        Raises
        ------
        AudioconvError
            If it is too loud, or what is made of it.
        """
        self._check(block, "the sound")
        with np.errstate(all="ignore"):  # the check sees what comes of wild weights
            made = self._voices.process(block)
        self._check(made, "the output of the model")
        return made

    def flush(self) -> Audio:
        """Return no frames, as there are as many out as in."""
        return self._voices.process(np.zeros((0, self._voices.channels)))

    @staticmethod
    def _check(block: Audio, name: str) -> None:
        peak = float(np.abs(block).max(initial=0))  # NaN, if there is any
        if not peak <= LOUDEST:
            raise AudioconvError(
                f"{name} has a sample of {peak:g}; models are rendered up to {LOUDEST:g}: lower "
                "`input_gain`, or use another model"
            )


class Resampled:
    """A step at another rate; as many frames come out as go in.

    Parameters
    ----------
    step : Step
    rate, other : int
        of the sound, and of the step, in Hz
    channels : int > 0
    """

    def __init__(self, step: Step, rate: int, other: int, channels: int) -> None:
        there, back = Resampler(rate, other, channels), Resampler(other, rate, channels)
        self._chain = Chain([there, step, back])
        self._owed = 0

    def process(self, block: Audio) -> Audio:
        """Return the frames that are complete."""
        made = self._chain.process(block)
        self._owed += len(block) - len(made)
        return made

    def flush(self) -> Audio:
        """Return the frames that are owed: the resampler may round to a few more, or fewer."""
        left = self._chain.flush()[: self._owed]
        return np.pad(left, [(0, self._owed - len(left)), (0, 0)])


class Convolved:
    """The cabinet, from time 0 of its impulse on.

    Parameters
    ----------
    convolver : Convolver
    head : int
        frames before time 0
    """

    def __init__(self, convolver: Convolver, head: int) -> None:
        self._convolver = convolver
        self._head = head

    def process(self, block: Audio) -> Audio:
        """Return as many frames, less those before time 0."""
        return self._kept(self._convolver.process(block))

    def flush(self) -> Audio:
        """Return the tail."""
        return self._kept(self._convolver.flush())

    def _kept(self, made: Audio) -> Audio:
        kept = made[self._head :]
        self._head -= len(made) - len(kept)
        return kept


def chain(
    amplifier: Amplifier,
    model_rate: int,
    cabinet: Cabinet | None,
    rate: int,
    channels: int,
    gains: tuple[float, float],
) -> Chain:
    """Return the steps of a new sound.

    Parameters
    ----------
    amplifier : Amplifier
    model_rate : int
        of the model, in Hz
    cabinet : Cabinet, optional
    rate, channels : int
        of the sound
    gains : tuple of float
        before and after
    """
    model: Step = OnGrid(Amplified(amplifier.start(channels)), amplifier.block, channels)
    if model_rate != rate:
        model = Resampled(model, rate, model_rate, channels)
    if cabinet is None:
        return Chain([model], *gains)
    convolver = cabinet.convolver()
    convolved = Convolved(convolver, cabinet.impulse.origin)
    return Chain([model, OnGrid(convolved, convolver.block, channels)], *gains)
