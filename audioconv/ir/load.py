"""Load impulse responses by name.

A name is a sound file (``hall.wav``), some of its channels (``hall.wav:channel=3``), coefficients
(``taps.txt:rate=48000``), a direction in a SOFA file (``kemar.sofa:azimuth=30``), several files as
one impulse (``join:L.wav,R.wav``), a builder spec (``double-spike:delay=350ms``), or a preset
(``preset:large-hall``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from audioconv import parameters
from audioconv.errors import FormatError, UsageError, counted
from audioconv.files import STANDARD, display_name, file_digest, local, unchanged
from audioconv.ir.ingredients import SOFA, Ingredient, Joined, NamedFile, TapsDigest
from audioconv.ir.kinds import KINDS, OTHER, kind_of
from audioconv.ir.names import drive_of, join_name, sides, split_join, split_name, with_options
from audioconv.parameters import Parameter
from audioconv.units import bare_gain_notice
from impulses import BUILDERS, PRESETS, Impulse, ImpulseError, channels, edit
from impulses.impulse import MAX_SAMPLES, check_samples

PRESET = "preset"

MIX = parameters.parameters(edit.mix)
"""Parameters that every builder spec takes besides the builder's own: dry and wet."""

DEFAULT_RATE = 48000
"""Sample rate in Hz of builder specs if no file sets one."""

SPEC = r"[\w-]+(:(?![\\/]).*)?"
"""Names that may be misspelt builder specs; ``C:\\hall.wav`` is not one."""

LONG = 60
"""Seconds above which the length of a built impulse response is probably a mistake."""


def load_impulse(ir: str | os.PathLike[str], rate: int | None = None) -> Impulse:
    """Load an impulse response (IR) from a file, or build it from a spec or a preset.

    Parameters
    ----------
    ir : str or path-like
        - a sound file: ``hall.wav``; some of its channels, counted from 1:
          ``hall.wav:channel=3``, ``hall.wav:channels=1,2``; at another rate than its header
          states: ``hall.wav:rate=48000``
        - coefficients as text, one on each line, or an impulse response exported by Room EQ Wizard
          (``.txt``, ``.csv``): ``taps.txt:rate=48000``; ``channel=2`` is its second column
        - raw samples (``.raw``, ``.pcm``, ``.f32``, ``.f64``, ``.dbl``):
          ``taps.raw:format=FLOAT_LE,rate=48000,channels=2``
        - several files as one impulse, each channel in its order: ``join:L.wav,R.wav``; two are
          stereo, four true stereo (LL, LR, RL, RR); a comma within a name is written twice
        - a direction in a SOFA file: ``kemar.sofa:azimuth=30,elevation=0``; or a response by
          number: ``room.sofa:listener=2``, ``emitter=1``, ``index=1``
        - a builder and its parameters: ``double-spike:delay=350ms,gain=-6dB``;
          for a list, ``multi-tap:delay=0,350ms,gain=1,0.5``
        - a preset, with changes: ``preset:large-hall,wet=-12dB``

        A file may be at a URL: ``https://host/hall.wav:channel=3``. An existing file of that very
        name takes precedence.
    rate : int > 0, optional
        sample rate in Hz for builders and presets, which require it; a file keeps its own

    Returns
    -------
    Impulse
        taps (frames, channels), their rate, and the frame at time 0

    Raises
    ------
    FormatError
        If the file does not exist or cannot be read.
    UsageError
        If there is no such builder, preset, parameter or channel, a value is invalid, or a
        builder has no rate.

    Examples
    --------
    >>> load_impulse("double-spike:delay=2S,gain=0.5", rate=48000).taps.ravel()
    array([1. , 0. , 0.5])
    >>> hall = load_impulse("samples/hall.wav")
    >>> hall.taps.shape, hall.rate
    ((66150, 2), 44100)
    """
    return load(os.fspath(ir), rate)[0]


def load(ir: str | Impulse, rate: int | None) -> tuple[Impulse, Ingredient]:
    """Load an impulse response, and identify its source for a recipe.

    Parameters
    ----------
    ir, rate
        as for `load_impulse`; an `Impulse` is returned as it is

    Returns
    -------
    impulse : Impulse
    ingredient : str, Digest, NamedFile, TapsDigest or Joined
        the spec, with a preset expanded, or the digest of the file or of the taps

    Examples
    --------
    >>> load("preset:slapback", 48000)[1]
    'double-spike:delay=110ms,gain=-5dB'
    """
    if isinstance(ir, Impulse):
        return ir, TapsDigest.of(ir)
    ir = _expand_preset(ir)
    if parts := split_join(ir):
        return _load_joined(parts, rate)
    if parsed := parsed_spec(ir):
        if rate is None:
            raise UsageError(
                f"{display_name(ir)} has no rate of its own; pass `rate`, such as `rate=48000`"
            )
        return build(*parsed, rate), ir
    path, options = split_name(ir)
    is_path = path == STANDARD or os.path.lexists(path) or drive_of(path)
    if not is_path and re.fullmatch(SPEC, path):
        hint = _builder_suggestion(ir.partition(":")[0])
        raise UsageError(f"{display_name(ir)} is neither a file nor a builder;{hint}")
    return _load_file(path, options, ir)


