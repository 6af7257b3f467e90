"""Effects: what is done to a sound besides one convolution, as plain data.

An effect is a frozen dataclass. Its fields are the options of its command, with their help from
its docstring, and the settings in the recipe of an output. It plans a stage for a sound: what
passes blocks on, changed. `audioconv.render.effect` runs any effect.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from audioconv.errors import UsageError, counted
from audioconv.job import Gain, Options
from audioconv.parameters import parameters, validated

if TYPE_CHECKING:
    from audioconv.engines.audio import Audio
    from audioconv.ir.ingredients import Ingredient

OF_CONVOLUTION = (
    "length",
    "align",
    "wet",
    "dry",
    "mix",
    "ir_gain",
    "match",
    "map",
    "rate_mismatch",
    "engine",
    "precision",
    "threads",
    "verify",
)
"""Options that mean something to a convolution alone."""


FILES = ("file", "impulse")
"""Units of fields that name a file, or an impulse response."""


class Stage(Protocol):
    """What changes one sound, from its beginning to its end.

    The blocks given to it have the length that the plan states, but for the last, however the sound
    was cut before. What it returns, put together, is the output; it may return frames later, and
    any number at a time.
    """

    @property
    def notices(self) -> Sequence[str]:
        """What the user should know of this sound, once it has ended."""

    def process(self, block: Audio) -> Audio:
        """Return the frames (n, channels) that are complete after a block (frames, channels)."""

    def flush(self) -> Audio:
        """Return the frames that are left after the last block."""


@dataclass(frozen=True, eq=False)
class Plan:
    """An effect on one sound, planned.

    Parameters
    ----------
    start : function
        returns a new `Stage`; an output that the guard attenuates needs two
    block : int > 0
        frames of each block that a stage is given, but the last
    channels, rate : int > 0
        of the output
    frames : function
        returns the length of the output for that of the sound
    rows : sequence of (str, str)
        labels and values for the report
    figures : dict
        the same as plain data, by their names in JSON
    notices : sequence of str
    ingredients : dict of Ingredient
        identifies the files among the settings, by the name of the field
    """

    start: Callable[[], Stage]
    block: int
    channels: int
    rate: int
    frames: Callable[[int], int]
    rows: Sequence[tuple[str, str]] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    notices: Sequence[str] = ()
    ingredients: Mapping[str, Ingredient] = field(default_factory=dict)


class Effect(Protocol):
    """An effect as a frozen dataclass; each field is an option."""

    @property
    def files(self) -> Sequence[str]:
        """Paths among its settings, in the order of the fields."""

    def plan(self, rate: int, channels: int) -> Plan:
        """Plan it for a sound.

        Parameters
        ----------
        rate : int > 0
            frames per second
        channels : int > 0

        Raises
        ------
        AudioconvError
            If a setting does not fit.
        """


@dataclass(frozen=True, kw_only=True)
class Spectral:
    """The magnitudes of the short-time spectrum, convolved with a kernel.

    Parameters
    ----------
    kernel : str
        what the magnitudes are convolved with: blur:time=90ms,frequency=50Hz (their mean over as
        much; shape=box or gauss), sharpen:frequency=200Hz (what a blur would take away, added;
        time, shape, amount=1), edge:axis=time (what grows from one time to the next, or with
        side=fall shrinks; or axis=frequency), or identity
    window : float
        length of the slices whose spectra are taken, to the nearest power of two in frames; a
        longer one separates tones better, a shorter one times

    Raises
    ------
    UsageError
        If a value has the wrong type.

    Examples
    --------
    >>> Spectral(kernel="blur:time=90ms").plan(44100, 2).figures["kernel_slices"]
    17
    """

    kernel: str
    window: Annotated[float, "time"] = 0.043

    def __post_init__(self) -> None:
        for parameter in parameters(Spectral):
            value = validated(parameter, getattr(self, parameter.name))
            object.__setattr__(self, parameter.name, value)

    @property
    def files(self) -> Sequence[str]:
        """Paths among its settings: none."""
        return ()

    def plan(self, rate: int, channels: int) -> Plan:
        """Plan it for a sound; see `Effect.plan`."""
        from audioconv.spectral import kernels, stage  # late, so that help is fast
        from audioconv.spectral.transform import Grid

        grid = Grid.of(rate, self.window)
        kernel = kernels.kernel(self.kernel, grid)
        slices, bins = kernel.weights.shape
        return Plan(
            start=lambda: stage.SpectralStage(grid, kernel, channels),
            block=stage.together(kernel) * grid.hop,
            channels=channels,
            rate=rate,
            frames=lambda frames: stage.frames_of(frames, grid, kernel),
            rows=[
                ("kernel", f"{self.kernel}: {counted(slices, 'slice')} x {counted(bins, 'bin')}"),
                (
                    "slices",
                    f"{grid.frames} frames ({1000 * grid.frames / rate:.1f} ms), one every "
                    f"{1000 * grid.hop / rate:.2f} ms; bins of {rate / grid.frames:.1f} Hz",
                ),
            ],
            figures={
                "kernel": self.kernel,
                "kernel_slices": slices,
                "kernel_bins": bins,
                "window_frames": grid.frames,
                "hop_frames": grid.hop,
            },
            notices=kernel.notes,
        )


@dataclass(frozen=True, kw_only=True)
class Amp:
    """A guitar amplifier, as a model of the Neural Amp Modeler.

    Parameters
    ----------
    model : str
        file of the amplifier, such as amp.nam
    ir : str
        impulse response of a cabinet after it, named as for convolve
    input_gain : float or str
        gain before the amplifier, which then distorts more or less
    output_gain : float or str
        gain after amplifier and cabinet
    slim : float, 0 to 1
        which of the sizes of a model that has several: the first that is above this number; by
        default the largest
    fast_tanh : bool
        use the approximation of tanh that renderers in real time use
    precision : {"double", "single"}
        of the arithmetic; single is two to three times as fast, and exact to some 95 dB

    Raises
    ------
    UsageError
        If a value has the wrong type, or is not one of the choices.
    """

    model: Annotated[str, "file"]
    ir: Annotated[str, "impulse"] | None = None
    input_gain: Gain = 1.0
    output_gain: Gain = 1.0
    slim: float | None = None
    fast_tanh: bool = False
    precision: Literal["double", "single"] = "double"

    def __post_init__(self) -> None:
        for parameter in parameters(Amp):
            value = validated(parameter, getattr(self, parameter.name))
            object.__setattr__(self, parameter.name, value)

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
        return Plan(
            start=lambda: chain(amplifier, model.rate, cabinet, rate, channels, gains),
            block=amplifier.block,
            channels=channels if cabinet is None else cabinet.outputs,
            rate=rate,
            frames=lambda frames: frames if cabinet is None else cabinet.frames(frames),
            rows=report.rows(self.model, model, self.ir, cabinet),
            figures=report.figures(model, cabinet),
            notices=[*report.notices(model, rate), *(cabinet.impulse.notes if cabinet else ())],
            ingredients={"model": digest} | ({"ir": cabinet.ingredient} if cabinet else {}),
        )


EFFECTS: dict[str, Callable[..., Effect]] = {"spectral": Spectral, "amp": Amp}
"""Every effect, by the name of its command."""


@dataclass(frozen=True)
class EffectJob:
    """One file to be changed by an effect.

    Parameters
    ----------
    input, output : str
        file names, or ``-`` for standard input and output
    effect : Effect
    options : Options
        how it is written; those of a convolution have no meaning here

    Raises
    ------
    UsageError
        If an option of a convolution is set.
    """

    input: str
    output: str
    effect: Effect
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        for name in OF_CONVOLUTION:
            if getattr(self.options, name) != getattr(Options(), name):
                raise UsageError(
                    f"`{name}` is an option of a convolution, which this is not; leave it out"
                )

    @property
    def name(self) -> str:
        """Name of the effect."""
        return next(name for name, kind in EFFECTS.items() if kind is type(self.effect))

    @property
    def settings(self) -> dict[str, Any]:
        """Fields of the effect that differ from their defaults."""
        fields = parameters(type(self.effect))
        values = {one.name: getattr(self.effect, one.name) for one in fields}
        return {one.name: values[one.name] for one in fields if values[one.name] != one.default}


@dataclass(frozen=True)
class EffectOutcome:
    """Result of an effect; `as_json` has the names that scripts may rely on.

    Parameters
    ----------
    input, output, effect : str
    frames, channels, rate : int
        of the output
    subtype : str
    gain_db : float <= 0
        gain of the clip guard
    peak_dbfs : float
        of the output, measured before rounding
    clipped : int
        samples past full scale that were limited
    notices : list of str
        changes and losses that the user should know
    seconds, speed : float
        wall time, and seconds of sound per second
    bit_rate : int or None
        of a lossy output, in bit/s
    input_sha256 : str or None
        of the input, if the output has a recipe, which states it
    figures : dict
        those of the effect
    rows : list of (str, str)
        the same for a person
    """

    input: str
    output: str
    effect: str
    frames: int
    channels: int
    rate: int
    subtype: str
    gain_db: float
    peak_dbfs: float
    clipped: int
    notices: list[str]
    seconds: float
    speed: float
    bit_rate: int | None
    input_sha256: str | None
    figures: dict[str, Any]
    rows: list[tuple[str, str]]

    def as_json(self) -> dict[str, Any]:
        """Return the stable names, with minus infinity (silence) as None."""
        fields = asdict(self)
        del fields["rows"]
        fields |= fields.pop("figures")
        return {key: None if value == -math.inf else value for key, value in fields.items()}
