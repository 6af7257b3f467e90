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
import random
import shutil
import signal
import struct
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

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="every case is a fork")

ROOT = Path(__file__).parents[1]
RATE = 8000
FRAMES = 50
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


# valid files

BLOCKED = ["IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32", "G723_24", "G723_40", "ULAW", "ALAW"]
BLOCKED += ["NMS_ADPCM_16", "NMS_ADPCM_24", "NMS_ADPCM_32"]
"""Subtypes that libsndfile pads to a block, or to an even length."""

KINDS = {
    "WAV": ("WAV", "PCM_16"),
    "WAV FLOAT": ("WAV", "FLOAT"),
    "WAV ULAW": ("WAV", "ULAW"),
    "WAV IMA_ADPCM": ("WAV", "IMA_ADPCM"),
    "WAVEX": ("WAVEX", "PCM_16"),
    "RF64": ("RF64", "PCM_16"),
    "RF64 ULAW": ("RF64", "ULAW"),
    "RIFX": ("WAV", "PCM_16"),
    "RIFX ULAW": ("WAV", "ULAW"),
    "AIFF": ("AIFF", "PCM_16"),
    "AU": ("AU", "PCM_16"),
    "CAF": ("CAF", "PCM_16"),
    "ALAC": ("CAF", "ALAC_16"),
    "W64": ("W64", "PCM_16"),
    "FLAC": ("FLAC", "PCM_16"),
    "VORBIS": ("OGG", "VORBIS"),
    "OPUS": ("OGG", "OPUS"),
    "MP3": ("MP3", "MPEG_LAYER_III"),
}
RARER = {
    "SVX": ("SVX", "PCM_16"),
    "MAT4": ("MAT4", "PCM_16"),
    "MAT5": ("MAT5", "PCM_16"),
    "MPC2K": ("MPC2K", "PCM_16"),
    "AVR": ("AVR", "PCM_16"),
    "VOC": ("VOC", "PCM_16"),
    "NIST": ("NIST", "PCM_16"),
    "HTK": ("HTK", "PCM_16"),
    "XI": ("XI", "DPCM_16"),
    "WVE": ("WVE", "ALAW"),
    "SDS": ("SDS", "PCM_16"),
}
"""Undocumented formats whose headers state the length."""

RATES = {"OPUS": 48000, "MPEG_LAYER_III": 48000, "MPC2K": 44100, "XI": 44100}


def rate_for(form, subtype):
    return RATES.get(subtype, RATES.get(form, RATE))


def encoded(audio, form, subtype, **options):
    file = io.BytesIO()
    soundfile.write(file, audio, rate_for(form, subtype), subtype, format=form, **options)
    return file.getvalue()


def noise(frames):
    return np.random.default_rng(1).integers(-64, 64, (frames, 1)) / 128


@functools.cache
def valid(kind):
    """Return a small valid file."""
    endian = {"endian": "BIG"} if kind.startswith("RIFX") else {}
    return encoded(noise(FRAMES), *{**KINDS, **RARER}[kind], **endian)


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


def ogg_pages(data):
    starts = [at for at in range(len(data)) if data.startswith(b"OggS", at)]
    return [data[a:b] for a, b in itertools.pairwise([*starts, len(data)])]


def flac_frames(data):
    """Return the bytes before the first frame, and the frames; only the last may be shorter."""
    begin, last = 4, False
    while not last:
        last = data[begin] >= 128
        begin += 4 + int.from_bytes(data[begin + 1 : begin + 4])
    mark = data[begin : begin + 4]
    starts = [at for at in range(begin, len(data)) if data.startswith(mark, at)]
    # a last frame of another block length is joined to the one before it
    return [data[a:b] for a, b in itertools.pairwise([0, *starts, len(data)])]


MPEG_KILOBITS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
MPEG_FRAME = 1152


def mp3_frames(data):
    """Return the frames of a layer III stream at 48 kHz."""
    at, frames = 0, []
    while at < len(data):
        size = 3 * MPEG_KILOBITS[data[at + 2] >> 4] + (data[at + 2] >> 1 & 1)
        frames.append(data[at : at + size])
        at += size
    return frames


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


# headers


def chunk(name, body=b"", order="<", size=None):
    return name + struct.pack(f"{order}I", len(body) if size is None else size) + padded(body)


