"""Completion: what is offered for each value, and what the shells make of it on Tab."""

import os
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.completion import get_completion_script

from audioconv.cli.completion import VALUES, impulses
from audioconv.cli.shells import BASH, FISH, ZSH
from audioconv.engines import ENGINES
from audioconv.ir.load import parsed_spec
from impulses import BUILDERS, PRESETS

NAMES = {
    "complete_func": "_audioconv_completion",
    "autocomplete_var": "_AUDIOCONV_COMPLETE",
    "prog_name": "audioconv",
}


@pytest.fixture
def offered(capsys, monkeypatch):
    """Return a function that returns the candidates for a line, with what they are."""
    from audioconv.cli import main

    monkeypatch.setenv("_AUDIOCONV_COMPLETE", "complete_words")

    def found(line, breaks=None):
        monkeypatch.setenv("_AUDIOCONV_LINE", line)
        if breaks is not None:
            monkeypatch.setenv("_AUDIOCONV_BREAKS", breaks)
        with pytest.raises(SystemExit):
            main([])
        said = capsys.readouterr()
        assert said.err == ""
        return dict(line.partition("\t")[::2] for line in said.out.splitlines() if line)

    return found


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("con", ["convolve"]),
        ("convolve a b --ir double-s", ["double-spike:"]),
        ("convolve a b --ir double-spike:delay=1ms,", ["gain=", "fractional=", "dry=", "wet="]),
        ("convolve a b --ir=ping-pong:first=", ["--ir=ping-pong:first=left", "right"]),
        ("convolve a b --ir=noise:fl", ["--ir=noise:floor="]),
        ("convolve --ir preset:", [*PRESETS]),
        ("convolve --ir preset:cathedral,", ["dry=", "wet="]),
        ("convolve a b --length ", ["full", "input", "auto"]),
        ("convolve a b --engine ", ["auto", *ENGINES]),
        ("convolve a b --clip s", ["saturate"]),
        ("convolve a b --subtype PCM_", ["PCM_16", "PCM_24", "PCM_32", "PCM_S8", "PCM_U8"]),
        ("convolve a b --format F", ["FLAC"]),
        ("convolve a b --map m", ["mono", "matrix="]),
        ("convolve a b --match l", ["lufs", "lufs="]),
        ("convolve a b --ir-gain l", ["l1", "l2"]),
        ("convolve a b --prec", ["--precision"]),
        ("verify a b --ove", []),
        ("echo a b --rate", []),
        ("batch a --ir delta --stems early,", ["early", "late", "dry"]),
        ("spectral a b --kernel edge:axis=t", ["time"]),
        ("amp a b --ir hi", ["high-pass:", "high-shelf:", "hilbert:"]),
        ("ir edit delta o.wav --norm web", ["web-audio"]),
        ("ir build feed", ["feedback"]),
        ("ir list plat", ["plate"]),
        ("ir info freev", ["freeverb:"]),
    ],
)
def test_candidates(line, wanted, offered, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    begun = line[: 1 + max(line.rfind(mark) for mark in " :=,")]
    begun = begun.split()[-1] if begun and not begun.endswith(" ") else ""
    assert sorted(offered(f"audioconv {line}")) == sorted(
        one if one.startswith(begun) else begun + one for one in wanted
    )


def test_files_and_folders_that_may_hold_an_impulse(offered, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("hall a.wav", "hall.sofa", "halls.md", "deep/x.flac", "deep/.hidden.wav"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    line = "audioconv convolve a b --ir "
    assert sorted(offered(f"{line}hal")) == ["hall a.wav", "hall.sofa"]
    assert list(offered(f"{line}deep/")) == ["deep/x.flac"]
    assert list(offered(f"{line}join:a.wav,dee")) == ["join:a.wav,deep/"]
    assert list(offered(f"{line}hall.sofa:az")) == ["hall.sofa:azimuth="]
    assert list(offered(f"{line}nowhere/")) == []


def test_bash_gets_what_follows_the_last_break_with_its_marks(offered, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my hall.wav").touch()
    line = "audioconv convolve a b --ir "
    assert list(offered(f"{line}double-spike:del", " =:")) == ["delay="]
    assert list(offered(f"{line}double-spike:del", " =")) == ["double-spike:delay="]
    assert list(offered(f"{line}join:my", " =:")) == [r"my\ hall.wav"]
    assert list(offered("audioconv convolve a --length=f", " =:")) == ["full"]
    assert list(offered(f"{line}'double-spike:del", " =:")) == ["double-spike:delay="]
    assert list(offered(f'{line}join:"my', " =:")) == ["my hall.wav"]


def test_descriptions_are_clauses(offered):
    found = offered("audioconv convolve a b --ir double-spike:")
    assert found["double-spike:delay="] == (
        "(default 0.25s) seconds from the direct sound to the echo"
    )
    assert all(len(about) <= 72 for about in offered("audioconv convolve --").values())


def test_a_name_that_is_offered_is_an_impulse():
    names = [name for name, _ in impulses("") if name.removesuffix(":") in BUILDERS]
    assert [parsed_spec(name) for name in names] == [(name, {}) for name in BUILDERS]


def test_the_scripts_are_the_ones_that_are_installed():
    for shell, script in (("bash", BASH), ("zsh", ZSH), ("fish", FISH)):
        names = {"prog_name": "audioconv", "complete_var": "_AUDIOCONV_COMPLETE"}
        assert get_completion_script(shell=shell, **names) == (script % NAMES).strip()


def test_every_kind_of_value_can_be_completed_from_nothing():
    for unit, values in VALUES.items():
        assert [*values("")] or unit == "impulse"


# the shells


@pytest.fixture
def place(tmp_path):
    """Return a folder with `audioconv` in `bin`, the scripts, and two files."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/audioconv"
    package = Path(__file__).parents[1]
    lines = [
        "#!/bin/sh",
        f"export PYTHONPATH={shlex.quote(str(package))}",
        f'exec {shlex.quote(sys.executable)} -P -m audioconv "$@"',
    ]
    program.write_text("\n".join(lines) + "\n")
    program.chmod(0o755)
    (tmp_path / "work").mkdir()
    for name in ("hall.wav", "my room.wav"):
        (tmp_path / "work" / name).touch()
    for shell, script in (("bash", BASH), ("zsh", ZSH), ("fish", FISH)):
        (tmp_path / f"script.{shell}").write_text((script % NAMES).strip() + "\n")
    return tmp_path


def environment(place, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(place), "TERM": "xterm", "LC_ALL": "C.UTF-8"}


BASH_START = r"""
PS1='ready> '
source script.bash
bind 'set bell-style none'
n=0
show() { printf '%s|' "$READLINE_LINE" > ../shown-$n; n=$((n + 1)); }
bind -x '"\C-t": show'
cd work
"""
ZSH_START = r"""
PS1='ready> '
unsetopt beep prompt_cr
fpath=($fpath)
autoload -Uz compinit && compinit -u -D
source script.zsh
n=0
show() { print -rn -- "$BUFFER|" > ../shown-$n; n=$((n + 1)) }
zle -N show
bindkey '^T' show
cd work
"""


LINES = [
    ("audioconv convol", "audioconv convolve "),
    (
        "audioconv convolve a b --ir double-spike:delay=1ms,ga",
        "audioconv convolve a b --ir double-spike:delay=1ms,gain=",
    ),
    ("audioconv convolve a b --length=i", "audioconv convolve a b --length=input "),
    ("audioconv convolve a b --ir my", r"audioconv convolve a b --ir my\ room.wav "),
    ("audioconv convolve a b --ir ~/work/ha", "audioconv convolve a b --ir ~/work/hall.wav "),
    ('audioconv convolve a b --ir "my', 'audioconv convolve a b --ir "my room.wav" '),
    ("audioconv convolve hal", "audioconv convolve hall.wav "),
]


def typed(place, shell, start):
    """Type each line and Tab at a terminal, and return what the lines then are."""
    import pty

    (place / "start").write_text(start)
    arguments = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}[shell]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [shell, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(place, shell),
        cwd=place,
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""

    def wait(until):
        nonlocal seen
        deadline = time.monotonic() + 100
        while not until():
            assert time.monotonic() < deadline, seen
            if select.select([ours], [], [], 0.02)[0]:
                seen += os.read(ours, 4096)

    try:
        os.write(ours, b". ./start; echo be''gun\n")
        wait(lambda: b"begun" in seen)
        for number, (text, _) in enumerate(LINES):
            shown = place / f"shown-{number}"
            os.write(ours, b"\x15" + text.encode() + b"\t\x14")
            wait(lambda shown=shown: shown.exists() and shown.read_text().endswith("|"))
            yield shown.read_text().removesuffix("|")
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.parametrize(("shell", "start"), [("bash", BASH_START), ("zsh", ZSH_START)])
@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
def test_tab(shell, start, place):
    assert [*typed(place, shell, start)] == [wanted for _, wanted in LINES]


def test_tab_in_fish(place):
    script = ["source ../script.fish"]
    script += [f"complete -C {shlex.quote(text)} | string join '|'" for text, _ in LINES]
    ran = subprocess.run(
        ["fish", "--no-config", "-c", "\n".join(script)],
        env=environment(place, "fish"),
        cwd=place / "work",
        capture_output=True,
        text=True,
        timeout=100,
    )
    found = [line.partition("\t")[0] for line in ran.stdout.splitlines()]
    assert found == [shlex.split(wanted)[-1] for _, wanted in LINES], ran.stderr
