"""`audioconv batch` as people type it, and the commands for one file that lead to it."""

import json
import os
import shlex
from pathlib import Path

import pytest
from batches import hashes, room, rows, sound


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sound("in/a.wav")
    sound("in/b c.wav")
    room("rooms/h.wav")
    room("k.wav")
    return tmp_path


def test_a_batch_says_what_it_did(here, call):
    said = call("batch", "in", "--ir", "rooms", "--ir", "delta", "--into", "out")
    assert said.out == ""
    assert said.err == f"{here / 'out'}: 4 of 4 files, 0:00 of sound; rows in metadata.jsonl\n"
    assert len(rows("out")) == 4
    assert call("batch", "in", "--ir", "delta", "--into", "two", "-q").err == ""


def test_the_last_shard_names_the_rows_of_all(here, call):
    line = ["batch", "in", "--ir", "delta", "--into", "out", "--shard"]
    first, last = (call(*line, part).err for part in ("1/2", "2/2"))
    assert first.endswith("rows in metadata-1-of-2.jsonl\n")
    assert last.endswith("rows in metadata-2-of-2.jsonl, of all shards in metadata.jsonl\n")
    assert len(rows("out")) == 2


def test_options_are_those_of_convolve(here, call):
    call("batch", "in/a.wav", "--ir", "k.wav", "--into", "out", "--mix", "0.3", "--length", "input")
    call("convolve", "in/a.wav", "one.wav", "--ir", "k.wav", "--mix", "0.3", "--length", "input")
    assert Path("one.wav").read_bytes() == Path("out/a_k.wav").read_bytes()


def test_json_has_a_line_for_each_file_as_it_comes(here, call):
    Path("in/bad.wav").touch()
    words = ["batch", "in", "--ir", "delta", "--into", "out", "--json", "--workers", "1"]
    said = call(*words, code=4)
    lines = [json.loads(line) for line in said.out.splitlines()]
    names = ["a_delta.wav", "b c_delta.wav", "bad_delta.wav"]
    assert [line["file_name"] for line in lines] == names
    assert [list(line)[-1] for line in lines] == ["notices", "notices", "error"]
    assert "failed: " in said.err
    assert said.err.endswith("error: 1 file of 3 failed, as listed above\n")


def test_failures_are_listed_in_terms_of_the_command_line(here, call):
    Path("in/bad.wav").touch()
    sound("in/fast.wav", rate=16000)
    said = call("batch", "in", "--ir", "k.wav", "--into", "out", "--rate-mismatch", "error", code=4)
    *failed, summary, _ = said.err.splitlines()
    assert len(failed) == 2
    assert failed[1].startswith("failed: ")
    assert "pass --rate-mismatch resample (fast_k.wav)" in failed[1]
    assert ": 2 of 4 files," in summary


def test_notices_are_counted(here, call):
    sound("in/c.wav", frames=50)
    said = call("batch", "in", "--ir", "delta:gain=20", "--into", "o", "--dry", "0", code=2)
    assert "gain" in said.err
    said = call("batch", "in", "--ir", "delta", "--into", "o", "--wet", "20dB")
    assert "notice: a_delta.wav: guard: " in said.err
    summary, apart, notice = said.err.splitlines()
    assert summary.endswith("rows in metadata.jsonl")
    assert apart == ""
    assert notice.endswith("; 3 outputs have one like it, which --json shows")


def test_mono_that_becomes_stereo_is_told(here, call):
    sound("in/a.wav", channels=1)
    line = ["batch", "in/a.wav", "--ir", "ping-pong:delay=9S", "--into", "out", "--workers", "0"]
    told = "1 output of a mono input has 2 channels\n"
    assert call(*line).err.endswith(f"rows in metadata.jsonl\n{told}")
    said = call("convolve", "in/a.wav", "one.wav", *line[2:4], "--strict", "--json")
    notices = json.loads(said.out)["notices"]
    assert "2 channels" in said.err  # it is told where the channels are, and is no notice
    said = call(*line, "--strict", "--json", "-y")
    row = json.loads(said.out)
    assert (row["notices"], row["channels"]) == (notices, 2) == ([], 2)
    assert told in said.err
    assert "a mono" not in call("batch", "in/a.wav", "--ir", "delta", "--into", "out").err