def padded(body):
    return body + b"\0" * (len(body) % 2)


BODY = bytes(range(1, 41))
THERE = 20
"""Frames of 16 bits in `BODY`."""

MOST, HALF = 2**32 - 1, 2**31
GUID = bytes.fromhex("000000001000800000aa00389b71")


def fmt(tag=1, channels=1, bits=16, *, rate=RATE, align=None, order="<", more=b""):
    align = channels * bits // 8 & 0xFFFF if align is None else align
    speed = rate * align & MOST
    return struct.pack(f"{order}HHIIHH", tag, channels, rate, speed, align, bits) + more


def wav(*chunks, magic=b"RIFF", order="<", size=None):
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack(f"{order}I", len(body) if size is None else size) + body


PLAIN = chunk(b"fmt ", fmt())
DATA = chunk(b"data", BODY)
ENDLESS = b"data" + b"\xff" * 4 + BODY


def wav_of(body=BODY, **form):
    return wav(chunk(b"fmt ", fmt(**form)), chunk(b"data", body))


def wide(tag=1, guid=GUID, valid=16, size=22):
    return wav_of(tag=0xFFFE, more=struct.pack("<HHIH", size, valid, 0, tag) + guid)


def rf64(data, frames=THERE, table=0):
    sizes = chunk(b"ds64", struct.pack("<QQQI", 100, data, frames, table))
    return wav(sizes, PLAIN, ENDLESS, magic=b"RF64", size=MOST)


