"""The pump: any cut of the input and any number of threads give the same bytes."""

import os
import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import convolved

import audioconv
from audioconv.engines import ENGINES, stream
from audioconv.engines.plan import plan
from audioconv.engines.routes import routes
from audioconv.engines.window import Window
from audioconv.errors import AudioconvError, LayoutError
from impulses import Impulse, ImpulseError, folding


def cut(x, cuts):
    at = 0
    for frames in [*cuts, len(x)]:
        yield x[at : at + frames]
        at += frames


@settings(max_examples=40, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 3000), max_size=12),
    threads=st.integers(1, 4),
    engine=st.sampled_from(["overlap-add", "sparse", "partitioned", "direct"]),
)
def test_bytes_depend_on_neither_cuts_nor_threads(cuts, threads, engine):
    x = np.random.default_rng(0).standard_normal((9000, 2))
    convolver = plan(routes(np.random.default_rng(1).standard_normal((300, 1)), 2), engine)
    whole = convolved([x], convolver)
    pieces = convolved(cut(x, cuts), convolver, threads=threads)
    np.testing.assert_array_equal(whole, pieces)


@given(cuts=st.lists(st.integers(0, 50), max_size=20), frames=st.integers(1, 60))
def test_regrid_changes_only_the_cuts(cuts, frames):
    x = np.arange(500.0)[:, None]
    blocks = list(stream.regrid(cut(x, cuts), frames))
    np.testing.assert_array_equal(np.concatenate(blocks), x)
    assert {len(block) for block in blocks[:-1]} <= {frames}
    assert 0 < len(blocks[-1]) <= frames


def test_blocks_of_the_right_length_are_not_copied():
    x = np.arange(500.0)[:, None]
    assert all(np.shares_memory(block, x) for block in stream.regrid(cut(x, [100] * 4), 50))


@pytest.mark.parametrize("engine", ["overlap-add", "sparse", "partitioned"])
def test_memory_is_set_by_impulse_and_block_not_by_the_sound(engine, noise):
    """Many blocks take no more than a few, give or take what two threads hold at one moment."""
    taps = noise(20_000, 1)
    if engine == "sparse":
        taps[1:-1] = 0
    convolver = plan(routes(taps, 2), engine)
    block = np.zeros((convolver.block, 2))

    def peak(blocks):
        tracemalloc.start()
        for _ in stream.convolve(
            (block for _ in range(blocks)), convolver, lambda part, start: part, threads=2
        ):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    # the largest partitions of that impulse are 16 blocks long
    some, many = (40, 300) if engine == "partitioned" else (6, 60)
    assert peak(many) <= peak(some) + 8 * block.nbytes


def test_an_error_in_a_thread_is_its_own_and_ends_the_stream():
    convolver = plan(routes(np.ones((3, 1)), 2), "direct")
    blocks = [np.zeros((5000, 2)), np.zeros((5000, 3)), np.zeros((5000, 3))]
    with pytest.raises(LayoutError):
        convolved(iter(blocks[1:]), convolver, threads=2)


def test_a_stream_that_is_dropped_leaves_the_convolver_usable(noise):
    convolver = plan(routes(noise(300, 1), 1), "overlap-add")
    x = noise(20_000, 1, seed=1)
    next(stream.convolve([x], convolver, lambda part, start: part, threads=2))
    again = convolved([x], convolver)
    fresh = plan(routes(noise(300, 1), 1), "overlap-add")
    np.testing.assert_array_equal(again, convolved([x], fresh))


