"""Batches that end early and go on, run at once, or in parts: nothing is lost or repeated."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from batches import at_once, hashes, planned, room, rows, sound

import audioconv.batch.task as tasks_of_batch
from audioconv import Options
from audioconv.batch import claims as claims_of_batch
from audioconv.batch.claims import claiming
from audioconv.batch.journal import Journal
from audioconv.batch.ledger import FOLDER
from audioconv.batch.run import run_plan, shard_of, tasks_of_shard
from audioconv.batch.task import Done, perform
from audioconv.errors import UsageError

DEADLINE = 60.0


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in "abcd":
        sound(f"in/{name}.wav")
    room("k.wav", frames=900)  # longer than the sounds
    return tmp_path


def run(*arguments, report=lambda result: None, **settings):
    return run_plan(planned(*arguments, **settings), report=report)


def program(*arguments):
    """Start the real program."""
    command = [sys.executable, "-m", "audioconv", "batch", *map(str, arguments), "-q"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def states(folder):
    """Return what is different for every file that is made anew."""
    found = {}
    for path in Path(folder).glob("*.wav"):
        status = path.stat()
        found[path.name] = status.st_ino, status.st_mtime_ns
    return found


def made(summary):
    return summary.done, summary.already, len(summary.failures)


def journals(folder):
    return sorted(Path(folder, FOLDER).glob("journal-*.jsonl"))


def metadata(folder):
    return Path(folder, "metadata.jsonl").read_bytes()


PROGRAMS = """
import os, sys, scipy.signal, audioconv.batch.run, audioconv.cli
for line in sys.stdin:
    process = os.fork()
    if not process:
        os._exit(audioconv.cli.main(line.split()))
    print(process, flush=True)
    print(os.waitpid(process, 0)[1], flush=True)
