"""Stems beside the outputs of a batch: aligned, alike in gain, and whole or not at all."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from batches import RATE, at_once, hashes, planned, room, rows, sound

from audioconv import Job, Options, Settings
from audioconv.batch.cost import survey
from audioconv.batch.ledger import FOLDER
from audioconv.batch.plan import Plan
from audioconv.batch.run import run_plan
from audioconv.batch.task import Done, perform
from audioconv.errors import AudioconvError, FormatError, UsageError
from audioconv.render.run import Rendering
from audioconv.render.stems import run_stems
from audioconv.units import Stem

ALL = "early=20ms,late,dry"
NAMES = ["early", "late", "dry"]
EARLY = RATE // 50
DOUBLE = Options(subtype="DOUBLE")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sound("in/a.wav", frames=900)
    return tmp_path


def run(inputs, impulses, into="out", *, stems=ALL, options=DOUBLE, **settings):
    return run_plan(planned(inputs, impulses, into, stems=stems, options=options, **settings))


def read(path):
    return soundfile.read(path, always_2d=True)[0]


def parts(row, into="out", names=NAMES):
    """Return the output of a row, and its stems by name."""
    made = {name: read(Path(into, row[f"{name}_file_name"])) for name in names}
    return read(Path(into, row["file_name"])), made


def one(*arguments, into="out", **named):
    """Run a batch of one file; return its row, output and stems."""
    summary = run(*arguments, into=into, **named)
    assert not summary.failures, summary.failures
    (row,) = rows(into)
    return row, *parts(row, into)


def tail(frames=2000, channels=1, seed=3):
    noise = np.random.default_rng(seed).uniform(-0.2, 0.2, (frames, channels))
    return noise * np.exp(-np.arange(frames) / 300)[:, np.newaxis]


def far():
    """80 ms of silence, and faint noise, before the direct sound."""
    taps = np.pad(tail(), [(640, 0), (0, 0)])
    taps[:640] = 1e-4
    taps[640] = 1
    return taps, 640


def inverted():
    """A negative direct sound, and a positive reflection nearly as high 30 ms later."""
    taps = tail()
    taps[:100] = 0
    taps[100], taps[340] = -1, 0.9
    return taps, 100


def four():
    """The direct sound comes to one channel first, and 40 dB softer to another."""
    taps = tail(channels=4) * [0.3, 1, 0.01, -0.5]
    taps[:50] = 0
    taps[50:60, [0, 2, 3]] = 0
    taps[50, 1], taps[60, 0], taps[57, 2], taps[53, 3] = 1, 0.3, 0.01, -0.5
    return taps, 50


ROOMS = {"far": far, "inverted": inverted, "four": four}


def convolved(x, taps):
    """Return the definition: every channel of the taps with one of the sound."""
    return np.stack([np.convolve(x[:, 0], one) for one in taps.T], axis=1)


@pytest.mark.parametrize("align", ["none", "onset", "peak"])
@pytest.mark.parametrize("name", ROOMS)
def test_stems_are_the_sound_through_the_parts_of_the_impulse(here, name, align):
    """Cut behind the direct sound of all channels; and all in step, at the levels they had."""
    taps, onset = ROOMS[name]()
    soundfile.write("h.wav", taps, RATE, "DOUBLE")
    row, wet, made = one("in/a.wav", "h.wav", options=Options(subtype="DOUBLE", align=align))
    origin = {"none": 0, "onset": onset, "peak": int(np.abs(taps).max(axis=1).argmax())}[align]
    assert row["shift"] == onset - origin
    x = read("in/a.wav")
    early, late, dry = taps.copy(), taps.copy(), np.zeros((len(taps), 1))
    early[onset + EARLY :] = 0
    late[: onset + EARLY] = 0
    dry[onset] = 1
    for stem, part in {"early": early, "late": late, "dry": dry}.items():
        wanted = convolved(x, part)[origin:]
        assert len(made[stem]) == len(wet) == row["frames"]
        np.testing.assert_allclose(made[stem], wanted, rtol=0, atol=1e-12, err_msg=stem)
    np.testing.assert_allclose(made["early"] + made["late"], wet, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(made["dry"][row["shift"] :][: len(x)], x)


def test_the_levels_between_channels_are_those_of_the_impulse(here):
    taps, _ = four()
    taps[:] = taps[:, :1] * [0.3, 1, 0.01, -0.5]  # so that they are alike but for their levels
    soundfile.write("h.wav", taps, RATE, "DOUBLE")
    _, wet, made = one("in/a.wav", "h.wav", options=Options(subtype="DOUBLE", match="peak=-3"))
    for part in (wet, made["early"], made["late"]):
        wanted = part[:, [1]] * [0.3, 1, 0.01, -0.5]
        np.testing.assert_allclose(part, wanted, rtol=0, atol=1e-12)


STEPS = {"DOUBLE": 1e-12, "FLOAT": 3 * 2**-25, "PCM_16": 1.5 * 2**-15, "PCM_24": 1.5 * 2**-23}
"""Each of three files is rounded by half a step at most; FLOAT by half of one part in 2^24."""


@pytest.mark.parametrize("subtype", STEPS)
def test_early_and_late_are_the_output_but_for_rounding(here, subtype):
    room("h.wav", frames=1500)
    _, wet, made = one("in/a.wav", "h.wav", options=Options(subtype=subtype))
    assert max(np.abs(part).max() for part in made.values()) < 1
    assert soundfile.info("out/a_h_late.wav").subtype == subtype
    np.testing.assert_allclose(made["early"] + made["late"], wet, rtol=0, atol=STEPS[subtype])


@pytest.mark.parametrize("length", ["input", "auto", "full", "25ms", "2s"])
def test_all_are_as_long_as_the_output(here, length):
    room("h.wav", frames=1500, silence=30)
    _, whole, _ = one("in/a.wav", "h.wav", into="whole")
    row, wet, made = one("in/a.wav", "h.wav", options=Options(subtype="DOUBLE", length=length))
    assert {len(part) for part in made.values()} == {len(wet)} == {row["frames"]}
    same = min(len(wet), len(whole))
    np.testing.assert_allclose(wet[:same], whole[:same], rtol=0, atol=1e-12)
    np.testing.assert_allclose(made["early"] + made["late"], wet, rtol=0, atol=1e-12)
    if length == "input":
        assert len(wet) == 900
        np.testing.assert_array_equal(made["dry"][30:], read("in/a.wav")[:-30])


@pytest.mark.parametrize("mix", [{"mix": 0.3}, {"wet": -0.5, "dry": 0.25}])
def test_a_mix_is_made_of_the_stems_and_the_input(here, mix):
    room("h.wav", frames=1500, silence=30)
    options = Options(subtype="DOUBLE", ir_gain="-3dB", **mix)
    row, mixed, made = one("in/a.wav", "h.wav", options=options)
    wet_gain, dry_gain = options.gains
    wanted = wet_gain * (made["early"] + made["late"])
    wanted[:900] += dry_gain * read("in/a.wav")
    np.testing.assert_allclose(mixed, wanted, rtol=0, atol=1e-12)
    assert row["shift"] == 30


SCALED = [
    {"match": "rms=-20"},
    {"match": "lufs=-30", "ir_gain": "l2"},
    {"match": "peak=-1", "subtype": "DOUBLE"},
    {"wet": 20},  # the output clips
    {"ir_gain": "40dB"},  # so does every stem
]


@pytest.mark.parametrize("how", SCALED)
@pytest.mark.parametrize("verify", [False, True])
def test_match_and_guard_scale_all_alike(here, how, verify):
    """By `gain_db`, which is exact to 1e-12 dB or so; the samples, by half a step."""
    sound("in/a.wav", frames=4000)
    room("h.wav", frames=1500, silence=30)
    _, _, plain = one("in/a.wav", "h.wav", into="plain")
    options = Options(verify=verify, dither="none", **{"subtype": "PCM_24", **how})
    row, wet, made = one("in/a.wav", "h.wav", options=options)
    gain, half = 10 ** (row["gain_db"] / 20), 1e-12 if "subtype" in how else 2**-24 + 1e-12
    assert abs(gain - 1) > 0.1
    for stem in NAMES:
        np.testing.assert_allclose(made[stem], gain * plain[stem], rtol=0, atol=half)
    sums = np.float64(how.get("wet", 1)) * (made["early"] + made["late"])
    np.testing.assert_allclose(sums, wet, rtol=0, atol=42 * half)
    peaks = [np.abs(part).max() for part in (wet, *made.values())]
    assert max(peaks) <= 1


@pytest.fixture
def cancelling(here):
    """Early and late reach 1.5, and cancel to 0.075 in the output, under the sound."""
    taps = np.zeros((201, 1))
    taps[0], taps[200] = 3, -3
    soundfile.write("h.wav", taps, RATE, "DOUBLE")
    soundfile.write("in/a.wav", np.linspace(0, 0.5, 4001)[:, np.newaxis], RATE, "DOUBLE")
    return here


@pytest.mark.parametrize("how", [{}, {"verify": True}, {"match": "peak=-22"}])
def test_a_stem_that_clips_alone_lowers_all(cancelling, how):
    options = {"subtype": "PCM_16", "length": "input", "recipe": "sidecar", **how}
    told = []
    plan = planned("in", "h.wav", "out", stems=ALL, options=Options(**options))
    assert not run_plan(plan, report=told.append).failures
    (row,) = rows("out")
    wet, made = parts(row)
    assert made["early"].max() == 32767 / 2**15
    assert row["gain_db"] == pytest.approx(20 * np.log10(32767 / 2**15 / 1.5), abs=1e-9)
    np.testing.assert_allclose(made["early"] + made["late"], wet, rtol=0, atol=1.5 * 2**-15)
    np.testing.assert_allclose(2**15 * (3 * made["dry"] - made["early"]), 0, atol=2)
    (done,) = told
    assert any("early is louder than the output; all are att" in one for one in done.notices)
    # a recipe would make the output without stems, which is louder
    assert list_of("out") == ["a_h.wav", *(f"a_h_{name}.wav" for name in sorted(NAMES))]
    assert b"audioconv" not in Path("out/a_h.wav").read_bytes()


def test_floats_need_no_guard(cancelling):
    row, _, made = one("in", "h.wav", options=Options(subtype="FLOAT", length="input"))
    assert row["gain_db"] == 0
    assert made["early"].max() == 1.5


def test_clip_says_which_stem_clips(cancelling):
    how = {"subtype": "PCM_16", "length": "input"}
    (failed,) = run("in", "h.wav", options=Options(clip="error", **how)).failures
    assert failed.error.startswith("early stem: the output would clip: ")
    assert list_of("out") == []
    told = []
    saturate = Options(clip="saturate", **how)
    run_plan(planned("in", "h.wav", "two", stems=ALL, options=saturate), report=told.append)
    assert [one.partition(": limited")[0] for one in told[0].notices] == ["early", "late"]


def list_of(folder):
    """Return the files in a folder, hidden ones too, but for the rows and the journal."""
    names = {path.name for path in Path(folder).iterdir()}
    return sorted(names - {"metadata.jsonl", FOLDER})


def test_the_output_is_the_same_with_stems_and_without(here):
    room("h.wav", frames=1500)
    for how in ({}, {"wet": 9, "verify": True}, {"match": "rms", "align": "onset"}):
        options = Options(overwrite=True, **how)
        for into, stems in {"with": "early,late", "without": None}.items():
            run("in", "h.wav", into, stems=stems, options=options)
        assert hashes("with").items() >= hashes("without").items()


def test_rows_name_the_stems_and_their_hashes(here):
    room("h.wav", frames=1500)
    sound("in/sub/b.flac", channels=2)
    run("in", "h.wav", options=Options(recipe="sidecar"), stems="dry,early")
    made = hashes("out")
    for row in rows("out"):
        names = list(row)
        at = names.index("output_sha256")
        assert names[at + 1 : at + 5] == [
            "dry_file_name",
            "dry_sha256",
            "early_file_name",
            "early_sha256",
        ]
        stem = row["file_name"].removesuffix(".wav")
        for name in ("dry", "early"):
            assert row[f"{name}_file_name"] == f"{stem}_{name}.wav"
            assert row[f"{name}_sha256"] == made[row[f"{name}_file_name"]]
        assert "late_file_name" not in row
    assert len(made) == 6
    names = ["b_h.wav", "b_h.wav.json", "b_h_dry.wav", "b_h_early.wav"]
    assert list_of("out/sub") == names
    # what a list calls so is not ours
    assert run(["out/metadata.jsonl"], "h.wav", "again", stems="late").done == 2
    assert rows("again")[0]["early_file_name"] == rows("out")[0]["early_file_name"]


def test_random_rooms_have_stems(here):
    drawn = "shoebox:room=2..3,2..3,2..3,rt60=0.1..0.2"
    assert run("in", drawn, replicas=3).done == 3
    for row in rows("out"):
        wet, made = parts(row)
        np.testing.assert_allclose(made["early"] + made["late"], wet, rtol=0, atol=1e-12)
        assert np.abs(made["late"]).max() > 0
        assert row["shift"] > 0
        assert not made["dry"][: row["shift"]].any()
    assert len({row["shift"] for row in rows("out")}) == 3


@pytest.mark.parametrize("stems", ["early=2s,late", "early=2s", "late,early=2s,dry"])
def test_an_early_part_beyond_the_end_is_all_of_it(here, stems):
    room("h.wav", frames=800, silence=80)
    told = []
    run_plan(planned("in", "h.wav", "out", stems=stems, options=DOUBLE), report=told.append)
    assert any("ends 100.00 ms after the direct sound" in notice for notice in told[0].notices)
    (row,) = rows("out")
    np.testing.assert_allclose(read(Path("out", row["early_file_name"])), read("out/a_h.wav"))
    if "late" in stems:
        assert not read("out/a_h_late.wav").any()
    strict = Options(subtype="DOUBLE", strict=True)
    assert run("in", "h.wav", "strict", stems=stems, options=strict).done == 0
    assert list_of("strict") == []


def test_late_alone_begins_50_ms_after_the_direct_sound(here):
    room("h.wav", frames=1500)
    for into, stems in {"a": "late", "b": "early=50ms,late", "c": "early=400S,late"}.items():
        run("in", "h.wav", into, stems=stems)
    late = {into: read(Path(into, "a_h_late.wav")) for into in "abc"}
    np.testing.assert_array_equal(late["a"], late["b"])
    np.testing.assert_array_equal(late["a"], late["c"])
    sums = np.abs(late["a"]).ravel()
    assert sums[:400].max() < 1e-12 * sums.max()
    assert sums[400] > 1e-4 * sums.max()


@pytest.mark.parametrize("failing", [*NAMES, ""])
@pytest.mark.parametrize("step", ["begin", "end", "verify"])
def test_an_item_is_whole_or_not_at_all(here, monkeypatch, failing, step):
    room("h.wav")
    real = getattr(Rendering, step)

    def fails(self, target=None, *more):
        job = self._job.output.removesuffix(".wav")
        if job.endswith(f"h_{failing}" if failing else "h"):
            raise OSError(28, "No space left on device")
        return real(self, *([target, *more] if target else []))

    monkeypatch.setattr(Rendering, step, fails)
    (failed,) = run("in", "h.wav").failures
    assert "No space left" in failed.error
    assert list_of("out") == []
    assert rows("out") == []


@pytest.mark.parametrize("appearing", ["a_h.wav", "a_h_late.wav"])
def test_a_file_that_appears_is_not_replaced_and_nothing_is_left(here, monkeypatch, appearing):
    room("h.wav")

    def appears(self):
        Path("out", appearing).write_text("mine")

    monkeypatch.setattr(Rendering, "verify", appears)
    (failed,) = run("in", "h.wav").failures
    assert f"{appearing} exists; pass `overwrite=True`" in failed.error
    assert list_of("out") == [appearing]
    Path("out", appearing).unlink()
    job = Job("in/a.wav", "out/a_h.wav", ["h.wav"])
    with pytest.raises(FormatError, match="has appeared during the run"):
        run_stems(job, {Stem("dry"): "out/a_h_dry.wav", Stem("late"): "out/a_h_late.wav"})
    assert list_of("out") == [appearing]
    assert Path("out", appearing).read_text() == "mine"


def test_every_file_is_verified_and_the_output_is_the_last_to_come(here, monkeypatch):
    room("h.wav")
    verified, real = [], Rendering.verify

    def verify(self):
        real(self)
        assert self._verified.passed
        verified.append(Path(self._job.output).name)

    named, rename = [], os.replace

    def renamed(old, new):
        if Path(new).suffix == ".wav":
            assert len(verified) == 4
            named.append(Path(new).name)
        rename(old, new)

    monkeypatch.setattr(Rendering, "verify", verify)
    monkeypatch.setattr(os, "replace", renamed)
    assert run("in", "h.wav", options=Options(verify=True)).done == 1
    assert verified == [*(f"a_h_{name}.wav" for name in NAMES), "a_h.wav"]
    assert named == verified


def test_what_exists_is_replaced_only_if_that_is_asked_for(here):
    room("h.wav")
    Path("out").mkdir()
    Path("out/a_h_dry.wav").write_text("mine")
    with pytest.raises(UsageError, match=r"a_h_dry\.wav exists"):
        run("in", "h.wav")
    assert run("in", "h.wav", options=Options(overwrite=True)).done == 1
    assert len(hashes("out")) == 4
    os.link("in/a.wav", "out/a_delta_dry.wav")
    with pytest.raises(UsageError, match=r"a_delta_dry\.wav is the input .*a\.wav"):
        planned("in", "delta", "out", stems=ALL)


def test_an_item_is_done_if_all_its_files_are_there_as_they_were_made(here):
    room("h.wav")
    run("in", "h.wav")
    before = hashes("out")
    assert run("in", "h.wav").already == 1
    Path("out/a_h_late.wav").unlink()
    assert run("in", "h.wav").done == 1
    Path("out/a_h_dry.wav").write_bytes(b"cut off")
    assert run("in", "h.wav").done == 1
    assert hashes("out") == before
    assert run("in", "h.wav", stems="early=30ms,late").done == 1


def test_a_file_that_is_no_stem_is_not_replaced_by_one(here):
    """Though the output was made by a batch, which had no stems."""
    room("h.wav")
    run("in", "h.wav", stems=None)
    Path("out/a_h_late.wav").write_text("mine")
    with pytest.raises(UsageError, match=r"a_h_late\.wav exists"):
        run("in", "h.wav")
    assert run("in", "h.wav", stems="early").done == 1
    assert Path("out/a_h_late.wav").read_text() == "mine"


def test_names_of_stems_collide_before_any_work(here):
    sound("in/a_early.wav")
    planned("in", "delta", "out", name="{stem}.wav")
    with pytest.raises(UsageError, match=r"have outputs of one name, a_early\.wav"):
        planned("in", "delta", "out", name="{stem}.wav", stems=ALL)
    Path("in/a_early.wav").unlink()
    sound("in/A_EARLY.wav")
    with pytest.raises(UsageError, match=r"A_EARLY\.wav .*one file on some systems"):
        planned("in", "delta", "out", name="{stem}.wav", stems=ALL)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_stem_that_is_a_link_to_its_output_is_refused(here):
    Path("out").mkdir()
    Path("out/a_delta_early.wav").symlink_to("a_delta.wav")
    with pytest.raises(UsageError, match=r"a\.wav has two outputs"):
        planned("in", "delta", "out", stems=ALL)


@pytest.mark.parametrize(
    ("stems", "said"),
    [
        ("", "`stems` has '', which is not one of early, late, dry"),
        ("early,", "`stems` has ''"),
        ("early,reverb", "`stems` has 'reverb', which is not one of early, late, dry"),
        ("early,late,early=20ms", "`stems` has early twice"),
        ("late=20ms", "`stems` has a time for late; give it to early, as in early=50ms"),
        ("dry=0", "`stems` has a time for dry"),
        ("early=soon", "'soon' is not a time; write 350ms"),
        ("early=", "'' is not a time"),
        ("early=0", "`stems` has early=0; it must be above 0, and at most 60 s"),
        ("early=-5ms", "`stems` has early=-5ms"),
        ("early=61s", "`stems` has early=61s"),
        ("early=1e9S", "`stems` has early=1e9S"),
    ],
)
def test_stems_that_are_none_are_refused(here, stems, said):
    with pytest.raises(UsageError) as error:
        planned("in", "delta", "out", stems=stems)
    assert said in str(error.value)


def test_a_plan_keeps_them(here):
    plan = planned("in", "delta", "out", stems=ALL)
    assert Plan.from_json(json.loads(json.dumps(plan.as_json()))) == plan
    names = [f"a_delta_{name}.wav" for name in NAMES]
    assert plan.tasks[0].outputs == [*names, "a_delta.wav"]
    assert Settings().stems is None


def test_the_command_takes_them(here, call):
    said = call("batch", "in", "--ir", "delta", "--into", "o", "--stems", "early=1h", code=2)
    assert "'1h' is not a time" in said.err
    said = call("batch", "in", "--ir", "delta", "--into", "o", "--stems", "wet", code=2)
    assert "--stems has 'wet'" in said.err
    call("batch", "in", "--ir", "delta", "--into", "o", "--stems", "early=50ms, late, dry")
    assert len(hashes("o")) == 4


def test_a_dry_run_counts_the_bytes_of_stems(here):
    room("h.wav")
    _, cost = survey(planned("in", "h.wav", "out", stems=ALL))
    run("in", "h.wav", options=Options())
    made = sum(Path("out", name).stat().st_size for name in list_of("out"))
    assert len(list_of("out")) == 4
    assert cost.bytes == made


def counts(summary):
    return summary.done, summary.already, len(summary.failures)


def made_again(folder, before):
    """Return which files are not those that they were."""
    return sorted(name for name, status in inodes(folder).items() if before.get(name) != status)


def inodes(folder):
    return {path.name: path.stat().st_ino for path in Path(folder).glob("*.*")}


SIDECAR = Options(subtype="DOUBLE", recipe="sidecar")
FILES = [*(f"a_h_{name}.wav" for name in NAMES), "a_h.wav.json", "a_h.wav"]
"""What is made of a file, in the order in which it gets its names."""

KILLED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from test_batch_stems import SIDECAR, run
left, replace = int(sys.argv[2]), os.replace
def renamed(old, new):
    global left
    if left == 0:
        os._exit(9)
    left -= 1
    replace(old, new)
os.replace = renamed
run("in", "h.wav", options=SIDECAR)
"""


