"""Impulses as people name them: a file, or a builder spec such as ``double-spike:delay=350ms``."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from audioconv.errors import FormatError, UsageError
from audioconv.files import STANDARD, Digest, Path, Reader, name
from audioconv.parameters import parameters
from impulses import BUILDERS, Impulse, ImpulseError

Ingredient: TypeAlias = "str | Digest"
"""What an impulse was made of: a builder spec, or a file, known by its digest."""

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
    known = {p.option: p for p in parameters(BUILDERS[known_builder(builder)])}
    arguments: dict[str, Any] = {}
    for key, texts in values.items():
        parameter = known.get(key.replace("_", "-"))
        if parameter is None:
            raise UsageError(f"{builder} has no parameter {key!r};{_nearest(key, list(known))}")
        if len(texts) > 1 and not parameter.many:
            raise UsageError(f"{builder} takes one {key}, but {len(texts)} are given")
        try:
            parsed = [parameter.parse(text, rate) for text in texts]
        except UsageError as error:
            raise UsageError(f"{builder} {key}: {error}") from None
        arguments[parameter.name] = parsed if parameter.many else parsed[0]
    try:
        return BUILDERS[builder](rate, **arguments)
    except ImpulseError as error:
        raise UsageError(f"{builder}: {error}") from None


def known_builder(builder: str) -> str:
    """Return the name, or refuse one that is not in `BUILDERS`."""
    if builder.partition(":")[0] in BUILDERS and ":" in builder:
        bare = builder.partition(":")[0]
        raise UsageError(
            f"{builder}: give a builder's parameters as options here, as in "
            f"`audioconv ir build {bare} OUT --delay 350ms`"
        )
    if builder not in BUILDERS:
        raise UsageError(f"no builder is named {builder!r};{_nearest(builder, list(BUILDERS))}")
    return builder


def load_impulse(ir: str, rate: int | None) -> Impulse:
    """Read an impulse from a file, or build it from a spec at the given rate; see `load`."""
    return load(ir, rate)[0]


def load(ir: str, rate: int | None) -> tuple[Impulse, Ingredient]:
    """Read an impulse from a file, or build it from a spec at the given rate.

    Parameters
    ----------
    ir : str
        a path that exists, or ``name:key=value,key=value``; a key may come more than once
    rate : int, optional
        for builders; a spec without one is refused

    Returns
    -------
    impulse : Impulse
    ingredient : str or Digest
        the spec, or what tells the file from every other

    Examples
    --------
    >>> load_impulse("delta:delay=2S", 48000).taps.ravel()
    array([0., 0., 1.])
    """
    builder, _, rest = ir.partition(":")
    if not _is_spec(ir):
        if ir != STANDARD and not os.path.lexists(ir) and re.fullmatch(r"[\w-]+(:.*)?", ir):
            raise UsageError(
                f"{name(ir)} is neither a file nor a builder;{_nearest(builder, list(BUILDERS))}"
            )
        return _read(ir)
    if rate is None:
        raise UsageError(f"{ir} has no rate of its own; pass --rate, such as --rate 48000")
    values: dict[str, list[str]] = {}
    for assignment in filter(None, rest.split(",")):
        key, equals, value = assignment.partition("=")
        if not equals:
            raise UsageError(f"{assignment!r} in {ir} is not key=value, such as delay=350ms")
        values.setdefault(key.strip(), []).append(value)
    return build(builder, values, rate), ir


def _read(path: Path) -> tuple[Impulse, Digest]:
    """Read an impulse file, of which the header may lie about its length."""
    blocks, samples = [], 0
    with Reader(path, hashed=True) as reader:
        sound = reader.sound
        _refuse_long(path, (sound.frames or 0) * sound.channels)
        for block in reader.blocks(2**16):
            samples += block.size
            _refuse_long(path, samples)
            blocks.append(block)
        digest = reader.digest()
    assert digest is not None  # it has been read to its end
    return Impulse(np.concatenate(blocks).astype(np.float64, copy=False), sound.rate), digest


def _refuse_long(path: Path, samples: int) -> None:
    if samples > MAX_SAMPLES:
        raise FormatError(
            f"impulse {name(path)} has {samples} samples or more; the limit is {MAX_SAMPLES} in "
            "all its channels; trim it"
        )


def impulse_files(irs: Sequence[str]) -> list[Path]:
    """Return those of the impulses that are files."""
    return [ir for ir in irs if not _is_spec(ir)]


def _is_spec(ir: str) -> bool:
    """Tell a builder spec from a path; a file that is there comes first."""
    return not os.path.lexists(ir) and ir.partition(":")[0] in BUILDERS


def _nearest(word: str, choices: list[str]) -> str:
    """List the choices, the nearest first as a question."""
    import difflib  # late, as most names are right

    near = difflib.get_close_matches(word, choices, 1)
    meant = f" did you mean {near[0]!r}?" if near else ""
    return f"{meant} there are {', '.join(choices)}"
