"""Load impulse responses by name.

A name is a sound file, a direction in a SOFA file (``kemar.sofa:azimuth=30``), a builder spec
(``double-spike:delay=350ms``), or a preset (``preset:large-hall``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from audioconv import parameters
from audioconv.errors import FormatError, UsageError, counted
from audioconv.files import (
    STANDARD,
    Digest,
    Reader,
    display_name,
    file_digest,
    recipe_fields,
)
from audioconv.ir.sofa import read_sofa
from audioconv.parameters import Parameter
from impulses import BUILDERS, PRESETS, Impulse, ImpulseError, edit


class Direction(NamedTuple):
    """One response in a SOFA file, and whether it is of the two ears of a head."""

    file: Digest
    place: str
    ears: bool = False


class TapsDigest(NamedTuple):
    """An impulse given as an array: SHA-256 of its taps as float64, shape, rate and origin."""

    taps_sha256: str
    shape: tuple[int, ...]
    rate: int
    origin: int

    @classmethod
    def of(cls, impulse: Impulse) -> TapsDigest:
        """Identify an impulse by its taps."""
        data = impulse.taps.astype("<f8", copy=False).tobytes()
        digest = sha256(data).hexdigest()
        return cls(digest, impulse.taps.shape, impulse.rate, impulse.origin)


Ingredient: TypeAlias = "str | Digest | Direction | TapsDigest"
"""Source of an impulse response: a builder spec, a file or an array identified by its digest."""

PRESET = "preset"
SOFA = ".sofa"

MIX = parameters.parameters(edit.mix)
"""Parameters that every builder spec takes besides the builder's own: dry and wet."""

DEFAULT_RATE = 48000
"""Sample rate in Hz of builder specs if no file sets one."""

ORIGIN = "origin"
"""Recipe key of the frame at time 0."""

SPEC = r"[\w-]+(:(?![\\/]).*)?"
"""Names that may be misspelt builder specs; ``C:\\hall.wav`` is not one."""

LONG = 60
"""Seconds above which the length of a built impulse response is probably a mistake."""

MAX_SAMPLES = 2**28
"""Largest number of samples in a file, over all channels: 2 GiB of memory."""


def load_impulse(ir: str | os.PathLike[str], rate: int | None = None) -> Impulse:
    """Load an impulse response (IR) from a file, or build it from a spec or a preset.

    Parameters
    ----------
    ir : str or path-like
        - a sound file: ``hall.wav``
        - a direction in a SOFA file: ``kemar.sofa:azimuth=30,elevation=0``; or a response by
          number: ``room.sofa:listener=2``, ``emitter=1``, ``index=1``
        - a builder and its parameters: ``double-spike:delay=350ms,gain=-6dB``;
          for a list, ``multi-tap:delay=0,350ms,gain=1,0.5``
        - a preset, with changes: ``preset:large-hall,wet=-12dB``

        An existing file takes precedence over a builder of the same name.
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
        If there is no such builder, preset or parameter, a value is invalid, or a builder has
        no rate.

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
    ingredient : str, Digest, Direction or TapsDigest
        the spec, with a preset expanded, or the digest of the file or of the taps

    Examples
    --------
    >>> load("preset:slapback", 48000)[1]
    'double-spike:delay=110ms,gain=-5dB'
    """
    if isinstance(ir, Impulse):
        return ir, TapsDigest.of(ir)
    ir = _expand_preset(ir)
    if _is_spec(ir):
        if rate is None:
            raise UsageError(f"{ir} has no rate of its own; pass `rate`, such as `rate=48000`")
        builder, _, rest = ir.partition(":")
        return build(builder, _parse_assignments(rest, ir), rate), ir
    path, direction = _split_direction(ir)
    exists = path == STANDARD or os.path.lexists(path)
    if not exists and re.fullmatch(SPEC, path):
        hint = _builder_suggestion(ir.partition(":")[0])
        raise UsageError(f"{display_name(ir)} is neither a file nor a builder;{hint}")
    if not path.lower().endswith(SOFA):
        impulse, digest, _ = read_file(path)
        return impulse, digest
    values = _parse_assignments(direction, ir, "azimuth=30")
    arguments = parameters.arguments(
        display_name(path), parameters.parameters(read_sofa), values, rate or 1
    )
    response = read_sofa(path, **arguments)
    return response.impulse, Direction(file_digest(path), direction, response.ears)


def load_chain(irs: Sequence[str], rate: int | None) -> list[tuple[Impulse, Ingredient]]:
    """Load several impulse responses; see `load`.

    Without a rate, specs are built at that of the first file, or at `DEFAULT_RATE`.
    """
    refuse_standard_twice(irs)
    files = {at: load(ir, None) for at, ir in enumerate(irs) if not _is_spec(_expand_preset(ir))}
    rates = [rate, *(impulse.rate for impulse, _ in files.values()), DEFAULT_RATE]
    common = next(rate for rate in rates if rate is not None)
    return [files.get(at) or load(ir, common) for at, ir in enumerate(irs)]


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
        impulse = edit.mix(BUILDERS[builder](rate, **arguments), **gains)
    except ImpulseError as error:
        message = str(error)
        for parameter in declared:  # as a spec writes them: rt60-high, not rt60_high
            message = message.replace(parameter.name, parameter.option)
        raise UsageError(f"{builder}: {message}") from None
    if impulse.frames <= LONG * rate:
        return impulse
    return impulse.with_taps(
        impulse.taps,
        f"{builder} is {impulse.frames / rate:.0f} s long: a time without a unit is in seconds; "
        "milliseconds are written 350ms",
    )


