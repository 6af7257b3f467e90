"""What the page is given: numbers and text as plain data, of which it draws everything."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioconv._version import __version__
from audioconv.engines.convolver import Audio
from audioconv.page.explain import Explained, short_name, title
from audioconv.views import cost
from audioconv.views.blocks import extremes, pieces
from audioconv.views.listening import EARS, Listening, listening
from audioconv.views.packed import pack, pack_whole
from audioconv.views.spectrogram import SILENT, spectrogram
from impulses import Impulse
from impulses.acoustics.decay import fit
from impulses.acoustics.decay_curve import analyse_decay
from impulses.acoustics.figures import RANGES
from impulses.impulse import to_db

PLAYER_COLUMNS = 1000
SPECTRA_COLUMNS, SPECTRA_ROWS, SPECTRA_RANGE = 400, 128, 90.0
DECAY_COLUMNS = 600


def data_of(told: Explained) -> dict[str, Any]:
    """Return what the page shows of a convolution, as numbers, text, lists and dicts."""
    job, outcome, source = told.job, told.outcome, told.source
    return {
        "title": title(job),
        "version": __version__,
        "input": {
            "name": short_name(job.input),
            "rate": source.rate,
            "channels": source.channels,
            "frames": source.frames,
            "seconds": (source.frames or 0) / source.rate,
        },
        "impulse": {
            "name": ", ".join(map(short_name, job.impulses)),
            "frames": told.impulse.frames,
            "channels": told.impulse.taps[0].size,
            "seconds": told.impulse.frames / source.rate,
        },
        "output": {
            "frames": outcome.frames,
            "channels": outcome.channels,
            "seconds": outcome.frames / outcome.rate,
        },
        "notices": outcome.notices,
        "sliding": _sliding(told),
        "blocks": _blocks(told),
        "listen": _listen(told),
        "decay": _decay(told.impulse),
        "cost": _cost(told),
    }


def _sliding(told: Explained) -> dict[str, Any]:
    slid = told.sliding
    notes = [slid.shortened] if slid.shortened else []
    if round(told.guard_db, 2):
        notes.append(
            f"these are the sums as they are; all of the output was lowered by "
            f"{-told.guard_db:.2f} dB, so that it fits {told.outcome.subtype}"
        )
    if slid.others:
        notes.append(
            f"{slid.others} more path{'s add' if slid.others > 1 else ' adds'} to the same "
            "output channel; this is one of them by itself"
        )
    notes.append(
        "every sum is of all samples there are, at full rate; only the drawing takes several to "
        "a column of dots"
    )
    return {
        "rate": slid.rate,
        "first": slid.first,
        "f": pack(slid.f),
        "g": pack(slid.g),
        "y": pack(slid.sums()),
        "begin": slid.begin,
        "end": slid.end,
        "path": f"input channel {slid.source + 1} to output channel {slid.target + 1}",
        "notes": notes,
    }


def _blocks(told: Explained) -> dict[str, Any]:
    """Cut the part that is shown into blocks, as if it were all of the sound."""
    slid, outcome = told.sliding, told.outcome
    f = slid.f[slid.begin - slid.first :]
    made = pieces(f, slid.g)
    return {
        "rate": slid.rate,
        "begin": slid.begin,
        "end": slid.begin + len(made[0].y),
        "segment": made[0].frames,
        "taps": len(slid.g),
        "input": _drawn(np.pad(f, (0, len(slid.g) - 1))),
        "pieces": [
            {"start": slid.begin + piece.start, "frames": piece.frames, **_drawn(piece.y)}
            for piece in made
        ],
        "sum": _drawn(np.sum([piece.y for piece in made], axis=0)),
        "note": f"the run itself ({outcome.engine}) took blocks of {outcome.block} frames; here "
        f"the {len(f)} frames shown above are cut into {len(made)}, so that there is something "
        "to see",
    }


def _drawn(values: NDArray[np.float64]) -> dict[str, Any]:
    low, high = extremes(values)
    return {"low": pack(low, exact=False), "high": pack(high, exact=False)}


def _listen(told: Explained) -> dict[str, Any]:
    rate = told.source.rate
    note = "MP3, for listening; the numbers on this page are those of the sound itself"
    if max(told.before.shape[1], told.after.shape[1]) > EARS:
        note += f"; channels 1 to {EARS} are heard"
    heard = listening([told.before, told.after], rate)
    if heard[0].gain < 1:
        note += f"; both are lowered by {-to_db(heard[0].gain):.1f} dB, to play them unclipped"
    return {
        "seconds": len(told.after) / rate,
        "start": told.sliding.begin / rate,
        "note": note,
        "before": _player(told.before, heard[0]),
        "after": _player(told.after, heard[1]),
        "spectrograms": _spectrograms(told.before, told.after, rate),
    }


def _player(sound: Audio, heard: Listening) -> dict[str, Any]:
    low, _ = extremes(sound.min(axis=1), PLAYER_COLUMNS)
    _, high = extremes(sound.max(axis=1), PLAYER_COLUMNS)
    return {
        "type": "audio/mpeg",
        "data": base64.b64encode(heard.mp3).decode(),
        "loudness_db": _finite(heard.loudness),
        "low": pack(low, exact=False),
        "high": pack(high, exact=False),
    }


def _spectrograms(before: Audio, after: Audio, rate: int) -> dict[str, Any]:
    seen = [
        spectrogram([sound], rate, frames=len(sound), columns=SPECTRA_COLUMNS, rows=SPECTRA_ROWS)
        for sound in (before, after)
    ]
    levels = [one.level() for one in seen]
    top = max(float(level.max()) for level in levels)
    top = top if top > SILENT else 0.0
    matrices = [np.clip((level - top) / SPECTRA_RANGE + 1, 0, 1) * 255 for level in levels]
    rows, columns = levels[0].shape
    return {
        "rows": rows,
        "columns": columns,
        "step": seen[0].step,
        "hz": seen[0].edges.tolist(),
        "top_db": top,
        "range_db": SPECTRA_RANGE,
        "before": pack_whole(np.rint(matrices[0]).ravel(), "uint8"),
        "after": pack_whole(np.rint(matrices[1]).ravel(), "uint8"),
    }


def _decay(impulse: Impulse) -> dict[str, Any]:
    followed = analyse_decay(impulse)
    rate, found = impulse.rate, followed.figures
    level = extremes(followed.energy, min(DECAY_COLUMNS, len(followed.energy)))[1]
    starts = np.arange(len(level)) * len(followed.energy) // len(level)
    top = float(level.max(initial=0))
    lines, curve = [], np.zeros(0)
    if followed.curve is not None:
        curve = followed.curve.levels_db()
        for figure, (upper, lower) in RANGES.items():
            line = fit(curve, rate, upper, lower)
            seconds = getattr(found, f"{figure}_s")
            if figure == "edt" or line is None or seconds is None:
                continue
            ends = [((db - line.level) * -line.rt60 / 60, db) for db in (upper, lower)]
            lines.append(
                {"label": f"{figure.upper()} {seconds:#.3g} s", "from": ends[0], "to": ends[1]}
            )
    reasons = {
        figure.upper(): found.why_not[f"{figure}_s"]
        for figure in ("t20", "t30")
        if f"{figure}_s" in found.why_not
    }
    return {
        "seconds": (starts / rate).tolist(),
        "level_db": [_finite(10 * np.log10(e / top) if e > 0 else -np.inf) for e in level],
        "curve_db": [_finite(curve[at]) if at < len(curve) else None for at in starts],
        "lines": lines,
        "floor_db": found.noise_floor_db,
        "why_not": [f"{figure}: {reason}" for figure, reason in reasons.items()],
    }


def _finite(level: float) -> float | None:
    """Return a level as JSON has it, which knows no infinity."""
    return round(float(level), 3) if np.isfinite(level) else None


def _cost(told: Explained) -> dict[str, Any]:
    found, engine = told.cost, told.outcome.engine
    routing = told.convolver.routing
    return {
        "direct": found.direct,
        "fft": found.fft,
        "job": {
            "frames": told.source.frames,
            "taps": routing.frames,
            "paths": len(routing.routes),
            "engine": engine,
            "direct_s": found.direct_seconds,
            "engine_s": found.job_seconds,
            "run_s": told.outcome.seconds,
            "direct_operations": found.products,
        },
        "machine": cost.machine(),
        "note": "one thread, arithmetic alone, nothing read or written; the plain sum was "
        f"measured up to n = {found.direct[-1][0]}, and this job's is reckoned at that pace; its "
        f"own engine, {engine}, was measured on one block",
    }
