"""The data of the page, as numbers, texts, lists and dicts. Its scripts draw everything from it."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioconv._version import __version__
from audioconv.engines.audio import Audio
from audioconv.page.decay import decay_of
from audioconv.page.explain import Explained, short_name, title_of
from audioconv.page.theorem import theorem_of
from audioconv.views import cost
from audioconv.views.blocks import convolve_blocks, extremes
from audioconv.views.listening import PLAYER_CHANNELS, PlayerSound
from audioconv.views.packed import finite, pack, pack_integers
from audioconv.views.sliding import Sliding
from audioconv.views.spectrogram import RANGE, SILENT, spectrogram
from impulses.impulse import to_db

PLAYER_COLUMNS = 1000
SPECTRA_COLUMNS, SPECTRA_ROWS = 400, 128


def data_of(explained: Explained, title: str | None = None) -> dict[str, Any]:
    """Return the data of the page of a convolution, ready for JSON."""
    job, outcome, source = explained.job, explained.outcome, explained.source
    return {
        "title": title or title_of(job),
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
            "frames": explained.impulse.frames,
            "channels": explained.impulse.taps[0].size,
            "seconds": explained.impulse.frames / source.rate,
            "origin": explained.impulse.origin,
        },
        "output": {
            "frames": outcome.frames,
            "channels": outcome.channels,
            "seconds": outcome.frames / outcome.rate,
        },
        "notices": outcome.notices,
        "sliding": _sliding(explained),
        "blocks": _blocks(explained),
        "listen": _listen(explained),
        "decay": decay_of(explained.impulse),
        "theorem": theorem_of(explained.sliding),
        "cost": _cost(explained),
    }


def _sliding(explained: Explained) -> dict[str, Any]:
    sums = explained.sliding
    notes = [sums.notice] if sums.notice else []
    if sums.origin:
        notes.append(_early(sums))
    if round(explained.outcome.match_gain_db or 0, 2):
        notes.append(
            f"these sums are before the match, which changed the whole output by "
            f"{explained.outcome.match_gain_db:+.2f} dB"
        )
    if round(explained.guard_db, 2):
        notes.append(
            f"these sums are before the clip guard, which lowered the whole output by "
            f"{-explained.guard_db:.2f} dB to fit {explained.outcome.subtype}"
        )
    if sums.other_paths:
        notes.append(
            f"this is one path alone; {sums.other_paths} more "
            f"path{'s add' if sums.other_paths > 1 else ' adds'} to the same output channel"
        )
    notes.append(
        "every sum includes all samples at the full rate; the picture shows the lowest and highest "
        "sample of each column of pixels"
    )
    return {
        "rate": sums.rate,
        "first": sums.first,
        "f": pack(sums.f),
        "g": pack(sums.g),
        "origin": sums.origin,
        "y": pack(sums.sums()),
        "begin": sums.begin,
        "end": sums.end,
        "path": f"input channel {sums.source + 1} to output channel {sums.target + 1}",
        "notes": notes,
    }


def _early(sums: Sliding) -> str:
    """Return what it means that an impulse begins before time 0."""
    before, after = sums.origin, len(sums.g) - 1 - sums.origin
    rounding = 1e-9 * float(np.abs(sums.g).max())
    symmetric = before == after and np.allclose(sums.g, sums.g[::-1], rtol=0, atol=rounding)
    return (
        f"{'g is symmetric about b = 0 (linear phase)' if symmetric else 'g begins early'}: "
        f"b runs from \u2212{before} to {after}, so the convolution begins {before} samples before "
        "f; the output leaves those samples out"
    )


def _blocks(explained: Explained) -> dict[str, Any]:
    """Cut the sound of the sliding picture into blocks, as if it were the whole sound."""
    sums, outcome = explained.sliding, explained.outcome
    f = sums.f[sums.begin - sums.first :][: sums.end - sums.begin]
    made = convolve_blocks(f, sums.g)
    begin = sums.begin - sums.origin  # each block's result begins with the first tap
    frames = len(made[0].y)
    alone = np.pad(f, (sums.origin, max(0, frames - sums.origin - len(f))))[:frames]
    return {
        "rate": sums.rate,
        "begin": begin,
        "end": begin + frames,
        "taps": len(sums.g),
        "origin": sums.origin,
        "input": _envelope(alone),
        "pieces": [
            {"start": begin + piece.start, "frames": piece.frames, **_envelope(piece.y)}
            for piece in made
        ],
        "sum": _envelope(np.sum([piece.y for piece in made], axis=0)),
        "note": f"The run itself used the {outcome.engine} engine with blocks of {outcome.block} "
        f"frames. Here, the {len(f)} frames shown above are cut into {len(made)} blocks.",
    }


def _envelope(values: NDArray[np.float64]) -> dict[str, Any]:
    low, high = extremes(values)
    return {"low": pack(low, exact=False), "high": pack(high, exact=False)}


def _listen(explained: Explained) -> dict[str, Any]:
    rate, before, after = explained.source.rate, explained.before, explained.after
    players = explained.players
    notes = [
        "You hear MP3. The numbers on this page are those of the exact sound, except under "
        "\u201cYour own sound and impulse\u201d, which begins with the MP3."
    ]
    if max(before.shape[1], after.shape[1]) > PLAYER_CHANNELS:
        notes.append(f"Only channels 1 to {PLAYER_CHANNELS} are played.")
    if players[0].gain < 1:
        notes.append(
            f"Both are lowered by {-to_db(players[0].gain):.1f} dB, so that neither clips."
        )
    return {
        "seconds": len(after) / rate,
        "start": explained.sliding.begin / rate,
        "note": " ".join(notes),
        "before": _player(before, players[0]),
        "after": _player(after, players[1]),
        "spectrograms": _spectrograms(before, after, rate),
    }


def _player(sound: Audio, player: PlayerSound) -> dict[str, Any]:
    low, _ = extremes(sound.min(axis=1), PLAYER_COLUMNS)
    _, high = extremes(sound.max(axis=1), PLAYER_COLUMNS)
    return {
        "data": base64.b64encode(player.mp3).decode(),
        "loudness_db": finite(player.loudness),
        "low": pack(low, exact=False),
        "high": pack(high, exact=False),
    }


def _spectrograms(before: Audio, after: Audio, rate: int) -> dict[str, Any]:
    spectra = [
        spectrogram([sound], rate, frames=len(sound), columns=SPECTRA_COLUMNS, rows=SPECTRA_ROWS)
        for sound in (before, after)
    ]
    levels = [spectrum.level() for spectrum in spectra]
    top = max(float(level.max()) for level in levels)
    top = top if top > SILENT else 0.0
    matrices = [np.clip((level - top) / RANGE + 1, 0, 1) * 255 for level in levels]
    rows, columns = levels[0].shape
    return {
        "rows": rows,
        "columns": columns,
        "step": spectra[0].step,
        "hz": spectra[0].edges.tolist(),
        "top_db": top,
        "range_db": RANGE,
        "before": pack_integers(np.rint(matrices[0]).ravel(), "uint8"),
        "after": pack_integers(np.rint(matrices[1]).ravel(), "uint8"),
    }


def _cost(explained: Explained) -> dict[str, Any]:
    measured, engine = explained.cost, explained.outcome.engine
    routing = explained.convolver.routing
    return {
        "direct": measured.direct,
        "fft": measured.fft,
        "job": {
            "frames": explained.source.frames,
            "taps": routing.frames,
            "paths": len(routing.routes),
            "engine": engine,
            "direct_s": measured.direct_seconds,
            "engine_s": measured.job_seconds,
            "direct_operations": measured.products,
        },
        "machine": cost.machine(),
        "note": "One thread, arithmetic only, without reading or writing. The direct sum was "
        f"measured up to n = {measured.direct[-1][0]}, and its time for this run is an estimate "
        f"from there; the time of the {engine} engine is an estimate from one block.",
    }
