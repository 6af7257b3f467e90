"""Layers beside the test vectors of ONNX, and beside onnxruntime on drawn ones."""

import numpy as np
import pytest

from audioconv.layers import Conv1d, Conv2d

onnx = pytest.importorskip("onnx")

PADDING = {"SAME_UPPER": "same_upper", "SAME_LOWER": "same_lower", "VALID": "valid"}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of vectors of other operators
def test_the_vectors_of_onnx():
    from onnx.backend.test.case.node import collect_testcases

    cases = collect_testcases("Conv")
    assert len(cases) >= 6
    for case in cases:
        (node,) = case.model.graph.node
        given = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        automatic = given.get("auto_pad", b"").decode()
        padding = PADDING[automatic] if automatic else tuple(given.get("pads", "valid"))
        for (x, weight, *bias), (y,) in case.data_sets:
            layer = Conv2d(
                weight, *bias, stride=given.get("strides", 1), padding=padding or "valid"
            )
            assert np.array_equal(layer(x), y), case.name


@pytest.mark.parametrize("seed", range(40))
def test_onnxruntime_agrees(seed):
    runtime = pytest.importorskip("onnxruntime")
    rng = np.random.default_rng(seed)
    axes, groups = int(rng.integers(1, 3)), int(rng.integers(1, 4))
    taps = tuple(map(int, rng.integers(1, 5, axes)))
    weight = rng.standard_normal((groups * 2, int(rng.integers(1, 4)), *taps)).astype(np.float32)
    x = rng.standard_normal((2, weight.shape[1] * groups, *rng.integers(12, 20, axes)))
    x, bias = x.astype(np.float32), rng.standard_normal(groups * 2).astype(np.float32)
    stride, dilation, zeros = (
        [int(n) for n in rng.integers(low, high, count)]
        for low, high, count in ((1, 4, axes), (1, 4, axes), (0, 4, 2 * axes))
    )
    automatic = str(rng.choice(["NOTSET", *PADDING]))
    if automatic.startswith("SAME"):
        dilation = [1] * axes  # onnxruntime has no SAME with a dilation
    pads = {"pads": zeros} if automatic == "NOTSET" else {}
    node = onnx.helper.make_node(
        "Conv", ["x", "w", "b"], ["y"], strides=stride, dilations=dilation, group=groups,
        auto_pad=automatic, **pads,
    )  # fmt: skip
    graph = onnx.helper.make_graph(
        [node],
        "layer",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, x.shape)],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(weight, "w"), onnx.numpy_helper.from_array(bias, "b")],
    )
    opset = [onnx.helper.make_opsetid("", 13)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    (theirs,) = runtime.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    ours = {1: Conv1d, 2: Conv2d}[axes](
        weight, bias, stride=stride, dilation=dilation, groups=groups,
        padding=PADDING.get(automatic, tuple(zeros)),
    )(x)  # fmt: skip
    most = np.abs(weight).reshape(len(weight), -1).sum(1).max() * np.abs(x).max() + 3
    # each sums as many products, in an order of its own
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 2 * (weight[0].size + 1) * 2.0**-24 * most
