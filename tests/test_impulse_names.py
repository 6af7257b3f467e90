"""Names of impulse responses: channels of a file, and several files as one impulse."""

import json
import os

import numpy as np
import pytest
import soundfile
from hypothesis import example, given
from hypothesis import strategies as st

from audioconv import Job, convolve_file, load_impulse
from audioconv.errors import FormatError, UsageError
from audioconv.ir.ingredients import Joined, NamedFile
from audioconv.ir.load import impulse_files, impulse_name, load
from audioconv.ir.names import join_name, short_name, sides, split_join, split_name
from impulses import Impulse, ImpulseError
from impulses.channels import join, select

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no colon in names of files")
RATE = 8000
NUMBERS = np.random.default_rng(10)
SOUND = NUMBERS.integers(-(2**10), 2**10, (300, 2), np.int16)
TAPS = NUMBERS.integers(-(2**12), 2**12, (40, 4)) / 2**15


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Give a folder with a sound, four channels, and each of them as a file; work there."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("in.wav", SOUND, RATE)
    soundfile.write("mono.wav", SOUND[:, 0], RATE)
    soundfile.write("four.wav", TAPS, RATE, "DOUBLE")
    for channel, name in enumerate(["a.wav", "b.wav", "c.wav", "d.wav"]):
        soundfile.write(name, TAPS[:, channel], RATE, "DOUBLE")
    return tmp_path


def convolved(sound, *taps):
    """Sum over pairs of a channel of the sound and taps, by the definition."""
    return sum(np.convolve(sound[:, c] / 2**15, TAPS[:, tap]) for c, tap in enumerate(taps))


def side_by_side(*columns):
    return np.stack(columns, axis=1)


LEFT, RIGHT = SOUND[:, :1], SOUND[:, 1:]
EXPECTED = {
    "four.wav:channel=3": side_by_side(convolved(LEFT, 2), convolved(RIGHT, 2)),
    "four.wav:channels=4,2": side_by_side(convolved(LEFT, 3), convolved(RIGHT, 1)),
    "join:a.wav,b.wav": side_by_side(convolved(LEFT, 0), convolved(RIGHT, 1)),
    "join:four.wav:channels=2,3,1,a.wav:channel=1": side_by_side(
        convolved(SOUND, 1, 0), convolved(SOUND, 2, 0)
    ),
    "join:a.wav,b.wav,c.wav,d.wav": side_by_side(convolved(SOUND, 0, 2), convolved(SOUND, 1, 3)),
    "join:four.wav:channel=1,delta": side_by_side(
        convolved(LEFT, 0), np.pad(RIGHT[:, 0] / 2**15, (0, 39))
    ),
}


@pytest.mark.parametrize("recipe", ["chunk", "sidecar"])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_name_is_convolved_verified_and_made_again(name, recipe, call, redone, folder):
    options = ("--ir", name, "--map", "true-stereo") if name.count(",") > 2 else ("--ir", name)
    call("convolve", "in.wav", "o.wav", *options, "--subtype=DOUBLE", "--recipe", recipe)
    made, _ = soundfile.read("o.wav")
    # 40 taps below 1/8 times samples below 1/32, each product rounded: far below 2^-50
    np.testing.assert_allclose(made, EXPECTED[name], rtol=0, atol=2.0**-50)
    call("verify", "in.wav", "o.wav", *options)
    call("redo", "o.wav")
    if recipe == "sidecar":
        redone("o.wav")


def test_the_recipe_states_what_stands_behind_the_colon(call, folder):
    name = "join:four.wav:channels=2,1,delta,b.wav"
    call("convolve", "mono.wav", "o.wav", "--ir", name, "--recipe=sidecar")
    first, spec, last = json.loads((folder / "o.wav.json").read_text())["impulses"][0]["join"]
    assert (first["place"], first["kind"]) == ("channels=2,1", "sound")
    assert spec == "delta"
    assert "place" not in last
    paths = [os.path.realpath(one["path"]) for one in (first, last)]
    assert paths == [os.path.realpath(folder / one) for one in ("four.wav", "b.wav")]
    (folder / "four.wav").rename(folder / "moved.wav")
    assert "moved.wav:channels=2,1" in call("redo", "o.wav").err