def test_notices_that_name_their_own_output_are_one(here, call):
    line = ["batch", "in", "--ir", "delta", "--into", "out", "--workers", "0"]
    call(*line, "--recipe", "sidecar")
    (notice,) = [text for text in call(*line).err.splitlines() if "describes another" in text]
    assert notice.startswith("notice: a_delta.wav: ")
    assert notice.endswith("; 2 outputs have one like it, which --json shows")


def test_what_may_mislead_is_told_before_the_work(here, call):
    said = "k.wav is both an input and in --ir; leave it out where it is not meant"
    line = ["batch", "in/a.wav", "k.wav", "--ir", "k.wav", "--into", "out", "--workers", "0"]
    for more in (["--dry-run"], ["--plan", "plan.json"], []):
        told = call(*line, *more).err
        assert told.count(f"notice: {here / said}\n") == 1
        assert "notice" not in call(*line, "-qy", *more).err
    assert told.startswith("notice: ")
    cost = json.loads(call(*line, "--dry-run", "--json").out.splitlines()[-1])
    assert cost["notices"] == [str(here / said)]
    assert len(json.loads(Path("plan.json").read_text())["notices"]) == 1
    assert (
        call(*line, "--strict", code=1).err == f"error: {here / said} (an error under --strict)\n"
    )


def test_what_is_made_again_is_made_for_a_reason(here, call):
    line = ["batch", "in", "--ir", "delta", "--into", "out"]
    call(*line)
    said = call(*line, "--allow-truncated", "--mix", "50%").err
    reason = "2 files are made again, as --allow-truncated and --mix have changed since"
    assert said.startswith(f"notice: {reason}\n")
    for again in (["--mix", "50%", "--allow-truncated"], ["-y"]):
        assert "made again" not in call(*line, *again).err
    named = ["batch", "in", "--into", "named", "--name", "{stem}.wav", "--ir"]
    call(*named, "delta")
    assert "as an impulse, an option" in call(*named, "delta:delay=1S").err
    Path("in/a.wav").unlink()
    sound("in/a.wav", frames=70)
    said = call(*line, "--threads", "1").err  # what has changed is the input
    assert "1 done before" in said
    assert "made again" not in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("in --ir delta", "Missing option '--into'"),
        ("in --into o", "Missing option '--ir'"),
        ("no --ir delta --into o", "no does not exist"),
        ("in --ir no.wav --into o", "no.wav does not exist"),
        ("in --ir delta --into o --pairs zip", "--pairs zip needs as many"),
        ("in --ir delta --into o --replicas 2", "pass --pairs random, or give"),
        ("in --ir delta --into o --name {x}.wav", "--name is '{x}.wav', but there is no field"),
        (
            "in --ir delta --into o --mix 30",
            "mix is 30; it must be between 0 (dry) and 1 (wet), or 30%\n",
        ),
        ("in --ir delta --into o --engine quick", "quick"),
        ("in --ir delta --into o --length long", "length 'long' is not one of"),
        ("in --ir delta --into o --ir-gain loud", "--ir-gain is 'loud'"),
        ("in --ir delta --into o --format XYZ", "no format XYZ"),
        ("in --ir delta --into o --subtype ODD", "no subtype ODD"),
        ("in --ir nosuch:delay=3 --into o", "nosuch"),
        ("in --ir small-room --into o", "small-room does not exist; write preset:small-room\n"),
        ("list.txt --ir delta --into o", "list.txt is no list by its suffix"),
        (
            "in/a.wav --ir rooms/h.wav rooms/i.wav --into o",
            "1 file behind --ir rooms/h.wav would be an input; put the pattern in quotes, "
            "--ir 'rooms/*.wav', or write --ir before each\n",
        ),
    ],
)
def test_wrong_usage_is_found_before_any_work(here, call, line, said):
    room("rooms/i.wav")
    Path("list.txt").write_text("in/a.wav\n")
    assert said in call("batch", *shlex.split(line), code=2).err
    assert not Path("o").exists()


def test_inputs_may_stand_anywhere(here, call):
    sound("d.wav")
    lines = ("--ir k.wav in/a.wav d.wav --into o", "in/a.wav --ir k.wav --into p d.wav")
    for line in (*lines, "d.wav --ir rooms/h.wav in/a.wav --into q"):
        assert ": 2 of 2 files" in call("batch", *shlex.split(line)).err


def test_an_output_that_no_batch_has_made_needs_y(here, call):
    sound("out/a_delta.wav")
    said = call("batch", "in", "--ir", "delta", "--into", "out", code=2)
    assert "exists; pass -y to overwrite it" in said.err
    call("batch", "in", "--ir", "delta", "--into", "out", "-y")
    assert "2 of 2 files, 2 done before" in call("batch", "in", "--ir=delta", "--into=out").err