@pytest.mark.parametrize("head", [0, 1, 3, 4])
@pytest.mark.parametrize("sound", [1, 2, 10])
@pytest.mark.parametrize("length", ["full", "input", "auto", 3, 10, 40])
def test_a_window_is_the_convolution_from_time_0(length, sound, head):
    x = np.ones((sound, 1))
    taps = np.array([0.1, 1.0, 0.5, 0.1, 1e-5])[:, None]
    full = oracle.convolve(x[:, 0], taps[:, 0])
    engine, window = plan(routes(taps, 1), "direct"), Window(head, length)
    body = [*stream.convolve(cut(x, [4]), engine, window.keep)]
    parts = [part for part, _ in body]
    assert [at for _, at in body] == [*np.cumsum([0, *map(len, parts[:-1])])]
    peak = max(np.abs(part).max(initial=0) for part in parts)
    parts += window.tail(engine.flush(), frames=sound, peak=peak)
    y = np.concatenate(parts)[:, 0]
    loud = max(sound, sound + 3 - head)  # without the last tap
    everything = sound + 4 - head
    frames = {"full": everything, "input": sound, "auto": loud}.get(length, length)
    assert window.frames(sound, 5) == (None if length == "auto" else frames)
    expected = np.concatenate([full, np.zeros(40)])[head:][:frames]
    np.testing.assert_allclose(y, expected, rtol=0, atol=oracle.tolerance(x, taps))


def test_arrays_keep_the_frames_before_time_0_unless_aligned(noise):
    x, taps = noise(60, 2), noise(9, 1, seed=1)
    h = Impulse(taps, 48000, origin=3)
    whole = audioconv.convolve(x, h)
    for align, head in [("none", 0), ("origin", 3), ("peak", int(np.abs(taps).argmax()))]:
        np.testing.assert_array_equal(audioconv.convolve(x, h, align=align), whole[head:])
    with pytest.raises(ImpulseError, match="align is 'first'; it must be one of none, origin"):
        audioconv.convolve(x, h, align="first")


def test_two_passes_are_one_pass_with_the_folded_impulse(noise):
    """(x * f) * g = x * (f * g), and f * g = g * f, to rounding."""
    x, f, g = noise(4000, 2), noise(700, 2, seed=1), noise(300, 1, seed=2)
    twice = audioconv.convolve(audioconv.convolve(x, f), g)
    folded = [folding.chain([Impulse(a, 48000), Impulse(b, 48000)]) for a, b in [(f, g), (g, f)]]
    for impulse in folded:
        once = audioconv.convolve(x, impulse)
        limit = oracle.tolerance(x, np.abs(impulse.taps)) + oracle.tolerance(
            x, np.abs(f).sum() * np.abs(g)
        )
        np.testing.assert_allclose(once, twice, rtol=0, atol=limit)
    commuted = audioconv.convolve(f[:, :1], g), audioconv.convolve(g, f[:, :1])
    np.testing.assert_allclose(*commuted, rtol=0, atol=oracle.tolerance(f, g))


def test_the_array_api_is_the_definition(noise):
    x, h = noise(60, 2), noise(9, 2, seed=1)
    expected = np.stack([oracle.convolve(x[:, c], h[:, c]) for c in (0, 1)], axis=1)
    y = audioconv.convolve(x, h)
    np.testing.assert_allclose(y, expected, rtol=0, atol=oracle.tolerance(x, h))


def test_the_array_api_guesses_no_axis():
    with pytest.raises(LayoutError, match="x\\[:, None\\]"):
        audioconv.convolve(np.ones(5), np.ones((2, 1)))


def test_the_array_api_refuses_what_is_not_finite():
    x = np.ones((5, 1))
    x[3] = np.nan
    with pytest.raises(AudioconvError, match="frame 3"):
        audioconv.convolve(x, np.ones((2, 1)))
    with pytest.raises(AudioconvError, match=r"^x has nan in frame 3, channel 1; samples must be"):
        audioconv.convolve(x, np.ones((2, 1)))
    with pytest.raises(ValueError, match="frame 1"):
        audioconv.convolve(np.ones((5, 1)), np.array([[1.0], [np.inf]]))