def wav_headers():
    # as many complete frames as the data size states; odd sizes are padded
    for size, frames in [(0, None), (1, None), (2, 1), (38, 19), (39, 19), (41, 20), (42, THERE)]:
        yield f"data {size}", wav(PLAIN, chunk(b"data", BODY, size=size)), frames
    for size in (42, 1000):  # the size of the file is right only in the first
        yield f"data {size}", wav(PLAIN, chunk(b"data", BODY, size=size)), THERE
        stale = wav(PLAIN, chunk(b"data", BODY, size=size), size=36 + size)
        yield f"data {size} and riff {size + 36}", stale, None
    whole = 44 + len(BODY)
    yield "data of the file", wav(PLAIN, chunk(b"data", BODY, size=whole), size=36 + whole), THERE
    for size in (0x7FFEFFFF, HALF + 1, MOST - 0x10000):
        stale = wav(PLAIN, chunk(b"data", BODY, size=size), size=min(MOST, size + 36))
        yield f"data {size:#x}", stale, None
    # "until the end"
    for size in (0x7FFF0000, 0x7FFFF000, HALF - 2, HALF - 1, HALF, MOST - 100, MOST - 1, MOST):
        yield f"data {size:#x}", wav(PLAIN, chunk(b"data", BODY, size=size)), THERE
        yield f"data {size:#x} and a half", wav(PLAIN, chunk(b"data", BODY, size=size), b"x"), None
    for size in (0, 1, 4, 36, 10**5, 0x7FFFF000, HALF, MOST):
        yield f"riff {size:#x}", wav(PLAIN, DATA, size=size), THERE
    for channels, frames in [(0, None), (2, 10), (3, 6), (64, None), (65, None), (65535, None)]:
        yield f"{channels} channels", wav_of(channels=channels), frames
    for rate in (0, 1_536_001, HALF - 1, HALF, MOST):
        yield f"{rate} Hz", wav_of(rate=rate), None
    for rate in (1, 1_536_000):
        yield f"{rate} Hz", wav_of(rate=rate), THERE
    yield "frames of 0 bytes", wav_of(align=0), THERE
    for align in (1, 3, 4, 65535):
        yield f"frames of {align} bytes", wav_of(align=align), None
    for bits, frames in [(0, None), (8, 40), (24, 13), (32, 10), (48, None), (65535, None)]:
        yield f"{bits} bits", wav_of(bits=bits), frames
    for bits, frames in [(1, 40), (7, 40), (12, 20), (17, 13), (64, 5)]:
        yield f"{bits} bits", wav_of(bits=bits), frames, None
    yield "12 bits in 2", wav_of(bits=12, align=2), THERE, None
    yield "12 bits in 4", wav_of(bits=12, align=4), 10, None
    yield "20 bits in 3", wav_of(bits=20, align=3), 13, None
    yield "24 bits in 4", wav_of(bits=24, align=4), 10, None
    for bits, frames in [(0, None), (8, None), (16, None), (24, None)]:
        yield f"float of {bits} bits", wav_of(tag=3, bits=bits), frames
    quiet, signalling = b"\xff\xff\xff\xff", b"\1\0\x80\x7f"
    for nan in (quiet, signalling, quiet + signalling):
        yield f"NaN {nan.hex()}", wav_of(bytes(8) + nan, tag=3, bits=32), None
    yield "signalling NaN", wav_of(bytes(8) + b"\1\0\0\0\0\0\xf0\x7f", tag=3, bits=64), None
    for tag in (0, 2, 0x11, 0x31, 0x50, 0x55, 0x64, 0x161, 0xFFFE, 0xFFFF):
        yield f"tag {tag:#x}", wav_of(tag=tag), None
    yield "no fmt", wav(DATA), None
    yield "fmt after data", wav(DATA, PLAIN), None
    yield "fmt twice", wav(PLAIN, PLAIN, DATA), THERE, None
    yield "two kinds of fmt", wav(PLAIN, chunk(b"fmt ", fmt(bits=8)), DATA), 40, THERE, None
    yield "fmt of nothing", wav(chunk(b"fmt "), DATA), None
    yield "fmt of 4 GB", wav(chunk(b"fmt ", fmt(), size=MOST), DATA), None
    yield "fmt of 64 MB", wav(chunk(b"fmt ", fmt(), size=2**26), DATA), None
    yield "a long fmt", wav(chunk(b"fmt ", fmt() + bytes(1000)), DATA), THERE
    yield "data twice", wav(PLAIN, DATA, DATA), THERE, None
    yield "no data, then data", wav(PLAIN, chunk(b"data"), DATA), None
    yield "no data", wav(PLAIN), None
    yield "LIST and no data", wav(PLAIN, chunk(b"LIST", BODY)), None
    yield "LIST of 4 GB", wav(PLAIN, chunk(b"LIST", size=MOST), DATA), None
    yield "LIST of 4 GB after data", wav(PLAIN, DATA, chunk(b"LIST", size=MOST)), THERE
    yield "5000 empty chunks", wav(PLAIN, *[chunk(b"\0\0\0\0")] * 5000, DATA), THERE
    yield "a file in a LIST", wav(PLAIN, chunk(b"LIST", wav(PLAIN, DATA)), DATA), THERE
    yield "rubbish before", bytes(16) + wav(PLAIN, DATA), None
    yield "rubbish after", wav(PLAIN, DATA) + b"x" * 999, THERE
    yield "twice", wav(PLAIN, DATA) * 2, THERE
    claim = wav(PLAIN, chunk(b"data", bytes(64), size=MOST - 15), size=MOST - 1)
    yield "4 GB in 100 bytes", claim, 32
    yield "no pad", wav_of(BODY[:39], bits=8)[:-1], 39
    for order, size, frames in [(">", None, THERE), ("<", None, None), (">", 42, THERE)]:
        form = chunk(b"fmt ", fmt(order=order), order)
        data = wav(form, chunk(b"data", BODY, order, size), magic=b"RIFX", order=order)
        yield f"RIFX in order {order} of {size}", data, frames
    for data, frames in [(40, 20), (38, 19), (42, None), (2**32, None), (2**63, None)]:
        yield f"RF64 {data}", rf64(data), frames
    yield "RF64 2^64 - 1", rf64(2**64 - 1), None
    yield "RF64 0", rf64(0), THERE, None
    yield "RF64 table", rf64(40, table=MOST), THERE, None
    yield "RF64 frames", rf64(40, frames=2**60), THERE, None
    yield "RF64 without sizes", wav(PLAIN, ENDLESS, magic=b"RF64", size=MOST), THERE, None
    short = wav(chunk(b"ds64", bytes(8)), PLAIN, ENDLESS, magic=b"RF64", size=MOST)
    yield "RF64 short of sizes", short, None
    for size in (0, 22, 65535):
        yield f"WAVEX of {size}", wide(size=size), THERE, None
    for valid_bits in (0, 65535):
        yield f"WAVEX {valid_bits} valid", wide(valid=valid_bits), THERE, None
    for tag in (0, 0xFFFE):
        yield f"WAVEX tag {tag:#x}", wide(tag), None
    yield "WAVEX GUID", wide(guid=bytes(14)), None


