"""What a batch finds: files, patterns, folders, lists, as people have them."""

import gzip
import json
import os
from pathlib import Path

import pytest
from batches import planned, room, sound

from audioconv.batch.inputs import find_inputs
from audioconv.batch.lists import read_list
from audioconv.batch.pool import find_impulses
from audioconv.errors import AudioconvError, FormatError, UsageError


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*named, into="out"):
    return [(item.identity, item.place) for item in find_inputs(named, into)]


def listed(path, text, packed=False):
    """Write a list, and return what it leads to."""
    opened = gzip.open if packed else open
    with opened(path, "wt", encoding="utf-8") as file:
        file.write(text)
    return read_list(str(path))


def test_a_folder_keeps_its_tree_and_a_file_is_called_without_its_folder(here):
    for name in ("a/x.wav", "a/b/ÿ y.FLAC", "a/notes.txt", "a/.hidden.wav", "a/.git/z.wav"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    assert found("a") == [("b/ÿ y.FLAC", "b"), ("x.wav", "")]
    assert found("a/x.wav") == found(str(here / "a/x.wav")) == found("a/*.wav") == [("x.wav", "")]
    assert found("a/**/*.FLAC") == [("b/ÿ y.FLAC", "b")]
    assert found("[a]/**/*.FLAC") == found("**/*.FLAC") == [("a/b/ÿ y.FLAC", "a/b")]
    assert found("a/*") == [("ÿ y.FLAC", ""), ("x.wav", "")]  # as a shell expands it


def test_the_same_file_named_twice_is_one(here):
    sound("a/x.wav")
    assert found("a", "a/x.wav", "a/*.wav", "./a") == [("x.wav", "")]


def test_a_name_with_a_bracket_is_no_pattern(here):
    sound("take[1].wav")
    assert found("take[1].wav") == [("take[1].wav", "")]


def test_a_home_in_a_name_is_expanded(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.setenv("USERPROFILE", str(here))
    sound("x.wav")
    assert found("~/x.wav") == [("x.wav", "")]
    assert listed("l.csv", "path\n~/x.wav\n")[0].path == str(here / "x.wav")


def test_outputs_in_the_folder_of_the_inputs_are_no_inputs(here):
    sound("a/x.wav")
    sound("a/out/x_hall.wav")
    assert found("a", into="a/out") == found("a/**/*.wav", into="a/out") == [("x.wav", "")]
    assert found("a/*", into="a/out") == found("a/x.wav", "a/out", into="a/out") == [("x.wav", "")]
    for named in ("a", "a/*.wav", "a/**/*.wav"):
        with pytest.raises(UsageError, match="among the inputs in a"):
            found(named, into="a")
    assert found("a/x.wav", into="a") == [("x.wav", "")]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_are_followed_but_not_in_circles(here):
    sound("far/x.wav")
    Path("a").mkdir()
    Path("a/near").symlink_to(here / "far")
    Path("far/round").symlink_to(here / "a")
    Path("a/gone.wav").symlink_to("nowhere.wav")
    assert found("a") == [("gone.wav", ""), ("near/x.wav", "near")]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("no.wav", "no.wav does not exist"),
        ("empty", "no sound in empty"),
        ("*.mp3", r"no sound in \*.mp3"),
        ("-", "not standard input"),
    ],
)
def test_what_leads_to_nothing_is_refused(here, named, said):
    Path("empty").mkdir()
    with pytest.raises(UsageError, match=said):
        found(named)


@pytest.mark.parametrize("column", ["audio_filepath", "file_name", "path"])
@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".jsonl.gz"])
def test_json_lines(here, column, suffix):
    line = json.dumps({column: "b/x.wav", "text": "hé", "duration": 2.0, "speaker": 3})
    (item,) = listed(f"l{suffix}", f"{line}\n\n", packed=suffix.endswith("gz"))
    assert (item.identity, item.place, item.path) == ("b/x.wav", "b", str(here / "b" / "x.wav"))
    assert item.columns == {"text": "hé", "duration": 2.0, "speaker": 3}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv(here, separator):
    text = '\ufeffid,path,split,text\nu1,x.wav,train,"one\ntwo"\n'.replace(",", separator)
    (item,) = listed("l.csv", text)
    assert (item.identity, item.path, item.split) == ("u1", str(here / "x.wav"), "train")
    assert item.columns["text"] == "one\ntwo"


