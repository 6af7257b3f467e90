"""Short blocks, cut by their own length: right, and alike however they come."""

import platform
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import oracle
import pytest

from audioconv import convolve, convolver
from audioconv.engines import batch, stream
from audioconv.engines.batch import cut, fast_size, lanes_of
from audioconv.engines.overlap_add import SHORT, fft_size
from audioconv.engines.plan import plan
from audioconv.engines.routes import routes
from audioconv.errors import UsageError

SIZES = [(1, 30), (2, 1), (40, 400), (400, 40), (3000, 300), (120_000, 100), (5000, 5000)]


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


@pytest.mark.parametrize(("dtype", "counts"), [(np.float64, {1, 2, 4}), (np.float32, {1, 4, 8})])
def test_blocks_are_cut_into_every_number_of_segments(dtype, counts):
    lanes = lanes_of(np.dtype(dtype))
    assert {cut(frames, taps, lanes)[0] for frames, taps in SIZES} == counts


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
    count, _ = cut(4000, 300, 2)
    for kernels in (6, 0):
        rows.clear()
        planned.process(noise(4000, 2))
        assert rows == {"rfft": 2 * count + kernels, "irfft": 3 * count}


def test_sizes_are_at_least_what_is_needed_and_a_seventh_more_at_most():
    for least in [*range(1, 5000), 2**20 + 1, 10**6, 2**27]:
        size = fast_size(least)
        assert least <= size <= max(8 / 7 * least, least + 2)
        assert 2**29 * 3**3 * 5**3 % size == 0  # no other prime, and of these few


@pytest.mark.parametrize("taps", [21, 1000, 2**15, 2**16, 10**5, 2**17, 3 * 10**5, 2**21])
def test_no_short_block_has_a_longer_transform_than_the_plan_says(taps):
    most = min(SHORT, convolver(np.ones((taps, 1)), 1).block - 1)
    for frames in np.geomspace(1, most, 200).astype(int):
        for lanes in (2, 4):
            assert cut(int(frames), taps, lanes)[1] <= fft_size(taps)


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("frames", [1, 900, 48000])
def test_a_convolver_for_short_sounds_is_planned_by_both_lengths(frames, single, noise):
    x, h = noise(frames, 2), noise(5000, 1, seed=1)
    fitted = convolver(h, 2, frames=frames, single=single)
    usual = convolver(h, 2, single=single)
    assert fitted.block == frames < usual.block
    lanes = lanes_of(np.dtype(np.float32 if single else np.float64))
    assert fitted.fft_size == cut(frames, 5000, lanes)[1] < usual.fft_size
    assert fitted.error_model().reach == 1 + -(-4999 // frames)
    for _ in range(2):
        assert fitted.process(x).tobytes() == usual.process(x).tobytes()
        assert fitted.flush().tobytes() == usual.flush().tobytes()
    longer = noise(3 * frames + 1, 2, seed=2)  # is cut into several blocks
    y = np.concatenate([fitted.process(longer), fitted.flush()])
    np.testing.assert_allclose(y, convolve(longer, h), rtol=0, atol=1e-3 if single else 1e-11)


def test_a_convolver_for_long_sounds_is_planned_by_the_impulse(noise):
    h = noise(5000, 1)
    usual, fitted = convolver(h, 1), convolver(h, 1, frames=10**9)
    assert (fitted.block, fitted.fft_size) == (usual.block, usual.fft_size)
    assert convolver(np.ones((5, 1)), 1, frames=7).block == convolver(np.ones((5, 1)), 1).block


def test_a_sound_has_frames():
    with pytest.raises(UsageError, match="frames is 0; it must be at least 1"):
        convolver(np.ones((50, 1)), 1, frames=0)


@pytest.mark.parametrize("engine", ["overlap-add", "direct"])
def test_a_single_block_is_not_copied_and_has_the_zeros_of_a_stream(engine, monkeypatch):
    x, h = -np.eye(300, 1), np.ones((40, 1)) - np.eye(40, 1)
    planned = convolver(h, 1, engine=engine)
    streamed = np.concatenate([planned.process(x), planned.flush()])
    monkeypatch.setattr(np, "concatenate", lambda _: pytest.fail("copied"))
    whole = convolve(x, h, engine=engine)
    assert (np.signbit(whole) == np.signbit(streamed)).all()
    np.testing.assert_array_equal(whole, streamed)


def test_rooms_are_few_and_small_and_no_two_threads_share_one(noise):
    x, h = noise(20000, 1), noise(4000, 1, seed=1)
    wanted = convolve(x, h).tobytes()
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda _: convolve(x, h).tobytes(), range(64))
        assert {*made} == {wanted}
    convolve(x[:100], noise(2**20, 1))
    assert sum(len(room) for room in batch._ROOMS) <= 4 * batch.KEPT
    assert batch._ROOMS


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc's memory")
def test_memory_is_kept_from_call_to_call():
    """Each page of 4 KiB that is returned and fetched again costs a microsecond or more."""
    program = (
        "import resource, numpy as np, audioconv\n"
        "def faults():\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "x, h = np.ones((64000, 1)), np.ones((16000, 1))\n"
        "for _ in range(5): audioconv.convolve(x, h)\n"
        "before = faults()\n"
        "for _ in range(20): audioconv.convolve(x, h)\n"
        "print(faults() - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=60, capture_output=True)
    assert int(done.stdout) < 20 * 80000 * 8 / 4096  # even the result comes from what was freed


def test_a_short_sound_needs_no_scipy():
    program = (
        "import sys, numpy as np, audioconv\n"
        "y = audioconv.convolve(np.ones((48000, 1)), np.ones((8000, 1)))\n"
        "assert abs(y[:, 0].max() - 8000) < 1e-9\n"
        "sys.exit('scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
