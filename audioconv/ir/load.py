"""Impulses as people name them.

A file, a direction of a SOFA file (``kemar.sofa:azimuth=30``), a builder spec
(``double-spike:delay=350ms``), or a preset (``preset:large-hall``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from audioconv import parameters
from audioconv.errors import FormatError, UsageError
from audioconv.files import (
    STANDARD,
    Digest,
    Reader,
    carried_recipe,
    display_name,
    file_digest,
)
from audioconv.ir.sofa import read_sofa
from audioconv.parameters import Parameter
from impulses import BUILDERS, PRESETS, Impulse, ImpulseError, edit


class Direction(NamedTuple):
    """One direction of a SOFA file."""

    file: Digest
    place: str


Ingredient: TypeAlias = "str | Digest | Direction"
"""What an impulse was made of: a builder spec, or a file, known by its digest."""

PRESET = "preset"
SOFA = ".sofa"

LEVELS = parameters.parameters(edit.mix)
"""What every builder spec may say besides the builder's own parameters."""

RATE = 48000
"""Hz at which specs are built where nothing has a rate of its own."""

ORIGIN = "origin"
"""Key, in what a file of an impulse tells, of the frame that is its time 0."""

NAME = r"[\w-]+(:(?![\\/]).*)?"
"""What may be meant as the name of a builder; that of a drive is not."""

LONG = 60
"""Seconds of an impulse that are rarely meant."""

MAX_SAMPLES = 2**28
"""Of an impulse file, all channels together: 2 GiB of memory."""


def build(builder: str, values: dict[str, list[str]], rate: int) -> Impulse:
    """Build an impulse from its name and its parameters as written.

    Raises
    ------
    UsageError
        If builder, parameter or value is not one that there is; the choices are named.

    Examples
    --------
    >>> build("double-spike", {"delay": ["2S"], "gain": ["0.5"]}, 48000).taps.ravel()
    array([1. , 0. , 0.5])
    """
    declared = builder_parameters(builder)
    found = parameters.arguments(builder, declared, values, rate)
    levels = {p.name: found.pop(p.name) for p in LEVELS if p.name in found}
    try:
        impulse = edit.mix(BUILDERS[builder](rate, **found), **levels)
    except ImpulseError as error:
        raise UsageError(f"{builder}: {parameters.as_options(str(error), declared)}") from None
    if impulse.frames <= LONG * rate:
        return impulse
    return impulse.with_taps(
        impulse.taps,
        f"{builder} is {impulse.frames / rate:.0f} s long: a time without a unit is in seconds, "
        "milliseconds are written 350ms",
    )


def builder_parameters(builder: str) -> list[Parameter]:
    """Return the parameters of a builder: its own, and those that every builder has."""
    return [*parameters.parameters(BUILDERS[known_builder(builder)]), *LEVELS]


def known_builder(builder: str) -> str:
    """Return the name, or refuse one that is not in `BUILDERS`."""
    if builder.partition(":")[0] in BUILDERS and ":" in builder:
        bare = builder.partition(":")[0]
        raise UsageError(
            f"{builder}: give a builder's parameters as options here, as in "
            f"`audioconv ir build {bare} OUT --delay 350ms`"
        )
    preset = builder.removeprefix(f"{PRESET}:")
    if preset in PRESETS:
        raise UsageError(
            f"{preset} is a preset: use it as --ir {PRESET}:{preset}, or write it to a file with "
            f"`audioconv ir edit {PRESET}:{preset} OUT`"
        )
    if builder not in BUILDERS:
        raise UsageError(f"no builder is named {builder!r};{_meant(builder)}")
    return builder


def load_impulse(ir: str, rate: int | None) -> Impulse:
    """Read an impulse, or build it at the given rate; see `load`."""
    return load(ir, rate)[0]


def load(ir: str, rate: int | None) -> tuple[Impulse, Ingredient]:
    """Read an impulse from a file, or build it from a spec or a preset at the given rate.

    Parameters
    ----------
    ir : str
        a path that exists; a SOFA file and a direction, ``kemar.sofa:azimuth=30,elevation=0``;
        ``name:key=value,key=value``, of which lists are ``key=value,value``; or
        ``preset:name``, of which values can be changed, ``preset:name,key=value``
    rate : int, optional
        for builders; a spec without one is refused

    Returns
    -------
    impulse : Impulse
    ingredient : str, Digest or Direction
        the spec, or what tells the file from every other

    Examples
    --------
    >>> load_impulse("delta:delay=2S", 48000).taps.ravel()
    array([0., 0., 1.])
    """
    ir = _expanded(ir)
    builder, _, rest = ir.partition(":")
    if _is_spec(ir):
        if rate is None:
            raise UsageError(f"{ir} has no rate of its own; pass --rate, such as --rate 48000")
        return build(builder, _assignments(rest, ir), rate), ir
    path, place = _located(ir)
    there = path == STANDARD or os.path.lexists(path)
    if not there and re.fullmatch(NAME, path):
        raise UsageError(f"{display_name(ir)} is neither a file nor a builder;{_meant(builder)}")
    if not path.lower().endswith(SOFA):
        impulse, digest, _ = read(path)
        return impulse, digest
    if not there:
        raise FormatError(f"{display_name(path)} does not exist; check the name")
    declared = parameters.parameters(read_sofa)
    found = parameters.arguments(
        display_name(path), declared, _assignments(place, ir, "azimuth=30"), rate or 1
    )
    return read_sofa(path, **found), Direction(file_digest(path), place)


