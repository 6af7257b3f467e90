"""Edits, norms and analysis of impulses against their definitions."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracle import UNIT, convolve, tolerance
from scipy.signal import freqz

from impulses import (
    Impulse,
    ImpulseError,
    analysis,
    double_spike,
    edit,
    feedback,
    folding,
    multi_tap,
    norms,
    resampling,
)

# multiples of 2^-8: their sums and products are exact, so equality can be demanded
DYADIC = st.integers(-256, 256).map(lambda k: k / 256)
CHANNELS = st.tuples(st.integers(1, 12), st.integers(1, 3))
MATRICES = st.tuples(st.integers(1, 12), st.integers(1, 3), st.integers(1, 3))


def impulse_of(shape):
    return arrays(np.float64, shape, elements=DYADIC).map(lambda taps: Impulse(taps, 48000))


ANY = impulse_of(CHANNELS | MATRICES)


def noise(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def same(one, other):
    np.testing.assert_array_equal(one.taps, other.taps)
    assert one.rate == other.rate


# Analysis


def outputs(impulse):
    """For each output, the taps of its inputs as lists."""
    if impulse.taps.ndim == 2:
        return [[list(channel)] for channel in impulse.taps.T]
    return [[list(path) for path in output.T] for output in np.moveaxis(impulse.taps, 2, 0)]


@given(impulse=ANY)
@settings(max_examples=100, deadline=None)
def test_analysis_is_its_definition(impulse):
    every = [tap for output in outputs(impulse) for path in output for tap in path]
    assert analysis.peak(impulse) == max(map(abs, every))
    assert analysis.rms(impulse) == math.sqrt(sum(tap**2 for tap in every) / len(every))

    sums = [[tap for path in output for tap in path] for output in outputs(impulse)]
    assert analysis.l1(impulse) == max(sum(map(abs, taps)) for taps in sums)
    assert analysis.l2(impulse) == math.sqrt(max(sum(tap**2 for tap in taps) for taps in sums))
    assert analysis.dc(impulse) == max(abs(sum(taps)) for taps in sums)

    frames = [max(abs(tap) for tap in frame.flat) for frame in impulse.taps]
    assert list(analysis.frame_peaks(impulse)) == frames
    assert analysis.peak_frame(impulse) == frames.index(max(frames))


def response_on_grid(impulse, points):
    """The largest sum over inputs of abs(H) on a grid over half the circle."""
    return max(
        max(sum(abs(freqz(path, worN=points, include_nyquist=True)[1]) for path in output))
        for output in outputs(impulse)
    )


@pytest.mark.parametrize("shape", [(1, 1), (2, 1), (17, 1), (300, 2), (40, 1, 2), (60, 3, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_max_response_against_a_dense_grid(shape, seed):
    impulse = Impulse(noise(seed, *shape), 48000)
    dense = response_on_grid(impulse, 32 * shape[0])
    found = analysis.max_response(impulse)
    # the square of abs(H) is a trigonometric polynomial of degree K - 1, so over N points its
    # maximum is underestimated by 1 / cos(pi (K - 1) / N) at most: N is 8 K and 64 K. Transforms
    # of N points, and sums, round by a few u log2(N) of the root of the energy
    rounding = 1 + 8 * math.log2(64 * shape[0]) * UNIT * math.sqrt(impulse.taps.size)
    assert dense <= found / math.sqrt(math.cos(math.pi / 8)) * rounding
    assert found <= dense / math.sqrt(math.cos(math.pi / 64)) * rounding


BELOW = math.cos(math.pi / 128)  # as `impulses.largest` derives: 0.0027 dB


@pytest.mark.parametrize("shape", [(2, 1), (17, 1), (300, 2), (40, 1, 2), (60, 3, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_max_response_is_within_its_bound(shape, seed):
    impulse = Impulse(noise(seed, *shape), 48000)
    dense = response_on_grid(impulse, 256 * shape[0])
    found = analysis.max_response(impulse)
    # |H| falls off from its maximum no faster than cos((K - 1) d / 2); the grid is of 512 K points
    rounding = 1 + 8 * math.log2(512 * shape[0]) * UNIT * math.sqrt(impulse.taps.size)
    assert found >= BELOW * dense / rounding
    assert found <= dense / math.cos(math.pi / 1024) * rounding


@pytest.mark.parametrize("offset", np.linspace(0, 1, 9).tolist())
@pytest.mark.parametrize("frames", [50, 1000])
def test_max_response_finds_a_tone_between_the_points_of_any_transform(frames, offset):
    hz = (0.1 * 8 * frames + offset) / (8 * frames)  # in parts of an eighth of a bin
    n = np.arange(frames)
    tone = np.cos(2 * np.pi * hz * n)
    at_its_frequency = abs(np.sum(tone * np.exp(-2j * np.pi * hz * n)))
    near = np.linspace(hz - 1 / frames, hz + 1 / frames, 2001)[:, np.newaxis]
    dense = abs(np.exp(-2j * np.pi * near * n) @ tone).max()
    found = analysis.max_response(Impulse(tone[:, np.newaxis], 48000))
    rounding = 1 + 4 * frames * UNIT
    assert found * rounding >= BELOW * max(at_its_frequency, dense)
    # steps of a thousandth of 1 / K: a phase of pi / 2000 at the nearest
    assert found <= dense / math.cos(math.pi / 2000) * rounding


@pytest.mark.parametrize("offset", np.linspace(0, 1, 9).tolist())
def test_max_response_is_not_misled_by_a_lower_peak_on_a_point_of_its_transform(offset):
    """Half a bin away, a tone of 1000 frames has 0.9 of its peak in a transform of 2048 points."""
    n = np.arange(1000)
    hz = np.array([300, 700 + offset]) / 2048
    tones = np.cos(2 * np.pi * hz * n[:, np.newaxis]) @ [0.95, 1.0]
    near = np.linspace(hz[1] - 1e-3, hz[1] + 1e-3, 2001)[:, np.newaxis]
    dense = abs(np.exp(-2j * np.pi * near * n) @ tones).max()
    found = analysis.max_response(Impulse(tones[:, np.newaxis], 48000))
    assert BELOW * dense <= found * (1 + 1e-12)
    assert found <= dense / math.cos(math.pi / 2000) * (1 + 1e-12)


@pytest.mark.parametrize("delay", [1, 2, 3, 100, 4999])
@pytest.mark.parametrize("gain", [-0.5, -1.0, 1.0])
def test_max_response_of_two_spikes_is_the_sum_of_their_magnitudes(delay, gain):
    """Of opposite signs, at odd multiples of rate / (2 delay), which no transform need have."""
    taps = np.zeros(delay + 11)
    taps[5], taps[5 + delay] = 1, gain  # silence before and after changes nothing
    found = analysis.max_response(Impulse(taps[:, np.newaxis], 48000))
    most = 1 + abs(gain)
    assert BELOW * most <= found <= most * (1 + 16 * UNIT)


def test_max_response_of_an_allpass_is_1():
    frames = 3000
    n = np.arange(frames)
    a = 0.75  # (a + z^-1) / (1 + a z^-1), to rounding after 3000 taps
    allpass = np.where(n == 0, a, (1 - a * a) * (-a) ** np.maximum(n - 1.0, 0))
    found = analysis.max_response(Impulse(allpass[:, np.newaxis], 48000))
    assert abs(found - 1) <= 16 * math.log2(8 * frames) * UNIT


def test_max_response_needs_little_more_memory_than_a_transform():
    impulse = Impulse(noise(1, 200_000, 1), 48000)
    tracemalloc.start()
    analysis.max_response(impulse)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # twice as long, in and out: 4 arrays as long as the taps; and the magnitude of half, 1, a copy
    # to extend it, 2; what is interpolated at a time is less
    assert most <= 10 * impulse.taps.nbytes


@pytest.mark.parametrize("seed", range(3))
def test_normalised_response_is_at_most_its_bound_above_1(seed):
    impulse = norms.normalise(Impulse(noise(seed, 301, 2), 48000), "response")
    dense = response_on_grid(impulse, 256 * 301)
    assert math.cos(math.pi / 1024) * (1 - 1e-12) <= dense <= (1 + 1e-12) / BELOW


@pytest.mark.parametrize("gain", [0.5, 0.9])
def test_max_response_of_echoes_is_their_peak(gain):
    # at DC, which is on any grid; a transform of N points rounds by a few u log2(N)
    spike = analysis.max_response(double_spike(48000, delay=0.0625, gain=gain))
    assert abs(spike - (1 + gain)) <= 4 * math.log2(8 * 3001) * UNIT * (1 + gain)
    comb = feedback(8, delay=1 / 8, gain=gain)
    most = 1 / (1 - gain)
    left_out = 1e-6 * gain * most  # the floor of -120 dB
    bound = left_out + 4 * math.log2(16 * comb.frames) * UNIT * most
    assert abs(analysis.max_response(comb) - most) <= bound


def test_worst_case_of_a_matrix_is_all_inputs_in_phase():
    # two inputs that cancel at DC, each of gain 1 on its own
    impulse = Impulse([[[1.0], [-1.0]]], 1)
    assert analysis.dc(impulse) == 0
    assert analysis.max_response(impulse) == 2
    assert analysis.l1(impulse) == 2
    assert analysis.l2(impulse) == math.sqrt(2)


# 10^(-1/2), 10^(-3/2) and 10^(-3/20) are irrational, so no tap of whole 256ths meets them
@given(impulse=ANY, level=st.sampled_from([-3, -10, -30]))
@settings(max_examples=100, deadline=None)
def test_onset_is_the_first_frame_within_a_level_of_the_peak(impulse, level):
    frames = [max(abs(tap) for tap in frame.flat) for frame in impulse.taps]
    first = next(n for n, frame in enumerate(frames) if frame >= max(frames) * 10 ** (level / 20))
    assert analysis.onset(impulse, level) == first


def test_onset_by_default_is_at_twenty_decibels():
    assert analysis.onset(Impulse([[0.0], [0.099], [-0.101], [1.0]], 1)) == 2
    assert analysis.onset(Impulse([[0.0], [0.1], [-0.101], [1.0]], 1)) == 1
    assert analysis.onset(Impulse([[0.0, 0.0], [0.0, -0.2], [1.0, 0.0]], 1)) == 1


# Gain, mix, delay


@given(impulse=ANY, factor=st.floats(-10, 10))
@settings(max_examples=60, deadline=None)
def test_gain_scales_every_tap(impulse, factor):
    scaled = edit.gain(impulse, factor)
    np.testing.assert_array_equal(scaled.taps, impulse.taps * factor)
    assert scaled.rate == impulse.rate


@given(
    impulse=impulse_of(CHANNELS | st.tuples(st.integers(1, 12), st.just(1), st.integers(1, 3))),
    dry=DYADIC,
    wet=DYADIC,
)
@settings(max_examples=80, deadline=None)
def test_mix_adds_the_sound_to_every_output(impulse, dry, wet):
    before = impulse.taps.copy()
    delta = np.zeros(impulse.taps.shape)
    delta[0] = 1
    mixed = edit.mix(impulse, dry=dry, wet=wet)
    np.testing.assert_array_equal(mixed.taps, dry * delta + wet * impulse.taps)
    np.testing.assert_array_equal(impulse.taps, before)


@given(
    impulse=st.integers(1, 3).flatmap(
        lambda n: impulse_of(st.tuples(st.integers(1, 9), *[st.just(n)] * 2))
    ),
    dry=DYADIC,
    wet=DYADIC,
)
@settings(max_examples=80, deadline=None)
def test_mix_adds_each_input_to_its_own_output(impulse, dry, wet):
    delta = np.zeros(impulse.taps.shape)
    for channel in range(impulse.taps.shape[1]):
        delta[0, channel, channel] = 1
    mixed = edit.mix(impulse, dry=dry, wet=wet)
    np.testing.assert_array_equal(mixed.taps, dry * delta + wet * impulse.taps)


@pytest.mark.parametrize(("inputs", "outs"), [(2, 1), (2, 3), (3, 2)])
def test_mix_without_a_direct_path_refused(inputs, outs):
    impulse = Impulse(np.ones((4, inputs, outs)), 48000)
    with pytest.raises(ImpulseError, match=f"leads from {inputs} to {outs}; use a dry gain of 0"):
        edit.mix(impulse, dry=1, wet=1)
    np.testing.assert_array_equal(edit.mix(impulse, dry=0, wet=0.5).taps, impulse.taps / 2)


@given(impulse=ANY, frames=st.integers(0, 50))
@settings(max_examples=60, deadline=None)
def test_delay_puts_silence_first(impulse, frames):
    delayed = edit.delay(impulse, frames)
    assert delayed.frames == impulse.frames + frames
    assert not delayed.taps[:frames].any()
    np.testing.assert_array_equal(delayed.taps[frames:], impulse.taps)


@pytest.mark.parametrize(("origin", "kept"), [(0, 3), (2, 3), (3, 4), (5, 6)])
def test_an_early_part_reaches_as_far_as_time_0(origin, kept):
    impulse = Impulse([[0.0], [1.0], [0.5], [0.25], [0.125], [0.1]], 1, origin=origin)
    early, late = edit.split(impulse, 2)
    assert early.taps.ravel().tolist() == [0, 1, 0.5, 0, 0, 0][:kept]
    assert late.taps.ravel().tolist() == [0, 0, 0, 0.25, 0.125, 0.1]
    assert (early.origin, late.origin) == (origin, origin)


def test_negative_delay_refused():
    with pytest.raises(ImpulseError, match="delay is -1 frames; it must be 0 or more"):
        edit.delay(Impulse([[1.0]], 48000), -1)


# Align, trim, fade


@given(impulse=ANY, to=st.sampled_from(["peak", "onset"]))
@settings(max_examples=80, deadline=None)
def test_align_moves_time_0_to_the_peak_or_the_onset_and_keeps_every_tap(impulse, to):
    frames = np.array([abs(frame).max() for frame in impulse.taps])
    threshold = frames.max() * (1 if to == "peak" else 0.1)
    aligned = edit.align(impulse, to)
    np.testing.assert_array_equal(aligned.taps, impulse.taps)
    assert (frames[: aligned.origin] < threshold).all()
    assert frames[aligned.origin] >= threshold
    assert edit.align(aligned, "first") == edit.align(impulse, "first")
    trimmed = edit.trim_start(impulse, to)
    np.testing.assert_array_equal(trimmed.taps, impulse.taps[aligned.origin :])


def test_trimming_the_start_keeps_time_0_and_notes_the_energy():
    impulse = Impulse([[0.0, 0.0], [3.0, 0.0], [0.0, -4.0], [0.0, 0.0]], 1000, origin=3)
    trimmed = edit.trim_start(impulse, "peak")
    assert (trimmed.frames, trimmed.origin) == (2, 1)
    assert trimmed.notes == ("trimmed 2 frames (2.00 ms) before the peak, with 36 % of the energy",)
    assert edit.trim_start(edit.align(impulse, "first"), "peak").origin == 0


@given(impulse=ANY, data=st.data())
@settings(max_examples=80, deadline=None)
def test_a_section_is_cut_at_both_ends_and_keeps_time_0_if_it_can(impulse, data):
    start = data.draw(st.integers(0, impulse.frames - 1))
    end = data.draw(st.integers(start + 1, impulse.frames))
    origin = data.draw(st.integers(0, impulse.frames - 1))
    cut = edit.section(impulse.with_taps(impulse.taps, origin=origin), start, end)
    np.testing.assert_array_equal(cut.taps, impulse.taps[start:end])
    kept = [frame for frame in range(start, end) if frame == origin]
    assert [cut.origin + start] == (kept or [start if origin < start else end - 1])


def test_align_to_anything_else_refused():
    with pytest.raises(
        ImpulseError, match="align is 'middle'; it must be one of first, peak, onset"
    ):
        edit.align(Impulse([[1.0]], 48000), "middle")


@given(impulse=ANY, level=st.sampled_from([-3, -10, -30]))
@settings(max_examples=80, deadline=None)
def test_trim_keeps_everything_up_to_the_last_loud_frame(impulse, level):
    frames = np.array([abs(frame).max() for frame in impulse.taps])
    threshold = frames.max() * 10 ** (level / 20)
    trimmed = edit.trim(impulse, level)
    np.testing.assert_array_equal(trimmed.taps, impulse.taps[: trimmed.frames])
    assert frames[trimmed.frames - 1] >= threshold
    assert (frames[trimmed.frames :] < threshold).all()


def test_trim_of_a_decay_ends_at_its_level():
    falling = Impulse(10 ** (-np.arange(200.0)[:, None] / 20), 48000)  # 1 dB a frame
    assert edit.trim(falling, -40.5).frames == 41
    assert edit.trim(falling, -60.5).frames == 61


@pytest.mark.parametrize("level", [0.0, 6.0, math.nan])
def test_trim_level_out_of_range_refused(level):
    with pytest.raises(ImpulseError, match=f"trim level is {level:g} dB; it must be below 0"):
        edit.trim(Impulse([[1.0]], 48000), level)


@pytest.mark.parametrize("shape", [(40, 1), (40, 2), (40, 2, 3)])
@pytest.mark.parametrize(
    ("fade_in", "fade_out"), [(0, 0), (7, 0), (0, 9), (7, 9), (25, 15), (1, 1)]
)
def test_fade_is_half_a_cosine_at_each_end(shape, fade_in, fade_out):
    impulse = Impulse(noise(1, *shape), 48000)
    faded = edit.fade(impulse, fade_in=fade_in, fade_out=fade_out)
    for n in range(40):
        # (1 - cos x) / 2 = sin(x / 2)^2, of the n + 1st of length + 1 steps
        window = 1.0
        if n < fade_in:
            window = math.sin(math.pi / 2 * (n + 1) / (fade_in + 1)) ** 2
        elif n >= 40 - fade_out:
            window = math.sin(math.pi / 2 * (40 - n) / (fade_out + 1)) ** 2
        # angles of up to pi rounded three times, and two results
        bound = (3 * math.pi + 4) * UNIT * abs(impulse.taps[n])
        assert (abs(faded.taps[n] - window * impulse.taps[n]) <= bound).all()
    np.testing.assert_array_equal(
        faded.taps[fade_in : 40 - fade_out], impulse.taps[fade_in : 40 - fade_out]
    )


def test_fade_out_complements_a_fade_in():
    ones = Impulse(np.ones((16, 1)), 48000)
    both = edit.fade(ones, fade_in=16).taps + edit.fade(ones, fade_out=16).taps
    # cos(x) + cos(pi - x) is 0 to the rounding of two angles of up to pi, and of two results
    np.testing.assert_allclose(both, 1, rtol=0, atol=(3 * math.pi + 4) * UNIT)


@pytest.mark.parametrize(("fade_in", "fade_out"), [(-1, 0), (0, -1), (11, 0), (6, 5)])
def test_fades_that_do_not_fit_refused(fade_in, fade_out):
    message = f"fades of {fade_in} and {fade_out} frames do not fit an impulse of 10; shorten"
    with pytest.raises(ImpulseError, match=message):
        edit.fade(Impulse(np.ones((10, 1)), 48000), fade_in=fade_in, fade_out=fade_out)


# Resample

CONVERSIONS = [(44100, 48000), (48000, 44100), (16000, 48000), (48000, 16000)]


def resampled_note(source, target):
    """From 16 kHz, all above 8 kHz is missing; 44.1 kHz has all that is audible."""
    missing = ": the convolved sound has nothing above 8 kHz" * (source == 16000)
    return f"impulse resampled from {source} to {target} Hz{missing}"


CUT = 1e-8  # share of the energy that may be cut off on each side
FILTER = 2.0**-27  # a resampler of 28 bits, in its band and out of it


def decaying(rate):
    return Impulse(np.exp(-np.arange(0.05 * rate)[:, None] / (0.01 * rate)), rate)


def echo(rate):
    return double_spike(rate, delay=0.02, gain=0.5)


def late_echo(rate):
    return edit.delay(echo(rate), rate // 100)


@pytest.mark.parametrize(("source", "target"), CONVERSIONS)
@pytest.mark.parametrize("build", [echo, late_echo, decaying])
def test_resampling_keeps_the_frequency_response(source, target, build):
    impulse = build(source)
    resampled = resampling.resample(impulse, target)
    shift = resampled.origin

    # transforms whose lengths are in the ratio of the rates have their bins at the same
    # frequencies; far longer than either, so that the ringing cut off would fit in them
    common = math.gcd(source, target)
    bins = 32768 * common // max(source, target)
    points = bins * target // common
    before = np.fft.rfft(impulse.taps[:, 0], bins * source // common)
    after = np.fft.rfft(resampled.taps[:, 0], points)
    band = int(0.9 * min(len(before), len(after)))  # its passband is specified to end at 0.91
    delay = np.exp(-2j * np.pi * np.arange(band) * shift / points)
    error = np.abs(after[:band] - before[:band] * delay)

    # Parseval: the mean square of the part cut off, over all frequencies, is its energy
    energy = (resampled.taps**2).sum()
    cut = 2 * CUT * energy
    mean_square = (error[0] ** 2 + 2 * (error[1:] ** 2).sum()) / points
    passband = FILTER * np.abs(before).max()
    assert math.sqrt(mean_square) <= math.sqrt(cut) + passband

    # at any one frequency it is at most the sum of the taps cut off, and by Cauchy and Schwarz no
    # more than the root of its energy times that of its frames: the room for ringing, which is
    # less than 2205 frames of the source on either side
    frames = 2 * 2205 * target / source
    bound = math.sqrt(frames * cut) + passband
    middle = band // 2
    assert error[0] <= bound
    assert error[middle] <= bound
    assert abs(resampled.taps.sum() - impulse.taps.sum()) <= bound
    assert resampled.rate == target


@pytest.mark.parametrize(("source", "target"), CONVERSIONS)
def test_resampling_a_band_limited_pulse_samples_the_same_curve(source, target):
    # a Gaussian of 1.5 ms is 500 dB down at 8 kHz and at either end of its 50 ms
    def pulse(rate):
        time = np.arange(0.05 * rate) / rate
        return Impulse(np.exp(-(((time - 0.0251) / 0.0015) ** 2) / 2)[:, None] / rate, rate)

    resampled = resampling.resample(pulse(source), target)
    assert resampled.frames == math.ceil(pulse(source).frames * target / source)
    assert resampled.notes == (resampled_note(source, target),)
    np.testing.assert_allclose(resampled.taps, pulse(target).taps, rtol=0, atol=FILTER / target)


@pytest.mark.parametrize(("source", "target"), CONVERSIONS)
@pytest.mark.parametrize("start", [0, 20])
def test_resampled_spikes_are_where_the_origin_puts_them(source, target, start):
    # 10 ms are whole frames at every rate here
    late = start / 1000
    impulse = multi_tap(source, delay=[late, late + 0.01], gain=[1, 0.5])
    resampled = resampling.resample(impulse, target)
    shift = resampled.origin
    assert shift > 0 or start
    magnitude = np.abs(resampled.taps[:, 0])
    first = shift + round(late * target)
    second = first + target // 100
    assert magnitude.argmax() == first
    assert first + 20 + magnitude[first + 20 :].argmax() == second
    assert resampled.frames >= math.ceil(impulse.frames * target / source) + shift
    assert resampled.notes[-1].startswith(f"impulse resampled from {source} to {target} Hz")


@pytest.mark.parametrize(("source", "target"), CONVERSIONS)
@pytest.mark.parametrize("origin", [0, 0.01, 0.02])
def test_time_0_stays_where_it_is_in_a_resampled_impulse(source, target, origin):
    """Of three spikes 10 ms apart, time 0 is at the same one before and after."""
    impulse = multi_tap(source, delay=[0, 0.01, 0.02], gain=[0.5, 0.5, 1])
    impulse = impulse.with_taps(impulse.taps, origin=round(origin * source))
    resampled = resampling.resample(impulse, target)
    loudest = int(np.abs(resampled.taps[:, 0]).argmax())
    assert loudest - resampled.origin == round((0.02 - origin) * target)


def test_an_origin_between_two_samples_goes_to_the_nearest():
    at = {
        origin: resampling.resample(Impulse(np.ones((9, 1)), 48000, origin=origin), 32000).origin
        for origin in range(7)
    }
    assert [at[origin] - at[0] for origin in range(7)] == [0, 1, 1, 2, 3, 3, 4]


def test_lengths_that_are_refused_before_they_are_made():
    # 2048 frames of ringing on either side
    with pytest.raises(ImpulseError, match=f"would be {(10 + 4096) * 48000} frames long"):
        resampling.resample(Impulse(np.ones((10, 1)), 1), 48000)
    with pytest.raises(ImpulseError, match=f"would be {2 * 4106 * 8000} samples long over all"):
        resampling.resample(Impulse(np.ones((10, 2)), 1), 8000)
    # 1342177 times 100 frames would be within the limit
    with pytest.raises(ImpulseError, match="would be 134217800 frames long"):
        resampling.stretch(Impulse(np.zeros((1342178, 1)), 48000), 100)


@pytest.mark.parametrize("shape", [(333, 1), (333, 2), (333, 2, 2), (1, 1)])
@pytest.mark.parametrize(("source", "target"), CONVERSIONS)
def test_resampled_silence_is_silence(source, target, shape):
    resampled = resampling.resample(Impulse(np.zeros(shape), source), target)
    assert resampled.taps.shape == (math.ceil(shape[0] * target / source), *shape[1:])
    assert not resampled.taps.any()
    assert resampled.notes == (resampled_note(source, target),)


@pytest.mark.parametrize(
    ("source", "target", "highest"),
    [
        (8000, 44100, "4 kHz"),
        (11025, 48000, "5.51 kHz"),
        (16000, 96000, "8 kHz"),
        (24000, 44100, "12 kHz"),
        (8000, 11025, "4 kHz"),
        (32000, 48000, None),  # of 20 kHz, less than a third of an octave is missing
        (44100, 48000, None),
        (44100, 192000, None),  # what is missing is not audible
        (96000, 8000, None),  # nothing of the sound is missing
        (11025, 12000, None),
    ],
)
def test_a_resampled_impulse_says_which_highs_are_lost(source, target, highest):
    (note,) = resampling.resample(Impulse(noise(1, 200, 1), source), target).notes
    lost = f": the convolved sound has nothing above {highest}" if highest else ""
    assert note == f"impulse resampled from {source} to {target} Hz{lost}"


def test_nothing_is_above_the_frequency_that_a_note_names():
    resampled = resampling.resample(double_spike(16000, delay=0.01, gain=0.5), 48000)
    assert "nothing above 8 kHz" in resampled.notes[0]
    hz, response = freqz(resampled.taps[:, 0], worN=4096, fs=48000)
    # the ends that are cut off have at most CUT of the energy of some hundred frames
    assert abs(response[hz > 8000]).max() <= 1e-2 * abs(response).max()
    assert abs(response[hz < 7000]).min() > 0.3 * abs(response).max()


def test_resampled_channels_and_matrices_keep_their_order():
    taps = noise(2, 300, 4)
    channels = resampling.resample(Impulse(taps, 44100), 48000)
    matrix = resampling.resample(Impulse(taps.reshape(300, 2, 2), 44100), 48000)
    np.testing.assert_array_equal(matrix.taps.reshape(-1, 4), channels.taps)
    for channel in range(4):
        alone = resampling.resample(Impulse(taps[:, [channel]], 44100), 48000)
        lag = channels.origin - alone.origin
        length = min(alone.frames, channels.frames) - abs(lag)
        np.testing.assert_array_equal(
            channels.taps[max(lag, 0) :][:length, channel],
            alone.taps[max(-lag, 0) :][:length, 0],
        )


def test_resampling_to_its_own_rate_changes_nothing():
    impulse = decaying(48000)
    same(resampling.resample(impulse, 48000), impulse)
    assert resampling.resample(impulse, 48000).notes == ()


# Chain


def as_matrix(taps, channels):
    """Taps that act channel by channel, as a diagonal matrix."""
    if taps.ndim == 3:
        return taps
    return np.einsum("nc,co->nco", taps * np.ones(channels), np.eye(channels))


def fold_matrices(f, g):
    """h[a + b] = sum over m of f[a, i, m] g[b, m, o]."""
    h = np.zeros((len(f) + len(g) - 1, f.shape[1], g.shape[2]))
    for a, b in np.ndindex(len(f), len(g)):
        h[a + b] += np.einsum("im,mo->io", f[a], g[b])
    return h


@given(f=impulse_of(CHANNELS), g=impulse_of(CHANNELS))
@settings(max_examples=80, deadline=None)
def test_chain_folds_channels_one_by_one(f, g):
    channels = max(f.taps.shape[1], g.taps.shape[1])
    if min(f.taps.shape[1], g.taps.shape[1]) not in (1, channels):
        with pytest.raises(ImpulseError, match="outputs does not fit one with"):
            folding.chain([f, g])
        return
    folded = folding.chain([f, g])
    f_taps, g_taps = (h.taps * np.ones(channels) for h in (f, g))
    expected = np.stack([convolve(f_taps[:, c], g_taps[:, c]) for c in range(channels)], axis=1)
    np.testing.assert_array_equal(folded.taps, expected)
    same(folding.chain([g, f]), folded)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_chain_folds_matrices_outputs_into_inputs(data):
    i, m, o, frames, more = (data.draw(st.integers(1, 4)) for _ in range(5))
    f = data.draw(impulse_of((frames, i, m)))
    g = data.draw(impulse_of((more, m, o)))
    np.testing.assert_array_equal(folding.chain([f, g]).taps, fold_matrices(f.taps, g.taps))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_chain_of_channels_and_a_matrix(data):
    i, o = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    matrix = data.draw(impulse_of((5, i, o)))
    before = data.draw(impulse_of((4, data.draw(st.sampled_from([1, i])))))
    after = data.draw(impulse_of((3, data.draw(st.sampled_from([1, o])))))
    expected = fold_matrices(as_matrix(before.taps, i), matrix.taps)
    np.testing.assert_array_equal(folding.chain([before, matrix]).taps, expected)
    expected = fold_matrices(matrix.taps, as_matrix(after.taps, o))
    np.testing.assert_array_equal(folding.chain([matrix, after]).taps, expected)


@given(f=impulse_of((5, 1)), g=impulse_of((7, 2)), h=impulse_of((4, 2)), m=impulse_of((3, 2, 3)))
@settings(max_examples=60, deadline=None)
def test_chain_is_associative(f, g, h, m):
    # products of four 256ths in sums of 105 need 39 bits, so nothing is rounded
    same(folding.chain([folding.chain([f, g]), h]), folding.chain([f, folding.chain([g, h])]))
    same(folding.chain([f, g, h]), folding.chain([f, folding.chain([g, h])]))
    same(folding.chain([f, g, h, m]), folding.chain([f, folding.chain([g, folding.chain([h, m])])]))
    assert folding.chain([f, g, h]).frames == 5 + 7 + 4 - 2


@given(seed=st.integers(0, 2**32), lengths=st.tuples(*[st.integers(65, 200)] * 3))
@settings(max_examples=15, deadline=None)
def test_long_chains_are_associative_and_commutative_to_rounding(seed, lengths):
    f, g, h = (Impulse(noise([seed, n], k, 1), 48000) for n, k in enumerate(lengths))
    one = folding.chain([folding.chain([f, g]), h])
    other = folding.chain([f, folding.chain([g, h])])
    # each fold adds its own tolerance to that of the one before times the sum of the magnitudes
    # of the taps it is folded with
    fg = folding.chain([f, g])
    gh = folding.chain([g, h])
    bound = tolerance(fg.taps, h.taps) + tolerance(f.taps, g.taps) * analysis.l1(h)
    bound += tolerance(gh.taps, f.taps) + tolerance(g.taps, h.taps) * analysis.l1(f)
    np.testing.assert_allclose(one.taps, other.taps, rtol=0, atol=bound)
    np.testing.assert_allclose(
        fg.taps, folding.chain([g, f]).taps, rtol=0, atol=2 * tolerance(f.taps, g.taps)
    )


@pytest.mark.parametrize(("k", "more"), [(64, 300), (65, 65), (65, 300), (200, 64), (150, 150)])
def test_chain_of_many_taps_against_the_definition(k, more):
    f, g = noise(3, k, 2), noise(4, more, 2)
    folded = folding.chain([Impulse(f, 48000), Impulse(g, 48000)])
    for c in range(2):
        expected = convolve(f[:, c], g[:, c])
        # both sides may err
        bound = 2 * tolerance(f[:, c], g[:, c])
        np.testing.assert_allclose(folded.taps[:, c], expected, rtol=0, atol=bound)


def test_chained_echoes_stay_exact_taps():
    spikes = [double_spike(48000, delay=d, gain=g) for d, g in ((0.25, 0.3), (0.1, -0.7), (1, 0.9))]
    folded = folding.chain(spikes).taps[:, 0]
    expected = {0: 1.0}
    for frame, gain in ((12000, 0.3), (4800, -0.7), (48000, 0.9)):
        expected |= {n + frame: level * gain for n, level in expected.items()}
    assert {n: folded[n] for n in np.flatnonzero(folded)} == expected


def test_an_echo_leaves_a_long_tail_exact():
    tail = noise(5, 1000)
    folded = folding.chain([double_spike(1000, delay=0.5), Impulse(tail[:, None], 1000)])
    expected = np.zeros(1500)
    expected[:1000] += tail
    expected[500:] += 0.5 * tail
    np.testing.assert_array_equal(folded.taps[:, 0], expected)


def test_chain_of_one_and_its_notes():
    f, g = Impulse([[1.0]], 8000, ("one",)), Impulse([[2.0]], 8000, ("two",))
    same(folding.chain([f]), f)
    assert folding.chain([f, g, f]).notes == ("one", "two", "one")


def test_chain_of_different_rates_refused():
    with pytest.raises(ImpulseError, match="48000 Hz and 44100 Hz cannot be folded; resample"):
        folding.chain([Impulse([[1.0]], 48000), Impulse([[1.0]], 44100)])


@pytest.mark.parametrize(
    ("first", "second"),
    [((1, 2), (1, 3)), ((1, 2, 3), (1, 2, 3)), ((1, 3), (1, 2, 3)), ((1, 3, 2), (1, 3))],
)
def test_chain_of_channels_that_do_not_fit_refused(first, second):
    with pytest.raises(ImpulseError, match=r"does not fit one with \d inputs; use impulses of"):
        folding.chain([Impulse(np.ones(first), 1), Impulse(np.ones(second), 1)])


# Norms


def web_audio_scale(taps, rate):
    """The scale of the ConvolverNode, as defined in the standard."""
    channels = taps.reshape(len(taps), -1).T
    power = 0.0
    for channel in channels:
        for sample in channel:
            power += sample * sample
    power = math.sqrt(power / (len(channels) * len(taps)))
    power = max(power, 0.000125)
    scale = 1 / power
    scale *= 0.00125
    scale *= 44100 / rate
    if len(channels) == 4:
        scale *= 0.5
    return scale


SHAPES = [(1, 1), (50, 1), (50, 2), (40, 4), (30, 2, 2), (20, 1, 3), (20, 3, 2)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("norm", sorted(norms.NORMS))
def test_normalise_brings_a_norm_to_one(norm, shape):
    impulse = Impulse(noise(6, *shape), 48000)
    normalised = norms.normalise(impulse, norm)
    # each sum rounds once a tap, and a handful of roundings follow
    rounding = (impulse.taps.size + 8) * UNIT

    scale = norms.norm_gain(impulse, norm)
    np.testing.assert_array_equal(normalised.taps, impulse.taps * scale)

    sums = [np.array(output) for output in outputs(normalised)]
    if norm == "peak":
        assert abs(max(abs(taps).max() for taps in sums) - 1) <= rounding
    elif norm == "l1":
        assert abs(max(abs(taps).sum() for taps in sums) - 1) <= rounding
    elif norm == "l2":
        assert abs(max((taps**2).sum() for taps in sums) - 1) <= rounding
    elif norm == "dc":
        # terms of either sign cancel, so their rounding is relative to more than the sum
        worst = max(abs(taps).sum() for taps in sums)
        assert abs(max(abs(taps.sum()) for taps in sums) - 1) <= rounding * max(1, worst) * 2
    elif norm == "response":
        largest = response_on_grid(normalised, 32 * shape[0])
        # as for max_response: both grids miss the maximum by no more than this
        assert largest <= 1 / math.sqrt(math.cos(math.pi / 8)) * (1 + 8 * rounding)
        assert largest >= math.sqrt(math.cos(math.pi / 64)) * (1 - 8 * rounding)
    else:
        expected = web_audio_scale(impulse.taps, 48000)
        assert abs(scale - expected) <= rounding * expected


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
@pytest.mark.parametrize("shape", [(25, 1), (25, 2), (25, 4), (25, 2, 2)])
@pytest.mark.parametrize("level", [1e-6, 0.000124, 0.000126, 0.01, 1.0, 30.0])
def test_web_audio_scale_is_that_of_the_standard(rate, shape, level):
    # a constant, whose mean square is its square: below 0.000125 the scale stops growing
    taps = np.full(shape, level)
    expected = web_audio_scale(taps, rate)
    rounding = (taps.size + 8) * UNIT
    assert abs(norms.norm_gain(Impulse(taps, rate), "web-audio") - expected) <= rounding * expected
    closed = 0.00125 / max(level, 0.000125) * 44100 / rate / (2 if math.prod(shape[1:]) == 4 else 1)
    assert abs(expected - closed) <= rounding * closed


def test_normalise_keeps_the_balance_of_channels():
    # powers of two, so that the one gain for all is exact
    impulse = Impulse([[4.0, 1.0], [-2.0, 0.5]], 48000)
    np.testing.assert_array_equal(norms.normalise(impulse, "peak").taps, impulse.taps / 4)


def test_normalised_by_l1_no_sound_clips():
    impulse = norms.normalise(Impulse(noise(7, 60, 1), 48000), "l1")
    taps = impulse.taps[:, 0]
    worst = np.sign(taps[::-1])  # every product positive at the last tap
    assert abs(convolve(worst, taps)[59] - 1) <= (60 + 8) * UNIT


@pytest.mark.parametrize("norm", sorted(set(norms.NORMS) - {"web-audio"}))
@pytest.mark.parametrize("shape", [(1, 1), (20, 2), (20, 2, 3)])
def test_silence_cannot_be_normalised(norm, shape):
    with pytest.raises(ImpulseError, match=f"impulse's {norm} is 0, .*; use a gain"):
        norms.normalise(Impulse(np.zeros(shape), 48000), norm)


@pytest.mark.parametrize("taps", [[1.0, -1.0], [0.1, 0.2, -0.3], [0.7, 0.1, -0.8]])
def test_taps_that_sum_to_0_cannot_be_normalised_by_dc(taps):
    impulse = Impulse(np.array(taps)[:, None], 48000)
    with pytest.raises(ImpulseError, match=r"impulse's dc is 0, .*; use a gain"):
        norms.normalise(impulse, "dc")


def test_an_unknown_norm_refused():
    with pytest.raises(ImpulseError, match="norm is 'loud'; it must be one of peak, l1, l2, dc"):
        norms.normalise(Impulse([[1.0]], 48000), "loud")


@pytest.mark.parametrize(("source", "target"), [(384000, 8000), (48000, 1000), (96000, 8000)])
def test_steep_resampling_keeps_the_level(source, target):
    """The gain at 0 Hz is kept but for the energy cut off, 1e-8 of it."""
    h = double_spike(source, delay=0.05)
    g = resampling.resample(h, target)
    # by Cauchy and Schwarz over the taps that are kept and the ringing, of as many, that is not
    limit = np.sqrt(1e-8 * 2 * len(g.taps)) * np.sqrt((g.taps**2).sum())
    assert abs(g.taps.sum() - 1.5) <= limit


def test_an_empty_chain_and_no_rate_are_refused():
    with pytest.raises(ImpulseError, match="at least one impulse"):
        folding.chain([])
    with pytest.raises(ImpulseError, match="rate is 0 Hz"):
        resampling.resample(double_spike(48000), 0)


def test_the_dry_path_is_at_the_origin_after_ringing_before_it():
    resampled = resampling.resample(double_spike(48000, delay=0.01), 44100)
    assert resampled.origin > 0
    mixed = edit.mix(resampled, dry=1, wet=0.5)
    difference = mixed.taps - 0.5 * resampled.taps
    assert np.flatnonzero(difference.round(12)).tolist() == [resampled.origin]
    assert folding.chain([resampled, resampled]).origin == 2 * resampled.origin
    assert edit.align(resampled, "first").origin == 0
