"""Limits of formats: an output beyond them is refused, and any other can be read back.

Also FLAC files without a stated length.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audioconv.errors import FormatError, TruncatedError, UsageError
from audioconv.files import FLOATS, INTEGER_BITS, Reader, SoundInfo, read_all, refuse_unfit
from audioconv.files.codecs import flac

ROOT = Path(__file__).parents[1]
CHANNELS = [1, 2, 3, 8, 9, 64]
RATES = [8000, 44100, 48000, 65537, 96000, 192000, 200001, 655350, 655360, 1536000]
PAIRS = [
    (form, subtype)
    for form in sorted(soundfile.available_formats())
    for subtype in soundfile.available_subtypes(form)
]
BLOCKS = ("ADPCM", "GSM610", "G721", "G723")
FRAMES = 777

PROBE = """
import json, os, sys
import numpy as np, soundfile
from audioconv.errors import AudioconvError
from audioconv.job import Job, Options
from audioconv.render.run import run
from audioconv.files import Reader

cases, folder = json.load(sys.stdin), sys.argv[1]
os.chdir(folder)
rng = np.random.default_rng(0)
noise = (rng.uniform(-0.3, 0.3, (777, 64)) * 2**15).round() / 2**15

def source(channels, rate):
    name = f"in-{channels}-{rate}.wav"
    if not os.path.exists(name):
        soundfile.write(name, noise[:, :channels], rate, "PCM_16")
    return name

def probe(form, subtype, channels, rate):
    out = f"out-{os.getpid()}"
    name = source(channels, rate)
    found = {}
    try:
        options = Options(format=form, subtype=subtype, overwrite=True, threads=1)
        made = run(Job(name, out, ["delta"], options))
        found["notices"] = made.notices
        with Reader(out, allow_truncated=True) as reader:
            sound = reader.info
            blocks = list(reader.blocks(4096))
        read = np.concatenate(blocks)
        found |= {"rate": sound.rate, "channels": sound.channels, "frames": len(read)}
        found["same"] = bool(np.array_equal(read[:777], noise[:, :channels]))
        other = soundfile.info(out)
        found["theirs"] = [other.samplerate, other.channels]
        os.unlink(out)
    except AudioconvError as error:
        found["error"], found["code"] = str(error), error.exit_code
        found["left"] = os.path.exists(out)
    except Exception as error:
        found["unexpected"] = f"{type(error).__name__}: {error}"
    return found

warm = probe("FLAC", "PCM_16", 1, 48000)
at = 0
while at < len(cases):  # one child after the other, each until it crashes
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with open(writing, "w") as out:
            for case in cases[at:]:
                print(json.dumps(probe(*case)), file=out, flush=True)
        os._exit(0)
    os.close(writing)
    with open(reading) as lines:
        for line in lines:
            print(line.strip(), flush=True)
            at += 1
    status = os.waitpid(child, 0)[1]
    if status:
        print(json.dumps({"died": status}), flush=True)
        at += 1
