"""Levels: meters against definitions, closed forms and the EBU's test signals; gains that match."""

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from audioconv.errors import AudioconvError, UsageError
from audioconv.metering.loudness import Loudness, channel_weights, high_pass, power, shelf
from audioconv.metering.matching import Matching
from audioconv.metering.meters import STEP, Peak, Rms
from audioconv.units import Match, parse_match
from audioconv.views.loudness import loudness

SPEAKERS_5_1, SPEAKERS_5_1_SIDE, SPEAKERS_7_1 = 0x3F, 0x60F, 0x63F


def tone(level, seconds, rate=48000, hz=1000):
    return 10 ** (level / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def measured(meter, sound):
    meter.take(sound)
    return meter.level()


# loudness


def test_weighting_at_48_khz_is_that_of_the_recommendation():
    # ITU-R BS.1770, tables 1 and 2
    wanted = [1.53512485958697, -2.69169618940638, 1.19839281085285]
    assert shelf(48000)[0] == pytest.approx(wanted, abs=1e-13)
    assert shelf(48000)[1] == pytest.approx([1, -1.69065929318241, 0.73248077421585], abs=1e-13)
    assert high_pass(48000)[0] == [1, -2, 1]
    wanted = [1, -1.99004745483398, 0.99007225036621]
    assert high_pass(48000)[1] == pytest.approx(wanted, abs=1e-13)


EBU = [
    # EBU Tech 3341, minimum requirements 1 to 5: stereo, LUFS within 0.1
    ([(-23, 20)], -23),
    ([(-33, 20)], -33),
    ([(-36, 10), (-23, 60), (-36, 10)], -23),
    ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
    ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
]


@pytest.mark.parametrize(("levels", "wanted"), EBU)
@pytest.mark.parametrize("rate", [44100, 48000])
def test_loudness_of_the_ebu_test_signals(levels, wanted, rate):
    sound = np.concatenate([tone(level, seconds, rate) for level, seconds in levels])
    found = loudness(np.stack([sound, sound], axis=1), rate)
    assert found == pytest.approx(wanted, abs=0.1)


@pytest.mark.parametrize("speakers", [SPEAKERS_5_1, SPEAKERS_5_1_SIDE])
def test_loudness_of_the_ebu_surround_signal(speakers):
    """Minimum requirement 6, with a subwoofer that is as loud as can be."""
    levels = [-28, -28, -24, 0, -30, -30]
    sound = np.stack([tone(level, 20) for level in levels], axis=1)
    found = measured(Loudness(48000, channel_weights(speakers, 6)), sound)
    assert found == pytest.approx(-23, abs=0.1)


def definition(sound, rate, weights):
    """BS.1770 as it stands there: blocks j, gates, means of channels."""
    for numerator, denominator in (shelf(rate), high_pass(rate)):
        sound = lfilter(numerator, denominator, sound, axis=0)
    frames, blocks = round(0.4 * rate), []
    for start in range(0, len(sound) - frames + 1, round(0.1 * rate)):
        z = (sound[start : start + frames] ** 2).mean(axis=0)
        blocks.append(sum(weight * power for weight, power in zip(weights, z, strict=True)))
    levels = [-0.691 + 10 * math.log10(block) if block else -math.inf for block in blocks]
    heard = [block for block, level in zip(blocks, levels, strict=True) if level > -70]
    relative = -0.691 + 10 * math.log10(sum(heard) / len(heard)) - 10
    loud = [b for b, level in zip(blocks, levels, strict=True) if level > max(relative, -70)]
    return -0.691 + 10 * math.log10(sum(loud) / len(loud))


def programme(noise, rate, channels, seconds=9.73, seed=0):
    """Noise whose level changes every 0.7 s, over 60 dB, so that both gates matter."""
    sound = noise(round(seconds * rate), channels, seed=seed)
    levels = np.random.default_rng(seed).uniform(-75, -15, 14)
    return sound * np.repeat(10 ** (levels / 20), round(0.7 * rate))[: len(sound), np.newaxis]


@pytest.mark.parametrize("rate", [4000, 8000, 22050, 44100, 192000])
@pytest.mark.parametrize("speakers", [0, SPEAKERS_5_1])
def test_loudness_is_that_of_the_definition(noise, rate, speakers):
    weights = channel_weights(speakers, 6)
    sound = programme(noise, rate, 6)
    # poles lie within 2 pi 38 / rate of 1, and multiply the rounding of each sum by as much
    bound = 1e-16 * (rate / 240) ** 2 * 100 + 1e-12
    found = measured(Loudness(rate, weights), sound)
    assert found == pytest.approx(definition(sound, rate, weights), abs=bound)


def test_weights_follow_the_positions():
    front = [1.0, 1.0, 1.0, 0.0]
    assert channel_weights(SPEAKERS_5_1, 6) == [*front, 1.41, 1.41]
    assert channel_weights(SPEAKERS_5_1_SIDE, 6) == [*front, 1.41, 1.41]
    # where there are speakers at the side, those at the back stand at 135 degrees or more
    assert channel_weights(SPEAKERS_7_1, 8) == [*front, 1.0, 1.0, 1.41, 1.41]
    # channels without a position, and positions without a channel
    assert channel_weights(SPEAKERS_5_1, 8) == [*front, 1.41, 1.41, 1.0, 1.0]
    assert channel_weights(SPEAKERS_5_1, 2) == [1.0, 1.0]
    assert channel_weights(0, 6) == [1.0] * 6


def test_silence_has_no_loudness_and_a_short_sound_has():
    assert loudness(np.zeros((48000, 1)), 48000) == -np.inf
    assert np.isfinite(loudness(tone(-20, 0.1)[:, np.newaxis], 48000))


@pytest.mark.parametrize(("frames", "rate"), [(17639, 44100), (4407, 11025), (1, 48000)])
def test_a_meter_needs_one_block(noise, frames, rate):
    meter = Loudness(rate, [1.0])
    meter.take(noise(frames, 1))
    with pytest.raises(AudioconvError, match=f"{frames} frames?.*0.4 s.*match='rms'"):
        meter.level()
    meter.take(noise(1, 1))
    if frames > 1:
        assert np.isfinite(meter.level())


def test_a_rate_without_a_weighting_is_refused():
    assert np.isfinite(measured(Loudness(3364, [1.0]), np.ones((3364, 1))))
    with pytest.raises(AudioconvError, match=r"at least 3364 Hz; this sound has 3363 Hz"):
        Loudness(3363, [1.0])


# every meter

METERS = [Peak, Rms, lambda: Loudness(11025, [1.0, 1.41, 0.0])]


@pytest.mark.parametrize("meter", METERS)
def test_the_level_does_not_depend_on_the_cuts(noise, meter):
    sound = noise(60000, 3)
    whole, cut = meter(), meter()
    whole.take(sound)
    for part in np.split(sound, [1, 2, STEP, STEP + 1, 3 * STEP, 20000, 20001, 59999]):
        cut.take(part)
    assert cut.level() == whole.level()
    assert cut.gain_to(-23) == whole.gain_to(-23)


@pytest.mark.parametrize("meter", METERS)
def test_single_precision_is_measured_as_it_is(noise, meter):
    sound = noise(20000, 3).astype(np.float32)
    assert measured(meter(), sound) == measured(meter(), sound.astype(np.float64))


def test_rms_and_peak_of_closed_forms():
    square = np.where(np.arange(10000) % 100 < 50, 1.0, -1.0)[:, np.newaxis]
    assert measured(Rms(), square) == 0
    assert measured(Peak(), square) == 0
    sine = tone(0, 1)[:, np.newaxis]  # whole periods
    assert measured(Rms(), sine) == pytest.approx(-10 * math.log10(2), abs=1e-12)
    # over all channels: a silent one takes half of the power
    assert measured(Rms(), np.hstack([sine, 0 * sine])) == pytest.approx(
        -10 * math.log10(4), abs=1e-12
    )


@pytest.mark.parametrize("level", [-69.9, -60.0, -23.0, -1.0])
@pytest.mark.parametrize("quiet", [0, -50, -100])
def test_the_gain_brings_the_loudness_to_the_target(noise, level, quiet):
    """The gate of -70 LUFS is that of the result, so a gain moves it through the sound."""
    for seed in range(8):
        sound = programme(noise, 8000, 2, seed=seed) * 10 ** (quiet / 20)
        meter = Loudness(8000, [1.0, 1.0])
        meter.take(sound)
        result = measured(Loudness(8000, [1.0, 1.0]), sound * meter.gain_to(level))
        assert result == pytest.approx(level, abs=1e-9)


def test_the_gate_moves_with_the_gain():
    """What is under -70 LUFS before the gain counts after it."""
    sound = np.concatenate([tone(-60, 10), tone(-72, 10)])[:, np.newaxis]
    meter = Loudness(48000, [1.0])
    meter.take(sound)
    naive = math.sqrt(power(-23) / power(meter.level()))
    found = meter.gain_to(-23)
    # both halves: 12 dB apart, and 2.7 dB under the louder one; so the gate of 10 LU passes both
    assert found > 1.3 * naive
    assert measured(Loudness(48000, [1.0]), sound * found) == pytest.approx(-23, abs=1e-9)


# matching


def matching(match, sound, output, rate=48000, **more):
    made = Matching(
        match, rate, channel_weights(0, sound.shape[1]), channel_weights(0, output.shape[1]), **more
    )
    made.hear(sound)
    made.take(output)
    return made


@pytest.mark.parametrize("measure", ["peak", "rms", "lufs"])
def test_a_sound_matches_itself_bit_for_bit(noise, measure):
    sound = programme(noise, 48000, 2)
    assert matching(Match(measure), sound, sound).gain() == 1
    # in 32 bits, of which 2 are before the point
    assert matching(Match(measure), sound, sound * 0.375).gain() == round(2**30 / 0.375) / 2**30


@pytest.mark.parametrize("measure", ["peak", "rms", "lufs"])
def test_a_target_is_met(noise, measure):
    sound, output = programme(noise, 48000, 1), programme(noise, 48000, 2, seed=5)
    found = output * matching(Match(measure, -20.0), sound, output).gain()
    meter = {"peak": Peak, "rms": Rms, "lufs": lambda: Loudness(48000, [1.0, 1.0])}[measure]()
    # 32 bits of a gain
    assert measured(meter, found) == pytest.approx(-20, abs=20 * math.log10(1 + 2**-32))


def test_rms_leaves_the_tail_out():
    sound, output = np.full((4, 1), 0.5), np.array([[1.0], [1.0], [1.0], [1.0], [9.0], [9.0]])
    assert matching(Match("rms"), sound, output).gain() == 0.5
    made = Matching(Match("rms"), 48000, [1.0], [1.0])
    made.hear(sound[:3])
    made.take(output[:2])  # as an engine does, which may be behind its input
    made.hear(sound[3:])
    made.take(output[2:])
    assert made.gain() == 0.5
    assert matching(Match("peak"), sound, output).gain() == pytest.approx(0.5 / 9, rel=2**-32)


def test_a_shorter_output_is_compared_with_as_much_of_the_input():
    sound, output = np.array([[0.5], [0.5], [1.0], [1.0]]), np.ones((2, 1))
    for measure in ("peak", "rms"):
        assert matching(Match(measure), sound, output, length=2).gain() == 0.5


SILENT, SOUND = np.zeros((48000, 1)), tone(-20, 1)[:, np.newaxis]
LATE = np.concatenate([np.zeros((48000, 1)), np.ones((10, 1))])


@pytest.mark.parametrize(
    ("match", "sound", "output", "said"),
    [
        ("peak", SILENT, SOUND, "the input is silent.*match='peak=-23'"),
        ("rms", SILENT, SOUND, "the input is silent.*match='rms=-23'"),
        ("lufs", SILENT, SOUND, "the input is silent.*match='lufs=-23'"),
        ("lufs", SOUND * 1e-4, SOUND, "nowhere louder than -70 LUFS.*lufs=-23.*match='rms'"),
        ("lufs", SOUND[:100], SOUND, "100 frames.*0.4 s"),
        ("lufs=-23", SOUND, SOUND[:100], "100 frames.*0.4 s"),
        ("peak=-1", SILENT, SILENT, "input is silent, as is the output, and .*check the input, or"),
        ("peak=-1", SOUND, SILENT, "output is silent, and no gain brings it to -1.00 dBFS"),
        ("lufs", SOUND, SILENT, "output is silent, and no gain .* to -23.0. LUFS"),
        ("lufs", SOUND, LATE, "output is silent"),
        ("rms", SOUND, LATE, "output is silent under the input, and no gain"),
        ("rms", SOUND, SOUND + np.inf, "the output reaches inf.*; lower the gain"),
        ("rms", SOUND, SOUND * np.nan, "the output reaches nan"),
        ("peak", SOUND * 1e200, SOUND, "the input reaches .*e\\+199.*1e\\+100; scale the"),
    ],
)
def test_what_has_no_level_is_an_error(match, sound, output, said):
    with pytest.raises(AudioconvError, match=said):
        matching(parse_match(match), sound, output).gain()


@pytest.mark.parametrize("match", ["peak", "rms", "lufs", "peak=-3", "rms=-20", "lufs=-23"])
def test_a_silent_beginning_is_no_silent_input(match):
    """Where the output is cut to it."""
    sound = np.concatenate([np.zeros((24000, 1)), SOUND])
    said = "^the first 0.5 s of the input are silent, "
    with pytest.raises(AudioconvError, match=said):
        matching(parse_match(match), sound, sound[:24000], length=24000).gain()
    with pytest.raises(AudioconvError, match=r"^the input is silent, "):
        matching(parse_match(match), SILENT[:24000], SILENT, length=48000).gain()
    assert matching(parse_match(match), sound, sound, length=len(sound)).gain() > 0


def test_a_target_needs_no_level_of_the_input():
    assert matching(Match("lufs", -23.0), SILENT[:10], SOUND).gain() == pytest.approx(1, abs=0.01)


# as it is typed


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("none", None),
        ("lufs", Match("lufs")),
        ("LUFS=-23 LUFS", Match("lufs", -23.0)),
        ("lufs=-23LKFS", Match("lufs", -23.0)),
        ("lufs=-16.5", Match("lufs", -16.5)),
        ("rms=-20", Match("rms", -20.0)),
        ("rms=-20dB", Match("rms", -20.0)),
        ("peak=-1dBFS", Match("peak", -1.0)),
        ("peak=-.3dbfs", Match("peak", -0.3)),
        ("peak=0", Match("peak", 0.0)),
    ],
)
def test_levels_are_written_as_people_write_them(text, wanted):
    assert parse_match(text) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("loud", "'loud' is not one of none, peak, rms, lufs"),
        ("-23LUFS", "not one of .*lufs=-23"),
        ("none=-3", "not one of"),
        ("peak=", "'' is not a level in dBFS"),
        ("lufs=loud", "'loud' is not a level in LUFS; write lufs=-23"),
        ("rms=-23LUFS", "'-23LUFS' is not a level in dBFS; write rms=-20"),
        ("Peak=-1dBTP", "match peak=-1dBTP is a true peak"),
        ("peak=0.5", "peak=0.5 cannot be reached; it must be above -200 dBFS, and at most 0 dBFS"),
        ("lufs=-70", "above -70 LUFS"),
        ("rms=-1e9", "above -200 dBFS"),
        ("rms=nan", "not a level"),
    ],
)
def test_other_levels_are_refused(text, said):
    with pytest.raises(UsageError, match=said):
        parse_match(text)
