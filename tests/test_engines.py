"""One contract for every engine: the full convolution, for every cut of the input."""

import json
import pickle
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from itertools import product
from multiprocessing import get_context

import numpy as np
import oracle
import pytest
import scipy.fft
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import convolved, finished

from audioconv.engines import ENGINES, grid
from audioconv.engines.partitioned import Partitioned
from audioconv.engines.plan import choose, engine_name, plan
from audioconv.engines.routes import routes
from audioconv.engines.subnormals import flush_subnormals
from audioconv.errors import AudioconvError, LayoutError, UsageError

BLOCK = 16
LENGTHS = [1, 2, 7, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK]
LAYOUTS = {
    "mono on mono": (1, (1,)),
    "mono on three": (3, (1,)),
    "two on two": (2, (2,)),
    "mono into three": (1, (3,)),
    "true stereo": (2, (2, 2)),
    "three into two": (3, (3, 2)),
}


def engine_module(name):
    import importlib

    return importlib.import_module(f"audioconv.engines.{name}")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Give every engine blocks of 16 frames, so that short sounds cross many seams."""
    monkeypatch.setattr(engine_module("direct"), "LEAST_BLOCK", BLOCK)
    monkeypatch.setattr(engine_module("toeplitz"), "BLOCK", BLOCK)
    monkeypatch.setattr(engine_module("sparse"), "LEAST_BLOCK", BLOCK)
    monkeypatch.setattr(engine_module("sparse"), "SLICE", BLOCK // 2)
    monkeypatch.setattr(
        engine_module("overlap_add"), "fft_size", lambda k: 64 if k < BLOCK else 128
    )
    monkeypatch.setattr(engine_module("overlap_add"), "SLICE", BLOCK)
    monkeypatch.setattr(engine_module("transform"), "BAND", BLOCK)
    monkeypatch.setattr(engine_module("transform"), "row_length", lambda points: BLOCK // 2)
    monkeypatch.setattr(engine_module("partitioned"), "GROWTH", 2)  # partitions of 4, 8, 16
    monkeypatch.setattr(
        engine_module("partitioned"),
        "partitioned",
        lambda routing, **how: Partitioned(routing, block=4, **how),
    )


def taps_of(layout, length, random, scale=1.0):
    channels, shape = LAYOUTS[layout]
    taps = scale * random.standard_normal((length, *shape))
    if layout == "three into two":
        taps[:, 1, 0] = 0  # a silent path is dropped, not computed
    return routes(taps, channels)


def run(convolver, x, cuts):
    """Feed x in the given cuts, the rest in one piece, and return all that comes out."""
    out, at = [], 0
    for cut in [*cuts, len(x)]:
        block = x[at : at + cut]
        result = convolver.process(block)
        assert len(result) == len(block)
        out.append(np.array(result))
        at += len(block)
    tail = convolver.flush()
    assert len(tail) == convolver.routing.frames - 1
    return np.concatenate([*out, tail])


def assert_close(y, expected, x, routing, unit=oracle.UNIT):
    for target in range(routing.outputs):
        into = [r for r in routing.routes if r.target == target]
        limit = sum(oracle.tolerance(x[:, r.source], routing.taps(r), unit) for r in into)
        assert np.abs(y[:, target] - expected[:, target]).max() <= limit


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=12, deadline=None)
@given(
    length=st.sampled_from(LENGTHS),
    frames=st.integers(1, 5 * BLOCK),
    cuts=st.lists(st.integers(0, 2 * BLOCK + 1), max_size=8),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_engine_is_the_definition_however_the_input_is_cut(
    engine, layout, length, frames, cuts, seed
):
    random = np.random.default_rng(seed)
    routing = taps_of(layout, length, random)
    x = random.standard_normal((frames, routing.inputs))
    before = x.copy()
    convolver = plan(routing, engine)
    expected = oracle.convolve_routes(x, routing)
    assert_close(run(convolver, x, cuts), expected, x, routing)
    np.testing.assert_array_equal(x, before)  # inputs are left alone
    # and again, cut differently: after flush it is as new
    assert_close(run(convolver, x, []), expected, x, routing)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("length", LENGTHS)
def test_sums_on_a_grid_are_exact_to_the_bit(engine, length):
    random = np.random.default_rng(length)
    taps = random.integers(-(2**15), 2**15, (length, 2)) / 2**15
    x = random.integers(-(2**15), 2**15, (5 * BLOCK + 3, 2)) / 2**15
    routing = routes(taps, 2)
    y = run(plan(routing, engine, signal_bits=15), x, [5, 0, 40])
    whole = [
        np.convolve(*(np.rint(z[:, c] * 2**15).astype(int) for z in (x, taps))) for c in (0, 1)
    ]
    np.testing.assert_array_equal(y, np.stack(whole, axis=1) / 2**30)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_unit_sample_anywhere_in_a_block_gives_the_impulse_there(engine):
    taps = np.random.default_rng(1).standard_normal((7, 1))
    routing = routes(taps, 1)
    convolver = plan(routing, engine)
    for index in range(2 * BLOCK):
        x = np.zeros((2 * BLOCK, 1))
        x[index] = 1
        y = run(convolver, x, [])
        expected = np.zeros((2 * BLOCK + 6, 1))
        expected[index : index + 7] = taps
        assert_close(y, expected, x, routing)


@pytest.mark.parametrize("engine", ENGINES)
def test_single_precision_is_right_to_single_precision(engine, noise):
    routing = routes(noise(40, 2), 2)
    x = noise(100, 2, seed=1)
    y = run(plan(routing, engine, single=True), x, [30])
    # rounding sound and taps to float32 adds two more roundings
    assert_close(y, oracle.convolve_routes(x, routing), x, routing, unit=2.0**-24)


@pytest.mark.parametrize("engine", ["overlap-add", "partitioned", "sparse"])
def test_single_precision_computes_in_float32(engine, noise):
    convolver = plan(routes(noise(40, 1), 1), engine, single=True)
    assert convolver.process(noise(10, 1)).dtype == np.float32


@pytest.mark.parametrize("engine", ENGINES)
def test_reset_forgets_the_sound(engine, noise):
    convolver = plan(routes(noise(20, 1), 1), engine)
    convolver.process(noise(50, 1))
    convolver.reset()
    assert not convolver.process(np.zeros((50, 1))).any()
    assert not convolver.flush().any()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_copy_goes_on_exactly_where_the_convolver_was(engine, layout):
    random = np.random.default_rng(4)
    routing = taps_of(layout, 3 * BLOCK, random)
    x = random.standard_normal((6 * BLOCK, routing.inputs))
    whole = run(plan(routing, engine), x, [40])
    convolver = plan(routing, engine)
    convolver.process(x[:40])
    for copy in (deepcopy(convolver), pickle.loads(pickle.dumps(convolver)), convolver):
        np.testing.assert_array_equal(run(copy, x[40:], []), whole[40:])


@pytest.fixture(scope="module")
def spawned():
    """A process that shares nothing with this one, as those of a data loader."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("engine", ENGINES)