def test_another_channel_is_another_file(call, folder):
    for channel in (1, 2):
        call("convolve", "mono.wav", f"{channel}.wav", "--ir", f"four.wav:channel={channel}")
    first, second = (soundfile.read(f"{channel}.wav")[0] for channel in (1, 2))
    assert (first != second).any()
    said = call("verify", "mono.wav", "1.wav", "--ir", "four.wav:channel=2", code=3)
    assert "1.wav is not the convolution it should be" in said.err


@posix
def test_a_file_of_that_very_name_comes_first(call, folder):
    soundfile.write("four.wav:channel=3", TAPS[:, 0], RATE, "DOUBLE", format="WAV")
    np.testing.assert_array_equal(load_impulse("four.wav:channel=3").taps, TAPS[:, :1])
    soundfile.write("join:a.wav,b.wav", TAPS[:, 1], RATE, "DOUBLE", format="WAV")
    np.testing.assert_array_equal(load_impulse("join:a.wav,b.wav").taps, TAPS[:, 1:2])
    assert impulse_files(["join:a.wav,b.wav"]) == ["join:a.wav,b.wav"]
    # a number behind a file with options continues them, unless there is such a file
    assert load_impulse("join:four.wav:channels=1,2,a.wav").taps.shape == (40, 3)
    soundfile.write("2", TAPS[:, 2], RATE, "DOUBLE", format="WAV")
    np.testing.assert_array_equal(
        load_impulse("join:four.wav:channels=1,2,a.wav").taps, TAPS[:, [0, 2, 0]]
    )


@posix
def test_a_file_that_takes_the_name_of_a_part_stops_redo(call, folder):
    call("convolve", "mono.wav", "o.wav", "--ir", "four.wav:channel=3")
    (folder / "four.wav:channel=3").touch()
    said = call("redo", "o.wav", code=1)
    assert "four.wav:channel=3, as a part of" in said.err
    assert "move it away" in said.err


def test_channels_are_those_of_the_file_in_any_order(folder):
    np.testing.assert_array_equal(load_impulse("four.wav:channel=2").taps, TAPS[:, 1:2])
    np.testing.assert_array_equal(load_impulse("four.wav:channels=3,1,3").taps, TAPS[:, [2, 0, 2]])
    impulse, ingredient = load("four.wav:rate=44100", None)
    assert impulse.rate == 44100
    assert isinstance(ingredient, NamedFile)
    np.testing.assert_array_equal(impulse.taps, TAPS)


def test_a_header_that_lies_is_overridden_and_time_0_stays(call, folder):
    call("ir", "edit", "four.wav", "o.wav", "--align=peak")
    origin = load_impulse("o.wav").origin
    assert origin > 0
    impulse = load_impulse("o.wav:rate=12000,channel=2")
    assert (impulse.rate, impulse.origin) == (12000, origin)
    call("convolve", "in.wav", "y.wav", "--ir", "o.wav:rate=8000", "--rate-mismatch=error")
    said = call("convolve", "in.wav", "y.wav", "--ir=a.wav:rate=16000", "-y")
    assert "impulse resampled from 16000 to 8000 Hz" in said.err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("four.wav:channel=5", "four.wav: channel is 5, but there are 4 channels, counted from 1"),
        ("a.wav:channel=0", "a.wav: channel is 0; channels count from 1"),
        ("a.wav:channel=2", "a.wav: channel is 2, but there is 1 channel, counted from 1"),
        ("four.wav:channels=1,-1", "four.wav: channel is -1; channels count from 1"),
        ("four.wav:channels=", "four.wav channels: '' is not a whole number"),
        ("four.wav:channel=1.5", "'1.5' is not a whole number"),
        ("four.wav:channel=1,2", "it takes one value, but 2 are given"),
        ("four.wav:channel=1,channels=2", "four.wav has channel= and channels=; give one of them"),
        ("four.wav:chanel=1", "four.wav has no parameter 'chanel'; did you mean 'channel'?"),
        ("four.wav:1", "'1' in four.wav:1 is not key=value, such as channel=1"),
        ("four.wav:rate=0", "four.wav: rate is 0 Hz; it must be between 1 and 1.536e+06 Hz"),
        ("four.wav:azimuth=30", "four.wav has no parameter 'azimuth'"),
        ("join:a.wav", "join:a.wav does not name two files or more, such as join:L.wav,R.wav"),
        ("join:", "does not name two files or more"),
        ("join:a.wav,", "does not name two files or more"),
        ("join:a.wav,x", "x is neither a file nor a builder"),
        ("joint:a.wav,b.wav", "joint:a.wav,b.wav is neither a file nor a builder"),
    ],
)
def test_what_is_no_name_is_refused(name, message, call, folder):
    assert message in call("convolve", "in.wav", "o.wav", "--ir", name, code=2).err
    with pytest.raises(UsageError) as refused:
        load_impulse(name, RATE)
    assert message in str(refused.value)
    assert not (folder / "o.wav").exists()


