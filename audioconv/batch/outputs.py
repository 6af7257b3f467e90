"""Names of outputs, from a template."""

from __future__ import annotations

import os
import posixpath
import re
import string
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from audioconv.batch.pairs import Pair
from audioconv.batch.settings import Settings
from audioconv.errors import UsageError
from audioconv.files import SUFFIXES, display_name, usual_suffix
from audioconv.files.reserved import FORBIDDEN
from audioconv.ir.kinds import KINDS
from audioconv.ir.load import PRESET, parsed_spec
from audioconv.job import Options
from audioconv.parameters import choices_like
from audioconv.units import Stem, parse_stems
from audioconv.urls import address, is_url, public_name

LONGEST = 60
"""Characters of the name of an impulse within that of an output."""

_SUFFIXES = [*SUFFIXES, *(one[1:] for kind in KINDS.values() for one in kind.suffixes)]
_SUFFIX = re.compile(rf"\.({'|'.join(_SUFFIXES)})(?=$|[:,])", re.IGNORECASE)
"""Suffix of a sound or an impulse, before options or the next file of a join."""

DIGITS = 8
"""Digits of the hash of an impulse within the name of an output."""

FIELDS: dict[str, Callable[[Pair], Any]] = {
    "stem": lambda pair: _own_name(pair.item.path).stem,
    "suffix": lambda pair: _own_name(pair.item.path).suffix,
    "id": lambda pair: name_field(pair.item.identity),
    "ir": lambda pair: impulse_field(pair.impulse.identity),
    "hash": lambda pair: _hash(address(pair.ir)),
    "replica": lambda pair: pair.replica,
    "split": lambda pair: _safe(pair.item.split or pair.impulse.split),
    "room": lambda pair: _safe(pair.impulse.room),
}
"""What may stand in braces in the name of an output, besides columns of the list."""


def template_of(settings: Settings, options: Options) -> str:
    """Return the name of each output with its fields; a format sets the suffix of the default.

    Examples
    --------
    >>> template_of(Settings(), Options(format="flac"))
    '{stem}_{ir}.flac'
    >>> template_of(Settings(name="{id}.wav"), Options(format="flac"))
    '{id}.wav'
    """
    if settings.name or options.format is None:
        return settings.template
    form, subtype = options.format.upper(), (options.subtype or "").upper()
    suffix = usual_suffix(form, subtype) or form.lower()
    return f"{settings.template.removesuffix('.wav')}.{suffix}"


def output_name(template: str, pair: Pair) -> str:
    """Return the path of an output below the folder of all, with slashes.

    Raises
    ------
    UsageError
        If the template has an unknown field, or leads out of the folder.

    Examples
    --------
    >>> from audioconv.batch.items import Item
    >>> pair = Pair(Item("a/x.wav", "/in/a/x.wav", "a"), Item("hall.wav", "/hall.wav"), "", 2)
    >>> output_name("{stem}_{ir}_{replica:02}.wav", pair)
    'a/x_hall_02.wav'
    """
    columns = {name: _safe(value) for name, value in pair.item.columns.items()}
    name = "".join(
        literal if field is None else literal + _filled(field, form or "", pair, columns, template)
        for literal, field, form in _parsed(template)
    )
    path = posixpath.join(pair.item.place, name.replace("\\", "/") if os.name == "nt" else name)
    if any(part in ("", ".", "..") for part in path.split("/")) or os.path.splitdrive(path)[0]:
        raise UsageError(
            f"the output {display_name(path)} is not below the folder of the outputs; give another "
            "`name`"
        )
    return path


def fields_of(template: str) -> set[str]:
    """Return the fields of a template.

    Examples
    --------
    >>> sorted(fields_of("{stem}_{replica:02}.wav"))
    ['replica', 'stem']
    """
    return {field for _, field, _ in _parsed(template) if field}


def stem_outputs(output: str, stems: str | None) -> dict[Stem, str]:
    """Return the path of each stem of an output, beside it.

    Examples
    --------
    >>> [*stem_outputs("a/x_hall.wav", "early=80ms,dry").values()]
    ['a/x_hall_early.wav', 'a/x_hall_dry.wav']
    """
    return {stem: stem_output(output, stem.name) for stem in parse_stems(stems)} if stems else {}


def stem_output(output: str, stem: str) -> str:
    """Return the path of one stem of an output.

    Examples
    --------
    >>> stem_output("a/x_hall.wav", "dry")
    'a/x_hall_dry.wav'
    """
    root, suffix = posixpath.splitext(output)
    return f"{root}_{stem}{suffix}"


def impulse_field(identity: str) -> str:
    """Return the name of an impulse as a part of the name of an output.

    Examples
    --------
    >>> impulse_field("a/hall.wav"), impulse_field("hall.wav:channel=2"), impulse_field("delta")
    ('a-hall', 'hall-channel=2', 'delta')
    >>> impulse_field("double-spike:delay=9ms"), impulse_field("shoebox:rt60=0.2..0.8")
    ('double-spike-delay=9ms', 'shoebox')
    >>> impulse_field("preset:slapback")
    'slapback'
    """
    if not parsed_spec(identity):
        safe = name_field(identity)
    else:  # of what is drawn, every replica has other values
        text = identity.partition(":")[0] if ".." in identity else identity
        safe = _safe(text.removeprefix(f"{PRESET}:"))
    if len(safe) <= LONGEST:
        return safe
    return f"{safe[: LONGEST - DIGITS - 1]}-{_hash(identity)}"


def name_field(identity: str) -> str:
    """Return what a file is called as a part of the name of another, without suffixes of sounds.

    Examples
    --------
    >>> name_field("a/x.wav"), name_field("/far/away/x.flac"), name_field("speaker.1")
    ('a-x', 'x', 'speaker.1')
    """
    path = PurePath(identity)
    text = path.name if path.is_absolute() or ".." in path.parts else identity
    return str(_safe(_SUFFIX.sub("", text)))


def _parsed(template: str) -> list[tuple[str, str | None, str | None]]:
    try:
        parts = [*string.Formatter().parse(template)]
    except ValueError as error:
        raise UsageError(f"`name` is {template!r}: {error}") from None
    if any(conversion for *_, conversion in parts):
        raise UsageError(f"`name` is {template!r}; leave out the conversion behind the !")
    return [(literal, field, form) for literal, field, form, _ in parts]


def _filled(field: str, form: str, pair: Pair, columns: Mapping[str, Any], template: str) -> str:
    """Return the text for a field of a template."""
    if field in FIELDS:
        value = FIELDS[field](pair)
    elif field in columns:
        value = columns[field]
    else:
        there = choices_like(field, [*dict.fromkeys([*FIELDS, *columns])])
        raise UsageError(f"`name` is {template!r}, but there is no field {field!r};{there}")
    if value in (None, "") and field != "suffix":
        raise UsageError(
            f"`name` is {template!r}, but {display_name(pair.item.identity)} has no {field}"
        )
    try:
        return format(value, form)
    except ValueError as error:
        raise UsageError(f"`name` is {template!r}: {error}") from None


def _safe(value: Any) -> Any:
    """Return text that can be a part of a name everywhere; numbers as they are."""
    if value is None or isinstance(value, int | float):
        return value
    text = str(value).replace(os.sep, "-").replace("/", "-").replace("\\", "-")
    return "".join("-" if one in FORBIDDEN or not one.isprintable() else one for one in text)


def _own_name(path: str) -> PurePath:
    """Return a path; of a URL, its last part, as a name that is valid everywhere."""
    return PurePath(_safe(PurePath(public_name(path)).name) if is_url(path) else path)


def _hash(name: str) -> str:
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