def ima(align=36, samples=65, channels=1):
    form = fmt(0x11, channels, 4, align=align, more=struct.pack("<HH", 2, samples))
    return wav(chunk(b"fmt ", form), chunk(b"data", bytes(36)))


def coded(order="<", magic=b"RIFF", size=None, body=BODY[:19], before=b"", after=b""):
    form = chunk(b"fmt ", fmt(7, bits=8, order=order, more=bytes(2)), order)
    return wav(before, form, chunk(b"data", body, order, size), after, magic=magic, order=order)


def coded_headers():
    yield "ULAW", coded(), 19
    yield "ULAW and more", coded(after=chunk(b"LIST", BODY)), 19
    for size in (21, HALF, MOST - 1):  # the size of the file is right
        yield f"ULAW {size:#x}", coded(size=size), 20
        yield f"RIFX ULAW {size:#x}", coded(">", b"RIFX", size=size), 20
        ds64 = chunk(b"ds64", struct.pack("<QQQI", 100, size, size, 0))
        frames = None if size == 21 else 20
        yield f"RF64 ULAW {size:#x}", coded(magic=b"RF64", size=MOST, before=ds64), frames
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 100, 19, 19, 0))
    yield "RF64 ULAW", coded(magic=b"RF64", size=MOST, before=ds64), 19
    for size in (MOST, 0x7FFFF000):  # the pad may be one of them
        yield f"ULAW {size:#x}", coded(size=size), 19, 20, None
    for fact in (0, 18, 20, MOST):
        yield f"ULAW fact {fact}", coded(before=chunk(b"fact", struct.pack("<I", fact))), 19, None
    yield "IMA", ima(), 65
    for align, samples, channels in [(0, 65, 1), (65535, 65, 1), (1, 1, 1), (36, 0, 1)]:
        yield f"IMA {align}, {samples}, {channels}", ima(align, samples, channels), None
    for align, samples, channels in [(36, 65535, 1), (36, 65, 0), (36, 65, 65), (36, 65, 65535)]:
        yield f"IMA {align}, {samples}, {channels}", ima(align, samples, channels), None
    for align in (0, 1, 64, 66, 65535):
        form = fmt(0x31, bits=0, align=align, more=struct.pack("<HH", 2, 320))
        yield f"GSM {align}", wav(chunk(b"fmt ", form), chunk(b"data", bytes(65))), None


def extended(sign, exponent, mantissa):
    """Return a floating-point number of 80 bits."""
    return struct.pack(">HQ", sign << 15 | exponent, mantissa)


AIFF_RATE = extended(0, 16383 + 12, RATE << 51)
COMM = struct.pack(">hIh", 1, THERE, 16) + AIFF_RATE


def aiff(comm=COMM, data=BODY, *, size=None, offset=0, block=0, kind=b"AIFF", before=b""):
    common = chunk(b"COMM", comm, ">") if comm else b""
    sound = chunk(b"SSND", struct.pack(">II", offset, block) + data, ">", size)
    return chunk(b"FORM", kind + before + common + sound, ">")


def comm(channels=1, frames=THERE, bits=16, rate=AIFF_RATE, more=b""):
    return struct.pack(">HIH", channels, frames, bits) + rate + more


