"""Hostile files: whatever the bytes, the output is correct, or one line gives the error.

A crash or a hang must affect one case only. So a fork server that has imported everything forks
processes, each for a batch of a few cases; a case that kills its process is recorded, and the
rest of its batch is started again. AUDIOCONV_FUZZ sets the number of mutated files per format.
"""

import functools
import io
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from fuzz.encoders import REFUSED
from fuzz.headers import TABLE, THERE, chunk, fmt, wav
from fuzz.mutation import mutated
from fuzz.small_sounds import (
    KINDS,
    MPEG_FRAME,
    RARER,
    RATE,
    encoded,
    flac_frames,
    mp3_frames,
    noise,
    ogg_pages,
    rate_for,
    valid,
)

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="every case is a fork"),
    pytest.mark.usefixtures("untraced"),
]

ROOT = Path(__file__).parents[1]
FUZZ = int(os.environ.get("AUDIOCONV_FUZZ", "150"))

SECONDS = 20
MEGABYTES = 400
BATCH = 8
NET = 4 * 2**30
"""Bytes of data at which a case is stopped, so that no failing test exhausts the machine."""

DELTA = ["--ir", "delta"]
SCRIPT = ["--threads", "1", "-y", "-q", "--json"]


# the fork server: this module, run as a program


def serve():
    """Answer each line, a list of cases, with a line for each case once it has ended.

    Nothing here may start a thread, because threads do not survive a fork.
    """
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nothing, descriptor)
    main = _warm_main()
    for line in requests:
        cases = list(enumerate(json.loads(line)))
        waiting = deque(cases[start : start + BATCH] for start in range(0, len(cases), BATCH))
        running = {}
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                batch = waiting.popleft()
                texts = [tempfile.TemporaryFile() for _ in range(3)]  # noqa: SIM115
                child = os.fork()
                if not child:
                    _run_batch(main, batch, *(text.fileno() for text in texts))
                running[child] = batch, texts
            child, status, used = os.wait4(-1, 0)
            batch, texts = running.pop(child)
            printed, said, report = map(_taken, texts)
            ends = [json.loads(end) for end in report.splitlines()]
            if status:
                ends.append(_end(os.waitstatus_to_exitcode(status), printed, said, used, SECONDS))
            for (number, _), end in zip(batch, ends, strict=False):
                print(json.dumps([number, end]), file=answers, flush=True)
            if left := batch[len(ends) :]:
                waiting.appendleft(left)


def _warm_main():
    """Return the program with its late imports done, and without costs that do not matter here."""
    import typer.main

    from audioconv.cli import main

    typer.main.get_command = functools.cache(typer.main.get_command)
    os.fsync = lambda _: None
    warnings.simplefilter("always", RuntimeWarning)  # not only in the first case of a batch
    with tempfile.TemporaryDirectory() as folder:
        sound, target = (str(Path(folder, name)) for name in ("in.flac", "out.wav"))
        soundfile.write(sound, np.zeros((9, 1)), RATE)
        assert main(["convolve", sound, target, *DELTA, *SCRIPT]) == 0
    return main


def _run_batch(main, batch, printed, said, report):
    """Run cases one after the other, until one ends the process."""
    import resource

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for limit, value in {"CORE": 0, "DATA": NET}.items():
        with suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{limit}"), (value, value))
    os.dup2(printed, 1)
    os.dup2(said, 2)
    for _, case in batch:
        for text in (printed, said):
            os.ftruncate(text, 0)
            os.lseek(text, 0, os.SEEK_SET)
        start = time.process_time()  # other programs do not count
        signal.alarm(SECONDS)
        code = _run(main, **case)
        signal.alarm(0)
        texts = [os.pread(text, 2**20, 0).decode(errors="replace") for text in (printed, said)]
        used = resource.getrusage(resource.RUSAGE_SELF)
        end = _end(code, *texts, used, time.process_time() - start)
        os.write(report, json.dumps(end).encode() + b"\n")
        if end["megabytes"] > MEGABYTES / 2:  # the peak counts for the next cases too
            break
    os._exit(0)