def builder_parameters(builder: str) -> list[Parameter]:
    """Return the parameters of a builder, and those common to all builders."""
    return [*parameters.parameters(BUILDERS[known_builder(builder)]), *MIX]


def known_builder(builder: str) -> str:
    """Return the name of a builder, or raise `UsageError` if there is none of that name."""
    if builder not in BUILDERS:
        raise UsageError(f"no builder is named {builder!r};{_builder_suggestion(builder)}")
    return builder


def ingredient_data(ingredient: Ingredient) -> str | dict[str, Any]:
    """Return an ingredient as plain data, for a recipe."""
    if isinstance(ingredient, Direction):
        return {**ingredient.file._asdict(), "place": ingredient.place}  # `ears` follows from these
    return ingredient if isinstance(ingredient, str) else ingredient._asdict()


def spec(builder: str, values: Mapping[str, Sequence[str]]) -> str:
    """Format a builder and its parameters as a spec.

    Examples
    --------
    >>> spec("multi-tap", {"delay": ["0", "2S"], "gain": ["1", "0.5"]})
    'multi-tap:delay=0,2S,gain=1,0.5'
    """
    assignments = ",".join(f"{key}={','.join(texts)}" for key, texts in values.items())
    return f"{builder}:{assignments}".rstrip(":")


def read_file(path: str) -> tuple[Impulse, Digest, dict[str, Any]]:
    """Read a sound file as an impulse response, with its digest and its recipe."""
    blocks, samples = [], 0
    with Reader(path, hashed=True) as reader:
        sound = reader.info
        _check_size(path, (sound.frames or 0) * sound.channels)
        for block in reader.blocks():
            samples += block.size
            _check_size(path, samples)  # the header may be wrong, or not state the length
            blocks.append(block)
        digest = reader.digest()
        recipe = recipe_fields(reader.metadata) or {}
    assert digest is not None  # the file was read to its end
    taps = np.concatenate(blocks).astype(np.float64, copy=False)
    origin = recipe.get(ORIGIN, 0)
    valid = isinstance(origin, int) and 0 <= origin < len(taps)
    return Impulse(taps, sound.rate, origin=origin if valid else 0), digest, recipe


def impulse_files(irs: Iterable[str | Impulse]) -> list[str]:
    """Return the paths of those impulse responses that are files."""
    names = (ir for ir in irs if isinstance(ir, str))
    return [_split_direction(ir)[0] for ir in names if not _is_spec(_expand_preset(ir))]


def impulse_name(ir: str | Impulse) -> str:
    """Return the name of an impulse for messages."""
    return display_name(ir) if isinstance(ir, str) else f"array of {counted(ir.frames, 'frame')}"


def refuse_standard_twice(names: Iterable[str | Impulse]) -> None:
    """Raise `UsageError` if standard input is named more than once."""
    if sum(name == STANDARD for name in names) > 1:
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
    return spec(builder, {**_parse_assignments(values, ir), **_parse_assignments(changes, ir)})


def _parse_assignments(text: str, ir: str, example: str = "delay=350ms") -> dict[str, list[str]]:
    """Parse ``key=value,key=value,value``; a value without a key extends the list before it."""
    values: dict[str, list[str]] = {}
    key = ""
    for item in filter(None, text.split(",")):
        before, equals, value = item.rpartition("=")
        if not (equals or key):
            raise UsageError(f"{item!r} in {ir} is not key=value, such as {example}")
        key = before.strip() if equals else key
        values.setdefault(key, []).append(value)
    return values


def sofa_file(ir: str) -> str | None:
    """Return the path of a SOFA file that is named without one of its responses; else None.

    Examples
    --------
    >>> sofa_file("head.sofa"), sofa_file("head.sofa:azimuth=30"), sofa_file("hall.wav")
    ('head.sofa', None, None)
    """
    path, direction = _split_direction(ir)
    return path if path.lower().endswith(SOFA) and not direction else None


def _split_direction(ir: str) -> tuple[str, str]:
    """Split the path of a SOFA file from the direction; any other name is all path."""
    path, colon, direction = ir.rpartition(":")
    if colon and path.lower().endswith(SOFA) and not os.path.lexists(ir):
        return path, direction
    return ir, ""


def _check_size(path: str, samples: int) -> None:
    if samples > MAX_SAMPLES:
        raise FormatError(
            f"{display_name(path)} has {samples} samples or more; the limit is {MAX_SAMPLES} over "
            "all channels; trim it"
        )


def _builder_suggestion(word: str) -> str:
    if word in PRESETS:
        return f" it is a preset: write {PRESET}:{word}"
    return f"{parameters.suggestion(word, BUILDERS)} `audioconv ir list` shows them all"
