"""The proof of a run: whatever goes wrong at any stage of it, the run ends and the output stays.

Each fault is put in at its own stage, in the run as it is: its engines, its threads, its files.
Every fault meets every engine and every condition, and these each other (see `grids.py`).
"""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from grids import pairwise

from audioconv.api import verify_file
from audioconv.engines import ENGINES
from audioconv.engines.convolver import OverlapAdd, OverlapSave
from audioconv.engines.overlap_add import fft_size
from audioconv.engines.partitioned import Partitioned
from audioconv.engines.plan import plan
from audioconv.engines.routes import routes
from audioconv.engines.window import Window
from audioconv.errors import VerificationError
from audioconv.files import Reader, Target, Writer
from audioconv.files.encoders import LibsndfileEncoder, WaveEncoder
from audioconv.job import Job, Options
from audioconv.render.passage import Passage
from audioconv.render.run import run
from audioconv.verify import certificate, evidence, proof
from audioconv.verify.certificate import Certificate, draw_primes
from audioconv.verify.evidence import Evidence

RATE = 44100
FRAMES, LONG = 5000, 70_000
TAPS = 40
BEFORE = b"what was there before"

CONDITIONS = {
    "plain": {},
    "double": {"subtype": "DOUBLE"},
    "second pass": {"clip": "guard"},
    "match": {"match": "peak=-3dBFS"},
    "length": {"length": "0.05s"},
    "align": {"align": "peak"},
    "dither": {"dither": "tpdf"},
    "saturate": {"clip": "saturate"},
}
"""Ways of a run in which its stages differ."""

FAST = ("overlap-add", "sparse")
"""Engines that are tried in all of these with long sounds."""

TWICE = ("second pass", "match")
"""Those in which the sound is convolved twice; of these, the fault is in the second pass."""


class Injected:
    """Where in a run a fault is, in one pass alone, and how often it has struck."""

    def __init__(self, monkeypatch, last):
        self.struck = self.passes = 0
        self.last = last
        self._monkeypatch = monkeypatch
        self.around(Passage, "__init__", self._began, after=0)

    def _began(self, right, passage, *arguments, **options):
        self.passes += 1
        right(passage, *arguments, **options)

    def around(self, owner, name, wrong, *, after=None):
        """Replace a function of a class by `wrong(right, *arguments)`, once passes have begun."""
        right = getattr(owner, name)
        begun = self.last if after is None else after

        def replaced(*arguments, **options):
            if self.passes < begun:
                return right(*arguments, **options)
            return wrong(right, *arguments, **options)

        static = isinstance(vars(owner).get(name), staticmethod)
        self._monkeypatch.setattr(owner, name, staticmethod(replaced) if static else replaced)

    def strike(self):
        self.struck += 1


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch):
    """Cut short sounds into blocks too."""
    # not the remembered sizes of other tests, and none that others would remember
    monkeypatch.setattr("audioconv.engines.overlap_add.fft_size", fft_size.__wrapped__)
    monkeypatch.setattr("audioconv.engines.overlap_add.LEAST_SIZE", 2**10)
    monkeypatch.setattr("audioconv.engines.sparse.LEAST_BLOCK", 2**10)
    monkeypatch.setattr("audioconv.engines.direct.LEAST_BLOCK", 2**10)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "out.wav").write_bytes(BEFORE)
    return tmp_path


@pytest.fixture
def attempt(folder, noise, monkeypatch):
    """Return a function that puts a fault into a job; the run must end, and the output stay."""

    def attempted(fault, engine="auto", condition="plain", *, frames=FRAMES, **how):
        job = made(folder, noise, engine, condition, frames, **how)
        injected = Injected(monkeypatch, 2 if condition in TWICE else 1)
        fault(injected)
        files = sorted(folder.iterdir())
        with pytest.raises(VerificationError) as caught:
            run(job)
        assert injected.struck
        assert Path(job.output).read_bytes() == BEFORE
        assert sorted(folder.iterdir()) == files
        return str(caught.value)

    return attempted