def _load_joined(parts: Sequence[str], rate: int | None) -> tuple[Impulse, Ingredient]:
    """Load several impulse responses as one; specs are built at the rate of the files."""
    of_files = bool(impulse_files(parts))
    loaded = load_chain(parts, None if of_files else rate, default=None)
    impulses, ingredients = zip(*loaded, strict=True)
    return channels.join(impulses), Joined(ingredients)


def _load_file(path: str, options: str, ir: str) -> tuple[Impulse, Ingredient]:
    """Load a file with the options in its name."""
    name = kind_of(path, options)
    kind = KINDS[name]
    values = parameters.assignments(options, display_name(ir), kind.example)
    # no option is a time, so none depends on a rate
    given = parameters.arguments(display_name(path), kind.options, values, rate=1)
    with local(path) as found, unchanged(found):
        try:
            response = kind.read(found, **given)
        except ImpulseError as error:
            raise FormatError(f"{display_name(path)}: {error}") from None
        digest = response.digest or file_digest(found)
    if name == OTHER and not options:
        return response.impulse, digest
    return response.impulse, NamedFile(digest, options, name, response.ears)


def load_chain(
    irs: Sequence[str], rate: int | None, *, default: int | None = DEFAULT_RATE
) -> list[tuple[Impulse, Ingredient]]:
    """Load several impulse responses; see `load`.

    Without a rate, specs are built at that of the first file, or at the default.
    """
    refuse_standard_twice(impulse_files(irs))
    places = [at for at, ir in enumerate(irs) if impulse_files([ir])]
    files = dict(zip(places, together(load(irs[at], None) for at in places), strict=True))
    rates = [rate, *(impulse.rate for impulse, _ in files.values()), default]
    common = next((rate for rate in rates if rate is not None), None)
    return together(files.get(at) or load(ir, common) for at, ir in enumerate(irs))


def together(loaded: Iterable[tuple[Impulse, Ingredient]]) -> list[tuple[Impulse, Ingredient]]:
    """Collect impulse responses while they are loaded, as far as they may be in memory together.

    Raises
    ------
    UsageError
        If several have more than `MAX_SAMPLES` samples.
    """
    kept, samples = [], 0
    for impulse, ingredient in loaded:
        kept.append((impulse, ingredient))
        samples += impulse.taps.size
        if len(kept) > 1 and samples > MAX_SAMPLES:
            raise UsageError(
                f"the impulses have {samples} samples together, or more; the limit is "
                f"{MAX_SAMPLES} over all channels; trim them"
            )
    return kept


def build(builder: str, values: dict[str, list[str]], rate: int) -> Impulse:
    """Build an impulse response from the name of a builder and its parameters as text.

    Raises
    ------
    UsageError
        If the builder, a parameter or a value is invalid; the message lists the choices.

    Examples
    --------
    >>> build("double-spike", {"delay": ["2S"], "gain": ["0.5"]}, 48000).taps.ravel()
    array([1. , 0. , 0.5])
    """
    declared = builder_parameters(builder)
    arguments = parameters.arguments(builder, declared, values, rate)
    gains = {p.name: arguments.pop(p.name) for p in MIX if p.name in arguments}
    try:
        built = BUILDERS[builder](rate, **arguments)
        check_samples(built.taps.size)
        impulse = edit.mix(built, **gains)
    except ImpulseError as error:
        raise UsageError(f"{builder}: {as_written(str(error), declared)}") from None
    notes = [*_surprises(builder, declared, values, impulse)]
    return impulse.with_taps(impulse.taps, *notes) if notes else impulse


def as_written(message: str, declared: Sequence[Parameter]) -> str:
    """Return a message that names parameters as a spec writes them: rt60-high, not rt60_high."""
    for parameter in declared:
        message = message.replace(parameter.name, parameter.option)
    return message


def _surprises(
    builder: str, declared: Sequence[Parameter], values: Mapping[str, list[str]], built: Impulse
) -> Iterator[str]:
    """Yield notices of values that were probably meant in another unit."""
    if built.frames > LONG * built.rate:
        yield (
            f"{builder} is {built.frames / built.rate:.0f} s long: a time without a unit is in "
            "seconds; milliseconds are written 350ms"
        )
    gains = {parameter.option for parameter in declared if parameter.unit == "gain"}
    for key, texts in values.items():
        if key.replace("_", "-") in gains:
            yield from filter(None, map(bare_gain_notice, ",".join(texts).split(",")))


def builder_parameters(builder: str) -> list[Parameter]:
    """Return the parameters of a builder, and those common to all builders."""
    return [*parameters.parameters(BUILDERS[known_builder(builder)]), *MIX]


def known_builder(builder: str) -> str:
    """Return the name of a builder, or raise `UsageError` if there is none of that name."""
    if builder not in BUILDERS:
        raise UsageError(f"no builder is named {builder!r};{_builder_suggestion(builder)}")
    return builder