def test_a_part_that_does_not_exist_is_named(folder):
    for name in ("none.wav:channel=1", "join:a.wav,none.wav:channel=1"):
        with pytest.raises(FormatError, match=r"^none\.wav does not exist; check the name$"):
            load_impulse(name)


def test_an_output_may_not_replace_a_part(call, folder):
    for name in ("a.wav:channel=1", "join:b.wav,a.wav"):
        said = call("convolve", "in.wav", "a.wav", "--ir", name, "-y", code=2)
        assert "a.wav is the same file as input" in said.err


def test_standard_input_is_a_part_like_any_other(call, folder, piped):
    piped((folder / "four.wav").read_bytes())
    call("convolve", "in.wav", "piped.wav", "--ir=join:-:channel=2,a.wav")
    call("convolve", "in.wav", "o.wav", "--ir=join:four.wav:channel=2,a.wav")
    np.testing.assert_array_equal(soundfile.read("piped.wav")[0], soundfile.read("o.wav")[0])
    call("redo", "piped.wav")
    for names in (["-:channel=1", "-"], ["join:-:channel=1,-:channel=2"]):
        irs = [f"--ir={name}" for name in names]
        said = call("convolve", "in.wav", "o.wav", *irs, "-y", code=2)
        assert "standard input is named twice" in said.err
    assert "standard input is named twice" in call("ir", "join", "-", "-", "o.wav", code=2).err


def test_ir_join_writes_one_file(call, folder):
    call("ir", "join", "a.wav", "b.wav", "four.wav:channels=3,4", "o.wav")
    made, rate = soundfile.read("o.wav")
    np.testing.assert_array_equal(made, TAPS)
    assert rate == RATE
    call("ir", "join", "a.wav", "double-spike:delay=1S,gain=0.5", "two.wav")
    expected = np.zeros((40, 2))
    expected[:, 0] = TAPS[:, 0]
    expected[:2, 1] = 1, 0.5
    np.testing.assert_array_equal(soundfile.read("two.wav")[0], expected)
    assert "`audioconv ir join`" in call("redo", "two.wav", code=1).err
    before = (folder / "b.wav").read_bytes()
    for names in (["o.wav"], ["a.wav", "b.wav", "-y"]):  # b.wav is not OUT, which is forgotten
        said = call("ir", "join", *names, code=2).err
        assert "join needs 2 impulses and an output; give IR IR ... OUT" in said
    assert (folder / "b.wav").read_bytes() == before
    call("ir", "fold", "a.wav", "one.wav")
    assert "fold needs 1 impulse and an output" in call("ir", "fold", "one.wav", code=2).err
    soundfile.write("other.wav", TAPS, 2 * RATE)
    said = call("ir", "join", "a.wav", "other.wav", "x.wav", code=2).err
    assert "impulses of 8000 Hz and 16000 Hz cannot be joined; resample them to one rate" in said


def test_a_join_keeps_time_0_at_one_frame():
    early = Impulse([[1.0], [2.0]], 1, origin=1)
    late = Impulse([[0.0, 3.0], [0.0, 4.0], [5.0, 0.0]], 1, origin=0)
    joined = join([early, late])
    assert joined.origin == 1
    np.testing.assert_array_equal(joined.taps, [[1, 0, 0], [2, 0, 3], [0, 0, 4], [0, 5, 0]])
    assert joined == join([early, select(late, [1]), select(late, [2])])
    with pytest.raises(ImpulseError, match="channel is 3, but there are 2 channels"):
        select(late, [1, 3])


