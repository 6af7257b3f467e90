"""Bounds on rounding errors: every term of them, by formulas of their own."""

import itertools
import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from audioconv.engines import ENGINES
from audioconv.engines.plan import plan
from audioconv.engines.rounding import ErrorModel
from audioconv.engines.routes import routes
from audioconv.verify.bound import ErrorBound

TRANSFORMS = ("overlap-add", "partitioned")
EXACTLY = {"rel": 1e-12, "abs": 0}


def spikes(frames, *pairs):
    """Return taps of one path that are silent but at some frames."""
    taps = np.zeros(frames)
    for at, value in pairs:
        taps[at] = value
    return taps


def matrix(*rows):
    """Return taps (frames, inputs, outputs) of paths in rows of outputs, padded to one length."""
    longest = max(len(path) for row in rows for path in row)
    return np.array(
        [[np.pad(path, (0, longest - len(path))) for path in row] for row in rows], float
    ).transpose(2, 0, 1)


def some(frames, seed):
    return np.random.default_rng(seed).standard_normal(frames)


TAPS = {
    "one tap": matrix([[0.3]]),
    # two terms, but eleven blocks of the matrix engine
    "far apart": matrix([spikes(5000, (0, 0.7), (4999, -0.31))]),
    "20 taps": matrix([some(20, 1)]),
    "21 taps": matrix([some(21, 2)]),
    "long": matrix([some(3000, 3)]),
    # four paths, of which one is silent, and one output that two lead to
    "matrix": matrix([some(1300, 4), [0.0]], [some(9, 5), 3 * some(700, 6)]),
    "many into one": matrix(*([spikes(3, (n % 3, 0.5 + n))] for n in range(6))),
    "louder than full scale": matrix([[4.0, -3.0]]),
}