def test_a_spawned_process_goes_on_exactly_where_the_convolver_was(engine, spawned):
    random = np.random.default_rng(5)
    routing = taps_of("true stereo", 3 * BLOCK, random)
    x = random.standard_normal((6 * BLOCK, 2))
    convolver = plan(routing, engine)
    convolver.process(x[:40])
    there = spawned.submit(finished, convolver, x[40:]).result(timeout=120)
    np.testing.assert_array_equal(there, run(convolver, x[40:], []))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_block_of_another_shape_is_refused(engine):
    convolver = plan(routes(np.ones((3, 1)), 2), engine)
    for shape in [(5,), (5, 1), (5, 3), (5, 2, 1)]:
        with pytest.raises(LayoutError, match=r"must be \(frames, 2\)"):
            convolver.process(np.zeros(shape))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_block_may_be_a_list_of_frames(engine):
    convolver = plan(routes(np.array([[1.0], [0.5]]), 1), engine)
    block = [[1.0], [0.0], [-2.0]]
    np.testing.assert_allclose(convolver.process(block), [[1], [0.5], [-2]], rtol=0, atol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [bool, np.int8, np.uint16, np.int64])
def test_a_block_of_whole_numbers_is_that_of_the_same_floats(engine, kind):
    x = np.random.default_rng(8).integers(0, 2 if kind is bool else 100, (50, 1)).astype(kind)
    convolver = plan(routes(np.array([[0.5], [0.25]]), 1), engine)
    whole, floats = (run(convolver, block, [20]) for block in (x, x.astype(float)))
    np.testing.assert_array_equal(whole, floats)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_block_that_is_not_of_real_numbers_is_refused(engine):
    convolver = plan(routes(np.ones((3, 1)), 2), engine)
    for kind in (complex, object, "U1"):
        with pytest.raises(LayoutError, match="must be an array of real numbers"):
            convolver.process(np.zeros((5, 2), kind))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16])
