"""Files of strangers: what they say is checked, shown as text, and sends nobody to look around."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import soundfile
from test_recipe import chunk, made_in

from audioconv._version import __version__
from audioconv.cli import main
from audioconv.errors import AudioconvError, FormatError, UsageError, printable
from audioconv.ir import load as loading
from audioconv.ir import text as text_files
from audioconv.ir.limits import check_size
from audioconv.ir.load import load
from audioconv.job import Job, Options
from audioconv.render import redo as redoing
from audioconv.render.recipe import read_recipe
from audioconv.render.redo import redo
from audioconv.render.run import run
from impulses.impulse import MAX_SAMPLES

RATE = 8000


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    soundfile.write("in.wav", rng.uniform(-0.4, 0.4, (4000, 1)), RATE, "PCM_16")
    soundfile.write("ir.wav", rng.uniform(-0.1, 0.1, (50, 1)), RATE, "PCM_16")
    return tmp_path


def digest(path):
    data = Path(path).read_bytes()
    return {"sha256": sha256(data).hexdigest(), "bytes": len(data)}


def with_recipe(text):
    """Write a sound with a recipe in it."""
    soundfile.write("out.wav", np.zeros((10, 1)), RATE, "PCM_16")
    data = Path("out.wav").read_bytes() + chunk(b"aucv", text)
    Path("out.wav").write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])


def recipe(**changes):
    """A recipe that can be followed, with changes."""
    return {
        "audioconv": __version__,
        "input": digest("in.wav"),
        "impulses": [digest("ir.wav")],
        "options": {"format": "WAV", "subtype": "PCM_16"},
        **changes,
    }


# text

ESC, BELL, TURNED, LONE, LINE = "\x1b]0;x\a\x1b[31m", "\a", "\u202e", "\ud83d", "a\nerror: b"
HOSTILE = [ESC, BELL, TURNED, LONE, LINE, "`overwrite=True`", "\x9b31m", "\u2028"]


def places(text):
    """Yield every place of a recipe that may hold text, by name, and the recipe with it there."""
    plain = {"sha256": text, "bytes": 9}
    yield "version", recipe(audioconv=text)
    yield "input", recipe(input=text)
    yield "hash of the input", recipe(input=plain)
    yield "hash of an impulse", recipe(impulses=[plain])
    yield (
        "hash of taps",
        recipe(impulses=[{"taps_sha256": text, "shape": [1, 1], "rate": 1, "origin": 0}]),
    )
    yield "place", recipe(impulses=[{**digest("ir.wav"), "place": text}])
    yield "kind", recipe(impulses=[{**digest("ir.wav"), "place": "", "kind": text}])
    yield "join", recipe(impulses=[{"join": [digest("ir.wav"), {**plain}]}])
    yield "match", recipe(options={**recipe()["options"], "match": text})
    yield "spec", recipe(impulses=[text])
    yield "builder", recipe(impulses=[f"{text}:delay=1"])
    yield "parameter", recipe(impulses=[f"delta:{text}=1"])
    yield "value", recipe(impulses=[f"delta:delay={text}"])
    yield "unparsed", recipe(impulses=[f"delta:{text}"])
    yield "option", recipe(options={text: 1})
    for option in ("format", "subtype", "length", "ir_gain", "map", "clip", "engine", "quality"):
        yield option, recipe(options={option: text})
    yield "wet", recipe(options={"wet": text})
    yield "key", recipe(**{text: text})
    yield "other", {"edit": text, "edits": {text: text}}
    yield "sweep", {"sweep": {text: text, "kind": text}}


PLACES = [
    *("version", "input", "hash of the input", "hash of an impulse", "hash of taps", "place"),
    *("kind", "join", "match"),
    *("spec", "builder", "parameter", "value", "unparsed", "option", "format", "subtype"),
    *("length", "ir_gain", "map", "clip", "engine", "quality", "wet", "key", "other", "sweep"),
]


def shown(said):
    """Return the lines of what was printed, if a terminal may show them."""
    lines = (said.out + said.err).split("\n")
    for line in lines:
        assert line.isprintable(), ascii(line)
    assert "unexpected" not in said.err
    assert "Warning" not in said.err
    return lines


def written(where, value):
    """Write a recipe into a file or beside it, and return the name of the file."""
    text = json.dumps(value).encode()
    if where == "sidecar":
        Path("out.flac.json").write_bytes(text)
        return "out.flac"
    with_recipe(text)
    return "out.wav"


@pytest.mark.parametrize("where", ["chunk", "sidecar"])
@pytest.mark.parametrize("place", PLACES)
def test_text_of_a_recipe_is_refused_or_shown_as_text(place, where, folder, capsys):
    assert [name for name, _ in places("")] == PLACES
    for text in HOSTILE:
        out = written(where, dict(places(text))[place])
        with pytest.raises(AudioconvError) as error:
            redo(out)
        assert str(error.value).isprintable(), ascii(str(error.value))
        assert main(["redo", out]) in (1, 2)
        said = capsys.readouterr()
        assert len(shown(said)) == 2
        assert said.err.startswith("error: ")
        if where == "chunk":  # in files that are read for something else, too
            for line in (
                ["info", out],
                ["info", "--json", out],
                ["convolve", "in.wav", "y.wav", "-y", "--ir", out],
                ["deconvolve", "in.wav", out, "h.wav", "-y"],
            ):
                main(line)
                shown(capsys.readouterr())


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_metadata_is_shown_as_text(text, call, folder):
    def field(name, value):
        return name + len(value).to_bytes(4, "little") + value + b"\0" * (len(value) % 2)

    data = Path("in.wav").read_bytes()
    body = text.encode("utf-8", "surrogatepass")
    info = b"INFO" + field(b"INAM", body + b"\0") + field(b"IS\x1b\a", body)
    data += field(b"LIST", info) + field(b"a\x1b[m", body) + field(b"bext", body)
    Path("told.wav").write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    for out in ("y.wav", "y.flac", "y.ogg", "y.mp3"):
        shown(call("convolve", "told.wav", out, "-y", "--ir", "delta"))
        shown(call("info", out))
    shown(call("info", "told.wav", "in.wav"))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("option", ["--format", "--subtype", "--ir", "--length", "--map"])
def test_text_of_an_option_is_shown_as_text(option, text, folder, capsys):
    line = ["convolve", "in.wav", "out.wav", option, text, *["--ir", "delta"] * (option != "--ir")]
    assert main(line) in (1, 2)
    assert len(shown(capsys.readouterr())) == 2


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("rate", [RATE, None])
def test_text_of_a_spec_is_shown_as_text(rate, text, folder):
    specs = ("delta:{}", "double-spike:delay={}", "preset:large-hall,{}", "shoebox:source={},1")
    for name in (spec.format(text) for spec in specs):
        with pytest.raises(AudioconvError) as error:
            load(name, rate)
        assert str(error.value).isprintable(), ascii(str(error.value))


@pytest.mark.parametrize(
    "options",
    [{"length": "\n0s"}, {"match": "peak=\x1b[31mTP"}, {"wet": "\x1b"}],
)
def test_text_of_an_option_of_python_is_shown_as_text(options, folder):
    with pytest.raises(UsageError) as error:
        run(Job("in.wav", "out.wav", ["delta"], Options(**options)))
    assert str(error.value).isprintable(), ascii(str(error.value))


def test_printable_leaves_plain_text_alone():
    assert printable("日本 \u00e9 `x` \\") == "日本 \u00e9 `x` \\"
    assert printable("\x1b\u202e\ud83d\t") == "\\x1b\\u202e\\ud83d\\t"


# numbers

BIG = 10**400
NUMBERS = ["1e308", "-1e308", "1e999", str(BIG), str(-BIG), "Infinity", "-Infinity", "NaN", "1e30"]
EXTREME = [1e30, -1e308, 10**400, 10**5000, float("inf"), float("nan")]

LONG = "9" * 5000
"""More digits than Python converts."""


def numbers(number):
    """Yield recipes with a number in each place, as JSON."""
    for option in ("wet", "dry", "mix", "quality", "ir_gain", "length", "threads", "max_output"):
        yield recipe(options={option: 7.25})
    yield recipe(input={**digest("in.wav"), "bytes": 7.25})
    yield recipe(impulses=[{**digest("ir.wav"), "bytes": 7.25}])
    yield recipe(impulses=[{"join": [digest("ir.wav"), {**digest("ir.wav"), "bytes": 7.25}]}])
    yield recipe(output={**digest("in.wav"), "bytes": 7.25})
    taps = {"taps_sha256": "0" * 64, "shape": [1, 1], "rate": 1, "origin": 0}
    for key, value in {"shape": [7.25, 1], "rate": 7.25, "origin": 7.25}.items():
        yield recipe(impulses=[{**taps, key: value}])
    yield recipe(unknown=7.25)
    yield {"sweep": {"rate": 7.25, "seconds": 7.25}, "origin": 7.25}


@pytest.mark.parametrize("where", ["chunk", "sidecar"])
@pytest.mark.parametrize("number", [*NUMBERS, LONG], ids=lambda number: number[:9])
def test_numbers_that_no_option_takes_are_refused(number, where, folder, capsys):
    for value in numbers(number):
        text = json.dumps(value).replace("7.25", number)
        out = written(where, {})
        if where == "chunk":
            with_recipe(text.encode())
        else:
            Path(f"{out}.json").write_text(text)
        assert main(["redo", out]) == 1
        said = capsys.readouterr()
        assert said.err.count("\n") == 1
        assert "cannot follow the recipe in" in said.err
        shown(said)
        if where == "chunk":
            for line in (
                ["info", "--json", out],
                ["ir", "info", out],
                ["deconvolve", "in.wav", out, "h.wav", "-y"],
            ):
                main(line)
                shown(capsys.readouterr())


@pytest.mark.parametrize("value", EXTREME, ids=range(len(EXTREME)))
@pytest.mark.parametrize("option", ["wet", "dry", "mix", "threads", "max_output", "quality"])
def test_python_takes_no_other_numbers_than_the_command_line(option, value):
    with pytest.raises(UsageError, match=f"{option} is .*; it must be"):
        Options(**{option: value})


@pytest.mark.parametrize("gain", ["600dB", "5999dB", "1e300dB"])
def test_gains_in_decibels_have_the_limit_of_factors(gain):
    with pytest.raises(UsageError, match=r"write one under 600 dB|is not a gain"):
        Options(wet=gain)
    assert Options(wet="599dB").wet == pytest.approx(10**29.95)


@pytest.mark.parametrize("key", ["sha256", "taps_sha256"])
@pytest.mark.parametrize("value", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, 7, None, ["0" * 64]])
def test_a_hash_is_a_hash(key, value, call, folder):
    taps = {"shape": [1, 1], "rate": 1, "origin": 0} if key == "taps_sha256" else {"bytes": 9}
    one = {**taps, key: value}
    for impulse in (one, {"join": [digest("ir.wav"), one]}):
        Path("out.flac.json").write_text(json.dumps(recipe(impulses=[impulse])))
        assert "cannot follow the recipe" in call("redo", "out.flac", code=1).err


@pytest.mark.parametrize("depth", [4, 60, 480, 900, 10_000])
def test_joins_within_joins_end(depth, call, folder):
    """Each doubles the commas of the name, so 60 would be a name of an exabyte."""
    joined = '{"join": ["delta", ' * depth + '{"join": ["delta", "delta"]}' + "]}" * depth
    text = json.dumps(recipe(impulses=["delta"])).replace('"delta"', joined)
    Path("out.flac.json").write_text(text)
    assert "cannot follow the recipe" in call("redo", "out.flac", code=1).err


def test_a_join_within_a_join_is_made_again(call, folder):
    name = "join:join:ir.wav,,ir.wav,ir.wav"
    call("convolve", "in.wav", "out.wav", "--ir", name)
    call("redo", "out.wav")


@pytest.mark.parametrize(
    "data", [b" " * 2**22 + b"{}", b"[" * 10**6, b'{"a":' * 10**5], ids=range(3)
)
def test_a_sidecar_of_any_size_is_one_line(data, call, folder):
    Path("out.flac.json").write_bytes(data)
    assert len(shown(call("redo", "out.flac", code=1))) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_of_the_name_of_a_sidecar_is_not_waited_for(call, folder):
    made_in(call, folder)
    os.mkfifo("out.wav.json")
    call("redo", "out.wav")
    (folder / "out.wav").unlink()
    assert "does not exist" in call("redo", "out.wav", code=1).err


# where redo looks


def sidecar_with(call, folder, path):
    """Make an output, and move its impulse away; its sidecar names a path for both files."""
    call("convolve", "in.wav", "out.flac", "--ir", "ir.wav", "--recipe", "sidecar", "-y")
    told = json.loads(Path("out.flac.json").read_text())
    for ingredient in (told["input"], *told["impulses"]):
        ingredient["path"] = path
    Path("out.flac.json").write_text(json.dumps(told))


def test_a_sidecar_does_not_name_folders(call, folder, tmp_path_factory, monkeypatch):
    far = tmp_path_factory.mktemp("far")
    (far / "deep").mkdir()
    for path in (far, far / "deep", f"{far}/deep/..", "/", os.path.relpath(far)):
        sidecar_with(call, folder, str(path))
        (folder / "ir.wav").rename(far / "deep" / "ir.wav")
        with monkeypatch.context() as patch:
            patch.setattr(redoing, "_listed", watched(redoing._listed, [str(folder)]))
            assert "neither beside it nor in the" in call("redo", "out.flac", code=1).err
        (far / "deep" / "ir.wav").rename(folder / "ir.wav")


def watched(listed, allowed):
    """Return a function that lists folders, and fails outside of some."""

    def checked(folder):
        assert any(Path(folder).is_relative_to(place) for place in allowed), folder
        return listed(folder)

    return checked


UNC = ["//server/share/ir.wav", r"\\server\share\ir.wav", r"\\?\UNC\server\ir.wav", r"/\server\x"]


@pytest.mark.parametrize("path", [*UNC, "ir.wav\0", "\ud83d.wav", "", "/dev/zero", "/dev/stdin"])
def test_a_sidecar_names_no_other_computer_and_no_device(call, folder, monkeypatch, path):
    sidecar_with(call, folder, path)
    asked, status = [], os.stat

    def noted(name, *rest, **more):
        asked.append(name)
        return status(name, *rest, **more)

    monkeypatch.setattr(os, "stat", noted)
    call("redo", "out.flac")  # all the same, as both lie beside it
    assert not set(asked) & set(UNC)
    assert "/dev/zero" not in redoing._local_files([path])


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_a_link_to_another_computer_is_not_followed(call, folder, monkeypatch):
    made_in(call, folder)
    (folder / "a").symlink_to("//server/share")
    (folder / "b.wav").symlink_to("//server/share/ir.wav")
    names = {Path(path).name for path in redoing._files([str(folder)])}
    assert names == {"in.wav", "ir.wav", "out.wav"}


def test_a_chunk_names_no_path(call, folder, tmp_path_factory):
    """Those that we write do not, and a file from elsewhere should not lead anywhere."""
    far = tmp_path_factory.mktemp("far")
    named = {**digest("ir.wav"), "path": str(far / "ir.wav")}
    with_recipe(json.dumps(recipe(impulses=[named])).encode())
    (folder / "ir.wav").rename(far / "ir.wav")
    assert read_recipe("out.wav")[1] == []
    call("redo", "out.wav", code=1)


@pytest.mark.parametrize("below", [True, False])
def test_the_file_beside_is_found_among_many(call, folder, monkeypatch, below):
    """Whatever lies below, or is of the same length, or comes first."""
    made_in(call, folder)
    (folder / "ir.wav").rename(folder / "zzz.wav")
    monkeypatch.setattr(redoing, "MOST_PLACES", 10)
    if below:
        for n in range(40):
            (folder / f"a{n}" / "b").mkdir(parents=True)
            (folder / f"a{n}" / "x.wav").touch()
    else:
        for n in range(40):
            (folder / f"a{n}.wav").touch()
    call("redo", "out.wav")
    (folder / "a0" / "b").mkdir(parents=True, exist_ok=True)
    (folder / "zzz.wav").rename(folder / "a0" / "b" / "zzz.wav")
    call("redo", "out.wav", code=int(below))  # beyond the limit
    call("redo", "out.wav", "--from", "a0/b")


@pytest.mark.parametrize(("depth", "code"), [(5, 0), (6, 1)])
@pytest.mark.parametrize("given", [True, False])
def test_folders_are_searched_as_deep_as_stated(call, folder, tmp_path_factory, depth, code, given):
    made_in(call, folder)
    far = tmp_path_factory.mktemp("far") if given else folder
    inner = far.joinpath(*"abcdefg"[:depth])
    inner.mkdir(parents=True)
    (folder / "ir.wav").rename(inner / "ir.wav")
    call("redo", "out.wav", "--from", far, code=code)
    assert "5 levels deep" in " ".join(call("redo", "--help").out.split())


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_a_link_to_itself_hides_nothing(call, folder):
    made_in(call, folder)
    (folder / "a").symlink_to("a")
    (folder / "ir.wav").rename(folder / "b.wav")
    call("redo", "out.wav")


# lengths


@pytest.mark.parametrize(
    "length", [{"options": {"length": "400s"}}, {"impulses": ["double-spike:delay=400s"]}]
)
@pytest.mark.parametrize("stated", [0, 10**15])
@pytest.mark.parametrize("most", [[], ["--max-output", "1MB"]])
def test_a_recipe_asks_for_no_more_than_is_known_of_its_output(
    length, stated, most, call, folder, monkeypatch
):
    """Of 8 kHz, 24 bits, 400 s are 9.6 MB; a stranger states any length of a lost output."""
    monkeypatch.setattr(redoing, "ROOM", 2**22)
    output = {"output": {"sha256": "0" * 64, "bytes": stated}} if stated else {}
    options = {"format": "WAV", "subtype": "PCM_24"} | length.get("options", {})
    sidecar = recipe(**{**length, "options": options}, **output)
    Path("out.wav.json").write_text(json.dumps(sidecar))
    before = sorted(folder.iterdir())
    said = call("redo", "out.wav", *most, code=1)
    read = ["in.wav"] if "impulses" in length else ["in.wav", "ir.wav"]
    known = redoing.EXPANSION * sum((folder / name).stat().st_size for name in read)
    limit = 1_000_000 if most else (known if stated else 0) + redoing.ROOM
    assert f"bytes or more; the limit of --max-output is {limit}" in said.err
    assert sorted(folder.iterdir()) == before


def test_a_larger_output_can_be_asked_for(call, folder):
    made_in(call, folder)
    size = (folder / "out.wav").stat().st_size
    call("redo", "out.wav", "--max-output", size)
    call("redo", "out.wav", "--max-output", size - 1, code=1)


@pytest.mark.parametrize("stated", [True, False])
def test_a_long_flac_is_no_impulse(tmp_path, stated):
    path = str(tmp_path / "long.flac")
    with soundfile.SoundFile(path, "w", RATE, 8, "PCM_16") as file:
        silence = np.zeros((2**20, 8), np.int16)
        for _ in range(MAX_SAMPLES // 2**23 + 1):
            file.write(silence)
    if not stated:  # frames are the last 36 bits of 64, before the checksum
        data = bytearray(Path(path).read_bytes())
        data[21] &= 0xF0
        data[22:26] = bytes(4)
        Path(path).write_bytes(data)
    with pytest.raises(AudioconvError, match=f"the limit is {MAX_SAMPLES} over all"):
        load(path, None)


def test_a_short_impulse_of_a_low_rate_does_not_grow_beyond_all_bounds(call, folder):
    soundfile.write("low.wav", np.zeros((3000, 8)), 1, "PCM_16")  # 8,000 times as many
    said = call("ir", "edit", "low.wav", "out.wav", "--rate", "8000", code=2)
    assert "samples long over all channels; the limit is 33554432" in said.err


@pytest.mark.parametrize("name", ["join:long.wav,a.wav,a.wav", "long.wav:channels=1,1,1"])
def test_a_name_asks_for_no_more_samples_than_an_impulse_may_have(name, folder):
    soundfile.write("a.wav", [0.5], RATE, "PCM_16")
    with soundfile.SoundFile("long.wav", "w", RATE, 1, "PCM_16") as file:
        for _ in range(MAX_SAMPLES // 3 // 2**20 + 1):
            file.write(np.zeros(2**20, np.int16))
    with pytest.raises(AudioconvError, match=f"the limit is {MAX_SAMPLES}; shorten it"):
        load(name, None)


LIMITED = """
import contextlib, io, json, resource, sys
from audioconv.cli import main
import audioconv.render.run, scipy.fft, scipy.signal
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 2**28,) * 2)
for line in json.load(sys.stdin):
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        code = main(line)
    print(json.dumps([code, said.getvalue()]))