def made(folder, noise, engine="auto", condition="plain", frames=FRAMES, *, sound=None, **options):
    """Return a job of a stereo sound and impulse; the output of some conditions is too loud."""
    chosen = CONDITIONS[condition] | options
    source, ir = folder / "in.wav", folder / "ir.wav"
    kind = "PCM_16" if "precision" in chosen else chosen.get("subtype", "PCM_16")
    if not source.exists():
        level = 0.9 if "clip" in chosen else 0.4
        sound = level * np.tanh(noise(frames, 2)) if sound is None else sound
        soundfile.write(source, sound, RATE, subtype=kind)
        taps = 0.1 * np.tanh(noise(TAPS, 2, seed=1))
        taps[20] = 0.9 if "clip" in chosen else 0.4  # the peak, which is not the first
        soundfile.write(ir, taps, RATE, subtype=kind)
    always = {"overwrite": True, "verify": True, "recipe": "none", "threads": 2}
    asked = Options(engine=engine, **(always | chosen))
    suffix = {"FLAC": ".flac", "AIFF": ".aiff"}.get(asked.format, ".wav")
    output = folder / f"out{suffix}"
    output.write_bytes(BEFORE)
    return Job(str(source), str(output), [str(ir)], asked)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("engine", ENGINES)
def test_without_a_fault_each_run_passes(folder, noise, engine, condition, monkeypatch):
    injected = Injected(monkeypatch, 1)
    outcome = run(made(folder, noise, engine, condition))
    assert outcome.verified.passed
    assert not outcome.verified.anew
    assert injected.passes == 1 + (condition in TWICE)
    assert (outcome.clipped > 0) == (condition == "saturate")


# errors of the sums


def bell(n, sigma):
    return np.exp(-0.5 * ((n - LONG / 2) / sigma) ** 2)


def hann(n, width):
    inside = np.abs(n - LONG / 2) < width / 2
    return np.where(inside, np.cos(np.pi * (n - LONG / 2) / width) ** 2, 0.0)


def tone(n):
    return np.cos(2 * np.pi * 0.0123 * n)


LONG_ENOUGH = f"{LONG / RATE + 0.0001:.4f}s"
"""A length that needs all of the sound, and 4 frames of the tail."""

LEAST = 1e-7
"""-140 dBFS."""

SMOOTH = {
    "thump of sigma 20": lambda sums, n: LEAST * bell(n, 20),
    "thump of sigma 200": lambda sums, n: LEAST * bell(n, 200),
    "thump of sigma 2,000": lambda sums, n: LEAST * bell(n, 2000),
    "thump of sigma 20,000": lambda sums, n: LEAST * bell(n, 20_000),
    "tone of sigma 200": lambda sums, n: LEAST * bell(n, 200) * tone(n),
    "tone of sigma 20,000": lambda sums, n: LEAST * bell(n, 20_000) * tone(n),
    "tone of 200 frames": lambda sums, n: LEAST * hann(n, 200) * tone(n),
    "tone of 2,000 frames": lambda sums, n: LEAST * hann(n, 2000) * tone(n),
    "tone of 20,000 frames": lambda sums, n: LEAST * hann(n, 20_000) * tone(n),
    "tail 20 % too low": lambda sums, n: np.where(n >= LONG, -0.2, 0.0) * sums,
    "tail 1e-6 too low": lambda sums, n: np.where(n >= LONG, -1e-6, 0.0) * sums,
    "gain 1e-6 too high": lambda sums, n: 1e-6 * sums,
    "gain that swells by 1e-6": lambda sums, n: 1e-6 * np.sin(np.pi * n / LONG) ** 2 * sums,
}
"""Errors of sums, all of them at most by 0.2 and most by -140 to -120 dBFS."""