def test_a_join_of_specs_needs_a_rate():
    assert load_impulse("join:delta,delta:delay=2S", 48000).taps.shape == (3, 2)
    with pytest.raises(UsageError, match="delta has no rate of its own"):
        load_impulse("join:delta,delta:delay=2S")
    ingredient = load("join:delta,preset:slapback", 48000)[1]
    assert ingredient == Joined(("delta", "double-spike:delay=110ms,gain=-5dB"))


def test_messages_and_labels_name_every_part(folder):
    assert short_name("join:x/a.wav:channel=1,y/b.wav") == "join:a.wav:channel=1,b.wav"
    assert impulse_name("join:a.wav,-:channel=2") == "join:a.wav,standard input:channel=2"
    outcome = convolve_file(Job("in.wav", "o.wav", ["four.wav:channel=2"]))
    assert outcome.channels == 2


WORDS = st.text("abc.,:=1 ", min_size=1, max_size=8)
NAMES = st.one_of(WORDS, WORDS.map(lambda word: f"{word}.wav:channels=1,2"))


@given(names=st.lists(NAMES, min_size=2, max_size=5))
@example(names=["1", ".:"])
def test_the_name_of_a_join_is_parsed_into_its_parts(names):
    parts = split_join(join_name(names))
    assert [part.removeprefix(f".{os.sep}") for part in parts] == names


@given(inner=st.lists(NAMES, min_size=2, max_size=3), other=NAMES)
def test_a_join_may_be_part_of_a_join(inner, other):
    joined = join_name(inner)
    assert split_join(join_name([joined, other]))[0] == joined


@posix
def test_the_longest_name_of_a_file_is_the_file(folder):
    soundfile.write("a.wav:b.wav", TAPS, RATE, format="WAV")
    assert split_name("a.wav:b.wav:channel=1") == ("a.wav:b.wav", "channel=1")
    assert split_name("a.wav:c.wav:channel=1") == ("a.wav", "c.wav:channel=1")


# several channels, and how they are laid out


def test_files_named_left_and_right_are_a_chain_with_a_notice(call, folder):
    for side, channel in (("L", 0), ("R", 1)):
        soundfile.write(f"hall_{side}.wav", TAPS[:, channel], RATE, "DOUBLE")
    chain = ("--ir=hall_L.wav", "--ir=hall_R.wav")
    said = call("convolve", "mono.wav", "o.wav", *chain, "--subtype=DOUBLE").err
    assert (
        "notice: hall_L.wav and hall_R.wav are a chain here, one behind the other; for channels "
        "side by side, name join:hall_L.wav,hall_R.wav; for the chain, pass --map mono to confirm\n"
    ) in said
    chained = np.convolve(convolved(LEFT, 0), TAPS[:, 1])
    np.testing.assert_allclose(soundfile.read("o.wav")[0], chained, rtol=0, atol=2.0**-50)
    said = call("convolve", "in.wav", "s.wav", *chain, "--ir=four.wav:channels=1,2").err
    assert "for the chain, pass the --map of the others to confirm" in said
    said = call("ir", "fold", "hall_R.wav", "hall_L.wav", "f.wav").err
    assert "for channels side by side, use `audioconv ir join` instead\n" in said
    for quiet in (["hall_L.wav", "a.wav"], ["hall_L.wav", "four.wav"], ["a.wav", "b.wav"]):
        irs = [f"--ir={ir}" for ir in quiet]
        assert "chain here" not in call("convolve", "mono.wav", "q.wav", *irs, "-y").err
    assert "chain here" not in call("ir", "join", "hall_L.wav", "hall_R.wav", "j.wav").err