def test_paths_are_relative_to_the_list(here):
    Path("lists").mkdir()
    one, other, away = listed("lists/l.csv", f"path\nx.wav\n../y.wav\n{here / 'z.wav'}\n")
    assert (one.path, one.identity) == (str(here / "lists" / "x.wav"), "x.wav")
    assert (other.path, other.identity, other.place) == (str(here / "y.wav"), "../y.wav", "")
    assert (away.path, away.place) == (str(here / "z.wav"), "")
    inside = listed("l.csv", f"path\n{here / 'lists' / 'x.wav'}\n")[0]
    assert (inside.identity, inside.place) == ("lists/x.wav", "lists")


def test_paths_are_relative_to_a_root_if_there_is_one(here):
    Path("data/train").mkdir(parents=True)
    Path("data/train/wav.scp").write_text(f"u1 wav/a.wav\nu2 {here / 'wav' / 'b' / 'a.wav'}\n")
    items = find_inputs(["data/train/wav.scp"], "out", ".")
    assert [item.path for item in items] == [
        str(here / "wav" / "a.wav"),
        str(here / "wav" / "b" / "a.wav"),
    ]
    assert [(item.identity, item.place) for item in items] == [("u1", "wav"), ("u2", "wav/b")]


def test_a_list_of_impulses_may_hold_specs_and_channels(here):
    room("rooms/h.wav", channels=2)
    Path("rooms/l.csv").write_text('path,room\nh.wav:channel=2,h\n"shoebox:room=4..5,3,3",box\n')
    one, other = find_impulses(["rooms/l.csv"], "out")
    assert (one.path, one.room) == (str(here / "rooms" / "h.wav:channel=2"), "h")
    assert (other.path, other.room) == ("shoebox:room=4..5,3,3", "box")


def test_kaldi(here):
    items = listed("wav.scp", "u1 a b.wav\nu2\tc/d.flac \n")
    assert [(item.identity, item.path) for item in items] == [
        ("u1", str(here / "a b.wav")),
        ("u2", str(here / "c" / "d.flac")),
    ]
    with pytest.raises(FormatError, match=r"wav.scp, line 2: it is a command.*not run"):
        listed("wav.scp", "u1 a.wav\nu2 sox b.sph -t wav - |\n")


RECORDING = {
    "id": "r1",
    "sources": [{"type": "file", "channels": [0, 1], "source": "a/r.wav"}],
    "sampling_rate": 16000,
    "num_samples": 40000,
    "duration": 2.5,
}
CUT = {
    "id": "c1",
    "type": "MultiCut",
    "start": 0,
    "duration": 2.5,
    "channel": [0, 1],
    "recording": RECORDING,
    "supervisions": [{"id": "s", "text": "word", "speaker": "s1"}],
    "custom": {"split": "dev"},
}


