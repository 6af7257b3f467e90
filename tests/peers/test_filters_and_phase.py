"""Fractional delays beside those of pyroomacoustics, whose sinc is under another window."""

import numpy as np
import pytest

from impulses.builders.fractional import fractional_delay

pyroomacoustics = pytest.importorskip("pyroomacoustics")


@pytest.mark.parametrize("part", [0.1, 0.37, 0.5, 0.9])
def test_windowed_sincs_of_81_taps_agree_within_their_band(part):
    theirs = np.asarray(pyroomacoustics.utilities.fractional_delay(part), float)
    assert len(theirs) == 81  # its centre, tap 40, stands for no delay
    ours = fractional_delay(1, delay=part, method="sinc")
    w = np.linspace(0, 0.9 * np.pi, 200)
    heard = [
        np.exp(-1j * np.outer(w, np.arange(len(taps)) - centre)) @ taps
        # theirs is not scaled: its window stays where it is when the sinc moves
        for taps, centre in ((theirs / theirs.sum(), 40), (ours.taps[:, 0], ours.origin))
    ]
    # theirs is under a Hann window, so is right to -44 dB up to the edge of its band, 1.55 / 81 of
    # the rate below half of it; 0.9 of half the rate lies well within
    assert np.abs(heard[0] - heard[1]).max() <= 10 ** (-44 / 20)
