"""Pairs, names, collisions and splits: all that is wrong is found before any work."""

import json
import os
import pickle
from pathlib import Path

import pytest
from batches import outputs, planned, room, sound

from audioconv.batch.plan import Plan
from audioconv.errors import AudioconvError, UsageError
from audioconv.job import Options


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with three sounds and two rooms."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.wav", "b.flac", "sub/a.wav"):
        sound(f"in/{name}")
    for name in ("h.wav", "k.wav"):
        room(f"rooms/{name}")
    return tmp_path


def table(name, *lines):
    Path(name).write_text("\n".join(lines) + "\n")
    return name


def refused(said, *arguments, **settings):
    with pytest.raises(UsageError, match=said):
        planned(*arguments, **settings)


def test_all_pairs_keep_the_tree(here):
    names = ["a_h.wav", "a_k.wav", "b_h.wav", "b_k.wav", "sub/a_h.wav", "sub/a_k.wav"]
    assert outputs(planned("in", "rooms", "out")) == names


def test_zip_pairs_in_order(here):
    plan = planned(["in/a.wav", "in/b.flac"], ["rooms/k.wav", "rooms/h.wav"], "out", pairs="zip")
    assert outputs(plan) == ["a_k.wav", "b_h.wav"]
    refused("3 inputs but 2 impulses", "in", "rooms", "out", pairs="zip")


def test_replicas_that_would_be_alike_are_refused(here):
    refused("`replicas` is 2, but with h.wav all would be alike", "in", "rooms", "o", replicas=2)
    names = outputs(planned("in/a.wav", "noise:rt60=0.1..0.2", "o", replicas=2))
    assert names == ["a_noise_0.wav", "a_noise_1.wav"]


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{stem}{suffix}", "sub/a.wav"),
        ("{id}-{replica:03d}.flac", "sub/sub-a-000.flac"),
        ("{split}/{stem}.wav", "sub/dev/a.wav"),
        ("{speaker}_{take:02d}.wav", "sub/A-B_07.wav"),
        ("{{{room}}}_{ir}.wav", "sub/{hall}_h.wav"),
        ("{hash}.wav", None),
    ],
)
def test_names(here, template, name):
    fields = {"path": "in/sub/a.wav", "split": "dev", "speaker": "A/B", "take": 7}
    Path("in.jsonl").write_text(json.dumps({**fields, "path": "sub/a.wav"}))
    Path("in.jsonl").rename("in/in.jsonl")
    rooms = table("rooms/l.csv", "path,room", "h.wav,hall")
    (made,) = outputs(planned("in/in.jsonl", rooms, "out", name=template))
    assert made == name or (name is None and len(made) == len("sub/12345678.wav"))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{steam}.wav", "no field 'steam'; did you mean 'stem'\\? there are stem, suffix, id"),
        ("{stem.__class__}.wav", "no field 'stem.__class__'"),
        ("{stem[0]}.wav", "no field"),
        ("{}.wav", "no field ''"),
        ("{stem!r}.wav", "leave out the conversion"),
        ("{stem", "expected '}'"),
        ("{stem:d}.wav", "Unknown format code"),
        ("{split}.wav", "has no split"),
        ("../{stem}.wav", "not below the folder"),
        ("/{stem}.wav", "not below the folder"),
        ("x/../../{stem}.wav", "not below the folder"),
        ("{stem}", "a has no suffix; add one such as .wav, or pass `format='WAV'`"),
        ("{stem}.txt", "the suffix .txt of a.txt is not a known format"),
        ("same.wav", "are? outputs? of one name|have outputs of one name"),
    ],
)
def test_names_that_are_none_are_refused(here, template, said):
    refused(said, ["in/a.wav", "in/b.flac"], "rooms/h.wav", "out", name=template)


