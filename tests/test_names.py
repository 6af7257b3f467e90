"""Names as users have them; those of any bytes against the real program, in its own process.

A name is bytes, and says nothing: whatever it holds, it is read, written or refused with one
line of UTF-8, and what was there before stays.
"""

import os
import re
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from audioconv import Job, convolve_file
from audioconv.cli import main
from audioconv.errors import FormatError, UsageError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="names as POSIX has them")
ROOT = Path(__file__).parents[1]
OLD = b"the old file, whole"
SOUND = np.random.default_rng(0).integers(-(2**14), 2**14, 2000, np.int16)
HALF = np.array([2**14], np.int16)
LONGEST = 251  # bytes before a suffix of four

linux = pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are Linux's")

STEMS = {
    "newline": "a\nb",
    "leading dash": "-a",
    "an option": "--ir=delta",
    "standard input": "-",
    "percent": "%",
    "format": "%s%n%d{0}{x}",
    "spaces": "  a  b  ",
    "quotes": 'it\'s "so" `$HOME`',
    "pattern": "[a]*?",
    "backslash": "a\\nb",
    "controls": "\x01\x07\x1b[31m\r\t\x7f",
    "composed": "caf\u00e9",
    "decomposed": "cafe\u0301",
    "emoji": "\U0001f3b8",
    "right to left": "\u202egnp.\u200f\u05d0",
    "line separators": "\u2028\u2029\x85",
    "dots": "...",
    "a spec": "double-spike:delay=1s",
    "255 bytes": "x" * LONGEST,
    "255 bytes of emoji": "\U0001f3b8" * (LONGEST // 4) + "xxx",
    "not UTF-8": os.fsdecode(b"\xff\xfe caf\xe9 \xed\xa0\x80"),
}
NAMES = [pytest.param(k, marks=[linux] if k == "not UTF-8" else []) for k in STEMS]
WORST = ("newline", "format", "controls", "right to left", "line separators", "not UTF-8")
TROUBLE = [name for name in NAMES if name.values[0] in WORST]


def run(*arguments, cwd, **more):
    """Run the program as its users do; what it says must be UTF-8, and no traceback."""
    more = {"stdin": subprocess.DEVNULL, **more}
    done = subprocess.run(
        [sys.executable, "-m", "audioconv", *arguments],
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
        **more,
    )
    done.said = done.stderr.decode("utf-8")
    assert "Traceback" not in done.said
    return done


def refused(done, code, *words):
    """Check that a run ended with one line that names the cause."""
    assert done.returncode == code, done.said
    assert re.fullmatch("error: [^\n]+\n", done.said), done.said
    for word in words:
        assert word in done.said
    assert done.stdout == b""


def state(folder):
    """Return all that a folder holds: names, links, contents."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[path] = path.readlink()
        elif path.is_file():
            found[path] = path.read_bytes()
        else:
            found[path] = stat.S_IFMT(path.stat().st_mode)
    return found


def wav(path, samples=SOUND):
    with path.open("wb") as file:  # soundfile itself does not take names of any bytes
        soundfile.write(file, samples, 44100, "PCM_16", format="WAV")


def steps(path):
    with path.open("rb") as file:
        return soundfile.read(file, dtype="int16")[0]


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a sound, an impulse and an old file in it."""
    made = tmp_path / "work"
    made.mkdir()
    wav(made / "in.wav")
    wav(made / "half.wav", HALF)
    (made / "old.wav").write_bytes(OLD)
    return made


@pytest.fixture
def here(folder, capsys, monkeypatch):
    """Return a function like `run` for plain names, in the folder and in this process."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def ran(*arguments):
        code = main(arguments)
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return SimpleNamespace(returncode=code, stdout=said.out.encode(), said=said.err)

    return ran


# any name


@pytest.mark.parametrize("stem", NAMES)
def test_a_name_of_any_kind_is_read_and_written(stem, tmp_path):
    source, impulse, out = (STEMS[stem] + suffix for suffix in (".in.", ".ir.", ".wav"))
    wav(tmp_path / source)
    wav(tmp_path / impulse, HALF)
    done = run("convolve", f"--ir={impulse}", "--", source, out, cwd=tmp_path)
    assert done.returncode == 0, done.said
    assert "error" not in done.said
    assert done.stdout == b""
    assert steps(tmp_path / out).tolist() == np.rint(SOUND / 2).tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source, impulse, out])


@pytest.mark.parametrize("stem", TROUBLE)
def test_a_failure_names_a_name_of_any_kind_on_one_line(stem, tmp_path):
    missing, out = (f"./{STEMS[stem]}{suffix}" for suffix in (".aif", ".wav"))
    (tmp_path / out).write_bytes(OLD)
    before = state(tmp_path)
    done = run("convolve", missing, out, "--ir", "delta", "-y", cwd=tmp_path)
    refused(done, 1, "does not exist; check the name")
    assert state(tmp_path) == before


def test_a_failure_keeps_the_spaces_of_a_name(here):
    refused(here("convolve", "a  b.wav", "o.wav", "--ir", "delta"), 1, "a  b.wav")


def test_a_failure_sends_no_control_characters(folder):
    done = run("convolve", "\x1b[31m.wav", "o.wav", "--ir", "delta", cwd=folder)
    assert done.said.strip().isprintable()


def test_a_report_names_a_file_on_one_line(folder, here):
    done = here("convolve", "in.wav", "a\nb.wav", "--ir", "delta")
    assert done.said.splitlines()[0] == "in.wav -> a\\nb.wav"


@pytest.mark.parametrize("role", ["input", "impulse", "output"])
def test_a_name_that_begins_with_a_dash_needs_a_path_or_two_dashes(role, folder, here):
    for name in ("in.wav", "half.wav", "old.wav"):
        (folder / name).rename(folder / f"-{name}")
    words = {"input": "-in.wav", "impulse": "-half.wav", "output": "-old.wav"}
    with_path = [value if key == role else f"./{value}" for key, value in words.items()]
    source, impulse, out = with_path
    before = state(folder)
    done = here("convolve", source, out, f"--ir={impulse}", "-y")
    if role == "impulse":  # a value that is joined to its option is no option
        assert done.returncode == 0
    else:
        refused(done, 2, "No such option")
        assert state(folder) == before


def test_a_file_named_as_a_standard_stream_is_a_file(folder, here):
    (folder / "in.wav").rename(folder / "-")
    options = ["--ir", "delta", "--format", "WAV", "-q"]
    assert here("convolve", "./-", "new.wav", *options).returncode == 0
    assert steps(folder / "new.wav").tolist() == SOUND.tolist()
    (folder / "-").unlink()
    done = here("convolve", "new.wav", "./-", *options)
    assert (done.returncode, done.stdout) == (0, b"")
    assert steps(folder / "-").tolist() == SOUND.tolist()


@pytest.mark.parametrize("name", ["delta", "double-spike:delay=1s", "nothing:of=the,kind"])
def test_a_file_named_like_a_spec_is_a_file(name, folder, here):
    (folder / "half.wav").rename(folder / name)
    assert here("convolve", "in.wav", "new.wav", "--ir", name).returncode == 0
    assert steps(folder / "new.wav").tolist() == np.rint(SOUND / 2).tolist()


def test_an_output_may_be_named_like_a_spec_but_once(folder, here):
    command = ["convolve", "in.wav", "delta", "--ir", "delta", "--format", "WAV", "-y"]
    assert here(*command).returncode == 0
    before = state(folder)
    refused(here(*command), 2, "output delta is the same file as input delta")
    assert state(folder) == before


@pytest.mark.parametrize("role", ["input", "impulse", "output"])
def test_a_name_with_a_nul_is_refused(role, folder):
    bad = str(folder / "a\0b.wav")
    before = state(folder)
    job = Job(
        bad if role == "input" else str(folder / "in.wav"),
        bad if role == "output" else str(folder / "new.wav"),
        [bad if role == "impulse" else "delta"],
    )
    with pytest.raises((FormatError, UsageError), match="embedded null"):
        convolve_file(job)
    assert state(folder) == before


# names that name no file

LONG = "x" * (LONGEST + 1) + ".wav"
NO_FILES = {
    # name: (exit code, what the error says, arguments after "convolve")
    "input, this folder": (1, "is a directory", [".", "old.wav", "--ir", "delta"]),
    "input, empty": (1, "is empty; name", ["", "old.wav", "--ir", "delta"]),
    "input, under a file": (1, "Not a directory", ["in.wav/x.wav", "old.wav", "--ir", "delta"]),
    "input, no folder": (1, "does not exist", ["no/x.wav", "old.wav", "--ir", "delta"]),
    "input, up from no folder": (
        1,
        "does not exist",
        ["no/../in.wav", "old.wav", "--ir", "delta"],
    ),
    "input, up from a file": (
        1,
        "Not a directory",
        ["half.wav/../in.wav", "old.wav", "--ir", "delta"],
    ),
    "input, too long": (1, "too long", [LONG, "old.wav", "--ir", "delta"]),
    "input, a loop": (1, "symbolic links", ["loop.wav", "old.wav", "--ir", "delta"]),
    "input, a dead link": (1, "does not exist", ["dead.wav", "old.wav", "--ir", "delta"]),
    "input, a device": (1, "is empty", ["/dev/null", "old.wav", "--ir", "delta"]),
    "impulse, this folder": (1, "is a directory", ["in.wav", "old.wav", "--ir", "."]),
    "impulse, empty": (1, "is empty; name", ["in.wav", "old.wav", "--ir", ""]),
    "impulse, a folder named so": (1, "is a directory", ["in.wav", "old.wav", "--ir", "feedback"]),
    "impulse, under a file": (1, "Not a directory", ["in.wav", "old.wav", "--ir", "in.wav/x.wav"]),
    "impulse, too long": (1, "too long", ["in.wav", "old.wav", "--ir", LONG]),
    "impulse, a loop": (1, "symbolic links", ["in.wav", "old.wav", "--ir", "loop.wav"]),
    "impulse, a dead link": (1, "does not exist", ["in.wav", "old.wav", "--ir", "delta"]),
    "impulse, a device": (1, "is empty", ["in.wav", "old.wav", "--ir", "/dev/null"]),
    "output, empty": (2, "is empty; name", ["in.wav", "", "--ir", "half.wav"]),
    "output, this folder": (2, "is a directory", ["in.wav", ".", "--ir", "half.wav"]),
    "output, a folder": (2, "is a directory", ["in.wav", "folder.wav", "--ir", "half.wav"]),
    "output, a folder/": (2, "is a directory", ["in.wav", "folder.wav/", "--ir", "half.wav"]),
    "output, a linked folder": (2, "is a directory", ["in.wav", "to.wav", "--ir", "half.wav"]),
    "output, under a file": (
        1,
        "is not a directory",
        ["in.wav", "in.wav/x.wav", "--ir", "half.wav"],
    ),
    "output, too long": (2, "too long", ["in.wav", LONG, "--ir", "half.wav"]),
    "output, a loop": (2, "symbolic links", ["in.wav", "loop.wav", "--ir", "half.wav"]),
    "output, a link to no folder": (
        1,
        "no is not a directory; make it first",
        ["in.wav", "lost.wav", "--ir", "half.wav"],
    ),
    "output, no suffix": (2, "no suffix", ["in.wav", "a", "--ir", "half.wav"]),
}


@pytest.mark.parametrize("case", NO_FILES)
def test_what_names_no_file_is_refused(case, folder, here):
    code, cause, arguments = NO_FILES[case]
    for name in ("folder.wav", "feedback"):
        (folder / name).mkdir()
    links = {
        "loop.wav": "loop.wav",
        "dead.wav": "gone.wav",
        "delta": "gone",
        "lost.wav": "no/x.wav",
    }
    for name, behind in {**links, "to.wav": "folder.wav"}.items():
        (folder / name).symlink_to(behind)
    before = state(folder.parent)
    refused(here("convolve", *arguments, "-y"), code, cause)
    assert state(folder.parent) == before


@pytest.mark.parametrize("role", ["input", "impulse", "output"])
def test_an_empty_name_is_named_as_that(role, here):
    source, out = "" if role == "input" else "in.wav", "" if role == "output" else "new.wav"
    ir = "" if role == "impulse" else "delta"
    done = here("convolve", source, out, "--ir", ir, "--format", "WAV")
    assert done.returncode in (1, 2)
    assert "empty" in done.said or "''" in done.said


# names that the system does not resolve as this program does

UNLIKE = ["{}/", "{}/.", "no/../{}", "half.wav/../{}"]


@pytest.mark.parametrize("name", UNLIKE)
def test_an_old_file_is_not_replaced_under_a_name_that_is_not_its_own(name, folder, here):
    """`cp in.wav old.wav/` fails, and so does `cp in.wav no/../old.wav`."""
    before = state(folder)
    done = here("convolve", "in.wav", name.format("old.wav"), "--ir", "delta")
    assert state(folder) == before
    refused(done, done.returncode)


@pytest.mark.parametrize("name", [UNLIKE[0], UNLIKE[2]])
@pytest.mark.parametrize("role", ["input", "impulse"])
def test_an_input_is_not_replaced_under_a_name_that_is_not_its_own(role, name, folder, here):
    out = name.format("in.wav" if role == "input" else "half.wav")
    before = state(folder)
    done = here("convolve", "in.wav", out, "--ir", "half.wav", "-y")
    assert state(folder) == before
    refused(done, done.returncode)


@pytest.mark.parametrize("role", ["input", "impulse"])
def test_an_input_with_a_slash_behind_it_is_not_replaced(role, folder, here):
    """Where `in.wav/` is taken for in.wav, it must be seen that in.wav is the output."""
    source, ir = ("in.wav/", "half.wav") if role == "input" else ("in.wav", "half.wav/")
    out = "in.wav" if role == "input" else "half.wav"
    before = state(folder)
    done = here("convolve", source, out, "--ir", ir, "-y")
    assert state(folder) == before
    refused(done, done.returncode)


# the output is an input


@pytest.mark.parametrize(
    ("role", "out"),
    [
        ("input", ".//{}"),
        ("impulse", "folder/../{}"),
        ("input", "{absolute}"),
        ("impulse", "to/{}"),
        ("input", "chain"),
        ("impulse", "chain"),
    ],
)
def test_an_output_that_is_an_input_by_another_name_is_refused(role, out, folder, here):
    same = "in.wav" if role == "input" else "half.wav"
    (folder / "folder").mkdir()
    (folder / "to").symlink_to(".")
    (folder / "chain").symlink_to("to/link")
    (folder / "link").symlink_to(same)
    out = out.format(same, absolute=folder / same)
    before = state(folder)
    command = ["convolve", "in.wav", out, "--ir", "half.wav", "-y", "--format", "WAV"]
    refused(here(*command), 2, "is the same file as input", "name another output")
    assert state(folder) == before


@linux
@pytest.mark.parametrize(
    ("role", "name"),
    [("input", "/dev/stdin"), ("impulse", "/dev/fd/0"), ("input", "/proc/self/fd/0")],
)
def test_an_output_that_is_an_input_by_its_descriptor_is_refused(role, name, folder):
    before = state(folder)
    source, ir = (name, "delta") if role == "input" else ("half.wav", name)
    with (folder / "in.wav").open("rb") as file:
        done = run("convolve", source, "in.wav", "--ir", ir, "-y", cwd=folder, stdin=file)
    refused(done, 2, f"in.wav is the same file as input {name}")
    assert state(folder) == before


@pytest.mark.parametrize("options", [[], ["--subtype", "FLOAT"], ["--verify"]])
def test_an_output_that_is_redirected_to_standard_input_is_whole(options, folder):
    """The old file is open until the end; only then is there a new one in its place."""
    with (folder / "in.wav").open("rb") as file:
        command = ["convolve", "-", "in.wav", "--ir", "half.wav", "-y", *options]
        done = run(*command, cwd=folder, stdin=file)
    assert done.returncode == 0, done.said
    found = soundfile.read(folder / "in.wav")[0] * 2**15
    assert np.rint(found).tolist() == np.rint(SOUND / 2).tolist()
    assert len(list(folder.iterdir())) == 3


# what stands where the output should


def test_a_dead_link_gets_the_file_that_it_leads_to(folder, here):
    (folder / "folder").mkdir()
    (folder / "link.wav").symlink_to("folder/new.wav")
    done = here("convolve", "in.wav", "link.wav", "--ir", "delta", "-q")
    assert (done.returncode, done.said) == (0, "")
    assert str((folder / "link.wav").readlink()) == "folder/new.wav"
    assert [path.name for path in (folder / "folder").iterdir()] == ["new.wav"]
    assert steps(folder / "folder" / "new.wav").tolist() == SOUND.tolist()


@pytest.mark.parametrize("source", ["in.wav", "none.wav"])
def test_a_read_only_file_is_replaced_when_asked_and_stays_read_only(source, folder, here):
    old = folder / "old.wav"
    old.chmod(0o444)
    done = here("convolve", source, "old.wav", "--ir", "delta", "-y", "-q")
    assert stat.S_IMODE(old.stat().st_mode) == 0o444
    if source == "in.wav":
        assert done.returncode == 0, done.said
        assert steps(old).tolist() == SOUND.tolist()
    else:
        refused(done, 1)
        assert old.read_bytes() == OLD


@pytest.mark.parametrize("name", ["old.wav", "new.wav"])
def test_a_folder_that_cannot_be_written_to_is_refused(name, folder, here):
    closed = folder / "closed"
    closed.mkdir()
    (closed / "old.wav").write_bytes(OLD)
    closed.chmod(0o555)
    if os.access(closed, os.W_OK):
        pytest.skip("this user may write everywhere")
    before = state(folder)
    done = here("convolve", "in.wav", f"closed/{name}", "--ir", "delta", "-y")
    refused(done, 1, f"closed/{name} cannot be written: Permission denied")
    assert state(folder) == before


@pytest.mark.parametrize("role", ["input", "impulse"])
def test_a_named_pipe_is_an_input(role, folder):
    real = "in.wav" if role == "input" else "half.wav"
    data = (folder / real).read_bytes()
    (folder / real).unlink()
    os.mkfifo(folder / real)
    feed = threading.Thread(target=(folder / real).write_bytes, args=[data], daemon=True)
    feed.start()
    done = run("convolve", "in.wav", "new.wav", "--ir", "half.wav", cwd=folder)
    feed.join(10)
    assert done.returncode == 0, done.said
    assert steps(folder / "new.wav").tolist() == np.rint(SOUND / 2).tolist()


@pytest.mark.parametrize("options", [[], ["--subtype", "FLOAT"]])
def test_a_named_pipe_whose_reader_goes_away_is_an_error(options, folder):
    wav(folder / "long.wav", np.tile(SOUND, 100))
    sink = folder / "sink.wav"
    os.mkfifo(sink)

    def glance():
        with sink.open("rb", buffering=0) as file:
            file.read(100)

    reader = threading.Thread(target=glance, daemon=True)
    reader.start()
    done = run("convolve", "long.wav", "sink.wav", "--ir", "delta", *options, cwd=folder)
    reader.join(10)
    refused(done, 1, "sink.wav was closed by its reader before the end")
    assert stat.S_ISFIFO(sink.stat().st_mode)
    assert len(list(folder.iterdir())) == 5


def test_a_device_is_written_to_and_not_replaced(folder, here):
    before = state(folder)
    done = here("convolve", "in.wav", os.devnull, "--ir", "delta", "--format", "WAV")
    assert done.returncode == 0, done.said
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    assert state(folder) == before
