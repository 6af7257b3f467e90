"""The four-step transform is the DFT, in another order."""

import importlib
import subprocess
import sys

import numpy as np
import pytest
import scipy.fft

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
    transform = FourStep(points)
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
    spectrum, _ = forward(FourStep(points), x)
    np.testing.assert_allclose(spectrum, sums, rtol=0, atol=48 * 2.0**-52 * np.abs(x).sum())


def test_what_scipy_does_not_do_in_place_is_copied_back(monkeypatch):
    transform = FourStep(2**12).astype(np.dtype(np.complex64))
    x = np.random.default_rng(1).standard_normal(2**12)
    expected, _ = forward(transform, x)
    real = scipy.fft.fft
    monkeypatch.setattr(scipy.fft, "fft", lambda x, **how: real(x.copy(), **how))
    np.testing.assert_array_equal(forward(transform, x)[0], expected)


def test_double_precision_needs_no_scipy():
    """Which takes a tenth of a second to import."""
    program = (
        "import sys\n"
        "from audioconv.engines.transform import FourStep\n"
        "transform = FourStep(2**12)\n"
        "transform.columns(transform.plane())\n"
        "sys.exit('scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0


def test_planes_do_not_share_their_places_in_the_cache():
    plane = FourStep(2**16).astype(np.dtype(np.complex64)).plane()
    assert plane.strides[0] % 2**9 == 64


@pytest.mark.parametrize("points", [7, 2**12, 3 * 2**15, 2**20])
def test_twiddles_are_right_to_the_last_bit_or_two(points):
    """Against the roots of a wider type, where there is one."""
    transform = FourStep(points)
    _, columns = transform.shape
    j, c = np.arange(len(transform._next))[:, None], np.arange(columns)
    turns = (j * c % points).astype(np.longdouble) / points
    angle = -2 * np.pi * turns  # pi in double precision costs less than a unit below a whole turn
    if np.finfo(np.longdouble).eps < np.finfo(float).eps:
        angle = -8 * np.arctan(np.longdouble(1)) * turns
    expected = np.cos(angle) + 1j * np.sin(angle)
    unit = 2.0**-53 if np.finfo(np.longdouble).eps < 2e-16 else 2.0**-49
    assert np.abs(transform._next - expected).max() <= 2.5 * unit
