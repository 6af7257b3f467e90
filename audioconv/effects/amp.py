"""Guitar amplifiers, as an effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from audioconv.effects.plan import Plan
from audioconv.job import Gain
from audioconv.parameters import validate
from audioconv.units import bare_gain_notice


@dataclass(frozen=True, kw_only=True)
class Amp:
    """Play a sound through a model of a guitar amplifier.

    Models are those of the Neural Amp Modeler (NAM). The amplifier begins as after silence, and
    each channel has one of its own.

    Parameters
    ----------
    model : str
        model of the amplifier, a .nam file
    ir : str
        impulse response of a cabinet, convolved after the amplifier; named as for `convolve`
    input_gain : float or str
        gain before the amplifier; the more, the more it distorts
    output_gain : float or str
        gain after the amplifier and the cabinet
    slim : float, 0 to 1
        choose a size of a model that comes in several, from 0 (the smallest) to 1 (the largest,
        the default)
    fast_tanh : bool
        use the approximation of tanh that real-time renderers use, instead of the exact one
    precision : {"double", "single"}
        precision of the arithmetic; single is two to three times as fast, with errors at about
        -95 dB

    Raises
    ------
    UsageError
        If a value has the wrong type, or is not one of the choices.

    Examples
    --------
    $ audioconv amp guitar.wav loud.wav --model amp.nam --ir hall.wav
    """

    model: Annotated[str, "file"]
    ir: Annotated[str, "impulse"] | None = None
    input_gain: Gain = 1.0
    output_gain: Gain = 1.0
    slim: float | None = None
    fast_tanh: bool = False
    precision: Literal["double", "single"] = "double"

    def __post_init__(self) -> None:
        validate(self)

    @property
    def files(self) -> Sequence[str]:
        """Paths among its settings, in the order of the fields."""
        from audioconv.ir.load import impulse_files  # late, so that help is fast

        return [self.model, *impulse_files([self.ir] if self.ir else [])]

    def plan(self, rate: int, channels: int) -> Plan:
        """Plan it for a sound; see `Effect.plan`."""
        from audioconv.amp import report  # late, so that help is fast
        from audioconv.amp.cabinet import Cabinet
        from audioconv.amp.source import load_amplifier
        from audioconv.amp.steps import chain

        single = self.precision == "single"
        model, amplifier, digest = load_amplifier(
            self.model, slim=self.slim, single=single, fast_tanh=self.fast_tanh
        )
        cabinet = None if self.ir is None else Cabinet.of(self.ir, rate, channels, single=single)
        gains = float(self.input_gain), float(self.output_gain)
        notices = [
            *report.notices(model, rate),
            *(cabinet.impulse.notes if cabinet else ()),
            *filter(None, map(bare_gain_notice, (self.input_gain, self.output_gain))),
        ]
        return Plan(
            start=lambda: chain(amplifier, model.rate, cabinet, rate, channels, gains),
            block=amplifier.block,
            channels=channels if cabinet is None else cabinet.outputs,
            rate=rate,
            frames=lambda frames: frames if cabinet is None else cabinet.frames(frames),
            rows=report.rows(self.model, model, self.ir, cabinet),
            figures=report.figures(model, cabinet),
            notices=notices,
            ingredients={"model": digest} | ({"ir": cabinet.ingredient} if cabinet else {}),
        )