class Formulas:
    """What is known of a convolver from outside, and each bound as its docstring has it."""

    def __init__(self, taps, engine, single):
        self.taps = taps
        self.convolver = plan(routes(taps, taps.shape[1]), engine, single=single)
        self.model = self.convolver.error_model()
        self.engine = engine
        self.single = single
        self.unit = 2.0**-24 if single else 2.0**-53
        self.frames, self.inputs, self.outputs = taps.shape
        self.points = self.convolver.fft_size
        self.paths = [*itertools.product(range(self.inputs), range(self.outputs))]

    def path(self, i, o):
        return self.taps[:, i, o].tolist()

    def l1(self, i, o):
        return math.fsum(abs(tap) for tap in self.path(i, o))

    def l2(self, i, o):
        return math.sqrt(math.fsum(tap * tap for tap in self.path(i, o)))

    def count(self, i, o):
        return sum(tap != 0 for tap in self.path(i, o))

    def response(self, i, o, points):
        return float(np.abs(np.fft.fft(self.taps[:, i, o], points)).max())

    def finest(self, i, o):
        """Return max|H| on a grid with that of the transforms, and twice as fine as the taps."""
        return self.response(i, o, max(self.points, 2 ** math.ceil(math.log2(2 * self.frames + 1))))

    @property
    def reach(self):
        """Count the blocks of input within the taps, and within the longest partition."""
        span = self.frames - 1 + (self.points // 2 if self.engine == "partitioned" else 0)
        return 1 + math.ceil(Fraction(span, self.convolver.block))

    @property
    def largest_sum(self):
        return max(sum(self.l1(i, o) for i in range(self.inputs)) for o in range(self.outputs))

    def table(self, weight):
        """Return a weight of each path that is not silent, (inputs, outputs)."""
        return [
            [weight(i, o) if self.count(i, o) else 0.0 for o in range(self.outputs)]
            for i in range(self.inputs)
        ]

    def guaranteed_of_sums(self, i, o):
        """Return (n + 2 + m) u |h|_1 of n products into one output, and of m blocks."""
        terms = sum(self.count(other, o) for other in range(self.inputs))
        return (terms + 2 + self.reach) * self.unit * self.l1(i, o)

    def guaranteed_of_transforms(self, i, o):
        stages = math.log2(self.points) + 2
        products = sum(self.count(other, o) > 0 for other in range(self.inputs))
        root2, m = math.sqrt(2), self.reach
        if self.engine == "overlap-add":  # two of the 8 segments of the last block count as one
            m += 8 / 2 - 1
        of_energy = (
            7 * (2 + root2) * stages + 2 * math.sqrt(5) + root2 * (products - 1) + m + 3
        ) * self.l2(i, o)
        largest = self.l1(i, o) if self.engine == "partitioned" else self.finest(i, o)
        return self.unit * math.sqrt(m) * (of_energy + 7 * root2 * stages * largest)

    def other_engine(self, i, o):
        few = self.count(i, o) <= 20
        largest = self.l1(i, o) if few else self.response(i, o, 2 * self.frames)
        longest = max(2**20, 4 * self.frames)
        return 16 * self.unit * math.sqrt(math.log2(longest)) * largest


@cache
def formulas_of(engine, single, name):
    return Formulas(TAPS[name], engine, single)


@pytest.fixture(params=itertools.product(ENGINES, (False, True), TAPS), ids=str)
def formulas(request):
    return formulas_of(*request.param)


def test_every_term_of_the_guarantee(formulas):
    f = formulas
    weight = f.guaranteed_of_transforms if f.engine in TRANSFORMS else f.guaranteed_of_sums
    assert f.model.transforms == (f.engine in TRANSFORMS)
    assert f.model.reach == f.reach
    np.testing.assert_allclose(f.model.guaranteed, f.table(weight), rtol=1e-12, atol=0)


def test_what_is_expected_is_sixteen_times_both_root_energies(formulas):
    f = formulas
    expected = f.table(lambda i, o: 16 * f.unit * f.l2(i, o))
    np.testing.assert_allclose(f.model.expected, expected, rtol=1e-12, atol=0)


def test_what_another_engine_may_be_off(formulas):
    f = formulas
    np.testing.assert_allclose(f.model.other_engine, f.table(f.other_engine), rtol=1e-12, atol=0)


def test_the_root_energy_of_the_error_of_a_whole_output(formulas):
    f = formulas
    if f.engine in TRANSFORMS:
        errors = [math.sqrt(math.log2(f.points)) * f.finest(i, o) for i, o in f.paths]
    else:
        errors = [math.sqrt(f.count(i, o) / 3) * f.l1(i, o) for i, o in f.paths]
    assert max(f.model.relative) == pytest.approx(f.unit * max(errors), **EXACTLY)


def test_the_largest_sum_and_the_floor(formulas):
    f = formulas
    assert f.model.largest_sum == pytest.approx(f.largest_sum, **EXACTLY)
    if f.engine in TRANSFORMS:
        floor = (1e-30 if f.single else 1e-150) * f.largest_sum
    else:
        terms = max(sum(f.count(i, o) for i in range(f.inputs)) for o in range(f.outputs))
        floor = (2.0**-149 if f.single else 2.0**-1074) * (terms + f.largest_sum)
    assert f.model.floor == pytest.approx(floor, **EXACTLY)


def test_the_largest_sample_that_stays_in_range(formulas):
    """N^2 for both transforms, 4 for pairs of segments; a roundoff for each of n additions."""
    f = formulas
    in_single = f.single and f.engine not in ("direct", "toeplitz")  # which sum in double
    numbers = np.finfo(np.float32 if in_single else np.float64)
    largest, step = float(numbers.max), float(numbers.eps)
    growth = 4.0 * f.points**2 if f.points else 1 + f.inputs * f.frames * step
    expected = largest / growth / max(1.0, f.largest_sum)
    assert f.convolver.limit == pytest.approx(expected, **EXACTLY)


def test_an_impulse_longer_than_any_usual_transform():
    f = Formulas(matrix([spikes(2**18 + 5, (0, 1.0), (2**18, 0.5))]), "sparse", False)
    assert f.model.other_engine[0, 0] == pytest.approx(f.other_engine(0, 0), **EXACTLY)
    assert f.model.other_engine[0, 0] > 16 * f.unit * math.sqrt(20) * 1.5


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("bits", "single"), [(15, False), (15, True), (None, False)])
def test_exact_sums_lie_on_the_grid_of_samples_and_taps(engine, bits, single):
    taps = np.array([[0.5], [0.375], [-2.0]])  # whole multiples of an eighth
    model = plan(routes(taps, 1), engine, single=single, signal_bits=bits).error_model()
    assert model.grid_scale == (2.0 ** (15 + 3) if bits and not single else None)


def take(bound, block):
    bound.take((block**2).sum(axis=0), np.abs(block).max(axis=0))


@pytest.mark.parametrize("engine", ENGINES)
def test_many_small_products_that_a_large_one_swallows(engine):
    """Each is just over half the least step of the sum; all are lost, or rounded up."""
    inputs, small = 40, 2.0**-53 * (1 - 2.0**-20)
    x = np.full((1, inputs), small)
    x[0, 0] = 1.0
    convolver = plan(routes(np.ones((1, inputs, 1)), inputs), engine)
    bound = ErrorBound(convolver.error_model())
    take(bound, x)
    exact = sum(Fraction(value) for value in x[0])
    error = abs(Fraction(float(convolver.process(x)[0, 0])) - exact)
    assert error <= bound.worst
    if engine == "sparse":
        assert error > 39 * 2.0**-53 * (1 - 2.0**-19)  # all of them are lost


# --- along a sound -----------------------------------------------------------------------------


def model(**changes):
    """Return an error model in which no two numbers are alike."""
    fields = {
        "transforms": False,
        "reach": 2,
        "guaranteed": np.array([[0.5, 0.25], [0.125, 2.0]]),
        "expected": np.array([[3.0, 0.0625], [0.75, 0.5]]),
        "largest_sum": 1.5,
        "floor": 2.0**-7,
        "other_engine": np.array([[0.3, 0.7], [1.1, 0.2]]),
        "relative": 1.0,
        "grid_scale": None,
    }
    return ErrorModel(**{**fields, **changes})


