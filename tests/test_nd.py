"""Convolution in n dimensions: against the definition, SciPy and NumPy, and by its laws."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle import UNIT

from audioconv import nd
from audioconv.errors import AudioconvError, LayoutError, UsageError
from audioconv.nd import convolution, direct, fft, integers
from audioconv.nd.extent import extent

METHODS = ["direct", "fft"]
MODES = ["full", "same", "valid"]
TOP = {1: 12, 2: 5, 3: 3, 4: 3}
"""Elements along an axis, by the number of axes."""

few = settings(max_examples=40, deadline=None)


def definition(f, g):
    """Sum in Python's own numbers, which are exact for integers, over every pair of indices."""
    out = np.zeros(np.add(f.shape, g.shape) - 1, object)
    for a in np.ndindex(f.shape):
        for b in np.ndindex(g.shape):
            out[tuple(np.add(a, b))] += f[a].item() * g[b].item()
    return out


def tolerance(f, g):
    """Return what rounding may add: the guarantee for transforms is more than that of sums."""
    unit = float(np.finfo(np.result_type(f, g, np.float32)).eps) / 2
    parts = 4 if "c" in f.dtype.kind + g.dtype.kind else 1
    f, g = (f, g) if f.size >= g.size else (g, f)
    return parts * fft.rounding(f, g, extent(f.shape, g.shape, "full"), unit) + 1e-300


@st.composite
def arrays(draw, number=2, most=2**20):
    """Draw integer arrays of one number of axes, 1 to 4."""
    axes = draw(st.integers(1, 4))
    seed = np.random.default_rng(draw(st.integers(0, 2**32)))
    shapes = [[draw(st.integers(1, TOP[axes])) for _ in range(axes)] for _ in range(number)]
    return [seed.integers(-most, most, shape) for shape in shapes]


@pytest.mark.parametrize("method", METHODS)
@few
@given(pair=arrays(most=2**31))
def test_integers_are_exact(method, pair):
    f, g = pair
    wanted = definition(f, g)
    if max(map(abs, wanted.flat)) >= 2**63:
        with pytest.raises(AudioconvError, match="may reach"):
            nd.convolve(f, g, method=method)
        return
    found = nd.convolve(f, g, method=method)
    assert found.dtype == np.int64
    assert (found == wanted).all()