def _run(main, folder, arguments, piped):
    try:
        os.chdir(folder)
        tempfile.tempdir = folder
        reading, writing = os.pipe()
        os.write(writing, Path(piped).read_bytes() if piped else b"")
        os.close(writing)
        os.dup2(reading, 0)
        os.close(reading)
        sys.stdin = os.fdopen(0, closefd=False)  # without bytes read ahead
        return main(arguments)
    except BaseException:
        import traceback

        traceback.print_exc()
        return 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _end(code, printed, said, used, seconds):
    return {
        "code": code,
        "printed": printed,
        "said": said,
        "megabytes": used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10),
        "seconds": seconds,
    }


def _taken(text):
    with text:
        text.seek(0)
        return text.read().decode(errors="replace")


# running and judging cases


@dataclass
class Case:
    """A run of the program in a folder that contains `files` only.

    `piped` is the name of the file on standard input.
    """

    name: str
    files: dict[str, bytes]
    arguments: list[str]
    piped: str | None = None


class ForkServer:
    """Runs cases, and returns for each how it ended and which files it left."""

    def __init__(self, folder):
        self._folder = folder
        self._numbers = itertools.count()
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        )

    def __call__(self, cases):
        cases = list(cases)
        folders = [self._make_folder(case) for case in cases]
        orders = [
            {"folder": str(folder), "arguments": case.arguments, "piped": case.piped}
            for folder, case in zip(folders, cases, strict=True)
        ]
        print(json.dumps(orders), file=self._process.stdin, flush=True)
        ends = [None] * len(cases)
        for _ in cases:
            answer = self._process.stdout.readline()
            assert answer, "the fork server has ended; run this module as a program to see why"
            number, end = json.loads(answer)
            ends[number] = SimpleNamespace(**end, case=cases[number])
        for end, folder in zip(ends, folders, strict=True):
            end.left = {path.name: path.read_bytes() for path in folder.iterdir()}
            shutil.rmtree(folder)
        return ends

    def _make_folder(self, case):
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        for name, data in case.files.items():
            (folder / name).write_bytes(data)
        return folder

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture(scope="module")
def fork_server(tmp_path_factory):
    made = ForkServer(tmp_path_factory.mktemp("hostile"))
    yield made
    made.close()


def convolving(name, data, *more, piped=False):
    source = "-" if piped else "in"
    arguments = ["convolve", source, "out.wav", *DELTA, *SCRIPT, *more]
    return Case(name, {"in": data}, arguments, "in" if piped else None)


def frames_of(end):
    """Return the frames that a run reported, or None if it refused."""
    return json.loads(end.printed)["frames"] if end.code == 0 else None


def notices_of(end):
    """Return the notices of a run; none if it refused."""
    return json.loads(end.printed)["notices"] if end.code == 0 else []


def fault(end, frames=...):
    """Return a fault of an end, or None.

    `frames` are the permitted numbers of frames, with None if the run may refuse; by default any.
    """
    if end.code not in (0, 1, 2):
        return f"exit {end.code} after {end.seconds:.1f} s"
    if end.megabytes > MEGABYTES:
        return f"{end.megabytes:.0f} MB"
    if end.code:
        return _fault_of_refusal(end) or (
            None if frames is ... or None in frames else "it is refused"
        )
    if end.said:
        return "it succeeds, but writes to standard error"
    try:
        made = json.loads(end.printed)
    except ValueError:
        return f"it printed {end.printed[:80]!r}"
    if frames is not ... and made["frames"] not in frames:
        return f"{made['frames']} frames"
    return _fault_of_output(end, made)


def _fault_of_refusal(end):
    if not end.said.startswith("error: ") or end.said.count("\n") != 1:
        return "more than one line of error"
    if "not enough memory" in end.said:
        return "it runs out of memory"
    if "unexpected" in end.said:
        return "it is an unexpected error"
    if end.left.keys() != end.case.files.keys():
        return f"it left {sorted(end.left)}"
    return None


def _fault_of_output(end, made):
    if end.left.keys() != {*end.case.files, made["output"]}:
        return f"it left {sorted(end.left)}"
    try:
        found = len(sound_in(end))
    except soundfile.SoundFileError as error:
        return f"its output cannot be read: {error}"
    whole = found >= made["frames"] if made["subtype"] in BLOCKED else found == made["frames"]
    return None if whole else f"{made['frames']} frames were written, but {found} are there"


def sound_in(end):
    name = json.loads(end.printed)["output"]
    return soundfile.read(io.BytesIO(end.left[name]), always_2d=True)[0]