@pytest.mark.parametrize("transforms", [False, True])
def test_silence_and_no_sound_have_no_error_but_the_floor(transforms):
    bound = ErrorBound(model(transforms=transforms))
    for _ in range(3):
        assert (bound.worst, bound.expected, bound.other_engine) == (0, 0, 0)
        assert bound.remaining == 2.0**-7
        take(bound, np.zeros((5, 2)))


@pytest.mark.parametrize("transforms", [False, True])
@pytest.mark.parametrize("reach", [1, 2, 3])
@pytest.mark.parametrize("loud", range(5))
def test_the_bound_of_the_worst_block(transforms, reach, loud):
    """By input, over the blocks within reach; the worst output of the worst block counts."""
    blocks = [some((4, 2), seed) for seed in range(5)]
    blocks[loud] *= [30.0, 20.0]
    chosen = model(transforms=transforms, reach=reach)
    bound = ErrorBound(chosen)
    for block in blocks:
        take(bound, block)
    worst = dict.fromkeys(("guaranteed", "expected", "other_engine"), 0.0)
    for last, output in itertools.product(range(5), range(2)):
        heard = np.concatenate(blocks[max(0, last - reach + 1) : last + 1]).T.tolist()
        norms = [math.sqrt(math.fsum(x * x for x in channel)) for channel in heard]
        peaks = [max(map(abs, channel)) for channel in heard]
        sizes = {"guaranteed": norms if transforms else peaks, "expected": norms}
        for name in worst:
            weights = getattr(chosen, name)[:, output].tolist()
            here = math.fsum(
                size * weight for size, weight in zip(sizes.get(name, peaks), weights, strict=True)
            )
            worst[name] = max(worst[name], here)
    assert bound.worst == pytest.approx(worst["guaranteed"], **EXACTLY)
    assert bound.expected == pytest.approx(worst["expected"], **EXACTLY)
    assert bound.other_engine == pytest.approx(worst["other_engine"], **EXACTLY)


def heard(peak, **changes):
    """Return the bound of one sample."""
    bound = ErrorBound(model(**changes))
    take(bound, np.array([[peak, 0.0]]))
    return bound


@pytest.mark.parametrize(
    ("scale", "peak", "transforms", "exact"),
    [
        (None, 0.5, False, False),
        (None, 0.5, True, False),
        # sums of 1.5 times the peak, in steps of a scale: less than 2^53 of them
        (2.0**52, 1.0, False, True),
        (2.0**52, 4 / 3, False, False),
        (2.0**52, 1.3333, False, True),
        (2.0**53, 0.5, False, True),
        # a guarantee of half the sample: under half a step
        (1.0, 0.999, True, True),
        (1.0, 1.0, True, False),
        (4.0, 0.2, True, True),
        (4.0, 0.3, True, False),
        (0.25, 3.9, True, True),
        # which only transforms need
        (4.0, 0.3, False, True),
    ],
)
def test_sums_are_exact_where_the_grid_is_fine_and_errors_under_half_a_step(
    scale, peak, transforms, exact
):
    bound = heard(peak, grid_scale=scale, transforms=transforms)
    assert bound.exact == exact
    assert (bound.remaining == 0) == exact


@pytest.mark.parametrize("quieter", [1.0, 0.01])
def test_the_loudest_block_decides_whether_sums_are_exact(quieter):
    bound = heard(1.5, grid_scale=2.0**52)
    for _ in range(3):
        take(bound, np.full((1, 2), quieter))
    assert not bound.exact


def test_24_bits_by_40000_taps_of_24_bits_are_not_exact():
    """The guarantee is small, but the grid, of 2^-46, is finer still."""
    random = np.random.default_rng(1)
    taps = random.integers(-(2**23), 2**23, (40_000, 1)) / 2.0**23
    convolver = plan(routes(taps, 1), "overlap-add", signal_bits=23)
    bound = ErrorBound(convolver.error_model())
    take(bound, random.integers(-(2**23), 2**23, (convolver.block, 1)) / 2.0**23)
    assert 2.0**-47 < bound.worst < 0.5
    assert not bound.exact


@pytest.mark.parametrize(
    ("transforms", "expected", "scale", "remaining"),
    [
        # the guarantee for the plain sum of a sample of 3, or what is expected if it is less
        (False, 3.0, None, 1.5),
        (False, 0.1, None, 1.5),
        (True, 3.0, None, 1.5),
        (True, 0.1, None, 0.3),
        # and half a step of a grid that they were rounded to
        (True, 3.0, 0.5, 1.5 + 1.0),
        (True, 0.1, 0.5, 0.3 + 1.0),
    ],
)
def test_the_error_that_remains(transforms, expected, scale, remaining):
    bound = heard(3.0, transforms=transforms, expected=np.full((2, 2), expected), grid_scale=scale)
    assert bound.remaining == pytest.approx(remaining + 2.0**-7, **EXACTLY)
