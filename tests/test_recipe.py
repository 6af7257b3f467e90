"""A file tells how it was made, and is made again of it, byte for byte; or it is told why not."""

import hashlib
import json
import os
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from audioconv._version import __version__
from audioconv.cli import main
from audioconv.engines import stream
from audioconv.errors import AudioconvError, UsageError
from audioconv.job import Job, Options
from audioconv.render.recipe import read_recipe
from audioconv.render.redo import _files, redo
from audioconv.render.run import run
from audioconv.units import parse_size

RATE = 44100
posix = pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX has them")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the working directory, with a sound and an impulse in it."""
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0)
    sound(tmp_path / "in.wav", noise.uniform(-0.4, 0.4, (3000, 2)))
    sound(tmp_path / "one.wav", noise.uniform(-0.4, 0.4, 2999), "PCM_24")
    fading = 0.5 * noise.standard_normal((400, 2)) * np.exp(-np.arange(400) / 80)[:, None]
    sound(tmp_path / "ir.wav", np.clip(fading, -1, 1), "PCM_24")
    sound(tmp_path / "other.wav", np.clip(fading[:100, :1], -1, 1), "FLOAT")
    sound(tmp_path / "slow.wav", np.clip(fading, -1, 1), rate=32000)
    sound(tmp_path / "in.flac", noise.uniform(-0.4, 0.4, (3000, 2)))
    return tmp_path


