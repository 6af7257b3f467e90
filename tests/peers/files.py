"""Compare how audioconv and ffmpeg read the sound files of a folder.

::

    python tests/peers/files.py FOLDER [--json REPORT]

from the top of the repository decodes every sound file below FOLDER, chosen by its suffix or its
first bytes, with `audioconv.files.reading.Reader` and with ffmpeg. It prints the number of files of
each kind (container and codec, as ffprobe names them) in each class, then a line for each file that
is neither right nor shifted. ffmpeg, with libopus, and ffprobe must be installed. The classes:

right
    Rate, channels, frames and samples agree: all bits where the codec is lossless, else to
    within the rounding of two decoders, `LOWEST_SNR`. Frames may differ by `allowance`, and
    where ffmpeg does not keep to the length of a Vorbis stream, `is_stated`.
shifted
    The same, but an MPEG file begins earlier or later. Only the tag of some encoders states how
    many frames to drop: in files with another tag libsndfile drops the delay of its decoder, 529
    frames, and ffmpeg none.
refused without need
    audioconv raises an error, and ffmpeg reads the file without complaint.
refused, ffmpeg complains
    audioconv raises an error, and ffmpeg reads the file with warnings or errors.
unreadable by both
    audioconv raises an error, and ffmpeg gets no sample.
read by audioconv only
    ffmpeg gets no sample, so there is nothing to compare with.
wrong in silence
    Rate, channels, frames or samples differ, and audioconv gives no notice.
wrong with notice
    The same, but audioconv gives a notice.
crash
    audioconv raises another exception, or its process dies.
timeout
    One of the two takes too long.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import numpy.typing as npt

from audioconv.errors import AudioconvError
from audioconv.files.reading import Reader

Samples = npt.NDArray[np.float64]

CLASSES = (
    "right",
    "shifted",
    "refused without need",
    "refused, ffmpeg complains",
    "unreadable by both",
    "read by audioconv only",
    "wrong in silence",
    "wrong with notice",
    "crash",
    "timeout",
)
ORDER = ("wrong in silence", "crash", "timeout", "wrong with notice", *CLASSES)
"""The classes, the worst first."""

NAMES = re.compile(
    r".*\.(8svx|aac|ac3|aif|aifc|aiff|amr|ape|asf|au|avr|bwf|caf|dff|dsf|flac|g722|gsm|htk|ircam"
    r"|m4a|m4b|mat4|mat5|mka|mp1|mp2|mp3|mpa|mpc|nist|oga|ogg|opus|paf|pvf|rf64|sds|sf|snd|sph|spx"
    r"|svx|tak|tta|voc|w64|wav|wave|wma|wv|wve|xi)",
    re.IGNORECASE | re.DOTALL,
)
BEGINNINGS = re.compile(
    rb"RIFF....WAVE|RIFX....WAVE|RF64....WAVE|BW64....WAVE|FORM....(AIFF|AIFC|8SVX)|fLaC|OggS|ID3"
    rb"|\.snd|caff|riff\x2e\x91\xcf\x11|Creative Voice File|wvpk|TTA1|MPCK|MP\+|NIST_1A",
    re.DOTALL,
)

LOWEST_SNR = {
    "mp1": 60.0,
    "mp2": 60.0,
    "mp3": 60.0,
    "vorbis": 60.0,
    "opus": 60.0,
    "opus at a lower rate": 40.0,
    "speex": 60.0,
    "adpcm_ima_wav": 30.0,
    "adpcm_ima_qt": 30.0,
    "adpcm_ms": 30.0,
}
"""Least SNR in dB between two right decoders, by codec; all other codecs are exact.

Decoders in floating point (MPEG, Vorbis, Opus, Speex) differ in rounding. Opus can be decoded at
several rates, with other filters than those of a resampler. ffmpeg rounds each step of IMA ADPCM as
a whole where its definition, libsndfile and SoX round each term; it rounds the predictions of MS
ADPCM towards zero, where libsndfile and SoX, which agree in every bit, round down; in both, errors
add up within a block.
"""

OPUS_RATES = (8000, 12000, 16000, 24000)
"""Rates besides 48 kHz at which Opus can be decoded; ffmpeg's output is resampled to compare."""

