"""What a batch tells of outputs that were made otherwise, and what that costs it."""

import json
import os
from pathlib import Path

import pytest
from batches import planned, room, sound

from audioconv.batch import ledger, states
from audioconv.batch.cost import survey
from audioconv.batch.journal import Journal
from audioconv.batch.run import run_plan
from audioconv.job import Options

AGAIN = "1 file is made again, as `{}` has changed since"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sound("in/a.wav")
    room("k.wav")
    return tmp_path


def plan(wet=1.0, stems=None, **options):
    return planned("in", "k.wav", "out", stems=stems, options=Options(wet=wet, **options))


def told(*arguments, **options):
    """Run the batch, and return its notices, which a dry run must tell too."""
    made = plan(*arguments, **options)
    told_before = survey(made)[1].notices
    assert run_plan(made).notices == told_before
    return list(told_before)


@pytest.mark.parametrize("change", ["longer", "touched", "both"])
def test_an_output_that_was_changed_since_is_told_too(here, change):
    told()
    if change != "touched":
        with Path("out/a_k.wav").open("ab") as file:
            file.write(bytes(1000))
    if change != "longer":
        os.utime("out/a_k.wav", (1, 1))
    assert told(0.5) == [AGAIN.format("wet")]
    assert told(0.5) == []


def test_what_was_changed_since_counts_for_what_was_made_last(here):
    told(subtype="FLOAT")
    told(0.5)
    Path("out/a_k.wav").write_bytes(b"mine")
    assert told(0.5) == []  # made as before, in place of what it was changed to
    Path("out/a_k.wav").write_bytes(b"mine")
    assert told(0.4) == [AGAIN.format("wet")]


@pytest.fixture
def hashed(monkeypatch):
    """Paths that were read to be compared."""
    paths = []
    kept = states._digest
    monkeypatch.setattr(
        states, "_digest", lambda path, then: paths.append(path) or kept(path, then)
    )
    return paths


def test_no_output_is_read_for_a_notice(here, hashed):
    for wet in (0.5, 0.4):
        told(wet, "early,dry")
    sizes = {path.name: path.stat().st_size for path in Path("out").glob("*.wav")}
    hashed.clear()
    os.utime("out/a_k_early.wav", (1, 1))
    last = plan(0.3, "dry")
    told_before = survey(last)[1].notices
    assert hashed == []
    assert "1 stem (early) lies beside" in told_before[0]
    assert told_before[1:] == (AGAIN.format("stems` and `wet").replace("has", "have"),)
    run_plan(last)
    assert {path.name: path.stat().st_size for path in Path("out").glob("*.wav")} == sizes


ODD = {
    "stems that are none": lambda line: line["options"].update(stems="middle=3ms"),
    "stems that were not made": lambda line: line["options"].update(stems="dry"),
    "no options": lambda line: line.pop("options"),
    "other options": lambda line: line.update(options=["wet"]),
    "unknown options": lambda line: line["options"].update(wet=None, haste=[{}]),
    "no states": lambda line: line.pop("made"),
    "a list of states": lambda line: line.update(made=[*line["made"]]),
    "states without times": lambda line: line.update(made={"a_k.wav": {"size": 844}}),
    "more in a state": lambda line: line["made"]["a_k.wav"].extend([1, 2]),
    "a state that is a text": lambda line: line.update(made={"a_k.wav": "44"}),
    "no row": lambda line: line.pop("row"),
    "another output": lambda line: line.update(output=["a_k.wav"]),
    "other sources": lambda line: line.update(sources={"in/a.wav": 1}),
    "names that are none": lambda line: [line.clear(), line.update(names=None)],
    "names with more": lambda line: [line.clear(), line.update(names=[{"a": 1}])],
}
"""What a newer version might write of an output."""


@pytest.mark.parametrize("odd", ODD)
def test_what_is_not_understood_of_another_version_counts_for_nothing(here, odd):
    told()
    (journal,) = Path("out", ledger.FOLDER).glob("journal-*")
    line = json.loads(journal.read_bytes().splitlines()[-1])
    del line["crc"]
    line["key"] = "0" * 64
    ODD[odd](line)
    ledger.append("out", line)
    for _ in range(2):
        summary = run_plan(plan())
        assert (summary.done, summary.already, summary.notices) == (0, 1, ())
    (said,) = told(0.5)
    assert said.startswith("1 file is made again, as ")


def test_of_what_was_made_otherwise_no_rows_are_kept(here):
    for number in range(20):
        sound(f"in/{number}.wav")
    for wet in (0.5, 0.4):
        told(wet)
    now = plan(0.4)
    journal = Journal(now.into, now.options, now.tasks)
    earlier = [one for task in now.tasks for one in journal.earlier(task)]
    records = [one for task in now.tasks for one in journal.records(task)]
    assert len(earlier) == len(records) == len(now.tasks) == 21
    assert {one._fields for one in earlier} == {("made", "stems", "options")}
    assert len({id(one.options) for one in earlier}) == 1
    assert len({id(one.options) for one in records}) == 1
