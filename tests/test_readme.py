"""Every command and every line of Python that the README shows, run in the order it shows them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
SETUP = 2


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


def test_the_readme_names_every_command():
    from audioconv.cli import app

    named = [command.name or command.callback.__name__ for command in app.registered_commands]
    late = ["sweep", "deconvolve", "ir build", "ir edit", "ir fold", "ir info", "ir list"]
    for name in [*named, *late, *(group.name for group in app.registered_groups)]:
        assert f"audioconv {name}" in README
