"""Lhotse's manifests, as JSON lines: recordings and cuts.

A cut counts if it is a whole recording: parts, mixtures and channels of one are refused, as they
would need other samples than those of the file.

References
----------
https://lhotse.readthedocs.io/en/latest/corpus.html, cuts.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

FILE = "recordings.jsonl"

CUTS = ("MonoCut", "MultiCut")
OTHER_CUTS = ("MixedCut", "PaddingCut")


def is_manifest(fields: Mapping[str, Any]) -> bool:
    """Return whether an object is a recording or a cut."""
    kind = fields.get("type")
    return "sources" in fields or "recording" in fields or kind in (*CUTS, *OTHER_CUTS)


def entry(fields: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Return path, id and columns of a recording or a cut.

    Raises
    ------
    ValueError
        If it is not one whole file.
    """
    try:
        if "sources" in fields:
            return _path(fields), str(fields["id"]), {"id": str(fields["id"])}
        return _cut(fields)
    except (KeyError, TypeError, AttributeError, OverflowError):
        raise ValueError("it is no recording and no cut that Lhotse would write") from None


def _cut(cut: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    kind = cut.get("type", CUTS[0])
    if kind not in CUTS:
        raise ValueError(f"it is a {kind}, which is no file; save it with `cut.save_audio`")
    if cut.get("recording") is None:
        raise ValueError("the cut has no recording, only features")
    recording = cut["recording"]
    path = _path(recording)
    frames = round(float(cut["duration"]) * recording["sampling_rate"])
    if cut.get("start", 0) != 0 or frames != recording["num_samples"]:
        raise ValueError("the cut is a part of its recording; save it with `cut.save_audio`")
    if sorted(_list(cut.get("channel", 0))) != sorted(_channels(recording)):
        raise ValueError(
            "the cut has some channels of its recording; save it with `cut.save_audio`"
        )
    identity = str(cut["id"])
    columns = {"id": identity, **(cut.get("custom") or {})}
    if spoken := cut.get("supervisions"):
        columns["supervisions"] = spoken
        for name in ("text", "speaker", "language"):
            if len(spoken) == 1 and spoken[0].get(name) is not None:
                columns[name] = spoken[0][name]
    return path, identity, columns


def _path(recording: Mapping[str, Any]) -> str:
    """Return the path of the one file that a recording is."""
    sources = recording["sources"]
    if len(sources) != 1:
        raise ValueError(f"the recording has {len(sources)} sources; join them in one file")
    if sources[0]["type"] not in ("file", "url"):
        raise ValueError(f"the recording is a {sources[0]['type']}, and not a file")
    if recording.get("transforms"):
        raise ValueError("the recording is transformed as it is read; save it first")
    return str(sources[0]["source"])


def _channels(recording: Mapping[str, Any]) -> list[int]:
    return _list(recording.get("channel_ids") or recording["sources"][0]["channels"])


def _list(value: Any) -> list[int]:
    return list(value) if isinstance(value, list) else [value]


def lines(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return recordings, one on each line; paths as in the rows."""
    return [f"{json.dumps(_recording(row))}\n" for row in rows]


def _recording(row: Mapping[str, Any]) -> dict[str, Any]:
    name = str(row["file_name"])
    channels = [*range(row["channels"])]
    return {
        "id": name.rpartition(".")[0],
        "sources": [{"type": "file", "channels": channels, "source": name}],
        "sampling_rate": row["rate"],
        "num_samples": row["frames"],
        "duration": row["duration"],
        "channel_ids": channels,
    }