def test_the_fields_of_a_name_are_told_once_each(here):
    lines = table("l.csv", "path,id,split,speaker", "in/a.wav,1,train,A")
    with pytest.raises(UsageError, match="there are") as error:
        planned(lines, "delta", "out", name="{steam}.wav")
    fields = str(error.value).partition("there are ")[2].split(", ")
    assert len(fields) == len({*fields})
    assert {"id", "split", "speaker"} < {*fields}


def test_a_format_needs_no_suffix(here):
    plan = planned("in", "delta", "out", name="{id}", options=Options(format="WAV"))
    assert outputs(plan) == ["a", "b", "sub/sub-a"]


@pytest.mark.parametrize(
    ("form", "subtype", "name"),
    [
        ("flac", None, "a_h.flac"),
        ("OGG", "OPUS", "a_h.opus"),
        ("RF64", None, "a_h.wav"),
        ("IRCAM", None, "a_h.ircam"),
    ],
)
def test_a_format_sets_the_suffix_of_the_default_name(here, form, subtype, name):
    options = Options(format=form, subtype=subtype)
    assert outputs(planned("in/a.wav", "rooms/h.wav", "out", options=options)) == [name]


def test_inputs_of_one_name_collide(here):
    refused(
        "in.a.wav and .*in.sub.a.wav have outputs of one name, a_delta.wav;.*folder above both",
        ["in/a.wav", "in/sub/a.wav"],
        "delta",
        "out",
    )
    refused("a.wav has two outputs of one name, a.wav", "in/a.wav", "rooms", "o", name="{stem}.wav")


@pytest.mark.parametrize(
    ("template", "rows", "said"),
    [
        (
            "{id}.wav",
            ["x,in/a.wav", "x,in/b.flac"],
            "same id x, .* in/x.wav; give each its own id$",
        ),
        ("{ir}.wav", ["x,in/a.wav", "x,in/b.flac"], r"its own id, and a `name` with \{id\}$"),
        ("{split}.wav", ["x,in/a.wav,t", "x,in/b.flac,t"], "lines 2 and 3 of l.csv have the same"),
        ("{split}.wav", [",in/a.wav,t,1", ",in/a.wav,t,2"], "l.csv are both called in/a.wav, and"),
        ("{ir}.wav", ["x,in/a.wav", "y,in/a.wav"], r"y has two .*; give a `name` with \{id\}$"),
        ("{ir}.wav", ["x,in/a.wav", "y,in/b.flac"], r"with \{stem\} or \{suffix\} or \{id\}$"),
        ("{id}.wav", ["x,in/a.wav", "X,in/b.flac"], r"systems; .* with \{stem\} or \{suffix\}$"),
    ],
)
def test_lines_whose_outputs_have_one_name_are_told_what_is_alike(here, template, rows, said):
    columns = ["id", "path", "split", "take"][: rows[0].count(",") + 1]
    refused(said, table("l.csv", ",".join(columns), *rows), "delta", "out", name=template)


@pytest.mark.parametrize(
    ("named", "irs", "template", "remedy"),
    [
        (["in/a.wav", "in/a.flac"], "delta", None, r"give a `name` with \{suffix\}"),
        (["in/a.wav", "in/A.wav"], "delta", None, "rename one"),
        (["in/a.wav", "in/sub/a.wav"], "delta", "{id}.wav", "name the folder above both, of"),
        (["in/a.wav", "l.csv"], "delta", None, "name it once"),
        (["in/a.wav"], "rooms", "{ir:.0}_.wav", r"give a `name` with \{hash\}"),
    ],
)
def test_the_remedy_for_outputs_of_one_name_tells_them_apart(here, named, irs, template, remedy):
    sound("in/a.flac")
    sound("in/A.wav")
    table("l.csv", "path,take", "a.wav,1")
    refused(f"of one name, .*; {remedy}", named, irs, "out", name=template, root="in")


def notices(*arguments, **settings):
    return planned(*arguments, **settings).notices


