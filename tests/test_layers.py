"""Convolutional layers against the definition, their matrices, and any cut of a stream."""

import copy
import math
import pickle

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import UNIT

import audioconv
from audioconv.errors import AudioconvError, LayoutError, UsageError
from audioconv.layers import ACTIVATIONS, Conv1d, Conv2d, activation, causal
from audioconv.layers.padding import AUTOMATIC


def defined(layer, x, before, shape):
    """y[n] = sigma(b + sum of w[k] x[stride n + dilation k - before]), one product at a time."""
    y = np.zeros((layer.outputs, *shape))
    inputs, outputs = layer.inputs // layer.groups, layer.outputs // layer.groups
    for place in np.ndindex(*y.shape):
        channel, *n = place
        total = float(layer.bias[channel])
        for c, *k in np.ndindex(*layer.weight.shape[1:]):
            steps = zip(layer.stride, n, layer.dilation, k, before, strict=True)
            at = [s * i + d * j - b for s, i, d, j, b in steps]
            if all(0 <= i < size for i, size in zip(at, x.shape[1:], strict=True)):
                source = (channel // outputs) * inputs + c
                total += float(layer.weight[(channel, c, *k)]) * float(x[(source, *at)])
        y[place] = total
    return layer.activation(y)


def padded(padding, size, extent, stride):
    """Return zeros before each axis and the size of the output, as ONNX states them in words."""
    if padding in ("same_upper", "same_lower"):
        outputs = [math.ceil(n / s) for n, s in zip(size, stride, strict=True)]
        total = [
            max(0, (o - 1) * s + e - n)
            for o, s, e, n in zip(outputs, stride, extent, size, strict=True)
        ]
        return [t - t // 2 if padding == "same_lower" else t // 2 for t in total], outputs
    begin = [e - 1 if padding == "causal" else 0 for e in extent]
    end = [0] * len(size)
    if isinstance(padding, tuple):
        begin, end = padding[: len(size)], padding[len(size) :]
    spans = zip(size, begin, end, extent, stride, strict=True)
    return begin, [(n + b + a - e) // s + 1 for n, b, a, e, s in spans]


@st.composite
def layers(draw, axes, strides=(1, 2, 3)):
    """Draw a layer of small whole weights, for which every sum is exact."""
    whole = st.integers(-8, 8).map(float)
    count, taps = draw(st.integers(1, 2)), draw(st.tuples(*[st.integers(1, 3)] * axes))
    shape = (count * draw(st.integers(1, 2)), draw(st.integers(1, 2)), *taps)
    numbers = st.tuples(*[st.integers(0, 3)] * 2 * axes)
    return {1: Conv1d, 2: Conv2d}[axes](
        draw(arrays.arrays(np.float64, shape, elements=whole)),
        draw(st.none() | arrays.arrays(np.float64, shape[:1], elements=whole)),
        stride=draw(st.tuples(*[st.sampled_from(strides)] * axes)),
        dilation=draw(st.tuples(*[st.integers(1, 3)] * axes)),
        groups=count,
        padding=draw(st.sampled_from(AUTOMATIC) | numbers),
        activation=draw(st.sampled_from(["Identity", "ReLU"])),
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
@pytest.mark.parametrize("axes", [1, 2])
def test_a_layer_is_its_definition_and_its_matrix(axes, data):
    layer = data.draw(layers(axes))
    sides = st.tuples(*[st.integers(1, 7)] * axes)
    size = data.draw(sides)
    elements = st.integers(-8, 8).map(float)
    x = data.draw(arrays.arrays(np.float64, (layer.inputs, *size), elements=elements))
    before, shape = padded(layer.padding, size, layer.extent, layer.stride)
    if min(shape) < 1:
        with pytest.raises(LayoutError, match="shorter than the kernel"):
            layer(x)
        return
    y = layer(x)
    assert np.array_equal(y, defined(layer, x, before, shape))
    assert np.array_equal(layer(np.stack([x, -x]))[0], y)  # a batch
    matrix = layer.as_matrix(size)
    bias = np.repeat(layer.bias, int(np.prod(shape)))
    assert np.array_equal(layer.activation(matrix @ x.ravel() + bias), y.ravel())


def test_the_diagonals_of_a_matrix_are_equal():
    matrix = Conv1d([[[1.0, 2.0, 3.0]]], dilation=2).as_matrix(9)
    for offset in range(-4, 9):
        diagonal = np.diag(matrix, offset)
        assert set(diagonal) == {{0: 1.0, 2: 2.0, 4: 3.0}.get(offset, 0.0)}


def test_a_layer_is_a_correlation():
    rng = np.random.default_rng(1)
    x, h = rng.integers(-9, 9, 50).astype(float), rng.integers(-9, 9, 7).astype(float)
    full = audioconv.convolve(x[:, None], h[:, None], engine="direct")[:, 0]
    assert np.array_equal(Conv1d(h[None, None, ::-1], padding=6)(x[None])[0], full)
    assert not np.array_equal(Conv1d(h[None, None], padding=6)(x[None])[0], full)


@settings(max_examples=60, deadline=None)
@given(
    layers(1, strides=[1]),
    st.lists(st.integers(0, 9), max_size=8),
    st.integers(1, 8),
    st.sampled_from([np.float32, np.float64]),
    st.integers(0, 2**32 - 1),
)
def test_every_cut_of_a_stream_is_the_layer(layer, cut, block, dtype, seed):
    rng = np.random.default_rng(seed)
    layer = Conv1d(
        rng.standard_normal(layer.weight.shape).astype(dtype),
        layer.bias,
        dilation=layer.dilation,
        groups=layer.groups,
        activation="Tanh",
    )
    x = rng.standard_normal((sum(cut), layer.inputs)).astype(dtype)
    stream = layer.stream(block=block)
    whole = np.concatenate([stream.process(x), stream.flush()])
    parts = [stream.process(part) for part in np.split(x, np.cumsum(cut))]
    assert [len(part) for part in parts] == [*cut, 0]
    assert np.array_equal(np.concatenate([*parts, stream.flush()]), whole)
    given = {"dilation": layer.dilation, "groups": layer.groups, "activation": "Tanh"}
    reach = layer.extent[0] - 1
    if len(x) + reach:
        both = Conv1d(layer.weight, layer.bias, padding=reach, **given)(x.T).T
        products = np.abs(layer.weight).sum((1, 2)).max() * np.abs(x).max(initial=0)
        most = products + np.abs(layer.bias).max()
        # either sum is off by a unit for each term, and tanh has a slope of 1 at most
        unit = UNIT if dtype == np.float64 else 2.0**-24
        assert np.abs(whole - both).max() <= 2 * (layer.weight[0].size + 4) * unit * (most + 1)


@pytest.mark.parametrize(
    ("outputs", "rows", "block"), [(300, 100, 1000), (3, 9000, 96), (2, 2, 40)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_are_small_enough_for_one_thread(monkeypatch, outputs, rows, block, dtype):
    sizes, matmul = [], np.matmul

    def spy(a, b, out):
        sizes.append((len(a), a.size * b.shape[-1]))
        return matmul(a, b, out=out)

    whole = np.random.default_rng(1).integers(-8, 9, (outputs + block, rows)).astype(dtype)
    matrix, x = whole[:outputs], np.ascontiguousarray(whole[outputs:].T)
    out = np.full((outputs, block), np.nan, dtype)
    monkeypatch.setattr(np, "matmul", spy)
    causal.multiply(matrix, x, out)
    assert np.array_equal(out, matrix @ x)  # whole numbers, so each sum is exact
    assert all(taken == 1 or size <= causal.MOST_PRODUCTS for taken, size in sizes)


def test_a_slope_for_each_channel_is_for_channels_on_any_axes():
    slopes = activation("PReLU", negative_slopes=[0.5, 2.0])
    layer = Conv2d(np.ones((2, 1, 1, 1)), activation=slopes)
    x = np.array([[[-1.0, -2.0], [-3.0, 4.0]]])
    expected = np.stack([np.where(x[0] > 0, x[0], slope * x[0]) for slope in (0.5, 2.0)])
    assert np.array_equal(layer(x), expected)
    assert np.array_equal(layer(np.stack([x, x]))[1], expected)


def test_a_stream_is_copied_where_it_is_and_refuses_without_harm():
    stream = Conv1d(np.ones((1, 1, 3)), activation="Tanh").stream(block=4)
    stream.process(np.array([[1.0], [2.0]]))
    with pytest.raises(AudioconvError, match="nan in frame 0"):
        stream.process(np.array([[np.nan]]))
    with pytest.raises(LayoutError, match=r"must be \(frames, 1\)"):
        stream.process(np.zeros((2, 2)))
    twins = [copy.deepcopy(stream), pickle.loads(pickle.dumps(stream)), stream]
    rest = [one.process(np.array([[3.0]])) for one in twins]
    assert all(np.allclose(part, np.tanh(6.0)) for part in rest)
    stream.reset()
    assert np.array_equal(stream.process(np.zeros((2, 1))), np.zeros((2, 1)))


@pytest.mark.parametrize(
    ("error", "build"),
    [
        ("weight has shape", lambda: Conv1d(np.ones((2, 2)))),
        ("weights are of type", lambda: Conv1d([[["a"]]])),
        ("bias has shape", lambda: Conv1d(np.ones((2, 1, 3)), np.ones(3))),
        ("groups is 2", lambda: Conv1d(np.ones((3, 1, 3)), groups=2)),
        ("stride is 0", lambda: Conv1d(np.ones((1, 1, 3)), stride=0)),
        ("dilation is", lambda: Conv2d(np.ones((1, 1, 3, 3)), dilation=(1,))),
        ("padding is 'same'", lambda: Conv1d(np.ones((1, 1, 3)), padding="same")),
        ("padding is -1", lambda: Conv1d(np.ones((1, 1, 3)), padding=-1)),
        (r"padding is \(1, 2\)", lambda: Conv2d(np.ones((1, 1, 3, 3)), padding=(1, 2))),
        ("x has shape", lambda: Conv1d(np.ones((1, 2, 3)))(np.ones((1, 9)))),
        ("stride is 2; a stream", lambda: Conv1d(np.ones((1, 1, 3)), stride=2).stream()),
        ("block is 0", lambda: Conv1d(np.ones((1, 1, 3))).stream(block=0)),
        ("no activation is named 'tan'", lambda: activation("tan")),
        ("has no parameter 'slope'; it has negative", lambda: activation("LeakyReLU", slope=2)),
        ("'slope'; it has none", lambda: activation("Tanh", slope=2)),
    ],
)
def test_layers_refuse(error, build):
    with pytest.raises((LayoutError, UsageError), match=error):
        build()


def logistic(x):
    return 1 / (1 + math.exp(-x))


FORMULAS = {
    "Identity": lambda x: x,
    "Tanh": math.tanh,
    "ReLU": lambda x: x if x > 0 else 0.0,
    "LeakyReLU": lambda x: x if x > 0 else 0.01 * x,
    "PReLU": lambda x: x if x > 0 else 0.3 * x,
    "Sigmoid": logistic,
    "SiLU": lambda x: x * logistic(x),
    "Hardtanh": lambda x: min(max(x, -1.0), 1.0),
    "LeakyHardtanh": lambda x: -1 + 0.01 * (x + 1) if x < -1 else min(x, 1 + 0.01 * (x - 1)),
    "Hardswish": lambda x: 0.0 if x <= -3 else x if x >= 3 else x * (x + 3) / 6,
    "Softsign": lambda x: x / (1 + abs(x)),
    "Fasttanh": lambda x: (
        x
        * (
            2.45550750702956 * (1 + abs(x))
            + (0.893229853513558 + 0.821226666969744 * abs(x)) * x * x
        )
        / (2.44506634652299 + (2.44506634652299 + x * x) * abs(x + 0.814642734961073 * x * abs(x)))
    ),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_their_formulas(name):
    x = np.array([-700.0, -5.0, -3.0, -1.0, -0.2, 0.0, 0.3, 1.0, 2.5, 3.0, 9.0, 700.0])[None]
    given = {"PReLU": {"negative_slopes": [0.3]}}.get(name, {})
    exact = np.array([[FORMULAS[name](float(one)) for one in x[0]]])
    function = activation(name, **given)
    kept = x.copy()
    assert np.abs(function(x) - exact).max() <= 16 * UNIT * np.abs(exact).max()
    assert np.array_equal(x, kept)
    assert np.array_equal(function(x, x), function(kept))  # in place
    assert x is function(x, x)
    assert function(kept.astype(np.float32)).dtype == np.float32


def test_a_steep_leaky_relu_is_no_maximum():
    assert np.array_equal(
        activation("LeakyReLU", negative_slope=2.0)(np.array([-1.0, 1.0])), [-2.0, 1.0]
    )