"""
"""Runs the program for each line, as a process that need not import everything anew."""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL there")
def test_a_run_that_is_killed_ten_times_ends_as_one_that_is_not(here, untraced):
    """Each run is killed at random, after a few more files; what has its name then is kept."""
    for number in range(120):
        sound(f"many/{number:03}.wav")
    seed = time.time_ns()
    chance = random.Random(seed)
    kept = {}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", PROGRAMS], text=True, **pipes) as programs:
        for _ in range(10):
            programs.stdin.write("batch many --ir k.wav --into out --workers 0 -q\n")
            programs.stdin.flush()
            process = int(programs.stdout.readline())
            enough, deadline = len(kept) + chance.randint(0, 3), time.monotonic() + DEADLINE
            while len(states("out")) < enough and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.01))
            os.kill(process, signal.SIGKILL)
            assert int(programs.stdout.readline()) == signal.SIGKILL, seed
            found = states("out")
            assert found.items() >= kept.items(), seed
            kept = found
    assert 0 < len(kept) < 120, seed
    started = program("many", "--ir", "k.wav", "--into", "out")
    _, said = started.communicate(timeout=DEADLINE)
    assert started.returncode == 0, (seed, said)
    assert states("out").items() >= kept.items(), seed
    run("many", "k.wav", "clean")
    assert hashes("out") == hashes("clean")
    assert metadata("out") == metadata("clean")
    assert not [*Path("out").rglob("*.part")]


def test_what_is_done_is_not_done_again(here):
    assert made(run("in", "k.wav", "out")) == (4, 0, 0)
    before, listed = states("out"), metadata("out")
    written = [path.read_bytes() for path in journals("out")]
    Path("out/metadata.jsonl").unlink()
    assert made(run("in", "k.wav", "out")) == (0, 4, 0)
    assert (states("out"), metadata("out")) == (before, listed)
    assert [path.read_bytes() for path in journals("out")] == written
    sound("in/aa.wav")
    assert made(run("in", "k.wav", "out")) == (1, 4, 0)
    assert states("out").items() >= before.items()
    names = [row["file_name"] for row in rows("out")]
    assert names == ["a_k.wav", "aa_k.wav", "b_k.wav", "c_k.wav", "d_k.wav"]


def redone(before):
    """Return which of the outputs that were there are new."""
    after = states("out")
    return sorted(name for name in before if after.get(name) != before[name])


def test_a_changed_input_is_done_again_though_its_size_is_the_same(here):
    run("in", "k.wav", "out")
    before, size = states("out"), Path("in/b.wav").stat().st_size
    time.sleep(0.01)
    sound("in/b.wav", seed=7)
    assert Path("in/b.wav").stat().st_size == size
    assert made(run("in", "k.wav", "out")) == (1, 3, 0)
    assert redone(before) == ["b_k.wav"]
    run("in", "k.wav", "clean")
    assert hashes("out") == hashes("clean")
    assert rows("out") == rows("clean")


def test_a_changed_impulse_is_applied_again(here):
    room("l.wav")
    run("in", ["k.wav", "l.wav"], "out")
    before = states("out")
    room("k.wav", frames=901)
    run("in", ["k.wav", "l.wav"], "out")
    assert redone(before) == [f"{name}_k.wav" for name in "abcd"]


def test_files_that_are_only_touched_or_copied_are_not_done_again(here):
    run("in", "k.wav", "out")
    before = states("out")
    for path in ("in/a.wav", "k.wav", "out/c_k.wav"):
        os.utime(path, (1, 1))
    assert made(run("in", "k.wav", "out")) == (0, 4, 0)
    assert redone(before) == ["c_k.wav"]  # as touched here


@pytest.mark.parametrize("option", [{"dry": 0.5}, {"subtype": "FLOAT"}, {"recipe": "none"}])
def test_another_option_does_it_again(here, option):
    run("in", "k.wav", "out")
    before = states("out")
    assert made(run("in", "k.wav", "out", options=Options(**option))) == (4, 0, 0)
    assert len(redone(before)) == 4
    run("in", "k.wav", "clean", options=Options(**option))
    assert hashes("out") == hashes("clean")


@pytest.mark.parametrize(
    ("one", "other", "cause"),
    [
        ({"seed": 5}, {"seed": 6}, "`seed` has"),
        ({"seed": 5, "wet": 0.5}, {"seed": 6, "wet": 0.6}, "`seed` and `wet` have"),
        ({"subtype": "FLOAT"}, {"subtype": "PCM_24"}, "`subtype` has"),
        ({"stems": "dry", "wet": 0.5}, {"stems": "early"}, "`stems` and `wet` have"),
        ({"ir": "delta:delay=1S"}, {"ir": "delta:delay=2S"}, "an impulse, an option"),
    ],
)
def test_a_change_back_is_told_as_the_change_was(here, one, other, cause):
    def again(ir="delta:delay=1..9S", seed=0, stems=None, **options):
        how = {"seed": seed, "stems": stems, "name": "{stem}.wav", "options": Options(**options)}
        return [text for text in run("in/a.wav", ir, "out", **how).notices if "again" in text]

    assert not again(**one)
    for way in (other, one, other):
        (said,) = again(**way)
        assert said.startswith(f"1 file is made again, as {cause}")
        assert not again(**way)
    Path("out/a.wav").unlink()  # nothing lies there that was made otherwise
    assert not again(**one)


def test_what_is_made_again_for_its_input_has_no_other_reason(here):
    options = {"options": Options(wet=0.5)}
    run("in", "k.wav", "out")
    run("in", "k.wav", "out", **options)
    sound("in/b.wav", seed=7)
    summary = run("in", "k.wav", "out", **options)
    assert (made(summary), summary.notices) == ((1, 3, 0), ())


def test_lists_that_are_not_written_anew_are_told(here):
    run("in", "k.wav", "out", kaldi=True, lhotse=True)
    Path("in/b.wav").unlink()
    said = "is of an earlier run, and this line does not write it anew; remove it, or pass"
    told = (f"wav.scp {said} `kaldi`", f"recordings.jsonl {said} `lhotse`")
    assert run("in", "k.wav", "out").notices == told
    assert run("in", "k.wav", "out", kaldi=True).notices == told[1:]
    Path("out/recordings.jsonl").unlink()
    assert run("in", "k.wav", "out", kaldi=True).notices == ()


def test_threads_change_nothing_and_another_version_does_it_again(here, monkeypatch):
    run("in", "k.wav", "out")
    assert made(run("in", "k.wav", "out", options=Options(threads=1))) == (0, 4, 0)
    monkeypatch.setattr("audioconv.batch.journal.__version__", "0.0.0")
    assert made(run("in", "k.wav", "out")) == (4, 0, 0)


def test_other_columns_of_a_list_are_in_the_rows(here):
    for text in ("one", "two"):
        Path("l.jsonl").write_text(json.dumps({"audio_filepath": "in/a.wav", "text": text}))
        run("l.jsonl", "k.wav", "out")
        assert [row["text"] for row in rows("out")] == [text]


def test_what_was_lost_or_changed_is_done_again(here):
    run("in", "k.wav", "out")
    Path("out/a_k.wav").unlink()
    Path("out/b_k.wav").write_bytes(b"short")
    data = bytearray(Path("out/c_k.wav").read_bytes())
    data[-1] ^= 1
    Path("out/c_k.wav").write_bytes(data)
    os.utime("out/c_k.wav", (1, 1))
    assert made(run("in", "k.wav", "out")) == (3, 1, 0)
    run("in", "k.wav", "clean")
    assert hashes("out") == hashes("clean")


def test_y_does_everything_again(here):
    run("in", "k.wav", "out")
    assert made(run("in", "k.wav", "out", options=Options(overwrite=True))) == (4, 0, 0)
    assert made(run("in", "k.wav", "out")) == (0, 4, 0)


def test_what_failed_is_tried_again(here):
    Path("in/bad.wav").touch()
    assert made(run("in", "k.wav", "out")) == (4, 0, 1)
    sound("in/bad.wav")
    assert made(run("in", "k.wav", "out")) == (1, 4, 0)
    assert len(rows("out")) == 5


def test_an_output_keeps_its_row_where_its_input_is_out_of_reach(here):
    run("in", "k.wav", "out")
    before = rows("out")
    Path("in/b.wav").write_bytes(b"nothing")
    assert made(run("in", "k.wav", "out")) == (0, 3, 1)
    assert rows("out") == before
    Path("out/b_k.wav").unlink()
    assert made(run("in", "k.wav", "out")) == (0, 3, 1)
    assert len(rows("out")) == 3


DAMAGES = {
    "cut in the middle": lambda line: line[: len(line) // 2],
    "cut at the beginning": lambda line: line[:3],
    "without its end": lambda line: line[:-1],
    "another byte": lambda line: line[:-40] + b"#" + line[-39:],
    "zeros": lambda line: bytes(len(line)),
    "two in one": lambda line: line[:100] + line,
    "gone": lambda line: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_line_of_a_journal_counts_for_nothing(here, damage):
    run("in", "k.wav", "out")
    before = states("out")
    (journal,) = journals("out")
    *lines, last = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines, DAMAGES[damage](last)]))
    assert made(run("in", "k.wav", "out")) == (1, 3, 0)
    assert redone(before) == ["d_k.wav"]
    assert made(run("in", "k.wav", "out")) == (0, 4, 0)


def test_a_line_that_is_cut_off_is_no_end_of_a_journal(here):
    run("in", "k.wav", "out")
    (journal,) = journals("out")
    with journal.open("ab") as file:
        file.write(b'{"crc": "00000000", "output": "e_k')
    assert made(run("in", "k.wav", "out")) == (0, 4, 0)


def test_without_its_journal_an_output_is_in_the_way(here):
    run("in", "k.wav", "out")
    (journal,) = journals("out")
    journal.unlink()
    Path("out/metadata.jsonl").unlink()
    with pytest.raises(UsageError, match=r"a_k\.wav exists; pass `overwrite=True`"):
        run("in", "k.wav", "out")


def test_journals_of_all_processes_count(here):
    run("in", "k.wav", "out")
    (journal,) = journals("out")
    *lines, _ = journal.read_bytes().split(b"\n")
    journal.unlink()
    for number, line in enumerate(lines):
        Path("out", FOLDER, f"journal-other-{number}-0.jsonl").write_bytes(line + b"\n")
    assert made(run("in", "k.wav", "out")) == (0, 4, 0)


def test_folders_that_move_together_stay_done(here):
    run("in", "k.wav", "out")
    Path("elsewhere").mkdir()
    for name in ("in", "k.wav", "out"):
        Path(name).rename(Path("elsewhere", name))
    moved = [f"elsewhere/{name}" for name in ("in", "k.wav", "out")]
    assert made(run(*moved)) == (0, 4, 0)


def test_two_runs_at_once_do_each_item_once(here, untraced):
    for number in range(40):
        sound(f"many/{number:02}.wav")
    both = [program("many", "--ir", "k.wav", "--into", "out") for _ in range(2)]
    for one in both:
        _, said = one.communicate(timeout=DEADLINE)
        assert one.returncode == 0, said
    outputs = [
        line.partition(b'"output": "')[2].partition(b'"')[0]
        for journal in journals("out")
        for line in journal.read_bytes().splitlines()
        if b'"output"' in line
    ]
    assert len(outputs) == len(set(outputs)) == 40
    run("many", "k.wav", "clean")
    assert metadata("out") == metadata("clean")
    assert hashes("out") == hashes("clean")
    for name in ("runs", "claims"):
        assert not [*Path("out", FOLDER, name).iterdir()]


def test_a_run_looks_again_at_its_end_for_what_others_left(here):
    plan = planned("in", "k.wav", "out")
    Path("out").mkdir()
    with claiming("out", lambda task: False) as other:
        assert other.take(plan.tasks[1])
        (run_file,) = Path("out", FOLDER, "runs").iterdir()
        summary = run_plan(plan, report=lambda _: run_file.unlink(missing_ok=True))
    assert (summary.done, summary.elsewhere) == (4, 0)


def test_a_run_leaves_to_another_what_that_has_in_hand(here):
    plan = planned("in", "k.wav", "out")
    Path("out").mkdir()
    with claiming("out", lambda task: False) as other:
        assert other.take(plan.tasks[1])
        summary = run_plan(plan)
        assert (summary.done, summary.elsewhere, summary.left) == (3, 1, 0)
        assert len(rows("out")) == 3
    assert made(run_plan(plan)) == (1, 3, 0)
    assert len(rows("out")) == 4


@pytest.mark.parametrize("links", [True, False])
def test_a_claim_names_its_run_from_the_first(here, links, monkeypatch):
    """Killed between making and writing it, a run would keep an output for five minutes."""
    plan = planned("in", "k.wav", "out")
    Path("out").mkdir()

    def refuse(*_):
        raise PermissionError(errno.EPERM, "as where a disk has no links")

    with claiming("out", lambda _: False) as one, claiming("out", lambda _: False) as other:
        if links:
            monkeypatch.setattr(claims_of_batch, "_make", refuse)  # nothing is left to be written
        else:
            monkeypatch.setattr(os, "link", refuse)
        assert one.take(plan.tasks[0])
        assert not other.take(plan.tasks[0])
        (claim,) = Path("out", FOLDER, "claims").iterdir()
        said = json.loads(claim.read_text())
        assert (
            Path("out", FOLDER, "runs", said["run"]).read_text() == claim.read_text() or not links
        )


@pytest.mark.parametrize("gone", ["process", "heart", "file"])
def test_a_claim_of_a_run_that_is_gone_is_taken_once(here, gone, monkeypatch):
    plan = planned("in", "k.wav", "out")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    folder = Path("out", FOLDER)
    for name in ("runs", "claims"):
        (folder / name).mkdir(parents=True)
    said = {"run": "old", "host": "far", "pid": 1}
    if gone == "process":
        said |= {"host": claims_of_batch._machine(), "pid": ended.pid}
    with claiming("out", lambda task: False) as dead:
        assert dead.take(plan.tasks[0])
        (claim,) = (folder / "claims").iterdir()
        kept = claim.name
    (folder / "claims" / kept).write_text(json.dumps(said))
    if gone != "file":
        (folder / "runs/old").write_text(json.dumps(said))
    with claiming("out", lambda task: False) as one, claiming("out", lambda task: False) as other:
        if gone == "heart":
            assert not one.take(plan.tasks[0])
            os.utime(folder / "runs/old", (1, 1))
        taken = []
        both = [
            threading.Thread(target=lambda who=who: taken.append(who.take(plan.tasks[0])))
            for who in (one, other)
        ]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert sorted(taken) == [False, True]


def test_a_task_that_is_done_twice_at_once_does_no_harm(here):
    """As on a cluster that loses sight of a worker: both end with the same row."""
    (task, *_) = planned("in", "k.wav", "out").tasks
    into = str(here / "out")
    results = at_once(lambda: perform(task, into, Options()))
    assert all(isinstance(one, Done) for one in results), results
    assert all(one.row == results[0].row for one in results)
    assert sorted(path.name for path in Path("out").iterdir()) == [FOLDER, "a_k.wav"]
    before = states("out")
    assert perform(task, into, Options()).row == results[0].row
    assert states("out") == before


def test_a_file_that_appears_meanwhile_is_left_as_it_is(here, monkeypatch):
    written = tasks_of_batch._row

    def appears(*arguments):
        Path("out/a_k.wav").write_text("mine")
        return written(*arguments)

    monkeypatch.setattr(tasks_of_batch, "_row", appears)
    (failed,) = run("in/a.wav", "k.wav", "out").failures
    assert "a_k.wav exists; pass `overwrite=True`" in failed.error
    assert Path("out/a_k.wav").read_text() == "mine"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run in one piece, of short sounds and a longer impulse."""
    folder = tmp_path_factory.mktemp("whole")
    for number in range(9):
        sound(folder / f"in/{number % 2}/{number}.wav")
    room(folder / "k.wav", frames=900)
    for subtype in ("FLOAT", "PCM_16"):
        run(folder / "in", folder / "k.wav", folder / subtype, options=Options(subtype=subtype))
    return folder


