"""Kaldi's wav.scp: an id and a path on each line; and its reco2dur, with lengths in seconds.

References
----------
https://kaldi-asr.org/doc/data_prep.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

FILES = "wav.scp", "reco2dur"


def entry(line: str) -> tuple[str, str, dict[str, Any]]:
    """Return path, id and no columns of a line.

    Raises
    ------
    ValueError
        If it names no file, but a command.

    Examples
    --------
    >>> entry("utt1 wav/a b.wav")
    ('wav/a b.wav', 'utt1', {'id': 'utt1'})
    """
    identity, _, path = line.strip().partition(" ")
    path = path.strip()
    if not path:
        identity, _, path = line.strip().partition("\t")
        path = path.strip()
    if path.endswith("|") or path.startswith("|"):
        raise ValueError("it is a command, and commands of lists are not run; write its output")
    if not path or path == "-":
        raise ValueError("it names no file; write an id and a path")
    return path, identity, {"id": identity}


def paths(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the lines of a wav.scp, sorted by id as Kaldi wants them; paths as in the rows."""
    return _lines((identity(row), row["file_name"]) for row in rows)


def durations(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the lines of a reco2dur; without them, Lhotse measures, and cuts to milliseconds."""
    return _lines((identity(row), row["duration"]) for row in rows)


def _lines(said: Iterable[tuple[str, Any]]) -> list[str]:
    return [f"{one} {value}\n" for one, value in sorted(said, key=lambda of: of[0].encode())]


def identity(row: Mapping[str, Any]) -> str:
    """Return the id of an output: its path without the suffix, spaces and slashes.

    Examples
    --------
    >>> identity({"file_name": "a b/c_hall.wav"})
    'a_b-c_hall'
    """
    stem = str(row["file_name"]).rpartition(".")[0]
    return "_".join(stem.replace("/", "-").split())