def test_a_block_that_is_not_finite_is_refused_and_leaves_no_trace(
    engine, value, single, kind, noise
):
    routing = routes(noise(3 * BLOCK, 2, seed=1), 2)
    x = noise(8 * BLOCK, 2).astype(kind)
    whole = run(plan(routing, engine, single=single), x, [40])
    convolver = plan(routing, engine, single=single)
    parts = [convolver.process(x[:40])]
    bad = x[40:].copy()
    # in a later block than the first, so that nothing may be computed before the check
    bad[70, 1] = value
    bad[80, 0] = np.nan
    for _ in range(2):
        with pytest.raises(AudioconvError, match=f"has {value:g} in frame 70, channel 2; samples"):
            convolver.process(bad)
        with pytest.raises(AudioconvError, match="has nan in frame 0, channel 1; "):
            convolver.process(bad[80:81])
    assert convolver.process(x[:0]).shape == (0, 2)
    np.testing.assert_array_equal(np.concatenate([*parts, run(convolver, x[40:], [])]), whole)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("gain", [1e-3, 1.0, 1e3])
def test_a_sample_up_to_the_limit_gives_no_infinity_and_one_beyond_is_refused(engine, single, gain):
    """The definition stays in range, so a transform may not leave it on its way."""
    routing = routes(gain * np.random.default_rng(2).standard_normal((40, 2, 2)) / 160, 2)
    convolver = plan(routing, engine, single=single)
    single = convolver.process(np.zeros((0, 2))).dtype == np.float32
    assert convolver.limit <= np.finfo(np.float32 if single else np.float64).max
    y = run(convolver, np.full((200, 2), convolver.limit), [7])
    assert np.isfinite(y).all()
    beyond = convolver.limit * 1.001
    for value in [beyond, max(beyond, 1e308)]:
        with pytest.raises(AudioconvError, match="samples must be finite, and at most "):
            convolver.process(np.full((3, 2), value))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_silent_impulse_gives_silence(engine):
    y = run(plan(routes(np.zeros((9, 1)), 2), engine), np.ones((20, 2)), [])
    np.testing.assert_array_equal(y, np.zeros((28, 2)))