def test_lines_of_one_id_draw_the_same_and_are_told(here):
    lines = table("l.csv", "id,path", "x,in/a.wav", "y,in/b.flac", "x,in/sub/a.wav", "y,in/a.wav")
    more = table("m.csv", "id,path", "z,in/a.wav", "x,in/b.flac")
    room = "noise:rt60=0.1..0.2"
    said = (
        "lines 2 and 4 of l.csv have the same id x, so the same is drawn for both; give each its "
        "own id; 1 other line likewise"
    )
    how = {"name": "{id}_{stem}_{hash}.wav"}
    assert notices(lines, room, "out", **how) == (said,)
    assert notices(lines, "rooms", "out", pairs="random", **how) == (said,)
    assert notices(lines, "rooms", "out", **how) == ()  # nothing is drawn
    assert notices(lines, "rooms/h.wav", "out", pairs="random", **how) == ()
    twice = ["line 2 of l.csv and 3 of m.csv have the same id x, so"]
    Path("l.csv").write_text("id,path\nx,in/a.wav\nx,in/a.wav\n")  # said twice, it is one
    assert [text[: len(twice[0])] for text in notices([lines, more], room, "out", **how)] == twice
    with pytest.raises(AudioconvError, match=r"its own id \(an error under `strict`\)"):
        planned([lines, more], room, "out", options=Options(strict=True), **how)


@pytest.mark.parametrize(
    ("inputs", "irs"),
    [
        ("in", "in/sub/a.wav"),
        ("in", "in/sub/a.wav:channel=1"),
        (["in/b.flac", "in/sub/a.wav"], "join:in/sub/a.wav,rooms/h.wav"),
        ("in/**/*.wav", ["rooms", "in/sub"]),
        ("in/a.wav", "twin.wav"),
        ("l.csv", "in/sub/*.wav"),
    ],
)
def test_a_file_that_is_input_and_impulse_is_told(here, inputs, irs):
    table("l.csv", "path", "in/sub/a.wav")
    os.link("in/a.wav", "twin.wav")
    path = "in/a.wav" if irs == "twin.wav" else "in/sub/a.wav"
    said = f"{here / path} is both an input and in `impulses`; leave it out where it is not meant"
    assert notices(inputs, irs, "out") == (said,)
    with pytest.raises(AudioconvError, match="error under `strict`"):
        planned(inputs, irs, "out", options=Options(strict=True))


def test_files_that_are_inputs_and_impulses_are_one_notice(here):
    (said,) = notices("in", ["in", "preset:slapback"], "out")
    assert "a.wav is both an input and in `impulses`, as are 2 others; leave" in said
    assert notices("in", "rooms", "out") == notices("in", "delta", "out") == ()


def test_an_input_is_looked_at_where_it_may_be_an_impulse(here, monkeypatch):
    for number in range(20):
        sound(f"many/{number}.wav")
    Path("link.wav").symlink_to(here / "many/7.wav")
    os.link("many/8.wav", "twin.wav")
    stat, looked = os.stat, []

    def seen(path, *arguments, **how):
        looked.append(Path(path).parent.name if isinstance(path, str) else "")
        return stat(path, *arguments, **how)

    monkeypatch.setattr(os, "stat", seen)
    for ir, both, looks in [
        ("rooms/h.wav", 0, 0),
        ("in/a.wav", 0, 0),
        ("link.wav", 1, 1),
        ("twin.wav", 1, 20),
    ]:
        looked.clear()
        assert len(notices("many", ir, "out")) == both
        assert looked.count("many") == looks, ir
    looked.clear()
    assert len(notices("many", "many/3.wav", "out")) == 1
    assert looked.count("many") < 10


