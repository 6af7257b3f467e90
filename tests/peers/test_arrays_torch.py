"""Arrays of PyTorch, and of CuPy where there is a device for it."""

import numpy as np
import pytest

from audioconv.arrays import Convolver, convolve, reverberate
from tests.arrays import BOUND, SHAPES, bound, definition, few_points, numbers, window


def libraries():
    """Return how to make an array of each library that is here."""
    found = {}
    try:
        import torch

        found["torch"] = torch.asarray
        if torch.cuda.is_available():
            found["torch-cuda"] = lambda a: torch.asarray(a, device="cuda")
    except ImportError:
        pass
    try:
        import cupy

        cupy.zeros(1)
        found["cupy"] = cupy.asarray
    except Exception:  # not installed, or no device
        pass
    return found


LIBRARIES = libraries()
pytestmark = [
    pytest.mark.skipif(not LIBRARIES, reason="neither PyTorch nor CuPy is here"),
    pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Torchinductor does not support:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),
]


@pytest.fixture(params=LIBRARIES or ["none"])
def asarray(request):
    return LIBRARIES[request.param]


def to_numpy(array):
    array = array.get() if hasattr(array, "get") else array.detach().cpu()
    return np.asarray(array)


@pytest.mark.parametrize("dtype", BOUND)
@pytest.mark.parametrize(("x_shape", "h_shape"), SHAPES)
def test_every_mode_is_the_definition(asarray, x_shape, h_shape, dtype, monkeypatch):
    x, h = numbers(x_shape, dtype), numbers(h_shape, dtype, 1)
    full = definition(x, h)
    for most in (2**20, 20):
        few_points(monkeypatch, most)
        for mode in ("full", "input", "valid"):
            found = convolve(asarray(x), asarray(h), mode=mode)
            assert found.device == asarray(x).device
            wanted = window(full, x.shape[-1], h.shape[-1], mode)
            assert found.shape == wanted.shape
            assert np.abs(to_numpy(found) - wanted).max(initial=0) <= bound(x, h)


def test_rooms_and_streams(asarray):
    x, h = numbers((2, 1, 60)), numbers((2, 2, 9))
    given = {"early": 3, "match": "rms", "lengths": [60, 40]}
    ours, numpy = reverberate(asarray(x), asarray(h), **given), reverberate(x, h, **given)
    assert np.abs(to_numpy(ours.wet) - numpy.wet).max() < 1e-12
    assert np.abs(to_numpy(ours.target) - numpy.target).max() < 1e-12
    stream = Convolver(asarray(h))
    parts = [stream.process(asarray(x[..., :25])), stream.process(asarray(x[..., 25:]))]
    found = np.concatenate([*map(to_numpy, parts), to_numpy(stream.flush())], -1)
    assert np.abs(found - definition(x, h)).max() <= bound(x, h)


CUTS = [(2**20, None), (2**20, 30), (200, 30)]
"""Points at a time, and the block: one transform, windows, and windows some at a time."""


@pytest.mark.parametrize(("most", "block", "taps"), [*((*cut, 12) for cut in CUTS), (*CUTS[-1], 4)])
def test_gradients_compilers_and_vmap(most, block, taps, monkeypatch):
    torch = pytest.importorskip("torch")
    few_points(monkeypatch, most)
    x, h = torch.asarray(numbers((3, 2, 120))), torch.asarray(numbers((3, 1, taps)))
    wanted = torch.asarray(definition(x.numpy(), h.numpy()))
    error = bound(x.numpy(), h.numpy())

    def convolved(x, h):
        return convolve(x, h, block=block)

    torch._dynamo.reset()
    compiled = torch.compile(convolved, fullgraph=True, backend="aot_eager")
    assert (compiled(x, h) - wanted).abs().max() <= error
    shorter = convolved(x[..., :100], h)
    assert (compiled(x[..., :100], h) - shorter).abs().max() <= error  # of other lengths
    assert (torch.vmap(convolved)(x, h) - wanted).abs().max() <= error
    assert (
        torch.vmap(lambda one: convolved(x[0, 0], one))(h[:, 0])
        - shorter.new_tensor(definition(x[0, 0].numpy(), h[:, 0].numpy()))
    ).abs().max() <= error
    value, slope = torch.func.jvp(lambda x: convolved(x, h), (x,), (x,))
    assert (value - wanted).abs().max() <= error
    assert (slope - wanted).abs().max() <= error
    some = x[:2, :, :50].clone().requires_grad_(), h[:2].clone().requires_grad_()
    assert torch.autograd.gradcheck(convolved, some, fast_mode=True)
    each = torch.func.vmap(torch.func.grad(lambda x, h: (convolved(x, h) ** 2).sum()))(*some)
    (convolved(*some) ** 2).sum().backward()
    assert (each - some[0].grad).abs().max() <= 1e-9


def test_a_graph_serves_batches_of_any_size(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch._dynamo.config, "recompile_limit", 2)  # one is for the first size
    torch._dynamo.reset()

    compiled = torch.compile(convolve, fullgraph=True, backend="aot_eager")
    for items in (2, 3, 5):
        x, h = torch.asarray(numbers((items, 60))), torch.asarray(numbers((items, 12)))
        error = (compiled(x, h) - convolve(x, h)).abs().max()
        assert error <= bound(x.numpy(), h.numpy())


def test_a_training_loop_finds_the_room():
    torch = pytest.importorskip("torch")
    x = torch.asarray(numbers((4, 1, 300), "float32"))
    room = torch.asarray(numbers((9,), "float32", 1))
    target = convolve(x, room)
    h = torch.zeros(9, requires_grad=True)
    rate = torch.optim.Adam([h], lr=0.1)
    for _ in range(200):
        rate.zero_grad()
        loss = ((convolve(x, h) - target) ** 2).mean()
        loss.backward()
        rate.step()
    assert (h - room).abs().max() < 1e-2


def test_gradients_go_through_rooms_with_silent_items():
    torch = pytest.importorskip("torch")
    x = torch.asarray(numbers((3, 1, 50)))
    x[1] = 0
    h = torch.asarray(numbers((3, 2, 7))).requires_grad_()
    wet, target = reverberate(x, h, early=2, match="rms", dry=0.5)
    (wet.square().sum() + target.square().sum()).backward()
    assert torch.isfinite(h.grad).all()
    stream = Convolver(h)
    for _ in range(2):  # each with a graph of its own
        stream.process(x).square().sum().backward()
        stream.reset()