"""

SPECS = [
    "delta:delay=4200s",
    "double-spike:delay=16000s",
    "multi-tap:delay=0,5000s,gain=1,1",
    "feedback:delay=1s,rt60=5000s",
    "ping-pong:delay=1s,gain=0.9999",
    "fractional-delay:delay=4200s",
    "noise:rt60=4000s",
    "noise:rt60=1s,predelay=4000s",
    "velvet:rt60=4000s",
    "moving-average:length=4200s",
]
"""Impulses of 2^25 samples and more at 8 kHz, in a few bytes."""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on memory")
def test_a_small_spec_or_map_takes_little_memory(folder):
    """A quarter of a GiB holds 2^25 samples once, and none of these twice as long."""
    soundfile.write("wide.wav", np.zeros((9000, 64)), RATE, "PCM_16")
    to_itself = ",".join(f"{n}:{n}" for n in range(1, 65))
    lines = [["convolve", "in.wav", "o.wav", "--ir", spec] for spec in SPECS]
    far = ",".join(f"1:{n}" for n in range(9936, 10000))
    lines += [["convolve", "in.wav", "o.wav", "--ir", "wide.wav", "--map", f"matrix={far}"]]
    lines += [
        ["convolve", "wide.wav", "o.wav", "--ir", ir, *more]
        for ir in ("wide.wav", "delta:delay=1.1s")
        for more in (
            ["--map", f"matrix={to_itself}"],
            ["--ir", "delta", "--map", f"matrix={to_itself}"],
        )
    ]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        timeout=300,
    )
    ends = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(ends) == len(lines), done.stderr
    for line, (code, said) in zip(lines, ends, strict=True):
        assert (code, said.count("\n")) == (2, 1), (line, said)
        assert "the limit is 33554432" in said, (line, said)


@pytest.mark.parametrize("paths", ["1:10000", f"1:1,1:{10**400}", "1:-1", "1", "1:1:1", "", "a:b"])
def test_a_path_of_a_matrix_has_at_most_four_digits(paths, folder, call):
    line = ["convolve", "in.wav", "o.wav", "--ir", "ir.wav", "--map", f"matrix={paths},1:2"]
    assert "is not a list of input:output pairs" in call(*line, code=2).err


def test_impulses_of_a_chain_or_a_join_are_counted_together(call, folder, monkeypatch):
    monkeypatch.setattr(loading, "MAX_SAMPLES", 149)
    for line in (
        ("convolve", "in.wav", "o.wav", "--ir", "ir.wav", "--ir", "ir.wav", "--ir", "ir.wav"),
        ("convolve", "in.wav", "o.wav", "--ir", "join:ir.wav,ir.wav,ir.wav"),
        ("ir", "fold", "ir.wav", "ir.wav", "ir.wav", "o.wav"),
    ):
        said = call(*line, code=2)
        assert "the impulses have 150 samples together, or more; the limit is 149" in said.err
    call("convolve", "in.wav", "o.wav", "--ir", "ir.wav", "--ir", "ir.wav")


def test_the_rows_of_a_text_are_counted_while_they_are_read(folder, monkeypatch):
    monkeypatch.setattr(text_files, "check_size", lambda path, size: check_size(path, size, 49))
    Path("taps.txt").write_text("0,1\n" * 25)
    with pytest.raises(FormatError, match=r"taps\.txt has 50 samples or more; the limit is 49"):
        load("taps.txt:rate=8000,channel=1", None)


def test_a_text_on_one_line_is_no_impulse(folder):
    Path("taps.txt").write_text("1 " * 2**16)
    with pytest.raises(FormatError, match=r"131072 characters on line 1; the limit is 65536"):
        load("taps.txt:rate=8000,channel=1", None)


def test_no_silence_beyond_all_bounds_comes_before_an_export(folder):
    lines = ["59 // Start time (seconds)", "0 // Peak index", "1e-6 // Sample interval (seconds)"]
    Path("rew.txt").write_text("\n".join([*lines, "* Data start", "1", "0.5"]))
    with pytest.raises(FormatError, match=f"has 59000002 samples .* limit is {MAX_SAMPLES}"):
        load("rew.txt", None)


# what cannot be written


def audioconv(*line, **more):
    run = [sys.executable, "-m", "audioconv", *map(str, line)]
    return subprocess.run(run, timeout=60, **more)


def test_text_that_the_encoding_lacks_is_escaped(folder):
    (folder / "in.wav").rename("日本.wav")
    env = {**os.environ, "PYTHONIOENCODING": "cp1252:strict"}
    for line in (
        ["info", "日本.wav"],
        ["ir", "info", "日本.wav"],
        ["compare", "日本.wav", "日本.wav"],
        ["convolve", "日本.wav", "本.wav", "--ir", "ir.wav"],
        ["redo", "本.wav"],
        ["--help"],
    ):
        done = audioconv(*line, env=env, capture_output=True)
        assert done.returncode == 0, done.stderr
        said = done.stdout + done.stderr
        assert said.isascii()
        assert (rb"\u65e5\u672c.wav" in said) == (line[0] not in ("compare", "--help"))


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="there is no full device")
@pytest.mark.parametrize(
    "line",
    [["--help"], ["convolve", "-h"], ["ir", "build", "--help"], ["--version"], ["ir", "list"]],
)
def test_help_to_a_full_device_is_one_line(line):
    with FULL.open("wb") as full:
        done = audioconv(*line, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "error: standard output cannot be written: No space left on device\n"


@pytest.mark.skipif(not FULL.exists(), reason="there is no full device")
def test_a_full_standard_error_changes_no_exit_code(folder):
    for line, code in (
        (["convolve", "in.wav", "out.wav", "--ir", "ir.wav"], 0),
        (["redo", "out.wav"], 0),
        (["info", "missing.wav"], 1),
        (["convolve", "in.wav", "out.wav", "--ir", "ir.wav"], 2),
        (["ir", "build", "delta", "d.wav"], 0),
    ):
        with FULL.open("wb") as full:
            assert audioconv(*line, stderr=full, stdout=subprocess.PIPE).returncode == code