def off(error):
    """Return a fault: an engine whose sums are off."""

    def fault(injected):
        def wrong(sums, start):
            n = np.arange(start, start + len(sums), dtype=float)[:, np.newaxis]
            added = error(sums, n)
            if np.any(added):
                injected.strike()
            return sums + added

        def finish(right, passage, parts, start):
            def all_wrong(at):
                for part in parts:
                    yield wrong(part, at)
                    at += len(part)

            return right(passage, all_wrong(start), start)

        injected.around(Passage, "finish", finish)
        injected.around(
            Passage,
            "end",
            lambda right, passage, tail, frames: right(passage, wrong(tail, frames), frames),
        )

    return fault


@pytest.mark.parametrize(("error", "condition", "engine"), pairwise(SMOOTH, CONDITIONS, FAST))
def test_smooth_errors_of_sums_are_seen(attempt, engine, error, condition):
    how = {"length": LONG_ENOUGH} if condition == "length" else {}
    said = attempt(off(SMOOTH[error]), engine, condition, frames=LONG, **how)
    assert "the certificate is" in said


@pytest.mark.parametrize("error", SMOOTH)
@pytest.mark.parametrize("engine", [name for name in ENGINES if name not in FAST])
def test_smooth_errors_of_the_slower_engines_are_seen(attempt, engine, error):
    assert "the certificate is" in attempt(off(SMOOTH[error]), engine, "double", frames=LONG)


@pytest.mark.parametrize("error", SMOOTH)
@pytest.mark.parametrize("engine", FAST)
def test_smooth_errors_of_the_sums_of_a_tone_are_seen(attempt, engine, error):
    sound = 0.4 * np.sin(2 * np.pi * 0.0321 * np.arange(LONG))[:, np.newaxis] * np.ones(2)
    assert "the certificate is" in attempt(off(SMOOTH[error]), engine, "double", sound=sound)


DROPPED = {
    "before time 0": ("align", 0),
    "behind the length": ("length", 2205),
    "last": ("length", 2205 + TAPS - 2),
}
"""A frame of the convolution that the output does not hold."""


@pytest.mark.parametrize("place", DROPPED)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("subtype", ["PCM_16", "DOUBLE"])
def test_sums_that_the_output_does_not_hold_are_proven_too(attempt, engine, place, subtype):
    condition, frame = DROPPED[place]
    fault = off(lambda sums, n: np.where(n == frame, 1e-9, 0.0))
    said = attempt(fault, engine, condition, subtype=subtype)
    assert "the certificate is" in said
    assert "the sample" not in said


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("place", DROPPED)
@pytest.mark.parametrize("subtype", ["PCM_16", "DOUBLE"])
def test_dropped_sums_that_are_no_numbers_are_seen(attempt, place, value, subtype):
    condition, frame = DROPPED[place]
    fault = off(lambda sums, n: np.where(n == frame, value, 0.0))
    assert "the certificate is" in attempt(fault, "auto", condition, subtype=subtype)


@pytest.mark.parametrize(
    ("condition", "error"), [("second pass", 3.0), ("match", 3.0), ("match", 1e-9)]
)
@pytest.mark.parametrize("engine", ENGINES)
def test_wrong_sums_of_the_first_pass_which_determines_the_gain_are_seen(
    attempt, engine, error, condition
):
    """The proof is of the second pass, which is right."""

    def fault(injected):
        def finish(right, passage, parts, start):
            def first_wrong():
                for part in parts:
                    if injected.passes == 1 and not injected.struck:
                        injected.strike()
                        part[5] += error
                    yield part

            return right(passage, first_wrong(), start)

        injected.around(Passage, "finish", finish, after=1)

    assert "the first pass, which determined the gain" in attempt(fault, engine, condition)


# on the way from the reader to the engine


def exchanged(sound):
    sound[600:1112], sound[1500:2012] = sound[1500:2012].copy(), sound[600:1112].copy()
    return sound


def silenced(sound):
    sound[600:1112] = 0
    return sound


def one_sample_off(sound):
    sound[777, 1] += 1
    return sound


