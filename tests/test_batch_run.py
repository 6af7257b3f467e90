"""Batches that are run: outputs as `convolve` makes them, rows, errors, executors."""

import json
import os
import pickle
import signal
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import soundfile
from batches import RATE, hashes, outputs, planned, room, rows, sound

import audioconv
from audioconv import Job, Options, Settings, convolve_file, convolve_files
from audioconv.batch import shelf as shelves
from audioconv.batch.run import run_plan
from audioconv.errors import FormatError, UsageError
from impulses.acoustics.iso3382 import measure

COLUMNS = ["file_name", "audio_filepath", "duration", "frames", "rate", "channels", "input"]
COLUMNS += ["input_sha256", "output_sha256", "impulse", "impulse_sha256", "gain_db", "shift"]
COLUMNS += ["shift_s", "t30_s", "drr_db", "c50_db", "seed", "replica", "split", "room"]

ROOM = "shoebox:room=2..3,2..3,2..3,rt60=0.1..0.2"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Sounds of two rates, two numbers of channels and formats, and two rooms."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(shelves._OF_THREAD, "shelf", raising=False)
    sound("in/a b.wav")
    sound("in/ü.flac", channels=2)
    sound("in/sub/c.wav", rate=16000, frames=900)
    room("rooms/h.wav", frames=4000)
    room("rooms/k.wav", silence=80)
    return tmp_path


def run(*arguments, executor=None, report=lambda result: None, **settings):
    return run_plan(planned(*arguments, **settings), executor=executor, report=report)


def digest(path):
    return sha256(Path(path).read_bytes()).hexdigest()


def test_outputs_are_those_of_convolve(here):
    options = Options(length="input", mix=0.3)
    summary = run("in", ["rooms", "delta"], "out", options=options)
    assert (summary.done, summary.failures, summary.left) == (9, [], 0)
    for row in rows("out"):
        impulse = row["impulse"] if row["impulse"] == "delta" else f"out/{row['impulse']}"
        convolve_file(Job(f"out/{row['input']}", "one.wav", [impulse], options))
        assert Path("one.wav").read_bytes() == Path("out", row["file_name"]).read_bytes()
        Path("one.wav").unlink()


def test_a_run_says_how_many_tasks_are_ahead(here):
    ahead = []
    for _ in range(2):
        run_plan(planned("in", "delta", "out"), expect=ahead.append)
    Path("out/sub/c_delta.wav").unlink()
    run_plan(planned("in", ["delta", "rooms"], "out"), expect=ahead.append)
    assert ahead == [3, 0, 7]


def test_rows_say_what_was_done(here):
    run("in", ["rooms", ROOM], "out", seed=3)
    found = rows("out")
    assert [row["file_name"] for row in found] == outputs(planned("in", ["rooms", ROOM], "out"))
    for row in found:
        assert list(row) == COLUMNS
        info = soundfile.info(Path("out", row["file_name"]))
        assert (info.frames, info.samplerate, info.channels) == (
            row["frames"],
            row["rate"],
            row["channels"],
        )
        assert row["duration"] == row["frames"] / row["rate"]
        assert row["audio_filepath"] == row["file_name"]
        assert row["input_sha256"] == digest(f"out/{row['input']}")
        assert row["output_sha256"] == digest(f"out/{row['file_name']}")
        assert (row["seed"], row["replica"], row["split"]) == (3, 0, None)
    by = {(Path(row["input"]).name, Path(row["impulse"]).name): row for row in found}
    row = by["a b.wav", "k.wav"]
    assert (row["shift"], row["shift_s"]) == (80, 80 / RATE)
    assert row["impulse_sha256"] == digest("rooms/k.wav")
    figures = measure(audioconv.load_impulse("rooms/h.wav")).broadband
    row = by["ü.flac", "h.wav"]
    assert row["t30_s"] == figures.t30_s
    assert (row["drr_db"], row["c50_db"]) == (figures.drr_db, figures.c50_db)


def test_the_impulse_that_was_drawn_gives_the_same_output_again(here):
    run("in", ROOM, "out", replicas=2)
    (row, *others) = rows("out")
    assert len({row["impulse"], *(other["impulse"] for other in others)}) == 6
    assert row["impulse"].startswith("shoebox:room=2.")
    convolve_file(Job("in/a b.wav", "one.wav", [row["impulse"]]))
    assert digest("one.wav") == row["output_sha256"]
    taps = audioconv.load_impulse(row["impulse"], RATE).taps
    assert row["impulse_sha256"] == sha256(taps.tobytes()).hexdigest()