@pytest.mark.parametrize("subtype", ["FLOAT", "PCM_16"])
@pytest.mark.parametrize("parts", [1, 2, 3, 7, 20])
def test_the_union_of_shards_is_one_run(whole, tmp_path, parts, subtype):
    how = {"options": Options(subtype=subtype)}
    into = whole / f"{subtype}-{parts}"
    done = 0
    for part in random.Random(parts).sample(range(1, parts + 1), parts):
        summary = run(whole / "in", whole / "k.wav", into, shard=f"{part}/{parts}", **how)
        assert (summary.already, summary.failures, summary.left) == (0, [], 0)
        ours = (into / f"metadata-{part}-of-{parts}.jsonl").read_text().splitlines()
        assert len(ours) == summary.done == summary.tasks
        done += summary.done
        assert (into / "metadata.jsonl").exists() == (done == 9)
    assert hashes(into) == hashes(whole / subtype)
    assert metadata(into) == metadata(whole / subtype)


def test_a_shard_that_failed_is_completed_by_the_plain_line(here):
    Path("in/bad.wav").touch()
    for part in (1, 2):
        run("in", "k.wav", "out", shard=f"{part}/2")
    assert not Path("out/metadata.jsonl").exists()
    assert made(run("in", "k.wav", "out")) == (0, 4, 1)
    assert len(rows("out")) == 4