@pytest.mark.parametrize("named", range(2 * len(FILES) + 1))
def test_a_run_that_is_killed_between_two_names_goes_on(here, untraced, named):
    room("h.wav")
    sound("in/b.wav")
    folder = str(Path(__file__).parent)
    killed = subprocess.run([sys.executable, "-c", KILLED, folder, str(named)], timeout=60)
    assert killed.returncode == 9
    there = [name for name in list_of("out") if not name.startswith(".")]
    assert there == sorted([*FILES, *(name.replace("a_h", "b_h") for name in FILES)][:named])
    before, whole = inodes("out"), named // len(FILES)
    assert counts(run("in", "h.wav", options=SIDECAR)) == (2 - whole, whole, 0)
    if whole:
        assert not set(made_again("out", before)) & set(FILES)
    run("in", "h.wav", "clean", options=SIDECAR)
    assert hashes("out") == hashes("clean")
    assert rows("out") == rows("clean")
    assert list_of("out") == list_of("clean")


@pytest.mark.parametrize("failing", FILES)
def test_a_name_that_cannot_be_given_leaves_none(here, monkeypatch, failing):
    room("h.wav")
    rename = os.replace

    def renamed(old, new):
        if Path(new).name == failing:
            raise OSError(5, "Input/output error")
        rename(old, new)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", renamed)
        (failed,) = run("in", "h.wav", options=SIDECAR).failures
    assert "Input/output error" in failed.error
    assert list_of("out") == []
    assert rows("out") == []
    assert counts(run("in", "h.wav", options=SIDECAR)) == (1, 0, 0)
    assert list_of("out") == sorted(FILES)