@pytest.mark.parametrize("method", METHODS)
@few
@given(three=arrays(number=3, most=2**15))
def test_the_laws_hold_of_integers(method, three):
    def star(f, g):
        return nd.convolve(f, g, method=method)

    f, g, h = three
    assert (star(f, g) == star(g, f)).all()
    assert (star(star(f, g), h) == star(f, star(g, h))).all()
    assert (star(f, g + 2 * g[::-1]) == star(f, g) + 2 * star(f, g[::-1])).all()
    place = tuple(np.subtract(g.shape, 1) // 2)
    delta = np.zeros_like(g)
    delta[place] = 1
    shifted = np.pad(f, [(p, n - 1 - p) for p, n in zip(place, g.shape, strict=True)])
    assert (star(f, delta) == shifted).all()


@pytest.mark.parametrize("method", METHODS)
@few
@given(
    pair=arrays(), kinds=st.tuples(*[st.sampled_from("bBfFdD")] * 2), mode=st.sampled_from(MODES)
)
def test_every_mode_and_type_is_as_in_scipy(method, pair, kinds, mode):
    f, g = (array.astype(kind) for array, kind in zip(pair, kinds, strict=True))
    for one in (f, g):
        if one.dtype.kind == "c":
            one += 1j * one[::-1]
    wide = [one.astype(complex if one.dtype.kind == "c" else float) for one in (f, g)]
    for ours, theirs in [
        (nd.convolve, scipy.signal.convolve),
        (nd.correlate, scipy.signal.correlate),
    ]:
        try:
            wanted = theirs(*wide, mode, method="direct")
        except ValueError:
            with pytest.raises(LayoutError, match="no valid part"):
                ours(f, g, mode, method)
            continue
        found = ours(f, g, mode, method)
        exact = {f.dtype.kind, g.dtype.kind} <= set("iu")
        assert found.dtype == (np.int64 if exact else np.result_type(f, g, np.float32))
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max(initial=0) <= 2 * tolerance(f, g)


@pytest.mark.parametrize(
    ("shape", "kernel"),
    [((5000,), (3,)), ((5000,), (300,)), ((300, 280), (9, 31)), ((3, 400), (90, 3)),
     ((40, 37, 60), (5, 1, 17)), ((9, 8, 30, 12), (3, 4, 2, 5)), ((60, 50), (1, 1))],
)  # fmt: skip
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_large_arrays_are_as_with_scipy(shape, kernel, method, dtype):
    random = np.random.default_rng(7)
    f, g = (random.standard_normal(size).astype(dtype) for size in (shape, kernel))
    for mode in MODES:
        if mode == "valid" and shape == (3, 400):
            continue
        found = nd.convolve(f, g, mode, method)
        wanted = scipy.signal.oaconvolve(f.astype(float), g.astype(float), mode)
        assert found.shape == wanted.shape
        assert found.dtype == dtype
        assert np.abs(found - wanted).max() <= 2 * tolerance(f, g)
    if len(shape) == 1:
        found = nd.convolve(f, g, "full", method)
        assert np.abs(found - np.convolve(f, g)).max() <= 2 * tolerance(f, g)


@few
@given(
    size=st.tuples(st.integers(1, 400), st.integers(1, 40)),
    blocks=st.integers(1, 50),
    mode=st.sampled_from(MODES),
)
def test_any_cut_into_blocks_gives_the_whole(size, blocks, mode):
    n, k = max(size), min(size)
    f, g = np.arange(n) % 17 - 8, np.arange(k) % 5 - 2
    asked = extent((n,), (k,), mode)
    block = -(-n // blocks)
    points = block + k - 1
    if block == n:
        points = max(asked.stop[0], n + k - 1 - asked.start[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fft, "_cut_axis", lambda *_: (block, points))
        found = fft.fft(f, g, asked, np.dtype(float))
    wanted = np.convolve(f, g)[asked.start[0] : asked.stop[0]]
    assert np.abs(found - wanted).max() < 1e-9


def test_an_axis_that_is_long_is_cut_and_wraps_only_what_is_not_asked_for():
    for n, k in [(10**6, 100), (4096, 31), (4096, 511), (100, 99), (5, 1)]:
        for mode in MODES:
            ((start,), (stop,)) = extent((n,), (k,), mode)
            block, points = fft._cut_axis(n, k, start, stop, 128)
            if block < n:
                assert points >= block + k - 1
            else:
                assert points >= max(stop, n + k - 1 - start)
    assert fft._cut_axis(10**6, 100, 0, 10**6 + 99, 128)[0] < 10**5


def test_the_definition_goes_slab_by_slab(monkeypatch):
    f, g = np.arange(5 * 7 * 6).reshape(5, 7, 6) % 11, np.arange(2 * 3 * 4).reshape(2, 3, 4) % 5
    wanted = definition(f, g).astype(float)
    for slab, line, row in itertools.product([1, 130, 10**4], [1, 7, 100], [1, 3, 8]):
        for name, value in [("SLAB", slab), ("LINE", line), ("ROW", row)]:
            monkeypatch.setattr(direct, name, value)
        assert (
            direct.direct(f, g, extent(f.shape, g.shape, "full"), np.dtype(float)) == wanted
        ).all()


def test_auto_takes_what_is_faster(monkeypatch):
    taken = []
    for name in METHODS:
        monkeypatch.setattr(convolution, name, lambda *_, name=name: taken.append(name))
    for k in (3, 31, 200):
        nd.convolve(np.ones((512, 512)), np.ones((k, k)))
    assert taken == ["direct", "fft", "fft"]


@pytest.mark.parametrize("method", METHODS)
def test_integers_that_fit_stay_exact_and_others_are_refused(method):
    big = 2**62
    assert nd.convolve([big, 1], [1, 1], method=method).tolist() == [big, big + 1, 1]
    # no bound on magnitudes shows that these fit, and their sums do
    assert nd.convolve([big, big - 1], [1, -1], method=method).tolist() == [big, -1, 1 - big]
    assert nd.convolve([3], [-(2**61)], method=method).tolist() == [-3 * 2**61]
    whole = np.array([2**40 + 1, -(2**41) + 3, 2**39 - 7]), np.array([2**20 + 3, -(2**21) + 1])
    assert nd.convolve(*whole, method=method).tolist() == definition(*whole).tolist()
    for f, g in [([big, big], [1, 1]), ([2**63 - 1], [2]), ([2**32] * 9, [2**31] * 9)]:
        with pytest.raises(AudioconvError, match=r"may reach [\d.]+e\+\d+; .* up to 9.22e\+18"):
            nd.convolve(f, g, method=method)
    with pytest.raises(AudioconvError, match="may reach"):
        nd.convolve(np.array([2**63], np.uint64), [1], method=method)
    assert nd.convolve(np.array([2**62], np.uint64), [-1], method=method).tolist() == [-(2**62)]


@pytest.mark.parametrize("method", METHODS)
def test_small_types_do_not_wrap(method):
    f = np.full((3, 3), 255, np.uint8)
    assert nd.convolve(f, f, method=method).max() == 9 * 255**2
    assert nd.convolve([True] * 3, [True] * 3, method=method).tolist() == [1, 2, 3, 2, 1]
    assert nd.convolve(np.int8([-128]), np.int8([-128]), method=method).tolist() == [16384]


@few
@given(seed=st.integers(0, 2**32), bits=st.integers(1, 63), digits=st.integers(1, 5))
def test_digits_make_up_the_number(seed, bits, digits):
    assume(bits <= 53 * digits)  # as float64 has, and the bound on errors demands
    x = np.random.default_rng(seed).integers(-(2 ** (bits - 1)), 2 ** (bits - 1), 20)
    wide = integers._bits(x, digits)
    found = integers._digits(x, wide, digits)
    assert (
        sum(
            d.astype(np.int64).astype(object) * 2 ** (wide * i) for i, d in enumerate(found)
        ).tolist()
        == x.tolist()
    )
    assert all(np.abs(d).max() <= 2 ** (wide - 1) for d in found)


def test_the_error_of_transforms_is_within_its_bound():
    random = np.random.default_rng(3)
    for f in (random.standard_normal((70, 90)), np.full((70, 90), 0.3)):
        for g in (random.standard_normal((9, 13)), np.full((9, 13), 0.7)):
            asked = extent(f.shape, g.shape, "full")
            found = fft.fft(f, g, asked, np.dtype(float))
            exact = [[math.fsum(v) for v in row] for row in _products(f, g)]
            off = np.abs(found[30:33, 40:43] - exact).max()
            assert off <= fft.rounding(f, g, asked, UNIT)
            assert off > 0


def _products(f, g):
    for i in range(30, 33):
        yield [
            [float(f[i - a, j - b] * g[a, b]) for a, b in np.ndindex(g.shape)]
            for j in range(40, 43)
        ]


@pytest.mark.parametrize("method", ["direct", "fft"])
def test_integers_whose_squares_overflow_are_refused_like_others(method):
    for number in range(2, 18):  # 2^62 + 2^62 does not fit; some transforms round it down
        with pytest.raises(AudioconvError, match="may reach"):
            nd.convolve([2**62] * number, [1, *[0] * (number - 2), 1], method=method)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_is_not_finite_stays_where_it_is_or_is_refused(value):
    f = np.ones((40, 40))
    f[3, 4] = value
    g = np.ones((2, 3))
    spread = ~np.isfinite(nd.convolve(f, g, method="direct"))
    assert spread.sum() == 6
    assert spread[3:5, 4:7].all()
    for pair in [(f, g), (g, f)]:
        with pytest.raises(AudioconvError, match=r"(nan|inf) at \[3, 4\] of .*method 'direct'"):
            nd.convolve(*pair, method="fft")
    with pytest.raises(AudioconvError, match="too large for transforms"):
        nd.convolve(np.full(9, 1e300), np.full(9, 1e300), method="fft")


@pytest.mark.parametrize(
    ("f", "g", "mode", "method", "error", "message"),
    [
        ([1], 2, "full", "auto", LayoutError, r"g has shape \(\)"),
        ([], [1], "full", "auto", LayoutError, r"f has shape \(0,\)"),
        ([[1]], [1], "full", "auto", LayoutError, "f has 2 axes and g has 1"),
        ([1], [[1]], "full", "auto", LayoutError, "f has 1 axis and g has 2"),
        ([[1, 2]], [[1], [2]], "valid", "fft", LayoutError, r"\(1, 2\) and \(2, 1\)"),
        (["a"], [1], "full", "auto", AudioconvError, "f is of type <U1"),
        (np.ones(2, np.longdouble), [1], "full", "auto", AudioconvError, "f is of type"),
        ([1], [1], "whole", "auto", UsageError, "mode is 'whole'"),
        ([1], [1], "full", "slow", UsageError, "method is 'slow'"),
    ],
)
def test_what_cannot_be_meant_is_refused(f, g, mode, method, error, message):
    if isinstance(f, np.ndarray) and f.dtype.itemsize <= 8:
        pytest.skip("long doubles are doubles here")
    with pytest.raises(error, match=message) as refused:
        nd.convolve(f, g, mode, method)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", nd.KERNELS)
@pytest.mark.parametrize(
    ("border", "theirs"),
    [("zero", "constant"), ("extend", "nearest"), ("wrap", "wrap"), ("mirror", "mirror")],
)
def test_pictures_are_as_in_ndimage(name, border, theirs):
    picture = np.random.default_rng(5).integers(0, 256, (19, 23), np.uint8)
    for kernel in (nd.KERNELS[name], nd.KERNELS[name].T, np.arange(20).reshape(4, 5)):
        found = nd.convolve(nd.pad(picture, kernel.shape, border), kernel, mode="valid")
        wanted = scipy.ndimage.convolve(picture.astype(float), kernel.astype(float), mode=theirs)
        assert found.shape == picture.shape
        if kernel.dtype.kind == "i":
            # ndimage puts the middle of an even kernel one element later
            later = [k % 2 - 1 for k in kernel.shape]
            wanted = scipy.ndimage.convolve(
                picture.astype(float), kernel.astype(float), mode=theirs, origin=later
            )
            assert (found == wanted).all()
        assert np.abs(found - wanted).max() < 1e-9


def test_kernels_keep_or_remove_an_even_grey():
    sums = {name: float(kernel.sum()) for name, kernel in nd.KERNELS.items()}
    assert sums == pytest.approx({"blur": 1, "edge": 0, "sharpen": 1, "emboss": 1, "sobel": 0})
    with pytest.raises(ValueError, match="read-only"):
        nd.KERNELS["edge"][0] = 2


def test_a_picture_is_rounded_once():
    assert nd.to_uint8(np.arange(256)).tolist() == list(range(256))
    for bad, message in [([np.nan], "NaN"), ([1j], "complex128")]:
        with pytest.raises(AudioconvError, match=message):
            nd.to_uint8(bad)
    for shape, border, message in [
        ([3, 3], "zero", "cannot be padded"),
        ([3], "tile", "border is"),
    ]:
        with pytest.raises(AudioconvError, match=message):
            nd.pad([1, 2], shape, border)


def exact_sum(*distributions):
    """Return the distribution of a sum in fractions."""
    totals = {Fraction(0): Fraction(1)}
    for values, probabilities in distributions:
        grown = {}
        for (a, p), (b, q) in itertools.product(
            totals.items(), zip(map(Fraction, values), map(Fraction, probabilities), strict=True)
        ):
            grown[a + b] = grown.get(a + b, 0) + p * q
        totals = grown
    return totals


@few
@given(
    st.lists(
        st.dictionaries(
            st.integers(-60, 60) | st.integers(-9, 9).map(lambda n: n / 8),
            st.integers(0, 9), min_size=1, max_size=6,
        ).filter(lambda d: sum(d.values())),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_distributions_are_the_sums_over_all_pairs(counts):
    variables = [
        (list(c), [n / sum(c.values()) for n in c.values()]) for c in counts
    ]  # fmt: skip
    values, probabilities = nd.convolve_distributions(*variables)
    exact = exact_sum(*variables)
    found = dict(zip(map(Fraction, values), probabilities, strict=True))
    assert (np.diff(values) > 0).all()
    assert (probabilities >= 0).all()
    assert abs(math.fsum(probabilities) - 1) <= 2 * UNIT * len(values)
    for value in exact.keys() | found.keys():
        assert found.get(value, 0) == pytest.approx(float(exact.get(value, 0)), abs=1e-14)
    assert found.keys() == exact.keys()


def test_distributions_merge_sums_that_differ_by_rounding():
    coin = [0.5, 0.5]
    values, probabilities = nd.convolve_distributions(([0.1, 0.3], coin), ([0.2, 0.0], coin))
    assert values == pytest.approx([0.1, 0.3, 0.5])
    assert probabilities.tolist() == [0.25, 0.5, 0.25]
    assert nd.convolve_distributions(([2, 2, 1], [0.25, 0.25, 0.5]))[1].tolist() == [0.5, 0.5]
    assert nd.convolve_distributions()[0].tolist() == [0.0]
    dice = np.arange(1, 7), np.full(6, 1 / 6)
    values, probabilities = nd.convolve_distributions(*[dice] * 30)
    assert values[[0, -1]].tolist() == [30, 180]
    assert probabilities[0] == pytest.approx(6.0**-30)  # no noise of a transform


def test_distributions_keep_sums_apart_beside_large_ones():
    lottery, coin = ([0.0, 1.0, 1e20], [0.25, 0.25, 0.5]), ([0, 1], [0.5, 0.5])
    values, probabilities = nd.convolve_distributions(lottery, coin)
    assert values.tolist() == [0, 1, 2, 1e20]
    assert probabilities.tolist() == [0.125, 0.25, 0.125, 0.5]
    there = [1e8, 0.0], [0.5, 0.5]  # and back: 0.1 has the rounding of what it went through
    values, _ = nd.convolve_distributions(([0.1], [1]), there, ([-1e8, 0.0], [0.5, 0.5]))
    assert values == pytest.approx([-1e8, 0.1, 1e8])
    assert nd.convolve_distributions(([1e308, -1e308], [0.5, 0.5]))[0].tolist() == [-1e308, 1e308]
    with pytest.raises(AudioconvError, match="sums reach inf; scale"):
        nd.convolve_distributions(([1e308], [1]), ([1e308], [1]))


@pytest.mark.parametrize(
    ("values", "probabilities", "message"),
    [
        ([1, 2], [0.5, -0.5], "a probability of -0.5"),
        ([1, 2], [0.5, np.nan], "a probability of nan"),
        ([1, 2], [0.5, 0.4], "sum to 0.9"),
        ([1, np.inf], [0.5, 0.5], "not finite"),
        ([1, 2], [1.0], "one probability for each"),
        ([], [], "one probability for each"),
        ("a", [1.0], "no pair"),
    ],
)
def test_what_is_no_distribution_is_refused(values, probabilities, message):
    with pytest.raises(AudioconvError, match=f"distribution 2.*{message}|distribution 2 {message}"):
        nd.convolve_distributions(([0], [1]), (values, probabilities))