def spec(builder: str, values: Mapping[str, Sequence[str]]) -> str:
    """Format a builder and its parameters as a spec.

    Examples
    --------
    >>> spec("multi-tap", {"delay": ["0", "2S"], "gain": ["1", "0.5"]})
    'multi-tap:delay=0,2S,gain=1,0.5'
    """
    assignments = ",".join(f"{key}={','.join(texts)}" for key, texts in values.items())
    return f"{builder}:{assignments}".rstrip(":")


def parsed_spec(ir: str) -> tuple[str, dict[str, list[str]]] | None:
    """Return the builder and the parameters of a spec or a preset, as text; None for a file.

    Examples
    --------
    >>> parsed_spec("preset:slapback"), parsed_spec("hall.wav")
    (('double-spike', {'delay': ['110ms'], 'gain': ['-5dB']}), None)
    """
    ir = _expand_preset(ir)
    if not _is_spec(ir):
        return None
    builder, _, rest = ir.partition(":")
    return builder, parameters.assignments(rest, display_name(ir))


def impulse_files(irs: Iterable[str | Impulse]) -> list[str]:
    """Return the paths of those impulse responses that are files."""
    files = []
    for ir in irs:
        if not isinstance(ir, str) or _is_spec(_expand_preset(ir)):
            continue
        parts = split_join(ir)
        files += impulse_files(parts) if parts else [split_name(ir)[0]]
    return files


def impulse_name(ir: str | Impulse) -> str:
    """Return the name of an impulse for messages."""
    if not isinstance(ir, str):
        return f"array of {counted(ir.frames, 'frame')}"
    if parts := split_join(ir):
        return join_name(map(impulse_name, parts))
    path, options = split_name(ir)
    return with_options(display_name(path), display_name(options))


def side_notes(
    irs: Sequence[str | Impulse], impulses: Sequence[Impulse], remedy: str = ""
) -> tuple[str, ...]:
    """Note mono files that are a chain, though their names are those of left and right.

    Without a remedy for those who want channels side by side, a join is.
    """
    if len(irs) < 2:
        return ()
    names = [
        ir
        for ir, impulse in zip(irs, impulses, strict=True)
        if isinstance(ir, str) and impulse_files([ir]) and impulse.taps[0].size == 1
    ]
    return tuple(
        f"{' and '.join(map(impulse_name, group))} are a chain here, one behind the other; for "
        f"channels side by side, {remedy or _join_or_confirm(group, impulses)}"
        for group in sides(names)
    )


def _join_or_confirm(group: Sequence[str], impulses: Sequence[Impulse]) -> str:
    mono = all(impulse.taps[0].size == 1 for impulse in impulses)
    rule = "`map='mono'`" if mono else "the `map` of the others"
    return f"name {impulse_name(join_name(group))}; for the chain, pass {rule} to confirm"


def refuse_standard_twice(paths: Iterable[str]) -> None:
    """Raise `UsageError` if standard input is named more than once."""
    if sum(path == STANDARD for path in paths) > 1:
        raise UsageError("standard input is named twice; give one of them as a file")


def check_channel(name: str, channels: int, channel: int | None) -> None:
    """Raise `UsageError` if a channel, counted from 1, does not exist; None stands for all."""
    if channel is not None and not 1 <= channel <= channels:
        raise UsageError(f"channel is {channel}, but {name} has {channels}, counted from 1")


def _is_spec(ir: str) -> bool:
    """Return whether a name is a builder spec; an existing file takes precedence."""
    return not os.path.lexists(ir) and ir.partition(":")[0] in BUILDERS


def _expand_preset(ir: str) -> str:
    """Return the builder spec of a preset, with the given changes; any other name unchanged."""
    kind, _, rest = ir.partition(":")
    if kind != PRESET or os.path.lexists(ir):
        return ir
    preset, _, changes = rest.partition(",")
    if preset not in PRESETS:
        choices = parameters.choices_like(preset, PRESETS)
        raise UsageError(f"no preset is named {preset!r};{choices}")
    builder, _, values = PRESETS[preset].spec.partition(":")
    name = display_name(ir)
    changed = parameters.assignments(changes, name)
    return spec(builder, {**parameters.assignments(values, name), **changed})


def sofa_file(ir: str) -> str | None:
    """Return the path of a SOFA file that is named without one of its responses; else None.

    Examples
    --------
    >>> sofa_file("head.sofa"), sofa_file("head.sofa:azimuth=30"), sofa_file("hall.wav")
    ('head.sofa', None, None)
    """
    path, options = split_name(ir)
    alone = not options and split_join(ir) is None
    return path if alone and kind_of(path, options) == SOFA else None


def _builder_suggestion(word: str) -> str:
    if word in PRESETS:
        return f" it is a preset: write {PRESET}:{word}"
    return f"{parameters.suggestion(word, BUILDERS)} `audioconv ir list` shows them all"