@pytest.mark.parametrize("sound", ["mono.wav", "in.wav"])
def test_a_chain_of_files_named_left_and_right_is_confirmed_by_a_map(sound, call, folder):
    for side, channel in (("L", 0), ("R", 1)):
        soundfile.write(f"hall_{side}.wav", TAPS[:, channel], RATE, "DOUBLE")
    chain = ("--ir=hall_L.wav", "--ir=hall_R.wav")
    call("convolve", sound, "a.out.wav", *chain)
    call("convolve", sound, "o.wav", *chain, "--strict", code=1)
    call("convolve", sound, "o.wav", *chain, "--strict", "--map=mono")
    one, two = (soundfile.read(name)[0] for name in ("a.out.wav", "o.wav"))
    np.testing.assert_array_equal(one, two)
    call("verify", sound, "o.wav", *chain, "--map=mono")
    call("redo", "o.wav")
    both = ("--ir=four.wav:channels=1,2", "--map=each", "--strict")
    call("convolve", "in.wav", "b.wav", *chain, *both, "-y")


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["L.wav", "R.wav"], [["L.wav", "R.wav"]]),
        (["x/Hall Right.wav", "x/Hall Left.wav"], [["x/Hall Left.wav", "x/Hall Right.wav"]]),
        (["roomL.wav", "roomR.wav"], [["roomL.wav", "roomR.wav"]]),
        (["left/a.wav", "right/a.wav"], [["left/a.wav", "right/a.wav"]]),
        (["h-l1.wav", "h-r1.wav", "eq.wav"], [["h-l1.wav", "h-r1.wav"]]),
        (
            ["t_LL.wav", "t_LR.wav", "t_RL.wav", "t_RR.wav"],
            [["t_LL.wav", "t_LR.wav", "t_RL.wav", "t_RR.wav"]],
        ),
        (["hall_L.wav", "room_R.wav"], []),
        (["hall_L.wav", "hall_L.wav"], []),
        (["rl.wav", "rr.wav"], []),
        (["ball.wav", "barr.wav"], []),
        (["L1.wav", "R2.wav"], []),
    ],
)
def test_sides_are_words_in_names_that_are_the_same_besides(names, groups):
    assert sides(names) == groups


LAYOUTS = [
    ("mono.wav", ["a.wav"], "matrix=1:1,1:2", [convolved(LEFT, 0)] * 2),
    ("in.wav", ["a.wav"], "matrix=1:2,2:1", [convolved(RIGHT, 0), convolved(LEFT, 0)]),
    (
        "mono.wav",
        ["four.wav"],
        "true-stereo",
        [convolved(LEFT, 0) + convolved(LEFT, 2), convolved(LEFT, 1) + convolved(LEFT, 3)],
    ),
    (
        "mono.wav",
        ["a.wav", "b.wav"],
        "matrix=1:1,1:2",
        [np.convolve(convolved(LEFT, 0), TAPS[:, 1])] * 2,
    ),
]


@pytest.mark.parametrize(("sound", "irs", "layout", "expected"), LAYOUTS)
def test_a_layout_is_the_sum_over_its_paths(sound, irs, layout, expected, call, folder):
    options = (*(f"--ir={ir}" for ir in irs), f"--map={layout}")
    said = call("convolve", sound, "o.wav", *options, "--subtype=DOUBLE", "--strict").err
    assert "notice" not in said
    made = soundfile.read("o.wav")[0]
    np.testing.assert_allclose(made, side_by_side(*expected), rtol=0, atol=2.0**-49)
    call("verify", sound, "o.wav", *options)
    call("redo", "o.wav")


def test_a_mono_sound_is_left_and_right_alike_under_true_stereo(call, folder):
    """As the ConvolverNode of the W3C has it: mono is up-mixed to two equal channels."""
    soundfile.write("both.wav", SOUND[:, [0, 0]], RATE)
    for sound, out in (("mono.wav", "a.out.wav"), ("both.wav", "b.out.wav")):
        call("convolve", sound, out, "--ir=four.wav", "--map=true-stereo", "--subtype=DOUBLE")
    one, two = (soundfile.read(f"{out}.out.wav")[0] for out in "ab")
    np.testing.assert_allclose(one, two, rtol=0, atol=2.0**-50)


def test_channels_that_a_map_leaves_out_are_noticed(call, folder):
    said = call("convolve", "in.wav", "o.wav", "--ir=a.wav", "--map=matrix=1:1").err
    assert "notice: no path of the matrix begins at channel 2 of the sound: left out" in said
    said = call("convolve", "in.wav", "o.wav", "--ir=four.wav:channels=1,2", "--map=matrix", "-y")
    assert "notice: map matrix mixes the 2 channels of the sound down to 1" in said.err
    assert "pass --map each for each its own, or --map matrix=1:1,2:1 to confirm" in said.err