@pytest.mark.parametrize("align", ["none", "onset", "peak", "first"])
def test_labels_move_by_the_shift(here, align):
    """A click at a time is in the output at that time and the shift."""
    click = np.zeros((2000, 1))
    click[700] = 0.5
    soundfile.write("in/click.wav", click, RATE)
    taps = np.zeros((500, 4))
    taps[130] = [-0.9, 0.1, 0.5, 0.2]  # negative, and unequal
    taps[135, 0] = 0.95
    soundfile.write("rooms/four.wav", taps, RATE, "DOUBLE")
    how = Options(align=align, subtype="DOUBLE", length="input")
    run("in/click.wav", "rooms/four.wav", "out", options=how)
    (row,) = rows("out")
    assert row["shift"] == {"none": 130, "onset": 0, "peak": -5, "first": 130}[align]
    made, _ = soundfile.read("out/click_four.wav")
    np.testing.assert_allclose(made[700 + row["shift"]], 0.5 * taps[130], atol=1e-12)


def test_columns_of_a_list_are_in_the_rows_but_not_in_place_of_ours(here):
    line = {"audio_filepath": "a b.wav", "duration": 99, "text": "hé", "split": "dev", "n": [1]}
    Path("in/l.jsonl").write_text(json.dumps(line))
    run("in/l.jsonl", "delta", "out")
    (row,) = rows("out")
    assert (row["text"], row["split"], row["n"]) == ("hé", "dev", [1])
    assert row["duration"] == 400 / RATE


def test_lists_for_kaldi_and_lhotse_name_every_output(here):
    run("in", "delta", "out", kaldi=True, lhotse=True)
    scp = [line.split(" ", 1) for line in Path("out/wav.scp").read_text("utf-8").splitlines()]
    assert scp == [
        ["a_b_delta", "a b_delta.wav"],
        ["sub-c_delta", "sub/c_delta.wav"],
        ["ü_delta", "ü_delta.wav"],
    ]
    lengths = [line.split() for line in Path("out/reco2dur").read_text("utf-8").splitlines()]
    assert [(one, float(length)) for one, length in lengths] == [
        (one, soundfile.info(Path("out", path)).duration) for one, path in scp
    ]
    again = planned(["out/wav.scp"], "delta", "again")
    assert [task.input for task in again.tasks] == [str(here / "out" / path) for _, path in scp]
    again = planned(["out/recordings.jsonl"], "delta", "again")
    assert {task.input for task in again.tasks} == {str(here / "out" / path) for _, path in scp}


def test_a_file_that_fails_does_not_stop_the_others(here):
    Path("in/bad.wav").write_bytes(b"RIFF\x00\x00\x00\x00WAVEjunk")
    Path("in/empty.wav").touch()
    Path("in/l.csv").write_text("path\na b.wav\ngone.wav\nsub/c.wav\n")
    told = []
    summary = run("in", "delta", "out", report=told.append)
    assert [failed.task.identity for failed in summary.failures] == ["bad.wav", "empty.wav"]
    assert (summary.done, len(told), len(rows("out"))) == (3, 5, 3)
    assert not Path("out/bad_delta.wav").exists()
    assert pickle.loads(pickle.dumps(told)) == told
    (failed,) = run("in/l.csv", "delta", "other").failures
    assert "gone.wav" in failed.error


def test_the_first_failure_can_end_it(here):
    Path("in/a bad.wav").touch()
    summary = run("in", "delta", "out", fail_fast=True)
    assert (summary.done, len(summary.failures), summary.left) == (1, 1, 2)
    assert not summary.interrupted
    assert [row["file_name"] for row in rows("out")] == ["a b_delta.wav"]


def test_other_files_change_no_output(here):
    for name in "defg":
        sound(f"in/{name}.wav")
    how = {"pairs": "random", "replicas": 2, "seed": 1}
    run("in", ["rooms", ROOM], "out", **how)
    before = hashes("out")
    sound("in/bb.wav")
    Path("in/d.wav").unlink()
    shuffled = [
        "in/sub/*.wav",
        "in/g.wav",
        "in/bb.wav",
        "in/f.wav",
        "in/e.wav",
        "in/ü.flac",
        "in/a b.wav",
    ]
    run("in", ["rooms", ROOM], "inserted", **how)
    after = hashes("inserted")
    assert after.items() >= {n: h for n, h in before.items() if not n.startswith("d_")}.items()
    assert any(name.startswith("bb_") for name in after)
    run(shuffled, [ROOM, "rooms/k.wav", "rooms/h.wav"], "shuffled", **how)
    flat = {name.replace("sub/", ""): h for name, h in after.items() if "sub/" not in name}
    assert flat.items() <= hashes("shuffled").items()


EXECUTORS = {
    "threads": lambda: ThreadPoolExecutor(3),
    "processes": lambda: ProcessPoolExecutor(2, mp_context=get_context("spawn")),
}


