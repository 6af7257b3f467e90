"""Short blocks, cut by their own length: right, and alike however they come."""

import subprocess
import sys
from collections import Counter

import numpy as np
import oracle
import pytest

from audioconv import convolve, convolver
from audioconv.engines import stream
from audioconv.engines.batch import COUNTS, cut, fast_size
from audioconv.engines.plan import plan
from audioconv.engines.routes import routes

SIZES = [(1, 30), (2, 1), (40, 400), (400, 40), (3000, 300), (20000, 100), (5000, 5000)]


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (1, 3), (3, 2), (5, 6)])
@pytest.mark.parametrize(("frames", "taps"), SIZES)
@pytest.mark.parametrize("single", [False, True])
def test_a_short_block_is_the_definition(frames, taps, inputs, outputs, single, noise):
    x, h = noise(frames, inputs), noise(taps, inputs, outputs, seed=1)
    planned = plan(routes(h, inputs), "overlap-add", single=single)
    assert frames < planned.block
    y = np.concatenate([planned.process(x), planned.flush()])
    assert y.dtype == (np.float32 if single else np.float64)
    wanted = np.zeros((frames + taps - 1, outputs))
    for i, o in np.ndindex(inputs, outputs):
        wanted[:, o] += np.convolve(x[:, i], h[:, i, o])  # plain sums
    unit = np.finfo(y.dtype).eps / 2
    bound = sum(oracle.tolerance(x[:, i : i + 1], h[:, i], unit).max() for i in range(inputs))
    np.testing.assert_allclose(y, wanted, rtol=0, atol=bound)


def test_blocks_are_cut_into_every_number_of_segments():
    assert {cut(frames, taps)[0] for frames, taps in SIZES} == {*COUNTS}


def test_paths_of_some_channels_leave_the_others_silent(noise):
    h = np.zeros((50, 3, 3))
    h[:, 0, 2], h[:, 2, 2] = noise(2, 50)
    x = noise(300, 3)
    y = convolve(x, h, engine="overlap-add")
    np.testing.assert_array_equal(y[:, :2], 0)
    wanted = sum(np.convolve(x[:, i], h[:, i, 2]) for i in (0, 2))
    np.testing.assert_allclose(y[:, 2], wanted, atol=1e-12)


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("frames", [1000, 100_000, 130_000])
def test_an_array_a_stream_and_samples_of_a_file_give_the_same_bytes(frames, single):
    """The last is longer than a block, and ends with one that is short."""
    random = np.random.default_rng(frames)
    stored = random.integers(-(2**15), 2**15, (frames, 2)).astype(np.int16)
    x, h = stored / 2.0**15, random.standard_normal((4800, 1))
    whole = convolve(x, h, single=single)
    for sound, unit in ((x, 1.0), (stored, 2.0**-15)):
        for size, threads in ((777, 1), (frames // 2 + 1, 2)):
            planned = convolver(h, 2, single=single)
            pieces = (sound[at : at + size] for at in range(0, frames, size))
            parts = [*stream.convolve(pieces, planned, lambda p, _: p, unit=unit, threads=threads)]
            assert np.concatenate([*parts, planned.flush()]).tobytes() == whole.tobytes()


def test_sums_on_a_grid_are_exact(noise):
    x = np.rint(noise(9000, 1) * 2**13) / 2**15
    h = np.rint(noise(500, 1, seed=1) * 2**13) / 2**15
    planned = plan(routes(h, 1), "overlap-add", signal_bits=15)
    y = np.concatenate([planned.process(x), planned.flush()])
    wanted = np.convolve((x[:, 0] * 2**15).astype(int), (h[:, 0] * 2**15).astype(int))
    np.testing.assert_array_equal(y[:, 0] * 2**30, wanted)


def test_each_segment_of_a_channel_is_transformed_once(noise, monkeypatch):
    """Those of the impulse too, and no more when the next block has the same length."""
    rows = Counter()

    def watch(name):
        real = getattr(np.fft, name)

        def counted(values, *args, **kwargs):
            rows[name] += values.size // values.shape[-1]
            return real(values, *args, **kwargs)

        monkeypatch.setattr(np.fft, name, counted)

    watch("rfft")
    watch("irfft")
    planned = plan(routes(noise(300, 2, 3), 2), "overlap-add")
    count, _ = cut(4000, 300)
    for kernels in (6, 0):
        rows.clear()
        planned.process(noise(4000, 2))
        assert rows == {"rfft": 2 * count + kernels, "irfft": 3 * count}


def test_sizes_are_at_least_what_is_needed_and_a_fifth_more_at_most():
    for least in [*range(1, 5000), 2**20 + 1, 10**6]:
        size = fast_size(least)
        assert least <= size <= max(1.2 * least, least + 2)
        while size % 2 == 0:
            size //= 2
        assert size in (1, 3, 5, 9, 15)


def test_a_short_sound_needs_no_scipy():
    program = (
        "import sys, numpy as np, audioconv\n"
        "y = audioconv.convolve(np.ones((48000, 1)), np.ones((8000, 1)))\n"
        "assert y[:, 0].max() == 8000\n"
        "sys.exit('scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
