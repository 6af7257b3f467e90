"""Help of every command: its panels, its width, its examples, and its everyday options."""

import functools
import io
import json
import os
import shlex
import shutil
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from nam_models import model, wavenet
from typer.core import TyperGroup, TyperOption
from typer.main import get_command

from audioconv.cli import app, main
from audioconv.cli.inspect import WRITING
from audioconv.cli.ir_info import COLUMNS
from audioconv.cli.options import LazyGroup
from audioconv.cli.usage import NO_PANEL
from audioconv.parameters import PANELS

README = Path(__file__).parent.parent / "audioconv" / "README.md"
GENERIC = {"TEXT", "NUMBER", "FLOAT", "INTEGER"}


def walk(group, path=()):
    """Yield the words and the command of every group and command below a group."""
    yield path, group
    for name in group.list_commands(None):
        lazy = isinstance(group, LazyGroup) and name in group.lazy
        command = group.load_command(name) if lazy else group.get_command(None, name)
        if isinstance(command, TyperGroup):
            yield from walk(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(walk(get_command(app)))
EVERY = pytest.mark.parametrize("words", COMMANDS, ids=" ".join)


def sections(text):
    """Return the lines of each section of a help text, by heading."""
    found, heading = {"": []}, ""
    for line in text.splitlines():
        if line and line[0].isupper() and line.endswith(":"):
            heading = line[:-1]
            assert heading not in found
        found.setdefault(heading, []).append(line)
    return found


def options(lines):
    """Return the names that begin the lines of a panel."""
    begun = (line.split() for line in lines if line.startswith("  -"))
    return [next(word for word in words if word.startswith("--")).rstrip(",") for words in begun]


@functools.cache
def shown(words, option="--help"):
    """Return the help of a command, as for a pipe."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as out:
        patch.setenv("COLUMNS", "80")
        assert main([*words, option]) == 0
    return out.getvalue()


@EVERY
def test_help_fits_80_columns(words):
    said = shown(words)
    assert max(map(len, said.splitlines())) <= 80
    assert said.startswith(f"Usage: {shlex.join(['audioconv', *words])} ")
    assert "{" not in said.splitlines()[0]
    assert "..." not in "".join(sections(said).get("Commands", []))


def test_every_figure_of_a_room_is_explained(call):
    said, text = shown(("ir", "info")), README.read_text("utf-8")
    for heading, _ in COLUMNS.values():
        name = heading.split()[0]
        assert f"`{name}`" in text
        assert name in said or name in ("floor", "range")
    assert "RT60" in said


@pytest.mark.parametrize("columns", ["80", "200"])
def test_help_is_as_wide_on_a_wide_terminal(columns, call, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert call("convolve", "--help").out == shown(("convolve",))


@EVERY
def test_a_summary_is_one_line(words):
    if isinstance(COMMANDS[words], TyperGroup):
        lines = sections(shown(words))["Commands"][1:]
        assert [line.split()[0] for line in lines if line] == COMMANDS[words].list_commands(None)
        assert all(line.endswith(".") for line in lines if line)


@EVERY
def test_every_option_is_in_the_full_help_and_has_a_telling_metavar(words):
    command = COMMANDS[words]
    said = shown(words)
    if "--help-all" in said:
        said = shown(words, "--help-all")
    found = sections(said)
    assert set(found) <= {"", "Arguments", "Commands", "Examples", NO_PANEL, *PANELS}
    listed = [name for panel in (NO_PANEL, *PANELS) for name in options(found.get(panel, []))]
    declared = [one for one in command.params if isinstance(one, TyperOption)]
    unlisted = {f"--{name.replace('_', '-')}" for name in WRITING if words == ("verify",)}
    names = [one.opts[-1] for one in declared if one.opts[-1] not in unlisted]
    extra = ["--help", "--help-all"] if "--help-all" in said else ["--help"]
    assert sorted(listed) == sorted([*names, *extra])
    used = {word for line in said.splitlines() for word in line[:30].split() if word in GENERIC}
    assert not used
    assert not [line for line in said.splitlines() if line.endswith("-")]  # a word broken


def test_the_everyday_options_come_first_and_the_rest_on_demand():
    short, full = shown(("convolve",)), shown(("convolve",), "--help-all")
    assert shown(("convolve",)) == short  # also in a process that has shown all
    assert len(short.splitlines()) < 60 < len(full.splitlines())
    everyday = "ir length wet dry mix match subtype overwrite verify verbose help help-all"
    found = sections(short)
    listed = [name for panel in PANELS for name in options(found.get(panel, []))]
    assert listed == [f"--{name}" for name in everyday.split()]
    assert len(found["Examples"]) == 1 + 3
    assert "Repeat it to chain several" in " ".join(full.split())
    assert "Repeat it to chain several" not in " ".join(short.split())


def test_the_everyday_options_of_a_batch_are_those_of_training_data():
    listed = {*options(shown(("batch",)).splitlines())}
    everyday = "pairs replicas seed stems name workers dry-run json"
    assert {f"--{name}" for name in everyday.split()} <= listed
    assert not {"--shard", "--scheduler", "--item-memory"} & listed


def test_verify_accepts_the_line_of_a_run(call, tmp_path, samples):
    out = tmp_path / "o.wav"
    line = [samples / "speech.wav", out, "--ir", "delta", "--recipe", "none", "-y"]
    line += ["--subtype", "PCM_24", "--metadata", "none", "--rf64", "never", "--max-output", "9MB"]
    call("convolve", *line)
    before = out.read_bytes()
    call("verify", *line)
    assert out.read_bytes() == before


@pytest.mark.parametrize("option", ["--rate-mismatch=resample"])
def test_an_echo_has_no_impulse_at_another_rate(option, call, tmp_path, samples):
    said = call("echo", samples / "speech.wav", tmp_path / "o.wav", option, code=2)
    assert "No such option" in said.err


# examples


@pytest.fixture(scope="module")
def folder(tmp_path_factory, samples):
    """Return a folder with the files that examples name."""
    folder = tmp_path_factory.mktemp("examples")
    for name in ("speech.wav", "guitar.wav", "hall.wav"):
        shutil.copy(samples / name, folder)
    (folder / "amp.nam").write_text(json.dumps(model("WaveNet", wavenet())))
    recording = [
        "convolve",
        "sweep.wav",
        "recording.wav",
        "--ir",
        "double-spike",
        "--subtype",
        "FLOAT",
    ]
    before = os.getcwd()  # noqa: PTH109
    os.chdir(folder)
    try:
        assert main(["sweep", "sweep.wav", "--duration", "1s"]) == 0
        assert main([*recording, "-q"]) == 0
    finally:
        os.chdir(before)
    return folder


def examples(words):
    lines = sections(shown(words)).get("Examples", [])[1:]
    return [line.strip() for line in lines]


@EVERY
def test_examples_run(words, call, folder, tmp_path, monkeypatch):
    lines = examples(words)
    if lines:
        shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
        monkeypatch.chdir(tmp_path)
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "audioconv"
        # without processes of its own, which take seconds to start
        call(*arguments, *(["--workers", "0"] if arguments[0] == "batch" else []))


@EVERY
def test_commands_that_take_a_sound_have_an_example(words):
    wanted = words[:1] != ("plot",) and words[:2] != ("ir", "build") and words != ("ir",)
    assert not wanted or examples(words)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ir info a b", "ir info takes one IR, but 2 names are given: a, b; put a name with"),
        ("compare a b c", "compare takes one A and one B, but 3 names are given: a, b, c;"),
        ("redo a b c", "redo takes one OUT and one NEW, but 3 names are given"),
        ("ir build delta a.wav b.wav", "ir build delta takes one OUT, but 2 names are given"),
        ("sweep https://me:word@host/a.wav b", "2 names are given: https://host/a.wav, b;"),
    ],
)
def test_names_too_many_are_listed_with_what_a_command_takes(line, message, call):
    error = call(*line.split(), code=2).err
    assert message in error
    assert error.endswith("put a name with spaces in quotes, or run it once for each\n")
