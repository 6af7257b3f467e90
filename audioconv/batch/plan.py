"""All tasks of a batch, as plain data: it pickles, and goes to JSON and back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from audioconv.batch.collisions import check_outputs
from audioconv.batch.inputs import find_inputs
from audioconv.batch.items import at_home
from audioconv.batch.misleading import misleading
from audioconv.batch.outputs import output_name, stem_outputs, template_of
from audioconv.batch.pairs import Pair, paired
from audioconv.batch.pool import find_impulses
from audioconv.batch.rows import files_of_rows
from audioconv.batch.settings import Settings
from audioconv.batch.splits import refuse_leakage
from audioconv.errors import UsageError
from audioconv.files import STANDARD, display_name
from audioconv.files.formats import MAX_RATE
from audioconv.job import Options
from audioconv.render.checks import check_options
from audioconv.render.notices import Notices
from audioconv.render.prepare import check_gain
from audioconv.units import early_frames, parse_length, parse_stems
from audioconv.urls import is_url, public_name


@dataclass(frozen=True)
class Task:
    """One output to be made.

    Parameters
    ----------
    output : str
        its path below the folder of all outputs, with slashes
    input : str
        absolute path, or a URL
    identity : str
        of the input: what draws depend on
    impulse : str
        as `--ir` reads it: a spec, or an absolute path
    replica : int
    seed : int
        of the batch
    split, room : str or None
    columns : dict
        what a list says of the input
    replaces : sequence of str
        those of its files that are replaced, as a batch has made them
    stems : str or None
        what is written beside it, as in the settings
    """

    output: str
    input: str
    identity: str
    impulse: str
    replica: int
    seed: int
    split: str | None = None
    room: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    replaces: Sequence[str] = field(default_factory=list)
    stems: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it; of URLs, what is public."""
        public = {"input": public_name(self.input), "impulse": public_name(self.impulse)}
        return {**asdict(self), **public}

    @property
    def outputs(self) -> list[str]:
        """Paths of all sounds that it makes, the output last."""
        return [*stem_outputs(self.output, self.stems).values(), self.output]


@dataclass(frozen=True)
class Plan:
    """What a batch does.

    Parameters
    ----------
    into : str
        folder of all outputs, an absolute path
    options : Options
        as for one file
    settings : Settings
    tasks : tuple of Task
        in the order of the rows
    notices : tuple of str
        what may mislead in what is named
    """

    into: str
    options: Options
    settings: Settings
    tasks: tuple[Task, ...]
    notices: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it; of URLs, what is public."""
        root = self.settings.root
        public = {"root": None if root is None else public_name(root)}
        return {
            "into": self.into,
            "options": asdict(self.options),
            "settings": {**asdict(self.settings), **public},
            "tasks": [task.as_json() for task in self.tasks],
            "notices": [*self.notices],
        }

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Plan:
        """Return a plan from what `as_json` returned.

        Raises
        ------
        KeyError, TypeError, UsageError
            If it is no plan.
        """
        return cls(
            read["into"],
            Options(**read["options"]),
            Settings(**read["settings"]),
            tuple(Task(**task) for task in read["tasks"]),
            tuple(read["notices"]),
        )


def make_plan(
    inputs: Sequence[str],
    impulses: Sequence[str],
    into: str,
    options: Options,
    settings: Settings,
) -> Plan:
    """Find all inputs and impulses, pair them, draw, and name the outputs.

    Nothing is written, and no sound is read: a file that cannot be read fails alone, later.

    Parameters
    ----------
    inputs : sequence of str
        files, folders, patterns, lists
    impulses : sequence of str
        the same, and builder specs, also with ranges
    into : str
        folder of all outputs, which need not exist
    options : Options
    settings : Settings

    Raises
    ------
    UsageError
        If a name leads nowhere, outputs collide, or a split leaks into another.
    FormatError
        If a folder or a list cannot be read.
    AudioconvError
        If there is a notice, under `strict`.
    """
    _check(options, settings)
    into = os.path.abspath(_folder(into))
    items = find_inputs(inputs, into, settings.root)
    pool = find_impulses(impulses, into)
    pairs = [*paired(items, pool, settings)]
    if not settings.allow_leakage:
        refuse_leakage(pairs)
    template = template_of(settings, options)
    named = [(output_name(template, pair), pair) for pair in pairs]
    every = [
        (name, pair)
        for output, pair in named
        for name in (output, *stem_outputs(output, settings.stems).values())
    ]
    check_outputs(into, every, files_of_rows(settings), template, options)
    tasks = tuple(_task(output, pair, settings) for output, pair in named)
    notices = Notices(options.strict)
    notices.add(*misleading(items, pool, pairs, settings))
    return Plan(into, options, settings, tasks, tuple(notices.given))


def _check(options: Options, settings: Settings) -> None:
    """Raise if options are wrong for every file."""
    check_options(options)
    check_gain(options.ir_gain)
    parse_length(options.length, MAX_RATE)
    for stem in parse_stems(settings.stems) if settings.stems else ():
        early_frames(stem.time, MAX_RATE)


def _folder(into: str) -> str:
    """Return the folder of all outputs, or raise if there can be none."""
    if into in ("", STANDARD):
        raise UsageError("the outputs of a batch need a folder; name one")
    if is_url(into):
        raise UsageError(
            f"{display_name(into)} is a URL, but several runs share the folder of a batch by files "
            "that only one of them can make, which is not to be had there; name a folder here, "
            "and copy it"
        )
    into = at_home(into)
    if os.path.lexists(into) and not os.path.isdir(into):
        raise UsageError(f"{display_name(into)} is no folder; name one for the outputs")
    return into


def _task(output: str, pair: Pair, settings: Settings) -> Task:
    item, impulse = pair.item, pair.impulse
    split = item.split if item.split is not None else impulse.split
    return Task(
        output,
        item.path,
        item.identity,
        pair.ir,
        pair.replica,
        settings.seed,
        split,
        impulse.room,
        dict(item.columns),
        stems=settings.stems,
    )
