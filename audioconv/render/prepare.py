"""Fold impulses and options into one impulse, and plan its convolution.

Gain, dry and wet, and chains are edits of the impulse, so that all that remains is one convolution,
and the window of it that the output holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Protocol

from audioconv.engines.convolver import Convolver
from audioconv.engines.elsewhere import elsewhere
from audioconv.engines.plan import engine_name, plan
from audioconv.engines.routes import arrange, describe, routes
from audioconv.engines.window import Window
from audioconv.errors import AudioconvError, UsageError
from audioconv.files import SoundInfo
from audioconv.ir.ingredients import Ingredient, NamedFile
from audioconv.ir.load import impulse_name, load, side_notes, together
from audioconv.job import Options
from audioconv.render.quiet import note_quietness, note_silence
from audioconv.units import bare_gain_notice, parse_gain, parse_length
from impulses import Impulse, analysis, edit, folding, norms, resampling
from impulses.analysis import Levels


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything that is known of a convolution before it starts.

    Parameters
    ----------
    impulse : Impulse
        with all options folded in
    unmixed : Impulse
        before the dry sound is mixed in, and the wet gain
    layout : str
        routing, in words
    engine : str
    convolver : Convolver
    window : Window
        the part of the convolution that the output holds
    levels : Levels
        levels of the impulse
    norm_gain : float
        gain of the normalisation
    ingredients : tuple of Ingredient
        sources of the impulses
    shift : int
        frames from the beginning of the output to the direct sound: the onset of the impulse, one
        for all channels, before the dry sound is mixed in; labels move by as much
    """

    impulse: Impulse
    unmixed: Impulse
    layout: str
    engine: str
    convolver: Convolver
    window: Window
    levels: Levels
    norm_gain: float
    ingredients: tuple[Ingredient, ...]
    shift: int

    @property
    def onset(self) -> int:
        """Frame of the impulse at which the direct sound arrives."""
        return self.impulse.origin + self.shift


class Load(Protocol):
    """What loads an impulse by name, as `audioconv.ir.load.load` does."""

    def __call__(self, ir: str | Impulse, rate: int | None) -> tuple[Impulse, Ingredient]:
        """Return the impulse, and what it is made of."""


class Prepare(Protocol):
    """What prepares a convolution, as `prepare` does."""

    def __call__(
        self, impulses: Sequence[str | Impulse], options: Options, source: SoundInfo
    ) -> Prepared:
        """Return it, prepared; it may be used again for another sound like `source`."""


def prepare_for(executor: Executor) -> Prepare:
    """Return what prepares a convolution whose blocks are convolved by an executor."""

    def prepared(
        impulses: Sequence[str | Impulse], options: Options, source: SoundInfo
    ) -> Prepared:
        here = prepare(impulses, options, source)
        return replace(here, convolver=elsewhere(here.convolver, executor))

    return prepared


def prepare(
    impulses: Sequence[str | Impulse], options: Options, source: SoundInfo, *, load: Load = load
) -> Prepared:
    """Load the impulses, lay them out for the sound, and fold chain and options into one.

    Parameters
    ----------
    impulses : sequence of str or Impulse
    options : Options
    source : SoundInfo
        of the sound; its rate, channels and bits count
    load : Load
        what loads each impulse, for those who keep some

    Raises
    ------
    AudioconvError
        If an impulse cannot be loaded, or does not fit the sound.
    """
    impulse, layout, ingredients = _chain(impulses, options, source, load)
    if options.align != "none":
        impulse = edit.align(impulse, options.align)
    shift = analysis.onset(impulse) - impulse.origin
    norm_gain = _norm_gain(impulse, options.ir_gain)
    wet, dry = options.gains
    impulse = edit.gain(impulse, norm_gain)
    if note := _bare_gain_note(options.ir_gain):
        impulse = impulse.with_taps(impulse.taps, note)
    if options.match == "none":  # which raises what is quiet
        impulse = note_quietness(impulse)
    unmixed, impulse = impulse, edit.mix(impulse, dry=dry, wet=wet)
    # before there is an engine, which needs the memory
    levels = analysis.levels(impulse)
    engine, convolver = _planned(impulse, options, source)
    window = Window(impulse.origin, parse_length(options.length, source.rate))
    return Prepared(
        impulse,
        unmixed,
        layout,
        engine,
        convolver,
        window,
        levels,
        norm_gain,
        ingredients,
        shift,
    )


