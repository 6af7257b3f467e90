"""Which input goes through which taps to which output, for every layout that there is."""

import numpy as np
import pytest

from audioconv.engines.routes import arrange, describe, routes
from audioconv.errors import LayoutError, UsageError
from impulses import Impulse


def marked(channels, frames=2):
    """Make an impulse whose channel n holds n + 1."""
    return Impulse(np.tile(np.arange(1.0, channels + 1), (frames, 1)), 48000)


def paths(impulse, channels, rule="auto"):
    """Return {(input, output): mark}, counted from 1."""
    routing = routes(arrange(impulse, channels, rule).taps, channels)
    return {(r.source + 1, r.target + 1): routing.taps(r)[0] for r in routing.routes}


@pytest.mark.parametrize(
    ("impulse_channels", "channels", "rule", "expected"),
    [
        (1, 1, "auto", {(1, 1): 1}),
        (1, 3, "auto", {(1, 1): 1, (2, 2): 1, (3, 3): 1}),
        (1, 2, "mono", {(1, 1): 1, (2, 2): 1}),
        (2, 2, "auto", {(1, 1): 1, (2, 2): 2}),
        (4, 4, "auto", {(1, 1): 1, (2, 2): 2, (3, 3): 3, (4, 4): 4}),
        (3, 3, "each", {(1, 1): 1, (2, 2): 2, (3, 3): 3}),
        (3, 1, "auto", {(1, 1): 1, (1, 2): 2, (1, 3): 3}),
        (4, 2, "auto", {(1, 1): 1, (1, 2): 2, (2, 1): 3, (2, 2): 4}),
        (4, 2, "true-stereo", {(1, 1): 1, (1, 2): 2, (2, 1): 3, (2, 2): 4}),
        (4, 2, "true-stereo=LL,RR,LR,RL", {(1, 1): 1, (2, 2): 2, (1, 2): 3, (2, 1): 4}),
        (6, 2, "matrix", {(1, 1): 1, (1, 2): 2, (1, 3): 3, (2, 1): 4, (2, 2): 5, (2, 3): 6}),
        (2, 4, "matrix=1:2,4:1", {(1, 2): 1, (4, 1): 2}),
        (3, 2, "matrix=1:1,2:1,2:1", {(1, 1): 1, (2, 1): 5}),
        (1, 1, "matrix=1:1,1:2", {(1, 1): 1, (1, 2): 1}),
        (1, 2, "matrix=1:2,2:1,2:3", {(1, 2): 1, (2, 1): 1, (2, 3): 1}),
        (4, 1, "true-stereo", {(1, 1): 1 + 3, (1, 2): 2 + 4}),
        (4, 1, "true-stereo=LL,RR,LR,RL", {(1, 1): 1 + 4, (1, 2): 2 + 3}),
    ],
)
def test_layouts(impulse_channels, channels, rule, expected):
    assert paths(marked(impulse_channels), channels, rule) == expected


@pytest.mark.parametrize("rule", ["auto", "mono", "each", "true-stereo", "matrix", "matrix=1:1"])
def test_a_matrix_of_three_axes_is_laid_out_already(rule):
    impulse = Impulse(np.arange(1.0, 19).reshape(3, 2, 3), 48000)
    assert arrange(impulse, 2, rule) is impulse


def test_silent_paths_are_dropped_but_outputs_stay():
    taps = np.zeros((3, 2, 2))
    taps[0, 0, 0] = 1
    routing = routes(taps, 2)
    assert [(r.source, r.target) for r in routing.routes] == [(0, 0)]
    assert (routing.inputs, routing.outputs, routing.frames) == (2, 2, 3)


def test_a_mono_impulse_is_one_kernel_for_all_channels():
    routing = routes(np.ones((3, 1)), 2)
    assert [route.kernel for route in routing.routes] == [0, 0]
    assert len(routing.kernels) == 1