INAUDIBLE = 2.0**-16
"""Difference that passes for right in a lossy codec whatever the SNR: half a step of 16 bits."""

MPEG = ("mp1", "mp2", "mp3")

DECODERS = {
    "mp1": ["-c:a", "mp1float"],
    "mp2": ["-c:a", "mp2float"],
    "opus": ["-c:a", "libopus", "-request_sample_fmt", "flt"],
}
"""Options for decoders of ffmpeg that are more exact than its default.

The default for layers I and II clips and rounds to 16 bits; that for Opus differs from libopus in
the delay and the filter of speech.
"""

HARMLESS = re.compile(
    "Guessed Channel Layout|Estimating duration from bitrate|Could not find codec parameters for "
    "stream . .Video|Consider increasing the value|Discarding ID3 tags|deprecated"
    "|Multiple frames in a packet|misdetection possible|Last message repeated|mjpeg|BOM value"
    "|Error reading .*frame.*, skipped|Unknown encoding|ID3v2 frame|Cannot check for SPDIF"
)
"""Warnings of ffmpeg that are about a guess, a tag or a picture, not about the samples."""

GSM_BLOCK = 160
"""Frames of a block of GSM; the IMA ADPCM of AIFF and CAF has 64."""

REACH = 2**15
"""Largest shift that is searched for, in frames."""

WINDOW = 2**15
"""Frames that are searched for in the other decoder's output."""

BLOCK = 2**18
"""Frames compared at a time."""


@dataclass
class Report:
    """The comparison of one file, with the frames, notices and messages of both decoders."""

    path: str
    kind: str = ""
    verdict: str = ""
    detail: str = ""
    frames: tuple[int | None, int | None] = (None, None)
    shift: int = 0
    snr: float | None = None
    notices: list[str] = field(default_factory=list)
    message: str = ""
    complaint: str = ""


@dataclass
class Sound:
    """Decoded sound: the samples (frames, channels) in a file, and the number of all frames.

    Fewer frames than `frames` are in the file where the limit of a comparison was reached.
    """

    rate: int
    channels: int
    frames: int
    raw: Path

    @property
    def samples(self) -> Samples:
        """The samples, mapped into memory."""
        frames = self.raw.stat().st_size // (8 * self.channels)
        if not frames:
            return np.zeros((0, self.channels))
        return np.memmap(self.raw, np.float64, "r", shape=(frames, self.channels))


@dataclass
class Stream:
    """The first audio stream of a file, as ffprobe describes it."""

    container: str
    codec: str
    rate: int
    channels: int