def test_an_engine_is_stateless_in_threads(noise):
    from concurrent.futures import ThreadPoolExecutor

    for engine in ("overlap-add", "direct", "toeplitz"):
        convolver = plan(routes(noise(30, 2), 2), engine)
        blocks = [noise(BLOCK, 2, seed=s) for s in range(40)]

        def full(block, convolver=convolver):
            made = convolver.kernel(block)
            return np.concatenate([*made.parts, made.tail])

        alone = [full(block) for block in blocks]
        with ThreadPoolExecutor(8) as pool:
            for one, other in zip(alone, pool.map(full, blocks), strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("engine", ENGINES)
def test_no_engine_leans_on_another(engine, monkeypatch, noise):
    def poisoned(*_, **__):
        raise AssertionError("an engine used another's algorithm")

    class Numpy:
        """NumPy without one function, for one module."""

        def __init__(self, missing):
            self.missing = missing

        def __getattr__(self, name):
            return poisoned if name == self.missing else getattr(np, name)

    transforms = engine in ("overlap-add", "partitioned")
    if engine != "direct":
        monkeypatch.setattr(engine_module("direct"), "np", Numpy("vecdot"))
    if engine != "sparse":
        monkeypatch.setattr(engine_module("sparse"), "np", Numpy("flatnonzero"))
    if engine != "toeplitz":
        monkeypatch.setattr(scipy.linalg, "convolution_matrix", poisoned)
    if not transforms:
        for library, name in product((np.fft, scipy.fft), ("rfft", "irfft", "fft", "ifft")):
            monkeypatch.setattr(library, name, poisoned)
    if engine == "overlap-add":
        monkeypatch.setattr(Partitioned, "process", poisoned)
    if engine == "partitioned":
        monkeypatch.setattr(engine_module("overlap_add"), "fft_size", poisoned)
    for name in ("convolve", "correlate"):
        monkeypatch.setattr(np, name, poisoned)
    routing = routes(noise(20, 1), 1)
    x = noise(50, 1, seed=1)
    assert_close(run(plan(routing, engine), x, [7]), oracle.convolve_routes(x, routing), x, routing)


@pytest.mark.parametrize("block", [1, 3, 64])
def test_partitioned_takes_any_partition(block, noise):
    routing = routes(noise(50, 2, 2), 2)
    x = noise(130, 2, seed=1)
    y = run(Partitioned(routing, block=block), x, [1, 2, 3, 64, 5])
    assert_close(y, oracle.convolve_routes(x, routing), x, routing)


def test_subnormals_are_flushed_and_nothing_else(noise):
    x = noise(64, 1)
    x[::2] = 5e-324
    routing = routes(noise(40, 1, seed=1), 1)
    y = run(plan(routing, "overlap-add"), x, [])
    flushed = np.where(np.abs(x) < 1e-150, 0, x)
    assert_close(y, oracle.convolve_routes(flushed, routing), flushed, routing)


@pytest.mark.parametrize(("dtype", "least"), [(np.float64, 1e-150), (np.float32, 1e-30)])
def test_magnitudes_under_the_threshold_become_zero_and_those_at_it_stay(dtype, least):
    least = dtype(least)
    under = np.nextafter(least, dtype(0))
    block = np.array([least, -least, under, -under, dtype(1), dtype(0)])
    flushed = flush_subnormals(block)
    assert flushed.dtype == dtype
    np.testing.assert_array_equal(flushed, np.array([least, -least, 0, 0, 1, 0], dtype))


def test_toeplitz_repeats_the_taps_down_its_diagonals():
    """The matrix itself: W x for every unit vector x gives the columns, taps shifted by one."""
    taps = np.array([[3.0], [2.0], [1.0]])
    kernel = plan(routes(taps, 1), "toeplitz").kernel
    made = [kernel(unit[:, None]) for unit in np.eye(4)]
    columns = np.concatenate([np.concatenate([*one.parts, one.tail]) for one in made], axis=1)
    for diagonal, tap in enumerate([3.0, 2.0, 1.0]):
        np.testing.assert_array_equal(np.diag(columns, -diagonal), [tap] * 4)
    assert np.count_nonzero(columns) == 12


def test_toeplitz_refuses_a_large_matrix_by_its_bytes(monkeypatch):
    monkeypatch.setattr(engine_module("toeplitz"), "BLOCK", 512)
    with pytest.raises(UsageError, match=f"would take {(512 + 99_489) * 512 * 8} bytes"):
        plan(routes(np.ones((99_490, 1)), 1), "toeplitz")


def test_a_matrix_of_the_largest_size_is_built(monkeypatch):
    toeplitz = engine_module("toeplitz")
    routing = routes(np.ones((5, 2)), 2)
    monkeypatch.setattr(toeplitz, "MAX_BYTES", 2 * (BLOCK + 4) * BLOCK * 8)
    assert plan(routing, "toeplitz").block == BLOCK
    monkeypatch.setattr(toeplitz, "MAX_BYTES", 2 * (BLOCK + 4) * BLOCK * 8 - 1)
    with pytest.raises(UsageError, match="would take"):
        plan(routing, "toeplitz")


def test_a_negative_zero_survives_the_identity():
    y = run(plan(routes(np.ones((1, 1)), 1), "sparse"), np.array([[-0.0], [0.0]]), [])
    np.testing.assert_array_equal(np.signbit(y), [[True], [False]])


def test_choice_depends_on_the_busiest_route_alone():
    taps = np.zeros((5000, 2))
    taps[:20, 0] = 1
    assert choose(routes(taps, 2)) == "sparse"
    taps[:21, 1] = 1
    assert choose(routes(taps, 2)) == "overlap-add"
    assert choose(routes(np.zeros((3, 1)), 1)) == "sparse"


def test_an_unknown_engine_is_refused_with_the_choices():
    routing = routes(np.ones((1, 1)), 1)
    with pytest.raises(
        UsageError, match="auto, overlap-add, partitioned, sparse, direct, toeplitz"
    ):
        engine_name(routing, "fft")


def test_published_convolutions_of_cmsis(shared):
    cases = json.loads((shared / "vectors/cmsis_conv_f64.json").read_text())["cases"]
    assert len(cases) == 43
    for case in cases:
        x, h, y = (np.array(case[key], float) for key in "xhy")
        for engine in ENGINES:
            full = run(plan(routes(h[:, None], 1), engine), x[:, None], [3])[:, 0]
            part = case["mode"].removeprefix("full")
            if part:
                begin, end = map(int, part.strip("[]").split(":"))
                full = full[begin:end]
            # the published figures are rounded to float64 themselves: a unit of the last place
            np.testing.assert_allclose(full, y, rtol=0, atol=2 * oracle.tolerance(x, h))


def ramp_convolution(n, m):
    """The sum over k of (k + 1) (c - k + 1), for ramps 1 .. n and 1 .. m, in whole numbers."""
    c = np.arange(n + m - 1)
    low, high = np.maximum(0, c - n + 1), np.minimum(c, m - 1)

    def total(top):
        return top * (top + 1) // 2

    def squares(top):
        return top * (top + 1) * (2 * top + 1) // 6

    linear = total(high + 1) - total(low)
    return (c + 2) * linear - (squares(high + 1) - squares(low))


def test_lengths_that_tripped_other_convolvers(shared):
    cases = json.loads((shared / "vectors/fftconvolver_cases.json").read_text())["cases"]
    random = np.random.default_rng(0)
    for frames, length, least, most, partition in cases:
        x, h = np.arange(1.0, frames + 1)[:, None], np.arange(1.0, length + 1)[:, None]
        convolver = Partitioned(routes(h, 1), block=partition, signal_bits=0)
        cuts = random.integers(least, most + 1, frames // least + 1)
        y = run(convolver, x, cuts.tolist())
        np.testing.assert_array_equal(y[:, 0], ramp_convolution(frames, length))


@pytest.mark.parametrize("engine", ["overlap-add", "sparse", "direct", "toeplitz"])
@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32])
@pytest.mark.parametrize("single", [False, True])
def test_whole_numbers_in_units_are_the_same_sound_bit_for_bit(engine, kind, single):
    random = np.random.default_rng(3)
    least, most = np.iinfo(kind).min, np.iinfo(kind).max
    steps = random.integers(least, most, (5 * BLOCK + 3, 2), dtype=kind, endpoint=True)
    unit = 2.0 ** (1 - 8 * steps.itemsize)
    routing = routes(random.standard_normal((9, 2, 2)), 2)
    floats = steps * unit
    one, other = (plan(routing, engine, single=single) for _ in range(2))
    np.testing.assert_array_equal(
        convolved([steps], one, unit=unit, threads=2), convolved([floats], other)
    )