def none_wrong(ends, frames=...):
    """Assert that no end has a fault; show the first ones."""
    wrong = [
        f"{end.case.name}: {found}: {end.said[:300]!r}"
        for end in ends
        if (found := fault(end, frames))
    ]
    assert not wrong, "\n".join([f"{len(wrong)} of {len(ends)}:", *wrong[:8]])


# subtypes

BLOCKED = ["IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32", "G723_24", "G723_40", "ULAW", "ALAW"]
BLOCKED += ["NMS_ADPCM_16", "NMS_ADPCM_24", "NMS_ADPCM_32"]
"""Subtypes that libsndfile pads to a block, or to an even length."""


# prefixes


def lengths_to_cut_to(size, stride=1):
    if size <= 400:
        return range(0, size, stride)
    return sorted({*range(0, 200, stride), *range(200, size, 97), *range(size - 64, size, stride)})


@pytest.mark.parametrize("kind", KINDS)
def test_a_prefix_is_refused_or_noticed_unless_only_padding_is_gone(kind, fork_server):
    data = valid(kind)
    (whole,) = fork_server([convolving(kind, data)])
    assert not fault(whole)
    ends = fork_server(
        convolving(f"{kind}, {size} bytes of {len(data)}", data[:size])
        for size in lengths_to_cut_to(len(data))
    )
    ends = [end for end in ends if not notices_of(end)]
    none_wrong(ends, frames=(None, frames_of(whole)))
    for end in ends:
        if end.code == 0:
            assert len(data) - len(end.case.files["in"]) <= 1, end.case.name
            np.testing.assert_array_equal(sound_in(end), sound_in(whole))


@pytest.mark.parametrize("kind", ["WAV", "WAV FLOAT", "RF64", "RIFX", "FLAC"])
def test_a_prefix_that_comes_through_a_pipe_is_refused_or_noticed(kind, fork_server):
    data = valid(kind)
    ends = fork_server(
        convolving(f"{kind}, {size} bytes of {len(data)}", data[:size], piped=True)
        for size in range(0, len(data), 3)
    )
    none_wrong([end for end in ends if not notices_of(end)], frames=(None,))


@pytest.mark.parametrize("kind", RARER)
def test_a_prefix_of_a_rarer_format_is_no_shorter_sound(kind, fork_server):
    data = valid(kind)
    (whole,) = fork_server([convolving(kind, data)])
    ends = fork_server(
        convolving(f"{kind}, {size} bytes of {len(data)}", data[:size])
        for size in lengths_to_cut_to(len(data), 8)
    )
    none_wrong(ends, frames=(None, frames_of(whole)))
    for end in ends:
        if end.code == 0:
            np.testing.assert_array_equal(sound_in(end), sound_in(whole), err_msg=end.case.name)


# losses inside a file, at the boundaries of a format

LONG = 60_000


def none_lost(cases, data, fork_server):
    """Assert that damage to a file is refused or noticed, or does not change its samples."""
    (whole,) = fork_server([convolving("whole", data)])
    ends = fork_server(cases)
    ends = [end for end in ends if not notices_of(end)]
    none_wrong(ends, frames=(None, frames_of(whole)))
    wrong = [
        end.case.name
        for end in ends
        if end.code == 0 and not np.array_equal(sound_in(end), sound_in(whole))
    ]
    assert not wrong, f"success with another sound: {wrong}"


PAGE_DAMAGES = {
    "gone": lambda page: b"",
    "zeroed": lambda page: page[:40] + bytes(len(page) - 40),
    "flipped in one bit": lambda page: page[:100] + bytes([page[100] ^ 1]) + page[101:],
}


@pytest.mark.parametrize("place", ["inside", "at the end"])
@pytest.mark.parametrize("how", PAGE_DAMAGES)
@pytest.mark.parametrize("kind", ["VORBIS", "OPUS"])
def test_an_ogg_that_lost_a_page_is_refused_or_noticed(kind, how, place, fork_server):
    data = encoded(noise(LONG), "OGG", kind)
    pages = ogg_pages(data)
    last = len(pages) - 1
    assert last > 2
    cases = []
    for number in [last] if place == "at the end" else range(2, last):
        damaged = [*pages[:number], PAGE_DAMAGES[how](pages[number]), *pages[number + 1 :]]
        cases.append(convolving(f"page {number} of {len(pages)} {how}", b"".join(damaged)))
    none_lost(cases, data, fork_server)


