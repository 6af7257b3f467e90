"""Messages name Python arguments; the command line prints them as its options."""

import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.core import TyperGroup, TyperOption
from typer.main import get_command

from audioconv import Job, Options, convolve_file
from audioconv.cli import app
from audioconv.cli.options import LazyGroup
from audioconv.cli.wording import ARGUMENT, as_options
from audioconv.errors import AudioconvError
from audioconv.ir.save import save
from impulses import Impulse

ROOT = Path(__file__).parent.parent
OPTION = re.compile(r"(?<![\w-])--[a-z]")


@pytest.mark.parametrize(
    ("message", "printed"),
    [
        ("pass `overwrite=True` to replace it", "pass -y to replace it"),
        ("pass `allow_truncated=True`", "pass --allow-truncated"),
        ("an error under `strict`", "an error under --strict"),
        ("`dither='tpdf'` does nothing", "--dither tpdf does nothing"),
        ("`rate`, such as `rate=48000`", "--rate, such as --rate 48000"),
        ("pass `before=0.25`", "pass --before 0.25"),
        ("use `map='each'`, `'mono'` or `'auto'`", "use --map each, mono or auto"),
        ("`map='matrix=1:1,1:2'`", "--map matrix=1:1,1:2"),
        ("`title='two words'`", "--title 'two words'"),
        ("less of `seconds`, `fps` or `pixels`", "less of --seconds, --fps or --pixels"),
        ("pass `impulses`; search `places`", "pass --ir; search --from"),
    ],
)
def test_arguments_become_options(message, printed):
    assert as_options(message) == printed


@pytest.mark.parametrize(
    "message",
    [
        "overwrite=True.wav does not exist; check the name",
        "a wet b.wav is 48000 Hz",
        "'overwrite' in delta:overwrite is not key=value, such as delay=350ms",
        "delta:wet=9,dry=0 has no rate of its own",
        "no builder is named 'wet'; `audioconv ir list` shows them all",
        "repair the header, for instance with `sox --ignore-length IN OUT`",
        "`colour='red'` and `shape` are not options",
        "a`wet=1`b.wav, `wet`.wav, x/`wet`: `wet, dry`, `Wet`",
    ],
)
def test_everything_else_is_left_alone(message):
    assert as_options(message) == message


def commands(group):
    for command in group.commands.values():
        yield from commands(command) if isinstance(command, TyperGroup) else [command]
    for name in group.lazy if isinstance(group, LazyGroup) else ():
        yield group.load_command(name)


def test_every_option_is_known_by_its_argument():
    for command in commands(get_command(app)):
        for option in command.params:
            if isinstance(option, TyperOption) and option.name not in ("help", "output"):
                assert as_options(f"`{option.name}`") in option.opts, command.name


def messages():
    """Yield the texts in the library's code that are not documentation, with their place."""
    files = [*(ROOT / "audioconv").rglob("*.py"), *(ROOT / "impulses").rglob("*.py")]
    for path in files:
        if "cli" not in path.relative_to(ROOT).parts:
            yield from ((text, f"{path.relative_to(ROOT)}:{line}") for text, line in texts(path))


def texts(path):
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    hidden = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            hidden.update(map(id, node.values))
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            values = [part.value if is_text(part) else "0" for part in node.values]
            yield "".join(values), node.lineno
        elif is_text(node) and id(node) not in hidden:
            yield node.value, node.lineno


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_the_library_names_no_options():
    named = [place for text, place in messages() if OPTION.search(re.sub("`[^`]*`", "", text))]
    assert named == []


def test_the_library_names_arguments_that_have_an_option():
    unknown = [
        (match[0], place)
        for text, place in messages()
        for match in ARGUMENT.finditer(text)
        if as_options(match[0]) == match[0]
    ]
    assert unknown == []


def test_a_file_name_is_not_taken_for_an_argument(call, tmp_path):
    said = call("info", tmp_path / "a `wet` `clip='guard'` b.wav", code=1).err
    assert r"a \x60wet\x60 \x60clip='guard'\x60 b.wav does not exist" in said


def test_an_error_reads_well_on_both_sides(call, tmp_path):
    loud = Impulse(np.array([[2.0]]), 8000)
    with pytest.raises(AudioconvError, match=r"use a lower level, or `subtype='FLOAT'`$"):
        save(loud, str(tmp_path / "a.wav"), recipe={}, subtype="PCM_16")
    said = call("ir", "build", "delta", tmp_path / "a.wav", "--subtype", "PCM_16", code=2)
    assert said.err.endswith("use a lower level, or --subtype FLOAT\n")


def test_a_notice_reads_well_on_both_sides(call, samples, tmp_path):
    soundfile.write(tmp_path / "ir.wav", 0.4 * np.eye(4), 44100)
    source, ir, out = str(samples / "guitar.wav"), str(tmp_path / "ir.wav"), str(tmp_path / "o.wav")
    (notice,) = convolve_file(Job(source, out, [ir], Options(length="1s"))).notices
    assert "pass `map='true-stereo'` to confirm" in notice
    said = call("convolve", source, out, "--ir", ir, "--length", "1s", "--json", "-y")
    printed = notice.replace("`map='true-stereo'`", "--map true-stereo")
    printed = printed.replace("`map='matrix=1:1,1:2,...'`", "--map matrix=1:1,1:2,...")
    assert f"notice: {printed}\n" in said.err
    assert json.loads(said.out)["notices"] == [printed]