@pytest.mark.parametrize(("count", "inputs", "outputs"), [(4, 2, 2), (12, 3, 4), (2, 1, 2)])
def test_every_input_and_output_of_a_matrix_is_transformed_once(
    count, inputs, outputs, monkeypatch, noise
):
    transform = engine_module("transform").FourStep
    calls = dict.fromkeys(["columns", "columns_back"], 0)

    def watch(name):
        real = getattr(transform, name)

        def counted(self, plane):
            calls[name] += 1
            real(self, plane)

        monkeypatch.setattr(transform, name, counted)

    for name in calls:
        watch(name)
    routing = routes(noise(5, inputs, outputs), inputs)
    assert len(routing.routes) == count
    convolver = plan(routing, "overlap-add")
    convolver.process(noise(convolver.block, inputs))
    calls.update(columns=0, columns_back=0)  # those of the impulse were in the first block
    convolver.process(noise(convolver.block, inputs, seed=1))
    assert calls == {"columns": inputs, "columns_back": outputs}


def test_strands_are_the_smallest_groups_of_routes_that_share_no_channel():
    taps = np.zeros((1, 5, 5))
    for source, target in [(0, 1), (2, 1), (2, 3), (1, 0), (4, 4)]:
        taps[0, source, target] = 1
    strands = routes(taps, 5).strands
    assert {(s.sources, s.targets) for s in strands} == {
        ((0, 2), (1, 3)),
        ((1,), (0,)),
        ((4,), (4,)),
    }
    assert routes(taps, 5).silent == (2,)
    paths = {(s.sources[r.source], s.targets[r.target]) for s in strands for r in s.routes}
    assert paths == {(0, 1), (2, 1), (2, 3), (1, 0), (4, 4)}


