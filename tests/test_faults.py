"""Fault injection into the real program: at any instant the target is the old or the new file.

strace, where it is installed, injects full disks, I/O errors, signals and death into each open,
write, fsync, rename and close in turn; elsewhere the limits of the operating system are used.
"""

import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="faults are injected on Linux"),
    pytest.mark.usefixtures("untraced"),
]
STRACE = shutil.which("strace")
OLD = b"the old file, whole"

needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed")


@pytest.fixture(scope="module")
def sound(tmp_path_factory, samples):
    audio, rate = soundfile.read(samples / "speech.wav", frames=20_000, dtype="int16")
    source = tmp_path_factory.mktemp("sound") / "in.wav"
    soundfile.write(source, audio, rate)
    return source


def command(source, target, *more):
    return [sys.executable, "-m", "audioconv", "echo", str(source), str(target), "-y", *more]


def folder_for(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        left.unlink()
    (folder / "out.wav").write_bytes(OLD)
    return folder, folder / "out.wav"


@pytest.fixture(scope="module")
def new(tmp_path_factory, sound):
    """Return the output of a run without faults."""
    target = tmp_path_factory.mktemp("new") / "clean.wav"
    subprocess.run(command(sound, target), check=True, capture_output=True)
    return target.read_bytes()


@functools.cache
def tracer(*, signals=False):
    """Return strace with options; where the system can, it stops at no call but those asked for.

    Signals would get lost there.
    """
    plain = [STRACE, "-f", "-qq", "-y"]
    quick = [*plain, "--seccomp-bpf"]
    tried = subprocess.run([*quick, "-e", "trace=fsync", "true"], capture_output=True)
    return plain if signals or tried.returncode or tried.stderr else quick


def traced(inject, arguments, log=os.devnull):
    """Run under strace with faults injected; return the exit code and standard error."""
    filters = ["-e", f"trace={inject.partition(':')[0]}", "-e", f"inject={inject}", "-o", log]
    trace = tracer(signals=":signal=" in inject)
    done = subprocess.run([*trace, *filters, *arguments], capture_output=True, timeout=120)
    return done.returncode, done.stderr.decode(errors="replace")


def failing(inject, arguments, path, turn=None):
    """Run with an error injected into a call on a path; return as `traced` does.

    Calls are numbered in a run without faults, and the next run can differ by a call: glibc, for
    one, opens /proc/sys/vm/overcommit_memory when threads contend for memory. A fault that met
    a call on another path, or on this path but not in its turn, is tried again, and then on the
    calls around it, with the folder of the target as it was.
    """
    fault, number = inject.rsplit("=", 1)
    folder = Path(arguments[5]).parent
    before = {old: old.read_bytes() for old in folder.iterdir() if old.is_file()}
    for around in (0, 0, 0, 1, -1, 2, -2, 0, 1, -1, 0):
        inject = f"{fault}={int(number) + around}"
        with tempfile.NamedTemporaryFile() as log:
            ended = traced(inject, arguments, log.name)
            calls = log.read().decode(errors="replace").splitlines()
        met = ["(INJECTED)" in call for call in calls if touches(call, path)]
        if any(met) and turn in (None, met.index(True)):
            return ended
        for new in set(folder.iterdir()) - set(before):
            new.unlink()
        for old, data in before.items():
            old.write_bytes(data)
    raise AssertionError(f"{inject} never met a call on {path}")


def touches(call, path):
    """Return whether a call touches a path; a folder that cannot be listed is only not swept."""
    return str(path) in call and "O_NONBLOCK" not in call


def calls_that_touch(path, log, name, arguments):
    """Return the numbers of the calls of one kind that touch a path, counted for each thread."""
    return calls_of_each(path, log, [name], arguments)[name]


def calls_of_each(path, log, names, arguments):
    """Return the numbers of the calls of several kinds that touch a path."""
    trace = [*tracer(), "-o", str(log), "-e", f"trace={','.join(names)}"]
    subprocess.run([*trace, *arguments], check=True, capture_output=True)
    made = {}
    found = {name: [] for name in names}
    for line in log.read_text(errors="replace").splitlines():
        thread, _, call = line.partition(" ")
        name = call.lstrip().partition("(")[0]
        if name in found:
            made[thread, name] = made.get((thread, name), 0) + 1
            if touches(call, path) and made[thread, name] not in found[name]:
                found[name].append(made[thread, name])
    return found


def for_each(check, cases):
    """Check cases in parallel."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(check, cases))


CALLS = "openat", "write", "pwrite64", "fsync", "rename", "close", "unlink"


@pytest.fixture
def calls(sound, untraced):
    """Return the numbers of the calls of each kind that a run makes on its output."""
    return counted_calls(sound)


@functools.cache
def counted_calls(sound):
    folder, target = folder_for(sound.parent / "counted")
    found = calls_of_each(folder, folder.parent / "log", CALLS, command(sound, target))
    assert all(found.values())
    return found


@needs_strace
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("name", ["write", "pwrite64", "fsync", "rename"])
def test_an_error_in_any_call_leaves_the_old_file_or_the_new(
    tmp_path, sound, new, calls, name, error
):

    def check(number):
        folder, target = folder_for(tmp_path / str(number))
        code, said = failing(f"{name}:error={error}:when={number}", command(sound, target), folder)
        assert code == 1, f"{name} {number}: exit {code}"
        assert said.count("\n") == 1
        assert said.startswith("error: ")
        assert target.read_bytes() in (OLD, new), f"{name} {number}: torn"
        assert [left.name for left in folder.iterdir()] == ["out.wav"], f"{name} {number}"

    for_each(check, calls[name])


DEATHS = [(name, *end) for name in CALLS for end in [("KILL", -9), ("TERM", 143)]]
DEATHS += [(name, "HUP", 129) for name in ("pwrite64", "rename")]  # it has TERM's handler


@needs_strace
@pytest.mark.parametrize(("name", "sent", "expected"), DEATHS)
def test_death_at_any_call_leaves_the_old_file_or_the_new(
    tmp_path, sound, new, calls, name, sent, expected
):
    def check(number):
        folder, target = folder_for(tmp_path / str(number))
        code, _ = traced(f"{name}:signal={sent}:when={number}", command(sound, target))
        # after the last step a signal has no effect
        assert code in (expected, 128 - expected, 0), f"{name} {number}: exit {code}"
        assert target.read_bytes() in (OLD, new), f"{name} {number}: torn"
        left = sorted(path.name for path in folder.iterdir() if path != target)
        assert len(left) <= (1 if sent == "KILL" else 0), left
        if left:  # the next run to that target removes it, and succeeds
            subprocess.run(command(sound, target), check=True, capture_output=True)
            assert target.read_bytes() == new
            assert [path.name for path in folder.iterdir()] == ["out.wav"]
        return code

    assert set(for_each(check, calls[name])) - {0}, f"no {name} was interrupted"


@pytest.mark.parametrize("size", [0, 1, 43, 44, 45, 4096, 8192, 40_000, 62_000])
def test_a_file_size_limit_is_an_error(tmp_path, sound, new, size):
    """Like a full disk, in the header, in the samples and at the end."""
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
    """Of two runs to one target, the second does not remove the first one's temporary file."""
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
    code, said = failing(f"read:error=EIO:when={calls[-1]}", command(sound, target), sound)
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


# other outputs: written by libsndfile, written twice, and read back for verification

VARIANTS = {
    "flac": ("out.flac", ["--gain", "0.5"]),
    "guard": ("out.wav", ["--gain", "8x"]),
    "verify": ("out.wav", ["--verify"]),
}
ERRORS = {
    "write": "ENOSPC",
    "pwrite64": "ENOSPC",
    "ftruncate": "EIO",
    "read": "EIO",
    "fsync": "EIO",
    "chmod": "EPERM",
    "rename": "EACCES",
    "openat": "EMFILE",
}


@pytest.fixture(params=VARIANTS)
def variant(request, tmp_path, sound):
    """Return a function that makes a folder with an old file and the command to replace it."""
    name, options = VARIANTS[request.param]

    def made(case):
        folder = tmp_path / case
        folder.mkdir()
        (folder / name).write_bytes(OLD)
        return folder / name, command(sound, folder / name, "--delay", "10ms", *options)

    target, arguments = made("clean")
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    assert ("lowered by" in done.stderr) == (request.param == "guard")
    return made, target.read_bytes()


def sampled(numbers, most):
    """Choose at most `most` numbers, including the first and the last."""
    if len(numbers) <= most:
        return numbers
    return [numbers[round(i * (len(numbers) - 1) / (most - 1))] for i in range(most)]


@needs_strace
def test_an_error_in_any_call_of_any_output_leaves_the_old_file_or_the_new(tmp_path, variant):
    made, new = variant
    target, arguments = made("traced")
    calls = calls_of_each(target.parent, tmp_path / "log", ERRORS, arguments)
    assert all(calls[name] for name in ERRORS if name not in ("ftruncate", "pwrite64"))
    assert bool(calls["pwrite64"]) == (target.suffix == ".wav"), "a WAV is written part by part"
    assert bool(calls["ftruncate"]) == ("8x" in arguments), "only the guard begins again"
    if target.suffix == ".flac":  # two that libsndfile hides, see below
        calls["write"].pop()
        calls["fsync"].pop(0)
    assert len(calls["fsync"]) == 2, "the file is brought to the disk, and then its name"
    after_its_name = [(name, calls[name][-1]) for name in ("fsync", "openat")]

    def check(case):
        name, number = case
        target, arguments = made(f"{name} {number}")
        inject = f"{name}:error={ERRORS[name]}:when={number}"
        turn = calls[name].index(number) if name == "openat" else None  # others, by any thread
        code, said = failing(inject, arguments, target.parent, turn)
        assert code == 1, f"{case}: exit {code}"
        assert said.count("\n") == 1, f"{case}: {said}"
        assert said.startswith("error: "), f"{case}: {said}"
        assert "unexpected" not in said, f"{case}: {said}"
        expected = new if case in after_its_name else OLD
        assert target.read_bytes() == expected, f"{case}: torn, or there too early"
        assert list(target.parent.iterdir()) == [target], case

    most = {"read": 6}  # it is read back by one loop
    for_each(check, [(name, n) for name in calls for n in sampled(calls[name], most.get(name, 25))])


@needs_strace
@pytest.mark.parametrize(("name", "index"), [("write", -1), ("fsync", 1)])
def test_libsndfile_hides_no_failed_call_at_the_end_of_a_flac(tmp_path, sound, name, index):
    """A failed sync is reported once per open file.

    libsndfile syncs first and ignores the failure, so it gets a separate open file.
    """
    target = tmp_path / "out.flac"
    calls = calls_that_touch(tmp_path, tmp_path / "log", name, command(sound, target))
    assert len(calls) > 2
    target.write_bytes(OLD)
    code, said = failing(f"{name}:error=EIO:when={calls[index]}", command(sound, target), tmp_path)
    assert (code, said.count("\n")) == (1, 1)
    assert target.read_bytes() == OLD


@needs_strace
@pytest.mark.parametrize(
    ("variant", "sent"),
    [("flac", "KILL"), ("guard", "KILL"), ("guard", "TERM"), ("verify", "TERM")],
    indirect=["variant"],
)
def test_death_at_any_call_of_any_output_leaves_the_old_file_or_the_new(tmp_path, variant, sent):
    made, new = variant
    target, arguments = made("traced")
    names = ["write", "pwrite64", "ftruncate", "read", "fsync", "rename"]
    calls = calls_of_each(target.parent, tmp_path / "log", names, arguments)

    def check(case):
        name, number = case
        target, arguments = made(f"{name} {number}")
        code, _ = traced(f"{name}:signal={sent}:when={number}", arguments)
        assert code in ((-9, 137, 0) if sent == "KILL" else (143, 0)), f"{case}: exit {code}"
        assert target.read_bytes() in (OLD, new), f"{case}: torn"
        left = [path for path in target.parent.iterdir() if path != target]
        assert len(left) <= (sent == "KILL"), f"{case}: {left}"
        if left:
            subprocess.run(arguments, check=True, capture_output=True)
            assert target.read_bytes() == new, case
            assert list(target.parent.iterdir()) == [target], case
        return code

    codes = for_each(check, [(name, n) for name in names for n in sampled(calls[name], 2)])
    assert set(codes) - {0}, "nothing was interrupted"


# reading


@pytest.fixture
def read_calls(tmp_path, samples):
    """Return a function that makes an input, and returns a command and the numbers of its reads."""

    def made(form, *options):
        audio, rate = soundfile.read(samples / "guitar.wav", frames=20_000, dtype="int16")
        source, (_, target) = tmp_path / f"in.{form}", folder_for(tmp_path)
        soundfile.write(source, audio, rate)
        arguments = command(source, target, *options)
        return arguments, target, calls_that_touch(source, tmp_path / "log", "read", arguments)

    return made


@needs_strace
@pytest.mark.parametrize("form", ["wav", "flac"])
def test_a_read_error_anywhere_is_an_error(tmp_path, read_calls, form):
    """Also in the second pass of the guard, and in the third, of the verification."""
    arguments, target, calls = read_calls(form, "--gain", "8", "--verify")
    assert len(calls) > 8
    new = target.read_bytes()

    def check(number):
        out = tmp_path / str(number) / target.name
        out.parent.mkdir()
        out.write_bytes(OLD)
        there = [str(out) if word == str(target) else word for word in arguments]
        code, said = failing(f"read:error=EIO:when={number}", there, there[4])
        assert code == 1, f"{number}: exit {code}, new: {out.read_bytes() == new}"
        assert said.count("\n") == 1, f"{number}: {said}"
        assert said.startswith("error: "), f"{number}: {said}"
        assert out.read_bytes() == OLD, number
        assert list(out.parent.iterdir()) == [out], number

    for_each(check, sampled(calls, 9))


@needs_strace
@pytest.mark.parametrize("index", [0, 2, 4, 6, 8])
def test_a_read_error_is_that_of_the_file_that_is_read(read_calls, index):
    arguments, _, calls = read_calls("wav", "--gain", "8")
    assert len(calls) > 8  # in two passes
    code, said = failing(f"read:error=EIO:when={calls[index]}", arguments, arguments[4])
    assert code == 1
    assert "in.wav" in said


@needs_strace
@pytest.mark.parametrize("form", ["wav", "flac"])
def test_interrupted_calls_are_made_again(tmp_path, sound, form):
    source, clean, target = (tmp_path / f"{n}.{form}" for n in ("a", "clean", "out"))
    soundfile.write(source, *soundfile.read(sound, dtype="int16"))
    subprocess.run(command(source, clean), check=True, capture_output=True)
    log = tmp_path / "log"
    calls = calls_of_each(tmp_path, log, ["read", "write", "fsync"], command(source, target))
    faults = []
    for name, numbers in calls.items():  # the second is the repeated call
        faults += ["-e", f"inject={name}:error=EINTR:when={numbers[0]}+2"]
    trace = [*tracer(), "-o", str(log), "-e", f"trace={','.join(calls)}", *faults]
    done = subprocess.run([*trace, *command(source, target)], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    injected = [line for line in log.read_text(errors="replace").splitlines() if "INJ" in line]
    for name in calls:
        assert any(f" {name}(" in line and str(tmp_path) in line for line in injected), name
    assert target.read_bytes() == clean.read_bytes()


# the folder


@needs_strace
@pytest.mark.parametrize("error", ["EMFILE", "EACCES", "EROFS"])
def test_a_temporary_file_that_cannot_be_made_is_an_error(tmp_path, sound, error):
    folder, target = folder_for(tmp_path)
    calls = calls_that_touch(
        folder / ".audioconv-", tmp_path / "log", "openat", command(sound, target)
    )
    folder, target = folder_for(tmp_path)
    code, said = failing(
        f"openat:error={error}:when={calls[0]}",
        command(sound, target),
        folder / ".audioconv-",
        turn=0,
    )
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"error: {target} cannot be written: ")
    assert target.read_bytes() == OLD
    assert list(folder.iterdir()) == [target]


@needs_strace
@pytest.mark.parametrize("error", ["EIO", "EINVAL"])
def test_a_folder_that_cannot_be_synced_has_the_new_file(tmp_path, sound, new, error):
    """A disk that fails is an error; a file system that syncs no folders is none."""
    folder, target = folder_for(tmp_path)
    calls = calls_that_touch(f"<{folder}>", tmp_path / "log", "fsync", command(sound, target))
    assert len(calls) == 1
    folder, target = folder_for(tmp_path)
    code, said = failing(
        f"fsync:error={error}:when={calls[0]}", command(sound, target, "-q"), folder
    )
    if error == "EINVAL":
        assert (code, said) == (0, "")
    else:
        assert (code, said.count("\n")) == (1, 1)
        assert said.startswith(f"error: {target} is written, but a power failure may undo it")
    assert target.read_bytes() == new
    assert list(folder.iterdir()) == [target]


# standard output, and its temporary files in TMPDIR

STREAMS = {"kept": [], "flowing": ["--subtype", "FLOAT"]}


def brief(source, *more):
    """Return a command whose output is little longer than its input."""
    return command(source, "-", "--delay", "1ms", *more)


def environment(tmp_path, **more):
    """Return an environment with a separate TMPDIR, and default buffering."""
    spool = tmp_path / "spool"
    spool.mkdir(exist_ok=True)
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    return {**inherited, "TMPDIR": str(spool), **more}


def limited(size):
    """Return a function that limits the size of the files of a child process."""
    import resource

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def one_error(code, said, *words):
    """Check for exit code 1 and one line of error with these words."""
    assert code == 1, said
    assert said.startswith(b"error: "), said
    assert said.count(b"\n") == 1, said
    for word in words:
        assert word in said


@pytest.fixture
def short(tmp_path):
    """A file that fits into the buffers between a program and its output."""
    soundfile.write(tmp_path / "short.wav", np.full(1000, 2**14, np.int16), 44100)
    return tmp_path / "short.wav"


@pytest.fixture
def long(tmp_path, samples):
    """A file that does not fit into them."""
    audio, rate = soundfile.read(samples / "guitar.wav", frames=100_000, dtype="int16")
    soundfile.write(tmp_path / "long.wav", audio, rate)
    return tmp_path / "long.wav"


@pytest.mark.parametrize(
    ("length", "stream"),
    [
        ("long", "kept"),
        ("long", "flowing"),
        ("short", "kept"),
        ("short", "flowing"),
    ],
)
def test_a_full_device_as_standard_output_is_an_error(tmp_path, request, length, stream):
    source = request.getfixturevalue(length)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            brief(source, *STREAMS[stream]),
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(tmp_path),
            timeout=60,
        )
    one_error(done.returncode, done.stderr, b"No space left on device")
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="buffered"),
        pytest.param({"PYTHONUNBUFFERED": "1"}, id="unbuffered"),
    ],
)
def test_a_disk_that_is_full_behind_standard_output_is_an_error(tmp_path, short, more):
    """The last write is short, and only the next one fails."""
    with (tmp_path / "redirected.wav").open("wb") as file:
        done = subprocess.run(
            brief(short, "--subtype", "FLOAT"),
            stdout=file,
            stderr=subprocess.PIPE,
            env=environment(tmp_path, **more),
            preexec_fn=limited(4096),
            timeout=60,
        )
    one_error(done.returncode, done.stderr, b"File too large")


