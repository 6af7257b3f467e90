"""Outputs among other people's files: theirs are left alone, and none of ours is lost."""

import ctypes
import errno
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

import pytest
import soundfile

from audioconv.cli import main
from audioconv.errors import FormatError
from audioconv.files import target
from audioconv.files.attributes import carry_over
from audioconv.files.scratch import scratch_folder

fcntl = pytest.importorskip("fcntl", reason="of POSIX systems")
linux = pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is not installed")

scratch_files = import_module("audioconv.files.scratch")  # beside a function of that name

LEFT = ".audioconv-1-0123456789abcdef.part"
LEFT_FOLDER = "audioconv-1-0123456789abcdef"


@pytest.fixture
def speech(samples):
    return samples / "speech.wav"


def run(*arguments, **more):
    """Run the program; return its exit code and the last line of standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "audioconv", *map(str, arguments)],
        capture_output=True,
        timeout=60,
        **more,
    )
    return done.returncode, done.stderr.decode().splitlines()[-1:]


def echo(source, out, *more, **options):
    return run("echo", source, out, "--delay", "10ms", "--gain", "0.5", "-q", *more, **options)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# leftovers


@pytest.mark.parametrize(
    "name", [".o.wav.download.part", ".o.wav.0123456789abcdef.part", ".o.wav.part", LEFT + "x"]
)
def test_files_of_others_are_left_alone(tmp_path, speech, name, call):
    (tmp_path / name).write_bytes(b"theirs")
    assert call("echo", speech, tmp_path / "o.wav", "-q").err == ""
    assert (tmp_path / name).read_bytes() == b"theirs"


@pytest.mark.parametrize("name", [".o.wav.download.part", LEFT])
def test_pipes_links_and_folders_are_no_leftovers(tmp_path, speech, name, call):
    precious = tmp_path / "precious"
    precious.write_bytes(b"theirs")
    for make in (os.mkfifo, os.mkdir, lambda path: path.symlink_to(precious)):
        folder = tmp_path / f"{len(names(tmp_path))}"
        folder.mkdir()
        make(folder / name)
        assert call("echo", speech, folder / "o.wav", "-q").err == ""
        assert names(folder) == sorted([name, "o.wav"])
    assert precious.read_bytes() == b"theirs"


def test_a_leftover_is_removed_once_its_run_is_dead(tmp_path):
    """Whatever target it was for; and also if its process number belongs to another one now."""
    left = tmp_path / LEFT
    with left.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with target(str(tmp_path / "o")) as out:
            assert left.exists()
            out.commit()
    alive = tmp_path / LEFT.replace("-1-", f"-{os.getpid()}-")
    alive.touch()
    with target(str(tmp_path / "p")) as out:
        out.commit()
    assert names(tmp_path) == ["o", "p"]


def test_a_folder_of_many_files_is_not_listed_for_each(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch_files, "FEW_ENTRIES", 2)
    monkeypatch.setattr(scratch_files, "REST", 1000)
    for name in "abc":
        (tmp_path / name).touch()
    with target(str(tmp_path / "o.wav")):
        (tmp_path / LEFT).touch()
    with target(str(tmp_path / "o.wav")):
        assert (tmp_path / LEFT).exists()
    monkeypatch.setattr(scratch_files, "_RESTING", {})
    with target(str(tmp_path / "o.wav")):
        assert not (tmp_path / LEFT).exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to be root")
def test_a_leftover_of_another_user_stays(tmp_path):
    (tmp_path / LEFT).touch()
    os.chown(tmp_path / LEFT, 1234, 1234)
    with target(str(tmp_path / "o")) as out:
        out.commit()
    assert names(tmp_path) == [LEFT, "o"]


def test_a_temporary_that_is_swept_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    """The sweep of another run, at the worst moment, in both of its forms."""
    flock, made = fcntl.flock, []

    def sweep(descriptor, operation):
        (path,) = [path for path in tmp_path.iterdir() if path.name not in made]
        made.append(path.name)
        if len(made) == 1:  # the other run has the lock
            raise BlockingIOError
        if len(made) == 2:  # and has removed the file
            path.unlink()
        flock(descriptor, operation)

    with monkeypatch.context() as patch:
        patch.setattr("fcntl.flock", sweep)
        with target(str(tmp_path / "o")) as out:
            out.file.write(b"new")
            out.commit()
    assert len(made) == 3
    assert names(tmp_path) == ["o"]
    assert (tmp_path / "o").read_bytes() == b"new"


def test_a_scratch_folder_that_is_swept_before_it_is_opened_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mkdir, made = os.mkdir, []

    def sweep(path, mode):
        mkdir(path, mode)
        made.append(path)
        if len(made) == 1:
            Path(path).rmdir()

    monkeypatch.setattr("os.mkdir", sweep)
    with scratch_folder() as folder:
        assert [folder] == made[1:]
        assert Path(folder).is_dir()
    assert names(tmp_path) == []


def test_parallel_scratch_folders_are_not_swept_by_each_other(tmp_path):
    code = (
        "from audioconv.files.scratch import scratch\n"
        "for _ in range(100):\n"
        "    with scratch() as file: file.write(b'whole')\n"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    runs = [subprocess.Popen([sys.executable, "-c", code], env=env) for _ in range(8)]
    assert [one.wait(60) for one in runs] == [0] * 8
    assert names(tmp_path) == []


def test_parallel_commits_lose_nothing(tmp_path):
    code = (
        "import sys\n"
        "from audioconv.files import target\n"
        "for k in range(15):\n"
        "    with target(f'{sys.argv[1]}/{40 * chr(97)}-{sys.argv[2]}-{k}') as out:\n"
        "        out.file.write(b'whole'); out.commit()\n"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(who)]) for who in range(8)
    ]
    assert [one.wait(60) for one in runs] == [0] * 8
    assert len(names(tmp_path)) == 120
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"whole"}


def test_a_scratch_folder_is_swept_once_its_run_is_dead(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / LEFT_FOLDER).mkdir()
    (tmp_path / LEFT_FOLDER / "scratch").touch()
    (tmp_path / "audioconv-0123456789abcdef").mkdir()
    with scratch_folder() as held:
        assert names(tmp_path) == sorted(["audioconv-0123456789abcdef", Path(held).name])
        with scratch_folder():
            assert Path(held).is_dir()
    assert names(tmp_path) == ["audioconv-0123456789abcdef"]


def test_a_killed_run_leaves_a_scratch_folder_for_the_next(tmp_path, speech):
    spool = tmp_path / "spool"
    spool.mkdir()
    env = {**os.environ, "TMPDIR": str(spool)}
    command = [sys.executable, "-m", "audioconv", "echo", "-", str(tmp_path / "o.wav"), "-q"]
    command += ["--delay", "10ms", "--gain", "0.5"]
    killed = subprocess.Popen(command, stdin=subprocess.PIPE, env=env)
    while not any(spool.glob("*/*")):
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    assert len(names(spool)) == 1
    subprocess.run(command, input=speech.read_bytes(), env=env, check=True, timeout=60)
    assert names(spool) == []


def without_root():
    """Take from root the power to read and write everything."""
    if os.geteuid() == 0:
        control = ctypes.CDLL(None).prctl
        for power in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, out of the bounding set
            assert control(24, power, 0, 0, 0) == 0


@linux
def test_a_folder_that_cannot_be_listed_can_be_written_into(tmp_path, speech):
    folder = tmp_path / "drop"
    folder.mkdir()
    folder.chmod(0o333)
    for more in ([], ["-y"]):
        assert echo(speech, folder / "o.wav", *more, preexec_fn=without_root) == (0, [])
    folder.chmod(0o777)
    assert names(folder) == ["o.wav"]


# names that are taken during the run


def appearing(tmp_path, speech, *more, taken="o.flac"):
    """Run with a slow pipe for input, while a file appears; return code, message and folder."""
    folder = tmp_path / "out"
    folder.mkdir()
    command = [sys.executable, "-m", "audioconv", "echo", "-", str(folder / "o.flac"), "-q"]
    command += ["--delay", "10ms", "--gain", "0.5", "--clip", "saturate", *more]
    slow = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    data = speech.read_bytes()
    slow.stdin.write(data[:60_000])
    slow.stdin.flush()
    while not names(folder):
        time.sleep(0.01)
    (folder / taken).write_bytes(b"theirs")
    _, said = slow.communicate(data[60_000:], timeout=60)
    return slow.returncode, said.decode(), folder


def test_a_file_that_appears_stays_and_the_new_one_lies_beside_it(tmp_path, speech):
    code, said, folder = appearing(tmp_path, speech)
    assert (code, said.count("\n")) == (1, 1)
    assert f"{folder / 'o.flac'} has appeared during the run" in said
    assert f"the new file is {folder / 'o-2.flac'}; pass -y to overwrite" in said
    assert names(folder) == ["o-2.flac", "o.flac"]
    assert (folder / "o.flac").read_bytes() == b"theirs"
    assert soundfile.info(folder / "o-2.flac").frames > 0


def test_a_file_that_appears_is_overwritten_where_that_is_wanted(tmp_path, speech):
    code, said, folder = appearing(tmp_path, speech, "-y")
    assert (code, said) == (0, "")
    assert names(folder) == ["o.flac"]
    assert soundfile.info(folder / "o.flac").frames > 0


@pytest.mark.parametrize("taken", ["o.flac", "o.flac.json"])
def test_a_sound_and_its_sidecar_stay_together(tmp_path, speech, taken, call):
    code, said, folder = appearing(tmp_path, speech, "--recipe", "sidecar", taken=taken)
    assert code == 1
    assert str(folder / "o-2.flac") in said
    assert names(folder) == sorted([taken, "o-2.flac", "o-2.flac.json"])
    assert (folder / taken).read_bytes() == b"theirs"
    assert "output" in json.loads((folder / "o-2.flac.json").read_text())
    call("redo", folder / "o-2.flac", "--from", speech.parent)


@pytest.mark.parametrize("links", [True, False])
def test_names_that_are_taken_are_counted_past(tmp_path, monkeypatch, links):
    if not links:

        def no_links(*_):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr("os.link", no_links)

    def write(path):
        with target(str(path)) as out:
            out.file.write(b"new")
            path.write_bytes(b"theirs")
            (tmp_path / "a-2.wav").write_bytes(b"theirs")
            out.commit()

    long = "x" * 250 + ".wav"
    for name in ("a.wav", long):
        with pytest.raises(FormatError, match="has appeared during the run"):
            write(tmp_path / name)
    beside = ["a-3.wav", "x" * 60 + "-2.wav"]
    assert names(tmp_path) == sorted(["a.wav", "a-2.wav", long, *beside])
    assert {(tmp_path / name).read_bytes() for name in beside} == {b"new"}


@pytest.mark.parametrize("links", [True, False])
def test_a_sound_whose_sidecar_fails_gives_its_name_back(tmp_path, monkeypatch, links):
    def failing(give):
        def but_for_sidecars(old, new):
            if str(new).endswith(".json") or (give is os_link and not links):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            give(old, new)

        return but_for_sidecars

    os_link = os.link
    monkeypatch.setattr("os.link", failing(os_link))
    monkeypatch.setattr("os.rename", failing(os.rename))
    path = str(tmp_path / "o.wav")
    with (
        pytest.raises(FormatError, match=r"o\.wav.* cannot be written: Input/output error"),
        target(f"{path}.json") as sidecar,
        target(path) as sound,
    ):
        sound.commit(sidecar)
    assert names(tmp_path) == []


@pytest.mark.parametrize("error", [errno.EIO, errno.EINVAL, errno.ENOTSUP])
def test_a_folder_that_its_file_system_cannot_sync_fails_nothing(tmp_path, monkeypatch, error):
    sync = os.fsync

    def folders_fail(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(error, os.strerror(error))
        sync(descriptor)

    monkeypatch.setattr("os.fsync", folders_fail)
    fails = pytest.raises(FormatError, match="is written, but a power failure may undo it")
    with fails if error == errno.EIO else nullcontext(), target(str(tmp_path / "a")) as out:
        out.file.write(b"new")
        out.commit()
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_link_into_a_folder_that_is_missing_is_no_output(tmp_path):
    (tmp_path / "link.wav").symlink_to(tmp_path / "none" / "o.wav")
    with (
        pytest.raises(FormatError, match="none is not a directory; make it first"),
        target(str(tmp_path / "link.wav")),
    ):
        pytest.fail("it was opened")
    assert names(tmp_path) == ["link.wav"]


def test_redo_of_a_lost_file_overwrites_nothing_that_appears(tmp_path, speech, monkeypatch):
    from audioconv import Job, Options, convolve_file
    from audioconv.render import redo as module

    out = tmp_path / "o.flac"
    convolve_file(Job(str(speech), str(out), ["delta"], Options(recipe="sidecar")))
    out.unlink()
    original = module.run

    def run_and_meet(*arguments, **more):
        monkeypatch.setattr("audioconv.render.run.Rendering.verify", lambda *_: appears())
        return original(*arguments, **more)

    def appears():
        out.write_bytes(b"theirs")

    monkeypatch.setattr(module, "run", run_and_meet)
    with pytest.raises(FormatError, match=r"the new file is .*o-2\.flac"):
        module.redo(str(out))
    assert out.read_bytes() == b"theirs"
    assert names(tmp_path) == ["o-2.flac", "o-2.flac.json", "o.flac", "o.flac.json"]


# a sound and its sidecar


@needs_strace
@pytest.mark.parametrize("name", ["write", "fsync", "rename"])
def test_an_error_leaves_sound_and_sidecar_both_old_or_says_what_is_true(tmp_path, speech, name):
    def made(case):
        folder = tmp_path / case
        folder.mkdir()
        for old in ("o.flac", "o.flac.json"):
            (folder / old).write_bytes(b"old")
        command = [sys.executable, "-m", "audioconv", "echo", str(speech), str(folder / "o.flac")]
        return folder, [*command, "--delay", "1ms", "--gain", "0.5", "-y", "--recipe", "sidecar"]

    def traced(inject, log, command):
        line = [STRACE, "-f", "-qq", "-y", "-e", f"trace={name}", *inject, "-o", str(log)]
        return subprocess.run([*line, *command], capture_output=True, timeout=60, text=True)

    folder, command = made("clean")
    log = tmp_path / "log"
    assert traced([], log, command).returncode == 0
    calls, made_by = [], {}
    for line in log.read_text(errors="replace").splitlines():
        thread = line.split()[0]
        made_by[thread] = made_by.get(thread, 0) + 1
        if str(folder) in line:
            calls.append(made_by[thread])
    assert len(calls) >= 2
    seen = set()
    for number in calls[-4:]:
        folder, command = made(f"{number}")
        done = traced(["-e", f"inject={name}:error=ENOSPC:when={number}"], log, command)
        injected = [line for line in log.read_text().splitlines() if "INJECTED" in line]
        if done.returncode == 0 or not any(str(folder) in line for line in injected):
            continue  # libsndfile's own sync, which fails again; or a call elsewhere
        new = tuple((folder / path).read_bytes() != b"old" for path in ("o.flac", "o.flac.json"))
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert names(folder) == ["o.flac", "o.flac.json"]
        assert ("its old content is still there, but" in done.stderr) == (new == (False, True))
        assert ("is written, but" in done.stderr) == (new == (True, True))
        seen.add(new)
    more = {"write": set(), "fsync": {(True, True)}, "rename": {(False, True)}}
    assert seen == {(False, False)} | more[name]


# attributes


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")
@linux
def test_a_replaced_file_keeps_owner_mode_and_attributes(tmp_path, speech):
    out = tmp_path / "o.wav"
    out.write_bytes(b"old")
    os.chown(out, 1234, 2345)
    out.chmod(0o640)
    try:
        os.setxattr(out, "user.note", b"mine")
    except OSError:
        pytest.skip("the file system has no attributes")
    assert echo(speech, out, "-y") == (0, [])
    status = out.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (1234, 2345, 0o640)
    assert os.getxattr(out, "user.note") == b"mine"


def test_a_group_that_cannot_be_kept_gets_no_rights(tmp_path, monkeypatch):
    old, new = tmp_path / "old", tmp_path / "new"
    for path in (old, new):
        path.touch()
    old.chmod(0o664)
    status = old.stat()

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.chown", refuse)
    fields = [*status]
    fields[5] += 1
    real = os.stat
    theirs = os.stat_result(fields)
    monkeypatch.setattr("os.stat", lambda p, *a, **k: theirs if p == str(old) else real(p, *a, **k))
    carry_over(str(old), str(new))
    assert real(new).st_mode & 0o7777 == 0o644


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o777])
def test_a_file_is_private_until_it_is_complete(tmp_path, umask):
    before = os.umask(umask)
    try:
        with target(str(tmp_path / "a")) as out:
            assert Path(out.path).stat().st_mode & 0o777 == 0o600
            out.commit()
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~umask


# full disks


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 20 kB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20k", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("form", ["flac", "ogg", "caf", "aiff", "mp3", "w64", "au", "wav"])
def test_a_full_disk_is_named_with_the_file(small_disk, speech, form):
    out = small_disk / f"o.{form}"
    assert echo(speech, out) == (
        1,
        [f"error: {out} cannot be written: No space left on device"],
    )
    assert names(small_disk) == []


@pytest.mark.parametrize("command", ["output", "input", "page"])
def test_a_full_tmpdir_is_named(small_disk, tmp_path, speech, command):
    env = {**os.environ, "TMPDIR": str(small_disk)}
    if command == "page":
        page = tmp_path / "page.html"
        code, said = run("explain", speech, "--ir", "delta", "-o", page, env=env)
    elif command == "input":
        code, said = echo("-", tmp_path / "o.wav", env=env, input=speech.read_bytes())
    else:
        code, said = echo(speech, "-", env=env)
    assert code == 1
    assert "No space left on device; set TMPDIR to a larger disk" in said[0]
    assert names(small_disk) == []


# commands without --format


def test_a_device_takes_a_wav():
    done = subprocess.run(
        [sys.executable, "-m", "audioconv", "ir", "build", "delta", "/dev/stdout"],
        stdout=subprocess.PIPE,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    assert done.stdout.startswith(b"RIFF")


@pytest.mark.parametrize("command", [["ir", "build", "delta"], ["sweep"]])
@pytest.mark.parametrize("name", ["o", "o.zip", "o.opus", "o.gsm"])
def test_no_advice_is_an_option_that_the_command_lacks(tmp_path, command, name, capsys):
    assert main([*command, str(tmp_path / name), "--rate", "44100"]) in (1, 2)
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("error: ")
    assert "--format" not in said


# interruptions


def test_three_interruptions_at_once_leave_nothing(tmp_path, speech):
    folder, spool = tmp_path / "out", tmp_path / "spool"
    folder.mkdir()
    spool.mkdir()
    command = [sys.executable, "-m", "audioconv", "echo", "-", str(folder / "o.flac")]
    command += ["--delay", "1ms", "--gain", "0.5"]
    for wait in (0.0, 0.01, 0.1):
        slow = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(spool)},
        )
        slow.stdin.write(speech.read_bytes()[:60_000])
        slow.stdin.flush()
        while not names(spool):
            time.sleep(0.01)
        time.sleep(wait)
        for _ in range(3):
            slow.send_signal(signal.SIGINT)
            time.sleep(0.01)
        _, said = slow.communicate(timeout=60)
        assert (slow.returncode, said) == (130, b"error: interrupted\n")
        assert names(folder) == names(spool) == []


def test_an_interruption_during_imports_prints_no_traceback():
    code = (
        "import builtins, os, signal, sys\n"
        "real, seen = builtins.__import__, []\n"
        "def interrupted(name, *more):\n"
        "    if name.startswith('typer') and not seen:\n"
        "        seen.append(name)\n"
        "        for _ in range(3): os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(name, *more)\n"
        "builtins.__import__ = interrupted\n"
        "import audioconv.__main__ as program\n"
        "sys.argv = ['audioconv', '--version']\n"
        "program.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, b"error: interrupted\n")
