"""Faults, against the real program: at every instant the target is the old file or the new one.

Disk full, I/O errors, limits, signals and death are injected into each write, fsync, rename and
close in turn by strace, where it is there, and by the operating system's own limits elsewhere.
"""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import soundfile

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="faults are injected on Linux")
STRACE = shutil.which("strace")
OLD = b"the old file, whole"

needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed")


@pytest.fixture
def sound(tmp_path, samples):
    audio, rate = soundfile.read(samples / "speech.wav", frames=20_000, dtype="int16")
    source = tmp_path / "in.wav"
    soundfile.write(source, audio, rate)
    return source


def command(source, target, *more):
    return [sys.executable, "-m", "audioconv", "echo", str(source), str(target), "-y", *more]


def folder_for(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir(exist_ok=True)
    for left in folder.iterdir():
        left.unlink()
    (folder / "out.wav").write_bytes(OLD)
    return folder, folder / "out.wav"


@pytest.fixture
def new(tmp_path, sound):
    """Return the bytes that a run without faults writes."""
    target = tmp_path / "clean.wav"
    subprocess.run(command(sound, target), check=True, capture_output=True)
    return target.read_bytes()


def traced(inject, arguments):
    """Run under strace with faults injected, and return the exit code and what was said."""
    name = inject.partition(":")[0]
    filters = ["-e", f"trace={name}", "-e", f"inject={inject}", "-o", os.devnull]
    done = subprocess.run(
        [STRACE, "-f", "-qq", *filters, *arguments], capture_output=True, timeout=120
    )
    return done.returncode, done.stderr.decode(errors="replace")


def calls_that_touch(path, log, name, arguments):
    """Number the calls of a kind, as strace counts them for a thread, that touch a path."""
    trace = [STRACE, "-f", "-qq", "-y", "-o", str(log), "-e", f"trace={name}"]
    subprocess.run([*trace, *arguments], check=True, capture_output=True)
    made = {}
    found = []
    for line in log.read_text(errors="replace").splitlines():
        thread, _, call = line.partition(" ")
        if call.lstrip().startswith(f"{name}("):
            made[thread] = made.get(thread, 0) + 1
            if str(path) in call:
                found.append(made[thread])
    return found


@needs_strace
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("name", ["write", "fsync", "rename"])
def test_an_error_in_any_call_leaves_the_old_file_or_the_new(tmp_path, sound, new, name, error):
    folder, target = folder_for(tmp_path)
    calls = calls_that_touch(folder, tmp_path / "log", name, command(sound, target))
    assert calls, f"the run makes no {name} on its output"
    for number in calls:
        folder, target = folder_for(tmp_path)
        code, said = traced(f"{name}:error={error}:when={number}", command(sound, target))
        assert code == 1, f"{name} {number}: exit {code}"
        assert said.count("\n") == 1
        assert said.startswith("error: ")
        assert target.read_bytes() in (OLD, new), f"{name} {number}: torn"
        assert [left.name for left in folder.iterdir()] == ["out.wav"], f"{name} {number}"


@needs_strace
@pytest.mark.parametrize(("sent", "expected"), [("KILL", -9), ("TERM", 143), ("HUP", 129)])
@pytest.mark.parametrize("name", ["write", "fsync", "rename", "close", "unlink"])
def test_death_at_any_call_leaves_the_old_file_or_the_new(
    tmp_path, sound, new, name, sent, expected
):
    folder, target = folder_for(tmp_path)
    codes = set()
    for number in calls_that_touch(folder, tmp_path / "log", name, command(sound, target)):
        folder, target = folder_for(tmp_path)
        code, _ = traced(f"{name}:signal={sent}:when={number}", command(sound, target))
        # a signal after the last step finds nothing left to stop
        assert code in (expected, 128 - expected, 0), f"{name} {number}: exit {code}"
        codes.add(code)
        assert target.read_bytes() in (OLD, new), f"{name} {number}: torn"
        left = sorted(path.name for path in folder.iterdir() if path != target)
        assert len(left) <= (1 if sent == "KILL" else 0), left
        # and the next run to that target sweeps what was left, and is not disturbed
        subprocess.run(command(sound, target), check=True, capture_output=True)
        assert target.read_bytes() == new
        assert [path.name for path in folder.iterdir()] == ["out.wav"]
    assert codes - {0}, f"no {name} was interrupted"


@pytest.mark.parametrize("size", [0, 1, 43, 44, 45, 4096, 8192, 40_000, 62_000])
def test_a_file_size_limit_is_an_error(tmp_path, sound, new, size):
    """Like a full disk: the limit is met in the header, in the samples, and at the end."""
    import resource

    folder, target = folder_for(tmp_path)
    assert size < len(new)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    done = subprocess.run(command(sound, target), capture_output=True, preexec_fn=limit, timeout=60)
    assert done.returncode == 1
    assert b"File too large" in done.stderr
    assert target.read_bytes() == OLD
    assert [left.name for left in folder.iterdir()] == ["out.wav"]


@pytest.mark.parametrize("form", ["flac", "ogg", "aiff", "caf"])
def test_libsndfile_hides_no_failed_write(tmp_path, sound, form):
    import resource

    folder, _ = folder_for(tmp_path)
    target = folder / f"new.{form}"

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))

    done = subprocess.run(command(sound, target), capture_output=True, preexec_fn=limit, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(b"error: ")
    assert done.stderr.count(b"\n") == 1
    assert [left.name for left in folder.iterdir()] == ["out.wav"]


def test_a_run_under_way_is_not_swept(tmp_path, sound):
    """Two runs to one target: the second leaves the first one's temporary file alone."""
    folder, target = folder_for(tmp_path)
    slow = subprocess.Popen(
        [*command("-", target, "--clip", "saturate")], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    data = sound.read_bytes()
    slow.stdin.write(data[:10_000])
    slow.stdin.flush()
    for _ in range(200):
        if len(list(folder.iterdir())) == 2:
            break
        time.sleep(0.05)
    part = next(path for path in folder.iterdir() if path != target)
    subprocess.run(command(sound, target), check=True, capture_output=True)
    assert part.exists()
    slow.stdin.write(data[10_000:])
    _, said = slow.communicate(timeout=60)
    assert slow.returncode == 0, said
    assert [path.name for path in folder.iterdir()] == ["out.wav"]


@needs_strace
def test_a_read_error_is_named_with_its_place(tmp_path, sound):
    _, target = folder_for(tmp_path)
    calls = calls_that_touch(sound, tmp_path / "log", "read", command(sound, target))
    folder_for(tmp_path)
    code, said = traced(f"read:error=EIO:when={calls[-1]}", command(sound, target))
    assert code == 1
    assert "in.wav" in said
    assert "Input/output error" in said
    assert target.read_bytes() == OLD


def test_an_interrupted_run_then_a_whole_one(tmp_path, sound, new):
    folder, target = folder_for(tmp_path)
    for sent, expected in [(signal.SIGINT, 130), (signal.SIGTERM, 143)]:
        run = subprocess.Popen(
            command("-", target, "--clip", "saturate"),
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        run.stdin.write(sound.read_bytes()[:10_000])
        run.stdin.flush()
        for _ in range(200):
            if len(list(folder.iterdir())) == 2:
                break
            time.sleep(0.05)
        time.sleep(0.3)
        run.send_signal(sent)
        assert run.wait(timeout=30) == expected
        run.stdin.close()
        assert target.read_bytes() == OLD
        assert [path.name for path in folder.iterdir()] == ["out.wav"]
    subprocess.run(command(sound, target), check=True, capture_output=True)
    assert target.read_bytes() == new
