"""The spectrogram of sounds, one panel for each, all on one scale of colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audioconv.errors import UsageError
from audioconv.ir.load import refuse_standard_twice
from audioconv.plot import axes as scales
from audioconv.plot import style
from audioconv.plot.inputs import check_channel, stretch
from audioconv.plot.labels import listed, names_in_legend
from audioconv.plot.options import Drawn, Look
from audioconv.views.spectrogram import SILENT
from audioconv.views.spectrogram import spectrogram as spectrogram_of

MOST = 8
"""Panels of one picture, at most."""

RANGE = 90.0
"""dB from the loudest down that have a colour of their own."""

COLOURS = "cividis"
"""Made for eyes that tell few colours apart (Nuñez, Anderton and Renslow 2018); it prints well."""


def spectrogram(
    paths: Sequence[str],
    output: str,
    look: Look,
    *,
    start: str = "0",
    duration: str | None = None,
    channel: int | None = None,
) -> Drawn:
    """Draw how loud each frequency is over time; a sine of full scale is 0 dBFS.

    Parameters
    ----------
    paths, output, look, start, duration
        as for `waveform`
    channel : int, optional
        the one to look at, counted from 1; the mean of their powers if not given

    Raises
    ------
    AudioconvError
        If a sound cannot be read, or the picture not be written.
    """
    refuse_standard_twice(paths)
    if len(paths) > MOST:
        raise UsageError(f"there are {len(paths)} sounds; one picture shows {MOST} at most")
    with style.picture(output, look, paths) as figure:
        labels, found = names_in_legend(paths), []
        for label, path in zip(labels, paths, strict=True):
            with stretch(path, start, duration) as sound:
                check_channel(label, sound.channels, channel)
                blocks = sound.blocks
                if channel is not None:
                    blocks = (block[:, channel - 1 : channel] for block in blocks)
                seen = spectrogram_of(blocks, sound.rate, frames=sound.frames)
                found.append((seen, sound.begin))
        style.tall(figure, look, 16 + 52 * len(found) if len(found) < 3 else 14 + 40 * len(found))
        panels = figure.subplots(len(found), 1, sharex=True, squeeze=False)[:, 0]
        top = 10 * -(-max(float(seen.level().max()) for seen, _ in found) // 10)
        top = 0 if top <= SILENT else top
        ends = min(begin for _, begin in found), max(begin + s.seconds for s, begin in found)
        second = scales.time_axis(panels[-1], *ends)
        for panel, (seen, begin), label in zip(panels, found, labels, strict=True):
            # columns are centred on their times
            edges = begin + seen.step * (np.arange(seen.power.shape[1] + 1) - 0.5)
            mesh = panel.pcolormesh(
                edges * second,
                seen.edges,
                seen.level(),
                cmap=COLOURS,
                vmin=top - RANGE,
                vmax=top,
                rasterized=True,
            )
            scales.frequency_axis(panel, seen.edges[0], seen.edges[-1], vertical=True)
            panel.grid(visible=False)
            if len(found) > 1:
                panel.set_title(label, pad=2, fontsize=7.5)
        bar = figure.colorbar(mesh, ax=list(panels), pad=0.015, aspect=30, extend="min")
        bar.set_label("level (dBFS)")
        bar.outline.set_linewidth(0.6)
        ticks = [top - step for step in range(0, int(RANGE) + 1, 10)]
        bar.set_ticks(ticks, labels=[scales.decibel(tick) for tick in ticks])
    return Drawn(f"spectrogram of {listed(labels)}", style.size(figure))