def test_an_output_stays_in_its_shard_whatever_others_there_are(here):
    before = {task.output for task in tasks_of_shard(planned("in", "k.wav", "o", shard="1/2"))}
    sound("in/aa.wav")
    after = {task.output for task in tasks_of_shard(planned("in", "k.wav", "o", shard="1/2"))}
    assert after - {"aa_k.wav"} == before
    counts = np.bincount([shard_of(f"{number}.wav", 8) for number in range(8000)], minlength=9)
    # each of 8000 is in a part with p = 1/8: five standard deviations around 1000
    assert counts[0] == 0
    assert np.all(np.abs(counts[1:] - 1000) < 5 * np.sqrt(8000 / 8 * 7 / 8))


@pytest.mark.parametrize("wrong", ["0/3", "4/3", "1", "1/0", "a/b", "-1/2", ""])
def test_a_shard_that_is_none_is_refused(wrong):
    with pytest.raises(UsageError, match="must be i/n with i from 1 to n, such as 1/8"):
        planned([], [], "out", shard=wrong)


def test_a_dry_run_lists_and_writes_nothing(here, call):
    line = ["batch", "in", "--ir", "k.wav", "--into", "out"]
    said = call(*line, "--dry-run")
    listed = [text.split("  ") for text in said.out.splitlines()]
    assert [(state, name) for state, name, *_ in listed] == [
        ("to do", f"{name}_k.wav") for name in "abcd"
    ]
    assert ": 4 files, 0 done already; to do: 4 files of 0:00 of sound, about 0.0" in said.err
    assert not Path("out").exists()
    call(*line)
    Path("out/b_k.wav").unlink()
    before = sorted(Path("out").rglob("*"))
    *listed, cost = map(json.loads, call(*line, "--dry-run", "--json").out.splitlines())
    assert [one["done"] for one in listed] == [True, False, True, True]
    assert (cost["files"], cost["already"], cost["measured"]) == (4, 3, 1)
    assert cost["seconds"] == 400 / 8000
    assert cost["bytes"] == Path("out/a_k.wav").stat().st_size
    assert sorted(Path("out").rglob("*")) == before
    Path("in/bad.wav").touch()
    said = call(*line, "--dry-run", code=4)
    assert "unreadable: " in said.err
    assert "1 of 5 inputs cannot be read, as listed above" in said.err