@needs_strace
@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("sink", ["file", "pipe"])
def test_an_error_in_any_write_to_standard_output_is_an_error(tmp_path, long, sink, stream):
    arguments = command(long, "-", "-q", *STREAMS[stream])
    env = environment(tmp_path)
    log = tmp_path / "log"

    def under_strace(faults):
        trace = [*tracer(), "-o", str(log), "-e", "trace=write", *faults]
        with (tmp_path / "redirected.wav").open("wb") as file:
            return subprocess.run(
                [*trace, *arguments],
                stdout=file if sink == "file" else subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=env,
                timeout=60,
            )

    assert under_strace([]).returncode == 0
    writes = [line for line in log.read_text(errors="replace").splitlines() if " write(" in line]
    there = "redirected.wav>" if sink == "file" else "<pipe:["
    calls = [number for number, line in enumerate(writes, 1) if there in line]
    assert calls
    for number in sampled(calls, 3):
        error = "ENOSPC" if sink == "file" else "EIO"
        done = under_strace(["-e", f"inject=write:error={error}:when={number}"])
        one_error(done.returncode, done.stderr, b"standard output cannot be written: ")
        assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize(
    ("length", "stream"),
    [
        ("long", "kept"),
        ("long", "flowing"),
        ("short", "kept"),
        ("short", "flowing"),
    ],
)
def test_an_output_closed_early_by_its_reader_is_an_error(tmp_path, request, length, stream):
    """Like `| head -c 100`; the reader of a short file is gone before the first byte."""
    source = request.getfixturevalue(length)
    run = subprocess.Popen(
        brief(source, *STREAMS[stream]),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
        bufsize=0,
    )
    if length == "long":
        assert run.stdout.read(4) == b"RIFF"
    run.stdout.close()
    said = run.stderr.read()
    run.stderr.close()
    one_error(run.wait(60), said, b"standard output was closed by its reader before the end")
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize(
    ("length", "size"),
    [
        ("long", 100_000),
        ("short", 1000),
    ],
)
def test_an_input_that_does_not_fit_into_tmpdir_is_an_error(tmp_path, request, length, size):
    folder, target = folder_for(tmp_path)
    done = subprocess.run(
        command("-", target),
        input=request.getfixturevalue(length).read_bytes(),
        capture_output=True,
        env=environment(tmp_path),
        preexec_fn=limited(size),
        timeout=60,
    )
    one_error(done.returncode, done.stderr, b"cannot be copied to", b"File too large", b"TMPDIR")
    assert target.read_bytes() == OLD
    assert list(folder.iterdir()) == [target]
    assert list((tmp_path / "spool").iterdir()) == []


