"""Views against their definitions, each column and each window on its own."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioconv.files import Reader
from audioconv.views import envelope as envelopes
from audioconv.views.envelope import envelope
from audioconv.views.spectrogram import spectrogram


def cut(sound, at):
    """Split a sound at some frames, in any order."""
    return [part for part in np.split(sound, sorted(at)) if len(part)]


@given(
    frames=st.integers(1, 3000),
    columns=st.integers(2, 40),
    grid=st.sampled_from([8, 64, 2**16]),
    at=st.lists(st.integers(0, 3000), max_size=4),
)
@settings(max_examples=80, deadline=None)
def test_a_column_holds_the_extremes_and_the_level_of_its_frames(frames, columns, grid, at):
    sound = np.random.default_rng(frames).standard_normal((frames, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envelopes, "GRID", grid)
        found = envelope(cut(sound, at), columns)
    assert found.frames == frames
    assert len(found.low) == -(-frames // found.step) <= columns
    # no more frames a column than the number of columns asks for
    assert found.step == 1 or frames > found.step // 2 * (columns // 2 * 2)
    for column, start in enumerate(found.starts):
        part = sound[start : start + found.step]
        assert (found.low[column] == part.min(axis=0)).all()
        assert (found.high[column] == part.max(axis=0)).all()
        np.testing.assert_allclose(found.rms[column], np.sqrt((part**2).mean(axis=0)), rtol=1e-12)
    assert found.peak == np.abs(sound).max()


def test_an_envelope_is_the_same_for_every_cut(noise):
    sound = noise(200_000, 2)
    one, other = envelope([sound], 50), envelope(cut(sound, range(7, 200_000, 9973)), 50)
    for name in ("low", "high", "rms"):
        assert (getattr(one, name) == getattr(other, name)).all()


def plain_power(sound, rate, start, points):
    """The definition: one window, centred on a frame, bin by bin, mean of the channels."""
    padded = np.pad(sound, ((points, points), (0, 0)))
    part = padded[start + points - points // 2 :][:points]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(points) / points)
    spectrum = np.fft.fft(part * hann[:, np.newaxis], axis=0)[: points // 2 + 1]
    return (np.abs(2 * spectrum / hann.sum()) ** 2).mean(axis=1)


def test_each_slice_of_a_spectrogram_is_a_windowed_transform(noise):
    rate, frames = 8000, 9001
    sound = noise(frames, 2)
    found = spectrogram(cut(sound, [1, 4000, 4001]), rate, frames=frames, columns=2000, rows=90)
    points = round(found.window * rate)
    hop = round(found.step * rate)
    assert (points, hop) == (512, 64)
    assert found.power.shape == (90, -(-frames // hop))
    assert found.seconds == frames / rate
    bins = np.arange(points // 2 + 1) * rate / points
    for column in (0, 1, 3, 70, found.power.shape[1] - 1):
        power = plain_power(sound, rate, column * hop, points)
        for row in range(90):
            low, high = found.edges[row : row + 2]
            inside = (bins >= low) & (bins < high)
            wanted = (
                power[inside].max() if inside.any() else np.interp(np.sqrt(low * high), bins, power)
            )
            assert found.power[row, column] == pytest.approx(wanted, rel=1e-9, abs=1e-15)


def test_columns_of_a_long_sound_are_means_of_slices(noise):
    sound, rate = noise(40_000, 1), 8000
    fine = spectrogram([sound], rate, columns=1000, rows=20)
    coarse = spectrogram([sound], rate, columns=10, rows=20)
    each = round(coarse.step / fine.step)
    assert each > 1
    for column in range(coarse.power.shape[1]):
        slices = fine.power[:, column * each : (column + 1) * each]
        np.testing.assert_allclose(coarse.power[:, column], slices.mean(axis=1), rtol=1e-12)


@pytest.mark.parametrize("amplitude", [1.0, 0.1])
@pytest.mark.parametrize("rows", [60, 300])
def test_a_sine_reads_its_own_level_at_its_own_frequency(amplitude, rows):
    rate = 48000
    hz = 24 * rate / 2048  # the centre of a bin
    tone = amplitude * np.sin(2 * np.pi * hz * np.arange(rate) / rate)[:, np.newaxis]
    found = spectrogram([np.hstack([tone, tone])], rate, rows=rows)
    middle = found.level()[:, found.power.shape[1] // 2]
    row = int(np.argmax(middle))
    assert found.edges[row] <= hz <= found.edges[row + 1] or rows == 300
    assert middle[row] == pytest.approx(20 * np.log10(amplitude), abs=0.2)
    far = (found.edges[:-1] > 1.3 * hz) | (found.edges[1:] < hz / 1.3)
    assert middle[far].max() < middle[row] - 60  # beyond the main lobe of a Hann window


def test_silence_and_a_single_frame():
    assert (spectrogram([np.zeros((1, 1))], 8000).power == 0).all()
    assert spectrogram([np.zeros((5000, 3))], 8000).level().max() == -200
    assert envelope([np.ones((1, 1))]).step == 1


@pytest.mark.parametrize("view", [envelope, lambda blocks: spectrogram(blocks, 48000)])
def test_memory_does_not_grow_with_the_sound(view):
    block = np.random.default_rng(0).standard_normal((2**16, 1))

    def most(blocks):
        tracemalloc.start()
        view(block for _ in range(blocks))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    view([block])  # allocations made once
    assert most(120) < 1.1 * most(30)


def test_a_file_is_seen_as_it_is(samples):
    path = str(samples / "guitar.wav")
    with Reader(path) as reader:
        found = envelope(reader.blocks(1000))
        assert found.peak == reader.peak
    assert (found.frames, found.step) == (176400, 128)
