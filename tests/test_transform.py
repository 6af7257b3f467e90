"""The four-step transform is the DFT, in another order."""

import importlib

import numpy as np
import pytest

from audioconv.engines.transform import FourStep

transform_module = importlib.import_module("audioconv.engines.transform")


def forward(transform, x):
    """Return the spectrum in its usual order."""
    plane = transform.plane()
    plane[:] = x.reshape(plane.shape)
    transform.columns(plane)
    for band in transform.bands():
        transform.rows(plane, band)
    return plane.T.ravel(), plane  # X[j + R k] stands in row j and column k


@pytest.mark.parametrize("points", [1, 2, 7, 64, 96, 2**12, 3 * 2**12, 2**16])
@pytest.mark.parametrize("band", [2**6, 2**16])
def test_it_is_the_dft_and_the_way_back_undoes_it(points, band, monkeypatch):
    monkeypatch.setattr(transform_module, "BAND", band)
    random = np.random.default_rng(points)
    x = random.standard_normal(points) + 1j * random.standard_normal(points)
    transform = FourStep(points, np.dtype(complex))
    spectrum, plane = forward(transform, x)
    # Higham, theorem 24.2: 7 u log2 N of the root of the energy, and one stage for the twiddles
    limit = 7 * 2.0**-53 * (np.log2(points) + 2) * np.sqrt((np.abs(x) ** 2).sum())
    expected = np.fft.fft(x)
    assert np.sqrt((np.abs(spectrum - expected) ** 2).sum()) <= 2 * limit * np.sqrt(points)
    for band_of_rows in transform.bands():
        transform.rows_back(plane[band_of_rows].copy(), plane, band_of_rows)
    transform.columns_back(plane)
    assert np.sqrt((np.abs(plane.ravel() / points - x) ** 2).sum()) <= 3 * limit


def test_it_is_the_sum_that_it_is_said_to_be():
    points = 48
    x = np.random.default_rng(0).standard_normal(points)
    n = np.arange(points)
    sums = [(x * np.exp(-2j * np.pi * k * n / points)).sum() for k in range(points)]
    spectrum, _ = forward(FourStep(points, np.dtype(complex)), x)
    np.testing.assert_allclose(spectrum, sums, rtol=0, atol=48 * 2.0**-52 * np.abs(x).sum())


def test_what_scipy_does_not_do_in_place_is_copied_back():
    transform = FourStep(2**12, np.dtype(complex))
    elsewhere = FourStep(2**12, np.dtype(complex))
    forth, back = elsewhere._forward, elsewhere._back
    elsewhere._forward = lambda x, axis: forth(x.copy(), axis=axis)
    elsewhere._back = lambda x, axis: back(x.copy(), axis=axis)
    x = np.random.default_rng(1).standard_normal(2**12)
    np.testing.assert_array_equal(forward(transform, x)[0], forward(elsewhere, x)[0])


def test_planes_do_not_share_their_places_in_the_cache():
    plane = FourStep(2**16, np.dtype(np.complex64)).plane()
    assert plane.strides[0] % 2**9 == 64