def aiff_headers():
    yield "right", aiff(), THERE
    yield "odd", aiff(comm(frames=19, bits=8), BODY[:19]), 19, None
    yield "odd and more", aiff(comm(frames=19, bits=8), BODY[:19]) + chunk(b"ANNO", BODY), 19, None
    rates = {
        "0": bytes(10),
        "infinite": extended(0, 32767, 1 << 63),
        "NaN": extended(0, 32767, 3 << 62),
        "negative": extended(1, 16383 + 12, RATE << 51),
        "a half": extended(0, 16382, 1 << 63),
        "2^31": extended(0, 16383 + 31, 1 << 63),
        "2^62": extended(0, 16383 + 62, 1 << 63),
        "denormal": extended(0, 0, 1),
        "unnormal": extended(0, 16383 + 12, RATE << 40),
        "ones": b"\xff" * 10,
        "1536001": extended(0, 16383 + 20, 1_536_001 << 43),
    }
    for name, rate in rates.items():
        may_be = [THERE] if name in ("0", "a half", "denormal", "unnormal") else []
        yield f"rate {name}", aiff(comm(rate=rate)), *may_be, None
    for frames in (0, 1, 19, 21, HALF, MOST):  # SSND gives the true number
        yield f"{frames} frames", aiff(comm(frames=frames)), THERE, frames or None, None
    for channels in (0, 64, 65, 65535):
        yield f"{channels} channels", aiff(comm(channels)), None
    for bits in (0, 33, 64, 65535):
        yield f"{bits} bits", aiff(comm(bits=bits)), None
    for bits, frames in [(1, 40), (8, 40), (12, 20), (17, 13), (24, 13), (32, 10)]:
        yield f"{bits} bits", aiff(comm(bits=bits)), frames, None
    for size, frames in [(0, 20), (7, 20), (8, None), (47, 19), (46, 19), (MOST, 20)]:
        yield f"sound of {size}", aiff(size=size), frames, None
    for size in (50, 1000, HALF - 4096):
        yield f"sound of {size}", aiff(size=size), None
    for size in (0x7FFFF000, HALF, MOST - 1):  # written when the length is unknown
        yield f"sound of {size}", aiff(size=size), THERE, None
    yield "offset 2", aiff(offset=2), 19, None
    for offset in (40, 41, 100, HALF, MOST - 7, MOST):
        yield f"offset {offset}", aiff(offset=offset), None
    yield "block", aiff(block=MOST), THERE, None
    yield "no COMM", aiff(b""), None
    yield "short COMM", aiff(COMM[:6]), None
    yield "COMM of 4 GB", aiff(b"", before=chunk(b"COMM", size=MOST)), None
    for size in (HALF, MOST):
        yield f"ANNO of {size}", aiff(before=chunk(b"ANNO", order=">", size=size)), None
    for code in (b"xxxx", b"MAC3", bytes(4)):
        yield f"AIFC {code}", aiff(COMM + code + b"\0\0", kind=b"AIFC"), None
    for code, frames in [(b"NONE", 20), (b"sowt", 20), (b"fl32", 10), (b"ulaw", 40)]:
        yield f"AIFC {code}", aiff(COMM + code + b"\0\0", kind=b"AIFC"), frames, None
    many = comm(frames=MOST, more=b"ima4\0\0")
    yield "AIFC of many frames", aiff(many, bytes(34), kind=b"AIFC"), 64, None


def au(offset=24, size=40, code=3, rate=RATE, channels=1, data=BODY, order=">"):
    magic = b".snd" if order == ">" else b"dns."
    return magic + struct.pack(f"{order}5I", offset, size, code, rate, channels) + data


def au_headers():
    yield "right", au(), THERE
    yield "little", au(order="<"), THERE, None
    for offset in (25, 28, 63, 64, 65, 1000, HALF, MOST):
        yield f"offset {offset}", au(offset), None
    for offset in (0, 8, 23):
        yield f"offset {offset}", au(offset), THERE, None
    for size, frames in [(0, None), (1, None), (38, 19), (39, 19), (MOST, 20)]:
        yield f"size {size}", au(size=size), frames
    for size in (41, 1000, 0x7FFFF000, HALF - 1, HALF, MOST - 1):
        yield f"size {size}", au(size=size), None
    for code in (0, 8, 99, MOST):
        yield f"encoding {code}", au(code=code), None
    # 16 bytes hold 42 samples of 3 bits; the rest is not samples
    for rate in (0, 1_536_001, HALF, MOST):
        yield f"{rate} Hz", au(rate=rate), None
    for channels in (0, 64, 65, HALF, MOST):
        yield f"{channels} channels", au(channels=channels), None


def caf_chunk(name, body=b"", size=None):
    return name + struct.pack(">q", len(body) if size is None else size) + body