@pytest.mark.parametrize(
    "plan_one", [audioconv.convolver, lambda h, n: audioconv.convolve([[0.0] * n], h)]
)
def test_taps_that_are_not_finite_are_named_by_frame_and_channel(plan_one):
    taps = np.ones((5, 2, 3))
    taps[3, 1, 2] = np.nan
    with pytest.raises(
        ValueError, match="has nan in channel 2:3, which is not finite at frame 3; "
    ):
        plan_one(taps, 2)
    taps = np.ones((5, 2))
    taps[4, 1] = -np.inf
    with pytest.raises(ValueError, match="has -inf in channel 2, which is not finite at frame 4; "):
        plan_one(taps, 2)


def test_a_tail_that_is_quiet_beside_the_sound_is_no_tail():
    tail = np.array([[5e-4], [4e-4]])
    for peak, kept in [(1.0, 0), (0.45, 1), (0.1, 2)]:
        assert sum(map(len, Window(0, "auto").tail(tail, frames=9, peak=peak))) == kept


def test_an_automatic_end_of_silence_is_the_end_of_the_sound():
    for peak in (0.0, 1.0):
        assert sum(map(len, Window(0, "auto").tail(np.zeros((5, 2)), frames=9, peak=peak))) == 0


@pytest.mark.parametrize(("start", "frames"), [(0, 3), (1, 2), (2, 1), (3, 0), (4, 0), (10, 0)])
def test_the_frames_before_time_0_are_those_before_the_head(start, frames):
    part = np.arange(5.0)[:, None]
    np.testing.assert_array_equal(Window(3, "full").before(part, start), part[:frames])


@pytest.mark.parametrize(
    ("window", "sound", "needed"),
    [
        (Window(3, "full"), 100, 100),
        (Window(3, "input"), 100, 100),
        (Window(3, "auto"), None, None),
        (Window(3, 20), None, 23),  # those before time 0 are needed for it too
        (Window(3, 20), 100, 23),
        (Window(3, 20), 21, 21),
        (Window(0, 20), 20, 20),
    ],
)
def test_no_more_of_a_sound_is_needed_than_reaches_the_output(window, sound, needed):
    assert window.needed(sound) == needed


@pytest.mark.parametrize("failing", [0, 3, 7])
@pytest.mark.parametrize("place", ["kernel", "finish", "source"])
def test_an_error_anywhere_ends_the_stream_and_its_threads(failing, place, noise):
    """Each block waits for the tail of the one before it: none must wait for ever."""
    engine = plan(routes(noise(50, 1), 1), "overlap-add")
    kernel, seen = engine._kernel, []

    def failing_kernel(block, unit):
        if block[0, 0] == failing:
            raise ZeroDivisionError("kernel")
        return kernel(block, unit)

    def finish(part, start):
        if place == "finish" and start // engine.block == failing:
            raise ZeroDivisionError("finish")
        return start

    def source():
        for number in range(9):
            if place == "source" and number == failing:
                raise ZeroDivisionError("source")
            yield np.full((engine.block, 1), float(number))

    if place == "kernel":
        engine._kernel = failing_kernel

    def run():
        with pytest.raises(ZeroDivisionError, match=place):
            seen.extend(stream.convolve(source(), engine, finish, threads=3))
        ended.set()

    ended = threading.Event()
    threading.Thread(target=run, daemon=True).start()
    assert ended.wait(20)
    whole_blocks = {start // engine.block for start in seen}
    assert whole_blocks == set(range(failing))  # what came before it has come, in any case
    assert not [t for t in threading.enumerate() if t.name.startswith("convolve")]


@pytest.mark.parametrize("engine", ENGINES)
def test_bytes_do_not_depend_on_the_threads_of_linear_algebra(engine):
    """Which are as many as the machine has cores, and share out long sums."""
    code = f"""if True:
        import hashlib
        import numpy as np
        from audioconv import convolve
        random = np.random.default_rng(0)
        x, h = random.standard_normal((700, 1)), random.standard_normal((30_000, 1))
        print(hashlib.sha256(convolve(x, h, engine={engine!r})).hexdigest())
        print(hashlib.sha256(convolve(h, x, engine={engine!r})).hexdigest())
    """
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    ]
    assert said[0] == said[1]