def told(ingredient: Ingredient) -> str | dict[str, Any]:
    """Return an ingredient as plain data."""
    if isinstance(ingredient, Direction):
        return {**ingredient.file._asdict(), "place": ingredient.place}
    return ingredient if isinstance(ingredient, str) else ingredient._asdict()


def _expanded(ir: str) -> str:
    """Return the spec that a preset stands for, with the values that are given instead."""
    kind, _, rest = ir.partition(":")
    if kind != PRESET or os.path.lexists(ir):
        return ir
    preset, _, changes = rest.partition(",")
    if preset not in PRESETS:
        there = parameters.nearest(preset, list(PRESETS))
        raise UsageError(f"no preset is named {preset!r};{there}")
    builder, _, values = PRESETS[preset].spec.partition(":")
    changed = {**_assignments(values, ir), **_assignments(changes, ir)}
    return spec(builder, changed)


def spec(builder: str, values: Mapping[str, Sequence[str]]) -> str:
    """Write a builder and its values as a spec.

    Examples
    --------
    >>> spec("multi-tap", {"delay": ["0", "2S"], "gain": ["1", "0.5"]})
    'multi-tap:delay=0,2S,gain=1,0.5'
    """
    written = ",".join(f"{key}={','.join(texts)}" for key, texts in values.items())
    return f"{builder}:{written}".rstrip(":")


def _assignments(text: str, whole: str, example: str = "delay=350ms") -> dict[str, list[str]]:
    """Read ``key=value,key=value,value``, in which a value without a key continues a list."""
    values: dict[str, list[str]] = {}
    key = ""
    for item in filter(None, text.split(",")):
        before, equals, value = item.rpartition("=")
        if not (equals or key):
            raise UsageError(f"{item!r} in {whole} is not key=value, such as {example}")
        key = before.strip() if equals else key
        values.setdefault(key, []).append(value)
    return values


def _located(ir: str) -> tuple[str, str]:
    """Part a SOFA file from the direction in it; any other name is all path."""
    path, colon, place = ir.rpartition(":")
    if colon and path.lower().endswith(SOFA) and not os.path.lexists(ir):
        return path, place
    return ir, ""


def read(path: str) -> tuple[Impulse, Digest, dict[str, Any]]:
    """Read a whole file as an impulse, with its digest and how it says it was made.

    Its header may lie about its length.
    """
    blocks, samples = [], 0
    with Reader(path, hashed=True) as reader:
        sound = reader.info
        _refuse_long(path, (sound.frames or 0) * sound.channels)
        for block in reader.blocks(2**16):
            samples += block.size
            _refuse_long(path, samples)
            blocks.append(block)
        digest = reader.digest()
        made = carried_recipe(reader.metadata) or {}
    assert digest is not None  # it has been read to its end
    taps = np.concatenate(blocks).astype(np.float64, copy=False)
    origin = made.get(ORIGIN, 0)
    told = isinstance(origin, int) and 0 <= origin < len(taps)
    return Impulse(taps, sound.rate, origin=origin if told else 0), digest, made


def _refuse_long(path: str, samples: int) -> None:
    if samples > MAX_SAMPLES:
        raise FormatError(
            f"{display_name(path)} has {samples} samples or more; the limit is {MAX_SAMPLES} in "
            "all its channels; trim it"
        )


def load_chain(irs: Sequence[str], rate: int | None) -> list[tuple[Impulse, Ingredient]]:
    """Read or build several impulses; see `load`.

    Without a rate, specs are built at that of the first file, or at `RATE` if there is none.
    """
    refuse_standard_twice(irs)
    files = {at: load(ir, None) for at, ir in enumerate(irs) if not _is_spec(_expanded(ir))}
    rates = [rate, *(impulse.rate for impulse, _ in files.values()), RATE]
    built = next(rate for rate in rates if rate is not None)
    return [files.get(at) or load(ir, built) for at, ir in enumerate(irs)]


def refuse_standard_twice(names: Sequence[str]) -> None:
    """Refuse to read standard input for two things."""
    if list(names).count(STANDARD) > 1:
        raise UsageError("standard input is named twice; give one of them as a file")


def impulse_files(irs: Sequence[str]) -> list[str]:
    """Return the paths of those of the impulses that are files."""
    return [_located(ir)[0] for ir in irs if not _is_spec(_expanded(ir))]


def _is_spec(ir: str) -> bool:
    """Tell a builder spec from a path; a file that is there comes first."""
    return not os.path.lexists(ir) and ir.partition(":")[0] in BUILDERS


def _meant(word: str) -> str:
    if word in PRESETS:
        return f" it is a preset: write {PRESET}:{word}"
    return f"{parameters.meant(word, list(BUILDERS))} `audioconv ir list` shows them all"
