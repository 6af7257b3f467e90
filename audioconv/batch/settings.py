"""How a batch pairs, draws, names and lists, as plain data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

from audioconv.errors import UsageError
from audioconv.parameters import CHOICE, OUTPUT, RARE, validate
from audioconv.units import parse_stems

NAME, NAME_OF_REPLICA = "{stem}_{ir}.wav", "{stem}_{ir}_{replica}.wav"
"""Default names, of one replica and of several."""

SHARD = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a batch pairs, draws, names and lists.

    Parameters
    ----------
    pairs : {"all", "zip", "random"}
        how inputs meet impulses. all: every input with every impulse; zip: the first input with
        the first impulse, and so on; random: every input with one that is drawn
    replicas : int > 0
        outputs of each pair, or draws for each input. Drawn impulses differ as long as there are
        others
    root : str
        folder that the paths in lists of inputs are relative to, and below which the tree is kept;
        by default that of each list
    seed : int >= 0
        seed of all draws. Each follows from it and from what the input is called, so that other
        inputs, and their order, do not matter
    name : str
        name of each output, below the folder that the input has: {stem}, {suffix} and {id} of
        the input, {ir} and {hash} of the impulse, {replica}, {split}, {room}, or a column of the
        list; by default {stem}_{ir}.wav, with {replica} if there are several, and with the suffix
        of the format
    allow_leakage : bool
        accept an input, or impulses of one room, in two splits
    fail_fast : bool
        stop at the first file that fails
    kaldi : bool
        also write wav.scp and reco2dur, for Kaldi
    lhotse : bool
        also write recordings.jsonl, for Lhotse
    shard : str
        do only the i-th of n parts, such as 1/8; which part an output is in follows from its name
    stems : str
        targets for training beside each output, such as early=50ms,late,dry. early is up to that
        time after the direct sound, by default 50 ms; late the rest; dry the sound itself, at the
        time of the direct sound. All are aligned with the output, and have its gain

    Raises
    ------
    UsageError
        If a value has the wrong type, or is out of range.

    Examples
    --------
    >>> Settings().template, Settings(replicas=2).template
    ('{stem}_{ir}.wav', '{stem}_{ir}_{replica}.wav')
    """

    pairs: Literal["all", "zip", "random"] = field(default="all", metadata=CHOICE)
    replicas: int = field(default=1, metadata=CHOICE)
    root: Annotated[str, "folder"] | None = field(default=None, metadata=CHOICE | RARE)
    seed: int = field(default=0, metadata=CHOICE)
    name: Annotated[str, "template"] | None = field(default=None, metadata=OUTPUT)
    allow_leakage: bool = field(default=False, metadata=CHOICE | RARE)
    fail_fast: bool = field(default=False, metadata=CHOICE | RARE)
    kaldi: bool = field(default=False, metadata=OUTPUT | RARE)
    lhotse: bool = field(default=False, metadata=OUTPUT | RARE)
    shard: Annotated[str, "shard"] | None = field(default=None, metadata=CHOICE | RARE)
    stems: Annotated[str, "stems"] | None = field(default=None, metadata=OUTPUT)

    def __post_init__(self) -> None:
        validate(self)
        if self.replicas < 1:
            raise UsageError(f"`replicas` is {self.replicas}; it must be at least 1")
        if self.seed < 0:
            raise UsageError(f"`seed` is {self.seed}; it must be 0 or more")
        if self.shard is not None:
            parse_shard(self.shard)
        if self.stems is not None:
            parse_stems(self.stems)

    @property
    def template(self) -> str:
        """The name of each output, with its fields."""
        return self.name or (NAME if self.replicas == 1 else NAME_OF_REPLICA)


def parse_shard(text: str) -> tuple[int, int]:
    """Return the number of a part, from 1, and the number of all parts.

    Examples
    --------
    >>> parse_shard("2/8")
    (2, 8)
    """
    found = SHARD.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise UsageError(f"`shard` is {text!r}; it must be i/n with i from 1 to n, such as 1/8")
    return int(found[1]), int(found[2])