def test_the_journal_knows_all_files_before_one_gets_its_name(here, monkeypatch):
    room("h.wav")
    rename, named = os.replace, []

    def renamed(old, new):
        if not named:
            (journal,) = Path("out", FOLDER).glob("journal-*.jsonl")
            named.extend(json.loads(journal.read_text().splitlines()[-1])["made"].items())
        rename(old, new)

    monkeypatch.setattr(os, "replace", renamed)
    run("in", "h.wav", options=SIDECAR)
    assert [name for name, _ in named] == FILES
    for name, (size, mtime_ns, sha256, *_) in named:
        status = Path("out", name).stat()
        assert (status.st_size, status.st_mtime_ns) == (size, mtime_ns)
        assert name == "a_h.wav.json" or hashes("out")[name] == sha256


CHANGES = {
    "removed": Path.unlink,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "another byte": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\x55"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_stem_that_is_lost_or_changed_is_made_again_with_its_item(here, name, change):
    room("h.wav")
    sound("in/b.wav")
    run("in", "h.wav")
    clean, before = hashes("out"), inodes("out")
    path = Path("out", f"a_h_{name}.wav")
    CHANGES[change](path)
    os.utime(path, (1, 1)) if path.exists() else None
    assert counts(run("in", "h.wav")) == (1, 1, 0)
    assert hashes("out") == clean
    again = set(made_again("out", before)) - {"metadata.jsonl"}
    assert again <= {f"a_h{part}.wav" for part in ("", "_early", "_late", "_dry")}
    assert "a_h.wav" in again
    assert counts(run("in", "h.wav")) == (0, 2, 0)


def test_other_stems_are_made_and_what_is_not_ours_is_left(here):
    room("h.wav")
    run("in", "h.wav", stems=None)
    assert counts(run("in", "h.wav", stems="early")) == (1, 0, 0)
    assert counts(run("in", "h.wav", stems="early=20ms")) == (1, 0, 0)
    run("in", "h.wav", "clean", stems="early=20ms")
    assert hashes("out") == hashes("clean")
    assert rows("out") == rows("clean")
    Path("out/a_h_late.wav").write_text("mine")
    with pytest.raises(UsageError, match=r"a_h_late\.wav exists; pass `overwrite=True`"):
        run("in", "h.wav", stems="early=20ms,late")
    assert Path("out/a_h_late.wav").read_text() == "mine"
    assert counts(run("in", "h.wav", stems="early=20ms")) == (0, 1, 0)


def test_an_item_with_stems_that_is_made_twice_at_once_does_no_harm(here):
    room("h.wav")
    plan = planned("in", "h.wav", "out", stems=ALL, options=SIDECAR)
    results = at_once(lambda: perform(plan.tasks[0], plan.into, SIDECAR))
    assert all(isinstance(one, Done) for one in results), results
    assert all(one.row == results[0].row for one in results)
    assert list_of("out") == sorted(FILES)
    assert counts(run_plan(plan)) == (0, 1, 0)


def test_the_second_of_two_replaces_what_the_first_is_about_to_complete(here, monkeypatch):
    """It comes when the first has named some of its files, and the journal knows all."""
    room("h.wav")
    plan = planned("in", "h.wav", "out", stems=ALL)
    rename, second = os.replace, []

    def renamed(old, new):
        rename(old, new)
        if Path(new).name == "a_h_late.wav" and not second:
            second.append(None)
            second.append(perform(plan.tasks[0], plan.into, plan.options))

    monkeypatch.setattr(os, "replace", renamed)
    first = perform(plan.tasks[0], plan.into, plan.options)
    assert isinstance(first, Done), first
    assert isinstance(second[1], Done), second
    assert first.row == second[1].row


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_the_union_of_shards_has_all_stems(here, parts):
    room("h.wav", frames=1500)
    for name in "bcd":
        sound(f"in/{name}.wav")
    run("in", "h.wav", "whole")
    for part in range(1, parts + 1):
        run("in", "h.wav", shard=f"{part}/{parts}")
    assert len(hashes("out")) == 16
    assert hashes("out") == hashes("whole")
    assert rows("out") == rows("whole")


def left_over(*arguments, **settings):
    """Run a batch, and return what it tells of stems that are left over."""
    return [text for text in run(*arguments, **settings).notices if "need not fit" in text]


def test_stems_that_are_left_over_are_told_as_long_as_they_lie_there(here):
    room("k.wav")
    sound("in/b.wav")
    run("in", "k.wav", stems="early=9ms,late,dry")
    kept = hashes("out")
    said = (
        "4 stems (dry, early) lie beside outputs that this line makes without them, and need not "
        "fit: a_k_dry.wav and 3 others; remove them, or pass `stems` as before"
    )
    for options in (DOUBLE, DOUBLE, replace(DOUBLE, overwrite=True)):
        assert left_over("in", "k.wav", stems="late", options=options) == [said]
    assert hashes("out").keys() == kept.keys()
    plan = planned("in", "k.wav", "out", stems="late", options=DOUBLE)
    assert survey(plan)[1].notices == (said,)
    before = hashes("out")
    with pytest.raises(AudioconvError, match=r"as before \(an error under `strict`\)"):
        run("in", "k.wav", stems="late", options=Options(strict=True))
    assert hashes("out") == before
    for name in ("a_k_dry", "a_k_early", "b_k_dry"):
        Path(f"out/{name}.wav").unlink()
    sound("out/b_k_early.wav", seed=4)  # someone's own
    assert not left_over("in", "k.wav", stems="late")


def test_a_stem_is_left_over_once_its_output_is_made_otherwise(here):
    """Those of outputs that this line does not make still fit."""
    room("k.wav")
    run("in", "k.wav", stems="dry")
    sound("in/b.wav")
    assert not left_over("in", "k.wav", stems=None, name="{stem}.wav")
    assert not left_over("in", "k.wav", stems="early,dry")
    (said,) = left_over("in/b.wav", "k.wav", stems="dry")
    assert said.startswith("1 stem (early) lies beside outputs that this line makes without it")
    (said,) = left_over("in", "k.wav", stems=None)
    assert said.startswith("4 stems (dry, early) lie beside")
    assert not left_over("in", "k.wav", stems="early,dry")
