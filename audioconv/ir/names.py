"""Names of impulse responses: the file in a name, its options, and the files of a join.

``hall.wav:channel=3`` is a file with options behind its last colon, ``join:L.wav,R.wav`` several
files. A file of that very name takes precedence. Within ``join:``, a comma that belongs to a name
is written twice.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from audioconv.errors import UsageError
from audioconv.files.formats import STANDARD, display_name, escape
from audioconv.urls import public_name

JOIN = "join"

OPTIONS = r"[^\\/]*"
"""What may stand behind the colon of a file that exists; not a path, as in ``C:\\hall.wav``."""

ASSIGNMENT = r"\s*[\w-]+\s*=[^\\/]*"

CONTINUATION = rf"(?:{ASSIGNMENT}|\s*\d+\s*)"
"""What continues the options of the file before it in a join: a number, or another option."""

SOFA = ".sofa"
"""Suffix of the files whose responses are chosen by direction."""

SIDES = (("l", "r"), ("left", "right"), ("ll", "lr", "rl", "rr"))
"""Words that tell the files of one impulse apart."""

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z]+")
"""A word in a name such as ``hall_L`` or ``HallLeft``, or what is between words."""


def split_name(ir: str) -> tuple[str, str]:
    r"""Split the name of a file from its options.

    Parameters
    ----------
    ir : str
        a path, or a path, a colon and options

    Returns
    -------
    path, options : str
        no options if a file has the whole name

    Examples
    --------
    >>> split_name("head.sofa:azimuth=30,elevation=0"), split_name("hall.wav")
    (('head.sofa', 'azimuth=30,elevation=0'), ('hall.wav', ''))
    >>> split_name("C:\\hall.wav:channel=1"), split_name("C:\\hall.wav")
    (('C:\\hall.wav', 'channel=1'), ('C:\\hall.wav', ''))
    """
    if os.path.lexists(ir):
        return ir, ""
    drive = drive_of(ir)
    rest = ir.removeprefix(drive)
    for colon in reversed([*re.finditer(":", rest)]):
        path, options = drive + rest[: colon.start()], rest[colon.end() :]
        exists = path == STANDARD or os.path.lexists(path)
        if exists and re.fullmatch(OPTIONS, options):
            return path, options
    path, colon_found, options = rest.rpartition(":")
    if colon_found and (re.fullmatch(ASSIGNMENT, options) or path.lower().endswith(SOFA)):
        return drive + path, options
    return ir, ""


def drive_of(ir: str) -> str:
    """Return the drive or the share that a path on Windows begins with, as ``C:hall.wav`` does."""
    drive = os.path.splitdrive(ir)[0]
    return "" if drive == f"{STANDARD}:" else drive  # standard input, with options


def with_options(path: str, options: str) -> str:
    """Return the name of a file with options; `split_name` parses it."""
    return f"{path}:{options}" if options else path


def example_name(path: str, **options: object) -> str:
    """Return the name of a file with those options that have a value, for the remedy of a message.

    Examples
    --------
    >>> example_name("taps.csv", rate=48000, channel=None, channels=(1, 2))
    'taps.csv:rate=48000,channels=1,2'
    """
    texts = (
        f"{key}={','.join(map(str, value)) if isinstance(value, tuple) else value}"
        for key, value in options.items()
        if value not in (None, ())
    )
    return with_options(path if path == STANDARD else display_name(path), escape(",".join(texts)))


def split_join(ir: str) -> list[str] | None:
    """Return the names of the files of a join; None for any other name.

    Raises
    ------
    UsageError
        If there are fewer than two.

    Examples
    --------
    >>> split_join("join:L.wav,R.wav"), split_join("hall.wav")
    (['L.wav', 'R.wav'], None)
    >>> split_join("join:a,,b.wav,taps.txt:rate=48000,channels=1,2")
    ['a,b.wav', 'taps.txt:rate=48000,channels=1,2']
    """
    kind, colon, rest = ir.partition(":")
    if kind != JOIN or not colon or os.path.lexists(ir):
        return None
    names: list[str] = []
    for piece in rest.replace(",,", "\0").split(","):  # no path holds a NUL
        part = piece.replace("\0", ",")
        if names and _continues(part, names[-1]):
            names[-1] += f",{part}"
        else:
            names.append(part)
    if len(names) < 2 or not all(names):
        raise UsageError(
            f"{display_name(ir)} does not name two files or more, such as {JOIN}:L.wav,R.wav; a "
            "comma within a name is written twice"
        )
    return names


def join_name(names: Iterable[str]) -> str:
    """Return the name of several files as one impulse, which `split_join` parses.

    A name that would be taken for an option of the one before, or that begins with a comma, becomes
    a path that begins with the folder.

    Examples
    --------
    >>> join_name(["L.wav", "a,b.wav:channels=1,2"])
    'join:L.wav,a,,b.wav:channels=1,2'
    """
    return f"{JOIN}:{','.join(map(_escaped, names))}"


def short_name(ir: str) -> str:
    """Return a name without the folders of its files.

    Examples
    --------
    >>> short_name("rooms/hall.wav:channel=3"), short_name("join:a/L.wav,a/R.wav")
    ('hall.wav:channel=3', 'join:L.wav,R.wav')
    """
    if parts := split_join(ir):
        return join_name(map(short_name, parts))
    path, options = split_name(ir)
    path = public_name(path)
    return with_options(Path(path).name or path, options)


def sides(names: Sequence[str]) -> list[list[str]]:
    """Return the groups of names that differ in a side alone, such as ``a_L`` and ``a_R``.

    Examples
    --------
    >>> sides(["hall-R.wav", "eq.wav", "hall-L.wav"]), sides(["one.wav", "two.wav"])
    ([['hall-L.wav', 'hall-R.wav']], [])
    """
    groups: dict[tuple[tuple[str, ...], str, tuple[str, ...]], dict[str, str]] = {}
    for name in names:
        words = WORD.findall(name)
        for at, word in enumerate(words):
            around = tuple(words[:at]), tuple(words[at + 1 :])
            for family in SIDES:
                if word.lower() in family:
                    key = around[0], family[0], around[1]
                    groups.setdefault(key, {})[word.lower()] = name
    return [
        [group[side] for side in family]
        for family in SIDES
        for key, group in groups.items()
        if key[1] == family[0] and len(group) == len(family)
    ]


def _continues(part: str, before: str) -> bool:
    """Return whether a part of a join is one of the options of the file before it."""
    return _is_continuation(part) and bool(split_name(before)[1])


def _is_continuation(part: str) -> bool:
    return bool(re.fullmatch(CONTINUATION, part)) and not os.path.lexists(part)


def _escaped(name: str) -> str:
    """Return a name as `split_join` expects it: with double commas, except between options."""
    if re.match(f",|{CONTINUATION}$", name):
        name = f"{os.curdir}{os.sep}{name}"
    path, options = split_name(name)
    if options and all(map(_is_continuation, options.split(",")[1:])):
        return with_options(path.replace(",", ",,"), options)
    return name.replace(",", ",,")