def test_an_output_that_does_not_fit_into_tmpdir_is_an_error(tmp_path, long):
    done = subprocess.run(
        command(long, "-"),
        capture_output=True,
        env=environment(tmp_path),
        preexec_fn=limited(100_000),
        timeout=60,
    )
    one_error(done.returncode, done.stderr, b"File too large")
    assert done.stdout == b""
    assert list((tmp_path / "spool").iterdir()) == []


@needs_strace
@pytest.mark.parametrize("end", ["input", "output"])
def test_a_tmpdir_that_cannot_be_used_is_an_error(tmp_path, sound, end):
    faults = ["-e", "trace=mkdir", "-e", "inject=mkdir:error=EACCES", "-o", os.devnull]
    with sound.open("rb") as file:
        done = subprocess.run(
            [*tracer(), *faults, *command("-" if end == "input" else sound, "-")],
            stdin=file,
            capture_output=True,
            env=environment(tmp_path),
            timeout=60,
        )
    one_error(done.returncode, done.stderr, b"Permission denied")
    assert done.stdout == b""
    assert b"unexpected" not in done.stderr


def test_without_its_tmpdir_a_run_takes_another(tmp_path, sound, new):
    _, target = folder_for(tmp_path)
    env = environment(tmp_path, TMPDIR=str(tmp_path / "none"))
    with sound.open("rb") as file:
        subprocess.run(
            command("-", target), stdin=file, env=env, check=True, capture_output=True, timeout=60
        )
    assert target.read_bytes() == new
    assert not (tmp_path / "none").exists()