@pytest.mark.parametrize("kind", ["VORBIS", "OPUS"])
def test_two_ogg_files_in_one_are_both_read_or_refused(kind, fork_server):
    data = encoded(noise(LONG), "OGG", kind)
    none_wrong(fork_server([convolving(kind, data + data)]), frames=(2 * LONG, None))


def test_a_flac_that_lost_a_frame_is_refused(fork_server):
    data = encoded(noise(LONG), "FLAC", "PCM_16")
    header, *frames = flac_frames(data)
    assert len(frames) > 10
    cases = []
    for number in (0, 1, len(frames) // 2, len(frames) - 1):
        lost = b"".join([header, *frames[:number], *frames[number + 1 :]])
        twice = b"".join([header, *frames[: number + 1], *frames[number:]])
        cases.append(convolving(f"without frame {number}", lost))
        cases.append(convolving(f"with frame {number} twice", twice))
    none_lost(cases, data, fork_server)


def test_an_mp3_that_lost_a_frame_is_refused(fork_server):
    data = encoded(noise(LONG), "MP3", "MPEG_LAYER_III")
    frames = mp3_frames(data)
    cases = [
        convolving(f"without frame {number}", b"".join(frames[:number] + frames[number + 1 :]))
        for number in (1, 2, len(frames) // 2, len(frames) - 1)
    ]
    none_lost(cases, data, fork_server)


@pytest.mark.parametrize("first", [1, 2, 3, 5])
def test_an_mp3_without_a_tag_is_read_to_its_end(first, fork_server):
    """Its length is estimated from the bit rate of one frame, which need not be that of others."""
    frames = mp3_frames(encoded(noise(LONG), "MP3", "MPEG_LAYER_III"))[first:]
    there = len(frames) * MPEG_FRAME
    none_wrong(fork_server([convolving(f"from frame {first}", b"".join(frames))]), (there, None))


@pytest.fixture(scope="module")
def table_ends(fork_server):
    """Return the end of every case of the table; run together they take half the time."""
    ends = fork_server(convolving(name, data) for name, (data, _) in TABLE.items())
    return {end.case.name: end for end in ends}


@pytest.mark.parametrize("name", TABLE)
def test_a_header_is_taken_at_its_word_or_refused(name, table_ends):
    _, allowed = TABLE[name]
    none_wrong([table_ends[name]], allowed)


# mutations


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_gives_a_sound_or_one_line(kind, fork_server):
    """A failing case is `mutated(valid(kind), name)`; every fourth comes through a pipe."""
    for start in range(0, FUZZ, 500):
        names = [f"{kind} {number}" for number in range(start, min(start + 500, FUZZ))]
        ends = fork_server(
            convolving(name, mutated(valid(kind), name), piped=number % 4 == 3)
            for number, name in enumerate(names)
        )
        none_wrong(ends)
        assert {end.code for end in ends} <= {0, 1}


# extremes

QUIET = 0.125
PLACE = 7
EXTREMES = {
    "quiet": QUIET,
    "NaN": np.nan,
    "+inf": np.inf,
    "-inf": -np.inf,
    "1e30": 1e30,
    "-1e30": -1e30,
    "1e300": 1e300,
    "subnormal": 5e-324,
}
HUGE_TAPS = np.full((3, 1), 1e30)
LARGEST = {"FLOAT": float(np.finfo(np.float32).max), "DOUBLE": float(np.finfo(np.float64).max)}
BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
BITS |= {f"ALAC_{bits}": bits for bits in (16, 20, 24, 32)}


def extreme_cases(form, subtype):
    rate = rate_for(form, subtype)
    arguments = ["convolve", "in.wav", "out", "--format", form, "--subtype", subtype, *SCRIPT]
    for name, value in EXTREMES.items():
        audio = np.full((40, 1), QUIET)
        audio[PLACE] = value
        files = {"in.wav": doubles(audio, rate)}
        yield Case(f"{form} {subtype} {name}", files, [*arguments, *DELTA]), audio
    audio = np.full((40, 1), QUIET)
    files = {"in.wav": doubles(audio, rate), "ir.wav": doubles(HUGE_TAPS, rate)}
    loud = np.convolve(audio[:, 0], HUGE_TAPS[:, 0])[:, None]
    yield Case(f"{form} {subtype} huge taps", files, [*arguments, "--ir", "ir.wav"]), loud


def doubles(audio, rate):
    file = io.BytesIO()
    soundfile.write(file, audio, rate, "DOUBLE", format="WAV")
    return file.getvalue()


@pytest.mark.parametrize("form", soundfile.available_formats())
def test_an_extreme_sample_is_written_as_it_is_or_refused(form, fork_server):
    pairs = [
        (subtype, *pair)
        for subtype in soundfile.available_subtypes(form)
        for pair in extreme_cases(form, subtype)
    ]
    ends = fork_server(case for _, case, _ in pairs)
    for end, (subtype, _, expected) in zip(ends, pairs, strict=True):
        holds = np.isfinite(expected).all() and np.abs(expected).max() <= LARGEST.get(subtype, 1)
        frames = [len(expected)] if holds else [None]
        if subtype in REFUSED.get(form, ()):
            frames.append(None)
        none_wrong([end], frames)
        if end.code == 0:
            expect_samples(end, subtype, expected)


def expect_samples(end, subtype, expected):
    found = sound_in(end)
    if subtype == "FLOAT":
        expected = expected.astype(np.float32)
    elif subtype == "DOUBLE":
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0, err_msg=end.case.name)
        return
    elif subtype in BITS:
        full = 2.0 ** (BITS[subtype] - 1)
        expected = np.rint(expected * full) / full
    else:
        return
    np.testing.assert_array_equal(found, expected, err_msg=end.case.name)


# caps


@pytest.mark.parametrize(("channels", "frames"), [(64, THERE), (65, None)])
@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "AIFF", "AU", "CAF", "W64"])
def test_as_many_channels_as_the_limit(form, channels, frames, fork_server):
    data = encoded(np.zeros((THERE, channels)), form, "PCM_16")
    none_wrong(fork_server([convolving(f"{form} {channels}", data)]), [frames])