def suggested(error):
    """Return the words of the command line that an error ends with."""
    line = error.strip().partition("run: ")[2]
    return shlex.split(line)


@pytest.mark.parametrize("into", ["out", "out/"])
def test_an_echo_on_many_files_leads_to_the_batch_that_does_it(here, call, into):
    Path("out").mkdir()
    options = ["--delay", "350ms", "--gain", "-6dB", "--length", "input"]
    said = call("echo", "in/a.wav", "in/b c.wav", into, *options, code=2).err
    words = suggested(said)
    assert words[:3] == ["audioconv", "batch", "in/*.wav"]
    assert words[3:5] == ["--ir", "double-spike:delay=350ms,gain=-6dB"]
    call(*words[1:])
    call("echo", "in/b c.wav", "one.wav", *options)
    made = Path("out/b c_double-spike-delay=350ms,gain=-6dB.wav")
    assert made.read_bytes() == Path("one.wav").read_bytes()


def test_a_folder_as_output_leads_to_a_batch(here, call):
    Path("out").mkdir()
    said = call("convolve", "in/a.wav", "out", "--ir", "k.wav", "--ir", "rooms/h.wav", code=2).err
    assert (
        "out is a directory; name a file in it, or run: audioconv ir fold k.wav rooms/h.wav" in said
    )
    assert suggested(said)[-6:] == ["batch", *shlex.split("in/a.wav --ir chain.wav --into out")]
    said = call("convolve", "in", "new", "--ir", "k.wav", code=2).err
    assert "in is a directory; name a sound file in it, or run: " in said
    assert suggested(said)[2:] == shlex.split("in --ir k.wav --into new")
    said = call("echo", "in/b c.wav", "new/", code=2).err
    assert suggested(said)[2:] == [
        "in/b c.wav",
        "--ir",
        "double-spike:delay=250ms,gain=0.5",
        "--into",
        "new/",
    ]
    said = call(
        "echo",
        "in",
        "out",
        "--delay=10ms",
        "--delay",
        "20ms",
        "--gain",
        "1",
        "--gain",
        "2",
        "--fractional",
        "-y",
        "--json",
        code=2,
    ).err
    assert suggested(said)[2:] == [
        "in",
        "--ir",
        "multi-tap:delay=0,gain=1,delay=10ms,gain=1,delay=20ms,gain=2,fractional=yes",
        "-y",
        "--into",
        "out",
    ]


def test_three_files_lead_to_a_batch_and_a_name_in_two_words_does_not(here, call):
    said = call("convolve", "in/a.wav", "k.wav", "rooms/h.wav", "--ir", "delta", code=2).err
    assert suggested(said)[-2:] == ["--into", "DIR"]
    said = call("convolve", "my", "file.wav", "out.wav", "--ir", "delta", code=2).err
    assert "3 names are given: my, file.wav, out.wav; put a name with spaces in quotes" in said
    assert said.endswith(" in quotes, or give many files to `audioconv batch`\n")
    said = call("echo", "in/a.wav", "k.wav", "new.wav", code=2).err
    assert "put a name with spaces in quotes" in said
    assert suggested(said)[1:4] == ["batch", "in/a.wav", "k.wav"]
    assert suggested(said)[-2:] == ["--into", "DIR"]
    said = call("echo", "in/a.wav", "k.wav", "new", code=2).err
    assert "3 names are given; for many files, run: audioconv batch in/a.wav" in said


@pytest.mark.parametrize("option", [["--delay", "350"], ["--ir", "delta:delay=350"]])
def test_what_a_batch_would_refuse_is_in_no_line_for_it(here, call, option):
    command = "echo" if option[0] == "--delay" else "convolve"
    said = call(command, "in/a.wav", "k.wav", "new", *option, code=2).err
    assert said.endswith("350 has no unit; write 350ms or 350s\n")


def test_a_batch_is_the_same_from_another_folder(here, call, monkeypatch):
    words = ["--pairs", "random", "--seed", "4", "--ir", "noise:rt60=0.1..0.2"]
    call("batch", "in", *words, "--ir", "rooms", "--into", "out")
    monkeypatch.chdir(here / "rooms")
    call("batch", here / "in", *words, "--ir", f"..{os.sep}rooms", "--into", here / "again")
    assert hashes(here / "out") == hashes(here / "again")
    assert rows(here / "out") == rows(here / "again")