# standard error


@pytest.mark.parametrize("stream", STREAMS)
def test_a_report_without_standard_error_does_not_get_into_the_sound(tmp_path, sound, stream):
    arguments, env = command(sound, "-", *STREAMS[stream]), environment(tmp_path)
    clean = subprocess.run(arguments, capture_output=True, env=env, check=True).stdout
    done = subprocess.run(
        arguments, stdout=subprocess.PIPE, env=env, preexec_fn=lambda: os.close(2), timeout=60
    )
    assert done.stdout == clean


def test_a_report_that_cannot_be_written_leaves_the_new_file(tmp_path, sound, new):
    folder, target = folder_for(tmp_path)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command(sound, target), stderr=full, timeout=60)
    assert done.returncode == 0
    assert target.read_bytes() == new
    assert list(folder.iterdir()) == [target]


# signals during a run

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


def wait_for(condition):
    """Wait until a condition holds; fail after a minute."""
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("the condition never held")


@pytest.mark.parametrize(("sent", "expected"), SIGNALS)
def test_a_run_interrupted_while_it_keeps_a_slow_pipe_leaves_nothing(
    tmp_path, sound, new, sent, expected
):
    folder, target = folder_for(tmp_path)
    env = environment(tmp_path)
    run = subprocess.Popen(
        command("-", target), stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    )
    run.stdin.write(sound.read_bytes()[:10_000])
    run.stdin.flush()
    wait_for(lambda: any((tmp_path / "spool").glob("*/*")))
    time.sleep(0.1)
    run.send_signal(sent)
    code = run.wait(timeout=30)
    run.stdin.close()
    said = run.stderr.read()
    run.stderr.close()
    assert code == expected
    assert b"Traceback" not in said
    assert target.read_bytes() == OLD
    assert list(folder.iterdir()) == [target]
    assert list((tmp_path / "spool").iterdir()) == []
    subprocess.run(command(sound, target), check=True, capture_output=True, env=env)
    assert target.read_bytes() == new