@pytest.mark.parametrize(
    ("impulse_channels", "channels", "rule", "message"),
    [
        (3, 2, "auto", "an impulse of 3 channels does not fit a sound of 2; it can have 1 "),
        (4, 3, "auto", "`map='matrix=1:1,1:2'`"),
        (2, 2, "mono", "needs an impulse of 1 channel, but it has 2; use `map='each'`"),
        (1, 2, "each", "as many impulse channels as the sound has"),
        (2, 2, "true-stereo", "4 channels and a sound of 1 or 2, but there are 2 and 2; use"),
        (2, 1, "true-stereo", "needs an impulse of 4 channels and a sound of 1 or 2, but there ar"),
        (4, 3, "true-stereo", "there are 4 and 3; use `map='auto'`"),
        (1, 2, "matrix=1:1,3:1", "does not fit a sound of 2 channels and an impulse of 1; name on"),
        (3, 2, "matrix", "a multiple of 2 impulse channels, but there are 3"),
        (2, 2, "matrix=1:1", "one input:output pair for each channel"),
        (1, 2, "matrix=3:1", "does not fit a sound of 2 channels"),
        (1, 2, "matrix=0:1", "does not fit"),
    ],
)
def test_what_does_not_fit_names_the_choices(impulse_channels, channels, rule, message):
    with pytest.raises(LayoutError) as refused:
        arrange(marked(impulse_channels), channels, rule)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "rule", ["stereo", "", "mono=1", "true-stereo=LL,RR", "true-stereo=a", "matrix=1-1", "matrix=x"]
)
def test_a_rule_that_is_none_is_a_usage_error(rule):
    with pytest.raises(UsageError):
        arrange(marked(4), 2, rule)


def test_a_path_of_a_mono_impulse_is_named_once():
    with pytest.raises(UsageError, match="matrix 1:1,2:2,1:1 names a path twice"):
        arrange(marked(1), 2, "matrix=1:1,2:2,1:1")


@pytest.mark.parametrize(
    ("impulse_channels", "channels", "rule", "notes"),
    [
        (2, 4, "matrix=1:2,4:1", ["no path of the matrix begins at channels 2, 3 of the sound"]),
        (1, 2, "matrix=1:1", ["no path of the matrix begins at channel 2 of the sound: left out"]),
        (
            2,
            2,
            "matrix=1:1,2:3",
            ["no path of the matrix leads to channel 2 of the output: silent"],
        ),
        (
            1,
            2,
            "matrix=2:2",
            ["begins at channel 1 of the sound", "leads to channel 1 of the outp"],
        ),
        (2, 2, "matrix", ["mixes the 2 channels of the sound down to 1, as the impulse has 2; pa"]),
        (6, 3, "matrix", ["or `map='matrix=1:1,1:2,2:1,2:2,3:1,3:2'` to confirm"]),
        (2, 2, "matrix=1:1,2:1", []),
        (6, 2, "matrix", []),
        (2, 2, "matrix=1:1,2:2", []),
        (1, 1, "matrix=1:1,1:2", []),
        (4, 1, "true-stereo", []),
    ],
)
def test_channels_that_are_left_out_are_told(impulse_channels, channels, rule, notes):
    said = arrange(marked(impulse_channels), channels, rule).notes
    assert len(said) == len(notes)
    for found, expected in zip(said, notes, strict=True):
        assert expected in found


def test_taps_that_do_not_fit_are_refused():
    with pytest.raises(LayoutError):
        routes(np.ones((3, 3)), 2)
    with pytest.raises(LayoutError):
        routes(np.ones((3, 3, 1)), 2)


@pytest.mark.parametrize(
    ("shape", "channels", "words"),
    [
        ((3, 1), 1, "one impulse on mono"),
        ((3, 1), 2, "one impulse on each of 2 channels"),
        ((3, 2), 2, "2 on 2, each its own"),
        ((3, 2), 1, "mono into 2"),
        ((3, 2, 2), 2, "matrix, 2 into 2"),
        ((3, 1, 4), 1, "mono into 4"),
    ],
)
def test_description(shape, channels, words):
    assert describe(np.ones(shape), channels) == words