@pytest.mark.parametrize("packed", [False, True])
def test_lhotse(here, packed):
    text = f"{json.dumps(RECORDING)}\n{json.dumps(CUT)}\n"
    one, other = listed("m.jsonl.gz" if packed else "m.jsonl", text, packed)
    assert (one.identity, one.path) == ("r1", str(here / "a" / "r.wav"))
    assert (other.identity, other.path, other.split) == ("c1", one.path, "dev")
    assert (other.columns["text"], other.columns["speaker"]) == ("word", "s1")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({**CUT, "start": 0.5}, "part of its recording"),
        ({**CUT, "duration": 2.0}, "part of its recording"),
        ({**CUT, "type": "MonoCut", "channel": 0}, "some channels"),
        ({"id": "m", "type": "MixedCut", "tracks": []}, "MixedCut, which is no file"),
        ({"id": "c", "type": "MonoCut", "recording": None}, "only features"),
        ({**RECORDING, "transforms": [{"name": "Speed"}]}, "transformed"),
        ({**RECORDING, "sources": [{"type": "command", "source": "sox"}]}, "a command"),
        ({**RECORDING, "sources": RECORDING["sources"] * 2}, "2 sources"),
        ({"sources": 3}, "no recording"),
        ({"path": "x.wav", "offset": 1.5}, "part of a file, from 1.5 s"),
        ({"path": ""}, "none of the columns"),
        ({"path": 3}, "must be a path"),
        ({"path": "a\0.wav"}, "NUL"),
        ({"name": "x.wav"}, "none of the columns audio_filepath, file_name, path"),
        ([1], "no JSON object"),
    ],
)
def test_lines_that_name_no_file_are_refused_by_number(here, fields, said):
    with pytest.raises(FormatError, match=f"l.jsonl, line 2: .*{said}"):
        listed("l.jsonl", f'{{"path": "x.wav"}}\n{json.dumps(fields)}\n')


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("l.csv", "path,text\nx.wav\n", "line 2: it has 1 column, but the first line has 2"),
        ("l.csv", "name;text\nx.wav;a\n", "line 1: the header 'name,text' has none of the columns"),
        ("l.csv", "path,file_name\n,\n", "line 2: it has none of the columns"),
        ("l.csv", "\nx.wav\n", "line 1: the header '' has none of the columns"),
        ("l.jsonl", "{", r"line 1: it is no JSON object .*as jq -c \. list.json > list.jsonl does"),
        (
            "l.json",
            '[{"path": "x.wav"}]',
            r"line 1: .*; write one object a line, as jq -c '\.\[\]'",
        ),
        (
            "l.json",
            '[\n {"path": "x.wav"}\n]',
            r"line 1: .*; write one object a line, as jq -c '\.\[\]'",
        ),
        ("l.jsonl", "x", "line 1: .*; write one object a line$"),
        ("l.jsonl", '{"path": NaN}', "NaN is no number"),
        ("l.jsonl", "[" * 100_000, "line 1: it is nested too deeply"),
        ("l.jsonl.gz", "x", "cannot be read"),
    ],
)
def test_lists_that_are_none_are_refused(here, name, text, said):
    with pytest.raises(FormatError, match=said):
        listed(name, text)


def test_an_empty_list_is_refused(here):
    Path("l.jsonl").write_text("\n")
    with pytest.raises(UsageError, match=r"no sound in l.jsonl"):
        found("l.jsonl")


def impulses(*named):
    return [(item.identity, item.room, item.split) for item in find_impulses(named, "out")]


def test_impulses_are_files_folders_patterns_lists_and_specs(here):
    room("rooms/a/h.wav")
    room("rooms/k.wav")
    Path("rooms/rooms.csv").write_text("path,room,split\nk.wav,kitchen,train\na/h.wav,hall,\n")
    Path("taps.csv").write_text("1\n0.5\n")
    assert impulses("rooms") == [("a/h.wav", None, None), ("k.wav", None, None)]
    assert impulses("rooms/*.wav", "delta") == [("k.wav", None, None), ("delta", None, None)]
    assert impulses("rooms/rooms.csv") == [("k.wav", "kitchen", "train"), ("a/h.wav", "hall", None)]
    assert impulses("taps.csv:rate=48000") == [("taps.csv:rate=48000", None, None)]
    assert impulses("taps.csv") == [("taps.csv", None, None)]  # numbers, and no list
    (joined,) = find_impulses(["join:rooms/k.wav,rooms/a/h.wav"], "out")
    assert joined.identity == "join:k.wav,h.wav"
    assert joined.path == f"join:{here / 'rooms/k.wav'},{here / 'rooms/a/h.wav'}"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (["nobuilder:delay=3"], "does not exist|neither"),
        (["no.wav"], "no.wav does not exist"),
        (["-"], "read more than once"),
        (["a/h.wav", "b/h.wav"], "are impulses of one name, h.wav; name the folder above both"),
        (["empty"], "no impulse in empty"),
        (["preset:nowhere"], "no preset is named"),
    ],
)
def test_impulses_that_are_none_are_refused(here, named, said):
    room("a/h.wav")
    room("b/h.wav")
    Path("empty").mkdir()
    with pytest.raises(AudioconvError, match=said):
        impulses(*named)


def test_columns_come_with_the_task(here):
    room("h.wav")
    Path("l.jsonl").write_text('{"path": "x.wav", "text": "t", "split": "dev"}\n')
    (task,) = planned("l.jsonl", "h.wav", "out").tasks
    assert (task.split, task.columns["text"]) == ("dev", "t")