@pytest.mark.parametrize("stream", STREAMS)
def test_a_run_interrupted_while_its_reader_waits_leaves_nothing(tmp_path, long, stream):
    run = subprocess.Popen(
        command(long, "-", *STREAMS[stream]),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
        bufsize=0,
    )
    assert run.stdout.read(4) == b"RIFF"
    time.sleep(0.1)
    assert run.poll() is None, "it was to be stuck in a full pipe"
    run.terminate()
    time.sleep(0.1)
    run.stdout.close()  # so that its buffers can be flushed
    code = run.wait(30)
    said = run.stderr.read()
    run.stderr.close()
    assert code != 0
    assert b"Traceback" not in said
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_run_interrupted_while_it_computes_then_a_whole_one(tmp_path, noise):
    """The direct sum of two long files takes long enough to be interrupted."""
    folder, target = folder_for(tmp_path)
    for name, frames in [("x.wav", 40_000), ("h.wav", 8_000)]:
        soundfile.write(tmp_path / name, 0.01 * noise(frames), 44100, "DOUBLE")

    def computing(out):
        arguments = ["convolve", str(tmp_path / "x.wav"), str(out), "--ir", str(tmp_path / "h.wav")]
        return [sys.executable, "-m", "audioconv", *arguments, "-y", "--engine", "direct"]

    def interrupted(sent):
        for _ in range(5):  # on a busy machine a run may end before the signal arrives
            target.write_bytes(OLD)
            run = subprocess.Popen(computing(target), stderr=subprocess.DEVNULL)
            wait_for(lambda run=run: len(list(folder.iterdir())) == 2 or run.poll() is not None)
            run.send_signal(sent)
            if code := run.wait(timeout=60):
                return code
        return 0

    subprocess.run(computing(tmp_path / "clean.wav"), check=True, capture_output=True)
    for sent, expected in SIGNALS:
        assert interrupted(sent) == expected
        assert target.read_bytes() == OLD
        assert list(folder.iterdir()) == [target]
    subprocess.run(computing(target), check=True, capture_output=True)
    assert target.read_bytes() == (tmp_path / "clean.wav").read_bytes()


def test_a_broken_pipe_elsewhere_is_no_reason_to_end(tmp_path, sound, new):
    """SIGPIPE is ignored; a failed write is an error by itself."""
    _, target = folder_for(tmp_path)
    run = subprocess.Popen(
        command("-", target),
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(tmp_path),
    )
    run.stdin.write(sound.read_bytes()[:10_000])
    run.stdin.flush()
    wait_for(lambda: any((tmp_path / "spool").glob("*/*")))
    run.send_signal(signal.SIGPIPE)
    run.stdin.write(sound.read_bytes()[10_000:])
    run.stdin.close()
    assert run.wait(timeout=30) == 0
    assert target.read_bytes() == new