def sound(path, audio, subtype="PCM_16", rate=RATE):
    lossy = str(path).endswith((".ogg", ".mp3"))
    soundfile.write(path, np.asarray(audio), rate, None if lossy else subtype)
    return str(path)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def chunks_of(path):
    """Return name and body of each chunk of a WAV."""
    data, at, found = Path(path).read_bytes(), 12, []
    while at < len(data):
        name, size = struct.unpack("<4sI", data[at : at + 8])
        if name == b"data" and size == 0xFFFFFFFF:
            size = struct.unpack("<Q", dict(found)[b"ds64"][8:16])[0]
        found.append((name, data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def recipe_in(path):
    found = [body for name, body in chunks_of(path) if name == b"aucv"]
    assert len(found) == 1
    return json.loads(found[0])


def with_recipe(path, text):
    """Put another recipe, of any length, in the place of the one at the end of a WAV."""
    data = Path(path).read_bytes()
    at = data.rindex(b"aucv")
    made = data[:at] + chunk(b"aucv", text)
    Path(path).write_bytes(made[:4] + struct.pack("<I", len(made) - 8) + made[8:])


@contextmanager
def pipe_of(data):
    """Give what stands for standard input when it is a pipe."""
    reading, writing = os.pipe()

    def feed():
        with os.fdopen(writing, "wb") as file, suppress(BrokenPipeError):
            file.write(data)

    thread = threading.Thread(target=feed)
    thread.start()
    with os.fdopen(reading) as pipe:
        yield pipe
    thread.join()


# made again


WAYS = {
    "plain": "in.wav --ir ir.wav",
    "length input": "in.wav --ir ir.wav --length input",
    "length auto": "in.wav --ir ir.wav --length auto",
    "length, a time": "in.wav --ir ir.wav --length 20ms",
    "align": "in.wav --ir ir.wav --align peak",
    "wet and dry": "in.wav --ir ir.wav --wet=-6dB --dry 0.3",
    "mix": "in.wav --ir ir.wav --mix 0.3",
    "no mix": "in.wav --ir ir.wav --mix 0",
    "ir-gain": "in.wav --ir ir.wav --ir-gain l1",
    "ir-gain in decibels": "in.wav --ir ir.wav --ir-gain=-7.3dB",
    "map": "in.wav --ir ir.wav --map matrix=1:1,2:1",
    "resampled": "in.wav --ir slow.wav --ir-gain response",
    "guard": "in.wav --ir ir.wav --wet 9",
    "guard and dither": "in.wav --ir ir.wav --wet 9 --dither tpdf",
    "saturated": "in.wav --ir ir.wav --wet 9 --clip saturate",
    "clip error": "in.wav --ir ir.wav --ir-gain l1 --clip error",
    "dither": "in.wav --ir ir.wav --dither tpdf --ir-gain l1",
    "subtype": "in.wav --ir ir.wav --subtype PCM_24",
    "subtype in small letters": "in.wav --ir ir.wav --subtype float",
    "format": "in.wav --ir ir.wav --format wavex",
    "rf64": "in.wav --ir ir.wav --rf64 always",
    "format rf64": "in.wav --ir ir.wav --format RF64",
    "engine": "in.wav --ir ir.wav --engine direct",
    "precision": "in.wav --ir ir.wav --precision single",
    "threads": "in.wav --ir ir.wav --threads 1",
    "verify": "in.wav --ir ir.wav --verify",
    "metadata": "in.wav --ir ir.wav --metadata none",
    "most": "in.wav --ir ir.wav --max-output 1MB",
    "a file and a spec": "one.wav --ir other.wav --ir double-spike:delay=3ms,gain=-6dB",
    "two files": "one.wav --ir other.wav --ir ir.wav",
    "a file twice": "one.wav --ir other.wav --ir other.wav",
    "the input on itself": "one.wav --ir one.wav --ir-gain l1",
    "spec": "in.wav --ir feedback:delay=10ms,gain=0.5",
    "flac": "in.flac --ir ir.wav",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_file_is_made_again_of_its_recipe(way, call, folder):
    call("convolve", *WAYS[way].split()[:1], "out.wav", *WAYS[way].split()[1:])
    before, there = (folder / "out.wav").read_bytes(), names(folder)
    said = call("redo", "out.wav")
    assert f"out.wav: the same {len(before)} bytes" in said.err
    assert (said.out, (folder / "out.wav").read_bytes()) == ("", before)
    assert names(folder) == there


@pytest.mark.parametrize(
    "line", ["", "--delay 10ms --gain 0.3 --delay 20ms --gain -9dB", "--fractional --delay 1.3ms"]
)
def test_an_echo_is_made_again(line, call, folder):
    call("echo", "in.wav", "out.wav", *line.replace(" -9dB", "=-9dB").split())
    call("redo", "out.wav")


@pytest.mark.parametrize(
    ("suffix", "more"),
    [("flac", []), ("aiff", []), ("w64", []), ("caf", []), ("au", []), ("mp3", [])]
    + [(s, ["--subtype", "FLOAT"]) for s in ("aiff", "caf", "w64", "au")]
    + [("caf", ["--subtype", "ALAC_16"]), ("wav", ["--subtype", "IMA_ADPCM"])]
    + [("ogg", []), ("wav", ["--subtype", "ULAW"])],
)
def test_a_file_of_another_format_is_made_again_of_what_lies_beside_it(
    suffix, more, call, folder, monkeypatch
):
    out = f"out.{suffix}"
    call("convolve", "in.wav", out, "--ir", "ir.wav", "--recipe", "sidecar", *more)
    second = int(time.time()) + 1
    while time.time() < second and (suffix == "ogg" or more):  # encoders write the time
        time.sleep(0.05)
    before = names(folder)
    call("redo", out)
    assert names(folder) == before


def test_a_file_with_chunks_is_made_again(call, folder):
    data = (folder / "in.wav").read_bytes()
    bext = b"about".ljust(346, b"\0") + struct.pack("<H", 2) + bytes(254)
    cue = struct.pack("<III4sIII", 1, 1, 5, b"data", 0, 0, 5)
    made = data[:36] + chunk(b"bext", bext) + data[36:] + chunk(b"cue ", cue) + chunk(b"iXML", b"<")
    (folder / "in.wav").write_bytes(made[:4] + struct.pack("<I", len(made) - 8) + made[8:])
    call("convolve", "in.wav", "out.wav", "--ir", "ir.wav", "--wet", "9")
    assert [name for name, _ in chunks_of("out.wav")][:2] == [b"fmt ", b"bext"]
    assert [name for name, _ in chunks_of("out.wav")][-3:] == [b"cue ", b"iXML", b"aucv"]
    call("redo", "out.wav")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("more", [[], ["--subtype", "FLOAT"], ["--allow-truncated"]])
def test_a_file_made_of_a_pipe_is_made_again_of_a_file(more, known, call, folder, monkeypatch):
    data = (folder / "in.wav").read_bytes()
    if not known:
        data = data[:4] + b"\xff" * 4 + data[8:40] + b"\xff" * 4 + data[44:]
        (folder / "in.wav").write_bytes(data)
    with pipe_of(data) as pipe:
        monkeypatch.setattr(sys, "stdin", pipe)
        call("convolve", "-", "out.wav", "--ir", "ir.wav", *more)
    assert recipe_in("out.wav")["input"] == {"sha256": sha256("in.wav"), "bytes": len(data)}
    call("redo", "out.wav")


def test_a_truncated_input_is_taken_again_for_what_there_is(call, folder):
    data = (folder / "in.wav").read_bytes()
    (folder / "in.wav").write_bytes(data[:5000])
    call("convolve", "in.wav", "out.wav", "--ir", "ir.wav", "--allow-truncated")
    call("redo", "out.wav")


# the recipe


def test_a_recipe_holds_version_hashes_and_options(call, folder):
    chain = ["--ir", "other.wav", "--ir", "delta:delay=2ms", "--ir", "ir.wav"]
    call("convolve", "one.wav", "out.wav", *chain, "--wet=-6dB", "--length", "auto", "-y")
    found = recipe_in("out.wav")
    assert found == {
        "audioconv": __version__,
        "input": {"sha256": sha256("one.wav"), "bytes": Path("one.wav").stat().st_size},
        "impulses": [
            {"sha256": sha256("other.wav"), "bytes": Path("other.wav").stat().st_size},
            "delta:delay=2ms",
            {"sha256": sha256("ir.wav"), "bytes": Path("ir.wav").stat().st_size},
        ],
        "options": {
            "wet": pytest.approx(10 ** (-6 / 20)),
            "length": "auto",
            "format": "WAV",
            "subtype": "PCM_24",
        },
    }


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "aiff"])
def test_the_hash_is_of_the_file_whatever_reads_it(suffix, call, folder):
    sound(folder / f"x.{suffix}", np.random.default_rng(0).uniform(-0.3, 0.3, 9000))
    call("convolve", f"x.{suffix}", "out.wav", "--ir", "ir.wav")
    assert recipe_in("out.wav")["input"]["sha256"] == sha256(f"x.{suffix}")
    call("convolve", "in.wav", "ir.out.wav", "--ir", f"x.{suffix}")
    assert recipe_in("ir.out.wav")["impulses"][0]["sha256"] == sha256(f"x.{suffix}")


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff"])
@pytest.mark.parametrize("way", ["a file", "a pipe", "a pipe of unknown length"])
def test_the_hash_is_of_samples_that_were_not_wanted_too(suffix, way, call, folder, monkeypatch):
    """Without them, the output can be made, but not a recipe of a sound without an end."""
    path = folder / f"x.{suffix}"
    sound(path, np.random.default_rng(0).uniform(-0.3, 0.3, 300_000))  # more than one block
    data = path.read_bytes()
    endless = way == "a pipe of unknown length" and suffix == "wav"
    if endless:
        data = data[:4] + b"\xff" * 4 + data[8:40] + b"\xff" * 4 + data[44:]
    line = ["out.wav", "--ir", "delta", "--length", "1ms", "--clip", "error"]
    if way == "a file":
        call("convolve", path, *line)
    else:
        with pipe_of(data) as pipe:
            monkeypatch.setattr(sys, "stdin", pipe)
            call("convolve", "-", *line)
    if not endless:
        assert recipe_in("out.wav")["input"] == {"sha256": sha256(path), "bytes": len(data)}
        return
    assert not [body for name, body in chunks_of("out.wav") if name == b"aucv"]
    with pipe_of(data) as pipe:
        monkeypatch.setattr(sys, "stdin", pipe)
        said = call("convolve", "-", "b.wav", *line[1:], "--recipe", "sidecar", code=1).err
    assert "standard input was not read to its end, so it has no digest for a recipe" in said
    assert "--recipe none" in said
    assert not list(folder.glob("b.wav*"))


@pytest.mark.parametrize("length", ["full", "1ms"])
def test_the_hash_is_of_all_of_the_file(length, call, folder):
    """What follows the samples counts, and so do samples beyond what is wanted."""
    data = (folder / "in.wav").read_bytes()
    (folder / "in.wav").write_bytes(data + chunk(b"xtra", b"more") + b"and garbage")
    call("convolve", "in.wav", "out.wav", "--ir", "ir.wav", "--length", length)
    assert recipe_in("out.wav")["input"]["sha256"] == sha256("in.wav")
    call("redo", "out.wav")


def test_no_path_is_in_the_chunk(call, folder):
    call("convolve", folder / "in.wav", folder / "out.wav", "--ir", folder / "ir.wav")
    made = (folder / "out.wav").read_bytes()
    for secret in (b"in.wav", b"ir.wav", folder.name.encode(), str(folder).encode()):
        assert secret not in made


def test_options_that_change_no_byte_are_not_in_it(call, folder):
    every = "--threads 1 --verify --max-output 4GB -y --recipe sidecar"
    call("convolve", "in.wav", "out.wav", "--ir", "ir.wav", *every.split())
    assert recipe_in("out.wav")["options"] == {"format": "WAV", "subtype": "PCM_16"}


def test_recipe_none_leaves_it_out(call, folder):
    call("convolve", "in.wav", "out.wav", "--ir", "ir.wav", "--recipe", "none")
    assert [name for name, _ in chunks_of("out.wav")] == [b"fmt ", b"data"]
    said = call("redo", "out.wav", code=1)
    assert "out.wav contains no recipe" in said.err


@pytest.mark.parametrize("kept", [1, 3, 4, 7, 8, 9, -2])
def test_a_recipe_that_is_cut_off_is_not_followed(kept, call, folder):
    call("convolve", "in.wav", "out.wav", "--ir", "ir.wav", "--recipe", "sidecar")
    call("convolve", "in.wav", "out.wav", "--ir", "ir.wav", "-y")
    data = (folder / "out.wav").read_bytes()
    end = data.rindex(b"aucv") + kept if kept > 0 else len(data) + kept
    (folder / "cut.wav").write_bytes(data[:end])
    (folder / "out.wav.json").replace(folder / "aside.json")
    said = call("redo", "cut.wav", code=1)
    assert "the recipe at the end of cut.wav is cut off; get a complete copy" in said.err
    (folder / "aside.json").replace(folder / "cut.wav.json")
    call("redo", "cut.wav", "again.wav", code=3)  # by the sidecar; it differs from what is left
    assert (folder / "again.wav").read_bytes() == data


def test_the_recipe_of_an_input_is_not_passed_on(call, folder):
    call("convolve", "in.wav", "a.wav", "--ir", "ir.wav")
    quiet = ["--ir", "other.wav", "--ir-gain", "l1", "--strict"]
    call("convolve", "a.wav", "b.wav", *quiet)
    assert recipe_in("b.wav")["input"]["sha256"] == sha256("a.wav")
    call("redo", "b.wav")
    call("convolve", "a.wav", "c.wav", *quiet, "--recipe", "none")
    assert b"aucv" not in (folder / "c.wav").read_bytes()


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_the_file_is_the_same_for_threads_pipes_and_checks(subtype, call, folder, monkeypatch):
    common = ["--ir", "ir.wav", "--subtype", subtype, "--engine", "partitioned"]
    data = (folder / "in.wav").read_bytes()
    call("convolve", "in.wav", "base.wav", *common)
    for place, more in enumerate((["--threads", 1], ["--threads", 2], ["--verify"])):
        call("convolve", "in.wav", f"{place}.wav", *common, *more)
        with pipe_of(data) as pipe:
            monkeypatch.setattr(sys, "stdin", pipe)
            call("convolve", "-", f"pipe-{place}.wav", *common, *more)
        with Path("in.wav").open() as file:
            monkeypatch.setattr(sys, "stdin", file)
            call("convolve", "-", f"file-{place}.wav", *common, *more)
    made = {path.read_bytes() for path in folder.glob("*[0-9e].wav") if path.name[0] in "bfp012"}
    assert (len(list(folder.glob("*-?.wav"))), len(made)) == (6, 1)


@posix
@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_a_pipe_out_has_the_bytes_of_a_file(subtype, call, folder):
    call("convolve", "in.wav", "out.wav", "--ir", "ir.wav", "--subtype", subtype)
    line = ["convolve", "in.wav", "-", "--ir", "ir.wav", "--subtype", subtype, "-q"]
    done = subprocess.run(
        [sys.executable, "-m", "audioconv", *line],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        check=True,
    )
    assert done.stderr == b""
    (folder / "piped.wav").write_bytes(done.stdout)
    made, piped = chunks_of("out.wav"), chunks_of("piped.wav")
    assert [pair for pair in made if pair[0] != b"aucv"] == [
        pair for pair in piped if pair[0] != b"aucv"
    ]
    assert struct.unpack("<I", done.stdout[4:8])[0] == len(done.stdout) - 8


# redo


def made_in(call, folder, *more, out="out.wav"):
    call("convolve", "in.wav", out, "--ir", "ir.wav", *more)
    return (folder / out).read_bytes()


def tamper(path, *, byte=100):
    data = bytearray(Path(path).read_bytes())
    data[byte] ^= 1
    Path(path).write_bytes(data)
    return bytes(data)


def test_ingredients_are_found_where_they_have_moved(call, folder):
    made_in(call, folder)
    for place in ("x", "y/deep/er"):
        (folder / place).mkdir(parents=True)
    (folder / "in.wav").rename(folder / "x" / "renamed.dat")
    (folder / "ir.wav").rename(folder / "y/deep/er" / "hall")
    said = call("redo", "out.wav")
    assert "x/renamed.dat" in said.err
    assert "y/deep/er/hall" in said.err


def test_an_output_may_be_renamed_and_moved(call, folder, tmp_path_factory):
    made_in(call, folder)
    other = tmp_path_factory.mktemp("other")
    (folder / "out.wav").rename(other / "renamed.bin")
    call("redo", other / "renamed.bin")


@pytest.mark.parametrize("gone", ["in.wav", "ir.wav"])
def test_what_is_not_found_is_named_by_its_hash(gone, call, folder, tmp_path_factory):
    made = made_in(call, folder)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (folder / gone).rename(elsewhere / gone)
    said = call("redo", "out.wav", code=1)
    for word in (sha256(elsewhere / gone), str(Path(elsewhere / gone).stat().st_size), "--from"):
        assert word in said.err
    call("redo", "out.wav", "--from", elsewhere)
    call("redo", "out.wav", "--from", elsewhere / gone)
    call("redo", "out.wav", "--from", "no such place", "--from", elsewhere)
    assert (folder / "out.wav").read_bytes() == made


def test_an_ingredient_that_changed_is_not_taken(call, folder):
    made_in(call, folder)
    tamper("in.wav")
    assert "SHA-256" in call("redo", "out.wav", code=1).err


def link(path, target):
    """Make a link to a folder, as far as the system lets us."""
    try:
        path.symlink_to(target, target_is_directory=True)
    except OSError as error:
        pytest.skip(f"no links here: {error}")


@pytest.mark.parametrize("deep", [False, True])
def test_ingredients_are_found_behind_a_linked_folder(deep, call, folder, tmp_path_factory):
    made_in(call, folder)
    far = tmp_path_factory.mktemp("far")
    (far / "inner").mkdir()
    (folder / "ir.wav").rename(far / "inner" / "hall")
    (folder / "sounds").mkdir()
    link(folder / "sounds" / "linked", far if deep else far / "inner")
    said = call("redo", "out.wav")
    assert str(Path("sounds", "linked", *["inner"] * deep, "hall")) in said.err


def test_links_that_lead_in_circles_are_followed_once(call, folder, tmp_path_factory):
    made_in(call, folder)
    far = tmp_path_factory.mktemp("far")
    (folder / "ir.wav").rename(far / "ir.wav")
    link(folder / "a-self", folder)
    (folder / "b").mkdir()
    link(folder / "b" / "up", folder)
    link(folder / "gone", folder / "nowhere")
    found = sorted(path for path in islice(_files([str(folder)]), 99) if "gone" not in path)
    assert found == sorted(str(path) for path in folder.iterdir() if path.is_file())
    assert "SHA-256" in call("redo", "out.wav", code=1).err
    link(folder / "c-far", far)
    link(far / "back", folder)
    call("redo", "out.wav")


def test_linked_folders_are_searched_last(call, folder, tmp_path_factory, monkeypatch):
    """A link may lead to more files than are searched, which must not hide those beside it."""
    made_in(call, folder)
    far = tmp_path_factory.mktemp("far")
    for n in range(50):
        (far / f"{n}.dat").touch()
    link(folder / "a-link", far)
    (folder / "z").mkdir()
    (folder / "ir.wav").rename(folder / "z" / "ir.wav")
    monkeypatch.setattr("audioconv.render.redo.MOST_PLACES", 40)
    call("redo", "out.wav")


@posix
def test_a_pipe_among_the_files_is_passed_over(call, folder):
    made_in(call, folder)
    os.mkfifo("a-pipe")
    call("redo", "out.wav")


@pytest.mark.parametrize("byte", [44, 100, -3])
def test_a_changed_output_ends_with_three_and_stays(byte, call, folder):
    made = made_in(call, folder)
    changed = tamper("out.wav", byte=byte) if byte != -3 else None
    if changed is None:  # the recipe's own padding: it is followed all the same
        changed = made[:-1] + b"\n" if made.endswith(b" ") else made[:-2] + b" }"
        (folder / "out.wav").write_bytes(changed)
        byte = next(n for n, (a, b) in enumerate(zip(made, changed, strict=True)) if a != b)
    said = call("redo", "out.wav", code=3)
    assert f"from byte {byte} on" in said.err
    assert "pass -y" in said.err
    assert (folder / "out.wav").read_bytes() == changed
    assert "replacing other content" in call("redo", "out.wav", "-y").err
    assert (folder / "out.wav").read_bytes() == made
    assert "the same" in call("redo", "out.wav", "-y").err


def test_json_tells_what_came_of_it(call, folder):
    made = made_in(call, folder)
    found = json.loads(call("redo", "out.wav", "--json", "-q").out)
    assert found["same"] is True
    assert (found["first_difference"], found["bytes"], found["new"]) == (None, len(made), None)
    assert Path(found["input"]).samefile("in.wav")
    tamper("out.wav", byte=77)
    found = json.loads(call("redo", "out.wav", "--json", code=3).out)
    assert (found["same"], found["first_difference"]) == (False, 77)


def test_a_new_name_keeps_both(call, folder):
    made = made_in(call, folder)
    call("redo", "out.wav", "new.wav")
    assert (folder / "new.wav").read_bytes() == made
    assert "exists" in call("redo", "out.wav", "new.wav", code=2).err
    changed = tamper("out.wav")
    call("redo", "out.wav", "new.wav", "-y", code=3)
    assert (folder / "out.wav").read_bytes() == changed
    assert (folder / "new.wav").read_bytes() == made
    for same in ("in.wav", "ir.wav", "./out.wav"):
        before = (folder / same).read_bytes()
        assert "same file" in call("redo", "out.wav", same, "-y", code=2).err
        assert (folder / same).read_bytes() == before


def test_the_name_of_the_output_twice_is_refused_or_the_same(folder, capsys):
    line = ["convolve", "in.wav", "out.wav", "--ir", "ir.wav"]
    assert main(line) == 0
    before, there = (folder / "out.wav").read_bytes(), names(folder)
    capsys.readouterr()
    code = main(["redo", "out.wav", "out.wav", "-y"])
    assert (code, "was not what" in capsys.readouterr().err) in ((0, False), (2, False))
    assert (folder / "out.wav").read_bytes() == before
    assert names(folder) == there


def test_a_new_name_of_another_suffix_has_the_same_bytes(call, folder):
    made = made_in(call, folder)
    call("redo", "out.wav", "new.bak")
    assert (folder / "new.bak").read_bytes() == made


@pytest.mark.parametrize("out", ["out.flac", "out.wav"])
def test_a_lost_output_is_brought_back(out, call, folder):
    made = made_in(call, folder, "--recipe", "sidecar", out=out)
    beside = (folder / f"{out}.json").read_bytes()
    (folder / out).unlink()
    said = call("redo", out)
    assert (folder / out).read_bytes() == made
    assert f"as {out}" in said.err
    assert (folder / f"{out}.json").read_bytes() == beside


def test_a_lost_output_is_made_again_under_another_name(call, folder):
    made = made_in(call, folder, "--recipe", "sidecar", out="out.flac")
    (folder / "out.flac").unlink()
    call("redo", "out.flac", "new.flac")
    assert (folder / "new.flac").read_bytes() == made
    assert not (folder / "out.flac").exists()


def test_an_output_that_never_was_has_no_recipe(call, folder):
    assert "none.wav does not exist" in call("redo", "none.wav", code=1).err


def test_a_sidecar_has_paths_and_hashes(call, folder):
    chain = ["--ir", "delta", "--ir", "ir.wav"]
    call("convolve", "in.wav", "out.flac", *chain, "--recipe", "sidecar")
    found = json.loads((folder / "out.flac.json").read_text())
    assert found["output"]["sha256"] == sha256("out.flac")
    assert found["output"]["bytes"] == Path("out.flac").stat().st_size
    assert found["input"] == {
        "sha256": sha256("in.wav"),
        "bytes": Path("in.wav").stat().st_size,
        "path": str(folder / "in.wav"),
    }
    assert found["impulses"][0] == "delta"
    assert found["impulses"][1]["path"] == str(folder / "ir.wav")
    assert (folder / "out.flac.json").read_bytes().endswith(b"}\n")


def test_a_sidecar_finds_what_is_far_away(call, folder, tmp_path_factory, monkeypatch):
    far = tmp_path_factory.mktemp("far")
    call("convolve", "in.wav", far / "out.flac", "--ir", "ir.wav", "--recipe", "sidecar")
    monkeypatch.chdir(far)
    call("redo", "out.flac")


def test_a_sidecar_of_standard_input_names_no_path(call, folder, monkeypatch):
    with pipe_of((folder / "in.wav").read_bytes()) as pipe:
        monkeypatch.setattr(sys, "stdin", pipe)
        call("convolve", "-", "out.flac", "--ir", "ir.wav", "--recipe", "sidecar")
    assert "path" not in json.loads((folder / "out.flac.json").read_text())["input"]
    call("redo", "out.flac")


def test_a_sidecar_that_exists_is_refused_without_y(call, folder):
    (folder / "out.flac.json").write_text("precious")
    line = ["convolve", "in.wav", "out.flac", "--ir", "ir.wav", "--recipe", "sidecar"]
    assert "out.flac.json exists" in call(*line, code=2).err
    assert (folder / "out.flac.json").read_text() == "precious"
    assert not (folder / "out.flac").exists()
    call(*line, "-y")
    call("redo", "out.flac")


def test_a_sidecar_beside_standard_output_is_refused(call, folder):
    line = ["convolve", "in.wav", "-", "--ir", "ir.wav", "--recipe", "sidecar"]
    assert "name a file" in call(*line, code=2).err


@posix
def test_a_sidecar_beside_a_pipe_is_written_or_refused(folder, capsys):
    os.mkfifo("a-pipe")
    before = names(folder)
    reader = threading.Thread(target=lambda: Path("a-pipe").read_bytes())
    reader.start()
    line = ["in.wav", "a-pipe", "--ir", "ir.wav", "--recipe", "sidecar", "--subtype", "FLOAT"]
    code = main(["convolve", *line, "--format", "WAV"])
    while reader.is_alive():  # let go of it, if nobody has written, once it waits
        with suppress(OSError):
            os.close(os.open("a-pipe", os.O_WRONLY | os.O_NONBLOCK))
        reader.join(0.01)
    assert "unexpected" not in capsys.readouterr().err
    if code:
        assert names(folder) == before


def test_a_failed_run_leaves_no_sidecar(call, folder):
    before = names(folder)
    line = ["in.wav", "out.flac", "--ir", "ir.wav", "--recipe", "sidecar"]
    call("convolve", *line, "--wet", "99", "--clip", "error", code=1)
    assert names(folder) == before


def test_an_old_sidecar_does_not_speak_for_a_new_file(call, folder):
    """The recipe in a file is that of its own bytes; one that lay there before is not."""
    made_in(call, folder, "--recipe", "sidecar")
    new = made_in(call, folder, "--wet", "0.5", "-y")
    call("redo", "out.wav")
    call("redo", "out.wav", "-y")
    assert (folder / "out.wav").read_bytes() == new


def test_json_that_is_no_recipe_does_not_hide_the_one_in_the_file(call, folder):
    made_in(call, folder)
    (folder / "out.wav.json").write_text('{"streams": []}')
    call("redo", "out.wav")


def test_a_folder_of_the_sidecars_name_is_no_sidecar(call, folder):
    made_in(call, folder)
    (folder / "out.wav.json").mkdir()
    call("redo", "out.wav")


def test_a_lost_file_that_comes_out_otherwise_is_an_error(call, folder):
    made_in(call, folder, "--recipe", "sidecar", out="out.flac")
    (folder / "out.flac").unlink()
    text = (folder / "out.flac.json").read_text()
    read = json.loads(text)
    read["options"]["wet"] = 0.25
    (folder / "out.flac.json").write_text(json.dumps(read))
    call("redo", "out.flac", code=3)


# recipes that are none


GOOD = '{"audioconv":"%s","impulses":["delta"],"input":{"bytes":%d,"sha256":"%s"},"options":%s}'
NO_RECIPES = {
    "no text": "",
    "no JSON": "{",
    "a number": "7",
    "a list": "[]",
    "null": "null",
    "nothing in it": "{}",
    "not UTF-8": b"\xff\xfe",
    "very deep": "[" * 100_000,
    "no input": '{"audioconv":"1","impulses":[],"options":{}}',
}
ODD_OPTIONS = [
    '{"unknown": 1}', '[["wet"]]', '"wet"', "7", '{"wet": "loud"}', '{"wet": null}', '{"wet": []}',
    '{"format": "TAPE"}', '{"subtype": 7}', '{"length": 7}', '{"length": null}', '{"map": {}}',
    '{"mix": "a"}', '{"mix": 7}', '{"dither": "loud"}', '{"clip": "maybe"}', '{"align": 3}',
    '{"rf64": "perhaps"}', '{"engine": ["direct"]}', '{"precision": "half"}', '{"ir_gain": 1}',
    '{"threads": "many"}', '{"wet": NaN}', '{"wet": 1e400}', '{"metadata": "some"}',
    '{"verify": "no"}', '{"max_output": "x"}', '{"rate_mismatch": 0}',
]  # fmt: skip


@pytest.mark.parametrize("case", NO_RECIPES)
@pytest.mark.parametrize("place", ["chunk", "sidecar"])
def test_what_is_no_recipe_is_one_line(place, case, call, folder):
    text = NO_RECIPES[case]
    text = text if isinstance(text, bytes) else text.encode()
    made_in(call, folder)
    if place == "chunk":
        with_recipe("out.wav", text)
    else:
        call("convolve", "in.wav", "out.flac", "--ir", "ir.wav")
        (folder / "out.flac.json").write_bytes(text)
    out = "out.wav" if place == "chunk" else "out.flac"
    before = names(folder)
    said = call("redo", out, code=1)
    assert said.err.count("\n") == 1
    assert out in said.err
    assert names(folder) == before
    call("info", "out.wav")
    call("info", "out.wav", "--json")


@pytest.mark.parametrize("options", ODD_OPTIONS)
def test_options_that_no_version_knows_are_one_line(options, folder, call, capsys):
    made_in(call, folder)
    before = (folder / "out.wav").read_bytes()
    text = GOOD % (__version__, Path("in.wav").stat().st_size, sha256("in.wav"), options)
    with_recipe("out.wav", text.encode())
    before = (folder / "out.wav").read_bytes()
    code = main(["redo", "out.wav"])
    said = capsys.readouterr().err
    assert code in (1, 2)
    assert said.count("\n") == 1
    assert "unexpected" not in said
    assert (folder / "out.wav").read_bytes() == before


@pytest.mark.parametrize(
    "impulses",
    [
        '"delta"',
        "7",
        "[7]",
        "[[]]",
        "[null]",
        '["nonsense"]',
        '["-"]',
        "[]",
        '[{"path": "ir.wav"}]',
        '["ir.wav"]',
        "{}",
        '[{"sha256": "x", "bytes": "x"}]',
        '["delta:delay=1e9"]',
        '[{"taps_sha256": "x", "shape": [1, 1], "rate": 1e999, "origin": 0}]',
        '[{"taps_sha256": "x", "shape": [1, 1], "rate": 48000}]',
        '[{"taps_sha256": "x", "shape": "no", "rate": 48000, "origin": 0}]',
        '[{"sha256": "x", "bytes": 1e999}]',
        '[{"join": []}]',
        '[{"join": ["delta"]}]',
        '[{"join": ["delta", "nonsense"]}]',
        '[{"join": ["delta", "delta:gain=1,../ir.wav"]}]',
        '[{"join": 7}]',
        '[{"join": ' * 5000 + "7" + "}]" * 5000,
        '[{"sha256": "x", "bytes": 1, "place": "x/../ir.wav"}]',
        '[{"sha256": "x", "bytes": 1, "place": "channel=1", "kind": "nonsense"}]',
        '[{"sha256": "x", "bytes": 1, "place": "channel=1", "kind": "sound"}]',
    ],
)
def test_impulses_that_are_none_are_one_line(impulses, folder, call, capsys, monkeypatch):
    """A recipe in a file from elsewhere names no path, and does not read standard input."""
    made_in(call, folder)
    text = GOOD % (__version__, Path("in.wav").stat().st_size, sha256("in.wav"), "{}")
    with_recipe("out.wav", text.replace('["delta"]', impulses).encode())
    before = (folder / "out.wav").read_bytes()
    monkeypatch.setattr(sys, "stdin", None)
    code = main(["redo", "out.wav"])
    said = capsys.readouterr().err
    assert code in (1, 2)
    assert said.count("\n") == 1
    assert "unexpected" not in said
    assert (folder / "out.wav").read_bytes() == before


def test_a_recipe_of_an_input_by_its_path_is_none(call, folder):
    made_in(call, folder)
    with_recipe("out.wav", b'{"audioconv":"1","impulses":["delta"],"input":"in.wav","options":{}}')
    assert "cannot follow the recipe" in call("redo", "out.wav", code=1).err


def test_a_recipe_of_another_version_is_followed_and_told(call, folder):
    made = made_in(call, folder)
    old = Path("out.wav").read_bytes().replace(f'"{__version__}"'.encode(), b'"9.9.9"')
    assert old != made
    Path("out.wav").write_bytes(old)
    found = json.loads(call("redo", "out.wav", "same.wav", "--json").out)  # the same sound
    assert (found["version"], found["same"]) == ("9.9.9", True)
    assert Path("same.wav").read_bytes() == old
    other = bytearray(old)
    other[200] ^= 1  # a sample
    Path("out.wav").write_bytes(other)
    said = call("redo", "out.wav", "-y", code=3)
    assert f"made by version 9.9.9, and version {__version__} makes it differently" in said.err
    assert Path("out.wav").read_bytes() == other
    call("redo", "out.wav", "new.wav", code=3)
    assert Path("new.wav").read_bytes() == made


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_sidecar_of_anything_is_read_or_refused(data):
    """Whatever one value of a recipe is replaced by, what comes is a recipe or one error."""
    import tempfile

    recipe = {
        "audioconv": "1",
        "input": {"sha256": "0" * 64, "bytes": 9, "path": "/nowhere"},
        "impulses": ["delta", {"sha256": "1" * 64, "bytes": 8, "path": "/nothing"}],
        "options": {"wet": 0.5},
        "output": {"sha256": "2" * 64, "bytes": 7},
    }
    at, keys = recipe, data.draw(st.sampled_from(["1", "2"]))
    key = data.draw(st.sampled_from(sorted(recipe)))
    if keys == "2" and isinstance(at[key], dict):
        at, key = at[key], data.draw(st.sampled_from(sorted(at[key])))
    at[key] = data.draw(ANYTHING)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.wav.json").write_text(json.dumps(recipe))
        with suppress(AudioconvError):
            read_recipe(f"{folder}/a.wav")
            redo(f"{folder}/a.wav", places=[folder])


# how much may be written


def test_sizes_are_read():
    for text, size in [
        ("500MB", 500_000_000),
        ("4GB", 4_000_000_000),
        ("4096", 4096),
        ("1kB", 1000),
        ("0.5MB", 500_000),
        ("2TB", 2 * 10**12),
        ("12B", 12),
    ]:
        assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "much", "4 apples", "nan", "inf", "1e400", "4PB", "GB"])
