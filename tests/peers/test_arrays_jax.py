"""Arrays of JAX, on the processor, in 64 bits: `pip install -e '.[jax]'`."""

import numpy as np
import pytest

from audioconv.arrays import Convolver, convolve, reverberate
from tests.arrays import bound, definition, few_points, numbers, window

jax = pytest.importorskip("jax")
jnp = jax.numpy


@pytest.fixture(autouse=True)
def _exact():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("dtype", ["float32", "complex128"])
def test_every_mode_is_the_definition(dtype):
    x_shape, h_shape = (3, 2, 20), (3, 1, 6)  # each shape is compiled: few
    x, h = numbers(x_shape, dtype), numbers(h_shape, dtype, 1)
    full = definition(x, h)
    for mode in ("full", "input", "valid"):
        found = convolve(jnp.asarray(x), jnp.asarray(h), mode=mode)
        assert isinstance(found, jax.Array)
        assert found.dtype == dtype
        wanted = window(full, x.shape[-1], h.shape[-1], mode)
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max(initial=0) <= bound(x, h)


def test_jit_vmap_and_gradients(monkeypatch):
    few_points(monkeypatch, 200)
    x, h = jnp.asarray(numbers((4, 2, 120))), jnp.asarray(numbers((4, 1, 12)))
    wanted = definition(np.asarray(x), np.asarray(h))

    def convolved(x, h):
        return convolve(x, h, lengths=[120, 100], block=30)

    def alone(x, h):
        return convolve(x, h, block=30)

    for found in (jax.jit(alone)(x, h), jax.jit(jax.vmap(alone))(x, h)):
        assert np.abs(found - wanted).max() <= bound(np.asarray(x), np.asarray(h))

    @jax.jit
    def energy(x, h):
        return (convolved(x, h) ** 2).sum()

    step = 1e-6
    for which in (0, 1):
        along = jnp.asarray(numbers((x, h)[which].shape, seed=2))
        moved = [[x, h], [x, h]]
        moved[0][which] += step * along
        moved[1][which] -= step * along
        slope = (energy(*moved[0]) - energy(*moved[1])) / (2 * step)
        gradient = jax.jit(jax.grad(energy, which))(x, h)
        assert float((gradient * along).sum()) == pytest.approx(float(slope), rel=1e-7)


def test_rooms_and_streams():
    x, h = numbers((2, 1, 60)), numbers((2, 2, 9))
    ours, numpy = (
        reverberate(as_array(x), as_array(h), early=3, match="rms", lengths=[60, 40])
        for as_array in (jnp.asarray, np.asarray)
    )
    assert np.abs(ours.wet - numpy.wet).max() < 1e-12
    assert np.abs(ours.target - numpy.target).max() < 1e-12
    with jax.enable_x64(False):  # where a wish for 64 bits is a warning
        wet = reverberate(jnp.asarray(x), jnp.asarray(h), align="none").wet
    assert np.abs(wet - definition(x, h)[..., :60]).max() < 1e-4
    stream = Convolver(jnp.asarray(h))
    parts = [stream.process(jnp.asarray(x[..., :25])), stream.process(jnp.asarray(x[..., 25:]))]
    found = jnp.concat([*parts, stream.flush()], axis=-1)
    assert np.abs(found - definition(x, h)).max() <= bound(x, h)
