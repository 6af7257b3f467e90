"""The impulse response of a cabinet, planned for an engine."""

from __future__ import annotations

from dataclasses import dataclass

from audioconv.engines.convolver import Convolver
from audioconv.engines.plan import engine_name, plan
from audioconv.engines.routes import arrange, routes
from audioconv.ir.ingredients import Ingredient
from audioconv.ir.load import load
from impulses import Impulse, resampling


@dataclass(frozen=True, eq=False)
class Cabinet:
    """A convolution after the amplifier.

    Parameters
    ----------
    impulse : Impulse
        laid out for the sound, at its rate
    ingredient : Ingredient
        its source
    engine : str
    channels : int
        of the sound
    single : bool
        whether to compute in float32
    """

    impulse: Impulse
    ingredient: Ingredient
    engine: str
    channels: int
    single: bool

    @classmethod
    def of(cls, ir: str, rate: int, channels: int, *, single: bool) -> Cabinet:
        """Load an impulse response for a sound.

        Raises
        ------
        AudioconvError
        """
        loaded, ingredient = load(ir, rate)
        impulse = resampling.resample(arrange(loaded, channels), rate)
        engine = engine_name(routes(impulse.taps, channels), "auto")
        return cls(impulse, ingredient, engine, channels, single)

    @property
    def outputs(self) -> int:
        """Channels of the result."""
        return routes(self.impulse.taps, self.channels).outputs

    def frames(self, sound: int) -> int:
        """Return the length of the result, from time 0 of the impulse on, with its tail."""
        return sound + self.impulse.frames - 1 - self.impulse.origin

    def convolver(self) -> Convolver:
        """Return the convolution of a new sound."""
        return plan(routes(self.impulse.taps, self.channels), self.engine, single=self.single)