def sounds(folder: Path) -> Iterator[Path]:
    """Yield the sound files below a folder, in order."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or not path.stat().st_size:
            continue
        if NAMES.fullmatch(path.name):
            yield path
            continue
        with path.open("rb") as file:
            if BEGINNINGS.match(file.read(32)):
                yield path


def probe(path: Path, timeout: float) -> Stream | None:
    """Return the first audio stream, or None if ffprobe finds none that it can decode."""
    entries = "stream=codec_name,sample_rate,channels:format=format_name"
    command = ["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_entries", entries]
    done = subprocess.run(
        [*command, "-of", "json", f"file:{path}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
    )
    with suppress(ValueError, LookupError):
        found = json.loads(done.stdout)
        stream, container = found["streams"][0], found["format"]["format_name"]
        rate, channels = int(stream["sample_rate"]), int(stream["channels"])
        if rate and channels:
            return Stream(container.split(",")[0], stream["codec_name"], rate, channels)
    return None


def by_ffmpeg(
    path: Path, stream: Stream, raw: Path, minutes: float, timeout: float
) -> tuple[Sound, str]:
    """Decode with ffmpeg; return the sound and the complaints."""
    command = ["ffmpeg", "-nostdin", "-v", "warning", *decoder(path, stream), "-i", f"file:{path}"]
    command += ["-map", "0:a:0", "-t", str(60 * minutes), "-ar", str(stream.rate), "-y"]
    done = subprocess.run(
        [*command, "-f", "f64le", "-c:a", "pcm_f64le", f"file:{raw}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
    )
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    complaints = [line.strip() for line in lines if line.strip() and not HARMLESS.search(line)]
    if done.returncode:
        complaints.append(f"exit code {done.returncode}")
    raw.touch()
    frames = raw.stat().st_size // (8 * stream.channels)
    return Sound(stream.rate, stream.channels, frames, raw), "; ".join(complaints)


def decoder(path: Path, stream: Stream) -> list[str]:
    """Return ffmpeg's options for the decoder of a file.

    ffmpeg takes the samples of a RIFX, a RIFF with the high byte first, for low byte first.
    """
    with path.open("rb") as file:
        if file.read(4) == b"RIFX" and stream.codec.startswith("pcm_"):
            return ["-c:a", stream.codec.removesuffix("le") + "be"]
    return DECODERS.get(stream.codec.partition(" ")[0], [])


def by_audioconv(path: Path, raw: Path, minutes: float) -> tuple[Sound, list[str]]:
    """Decode with audioconv to the end; return the sound and the notices."""
    with raw.open("wb") as file, Reader(str(path)) as reader:
        limit = int(60 * minutes * reader.info.rate)
        for block in reader.blocks(2**16):
            before = reader.frames - len(block)
            np.ascontiguousarray(block[: max(0, limit - before)]).tofile(file)
        info = reader.info
        return Sound(info.rate, info.channels, reader.frames, raw), list(reader.notices)


def lag(here: Samples, there: Samples) -> int:
    """Return by how many frames `here` is late, at most `REACH`: the peak of the correlation."""
    loudest = int(np.argmax(np.abs(there[: 2**21]).max(axis=1)))
    begin = max(0, loudest - WINDOW // 2)
    pattern = there[begin : begin + WINDOW].sum(axis=1)
    first = max(0, begin - REACH)
    around = here[first : begin + WINDOW + REACH].sum(axis=1)
    size = len(pattern) + len(around)
    spectrum = np.fft.rfft(around, size) * np.conj(np.fft.rfft(pattern, size))
    products = np.fft.irfft(spectrum, size)
    at = int(np.argmax(products))
    return (at if at < len(around) else at - size) + first - begin


@dataclass
class Difference:
    """Between two decoders: SNR in dB, largest difference, and the first frame that differs."""

    snr: float
    largest: float
    first: int | None

    def __str__(self) -> str:
        return (
            f"SNR {self.snr:.1f} dB, largest difference {self.largest:.3g}, "
            f"first at frame {self.first}"
        )

    def within(self, codec: str) -> bool:
        """Return whether the samples of a codec agree."""
        if codec not in LOWEST_SNR:
            return self.largest == 0
        return self.snr >= LOWEST_SNR[codec] or self.largest <= INAUDIBLE


def difference(here: Samples, there: Samples, shift: int, tolerance: float) -> Difference:
    """Compare the frames that both have, where `here` is late by `shift`."""
    here, there = here[max(0, shift) :], there[max(0, -shift) :]
    signal = noise = largest = 0.0
    first: int | None = None
    for begin in range(0, min(len(here), len(there)), BLOCK):
        length = min(BLOCK, len(here) - begin, len(there) - begin)
        expected = there[begin : begin + length]
        error = np.abs(here[begin : begin + length] - expected)
        signal += float((expected**2).sum())
        noise += float((error**2).sum())
        largest = max(largest, float(error.max()))
        beyond = ~(error <= tolerance).all(axis=1)
        if first is None and beyond.any():
            first = begin + int(np.argmax(beyond))
    with np.errstate(divide="ignore", invalid="ignore"):
        snr = float(10 * np.log10(np.divide(signal, noise))) if noise else np.inf
    return Difference(snr, largest, first)


def aligned(here: Samples, there: Samples, codec: str) -> tuple[Difference, int]:
    """Compare from the first frames on, else at the shift with the best agreement."""
    tolerance = INAUDIBLE if codec in LOWEST_SNR else 0.0
    found = difference(here, there, 0, tolerance)
    if found.within(codec):
        return found, 0
    shift = lag(here, there)
    moved = difference(here, there, shift, tolerance)
    if moved.within(codec) or moved.snr > found.snr + 6:
        return moved, shift
    return found, 0


def allowance(path: Path, codec: str) -> range:
    """Return how many frames audioconv may give more (negative: fewer) than ffmpeg.

    The fact chunk of a WAV or the header of an AIFF states where the last block of ADPCM and GSM
    ends; ffmpeg gives whole blocks.
    """
    if codec.startswith(("adpcm", "gsm")):
        return range(1 - frames_of_block(path), 1)
    return range(1)


def is_stated(path: Path, codec: str, frames: int) -> bool:
    """Return whether a Vorbis stream has the length that its last page states.

    Frames before position 0, and the padding after the last, count for nothing. ffmpeg keeps the
    former, and of a stream of a single page it keeps the padding or loses a part of the end;
    libvorbis, in oggdec, does neither.
    """
    if codec != "vorbis":
        return False
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2**17))
        end = file.read()
    at = end.rfind(b"OggS")
    return at >= 0 and int.from_bytes(end[at + 6 : at + 14], "little") == frames


def frames_of_block(path: Path) -> int:
    """Return the frames of a block of a WAV, from its format chunk; else those of GSM and IMA."""
    with path.open("rb") as file:
        head = file.read(2**12)
    at = head.find(b"fmt ")
    if at < 0 or int.from_bytes(head[at + 24 : at + 26], "little") < 2:
        return GSM_BLOCK
    return max(1, int.from_bytes(head[at + 26 : at + 28], "little"))


def judge(
    report: Report, path: Path, stream: Stream | None, here: Sound, there: Sound | None
) -> None:
    """Set the class of a file that audioconv has read."""
    if stream is None or there is None or not there.frames:
        report.verdict = "read by audioconv only"
        report.frames = here.frames, None
        return
    codec = stream.codec
    wrong = "wrong with notice" if report.notices else "wrong in silence"
    report.frames = here.frames, there.frames
    if (here.rate, here.channels) != (there.rate, there.channels):
        report.verdict = wrong
        report.detail = (
            f"{here.rate} Hz, {here.channels} channels here; "
            f"{there.rate} Hz, {there.channels} channels there"
        )
        return
    ours, theirs = here.samples, there.samples
    found, report.shift = aligned(ours, theirs, codec)
    report.snr = round(found.snr, 1) if np.isfinite(found.snr) else None
    settled = is_stated(path, codec, here.frames)
    excess = len(ours) - len(theirs) - report.shift
    fits = settled or excess in allowance(path, codec)
    begins = settled or codec in MPEG or not report.shift
    parts = [
        "" if fits else f"{here.frames} frames here, {there.frames} there ({excess:+d})",
        "" if begins else f"shifted by {report.shift:+d}",
        "" if found.within(codec) else str(found),
    ]
    report.detail = "; ".join(part for part in parts if part)
    if report.detail:
        report.verdict = wrong
    else:
        report.verdict = "shifted" if report.shift and not settled else "right"


def compare(path: Path, minutes: float, timeout: float) -> Report:
    """Decode a file with both, and compare."""
    report = Report(str(path))
    stream = probe(path, timeout)
    report.kind = f"{stream.container}/{stream.codec}" if stream else path.suffix.lower()
    here = there = None
    with tempfile.TemporaryDirectory() as folder:
        raws = Path(folder, "here"), Path(folder, "there")
        try:
            here, report.notices = by_audioconv(path, raws[0], minutes)
        except AudioconvError as error:
            report.message = str(error)
        except Exception as error:
            report.message = f"{type(error).__name__}: {error}"
            report.verdict = "crash"
        if stream:
            stream = decodable(stream, here)
            there, report.complaint = by_ffmpeg(path, stream, raws[1], minutes, timeout)
        if here:
            judge(report, path, stream, here, there)
        elif not report.verdict:
            report.verdict = refusal(there, report.complaint)
    return report


def decodable(stream: Stream, here: Sound | None) -> Stream:
    """Return the stream as ffmpeg shall decode it: Opus at the rate that audioconv chose."""
    if stream.codec == "opus" and here and here.rate in OPUS_RATES:
        return replace(stream, codec="opus at a lower rate", rate=here.rate)
    return stream


def refusal(there: Sound | None, complaint: str) -> str:
    """Return the class of a file that audioconv refuses."""
    if there is None or not there.frames:
        return "unreadable by both"
    return "refused, ffmpeg complains" if complaint else "refused without need"


def serve(pipe: Connection, minutes: float, timeout: float) -> None:
    """Compare the files whose paths come through a pipe, in a process of its own."""
    while path := pipe.recv():
        try:
            pipe.send(compare(path, minutes, timeout))
        except subprocess.TimeoutExpired:
            pipe.send(Report(str(path), path.suffix.lower(), "timeout", "ffmpeg"))


class Worker:
    """A process that compares one file after another, and is replaced if it dies or hangs."""

    def __init__(self, minutes: float, timeout: float) -> None:
        self._minutes, self._timeout = minutes, timeout
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(
            target=serve, args=(other, self._minutes, self._timeout), daemon=True
        )
        self._process.start()
        other.close()

    def compare(self, path: Path) -> Report:
        """Return the report of a file, whatever happens to the process."""
        with suppress(EOFError, OSError):
            self._pipe.send(path)
            if self._pipe.poll(3 * self._timeout):
                report = self._pipe.recv()
                assert isinstance(report, Report)
                return report
        hung = self._process.is_alive()
        self._process.kill()
        self._process.join()
        code = self._process.exitcode
        self._start()
        if hung:
            return Report(str(path), path.suffix.lower(), "timeout", "audioconv")
        return Report(str(path), path.suffix.lower(), "crash", f"the process ended with {code}")

    def close(self) -> None:
        """End the process."""
        with suppress(OSError):
            self._pipe.send(None)
        self._process.join()


def compare_all(
    paths: Sequence[Path], processes: int, minutes: float, timeout: float
) -> list[Report]:
    """Compare all files, on several processes."""
    idle: SimpleQueue[Worker] = SimpleQueue()
    workers = [Worker(minutes, timeout) for _ in range(processes)]
    for worker in workers:
        idle.put(worker)

    def run(path: Path) -> Report:
        worker = idle.get()
        try:
            return worker.compare(path)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(processes) as threads:
        reports = list(threads.map(run, paths))
    for worker in workers:
        worker.close()
    return reports


def table(reports: Sequence[Report]) -> Iterator[str]:
    """Yield the lines of a Markdown table: kind by class."""
    counts = Counter((report.kind, report.verdict) for report in reports)
    kinds = Counter(report.kind for report in reports)
    shown = [name for name in CLASSES if any(report.verdict == name for report in reports)]
    yield f"| kind | files | {' | '.join(shown)} |"
    yield f"|---|{'--:|' * (len(shown) + 1)}"
    for kind in sorted(kinds):
        numbers = [kinds[kind], *(counts[kind, name] for name in shown)]
        yield f"| {kind} | {' | '.join(str(number or '') for number in numbers)} |"
    totals = Counter(report.verdict for report in reports)
    numbers = [len(reports), *(totals[name] for name in shown)]
    yield f"| all | {' | '.join(map(str, numbers))} |"


def lines(reports: Sequence[Report], folder: Path) -> Iterator[str]:
    """Yield a line for each file that is neither right nor shifted, the worst first."""
    for report in sorted(reports, key=lambda report: (ORDER.index(report.verdict), report.kind)):
        if report.verdict in ("right", "shifted"):
            continue
        name = Path(report.path).relative_to(folder).as_posix()
        parts = [report.verdict, report.kind, name, report.detail, report.message]
        parts += [f"notice: {notice}" for notice in report.notices]
        parts += [f"ffmpeg: {report.complaint[:200]}"] if report.complaint else []
        yield " | ".join(part.replace(f"{folder}/", "") for part in parts if part)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare the files of a folder, and print the table and the lines."""
    parser = argparse.ArgumentParser(
        prog="python tests/peers/files.py", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path, metavar="REPORT", help="every figure of every file")
    parser.add_argument("--minutes", type=float, default=10, help="compared of each (default: 10)")
    parser.add_argument("--timeout", type=float, default=60, metavar="S", help="(default: 60)")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="(default: 2)")
    options = parser.parse_args(arguments)
    paths = list(sounds(options.folder))
    reports = compare_all(paths, options.processes, options.minutes, options.timeout)
    if options.json:
        options.json.write_text(json.dumps([asdict(report) for report in reports], indent=1))
    for line in (*table(reports), "", *lines(reports, options.folder)):
        print(line)


if __name__ == "__main__":
    main()
