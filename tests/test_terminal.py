"""What is shown on a terminal, and that nothing of it is shown anywhere else.

The program runs in a terminal of its own; `screen` is what a person sees there in the end.
"""

import io
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
import wave
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from audioconv import Job, Options
from audioconv.cli import main, terminal, verification
from audioconv.cli.terminal import Work, figures, shows, sparkline
from audioconv.job import VerificationReport
from audioconv.render.run import run
from audioconv.verify.compare import compare_files
from impulses import Impulse
from impulses.analysis import onset, profile

try:
    import fcntl
    import pty
    import struct
    import termios
except ImportError:  # there are no such terminals on Windows
    pty = None

in_a_terminal = pytest.mark.skipif(pty is None, reason="there are no such terminals here")

BLOCK = 2**17
"""Frames that an echo is computed in at a time."""

ESCAPE = re.compile(r"\x1b\[[\d;?]*([A-Za-z])")
BAR = re.compile(rb"convolving \S+ 50 %  [\d.]+ x real time  \d+:\d\d left")


class Terminal:
    """A terminal, and a program in it.

    Parameters
    ----------
    arguments : str
        of audioconv
    columns : int
    piped : str
        which of stdin, stdout and stderr are pipes
    environment : dict
        what is other than usual; None is not there
    """

    def __init__(self, *arguments, columns=80, piped=(), **environment):
        self.seen = b""
        self._ours, theirs = opened(columns)
        usual = {"TERM": "xterm-256color", "NO_COLOR": None, "COLUMNS": None, "PYTHONUTF8": "1"}
        changed = {**os.environ, **usual, **environment}
        streams = ("stdin", "stdout", "stderr")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "audioconv", *map(str, arguments)],
            env={key: value for key, value in changed.items() if value is not None},
            **{s: subprocess.PIPE if s in piped else theirs for s in streams},
        )
        os.close(theirs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for pipe in filter(None, (self.process.stdin, self.process.stdout, self.process.stderr)):
            with suppress(BrokenPipeError):
                pipe.close()
        os.close(self._ours)

    def until(self, pattern=None):
        """Read what is shown until it matches, or to its end."""
        end = time.monotonic() + 30
        while pattern is None or not re.search(pattern, plain(self.seen)):
            assert time.monotonic() < end, self.seen
            piece = read(self._ours)
            if not piece:
                assert pattern is None, self.seen
                break
            self.seen += piece
        return self.seen

    def ended(self):
        """Return what is on the screen when all is over, and the exit code."""
        lines = screen(self.until().decode())
        return lines, self.process.wait(30)


def opened(columns):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    return ours, theirs


def read(ours):
    """Return what comes next, nothing at the end; what is awaited in vain is a failure."""
    assert select.select([ours], [], [], 30)[0], "nothing is shown"
    try:
        return os.read(ours, 2**16)
    except OSError:  # how Linux ends
        return b""


def plain(data):
    return re.sub(rb"\x1b\[[\d;?]*[A-Za-z]", b"", data)


def screen(text):
    """Return the lines that a terminal shows, of the few commands that are used here."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[[\d;?]*[A-Za-z]|[^\x1b]", text):
        if command := ESCAPE.match(token):
            if token == "\x1b[2K":
                lines[row] = ""
            elif command[1] == "A":
                row -= int(token[2:-1] or 1)
            else:
                assert command[1] in "mhl", repr(token)
        elif token == "\r":
            column = 0
        elif token == "\n":
            row += 1
            lines += [""] * (row == len(lines))
        else:
            assert token.isprintable(), repr(token)
            lines[row] = f"{lines[row][:column]:<{column}}{token}{lines[row][column + 1 :]}"
            column += 1
    return [line.rstrip() for line in lines if line.strip()]


@pytest.fixture(scope="module")
def sound():
    """Four blocks of noise, as the bytes of a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((1, 2, 44100, 4 * BLOCK, "NONE", ""))
        noise = np.random.default_rng(1).integers(-9999, 9999, 4 * BLOCK, dtype="<i2")
        written.writeframes(noise.tobytes())
    return file.getvalue()


def echo(output, *more):
    """Return the arguments of an echo that flows as its input does."""
    return ["echo", "-", output, "--subtype", "FLOAT", "--threads", "1", *more]


def half_way(shown, sound):
    """Give half of the sound, and no more, until that is seen."""
    shown.process.stdin.write(sound[: len(sound) // 2 + 1000])
    shown.process.stdin.flush()
    shown.until(BAR)


@in_a_terminal
def test_long_work_has_a_bar_that_leaves_nothing_behind(tmp_path, sound):
    with Terminal(*echo(tmp_path / "a.wav", "--json"), piped=("stdin", "stdout")) as shown:
        half_way(shown, sound)
        shown.process.stdin.write(sound[len(sound) // 2 + 1000 :])
        shown.process.stdin.close()
        lines, code = shown.ended()
        assert code == 0
        told = json.loads(shown.process.stdout.read())
    assert told["frames"] == 4 * BLOCK + 11025
    assert b"\x1b[?25l" in shown.seen  # hides the cursor
    assert shown.seen.rindex(b"\x1b[?25h") > shown.seen.rindex(b"\x1b[?25l")
    assert lines[0].startswith("standard input ->")
    assert not re.search("left|so far|convolving", "\n".join(lines))
    without = subprocess.run(
        [sys.executable, "-m", "audioconv", *echo(tmp_path / "b.wav", "-q")],
        input=sound,
        capture_output=True,
        check=True,
    )
    assert (without.stdout, without.stderr) == (b"", b"")
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


@in_a_terminal
@pytest.mark.parametrize(
    ("number", "code", "last"),
    [(signal.SIGINT, 130, "error: interrupted"), (signal.SIGTERM, 143, None)],
)
def test_an_interruption_takes_the_bar_away(tmp_path, sound, number, code, last):
    with Terminal(*echo(tmp_path / "out.wav"), piped=["stdin"]) as shown:
        half_way(shown, sound)
        shown.process.send_signal(number)
        assert shown.ended() == ([last] if last else [], code)
    assert shown.seen.rindex(b"\x1b[?25h") > shown.seen.rindex(b"\x1b[?25l")
    assert not list(tmp_path.iterdir())


@in_a_terminal
def test_an_error_stands_on_a_line_of_its_own(tmp_path, sound):
    with Terminal(*echo(tmp_path / "out.wav"), piped=["stdin"], columns=500) as shown:
        half_way(shown, sound)
        shown.process.stdin.close()
        lines, code = shown.ended()
    assert code == 1
    assert len(lines) == 1
    assert lines[0].startswith("error: standard input is truncated: ")


@in_a_terminal
def test_nothing_of_it_is_shown_to_who_does_not_want_it(tmp_path, sound):
    """Four long runs side by side, each of which would have had a bar."""
    unwanted = {"NO_COLOR": {"NO_COLOR": "1"}, "dumb": {"TERM": "dumb"}, "-q": {}, "file": {}}
    runs = {
        why: Terminal(
            *echo(tmp_path / "out.wav", "-y", *["-q"] * (why == "-q")),
            piped=["stdin", *["stderr"] * (why == "file")],
            **environment,
            COLUMNS="1000",
        )
        for why, environment in unwanted.items()
    }
    said = {}
    try:
        for shown in runs.values():
            shown.process.stdin.write(sound[:-1])
            shown.process.stdin.flush()
        with Terminal(*echo(tmp_path / "bar.wav"), piped=["stdin"]) as shown:
            half_way(shown, sound)  # by now all had had theirs
        for why, shown in runs.items():
            shown.process.stdin.write(sound[-1:])
            shown.process.stdin.close()
            said[why] = shown.until() + (shown.process.stderr.read() if why == "file" else b"")
            assert shown.process.wait(30) == 0
    finally:
        for shown in runs.values():
            shown.__exit__()
    assert said.pop("-q") == b""
    lines = [re.sub(rb"time .*", b"time", text).splitlines() for text in said.values()]
    assert lines[0] == lines[1] == lines[2]
    assert lines[0][0] == f"standard input -> {tmp_path / 'out.wav'}".encode()
    assert re.fullmatch(rb"  output  \d+ frames \(.*, FLOAT", lines[0][1])
    assert len(lines[0]) == 4
    assert b"\x1b" not in b"".join(said.values())


@in_a_terminal
@pytest.mark.parametrize("columns", [50, 80, 200])
def test_the_summary_is_a_table_with_the_same_words(tmp_path, samples, columns):
    name = "[red]x[bold] \x1b[31m:smile: \u202e.wav"
    shutil.copy(samples / "speech.wav", tmp_path / name)
    arguments = ["echo", tmp_path / name, tmp_path / "out.wav", "--gain", "4", "--verify", "-yv"]
    said = subprocess.run(
        [sys.executable, "-m", "audioconv", *map(str, arguments)],
        capture_output=True,
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": str(columns)},
        check=True,
    ).stderr.decode()
    with Terminal(*arguments, columns=columns) as shown:
        lines, code = shown.ended()
    assert code == 0
    if float(re.search(rb"([\d.]+) s, [\d.]+ x", shown.seen)[1]) < terminal.BAR_DELAY - 0.1:
        assert b"\x1b[?25l" not in shown.seen  # it was too short for a bar
    long = [line for line in lines if len(line) > columns]
    assert all(len(line.split()) == 1 for line in long)  # no word is broken
    assert rows(lines) == rows(said.splitlines())
    assert rows(lines)[-1].startswith("notice guard: ")
    assert re.search(rb"\x1b\[32m +proven", shown.seen)


def rows(lines):
    """Return what rows say, however they are wrapped, and without what is other in each run."""
    whole = "\n".join(lines)
    whole = re.sub(r"\n {5,}", " ", whole)  # a hanging indent
    heading, rest = re.split(r"\n *(?=routes)", whole, maxsplit=1)
    rest = re.sub(r"(?m)^notice:", "notice", rest)
    drawn = r"primes \d+ and \d+|sum off by [\d.e-]+|\S+ off|limit [\d.e-]+|\d+ (samples|of them)"
    rest = re.sub(rf"[\d.]+ s, [\d.]+ x real time|{drawn}", "", rest)
    return [
        "".join(heading.split()),
        *filter(None, (" ".join(row.split()) for row in rest.splitlines())),
    ]


@pytest.fixture
def person(monkeypatch):
    """Have an environment in which a terminal is looked at, whatever this one is."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return monkeypatch


def test_what_a_table_holds_is_only_text(person):
    file = io.StringIO()
    told = ["[red]heading[/]", "[b]label", "[red]value[/] :smile:", "[link=x]notice"]
    terminal.table(file, [(told[0], [(told[1], told[2])])], [told[3]])
    text = ESCAPE.sub("", file.getvalue())
    assert all(one in text for one in told)


def test_what_fails_is_red(person):
    names = ("certificate_residual", "certificate_limit", "certificate_smallest")
    names = (
        *names,
        "samples_worst",
        "samples_limit",
        "spots_worst",
        "spots_limit",
        "error_bound",
        "quantisation",
    )
    levels = dict.fromkeys(names, 0.0)
    verified = VerificationReport(
        failures=["a sample is off"],
        frames=1,
        channels=1,
        subtype="PCM_16",
        primes=[2],
        anew=True,
        spots_exact=1,
        certificate_passed=True,
        samples_passed=False,
        spots=1,
        spots_passed=True,
        exact=True,
        **levels,
    )
    file = io.StringIO()
    terminal.table(file, [verification.section(verified)])
    text = file.getvalue()
    assert "\x1b[1;31mNOT verified" in text
    assert re.search(r"\x1b\[32m +proven", text)
    assert re.search(r"\x1b\[1;31m +FAILED", text)


@pytest.fixture
def patient(person):
    """Show bars at once, on a terminal of some width; return what is drawn."""
    person.setattr(terminal, "BAR_DELAY", 0.0)
    person.setattr(terminal, "BAR_INTERVAL", 0.005)

    def drawn(columns, *told):
        ours, theirs = opened(columns)
        with os.fdopen(theirs, "w", encoding="utf-8") as stream:
            person.setattr(sys, "stderr", stream)
            person.setenv("COLUMNS", str(columns))
            shown = b""
            with terminal.progress() as progress:
                for what, done, total in told:
                    progress(what, 0.0, total)
                    time.sleep(0.002)  # or it would be infinitely fast
                    progress(what, done, total)
                    awaited = b" x " if done else what[:4].encode()
                    end = time.monotonic() + 10
                    while awaited not in shown and time.monotonic() < end:
                        shown += read(ours)
            assert "progress" not in [thread.name for thread in threading.enumerate()]
            while not shown.endswith(b"\x1b[2K"):
                shown += read(ours)
        os.close(ours)
        return plain(shown).decode()

    return drawn


@in_a_terminal
@pytest.mark.parametrize("columns", [20, 50, 71, 72, 80, 300])
def test_a_bar_never_passes_its_line(patient, columns):
    long = "a very long name of what is being done here, more than there is room for"
    text = patient(columns, (long, 0.0, None), ("convolving at -12.50 dB", 3600.0, 36000.0))
    assert "% " in text
    assert max(map(len, re.split(r"[\r\n]+", text))) <= columns
    assert ("real time" in text) == (columns >= 72)


@in_a_terminal
def test_what_is_told_is_only_text(patient):
    text = patient(80, ("[red]x[/] :smile: \x1b]0;title\x07\u202e\udc80\n", 0.0, None))
    assert r"[red]x[/] :smile: \x1b]0;title\x07\u202e\udc80\n" in text
    assert "\x07" not in text


def test_figures_are_those_of_the_last_block():
    at_a_third = Work("convolving", 100.0, 300.0, began=10.0, at=15.0)
    assert figures(at_a_third, 15.0) == ["33 %", "20 x real time", "0:10 left"]
    assert figures(at_a_third, 17.0)[2] == "0:08 left"  # it goes on between blocks
    assert figures(at_a_third, 99.0)[2] == "0:00 left"
    slow = Work("convolving", 1.0, 3700.0, began=0.0, at=4.0)
    assert figures(slow, 4.0) == ["0 %", "0.25 x real time", "4:06:36 left"]
    assert figures(Work("reading", 0.0, None, began=1.0, at=1.0), 63.0) == ["1:02 so far"]


class Seen(io.StringIO):
    def isatty(self):
        return True


def test_a_person_sees_it(person):
    assert shows(Seen())
    person.setenv("NO_COLOR", "")  # which is as if it were not there
    assert shows(Seen())
    assert not shows(Seen(), quiet=True)
    assert not shows(io.StringIO())
    assert not shows(None)
    closed = Seen()
    closed.close()
    assert not shows(closed)
    person.setenv("TERM", "dumb")
    assert not shows(Seen())
    person.setenv("TERM", "xterm")
    person.setenv("NO_COLOR", "0")  # any value counts
    assert not shows(Seen())


def test_a_terminal_that_is_gone_does_not_end_the_work(person):
    class Gone(Seen):
        def write(self, text):
            raise OSError(5, "Input/output error")

    person.setattr(terminal, "BAR_DELAY", 0.0)
    person.setattr(sys, "stderr", Gone())
    with terminal.progress() as progress:
        progress("convolving", 1.0, 2.0)


def test_a_run_tells_all_that_it_does(tmp_path, samples):
    told = []

    def note(what, done=0.0, total=None):
        told.append((what, done, total))

    options = Options(verify=True, threads=1)
    job = Job(str(samples / "speech.wav"), str(tmp_path / "a.wav"), ["delta:wet=9"], options)
    made = run(job, note)
    steps = list(dict.fromkeys(what for what, *_ in told))
    gain = f"convolving at {made.gain_db:.2f} dB"
    assert steps == [
        *("reading", "preparing the impulse", "convolving", gain, "reading back"),
        "syncing to disk",
    ]
    seconds = made.frames / made.rate
    for step in ("convolving", gain, "reading back"):
        calls = [(done, total) for what, done, total in told if what == step]
        assert calls == sorted(calls)
        assert calls[0] == (0.0, seconds)
        assert calls[-1] == (seconds, seconds)
    told.clear()
    short = Options(length="0.5s", overwrite=True)
    run(Job(job.input, job.output, job.impulses, short), note)
    assert [call for call in told if call[0] == "convolving"][-1] == ("convolving", 0.5, 0.5)
    run(Job(job.input, job.output, job.impulses, replace(options, overwrite=True)))
    again = Job(job.input, str(tmp_path / "b.wav"), job.impulses, options)
    assert run(again).frames == made.frames
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    told.clear()
    difference = compare_files(job.input, job.output, note)
    assert difference == compare_files(job.input, job.output)
    assert list(dict.fromkeys(told)) == [
        (step, done, seconds)
        for step in ("comparing", "fitting", "subtracting")
        for done in (0.0, seconds)
    ]


@pytest.mark.parametrize("columns", [1, 7, 32, 5000])
def test_the_profile_is_its_definition(noise, columns):
    rate, delay = 1000, 70
    decaying = noise(2000, 2) * 10 ** (-3 * np.arange(2000) / 1300)[:, np.newaxis]
    impulse = Impulse(np.concatenate([np.zeros((delay, 2)), decaying]), rate)
    levels, frames = profile(impulse, columns)
    begin = onset(impulse)
    moments = [sum(f @ f for f in impulse.taps[t : t + 10]) for t in range(begin, 2070, 10)]
    last = max(n for n, m in enumerate(moments) if m >= max(moments) * 1e-6)
    assert frames == min(10 * (last + 1), 2070 - begin)
    assert 1200 < frames < 1500  # 60 dB are over after 1300 frames
    heard = impulse.taps[begin : begin + frames]
    count = min(columns, frames)
    ends = [k * frames // count for k in range(count + 1)]
    rms = np.array([np.sqrt(np.mean(heard[a:b] ** 2)) for a, b in pairwise(ends)])
    assert np.allclose(levels, 20 * np.log10(rms / rms.max()), rtol=0, atol=1e-9)


def test_a_profile_of_what_is_hardly_there():
    assert profile(Impulse(np.zeros((9, 1)), 48000), 5)[1] == 0
    levels, frames = profile(Impulse([[1e-300], [1e-301]], 48000), 5)
    assert np.allclose(levels, [0, -20])
    assert frames == 2
    gaps, frames = profile(Impulse([[1.0], *[[0.0]] * 98, [0.5], *[[0.0]] * 5], 100), 3)
    assert gaps.tolist() == [0, -np.inf, pytest.approx(20 * np.log10(0.5), abs=0.5)]
    assert frames == 100


def test_a_line_is_drawn_where_it_can_be():
    assert sparkline([0.0, -30.0, -60.0]) == "█▅▁"
    assert sparkline([-5.0, -5.0]) == "▁▁"
    assert sparkline([0.0, -30.0], "ascii") is None
    assert sparkline([0.0, -30.0], "cp1252") is None


class Screen(io.TextIOWrapper):
    """A terminal that writes in some encoding."""

    def __init__(self, encoding="utf-8"):
        super().__init__(io.BytesIO(), encoding)

    def isatty(self):
        return True

    def shown(self):
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)


class Pipe(Screen):
    """The same, which is no terminal."""

    def isatty(self):
        return False


def test_ir_info_draws_the_decay_on_a_terminal_alone(samples, person):
    arguments = ["ir", "info", str(samples / "hall.wav")]

    def looked(stream, columns):
        person.setenv("COLUMNS", columns)
        person.setattr(sys, "stdout", stream)
        assert main(arguments) == 0
        lines = stream.shown().splitlines()
        return lines, [line for line in lines if line.startswith("  decay")]

    for columns, drawn in [("100", 48), ("64", 12), ("400", 64)]:
        lines, (decay,) = looked(Screen(), columns)
        line = re.search(r"0 dB (█[▁▂▃▄▅▆▇█]+▁) -5\d dB, 1\.\d\d\d s from the onset$", decay)
        assert len(line[1]) == drawn
        assert max(map(len, lines)) <= int(columns)
        said, drawing = looked(Pipe(), columns)
        assert drawing == []
        assert [line for line in lines if line != decay] == said
    said, _ = looked(Pipe(), "100")
    assert looked(Screen("latin-1"), "100") == (said, [])
    person.setenv("NO_COLOR", "1")
    assert looked(Screen(), "100") == (said, [])