@pytest.mark.parametrize(("one", "other"), [("x", "X"), ("\u00e9", "e\u0301"), ("\u1e9e", "ss")])
def test_names_that_are_one_on_some_systems_collide(here, one, other):
    lines = table("l.csv", "id,path", f"{one},in/a.wav", f"{other},in/b.flac")
    refused("which are one file on some systems", lines, "delta", "out", name="{id}.wav")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_among_the_outputs_collide(here):
    Path("out/y").mkdir(parents=True)
    Path("out/x").symlink_to("y")
    sound("two/x/a.wav")
    sound("two/y/a.wav")
    refused("of one name", "two", "delta", "out")
    Path("out/a_delta.wav").symlink_to("b_delta.wav")
    refused("of one name", "in", "delta", "out")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_out_of_the_folder_are_refused(here):
    Path("out").mkdir()
    Path("out/sub").symlink_to(here / "rooms")
    refused("out.sub is a link out of the folder", "in", "delta", "out")
    Path("out/sub").unlink()
    Path("out/a_delta.wav").symlink_to(here / "rooms/h.wav")
    refused("a_delta.wav is a link out of the folder", "in", "delta", "out")


def test_an_output_that_is_an_input_is_refused(here):
    refused("is the input .*in.a.wav", "in/a.wav", "delta", "in", name="{stem}.wav")
    os.link("in/a.wav", "rooms/twin.wav")
    refused("is the input .*in.a.wav", "in/a.wav", "delta", "rooms", name="twin.wav")
    refused("is the input .*rooms.h.wav", "in/a.wav", "rooms/h.wav", "rooms", name="{ir}.wav")


@pytest.mark.parametrize("into", ["", "-", "in/a.wav"])
def test_a_folder_of_outputs_that_is_none_is_refused(here, into):
    refused("folder", "in", "delta", into)


def test_a_list_of_rows_is_no_output(here):
    options = Options(format="WAV")
    refused(
        "is a list of the rows", "in/a.wav", "delta", "o", name="metadata.jsonl", options=options
    )


def test_an_input_in_two_splits_is_refused(here):
    lines = table("l.csv", "path,split,id", "in/a.wav,train,1", "in/../in/a.wav,test,2")
    how = {"name": "{id}.wav"}
    refused("input 2 is in the splits train and test", lines, "delta", "out", **how)
    assert len(planned(lines, "delta", "out", allow_leakage=True, **how).tasks) == 2


def test_rooms_in_two_splits_are_refused_unless_impulses_have_theirs(here):
    lines = table(
        "l.csv", "path,split", *(f"in/{n},{s}" for n, s in [("a.wav", "train"), ("b.flac", "test")])
    )
    rooms = table("r.csv", "path,room", "rooms/h.wav,hall", "rooms/k.wav,hall")
    refused("room hall is in the splits train and test; give each impulse", lines, rooms, "out")
    assert planned(lines, rooms, "out", allow_leakage=True).tasks
    split = table("s.csv", "path,room,split", "rooms/h.wav,1,train", "rooms/k.wav,2,test")
    for pairs in ("all", "random"):
        assert outputs(planned(lines, split, "out", pairs=pairs)) == [
            "in/a_rooms-h.wav",
            "in/b_rooms-k.wav",
        ]
    one = table("t.csv", "path,room,split", "rooms/h.wav,1,train")
    refused("is in the split test, but no impulse is", lines, one, "out")


def test_a_zip_across_splits_leaks(here):
    lines = table("l.csv", "path,split", "in/a.wav,train", "in/b.flac,test")
    rooms = table("s.csv", "path,room,split", "rooms/h.wav,1,test", "rooms/k.wav,2,train")
    refused("room 1 is in the splits", lines, rooms, "out", pairs="zip")


def test_a_plan_is_plain_data(here):
    lines = table("l.csv", "path,split", "in/a.wav,train", "in/b.flac,test")
    plan = planned(
        lines,
        ["delta", "noise:rt60=0.1..0.2"],
        "out",
        seed=3,
        options=Options(wet="-6dB", length="input"),
    )
    assert pickle.loads(pickle.dumps(plan)) == plan
    assert Plan.from_json(json.loads(json.dumps(plan.as_json()))) == plan
    assert plan.into == str(here / "out")
    assert not Path("out").exists()