def prepare_part(
    whole: Prepared, impulse: Impulse, options: Options, source: SoundInfo
) -> Prepared:
    """Prepare the convolution with a part of an impulse that is prepared, for the same sound."""
    engine, convolver = _planned(impulse, options, source)
    levels = analysis.levels(impulse)
    return replace(whole, impulse=impulse, engine=engine, convolver=convolver, levels=levels)


def _planned(impulse: Impulse, options: Options, source: SoundInfo) -> tuple[str, Convolver]:
    routing = routes(impulse.taps, source.channels)
    engine = engine_name(routing, options.engine)
    single, bits = options.precision == "single", source.signal_bits
    return engine, plan(routing, engine, single=single, signal_bits=bits)


def _chain(
    irs: Sequence[str | Impulse], options: Options, source: SoundInfo, load: Load
) -> tuple[Impulse, str, tuple[Ingredient, ...]]:
    """Load every impulse at the sound's rate, fold them, and describe the layout."""
    loaded = together(load(ir, source.rate) for ir in irs)
    impulses = [impulse for impulse, _ in loaded]
    laid_out: list[Impulse] = []
    channels = source.channels
    for at, (ir, (impulse, ingredient)) in enumerate(zip(irs, loaded, strict=True)):
        if impulse.rate != source.rate and options.rate_mismatch == "error":
            raise AudioconvError(
                f"impulse {impulse_name(ir)} is {impulse.rate} Hz but the input is {source.rate} "
                "Hz; resample it or pass `rate_mismatch='resample'`"
            )
        if options.map == "auto" and channels == 2 and _has_ears(ingredient):
            impulse = impulse.with_taps(
                impulse.taps,
                f"{impulse_name(ir)} is a head: its left ear hears the left channel alone, and its "
                "right ear the right one; give it a mono sound, or pass `map='each'` to confirm",
            )
        rule = options.map if at in _mapped(impulses, options.map) else "auto"
        arranged = note_silence(arrange(impulse, channels, rule), impulse, impulse_name(ir))
        impulse = resampling.resample(arranged, source.rate)
        channels = routes(impulse.taps, channels).outputs
        laid_out.append(impulse)
    impulse = folding.chain(laid_out)
    if options.map == "auto" and (notes := side_notes(irs, impulses)):
        impulse = impulse.with_taps(impulse.taps, *notes)
    return impulse, describe(impulse.taps, source.channels), tuple(i for _, i in loaded)


def _mapped(chain: Sequence[Impulse], rule: str) -> list[int]:
    """Return which impulses of a chain a map is for: those that have channels to map.

    If none has, a matrix is for the last one, whose one channel takes each of its paths.
    """
    several = [at for at, impulse in enumerate(chain) if impulse.taps.shape[1] > 1]
    matrix = rule.startswith("matrix=") or len(chain) == 1
    return several or [len(chain) - 1] * matrix


def _has_ears(ingredient: Ingredient) -> bool:
    return isinstance(ingredient, NamedFile) and ingredient.ears


def check_gain(ir_gain: str) -> None:
    """Raise `UsageError` if a normalisation is none, and no gain."""
    if ir_gain != "none" and ir_gain not in norms.NORMS:
        _parsed_gain(ir_gain)


def _norm_gain(impulse: Impulse, ir_gain: str) -> float:
    if ir_gain == "none":
        return 1.0
    if ir_gain in norms.NORMS:
        return norms.norm_gain(impulse, ir_gain)
    return _parsed_gain(ir_gain)


def _bare_gain_note(ir_gain: str) -> str | None:
    return None if ir_gain in ("none", *norms.NORMS) else bare_gain_notice(ir_gain)


def _parsed_gain(ir_gain: str) -> float:
    try:
        return parse_gain(ir_gain)
    except UsageError:
        raise UsageError(
            f"`ir_gain` is {ir_gain!r}; it must be one of none, {', '.join(norms.NORMS)}, or a "
            "gain such as -6dB"
        ) from None