def test_what_is_no_size_is_refused(text, call, folder):
    with pytest.raises(UsageError):
        parse_size(text)
    before = names(folder)
    line = ["convolve", "in.wav", "out.wav", "--ir", "ir.wav", f"--max-output={text}"]
    assert call(*line, code=2).err.count("\n") == 1
    assert names(folder) == before


@pytest.mark.parametrize("text", ["0", "-1", "-4GB"])
@pytest.mark.parametrize("out", ["out.wav", "out.flac"])
def test_nothing_can_be_written_in_no_bytes(text, out, folder, capsys):
    before = names(folder)
    assert main(["convolve", "in.wav", out, "--ir", "ir.wav", f"--max-output={text}"]) in (1, 2)
    assert capsys.readouterr().err.count("\n") == 1
    assert names(folder) == before


def test_an_output_that_is_known_to_be_too_large_is_refused_before_any_work(folder, monkeypatch):
    def poisoned(*arguments, **how):
        raise AssertionError("it was convolved")

    monkeypatch.setattr(stream, "convolve", poisoned)
    with pytest.raises(AudioconvError, match=r"`max_output` is 1000000; .*`length`"):
        run(Job("in.wav", "out.wav", ["delta"], Options(length="9999s", max_output=10**6)))
    assert not (folder / "out.wav").exists()


