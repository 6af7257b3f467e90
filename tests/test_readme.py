"""Every command and every line of Python that the README shows, run in the order it shows them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
PICTURES = re.findall(r"\]\((samples/pictures/[^)]+)\)", README)
SETUP = 2

ALIKE = 4.0
"""Of 255, by which two pictures of the same thing differ at most: another version of matplotlib may
move text by parts of a dot. The decay of one channel for that of both is 13 off, an echo of
another delay 33, one of another gain 6."""


def test_the_first_two_lines_set_up_and_test():
    lines = [code.splitlines() for kind, code in BLOCKS[:SETUP]]
    assert [len(block) for block in lines] == [1, 1]
    assert "audioconv echo samples/" in lines[0][0]
    assert "-m pytest" in lines[1][0]


@pytest.mark.skipif(shutil.which("bash") is None, reason="the README's commands are for a shell")
def test_every_command_does_what_it_should(tmp_path):
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    for kind, code in BLOCKS[SETUP:]:
        command = [sys.executable, "-c", code] if kind == "python" else ["bash", "-euc", code]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{code}\n{done.stderr}"
        assert "error:" not in done.stderr
    shown = sorted((ROOT / "samples" / "pictures").iterdir())
    assert {f"samples/pictures/{path.name}" for path in shown} == {*PICTURES}
    for path in shown:
        assert difference(tmp_path / path.name, path) < ALIKE, path.name


def difference(one, other):
    """Return the root mean square between two pictures, or the last ones of two films."""
    seen = []
    for path in (one, other):
        with Image.open(path) as picture:
            picture.seek(getattr(picture, "n_frames", 1) - 1)
            seen.append(np.asarray(picture.convert("RGB"), np.float64))
    assert seen[0].shape == seen[1].shape
    return float(np.sqrt(np.mean((seen[0] - seen[1]) ** 2)))


def test_the_readme_names_every_command():
    from audioconv.cli import app, plot

    named = [command.name or command.callback.__name__ for command in app.registered_commands]
    named += [f"plot {command.callback.__name__}" for command in plot.app.registered_commands]
    late = ["sweep", "deconvolve", "ir build", "ir edit", "ir fold", "ir info", "ir list"]
    for name in [*named, *late, *(group.name for group in app.registered_groups)]:
        assert f"audioconv {name}" in README