"""


def cases():
    """Sample the grid: every channel count at 48 kHz, every rate in mono, and some others."""
    grid = []
    for n, (form, subtype) in enumerate(PAIRS):
        chosen = {(channels, 48000) for channels in CHANNELS} | {(1, rate) for rate in RATES}
        chosen |= {(2, RATES[n % 10]), (8, RATES[n // 3 % 10]), (2, 44100), (1, 16000)}
        grid += [[form, subtype, *pair] for pair in sorted(chosen)]
    return grid


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    """Return the result of each case, run in one process for each half of them."""
    if not hasattr(os, "fork"):
        pytest.skip("a process cannot be forked here")
    folder = tmp_path_factory.mktemp("limits")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    halves, grid = [], cases()
    for n in (0, 1):
        (folder / str(n)).mkdir()
        process = subprocess.Popen(
            [sys.executable, "-c", PROBE, str(folder / str(n))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        process.stdin.write(json.dumps(grid[n::2]))
        process.stdin.close()
        halves.append(process)
    found = {}
    for n, process in enumerate(halves):
        lines = process.stdout.read().splitlines()
        process.stdout.close()
        assert process.wait() == 0
        found |= dict(zip(map(tuple, grid[n::2]), map(json.loads, lines), strict=True))
    return found


@pytest.mark.parametrize(("form", "subtype"), PAIRS)
def test_a_format_holds_what_it_is_given_or_refuses_it_in_a_line(form, subtype, probed):
    wrong = []
    for case, came in probed.items():
        if case[:2] != (form, subtype):
            continue
        if "died" in came or "unexpected" in came:
            wrong.append((case, came))
        elif "error" in came:
            if "\n" in came["error"] or came["left"] or not came["error"]:
                wrong.append((case, came))
        else:
            exact = subtype in INTEGER_BITS or subtype in FLOATS
            wide = exact and (subtype in FLOATS or INTEGER_BITS[subtype] >= 16)
            right = (came["rate"], came["channels"]) == (case[3], case[2])
            right &= came["theirs"] == [case[3], case[2]] or form in ("WAV", "WAVEX", "RF64")
            right &= came["frames"] == FRAMES if exact else came["frames"] >= FRAMES
            right &= came["same"] or not wide
            if any(word in subtype for word in BLOCKS):
                right &= any("whole blocks" in notice for notice in came["notices"])
            elif exact and came["notices"]:
                right = False
            if not right:
                wrong.append((case, came))
    assert wrong == []


@pytest.mark.parametrize(
    ("form", "subtype", "channels", "rate"),
    [
        ("FLAC", "PCM_16", 8, 655350),
        ("WAV", "PCM_16", 64, 1536000),
        ("OGG", "VORBIS", 8, 48000),
        ("MP3", "MPEG_LAYER_III", 2, 44100),
        ("OGG", "OPUS", 8, 48000),
        ("CAF", "ALAC_24", 8, 44100),
        ("AIFF", "PCM_24", 8, 96000),
        ("W64", "FLOAT", 64, 192000),
        ("AU", "PCM_16", 9, 48000),
        ("OGG", "VORBIS", 1, 192000),
        ("WAV", "IMA_ADPCM", 2, 48000),
        ("RF64", "DOUBLE", 64, 8000),
    ],
)
def test_what_can_be_held_is_not_refused(form, subtype, channels, rate, tmp_path):
    from audioconv.job import Job, Options
    from audioconv.render.run import run

    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (5000, channels))
    soundfile.write(tmp_path / "in.wav", noise, rate, "PCM_16")
    options = Options(format=form, subtype=subtype)
    run(Job(str(tmp_path / "in.wav"), str(tmp_path / "out"), ["delta"], options))
    assert soundfile.info(tmp_path / "out").channels == channels
    refuse_unfit(SoundInfo("a", form, subtype, rate, channels, None))


@pytest.mark.parametrize(
    ("rate", "held"),
    [(8000, True), (16000, True), (44100, False), (48000, False), (250_000, True), (1, True)],
)
def test_htk_holds_rates_that_are_whole_steps(rate, held):
    """44,100 Hz are 226 steps of 100 ns, which are 44,247 Hz."""
    info = SoundInfo("a.htk", "HTK", "PCM_16", rate, 1, None)
    if held:
        refuse_unfit(info)
        return
    with pytest.raises(UsageError, match=f"100 ns .* has {rate} Hz; use WAV"):
        refuse_unfit(info)


def test_what_is_refused_names_limit_and_remedy(probed):
    for case, came in probed.items():
        if came.get("code") == 2:
            remedies = ("; use ", "; it has ", "; resample ")
            assert any(remedy in came["error"] for remedy in remedies), (case, came)
    for form, channels, rate in [("FLAC", 9, 48000), ("MP3", 3, 48000), ("MP3", 1, 96000)]:
        subtype = soundfile.default_subtype(form)
        with pytest.raises(UsageError):
            refuse_unfit(SoundInfo("a", form, subtype, rate, channels, None))


# FLAC of unknown length


def crc(data, bits, polynomial):
    """Return a CRC computed bit by bit, as RFC 9639 defines it."""
    register = 0
    for byte in data:
        register ^= byte << (bits - 8)
        for _ in range(8):
            register <<= 1
            if register >> bits:
                register ^= polynomial | 1 << bits
    return register


def coded(number):
    """Code a number as UTF-8 codes a character."""
    if number < 0x80:
        return bytes([number])
    more = 1
    while number >= 1 << (5 * more + 6):
        more += 1
    first = (0xFF00 >> (more + 1)) & 0xFF | number >> 6 * more
    return bytes([first]) + bytes(0x80 | number >> 6 * n & 63 for n in reversed(range(more)))


def flac_frames(steps, sizes, *, bits=16, variable=False):
    """Return verbatim FLAC frames of these sizes, from integers (frames, channels)."""
    made, start = [], 0
    for n, size in enumerate(sizes):
        part = steps[start : start + size]
        code = 7 if size > 256 else 6
        head = bytes([0xFF, 0xF8 | variable, code << 4, (part.shape[1] - 1) << 4])
        head += coded(start if variable else n) + (size - 1).to_bytes(code - 5)
        head += bytes([crc(head, 8, 0x07)])
        body = b""
        for channel in part.T.tolist():
            body += b"\x02" + b"".join(v.to_bytes(bits // 8, signed=True) for v in channel)
        frame = head + body
        made.append(frame + crc(frame, 16, 0x8005).to_bytes(2))
        start += size
    return made


def flac_of(steps, sizes, *, bits=16, variable=False, total=0):
    """Return the bytes of a FLAC, and where each frame ends."""
    info = (min(sizes[:-1] or [max(16, sizes[0])])).to_bytes(2) + max(16, *sizes).to_bytes(2)
    rate, channels = 44100, steps.shape[1]
    packed = rate << 44 | (channels - 1) << 41 | (bits - 1) << 36 | total
    data = b"fLaC\x80" + (34).to_bytes(3) + info + bytes(6) + packed.to_bytes(8) + bytes(16)
    ends = []
    for frame in flac_frames(steps, sizes, bits=bits, variable=variable):
        data += frame
        ends.append(len(data))
    return data, ends


def steps_of(frames, channels=1, bits=16):
    full = 2 ** (bits - 1)
    return np.random.default_rng(5).integers(-full, full, (frames, channels))


def without_length(path):
    """Set the number of samples in the header of a FLAC to 0, which means unknown."""
    data = bytearray(Path(path).read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    Path(path).write_bytes(data)


def sound_in(path, **options):
    with Reader(str(path), **options) as reader:
        blocks = list(reader.blocks(1000))
        return np.concatenate(blocks), reader.notices


OPEN = "does not state its length; it is read to its end"


@pytest.mark.parametrize("frames", [1, 100, 4096, 8192, 8193, 100_000])
@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_flac_of_unknown_length_is_read_to_its_end(channels, subtype, frames, tmp_path):
    noise = np.random.default_rng(0).uniform(-1, 1, (frames, channels))
    soundfile.write(tmp_path / "a.flac", noise, 44100, subtype)
    known = read_all(str(tmp_path / "a.flac"))[0]
    without_length(tmp_path / "a.flac")
    found, notices = sound_in(tmp_path / "a.flac")
    np.testing.assert_array_equal(found, known)
    assert len(found) == frames
    assert [OPEN in notice for notice in notices] == [True]


@pytest.mark.parametrize("block", [16, 17, 192, 576, 4608, 16384, 65535])
@pytest.mark.parametrize(("channels", "bits"), [(1, 16), (2, 24), (2, 8)])
def test_blocks_of_any_size_are_counted(block, channels, bits, tmp_path):
    steps = steps_of(2 * block + 5, channels, bits)
    for last in (5, block):
        sizes = [block, block, last][: 2 + (last == 5)]
        part = steps[: sum(sizes)]
        (tmp_path / "a.flac").write_bytes(flac_of(part, sizes, bits=bits)[0])
        found, notices = sound_in(tmp_path / "a.flac")
        np.testing.assert_array_equal(found * 2 ** (bits - 1), part)
        assert len(notices) == 1


@pytest.mark.parametrize("sizes", [[16, 100, 40, 3000, 17], [5000, 16, 16, 1], [20], [300, 200]])
def test_blocks_of_many_sizes_are_counted(sizes, tmp_path):
    steps = steps_of(sum(sizes))
    (tmp_path / "a.flac").write_bytes(flac_of(steps, sizes, variable=True)[0])
    found, _ = sound_in(tmp_path / "a.flac")
    np.testing.assert_array_equal(found * 2**15, steps)


def test_a_flac_cut_at_any_byte_of_its_last_frames_is_refused(tmp_path):
    """All complete frames before the cut count; a cut at the end of a frame loses nothing."""
    sizes = [64] * 5 + [20]
    steps = steps_of(sum(sizes))
    data, ends = flac_of(steps, sizes)
    path, wrong = tmp_path / "a.flac", []
    for cut in range(ends[2], len(data)):
        path.write_bytes(data[:cut])
        whole = sum(size for size, end in zip(sizes, ends, strict=True) if end <= cut)
        try:
            with path.open("rb") as file:
                found = flac.length(file, flac.streaminfo(file))
        except Exception as error:  # an error of any kind is wrong here
            found = repr(error)
        if found != (whole, cut in ends):
            wrong.append((cut - max(end for end in ends if end <= cut), whole, found))
    assert wrong == []


@pytest.mark.parametrize("missing", [1, 2, 40, 100, 139])
def test_what_is_there_of_a_cut_flac_is_taken_when_asked(missing, tmp_path):
    sizes = [64] * 5
    steps = steps_of(320)
    data, ends = flac_of(steps, sizes)
    path = tmp_path / "a.flac"
    cut = len(data) - missing
    path.write_bytes(data[:cut])
    whole = 64 * sum(end <= cut for end in ends)
    with pytest.raises(TruncatedError, match=rf"inside a FLAC frame.* {whole} frames"):
        sound_in(path)
    found, notices = sound_in(path, allow_truncated=True)
    np.testing.assert_array_equal(found * 2**15, steps[:whole])
    assert len(notices) == 2


def test_a_flac_of_noise_cut_in_a_very_long_frame_is_soon_refused(tmp_path):
    noise = np.random.default_rng(0).integers(-(2**23), 2**23, (65535 * 4, 2)) << 8
    soundfile.write(tmp_path / "a.flac", noise.astype(np.int32), 44100, "PCM_24")
    without_length(tmp_path / "a.flac")
    os.truncate(tmp_path / "a.flac", (tmp_path / "a.flac").stat().st_size - 3)
    begin = time.process_time()  # other programs do not count
    with pytest.raises(TruncatedError):
        sound_in(tmp_path / "a.flac")
    assert time.process_time() - begin < 3


def test_a_flac_of_unknown_length_without_a_frame_is_no_sound(tmp_path):
    data, _ = flac_of(steps_of(64), [64])
    for cut in (42, 43, 46, 60):
        (tmp_path / "a.flac").write_bytes(data[:cut])
        with pytest.raises(FormatError):
            sound_in(tmp_path / "a.flac")


def test_an_id3_tag_before_a_flac_does_not_count(tmp_path):
    steps = steps_of(64 * 3 + 7)
    data, _ = flac_of(steps, [64, 64, 64, 7])
    tag = b"ID3\x03\0\0\0\0\0\x0a" + bytes(10)
    (tmp_path / "a.flac").write_bytes(tag + data)
    try:
        soundfile.info(tmp_path / "a.flac")
    except soundfile.SoundFileError:
        pytest.skip("libsndfile does not read it")
    found, _ = sound_in(tmp_path / "a.flac")
    np.testing.assert_array_equal(found * 2**15, steps)


def remainder(data):
    """Return the remainder of a polynomial times x^16, by x^16 + x^15 + x^2 + 1."""
    rest = int.from_bytes(data) << 16
    for place in range(8 * len(data) + 15, 15, -1):
        if rest >> place & 1:
            rest ^= 0x18005 << (place - 16)
    return rest


def test_the_checksums_are_those_of_the_standard():
    assert flac._crc8(b"123456789") == 0xF4  # CRC-8/SMBUS
    assert flac._crc16(b"123456789") == 0xFEE8  # CRC-16/UMTS
    for data in (b"", b"\0", b"\x01", bytes(range(256)) * 5, bytes(999) + b"\x80" + bytes(77)):
        assert flac._crc16(data) == remainder(data)
    for number in (0, 127, 128, 2047, 2048, 65535, 65536, 2**21, 2**26, 2**31 - 1, 2**36 - 1):
        assert flac._number(coded(number) + b"x", 0) == (number, len(coded(number)))


@pytest.mark.parametrize("frames", [1, 4608, 100_000])
def test_a_flac_that_ffmpeg_made_in_a_pipe_is_read_to_its_end(frames, tmp_path):
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not on the path")
    steps = steps_of(frames, 2).astype("<i2")
    line = "ffmpeg -v error -f s16le -ar 44100 -ac 2 -i - -f flac -"
    made = subprocess.run(
        line.split(), input=steps.tobytes(), capture_output=True, check=True, timeout=60
    )
    (tmp_path / "a.flac").write_bytes(made.stdout)
    assert made.stdout[21] & 15 == 0
    assert made.stdout[22:26] == bytes(4)
    found, notices = sound_in(tmp_path / "a.flac")
    np.testing.assert_array_equal(found * 2**15, steps)
    assert len(notices) == 1