def caf(rate=RATE, code=b"lpcm", packet=2, channels=1, bits=16, **sizes):
    form = struct.pack(">d4s5I", rate, code, 0, packet, 1, channels, bits)
    described = caf_chunk(b"desc", form, sizes.get("desc"))
    free = caf_chunk(b"free", size=sizes["free"]) if "free" in sizes else b""
    sound = caf_chunk(b"data", bytes(4) + BODY, sizes.get("data"))
    return b"caff\0\1\0\0" + described + free + sound


def caf_headers():
    yield "right", caf(), THERE
    yield "and more", caf() + caf_chunk(b"free", BODY), THERE
    for rate in (0, -RATE, 0.5, 1_536_001, 2.0**31, 2.0**32, 1e300, np.inf, -np.inf, np.nan):
        yield f"{rate} Hz", caf(rate), None
    yield "until the end", caf(data=-1), THERE, None
    for size in (-(2**63), -2, 0, 1, 3, 4, 46, 1000, 2**31, 2**32, 2**62, 2**63 - 1):
        yield f"data of {size}", caf(data=size), None
    for size in (42, 43):
        yield f"data of {size}", caf(data=size), 19, None
    for size in (-(2**63), -24, -12, -1, 2**31, 2**62, 2**63 - 24, 2**63 - 1):
        yield f"free of {size}", caf(free=size), None
    for size in (-1, 0, 31, 33, 2**62):
        yield f"desc of {size}", caf(desc=size), None
    for channels in (0, 2, 65, HALF, MOST):
        yield f"{channels} channels", caf(channels=channels), None
    for bits in (0, 1, 12, 24, 64, MOST):
        yield f"{bits} bits", caf(bits=bits), None
    for packet in (0, 1, 3, 4, MOST):
        yield f"packets of {packet}", caf(packet=packet), None
    for code in (b"alac", b"ima4", b"xxxx"):
        yield f"{code}", caf(code=code), None


W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")


def w64_chunk(name, body=b"", size=None):
    size = len(body) + 24 if size is None else size
    return name + W64_TAIL + struct.pack("<Q", size) + body + bytes(-len(body) % 8)


def w64(form=None, body=BODY, *, before=b"", after=b"", **sizes):
    form = w64_chunk(b"fmt ", fmt() if form is None else form, sizes.get("fmt"))
    data = w64_chunk(b"data", body, sizes.get("data"))
    inside = b"wave" + W64_TAIL + form + before + data + after
    start = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
    return start + struct.pack("<Q", sizes.get("riff", len(inside) + 24)) + inside


def w64_headers():
    yield "right", w64(), THERE
    # sizes of chunks are padded to eight bytes
    yield "padded", w64(body=BODY[:38]), 19, None
    yield "padded more", w64(fmt(bits=8), BODY[:19]), 19, None
    yield "and more", w64(after=w64_chunk(b"junk", BODY)), THERE, None
    yield "rubbish after", w64() + b"rubbish!" * 9, THERE, None
    for size in (0, 1, 24, 10**6, 2**63, 2**64 - 1):
        yield f"riff of {size}", w64(riff=size), THERE, None
    for size in (0, 1, 23, 24, 25, 41, 2**32, 2**63, 2**64 - 1):
        yield f"fmt of {size}", w64(fmt=size), None
    yield "data of 0", w64(data=0), THERE, None
    yield "data of 24", w64(data=24), None
    for size in (62, 63):
        yield f"data of {size}", w64(data=size), 19, None
    for size in (65, 66, 2**31, 2**32, 2**62):
        yield f"data of {size}", w64(data=size), None
    for size in (2**63 - 1, 2**63, 2**63 + 24, 2**64 - 1):  # written when the length is unknown
        yield f"data of {size}", w64(data=size), THERE, None
    for size in (0, 1, 23, 24, 25, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 24, 2**64 - 1):
        yield f"junk of {size}", w64(before=w64_chunk(b"junk", size=size)), THERE, None
    for form in (fmt(channels=0), fmt(channels=65), fmt(rate=0), fmt(rate=MOST), fmt(bits=0)):
        yield f"fmt {form.hex()}", w64(form), None


def flac(*, rate=RATE, channels=1, bits=16, total=THERE, block=None):
    """Return a FLAC with these values, valid or not, in its STREAMINFO block."""
    data = bytearray(encoded(np.frombuffer(BODY, "<i2"), "FLAC", "PCM_16"))
    if block is not None:
        data[8:12] = struct.pack(">HH", block, block)
    said = rate << 44 | (channels - 1) << 41 | (bits - 1) << 36 | total
    data[18:26] = struct.pack(">Q", said)
    return bytes(data)


