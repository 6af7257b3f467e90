"""A file that changes while it is read is an error, however the change is hidden."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from audioconv import compare_files
from audioconv.api import verify_file
from audioconv.errors import FormatError
from audioconv.files import Reader, file_digest
from audioconv.job import Job, Options
from audioconv.render.prepare import prepare
from audioconv.render.recipe import read_recipe
from audioconv.render.run import run
from audioconv.verify import verify

RATE = 44100
ECHO = "double-spike:delay=9S,gain=0.9"
CHANGED = "changed while it was read; start again once it is complete"


@pytest.fixture
def made(tmp_path, noise):
    """Return a loud sound and another of the same length, in WAV files of the same size."""
    paths = [tmp_path / "in.wav", tmp_path / "other.wav"]
    for seed, path in enumerate(paths):
        soundfile.write(path, 0.95 * np.sign(noise(100_000, 1, seed=seed)), RATE)
    return paths


def overwrite(path, other):
    """Change the content in its place."""
    data = other.read_bytes()
    with path.open("r+b") as file:
        file.write(data)
    os.utime(path, ns=(0, 0))  # a clock may be too coarse to tell two changes apart


def hidden(path, other):
    """Change the content in its place, and restore its time: length and inode are the same."""
    status = path.stat()
    overwrite(path, other)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def renamed(path, other):
    """Put another file in the place of it."""
    path.rename(path.with_name("kept.wav"))
    other.rename(path)


def shorter(path, other):
    """Put the beginning of the sound in the place of it."""
    audio, _ = soundfile.read(path, frames=5000, dtype="int16")
    soundfile.write(other, audio, RATE)
    other.replace(path)


def at(*reports):
    """Return a progress that acts once at each report: of a step, and that it has done some."""
    waiting = list(reports)

    def progress(step, done=0.0, total=None):
        if waiting and step.startswith(waiting[0][0]) and done >= waiting[0][1]:
            waiting.pop(0)[2]()

    return progress


CHANGES = [overwrite, renamed, shorter]
RUNS = {
    "first pass": ({}, "convolving", 0.0),
    "after the first pass": ({}, "convolving", 1e-9),
    "second pass": ({}, "convolving at", 0.0),
    "after the second pass": ({}, "convolving at", 1e-9),
    "measured": ({"match": "lufs"}, "measuring", 1e-9),
    "matched": ({"match": "lufs"}, "convolving at", 1e-9),
    "before it is verified": ({"verify": True}, "reading back", 0.0),
    "while it is read back": ({"verify": True}, "reading back", 1e-9),
    "in one pass": ({"clip": "saturate"}, "convolving", 0.0),
    "with a sidecar": ({"recipe": "sidecar"}, "convolving", 1e-9),
    "without a recipe": ({"recipe": "none"}, "convolving", 1e-9),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("when", RUNS)
def test_an_input_that_changes_during_a_run_is_an_error(made, tmp_path, change, when):
    source, other = made
    options, step, done = RUNS[when]
    out = tmp_path / "out.wav"
    out.write_bytes(b"old")
    progress = at((step, done, lambda: change(source, other)))
    with pytest.raises(FormatError, match=f"in.wav {CHANGED}"):
        run(Job(source, out, [ECHO], Options(overwrite=True, **options)), progress)
    assert out.read_bytes() == b"old"
    assert not (tmp_path / "out.wav.json").exists()


@pytest.mark.parametrize("step", ["convolving", "measuring"])
def test_an_input_that_is_another_for_a_while(made, tmp_path, step):
    """The second pass reads another file, and the first one is back before the end."""
    source, other = made
    options = Options(match="lufs" if step == "measuring" else "none")

    def back():
        (tmp_path / "kept.wav").rename(source)

    progress = at((step, 1e-9, lambda: renamed(source, other)), ("convolving at", 0.0, back))
    with pytest.raises(FormatError, match=f"in.wav {CHANGED}"):
        run(Job(source, tmp_path / "out.wav", [ECHO], options), progress)
    assert not (tmp_path / "out.wav").exists()


def test_a_hidden_change_before_the_second_pass_is_seen_by_its_hash(made, tmp_path):
    source, other = made
    progress = at(("convolving", 1e-9, lambda: hidden(source, other)))
    with pytest.raises(FormatError, match=f"in.wav {CHANGED}"):
        run(Job(source, tmp_path / "out.wav", [ECHO]), progress)
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize("recipe", ["chunk", "sidecar"])
def test_the_recipe_states_the_hash_of_what_was_convolved(made, tmp_path, recipe):
    """A match hashes its second reading, of which the output is made."""
    source, other = made
    out = tmp_path / "out.wav"
    progress = at(("measuring", 1e-9, lambda: hidden(source, other)))
    run(Job(source, out, [ECHO], Options(match="lufs", recipe=recipe)), progress)
    assert read_recipe(str(out))[0].input == file_digest(str(other))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("which", ["in", "out"])
@pytest.mark.parametrize("step", ["reading back", "verifying"])
def test_a_file_that_changes_while_it_is_verified_is_an_error(made, tmp_path, change, which, step):
    source, other = made
    out = tmp_path / "out.wav"
    job = Job(source, out, [ECHO], Options(clip="saturate"))
    run(job)
    assert verify_file(job).passed
    changed = {"in": source, "out": out}[which]
    progress = at((step, 1e-9, lambda: change(changed, other)))
    with pytest.raises(FormatError, match=f"{which}.wav {CHANGED}"):
        verify_file(job, progress)


@pytest.mark.parametrize("which", ["in", "out"])
def test_a_verification_sees_a_change_after_the_last_sample(made, tmp_path, which):
    """Without a caller that looks after its input."""
    source, other = made
    out = tmp_path / "out.wav"
    job = Job(str(source), str(out), [ECHO], Options(clip="saturate"))
    run(job)
    with Reader(job.input) as reader:
        prepared = prepare(job.impulses, job.options, reader.info)
    arguments = job.input, job.output, prepared.convolver, prepared.window, job.options
    assert verify(*arguments).passed
    changed = {"in": source, "out": out}[which]
    progress = at(("verifying", 2.0, lambda: overwrite(changed, other)))  # of 2.3 seconds
    with pytest.raises(FormatError, match=f"{which}.wav {CHANGED}"):
        verify(*arguments, progress=progress)


def test_a_length_is_that_of_the_samples_compared(made, tmp_path):
    """Where nothing else shows it, an output that becomes shorter still fails."""
    source, _ = made
    out, other = tmp_path / "out.wav", tmp_path / "short.wav"
    job = Job(source, out, [ECHO], Options(clip="saturate"))
    run(job)
    status = out.stat()

    def cut():
        """Let the header state 5,000 frames, in the same file, of the same size and time."""
        data = bytearray(out.read_bytes())
        at = data.index(b"data")
        data[at + 4 : at + 8] = (10_000).to_bytes(4, "little")
        other.write_bytes(data)
        overwrite(out, other)
        os.utime(out, ns=(status.st_atime_ns, status.st_mtime_ns))

    report = verify_file(job, at(("verifying", 1e-9, cut)))
    assert not report.passed
    assert (report.frames, report.frames_expected) == (5000, 100_009)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("step", ["comparing", "subtracting"])
def test_a_file_that_changes_while_it_is_compared_is_an_error(made, tmp_path, change, step):
    source, other = made
    third = tmp_path / "third.wav"
    third.write_bytes(other.read_bytes())
    with pytest.raises(FormatError, match=f"in.wav {CHANGED}"):
        compare_files(source, third, at((step, 0.0, lambda: change(source, other))))


def test_a_file_that_changes_while_it_is_read_is_an_error(made):
    source, other = made
    with Reader(str(source)) as reader:
        blocks = reader.blocks()
        next(blocks)
        overwrite(source, other)
        with pytest.raises(FormatError, match=CHANGED):
            list(blocks)


def test_an_impulse_is_hashed_as_it_was_read(made, tmp_path, monkeypatch):
    from audioconv.ir import load, sound

    source, other = made

    def read(path):
        """Read as those do that leave the hash to the caller."""
        overwrite(source, other)
        return SimpleNamespace(digest=None, impulse=None)

    monkeypatch.setattr(sound, "read_sound", read)
    with pytest.raises(FormatError, match=f"in.wav {CHANGED}"):
        load.load(str(source), RATE)
