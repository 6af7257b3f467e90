"""Refusals and losses that other tests do not meet: by the function that has them."""

import io
import math
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import audioconv.__main__ as program
import impulses.acoustics
from audioconv import convolve_file
from audioconv.cli import main, measure, printing, saved, sofa_info
from audioconv.errors import AudioconvError, FormatError, UsageError
from audioconv.files import Reader, silence
from audioconv.files.codecs import containers, opus, tags
from audioconv.job import Job, Options
from audioconv.plot import fonts
from audioconv.render.redo import redo
from impulses import Impulse, edit, folding, norms
from impulses.builders import recursion
from impulses.measurement.sweeps import Sweep

posix = pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX has them")


def test_standard_output_that_cannot_be_flushed_is_an_error(monkeypatch, capsys):
    class Full(io.StringIO):
        def flush(self):
            raise OSError(28, "No space left on device")

        def fileno(self):
            raise OSError

    monkeypatch.setattr(sys, "stdout", Full())
    monkeypatch.setattr(printing, "discard", lambda stream: None)
    assert main(["--version"]) == 1
    assert "standard output cannot be written: No space left" in capsys.readouterr().err


def unread(line):
    """Run a command line whose standard output nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            [sys.executable, "-m", "audioconv", *line],
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)


@posix
@pytest.mark.parametrize("line", ["ir list", "info --json {sound}"])
def test_text_that_is_read_in_part_is_no_error(line, samples):
    """As by ``| head -1``: silent, with the exit code of SIGPIPE."""
    done = unread(line.format(sound=samples / "speech.wav").split())
    assert (done.returncode, done.stderr) == (141, b"")


@posix
def test_a_batch_whose_rows_nobody_reads_says_that_it_ends(samples, tmp_path):
    line = ["batch", samples / "speech.wav", "--ir", "delta", "--into", tmp_path / "out", "--json"]
    done = unread(line)
    assert done.returncode == 1
    assert b"closed by its reader before the end; the same line again goes on\n" in done.stderr
    assert main([*map(str, line), "-q"]) == 0


def test_a_program_without_standard_streams_has_a_code(monkeypatch, samples):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["info", str(samples / "missing.wav")]) == 1


def test_too_little_memory_is_one_line(monkeypatch, capsys):
    def app(*_, **__):
        raise MemoryError

    monkeypatch.setattr("audioconv.cli.app", app)
    assert main(["info", "x.wav"]) == 1
    assert capsys.readouterr().err.strip() == "error: not enough memory; use a shorter impulse"


def test_signals_in_a_row_end_a_run_once_and_again_when_dropped(monkeypatch):
    handlers, sent, printed = {}, [], []
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_DFL)
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(sys, "unraisablehook", None)
    monkeypatch.setattr(sys, "__unraisablehook__", printed.append)
    timer = lambda _, call, arguments: SimpleNamespace(start=lambda: call(*arguments))  # noqa: E731
    monkeypatch.setattr(program.threading, "Timer", timer)
    program._end_on_signals()
    with pytest.raises(SystemExit, match="143"):
        handlers[signal.SIGTERM](signal.SIGTERM, None)
    handlers[signal.SIGINT](signal.SIGINT, None)  # within the moment in which a run cleans up
    monkeypatch.setattr(signal, "pthread_kill", lambda _, number: sent.append(number))
    sys.unraisablehook(SimpleNamespace(exc_value=SystemExit(143)))
    assert sent == [signal.SIGTERM]
    with pytest.raises(KeyboardInterrupt):
        handlers[signal.SIGINT](signal.SIGINT, None)
    sys.unraisablehook(SimpleNamespace(exc_value=ValueError()))
    assert len(printed) == 1
    monkeypatch.delattr(signal, "pthread_kill")
    monkeypatch.setattr(signal, "raise_signal", sent.append)
    sys.unraisablehook(SimpleNamespace(exc_value=KeyboardInterrupt()))
    assert sent == [signal.SIGTERM, signal.SIGINT]


def test_a_stream_is_silenced_once_for_all_threads_and_a_closed_one_not_at_all(tmp_path):
    with (tmp_path / "stream").open("w+b", buffering=0) as file:
        silencer = silence._Silencer(file.fileno())
        silencer.begin()
        silencer.begin()
        file.write(b"lost")
        silencer.end()
        file.write(b"lost")
        silencer.end()
        file.write(b"kept")
        file.seek(0)
        assert file.read() == b"kept"
        closed = silence._Silencer(file.fileno())
    closed.begin()
    closed.end()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: norms.norm_gain(Impulse([[1e-310]], rate=1), "l1"), "too far from 1"),
        (lambda: Impulse([[1.0]], rate=1, origin=1), "origin is 1; it must be one of its 1 frame"),
        (lambda: edit.split(Impulse([[1.0]], rate=1), -1), "split -1 frames after"),
        (lambda: Sweep(kind="mls", rate=48000, duration=1e5).period, "limit"),
        (lambda: recursion.checked_length(2**40), "limit"),
        (lambda: impulses.acoustics.nothing, "no attribute 'nothing'"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises((AudioconvError, AttributeError), match=message):
        call()


def test_a_fold_has_a_longest_length(monkeypatch):
    monkeypatch.setattr(folding, "MAX_FRAMES", 3)
    one = Impulse([[1.0], [0.5]], rate=1)
    assert folding.chain([one, one]).frames == 3
    with pytest.raises(AudioconvError, match="limit"):
        folding.chain([one, one, one])


def test_rows_of_reports_that_are_rare():
    takes = measure._takes(SimpleNamespace(spread=-60.0, takes=4))
    assert takes == [
        ("takes", "4 averaged; they differ by -60.0 dB, which leaves -66.0 dB of noise")
    ]
    alike = SimpleNamespace(spread=-math.inf, takes=2)
    assert measure._takes(alike) == [("takes", "2 averaged")]
    impulse = Impulse([[0.0], [1.0]], rate=1000, origin=1)
    assert "cannot state" in saved._time_zero(impulse, stored=False)
    listeners = SimpleNamespace(listeners=np.array([[0.0, 0, 0], [1, 2.5, 0]]))
    assert sofa_info._listeners(listeners) == [("1", "0, 0, 0 m"), ("2", "1, 2.5, 0 m")]


def test_headers_that_say_nothing():
    assert containers._sphere(io.BytesIO(b"NIST_1A\n  junk\n")) == containers.UNKNOWN
    assert opus.samples(b"") == 0
    assert tags.is_tag(io.BytesIO(b"TAG+" + bytes(500)), 0)
    assert not tags.is_tag(io.BytesIO(b"none"), 0)


def test_a_font_that_is_gone_has_no_characters():
    assert fonts._characters("/no/such/font.ttf") == set()


def test_a_lossy_output_is_not_verified(samples, tmp_path):
    job = Job(str(samples / "speech.wav"), str(tmp_path / "o.mp3"), ["delta"], Options(verify=True))
    with pytest.raises(UsageError, match="lossy coding, which cannot be verified"):
        convolve_file(job)


def test_a_file_named_as_the_builder_of_a_recipe_is_in_the_way(samples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    convolve_file(Job(str(samples / "speech.wav"), "o.wav", ["delta"]))
    (tmp_path / "delta").touch()
    with pytest.raises(AudioconvError, match="a file is named delta, as the builder is"):
        redo("o.wav", places=[str(samples)])


def test_an_input_whose_hash_cannot_be_read_is_an_error(samples, monkeypatch):
    with Reader(str(samples / "speech.wav"), hashed=True) as reader:

        def failing():
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(reader._decoder, "digest", failing)
        with pytest.raises(FormatError, match=r"speech\.wav cannot be read: Input/output error"):
            reader.digest()