def flac_headers():
    yield "right", flac(), THERE
    yield "0 Hz", flac(rate=0), None
    for rate in (1, 655_350, 2**20 - 1):
        yield f"{rate} Hz", flac(rate=rate), THERE, None
    for channels in (2, 8):
        yield f"{channels} channels", flac(channels=channels), None
    for bits in (4, 32):
        yield f"{bits} bits", flac(bits=bits), None
    yield "0 frames", flac(total=0), THERE, None  # which means an unknown number
    for total in (21, 10**6, 2**36 - 1):
        yield f"{total} frames", flac(total=total), None
    for total in (1, 19):
        yield f"{total} frames", flac(total=total), total, None
    for block in (0, 1, 15, 65535):
        yield f"blocks of {block}", flac(block=block), THERE, None
    data = flac()
    yield "only a header", data[:42], None
    yield "only a name", data[:4], None
    yield "a header of 16 MB", data[:5] + b"\xff" * 3 + data[8:], None
    yield "padding of 16 MB", data[:42] + b"\x81\xff\xff\xff" + data[42:], None


def rubbish():
    yield "nothing", b"", None
    for magic in (b"\0", b"RIFF", b"RIFX", b"RF64", b"BW64", b"riff", b"FORM", b"caff", b".snd"):
        yield f"{magic} alone", magic, None
        yield f"{magic} and zeros", magic + bytes(4096), None
        yield f"{magic} and ones", magic + b"\xff" * 4096, None
    for magic in (b"OggS", b"fLaC", b"ID3", b"\xff\xfb\x90\0", b"\x89PNG", b"text\n", b"\xff"):
        yield f"{magic} often", magic * 500, None
        yield f"{magic} and zeros", magic + bytes(4096), None
    yield "ID3 of 256 MB", b"ID3\4\0\0\x7f\x7f\x7f\x7f" + bytes(100), None


TABLE = {
    f"{kind}: {name}": (data, allowed)
    for kind, rows in [
        ("WAV", wav_headers()),
        ("coded", coded_headers()),
        ("AIFF", aiff_headers()),
        ("AU", au_headers()),
        ("CAF", caf_headers()),
        ("W64", w64_headers()),
        ("FLAC", flac_headers()),
        ("rubbish", rubbish()),
    ]
    for name, data, *allowed in rows
}


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


DAMAGES = ["flip", "zero", "one", "random", "delete", "insert", "duplicate", "swap"]


def mutated(data, name):
    """Damage a file in one to eight places, chosen by its name."""
    chance = random.Random(name)
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        size = len(damaged)
        if not size:
            break
        # headers are short, and matter most
        begin = chance.randrange(min(size, chance.choice([16, 64, size, size])))
        end = min(size, begin + chance.choice([1, 1, 2, 4, 8, 32]))
        other = chance.randrange(size)
        match chance.choice(DAMAGES):
            case "flip":
                damaged[begin] ^= 1 << chance.randrange(8)
            case "zero":
                damaged[begin:end] = bytes(end - begin)
            case "one":
                damaged[begin:end] = b"\xff" * (end - begin)
            case "random":
                damaged[begin:end] = chance.randbytes(end - begin)
            case "delete":
                del damaged[begin:end]
            case "insert":
                damaged[begin:begin] = chance.randbytes(end - begin)
            case "duplicate":
                damaged[other:other] = damaged[begin:end]
            case "swap":
                damaged[begin], damaged[other] = damaged[other], damaged[begin]
    return bytes(damaged)


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

REFUSED = {
    "RAW": soundfile.available_subtypes("RAW"),  # no header, so it does not read back
    "SD2": soundfile.available_subtypes("SD2"),  # its header is another file
    "SDS": soundfile.available_subtypes("SDS"),
    "MP3": ["MPEG_LAYER_I", "MPEG_LAYER_II"],
    "WAV": ["MPEG_LAYER_III"],
    "AIFF": ["DWVW_12", "DWVW_16", "DWVW_24"],
}
"""Subtypes that libsndfile offers, but cannot write or read back."""


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
