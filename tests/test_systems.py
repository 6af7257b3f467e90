"""What other systems do differently, as far as it shows on this one.

32-bit integers, and what Windows and macOS lack, or have besides, take the place of what is here.
The table in README.md says what is read only.
"""

import ast
import ctypes
import math
import ntpath
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from audioconv import __main__ as entry
from audioconv.engines.window import Window
from audioconv.errors import FormatError, UsageError
from audioconv.files import PeakMeter, atomic, refuse_overwrite, reserved, triangular_noise
from audioconv.files.reserved import refuse_reserved
from audioconv.files.scratch import temporary_file
from audioconv.ir import load as loading
from audioconv.ir.names import join_name, split_join, split_name
from audioconv.verify.certificate import Partial
from audioconv.verify.samples import farthest_off
from audioconv.views.blocks import extremes
from audioconv.views.envelope import Envelope
from impulses import BUILDERS
from impulses.largest import largest_magnitude

ROOT = Path(__file__).parent.parent
SPEECH, HALL = "samples/speech.wav", "samples/hall.wav"
PAST = 2**31 + 12_345
"""A frame that 32 bits do not hold."""

posix = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def sources():
    for package in ("audioconv", "impulses"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


# Integers of 32 bits


def has_no_width(node):
    """Return whether an expression makes whole numbers whose width is that of the system."""
    if isinstance(node, ast.Attribute):
        return ast.unparse(node) in ("np.int_", "np.uint")
    if not isinstance(node, ast.Call):
        return False
    name, keywords = ast.unparse(node.func), {one.arg: one.value for one in node.keywords}
    if name == "np.arange" and "dtype" not in keywords:
        return True
    given = [keywords["dtype"]] if "dtype" in keywords else []
    given += node.args if name.endswith((".astype", "np.dtype")) else []
    return any(ast.unparse(one) == "int" for one in given)


def test_whole_numbers_have_a_width_by_name():
    found = [
        f"{path}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if has_no_width(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    "expression",
    [
        *("np.arange(3)", "x.astype(int)", "np.zeros(3, dtype=int)", "np.int_(3)"),
        *("NDArray[np.int_]", "np.dtype(int)", "np.sum(x, dtype=int)"),
    ],
)
def test_a_missing_width_is_found(expression):
    assert any(map(has_no_width, ast.walk(ast.parse(expression))))


@pytest.fixture
def narrow(monkeypatch):
    """Make NumPy count and index in 32 bits unless another width is named, as on such a system."""

    def narrowed(function):
        def count(*arguments, **options):
            found = function(*arguments, **options)
            if found.dtype.kind != "i" or options.get("dtype") is not None:
                return found
            return found.astype(np.int32)

        return count

    for name in ("arange", "argmax", "argmin", "argsort", "flatnonzero", "searchsorted"):
        monkeypatch.setattr(np, name, narrowed(getattr(np, name)))


@pytest.mark.parametrize("start", [0, 2**31 - 50, PAST, 2**53])
def test_the_certificate_counts_frames_in_64_bits(start, narrow):
    samples = np.random.default_rng(0).integers(-99, 99, 100).astype(float)
    fold = Partial([7], start)
    fold.take(samples[:70, np.newaxis])
    fold.take(samples[70:, np.newaxis])
    fold.fold()
    wanted = [0.0] * 7
    for n, sample in enumerate(samples.tolist()):
        wanted[(start + n) % 7] += sample
    assert fold.sums[0].ravel().tolist() == wanted


def test_a_run_is_verified_where_integers_have_32_bits(call, narrow, tmp_path):
    made = tmp_path / "made.wav"
    call("convolve", SPEECH, made, "--ir", HALL, "--verify")
    call("verify", SPEECH, made, "--ir", HALL)
    call("redo", made, "--from", "samples")


def test_columns_begin_past_32_bits(narrow):
    columns = np.zeros((64, 1))
    starts = Envelope(columns, columns, columns, 2**40, 2**34).starts
    assert starts.tolist() == [2**34 * n for n in range(64)]


def test_extremes_of_many_columns(narrow):
    values = np.arange(2.0**17)
    low, high = extremes(values, 2**15)  # 2^32 is their product
    assert low.tolist() == [4.0 * n for n in range(2**15)]
    assert high.tolist() == [4.0 * n + 3 for n in range(2**15)]


def test_the_response_has_its_peak_where_integers_have_32_bits(narrow):
    """Phases at fractions of a bin are products of whole numbers past 2^31."""
    frames, hz = 30_000, 0.1234567
    taps = np.cos(2 * np.pi * hz * np.arange(frames, dtype=np.float64))[:, np.newaxis]
    # half of the frames, and what the mirror image adds or takes at most
    image = 1 / math.sin(2 * math.pi * hz)
    assert largest_magnitude(taps) == pytest.approx(frames / 2, abs=image)


def test_frames_past_32_bits_are_counted(narrow):
    worst = farthest_off(np.array([[0.0], [2.0]]), np.zeros((2, 1)), PAST)
    assert worst.frame == PAST + 1
    meter = PeakMeter(frames=PAST)
    meter.take(np.array([[0.0], [0.5]]))
    assert (meter.peak_frame, meter.frames) == (PAST + 1, PAST + 2)
    kept, at = Window(3, PAST + 100).keep(np.zeros((9, 1)), PAST)
    assert (len(kept), at) == (9, PAST - 3)
    whole, part = triangular_noise(PAST, 9, 1), triangular_noise(PAST + 5, 4, 1)
    assert (whole[5:] == part).all()


# Names on Windows

DEVICES = ["CON", "prn", "Aux", "NUL", "COM1", "com9", "LPT1", "lpt9", "COM\xb9", "LPT\xb3"]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("form", ["{}", "{}.wav", "{} .wav", "{}.a.wav", "{}:"])
def test_devices_are_no_outputs_on_windows(device, form, monkeypatch):
    monkeypatch.setattr(reserved, "ON_WINDOWS", True)
    for folder in ("", "sounds/", "C:", "C:\\sounds\\", "\\\\server\\share\\"):
        path = folder + form.format(device)
        with pytest.raises(UsageError, match=r"is the device .* on Windows; name another output$"):
            refuse_overwrite(path, inputs=[], overwrite=True)


@pytest.mark.parametrize(
    "path",
    ["a.wav.", "a ", "a?.wav", "a*", 'a".wav', "a|b", "<a>", "a\n.wav", "x.wav:stream", "b\\a:b"],
)
def test_names_that_windows_cannot_give_are_no_outputs(path):
    with pytest.raises(UsageError, match=r"; name another output$"):
        refuse_reserved(path)


@pytest.mark.parametrize(
    "path",
    [
        *("-", "a.wav", "console.wav", "com.wav", "com0.wav", "com10.wav", "a.con", "x-CON.wav"),
        *("C:x.wav", "C:\\x.wav", "\\\\server\\share\\x.wav", "\\\\?\\C:\\x.wav", "con/x.wav"),
        *("../x.wav", "..", "C:", "\u30b3\u30f3.wav"),
    ],
)
def test_other_names_are_outputs_on_windows(path):
    refuse_reserved(path)


def test_names_of_windows_are_outputs_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(reserved, "ON_WINDOWS", False)
    refuse_overwrite(str(tmp_path / "CON.wav"), inputs=[], overwrite=False)


@pytest.fixture
def drives(monkeypatch, tmp_path):
    """Let paths have drives, as on Windows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os.path, "splitdrive", ntpath.splitdrive)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("C:x.wav", ("C:x.wav", "")),
        ("C:x=1.wav", ("C:x=1.wav", "")),
        ("C:x.wav:channel=3", ("C:x.wav", "channel=3")),
        (r"C:\x.wav:channel=3", (r"C:\x.wav", "channel=3")),
        ("C:/x.wav:channels=1,2", ("C:/x.wav", "channels=1,2")),
        ("C:head.sofa:azimuth=30", ("C:head.sofa", "azimuth=30")),
        (r"\\server\share\x.wav", (r"\\server\share\x.wav", "")),
        (r"\\server\share\x.wav:channel=3", (r"\\server\share\x.wav", "channel=3")),
        (r"\\?\C:\x.wav:channel=3", (r"\\?\C:\x.wav", "channel=3")),
        ("-:format=FLOAT_LE,rate=48000", ("-", "format=FLOAT_LE,rate=48000")),
    ],
)
def test_a_drive_is_no_name_with_options(name, parts, drives):
    assert split_name(name) == parts
    Path("C").touch()  # a file of the name of the drive
    assert split_name(name) == parts


@pytest.mark.parametrize("name", ["C:x.wav", "C:delta", "C:x=1.wav", r"C:\x.wav:channel=3"])
def test_a_path_with_a_drive_is_a_file(name, drives):
    assert loading.impulse_files([name]) == [split_name(name)[0]]
    with pytest.raises(FormatError, match=r"does not exist"):
        loading.load(name, 48000)


def test_files_with_drives_are_joined(drives):
    names = ["C:L.wav", r"D:\R.wav:channels=1,2"]
    assert split_join(join_name(names)) == names


def test_no_builder_is_named_like_a_drive():
    assert min(map(len, BUILDERS)) > 1


# Signals of Windows


@posix
def test_ctrl_break_cleans_up(tmp_path):
    """Another signal takes the part of SIGBREAK."""
    program = (
        "import signal, sys; signal.SIGBREAK = signal.SIGUSR1\n"
        "from audioconv.__main__ import main; main()"
    )
    arguments = ["convolve", "-", tmp_path / "out.wav", "--ir", "delta"]
    run = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # where a pipe is copied to
    )
    try:
        sound = Path(SPEECH).read_bytes()
        run.stdin.write(sound[: len(sound) // 2])
        run.stdin.flush()
        while not list(tmp_path.iterdir()):
            assert run.poll() is None
            time.sleep(0.01)
        run.send_signal(signal.SIGUSR1)
        assert run.wait(60) == 128 + signal.SIGUSR1
    finally:
        run.kill()
        run.communicate()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_that_python_drops_ends_the_run_all_the_same(number, code):
    """What is raised within the callback of a weak reference is dropped."""
    program = (
        "import os, sys, weakref, audioconv.cli\n"
        "from audioconv.__main__ import main\n"
        "def run():\n"
        "    class Gone: pass\n"
        "    one = Gone()\n"
        f"    ref = weakref.ref(one, lambda _: os.kill(os.getpid(), {int(number)}))\n"
        "    del one\n"
        "    os.read(0, 1)\n"  # for ever
        "audioconv.cli.main = run\n"
        "main()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as run:
        try:
            assert run.wait(60) == code
        finally:
            run.kill()


def test_a_closing_console_waits_for_the_run(monkeypatch):
    handlers, done = [], []
    kernel = SimpleNamespace(SetConsoleCtrlHandler=lambda one, add: handlers.append((one, add)))
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "WINFUNCTYPE", lambda *_: lambda one: one, raising=False)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr(signal, "SIGBREAK", 21, raising=False)
    monkeypatch.setattr(signal, "raise_signal", done.append)
    monkeypatch.setattr(time, "sleep", done.append)
    entry._end_with_console.__wrapped__()
    [(handler, add)] = handlers
    assert add
    for event in (0, 1):  # Ctrl-C and Ctrl-Break, which are signals
        assert handler(event) == 0
    assert done == []
    for event in (2, 5, 6):  # the window is closed, the user logs off, the system shuts down
        assert handler(event) == 1
        assert done == [21, entry.PATIENCE]
        done.clear()


# Disks and folders of macOS and Windows


def synced(monkeypatch, full):
    """Return the calls that sync a file, where there is an F_FULLFSYNC."""
    done = []

    def fcntl(descriptor, number):
        done.append(number)
        full(number)

    system = SimpleNamespace(F_FULLFSYNC=51, fcntl=fcntl)
    monkeypatch.setattr(atomic, "fcntl", system)
    monkeypatch.setattr(os, "fsync", lambda _: done.append("fsync"))
    atomic.sync(0)
    return done


def test_macos_syncs_to_the_disk_and_not_to_its_cache(monkeypatch):
    assert synced(monkeypatch, lambda number: None) == [51]


def test_a_file_system_without_full_syncs_gets_the_plain_one(monkeypatch):
    def unknown(number):
        raise OSError(25, "Inappropriate ioctl for device")

    assert synced(monkeypatch, unknown) == [51, "fsync"]


def test_the_umask_is_never_changed():
    """It is that of all threads."""
    for path, tree in sources():
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == "umask"]
        assert path


@pytest.fixture
def windows(monkeypatch, tmp_path_factory):
    """Take away what Windows lacks, and refuse what it refuses, as far as a test can.

    Its temporaries are not locked, so they lie where no run that knows locks would sweep them.
    """
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("temporaries")))
    for name in ("pwrite", "chown", "listxattr", "O_DIRECTORY"):
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(atomic, "fcntl", None)
    monkeypatch.setattr(reserved, "ON_WINDOWS", True)
    opened = {}
    real_open, real_replace, real_unlink = os.open, os.replace, os.unlink

    def is_open(path):
        for descriptor, (name, status) in list(opened.items()):
            try:
                same = os.path.samestat(os.fstat(descriptor), status)
            except OSError:
                same = False
            if not same:
                del opened[descriptor]
            elif name == os.fspath(path):
                return True
        return False

    def opening(path, flags, mode=0o777, **options):
        descriptor = real_open(path, flags, mode, **options)
        opened[descriptor] = os.fspath(path), os.fstat(descriptor)
        return descriptor

    def refused(function):
        def checked(path, *others, **options):
            if is_open(path):
                raise PermissionError(13, "used by another process", path)
            return function(path, *others, **options)

        return checked

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, "replace", refused(real_replace))
    monkeypatch.setattr(os, "unlink", refused(real_unlink))
    scratch = sys.modules[temporary_file.__module__]  # whose name a function has too
    monkeypatch.setattr(scratch, "fcntl", None)
    monkeypatch.setattr(scratch, "_FILE", scratch._FILE._replace(remove=os.unlink))
    monkeypatch.setattr(os, "link", lambda *_: pytest.fail("links need rights on Windows"))
    monkeypatch.setattr(atomic, "_rename_new", refused(rename_as_on_windows))


def rename_as_on_windows(old, new):
    if os.path.lexists(new):
        raise FileExistsError(17, "exists", str(new))
    Path(old).rename(new)


def test_outputs_without_what_windows_lacks(call, windows, tmp_path):
    made, plain = tmp_path / "made.wav", tmp_path / "plain.flac"
    call("convolve", SPEECH, made, "--ir", HALL, "--verify")
    before = made.read_bytes()
    call("convolve", SPEECH, made, "--ir", HALL, "-y")
    assert made.read_bytes() == before
    call("convolve", SPEECH, plain, "--ir", HALL, "--recipe", "sidecar")
    call("redo", made, "--from", "samples")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "made.wav",
        "plain.flac",
        "plain.flac.json",
    ]


def test_a_device_is_refused_before_any_work(call, windows, tmp_path):
    said = call("convolve", SPEECH, tmp_path / "CON.wav", "--ir", HALL, code=2).err
    assert said.endswith("CON.wav is the device CON on Windows; name another output\n")


def test_without_locks_the_sweep_leaves_what_is_open_or_new(windows, tmp_path):
    old, new, held = (tmp_path / f".audioconv-1-{number:016x}.part" for number in (1, 2, 3))
    for path in (old, new, held):
        path.touch()
    for path in (old, held):
        os.utime(path, (0, 0))
    descriptor = os.open(held, os.O_RDWR)
    try:
        with temporary_file(str(tmp_path), 0o666) as file:
            name = file.name
            file.close()  # as Windows needs it
    finally:
        os.close(descriptor)
    assert not Path(name).exists()
    assert sorted(tmp_path.iterdir()) == [new, held]