MISHEARD = {
    "a block lost": lambda sound: np.delete(sound, slice(700, 1212), axis=0),
    "a block doubled": lambda sound: np.insert(sound, 1112, sound[600:1112], axis=0),
    "a block in place of another": lambda sound: np.concatenate(
        [sound[:1112], sound[600:1112], sound[1624:]]
    ),
    "blocks exchanged": exchanged,
    "a block silenced": silenced,
    "the last frame lost": lambda sound: sound[:-1],
    "one sample off": one_sample_off,
    "nothing heard": lambda sound: sound[:0],
}


@pytest.mark.parametrize(("condition", "change", "engine"), pairwise(CONDITIONS, MISHEARD, ENGINES))
def test_a_sound_that_is_lost_on_its_way_to_the_engine_is_seen(attempt, engine, change, condition):
    """The proof has the sound before the engine, not from it."""

    def fault(injected):
        def hear(right, gathered, reader, blocks):
            heard = np.concatenate([*right(gathered, reader, blocks)])
            injected.strike()
            yield MISHEARD[change](heard)

        injected.around(Evidence, "hear", hear)

    said = attempt(fault, engine, condition)
    assert "the certificate is" in said or "holds no frames" in said


@pytest.mark.parametrize("condition", ["plain", "double"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_sound_cannot_be_overwritten_after_it_was_heard(attempt, engine, condition, monkeypatch):
    """The proof keeps what it has not folded yet, so nobody may write to it."""
    monkeypatch.setattr("audioconv.files.reading.MAX_BLOCK_BYTES", 300 * 16)  # blocks are joined

    def fault(injected):
        def hear(right, gathered, reader, blocks):
            for block in right(gathered, reader, blocks):
                with pytest.raises(ValueError, match="read-only"):
                    block[:10] = 0
                wrong = block.copy()
                wrong[:10] = 0
                injected.strike()
                yield wrong

        injected.around(Evidence, "hear", hear)

    assert "the certificate is" in attempt(fault, engine, condition)


# inside the engines


def tail_not_added(injected):
    """Add the tail of no block but the first to what follows it."""

    def join(right, before, made):
        if np.any(before):
            injected.strike()
        return right(np.zeros_like(before), made)

    def window(right, convolver, block, unit=1.0):
        found = right(convolver, block, unit)
        past = found[: len(found) - len(block)]
        if np.any(past):
            injected.strike()
        past[:] = 0
        return found

    def advance(right, convolver, frames):
        if np.any(convolver._tail):
            injected.strike()
        convolver._tail[:] = 0
        return right(convolver, frames)

    injected.around(OverlapAdd, "join", join)
    injected.around(OverlapSave, "window", window)
    injected.around(Partitioned, "_advance", advance)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("engine", ENGINES)
def test_tails_that_are_not_added_are_seen(attempt, engine, condition):
    assert "the certificate is" in attempt(tail_not_added, engine, condition)


# between the engine and the file


def tail_lost(injected):
    def end(right, passage, tail, frames):
        injected.strike()
        right(passage, np.zeros_like(tail), frames)

    injected.around(Passage, "end", end)


def tail_cut(injected):
    def end(right, passage, tail, frames):
        injected.strike()
        right(passage, tail[:-1], frames)

    injected.around(Passage, "end", end)


def sums_overwritten(injected):
    """Overwrite the first sums of a block before they are encoded."""

    def encode(right, writer, block, start):
        if len(block):
            injected.strike()
        block[:7] = 0
        return right(writer, block, start)

    injected.around(Writer, "encode", encode)


def sums_of_another_block(injected):
    """Encode a block twice, as if the second had not been there yet."""
    blocks = []

    def encode(right, writer, block, start):
        blocks.append(block.copy())
        if len(blocks) > 1 and (both := min(len(block), len(blocks[0]))):
            injected.strike()
            block[:both] = blocks[0][:both]
        return right(writer, block, start)

    injected.around(Writer, "encode", encode)


def block_not_appended(injected):
    calls = []

    def append(right, passage, finished):
        calls.append(finished)
        if len(calls) == 2:
            injected.strike()
            return
        right(passage, finished)

    injected.around(Passage, "append", append)


def blocks_appended_in_another_order(injected):
    kept = []

    def append(right, passage, finished):
        if not kept:
            kept.append(finished)
            return
        right(passage, finished)
        if kept[0] is not None:
            injected.strike()
            right(passage, kept[0])
            kept[0] = None

    injected.around(Passage, "append", append)


LOST_SUMS = {
    "tail lost": tail_lost,
    "tail cut": tail_cut,
    "sums overwritten": sums_overwritten,
    "sums of another block": sums_of_another_block,
    "block not appended": block_not_appended,
    "blocks in another order": blocks_appended_in_another_order,
}


@pytest.mark.parametrize(("condition", "fault", "engine"), pairwise(CONDITIONS, LOST_SUMS, ENGINES))
def test_sums_that_are_lost_on_their_way_to_the_file_are_seen(attempt, engine, fault, condition):
    attempt(LOST_SUMS[fault], engine, condition)


def gain_off(injected):
    def begin(right, writer, *arguments, **options):
        injected.strike()
        right(writer, *arguments, **options)
        writer._gain *= 1 + 1e-6

    injected.around(Writer, "__init__", begin, after=injected.last - 1)


def byte_changed(injected):
    """Change one byte of a sample as it is encoded: not the least of a double."""

    def encode(right, encoder, samples):
        data = bytearray(right(encoder, samples))
        if len(data) > 100:
            injected.strike()
            data[100 - 100 % 8 + 1] ^= 1
        return bytes(data)

    injected.around(WaveEncoder, "encode", encode)


def sample_changed_before_encoding(injected):
    def encode(right, encoder, samples):
        samples = samples.copy()
        if len(samples) > 10:
            injected.strike()
            samples[10, 1] = samples[11, 1]
        return right(encoder, samples)

    injected.around(WaveEncoder, "encode", encode)


def limited_too_much(injected):
    """Limit sums to the level of the rest."""

    def encode(right, encoder, samples):
        most = np.abs(samples).max(initial=0)
        injected.strike()
        return right(encoder, np.minimum(samples, samples.dtype.type(0.9 * most)))

    injected.around(WaveEncoder, "encode", encode)


ENCODED_WRONG = {
    "gain off by 1e-6": gain_off,
    "byte changed": byte_changed,
    "sample of another frame": sample_changed_before_encoding,
    "limited too much": limited_too_much,
}


@pytest.mark.parametrize(
    ("condition", "engine", "fault"), pairwise(CONDITIONS, ENGINES, ENCODED_WRONG)
)
def test_samples_that_are_encoded_wrong_are_seen(attempt, engine, fault, condition):
    assert "the sample at frame" in attempt(ENCODED_WRONG[fault], engine, condition)


@pytest.mark.parametrize("fault", ENCODED_WRONG)
@pytest.mark.parametrize("engine", ENGINES)
def test_samples_of_sums_in_single_precision_are_those_sums(attempt, engine, fault):
    """What rounding explains of the sums explains nothing of what is made of them."""
    how = {"precision": "single", "subtype": "FLOAT"}
    assert "the sample at frame" in attempt(ENCODED_WRONG[fault], engine, **how)


# from the encoder to the disk and back


def elsewhere(frames):
    def fault(injected):
        def write_at(right, encoder, data, frame):
            if frame >= 100 and not injected.struck:
                injected.strike()
                frame += frames
            right(encoder, data, frame)

        injected.around(WaveEncoder, "write_at", write_at)

    return fault


def write_lost(injected):
    calls = []

    def write_at(right, target, data, offset):
        calls.append(offset)
        if len(calls) == 2:
            injected.strike()
            return
        right(target, data, offset)

    injected.around(Target, "write_at", write_at)


def byte_changed_on_its_way(injected):
    def write_at(right, target, data, offset):
        if len(data) > 10:
            injected.strike()
            data = bytes(data)
            data = data[:10] + bytes([data[10] ^ 1]) + data[11:]
        right(target, data, offset)

    injected.around(Target, "write_at", write_at)


def samples_behind_the_place_in_the_header(injected):
    def begin(right, encoder, *arguments):
        right(encoder, *arguments)
        injected.strike()
        encoder._begin += encoder._frame_bytes

    injected.around(WaveEncoder, "__init__", begin, after=injected.last - 1)


def later_samples(injected):
    """State a place of the samples that is 8 bytes behind theirs, and as many fewer of them."""

    def read_back(right, writer, path, *arguments):
        file = Path(path)
        data = bytearray(file.read_bytes())
        at = data.index(b"data")
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        left = (size - 8).to_bytes(4, "little")
        data[at : at + 16] = b"junk" + bytes(4) + b"data" + left
        file.write_bytes(data)
        injected.strike()
        return right(writer, path, *arguments)

    injected.around(Writer, "_read_back", read_back)


def bit_flipped_in_the_file(injected):
    def read_back(right, writer, path, *arguments):
        file = Path(path)
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 4
        file.write_bytes(data)
        injected.strike()
        return right(writer, path, *arguments)

    injected.around(Writer, "_read_back", read_back)


def end_of_the_file_lost(injected):
    def read_back(right, writer, path, *arguments):
        file = Path(path)
        file.write_bytes(file.read_bytes()[:-500] + bytes(500))
        injected.strike()
        return right(writer, path, *arguments)

    injected.around(Writer, "_read_back", read_back)


WRITTEN_WRONG = {
    "a frame early": elsewhere(-1),
    "a frame late": elsewhere(1),
    "in place of the first": elsewhere(-100),
    "write lost": write_lost,
    "byte changed on its way": byte_changed_on_its_way,
    "samples behind their place": samples_behind_the_place_in_the_header,
    "bit flipped in the file": bit_flipped_in_the_file,
    "end of the file lost": end_of_the_file_lost,
}


@pytest.mark.parametrize(
    ("condition", "fault", "engine"), pairwise(CONDITIONS, WRITTEN_WRONG, ENGINES)
)
def test_what_is_written_wrong_is_seen(attempt, engine, fault, condition):
    said = attempt(WRITTEN_WRONG[fault], engine, condition)
    assert "reads back other than it was written" in said or "the header of the output" in said


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_header_that_states_another_place_is_seen(attempt, condition):
    said = attempt(later_samples, "auto", condition)
    assert "reads back other than it was written" in said or "the header of the output" in said


def bytes_to_libsndfile(injected):
    def write(right, encoder, data):
        if len(data) > 1000:
            injected.strike()
            data = data[:403] + bytes([data[403] ^ 4]) + data[404:]
        right(encoder, data)

    injected.around(LibsndfileEncoder, "write", write)


def samples_to_libsndfile(injected):
    def encode(right, encoder, samples):
        if len(samples) > 100:
            injected.strike()
            samples = samples.copy()
            samples[100] = samples[99]
        return right(encoder, samples)

    injected.around(LibsndfileEncoder, "encode", encode)


@pytest.mark.parametrize("condition", ["plain", "second pass", "length", "dither"])
@pytest.mark.parametrize("fault", [bytes_to_libsndfile, samples_to_libsndfile])
@pytest.mark.parametrize("form", ["FLAC", "AIFF"])
def test_what_libsndfile_encodes_wrong_is_seen(attempt, form, fault, condition):
    attempt(fault, "auto", condition, format=form)


# what the proof of a run does not claim


def heard_wrong(frames):
    """Let the reader put frames in place of those that follow them, once."""

    def fault(injected):
        def samples(right, reader, *arguments):
            for block in right(reader, *arguments):
                if len(block) > 200 and reader.info.path.endswith("in.wav"):
                    injected.strike()
                    block = block.copy()
                    block[100 : 100 + frames] = block[100 - frames : 100]
                yield block

        injected.around(Reader, "samples", samples)

    return fault


@pytest.mark.parametrize("frames", [1, 50])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_reader_that_errs_once_is_seen_by_verify_alone(folder, noise, engine, frames):
    """The run proves the sound as it was read, once; `verify` reads it again."""
    job = made(folder, noise, engine, "double")
    with pytest.MonkeyPatch.context() as patched:
        injected = Injected(patched, 0)
        heard_wrong(frames)(injected)
        assert run(job).verified.passed
        assert injected.struck
    report = verify_file(job)
    assert not report.passed
    assert not report.samples_passed
    assert report.certificate_passed  # of the sums that are computed anew


@pytest.mark.parametrize("engine", ENGINES)
def test_a_reader_that_counts_other_frames_than_it_delivers_is_seen(attempt, engine):
    """It delivers one frame twice, and no other is lost."""

    def fault(injected):
        def samples(right, reader, *arguments):
            for block in right(reader, *arguments):
                sound = reader.info.path.endswith("in.wav")
                injected.struck += sound
                yield np.insert(block, 100, block[100], axis=0) if sound else block

        injected.around(Reader, "samples", samples, after=0)

    assert "sums are missing, or come twice, at frame" in attempt(fault, engine, "length")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
def test_beginnings_are_proven_of_any_kind_of_sound(folder, noise, engine, subtype, monkeypatch):
    monkeypatch.setattr(evidence, "EARLIEST", 500)
    monkeypatch.setattr(evidence, "LATEST", 900)
    checked = []
    right = certificate.Certificate.check_beginning
    monkeypatch.setattr(
        certificate.Certificate,
        "check_beginning",
        lambda *arguments, **how: checked.append(right(*arguments, **how)) or checked[-1],
    )
    assert run(made(folder, noise, engine, subtype=subtype)).verified.passed
    assert checked
    assert max(margin.used for margin in checked) < 0.5


# what the output holds of the sums, and of the sound


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_tail_that_is_not_written_is_seen(attempt, engine, form):
    def fault(injected):
        def tail(right, window, *arguments, **options):
            injected.strike()
            return iter(())

        injected.around(Window, "tail", tail)

    assert "frames instead of" in attempt(fault, engine, format=form)


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
def test_a_frame_that_is_lost_in_silence_is_seen(attempt, noise, form):
    """Nothing but the length shows it."""
    sound = np.concatenate([0.4 * np.tanh(noise(FRAMES, 2)), np.zeros((3 * FRAMES, 2))])

    def fault(injected):
        def keep(right, window, part, start):
            kept, at = right(window, part, start)
            if start >= 2 * FRAMES and not injected.struck:
                injected.strike()
                return kept[:-1], at
            return kept, at - bool(injected.struck)

        injected.around(Window, "keep", keep)

    assert attempt(fault, "sparse", sound=sound, format=form, threads=1)


def test_samples_that_are_not_compared_are_seen(attempt):
    def fault(injected):
        def examine(right, testimony, sums, encoded, at):
            injected.strike()

        injected.around(evidence.Testimony, "examine", examine)

    assert "were compared with their sums" in attempt(fault)


@pytest.mark.parametrize("engine", ENGINES)
def test_frames_exchanged_before_blocks_are_cut_are_seen(attempt, engine):
    """Where the sound has been heard already."""

    def fault(injected):
        def regrid(right, blocks, frames):
            for block in right(blocks, frames):
                block = block.copy()
                block[[3, 4]] = block[[4, 3]]
                injected.strike()
                yield block

        injected.around(proof, "regrid", regrid)

    assert "the certificate is" in attempt(fault, engine)


def test_silence_behind_the_tail_is_silence(attempt):
    def fault(injected):
        def tail(right, window, *arguments, **options):
            *parts, last = right(window, *arguments, **options)
            last = last.copy()
            last[5] = 0.1
            injected.strike()
            return [*parts, last]

        injected.around(Window, "tail", tail)

    assert "is 0.1" in attempt(fault, length="3s")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_sound_that_is_not_read_as_far_as_needed_is_seen(attempt, engine):
    def fault(injected):
        def needed(right, window, sound):
            injected.strike()
            return right(window, sound) // 2 if sound is None else right(window, sound)

        injected.around(Window, "needed", needed, after=0)

    assert "sums are missing" in attempt(fault, engine, "length")


@pytest.mark.parametrize("lost", [0, 60])
def test_a_flac_that_is_lost_from_its_first_frame_is_seen(attempt, lost):
    def fault(injected):
        def read_back(right, writer, path, *arguments):
            file = Path(path)
            data = file.read_bytes()
            first = data.index(b"\xff\xf8") + lost
            file.write_bytes(data[:first] + bytes(len(data) - first))
            injected.strike()
            return right(writer, path, *arguments)

        injected.around(Writer, "_read_back", read_back)

    assert attempt(fault, format="FLAC")


def test_parts_of_a_long_silence_are_written_one_by_one(folder, noise, monkeypatch):
    """So that memory does not grow with the length that is asked for."""
    calls = []
    for name in ("encode", "append"):
        right = getattr(Writer, name)

        def noted(*arguments, right=right, name=name):
            calls.append(name)
            return right(*arguments)

        monkeypatch.setattr(Writer, name, noted)
    run(made(folder, noise, length="20s", format="FLAC", threads=1))
    assert len(calls) > 20
    assert "encode,encode" not in ",".join(calls[-20:])


@pytest.mark.parametrize(
    ("form", "subtype"),
    [("CAF", "ALAC_16"), ("CAF", "ALAC_24"), ("FLAC", "PCM_24"), ("AIFF", "PCM_16")],
)
@pytest.mark.parametrize("verify", [True, False])
def test_many_channels_in_any_order_are_read_back(tmp_path, noise, form, subtype, verify):
    source, out = tmp_path / "in.wav", tmp_path / f"out.{form.lower()}"
    soundfile.write(source, 0.1 * np.tanh(noise(3000, 6)), RATE, subtype="PCM_16")
    options = Options(format=form, subtype=subtype, verify=verify)
    outcome = run(Job(str(source), str(out), ["double-spike:delay=5ms"], options))
    assert outcome.channels == 6
    assert verify == (outcome.verified is not None)


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_faint_kernel_has_limits_of_its_own(noise, engine, precision):
    """Beside a loud one, of another output."""
    taps = 0.1 * noise(300, 2)
    taps[:, 1] *= 1e-4
    convolver = plan(routes(taps, 2), engine, single=precision == "single")
    x = np.tanh(noise(5000, 2, seed=1)).astype(np.float32).astype(np.float64)
    y = np.concatenate([convolver.process(x), convolver.flush()]).astype(np.float64)
    for wrong in (False, True):
        y[:, 1] *= 1 + 1e-2 * wrong
        whole = Certificate(convolver.routing, draw_primes(np.random.default_rng(1)))
        whole.x.take(x)
        whole.y.take(y)
        model = convolver.error_model()
        margin = whole.check(np.abs(x).max(), relative=model.relative, floor=model.floor)
        assert (margin.residual <= margin.limit) != wrong


def test_a_pass_that_the_guard_rejects_is_proven_no_further(folder, noise, monkeypatch):
    heard, spots = [], []
    listen, take = Evidence._listen, Evidence.take
    monkeypatch.setattr(
        Evidence, "_listen", lambda self, x: (heard.append((self, len(x))), listen(self, x))
    )
    monkeypatch.setattr(Evidence, "take", lambda *given: (spots.append(given[0]), take(*given)))
    outcome = run(made(folder, noise, "overlap-add", "second pass", LONG, threads=1))
    first, second = dict.fromkeys(one for one, _ in heard)
    assert sum(frames for one, frames in heard if one is second) == LONG
    assert spots.count(first) < spots.count(second)
    assert sum(frames for one, frames in heard if one is first) < LONG
    assert outcome.verified.passed
    assert outcome.guard_gain_db < 0
