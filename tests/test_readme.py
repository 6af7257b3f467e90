"""Every command and every line of Python that a README shows, run in the order it shows them."""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audioconv.engines import ENGINES
from audioconv.job import Options

pytestmark = pytest.mark.usefixtures("untraced")

ROOT = Path(__file__).parent.parent
READMES = {
    name: (ROOT / name / "README.md").read_text(encoding="utf-8")
    for name in (".", "audioconv", "audioconv/nd", "impulses", "tests")
}
SETUP = 2
"""Blocks at the top of the first README that set up and test: `.ci/run` runs them."""

ALIKE = 4.0
"""Of 255, by which two pictures of the same thing differ at most: another version of matplotlib may
move text by parts of a dot. The decay of one channel for that of both is 13 off, an echo of
another delay 33, one of another gain 6."""


def blocks(name):
    """Return kind and code of each block of a README that can be run."""
    found = re.findall(r"^```(sh|python)\n(.*?)^```$", READMES[name], re.DOTALL | re.MULTILINE)
    return found[SETUP:] if name == "." else found


def test_the_first_two_lines_set_up_and_test():
    lines = re.findall(r"^```sh\n(.*?)^```$", READMES["."], re.DOTALL | re.MULTILINE)[:SETUP]
    assert [line.count("\n") for line in lines] == [1, 1]
    assert "audioconv echo samples/" in lines[0]
    assert "-m pytest" in lines[1]


def test_the_first_readme_is_short():
    assert READMES["."].count("\n") <= 200


@pytest.mark.skipif(shutil.which("bash") is None, reason="the README's commands are for a shell")
@pytest.mark.parametrize("name", READMES)
def test_every_command_does_what_it_should(name, tmp_path):
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    folder = ROOT if name == "tests" else tmp_path  # its commands run tests
    for kind, code in blocks(name):
        command = [sys.executable, "-c", code] if kind == "python" else ["bash", "-euc", code]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{code}\n{done.stderr}"
        assert "error:" not in done.stderr
    for path in (ROOT / "samples" / "pictures").iterdir():
        if (tmp_path / path.name).exists():
            assert difference(tmp_path / path.name, path) < ALIKE, path.name


def test_every_picture_is_shown_and_made_by_a_command():
    shown = {
        (ROOT / name / path).resolve()
        for name, text in READMES.items()
        for path in re.findall(r"\]\(([^)]+\.(?:png|gif))\)", text)
    }
    assert shown == {path.resolve() for path in (ROOT / "samples" / "pictures").iterdir()}
    code = " ".join(code for name in READMES for _, code in blocks(name))
    assert all(f"-o {path.name}" in code for path in shown)


def test_links_lead_to_files_and_headings():
    for name, text in READMES.items():
        for path, _, anchor in re.findall(r"\]\(([^)#]+)(#([^)]+))?\)", text):
            target = ROOT / name / path
            assert target.exists(), path
            headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE) if anchor else []
            named = [
                re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings
            ]
            assert not anchor or anchor in named, f"{path}#{anchor}"


def difference(one, other):
    """Return the root mean square between two pictures, or the last ones of two films."""
    seen = []
    for path in (one, other):
        with Image.open(path) as picture:
            picture.seek(getattr(picture, "n_frames", 1) - 1)
            seen.append(np.asarray(picture.convert("RGB"), np.float64))
    assert seen[0].shape == seen[1].shape
    return float(np.sqrt(np.mean((seen[0] - seen[1]) ** 2)))


def test_a_readme_names_every_command():
    from audioconv.cli import app
    from audioconv.plot import PLOTS

    named = [command.name or command.callback.__name__ for command in app.registered_commands]
    named += [f"plot {plot}" for plot in PLOTS]
    late = ["sweep", "deconvolve", "ir build", "ir edit", "ir fold", "ir info", "ir list"]
    for name in [*named, *late, *(group.name for group in app.registered_groups)]:
        assert any(f"audioconv {name}" in text for text in READMES.values()), name


def table(heading):
    """Return the rows of the table under a heading row of the README of the command line."""
    rows = READMES["audioconv"].split(f"| {heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [
        [re.findall(r"`([^`]+)`", cell) for cell in row.strip("| ").split(" | ")] for row in rows
    ]


def test_the_contract_of_options_is_kept():
    choices = {"--align", "--clip", "--dither", "--engine", "--rate-mismatch", "--precision"}
    options = {field.name: field for field in dataclasses.fields(Options)}
    for names, values in table("option of `convolve` | values, the default first"):
        for name in names:
            field = options.get(name.strip("-").replace("-", "_"))
            assert field or name in {"-y", "--json", "-q", "-v"}, name
        if names[0] in choices:
            field = options[names[0].strip("-").replace("-", "_")]
            assert values[0] == field.default
            assert names[0] != "--engine" or {*values} == {"auto", *ENGINES}
            for value in values:
                Options(**{field.name: value})


def test_the_contract_of_names_in_json_is_kept(call, tmp_path):
    speech, hall = ROOT / "samples" / "speech.wav", ROOT / "samples" / "hall.wav"
    out = tmp_path / "o.wav"
    made = json.loads(call("convolve", speech, out, "--ir", hall, "--verify", "--json").out)
    said = {
        "convolve": made,
        "verified": made["verified"],
        "verify": json.loads(call("verify", speech, out, "--ir", hall, "--json").out),
        "compare": json.loads(call("compare", out, out, "--json").out),
        "ir info": json.loads(call("ir", "info", hall, "--json").out),
    }
    for commands, names in table("`--json` of | names"):
        for command in set(commands) & said.keys():
            assert {*names} <= said[command].keys(), command