@pytest.mark.parametrize("kind", EXECUTORS)
def test_every_executor_gives_the_same_bytes(here, kind, untraced):
    run("in", ["rooms", ROOM], "one", pairs="random", replicas=3)
    Path("in/bad.wav").touch()
    with EXECUTORS[kind]() as executor:
        summary = run("in", ["rooms", ROOM], "many", pairs="random", replicas=3, executor=executor)
    assert [failed.task.replica for failed in summary.failures] == [0, 1, 2]
    assert hashes("many") == hashes("one")
    assert Path("many/metadata.jsonl").read_bytes() == Path("one/metadata.jsonl").read_bytes()
    again = run("in", ["rooms", ROOM], "many", pairs="random", replicas=3)
    assert (again.done, again.already, len(again.failures)) == (0, 9, 3)


class Broken(ThreadPoolExecutor):
    def submit(self, function, *arguments, **named):
        future = Future()
        future.set_exception(RuntimeError("the worker is gone"))
        return future


def test_errors_of_an_executor_are_those_of_its_files(here):
    summary = run("in", "delta", "out", executor=Broken())
    assert len(summary.failures) == 3
    assert "RuntimeError: the worker is gone" in summary.failures[0].error


def test_each_impulse_is_read_and_measured_once(here, monkeypatch):
    for name in "defg":
        sound(f"in/{name}.wav")
    read, measured = [], []
    load, figures = shelves.ir_load._load_file, shelves.measure_broadband
    monkeypatch.setattr(shelves.ir_load, "_load_file", lambda *a: read.append(a) or load(*a))
    monkeypatch.setattr(shelves, "measure_broadband", lambda *a: measured.append(a) or figures(*a))
    run("in", "rooms", "out")
    assert len(read) == len(measured) == 2


def test_an_impulse_that_changes_is_read_anew(here):
    run("in/a b.wav", "rooms/h.wav", "out")
    room("rooms/h.wav", frames=300)
    run("in/a b.wav", "rooms/h.wav", "again")
    assert [rows(name)[0]["frames"] for name in ("out", "again")] == [400 + 3999, 400 + 299]


def test_a_shelf_is_bounded(here, monkeypatch):
    monkeypatch.setattr(shelves, "MOST_SAMPLES", 10_000)
    kept = shelves.Shelf()
    for number in range(20):
        kept.load(f"delta:delay={number}ms", 48000)
        kept.load("rooms/h.wav", None)
    assert kept._loaded._size <= 10_000
    assert kept.load("rooms/h.wav", None)[0] is kept.load("rooms/h.wav", None)[0]
    long = kept.load("delta:delay=1s", 48000)
    assert kept.load("delta:delay=1s", 48000) is long


@pytest.mark.parametrize("there", ["a b_delta.wav", "metadata.jsonl"])
def test_what_exists_is_not_replaced_unasked(here, there):
    Path("out").mkdir()
    Path("out", there).write_text("mine")
    with pytest.raises(UsageError, match=f"{there} exists; pass `overwrite=True`"):
        run("in", "delta", "out")
    assert Path("out", there).read_text() == "mine"
    assert len(list(Path("out").iterdir())) == 1
    assert run("in", "delta", "out", options=Options(overwrite=True)).done == 3


def test_a_strict_batch_fails_where_there_are_notices(here):
    (failed,) = run(
        "in/sub", "rooms/h.wav:channel=1", "o", options=Options(rate_mismatch="error")
    ).failures
    assert "rooms/h.wav:channel=1 is 8000 Hz but the input is 16000 Hz" in failed.error


def test_the_rows_of_what_is_done_are_there_even_if_the_report_fails(here):
    def report(result):
        raise RuntimeError("nobody listens")

    with pytest.raises(RuntimeError):
        run("in", "delta", "out", report=report)
    assert [row["file_name"] for row in rows("out")] == ["a b_delta.wav"]


def test_a_folder_that_cannot_be_made_is_an_error_in_one_line(here):
    with pytest.raises(FormatError, match=r"the folder .*new cannot be made: "):
        run("in", "delta", "in/a b.wav/new")


@pytest.mark.skipif(os.name == "nt", reason="no process sends itself a Ctrl-C there")
def test_ctrl_c_ends_after_the_file_under_way(here):
    before = signal.getsignal(signal.SIGINT)
    summary = run("in", "delta", "out", report=lambda _: os.kill(os.getpid(), signal.SIGINT))
    assert (summary.done, summary.left, summary.interrupted) == (1, 2, True)
    assert len(rows("out")) == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_in_python_paths_are_path_like(here):
    told = []
    summary = convolve_files(
        here / "in",
        [here / "rooms"],
        here / "out",
        Options(length="input"),
        settings=Settings(pairs="random"),
        report=told.append,
    )
    assert (summary.done, len(told)) == (3, 3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pairs": "some"}, "one of all, zip, random"),
        ({"replicas": 0}, "`replicas` is 0; it must be at least 1"),
        ({"seed": -1}, "`seed` is -1; it must be 0 or more"),
        ({"kaldi": 1}, "True or False"),
    ],
)
def test_settings_that_are_none_are_refused(wrong, said):
    with pytest.raises(UsageError, match=said):
        Settings(**wrong)
