"""The row of an output, and the files that hold all rows.

``metadata.jsonl`` has one JSON object a line, in the order of the plan. Hugging Face's audiofolder
finds ``file_name`` in it, NeMo ``audio_filepath`` and ``duration``; paths are relative to its
folder.

References
----------
https://huggingface.co/docs/datasets/audio_dataset; NVIDIA NeMo, "Preparing custom ASR data".
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from audioconv.batch import kaldi, lhotse
from audioconv.batch.outputs import stem_outputs
from audioconv.batch.settings import Settings, parse_shard
from audioconv.files import target
from audioconv.ir.load import parsed_spec
from audioconv.ir.names import join_name, split_join, split_name, with_options
from audioconv.job import Outcome
from audioconv.urls import is_url, public_name

if TYPE_CHECKING:
    from audioconv.batch.plan import Task
    from audioconv.batch.shelf import Facts

FILE = "metadata.jsonl"

Row = Mapping[str, Any]


def row(
    task: Task,
    into: str,
    outcome: Outcome,
    facts: Facts,
    input_sha256: str,
    sha256: Mapping[str, str],
) -> dict[str, Any]:
    """Return the row of an output: plain data that depends on the task alone.

    What a list says of the input follows, unless it is what the row says of the output.

    Parameters
    ----------
    task : Task
    into : str
        folder of all outputs; paths are relative to it
    outcome : Outcome
    facts : Facts
        of the impulse
    input_sha256 : str
    sha256 : dict of str to str
        of the output and its stems, by their paths
    """
    said = {
        "file_name": task.output,
        "audio_filepath": task.output,
        "duration": outcome.frames / outcome.rate,
        "frames": outcome.frames,
        "rate": outcome.rate,
        "channels": outcome.channels,
        "input": path_below(task.input, into),
        "input_sha256": input_sha256,
        "output_sha256": sha256[task.output],
        **_targets(task, sha256),
        "impulse": impulse_below(task.impulse, into),
        "impulse_sha256": facts.sha256,
        "gain_db": outcome.gain_db,
        "shift": outcome.shift,
        "shift_s": outcome.shift / outcome.rate,
        "t30_s": facts.t30_s,
        "drr_db": facts.drr_db,
        "c50_db": facts.c50_db,
        "seed": task.seed,
        "replica": task.replica,
        "split": task.split,
        "room": task.room,
    }
    finite = {name: _finite(value) for name, value in said.items()}
    return finite | {name: value for name, value in task.columns.items() if name not in said}


def _targets(task: Task, sha256: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of the stems; audiofolder decodes those that end in ``_file_name``."""
    columns: dict[str, str] = {}
    for stem, path in stem_outputs(task.output, task.stems).items():
        columns |= {f"{stem.name}_file_name": path, f"{stem.name}_sha256": sha256[path]}
    return columns


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def impulse_below(ir: str, into: str, url: Callable[[str], str] = public_name) -> str:
    """Return the name of an impulse, relative to a folder; `url` is for those at URLs."""
    if parts := split_join(ir):
        return join_name(impulse_below(part, into, url) for part in parts)
    if parsed_spec(ir):
        return ir
    path, options = split_name(ir)
    return with_options(path_below(path, into, url), options)


@lru_cache(maxsize=16)
def _real(folder: str) -> str:
    """Return a folder free of links; kept, as it takes long on a network disk."""
    return os.path.realpath(folder)


def path_below(path: str, folder: str, url: Callable[[str], str] = public_name) -> str:
    """Return a path relative to a folder, with slashes; as it is if it is on another drive.

    Parameters
    ----------
    path, folder : str
    url : function
        what is returned for a URL: by default, what is public of it
    """
    if is_url(path):
        return url(path)
    try:
        return PurePath(os.path.relpath(path, _real(folder))).as_posix()
    except ValueError:
        return path


def as_line(one: Row) -> str:
    """Return a row as a line of JSON."""
    return json.dumps(one) + "\n"


def files_of_rows(settings: Settings) -> list[str]:
    """Return the names of the files that hold rows, in the folder of all outputs."""
    return [FILE, *kaldi.FILES * settings.kaldi, *[lhotse.FILE] * settings.lhotse]


def name_of_part(name: str, shard: str | None) -> str:
    """Return the name of a file that holds the rows of a shard, or of all if there is none.

    Examples
    --------
    >>> name_of_part("metadata.jsonl", "1/8"), name_of_part("metadata.jsonl", None)
    ('metadata-1-of-8.jsonl', 'metadata.jsonl')
    >>> name_of_part("reco2dur", "1/8")
    'reco2dur-1-of-8'
    """
    if shard is None:
        return name
    stem, suffix = os.path.splitext(name)
    part, parts = parse_shard(shard)
    return f"{stem}-{part}-of-{parts}{suffix}"


def write_rows(
    rows: Sequence[Row], into: str, settings: Settings, shard: str | None = None
) -> None:
    """Write the files of rows, each at once in place of an old one.

    Parameters
    ----------
    rows : sequence of dict
        in the order of the plan
    into : str
        folder of all outputs
    settings : Settings
    shard : str, optional
        whose rows they are, if they are not all

    Raises
    ------
    FormatError
        If one cannot be written.
    """
    for name in files_of_rows(settings):
        with target(os.path.join(into, name_of_part(name, shard)), overwrite=True) as output:
            for line in _lines(name, rows):
                output.file.write(line.encode())
            output.commit()


def _lines(name: str, rows: Iterable[Row]) -> Iterable[str]:
    scp, reco2dur = kaldi.FILES
    lines = {scp: kaldi.paths, reco2dur: kaldi.durations, lhotse.FILE: lhotse.lines}
    return map(as_line, rows) if name == FILE else lines[name](rows)