def test_a_long_impulse_gets_larger_partitions_and_no_call_all_the_work(noise, monkeypatch):
    """Of an impulse of many partitions, no call sums more than its share of them."""
    partitioned = engine_module("partitioned")
    convolver = Partitioned(routes(noise(500, 1), 1), block=4)
    assert [stage.block for stage in convolver._stages] == [4, 8, 16, 32, 64, 128]
    assert convolver.fft_size == 2 * 128
    shares = []
    sum_up = partitioned._Stage._sum_up

    def counted(self, until):
        shares.append((self.block, until - self._summed))
        sum_up(self, until)

    monkeypatch.setattr(partitioned._Stage, "_sum_up", counted)
    for _ in range(200):
        convolver.process(np.ones((4, 1)))
    for stage in convolver._stages:
        most = max(share for block, share in shares if block == stage.block)
        assert most <= -(-stage._partitions * 4 // stage.block)


class Dirty:
    """NumPy whose new memory holds what would be heard."""

    def __getattr__(self, name):
        return getattr(np, name)

    def empty(self, shape, dtype=float):
        return np.full(shape, np.nan, dtype)


@pytest.mark.parametrize("engine", ["overlap-add", "sparse"])
def test_an_output_without_a_route_is_silent(engine, monkeypatch, noise):
    taps = noise(9, 2, 3)
    taps[:, :, 1] = 0
    monkeypatch.setattr(engine_module(engine.replace("-", "_")), "np", Dirty())
    y = run(plan(routes(taps, 2), engine), noise(70, 2, seed=1), [])
    assert np.isfinite(y).all()
    assert not y[:, 1].any()
    assert y[:, 0].any()


# taps (delay, input, output), all equal
ALIKE = {
    "two inputs into one output": [(3, 0, 0), (3, 1, 0)],
    "two inputs into one output, and one into another": [(3, 0, 0), (3, 1, 0), (3, 1, 1)],
    "crossed": [(3, 0, 1), (3, 1, 0)],
    "straight and crossed": [(0, 0, 0), (0, 1, 1), (5, 0, 1), (5, 1, 0)],
    "one path, then all": [(1, 1, 1), (4, 0, 0), (4, 1, 1)],
    "crossed, then straight": [(0, 0, 1), (2, 0, 0), (2, 1, 1)],
    "all, then one path": [(0, 0, 0), (0, 1, 1), (6, 0, 0)],
    "all, and all again": [(0, 0, 0), (0, 1, 1), (6, 0, 0), (6, 1, 1)],
    "straight into two of three": [(2, 0, 0), (2, 1, 1), (6, 0, 2)],
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", ALIKE)
def test_taps_that_are_alike_are_all_heard(engine, case, monkeypatch):
    """Whole numbers, whose sums are exact: a path lost, or memory not set, is seen."""
    taps = np.zeros((7, 2, 1 + max(target for _, _, target in ALIKE[case])))
    for place in ALIKE[case]:
        taps[place] = 0.5
    routing = routes(taps, 2)
    x = np.random.default_rng(6).integers(-100, 100, (3 * BLOCK + 5, 2)).astype(float)
    monkeypatch.setattr(engine_module("sparse"), "np", Dirty())
    y = run(plan(routing, engine, signal_bits=0), x, [7])
    np.testing.assert_array_equal(y, oracle.convolve_routes(x, routing))


@pytest.mark.parametrize("engine", ENGINES)
def test_paths_of_different_numbers_of_bits_share_the_finer_grid(engine):
    """An impulse that is one spike on the left and a recording of 24 bits on the right."""
    random = np.random.default_rng(8)
    taps = np.zeros((20, 2))
    taps[0, 0] = 1
    taps[:, 1] = random.integers(-(2**23), 2**23, 20) / 2**23
    taps[0, 1] = 2.0**-23
    x = random.integers(-(2**15), 2**15, (3 * BLOCK + 5, 2)) / 2**15
    for order in ([0, 1], [1, 0]):
        routing = routes(taps[:, order], 2)
        assert grid.fractional_bits(routing) == 23
        y = run(plan(routing, engine, signal_bits=15), x, [5])
        whole = [
            np.convolve(np.rint(x[:, c] * 2**15).astype(int), np.rint(t * 2**23).astype(int))
            for c, t in enumerate(taps[:, order].T)
        ]
        np.testing.assert_array_equal(y, np.stack(whole, axis=1) / 2**38)


def test_a_grid_is_no_finer_than_32_bits_of_taps_and_none_in_single_precision():
    single, double = np.dtype(np.float32), np.dtype(np.float64)
    for bits in (0, 1, 23, 32):
        routing = routes(np.array([[1.0], [2.0**-bits]]), 1)
        assert grid.fractional_bits(routing) == bits
        assert grid.grid_scale(routing, 15, double) == 2.0 ** (bits + 15)
        assert grid.grid_scale(routing, None, double) is None
        assert grid.grid_scale(routing, 15, single) is None
    finer = routes(np.array([[1.0], [2.0**-33]]), 1)
    assert grid.fractional_bits(finer) is None
    assert grid.grid_scale(finer, 15, double) is None


def test_zeros_on_a_grid_are_positive():
    """The sign of a zero is noise of the transform, and would be heard as other bytes of a file."""
    snapped = grid.snap(np.array([[-1e-9], [-0.0], [1e-9], [-0.3]]), 4.0)
    np.testing.assert_array_equal(snapped.ravel(), [0, 0, 0, -0.25])
    assert not np.signbit(snapped[:3]).any()


def test_a_block_counts_in_ones_unless_told_otherwise(noise):
    x, taps = noise(BLOCK, 2), noise(5, 2, seed=1)
    for engine in ("sparse", "direct"):
        expected = plan(routes(taps, 2), engine).process(x)
        convolver = plan(routes(taps, 2), engine)
        if engine == "sparse":
            parts = convolver.kernel(convolver.window(x))
        else:
            parts = convolver.kernel(x).parts
        np.testing.assert_array_equal(np.concatenate([*parts]), expected)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("frames", [1, 9])
def test_a_new_convolver_has_a_silent_tail(engine, frames, noise):
    convolver = plan(routes(noise(frames, 2, 3), 2), engine)
    for _ in range(2):
        tail = convolver.flush()
        assert tail.shape == (frames - 1, 3)
        assert not tail.any()
    x = noise(20, 2, seed=1)
    assert_close(
        run(convolver, x, []), oracle.convolve_routes(x, convolver.routing), x, convolver.routing
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_after_a_flush_a_convolver_is_as_new_bit_for_bit(engine, noise):
    routing = routes(noise(3 * BLOCK, 2), 2)
    convolver = plan(routing, engine)
    for x in (noise(50, 2, seed=1), noise(37, 2, seed=2)):
        new = run(plan(routing, engine), x, [5])
        np.testing.assert_array_equal(run(convolver, x, [5]), new)


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_is_in_double_precision_and_on_no_grid_unless_told_otherwise(engine, noise):
    routing = routes(noise(5, 2), 2)
    module = ENGINES[engine]
    convolver = getattr(engine_module(module), module)(routing)
    assert convolver.process(noise(9, 2)).dtype == np.float64
    found, expected = convolver.error_model(), plan(routing, engine, single=False).error_model()
    np.testing.assert_array_equal(found.guaranteed, expected.guaranteed)
    assert found.grid_scale is None
    single = plan(routing, engine, single=True).error_model()
    assert (single.guaranteed > 2**28 * found.guaranteed)[found.guaranteed > 0].all()


@pytest.mark.parametrize("engine", ["overlap-add", "partitioned"])
@pytest.mark.parametrize(("single", "tiny"), [(False, 5e-324), (False, 1e-310), (True, 1e-40)])
def test_no_transform_of_a_sound_meets_a_subnormal_number(engine, single, tiny, monkeypatch, noise):
    """They would make it 40 times slower, which is counted here instead of timed."""
    met = []

    def watch(library, name):
        real = getattr(library, name)

        def watched(values, *arguments, **options):
            parts = np.abs(np.stack([np.real(values), np.imag(values)]))
            met.append(int(((parts > 0) & (parts < np.finfo(parts.dtype).tiny)).sum()))
            return real(values, *arguments, **options)

        monkeypatch.setattr(library, name, watched)

    for library, name in product((np.fft, scipy.fft), ("rfft", "fft")):
        watch(library, name)
    convolver = plan(routes(noise(9, 1, seed=1), 1), engine, single=single)
    x = noise(5 * BLOCK, 1)
    x[::2] = tiny
    run(convolver, x, [])
    assert met
    assert not any(met)


@pytest.mark.parametrize("engine", ["direct", "sparse", "toeplitz"])
@pytest.mark.parametrize("single", [False, True])
def test_the_limit_of_plain_sums_is_that_of_their_largest(engine, single):
    """Taps of one sign, and the largest number: their sum must not be infinite."""
    taps = np.array([1.0, 0.75, 0.0, 0.5, 1.0])[:, np.newaxis]
    convolver = plan(routes(taps, 1), engine, single=single)
    largest = np.finfo(convolver.process(np.zeros((0, 1))).dtype).max
    assert convolver.limit == pytest.approx(largest / taps.sum(), rel=1e-5)
    y = run(convolver, np.full((9, 1), convolver.limit), [4])
    assert y.max() == pytest.approx(largest, rel=1e-5)
    with pytest.raises(AudioconvError, match="samples must be finite, and at most "):
        convolver.process(np.full((9, 1), 0.95 * largest))
    # nor is less allowed where the sum is no larger than a sample
    quiet = plan(routes(taps / 8, 1), engine, single=single)
    assert quiet.limit == pytest.approx(largest, rel=1e-5)