@pytest.mark.parametrize(("rate", "frames"), [(1_536_000, THERE), (1_536_001, None)])
@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "AIFF", "AU", "CAF", "W64"])
def test_as_high_a_rate_as_the_limit(form, rate, frames, fork_server):
    file = io.BytesIO()
    soundfile.write(file, np.zeros(THERE), rate, "PCM_16", format=form)
    none_wrong(fork_server([convolving(f"{form} {rate}", file.getvalue())]), [frames])


def sparse(path, size, name=b"data"):
    """Make a WAV with a chunk of `size` zeros, which take no space on the disk."""
    path.write_bytes(wav(chunk(b"fmt ", fmt(3, bits=64)), chunk(name, size=size)))
    os.truncate(path, path.stat().st_size + size)
    if path.stat().st_blocks * 512 > 2**20:
        pytest.skip("files have no holes here")
    return str(path)


HUGE = 2**32 - 2**20


def test_a_second_of_a_long_file_takes_flat_memory(tmp_path, fork_server):
    path = sparse(tmp_path / "long.wav", 2**30)
    arguments = ["convolve", path, "out.wav", *DELTA, *SCRIPT, "--length", "1s"]
    none_wrong(fork_server([Case("long", {}, arguments)]), [RATE])


def test_a_huge_chunk_is_not_read(tmp_path, fork_server):
    path = sparse(tmp_path / "huge.wav", HUGE, b"LIST")
    (end,) = fork_server([Case("huge chunk", {}, ["convolve", path, "out.wav", *DELTA, *SCRIPT])])
    none_wrong([end], [None])
    assert end.seconds < 5


def test_a_long_file_is_read_in_flat_memory(tmp_path, fork_server):
    path = sparse(tmp_path / "long.wav", 2**30)
    (end,) = fork_server([Case("long", {}, ["info", "--json", path])])
    assert (end.code, end.said) == (0, "")
    assert json.loads(end.printed)["frames"] == 2**27
    assert end.megabytes < MEGABYTES


def test_a_huge_impulse_is_refused_before_it_is_read(tmp_path, fork_server):
    path = sparse(tmp_path / "huge.wav", HUGE)
    arguments = ["convolve", "in", "out.wav", "--ir", path, *SCRIPT]
    (end,) = fork_server([Case("huge impulse", {"in": valid("WAV")}, arguments)])
    none_wrong([end], [None])
    assert end.seconds < 5


if __name__ == "__main__":
    serve()