def test_a_plan_is_written_and_nothing_is_done(here, call):
    line = ["batch", "in", "--ir", "k.wav", "--into", "out", "--shard", "1/2"]
    call(*line, "--plan", "plan.json")
    assert not Path("out").exists()
    written = json.loads(Path("plan.json").read_text())
    plan = planned("in", "k.wav", "out", shard="1/2")
    assert written == json.loads(json.dumps(plan.as_json()))
    assert type(plan).from_json(written) == plan
    assert "exists; pass -y" in call(*line, "--plan", "plan.json", code=2).err
    call(*line, "--plan", "plan.json", "-y")


MANY = [sys.executable, *["-m", "audioconv", "batch", "many", "--ir", "k.wav", "--into", "out"]]


def said_on(number, *, code):
    """Return what a batch of 60 files says when a signal ends it, after some of them."""
    for at in range(60):
        sound(f"many/{at:02}.wav")
    started = subprocess.Popen(MANY, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + DEADLINE
    while len(states("out")) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    started.send_signal(number)
    _, said = started.communicate(timeout=DEADLINE)
    assert started.returncode == code, said
    return said


@pytest.mark.skipif(os.name == "nt", reason="no process sends itself a Ctrl-C there")
def test_after_ctrl_c_the_same_line_goes_on(here, untraced):
    said = said_on(signal.SIGINT, code=130)
    count = len(rows("out"))
    assert count == len(states("out")) < 60
    notice = "notice: ending after the files that are under way; Ctrl-C once more ends at once\n"
    assert said.startswith(notice)
    assert f"{60 - count} files are left; the same line again goes on\n" in said
    again = subprocess.run(MANY, capture_output=True, text=True)
    assert again.returncode == 0
    assert f": 60 of 60 files, {count} done before" in again.stderr


@pytest.mark.skipif(os.name == "nt", reason="no process is sent a TERM there")
def test_a_batch_that_is_ended_tells_how_to_go_on(here, untraced):
    said = said_on(signal.SIGTERM, code=143)
    assert said == "what is done is kept; the same line again goes on\n"
    assert 0 < len(states("out")) < 60


def test_a_journal_reads_on_where_it_ended(here):
    plan = planned("in", "k.wav", "out")
    journal = Journal(plan.into, plan.options, plan.tasks)
    assert not journal.refresh()
    run_plan(planned("in/a.wav", "k.wav", "out"))
    assert journal.refresh()
    assert [*journal.rows(plan.tasks)] == ["a_k.wav"]
    (path,) = journals("out")
    data = path.read_bytes()
    run_plan(plan)
    more = path.read_bytes()
    path.write_bytes(more[: len(data) + 30])  # as a network disk may show a line that grows
    journal.refresh()
    path.write_bytes(more)
    assert journal.refresh()
    assert len(journal.rows(plan.tasks)) == 4


def test_in_the_end_a_sidecar_is_made_again_with_its_sound(here):
    how = {"options": Options(recipe="sidecar")}
    run("in", "k.wav", "out", **how)
    sound("in/b.wav", seed=5)
    assert made(run("in", "k.wav", "out", **how)) == (1, 3, 0)
    Path("other").mkdir()
    Path("other/a_k.wav.json").write_text("mine")
    with pytest.raises(UsageError, match=r"a_k\.wav\.json exists"):
        run("in", "k.wav", "other", **how)


def test_a_recipe_that_is_lost_is_made_again_with_its_sound(here):
    how = {"options": Options(recipe="sidecar")}
    run("in", "k.wav", "out", **how)
    Path("out/b_k.wav.json").unlink()
    Path("out/c_k.wav.json").write_text("{}")
    assert made(run("in", "k.wav", "out", **how)) == (2, 2, 0)
    assert made(run("in", "k.wav", "out", **how)) == (0, 4, 0)


def test_a_file_beside_an_output_of_ours_is_not_replaced_unless_it_is_ours_too(here):
    run("in", "k.wav", "out")
    Path("out/c_k.wav.json").write_text("mine")
    with pytest.raises(UsageError, match=r"c_k\.wav\.json exists"):
        run("in", "k.wav", "out", options=Options(recipe="sidecar"))
    assert Path("out/c_k.wav.json").read_text() == "mine"


def test_lists_of_others_are_not_replaced(here):
    run("in", "k.wav", "out")
    Path("out/wav.scp").write_text("mine")
    with pytest.raises(UsageError, match=r"wav\.scp exists"):
        run("in", "k.wav", "out", kaldi=True)
    soundfile.info("out/a_k.wav")