@pytest.mark.parametrize("line", ["out.wav --length auto", "out.flac", "out.aiff", "out.mp3"])
def test_an_output_that_becomes_too_large_is_refused_on_the_way(line, call, folder):
    sound("long.wav", np.random.default_rng(0).uniform(-0.5, 0.5, 400_000))
    before = names(folder)
    out, *more = line.split()
    said = call("convolve", "long.wav", out, "--ir", "delta", *more, "--max-output=20kB", code=1)
    assert "the limit of --max-output is 20000" in said.err
    assert names(folder) == before
    call("convolve", "long.wav", out, "--ir", "delta", *more, "--max-output=2MB")


@pytest.mark.parametrize("out", ["out.wav", "out.flac", "out.aiff"])
@pytest.mark.parametrize("room", [-1, 0])
def test_the_limit_is_of_the_whole_file(room, out, call, folder):
    line = ["convolve", "in.wav", out, "--ir", "ir.wav", "-y"]
    call(*line)
    size = Path(out).stat().st_size
    (folder / out).unlink()
    call(*line, f"--max-output={size + room}", code=1 if room else 0)
    assert (folder / out).exists() == (room == 0)


def test_a_pipe_that_becomes_too_large_is_stopped(folder):
    line = ["convolve", "in.wav", "-", "--ir", "ir.wav", "--max-output=5kB", "--length", "auto"]
    done = subprocess.run(
        [sys.executable, "-m", "audioconv", *line],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1


def test_help_of_redo_is_there(call):
    said = call("redo", "--help").out
    assert "--from" in said
    assert "exit code 3" in said.lower()
