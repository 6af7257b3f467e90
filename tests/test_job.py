"""Jobs as people write them in Python: paths, impulses, arrays, gains as text, wrong types."""

import pickle
import struct
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import soundfile

import audioconv
from audioconv import Job, Options, convolve_file, verify_file
from audioconv.errors import AudioconvError, UsageError
from audioconv.files import Reader, recipe_fields
from audioconv.render.redo import redo
from impulses import Impulse, ImpulseError, double_spike

RATE = 44100


@pytest.fixture
def speech(samples):
    return samples / "speech.wav"


def made(path):
    audio, _ = soundfile.read(path, dtype="float64", always_2d=True)
    return audio


def test_paths_are_path_like(speech, tmp_path):
    out = tmp_path / "o.wav"
    outcome = convolve_file(Job(speech, out, [speech.parent / "hall.wav"]))
    assert (outcome.input, outcome.output) == (str(speech), str(out))
    assert Job(b"in.wav", "o.wav", [Path("h.wav")]).impulses == ("h.wav",)


def test_an_impulse_and_an_array_with_its_rate_are_impulses(speech, tmp_path):
    echo = double_spike(RATE, delay=0.1, gain=0.25)
    how = Options(subtype="DOUBLE")
    given = {"spec": "double-spike:delay=100ms,gain=0.25", "Impulse": echo}
    given["array"] = (echo.taps, RATE)
    for name, impulse in given.items():
        convolve_file(Job(speech, tmp_path / f"{name}.wav", [impulse], how))
    for name in given:
        np.testing.assert_array_equal(made(tmp_path / f"{name}.wav"), made(tmp_path / "spec.wav"))


def test_a_recipe_names_an_array_by_the_hash_of_its_taps_and_redo_says_so(speech, tmp_path):
    out = tmp_path / "o.wav"
    convolve_file(Job(speech, out, [([[1.0], [0.5]], RATE)]))
    with Reader(str(out)) as reader:
        (named,) = recipe_fields(reader.metadata)["impulses"]
    assert named == {
        "taps_sha256": sha256(struct.pack("<2d", 1.0, 0.5)).hexdigest(),
        "shape": [2, 1],
        "rate": RATE,
        "origin": 0,
    }
    with pytest.raises(AudioconvError, match="no file but an array in Python, of shape") as caught:
        redo(str(out), places=[str(speech.parent)])
    assert named["taps_sha256"] in str(caught.value)


def test_a_sidecar_has_paths_for_files_alone(speech, tmp_path):
    out, hall = tmp_path / "o.wav", speech.parent / "hall.wav"
    impulses = [([[0.5]], RATE), hall]
    convolve_file(Job(speech, out, impulses, Options(recipe="sidecar")))
    text = Path(f"{out}.json").read_text(encoding="utf-8")
    assert f'"path": "{hall}"' in text
    assert text.count('"path"') == 2


@pytest.mark.parametrize(("text", "factor"), [("-20dB", 0.1), ("0.5", 0.5), (2, 2.0)])
def test_gains_are_numbers_or_text_as_on_a_command_line(text, factor):
    assert Options(wet=text).wet == pytest.approx(factor, rel=1e-15)
    assert Options(dry=text) == Options(dry=factor)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"wet": None}, "wet is None; it must be a factor, or text such as '-6dB'"),
        ({"wet": "loud"}, "wet: 'loud' is not a gain; write 0.5 or -6dB"),
        ({"wet": True}, "wet is True; it must be a factor"),
        ({"mix": "half"}, "mix is 'half'; it must be a number"),
        ({"threads": 2.5}, "threads is 2.5; it must be an integer"),
        ({"overwrite": 1}, "overwrite is 1; it must be True or False"),
        ({"length": 10}, "length is 10; it must be text"),
        ({"wet": 10**400}, f"wet is 1{400 * '0'}; it must be a factor"),
        ({"clip": np.array(["guard"])}, "clip is array(['guard']"),
        ({"clip": "gaurd"}, "clip is 'gaurd'; it must be one of guard, error, saturate"),
        ({"engine": "fft"}, "engine is 'fft'; it must be one of auto, overlap-add, partitioned"),
        ({"max_output": "lots"}, "max_output: 'lots' is not a size; write 500MB or 4GB"),
    ],
)
def test_a_wrong_option_is_one_clear_sentence(wrong, message):
    with pytest.raises(UsageError) as caught:
        Options(**wrong)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ((3, "o.wav", ["delta"]), "input is 3; it must be a path, or '-'"),
        (("in.wav", None, ["delta"]), "output is None; it must be a path, or '-'"),
        (
            ("in.wav", "o.wav", "delta"),
            "impulses is 'delta'; it must be a list, such as ['hall.wav']",
        ),
        (("in.wav", "o.wav", None), "impulses is None; it must be a list"),
        (("in.wav", "o.wav", 3), "impulses is 3; it must be a list"),
        (("in.wav", "o.wav", Impulse([[1.0]], 1)), "impulses is Impulse("),
        (("in.wav", "o.wav", [("a.wav", "b.wav")]), "an impulse is of type tuple; it must be"),
        (("in.wav", "o.wav", [np.ones(3)]), "an impulse is of type ndarray; it must be a path"),
        (("in.wav", "o.wav", ["delta"], {"wet": 1}), "options is {'wet': 1}; it must be"),
    ],
)
def test_a_wrong_job_is_one_clear_sentence(job, message):
    with pytest.raises(UsageError) as caught:
        Job(*job)
    assert str(caught.value).startswith(message)


def test_taps_that_are_no_impulse_are_refused_when_the_job_is_made():
    with pytest.raises(ImpulseError, match=r"taps have shape \(3,\)"):
        Job("in.wav", "o.wav", [(np.ones(3), RATE)])


def test_an_impulse_error_is_an_audioconv_error():
    with pytest.raises(AudioconvError, match="rate"):
        Impulse([[1.0]], 0)
    assert issubclass(ImpulseError, ValueError)


def test_numpy_scalars_are_numbers_and_flags():
    options = Options(wet=np.float32(0.5), threads=np.int32(2), verify=np.True_)
    assert (options.wet, options.threads, options.verify) == (0.5, 2, True)
    assert type(options.threads) is int


def test_an_impulse_compares_by_its_taps_and_a_copy_is_as_immutable():
    impulse = Impulse([[1.0], [0.5]], RATE)
    for copy in (
        pickle.loads(pickle.dumps(impulse)),
        deepcopy(impulse),
        Impulse([[1], [0.5]], RATE),
    ):
        assert copy == impulse
        assert hash(copy) == hash(impulse)
        assert not copy.taps.flags.writeable
    assert impulse != Impulse([[1.0], [0.5]], RATE, origin=1)
    assert impulse != Impulse([[1.0, 0.5]], RATE)


def test_a_recipe_tells_two_arrays_of_another_origin_apart(speech, tmp_path):
    recipes = []
    for origin in (0, 1):
        impulse = Impulse([[0.5], [0.25]], RATE, origin=origin)
        convolve_file(Job(speech, tmp_path / f"{origin}.wav", [impulse], Options(dry=0.2)))
        with Reader(str(tmp_path / f"{origin}.wav")) as reader:
            recipes.append(recipe_fields(reader.metadata))
    assert recipes[0] != recipes[1]


def test_a_job_pickles_and_runs_in_a_spawned_process(speech, tmp_path):
    job = Job(speech, tmp_path / "o.wav", [([[1.0], [0.5]], RATE)], Options(wet="-6dB"))
    again = pickle.loads(pickle.dumps(job))
    assert again == job
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        outcome = pool.submit(convolve_file, job).result(timeout=120)
    assert outcome.frames == len(made(speech)) + 1
    assert outcome.verified is None


def test_messages_of_the_library_name_no_option_of_the_command_line(speech, tmp_path):
    out = tmp_path / "o.wav"
    convolve_file(Job(speech, out, ["delta"]))
    for how in ({}, {"overwrite": True, "map": "each"}, {"overwrite": True, "ir_gain": "max"}):
        with pytest.raises(AudioconvError) as caught:
            convolve_file(Job(speech, out, [(np.ones((2, 3)), RATE)], Options(**how)))
        assert "--" not in str(caught.value)
        assert "-y" not in str(caught.value)


def test_the_public_face_verifies_compares_and_looks(speech, tmp_path):
    job = Job(speech, tmp_path / "o.wav", ["double-spike:delay=90ms"], Options(verify=True))
    outcome = audioconv.convolve_file(job)
    assert outcome.verified.passed
    report = verify_file(job)
    assert (report.passed, report.failures) == (True, [])
    wrong = verify_file(Job(job.input, job.output, ["double-spike:delay=91ms"]))
    assert not wrong.passed
    assert audioconv.compare_files(speech, speech).identical
    assert audioconv.info(speech).frames == len(made(speech))
    assert audioconv.load_impulse("delta:delay=2S", 48000).frames == 3
    assert set(audioconv.__all__) >= {"load_impulse", "verify_file", "compare_files", "info"}


def test_packages_are_imported_when_they_are_used(monkeypatch):
    for name in ("layers", "nd"):
        assert name in dir(audioconv)
        monkeypatch.delattr(audioconv, name, raising=False)
        assert getattr(audioconv, name).__name__ == f"audioconv.{name}"


def test_the_outcome_as_json_has_a_report_of_plain_data(speech, tmp_path):
    job = Job(speech, tmp_path / "o.wav", ["delta"], Options(verify=True))
    verified = convolve_file(job).as_json()["verified"]
    assert verified["passed"] is True
    assert verified["failures"] == []


@pytest.mark.parametrize(
    ("x", "h", "message"),
    [
        (np.ones(3), [[1.0]], "x has shape (3,); it must be (frames, channels); pass x[:, None]"),
        (np.ones((0, 2)), [[1.0]], "x has shape (0, 2); it must be (frames, channels), neither"),
        (1j * np.ones((3, 1)), [[1.0]], "x is of type complex128; it must be an"),
        ("speech.wav", [[1.0]], "x is of type <U10; it must be an array of real numbers"),
        (np.ones((3, 1)), "hall.wav", "impulse taps are of type <U8; they must be an array"),
        (np.ones((3, 1)), [[1j]], "impulse taps are of type complex128; they must be an array"),
        (np.ones((3, 2)), np.ones((5, 3)), "an impulse of 3 channels does not fit a sound of 2;"),
        (np.ones((3, 2)), np.ones((5, 3, 1)), "an impulse with 3 inputs does not fit a sound of 2"),
    ],
)
def test_arrays_that_cannot_be_convolved_are_one_clear_sentence(x, h, message):
    with pytest.raises(AudioconvError) as caught:
        audioconv.convolve(x, h)
    assert str(caught.value).startswith(message)
    assert "map=" not in str(caught.value)  # which arrays do not have


def test_a_path_is_no_job_and_no_channels_no_sound(speech):
    for function in (convolve_file, verify_file):
        with pytest.raises(UsageError, match=r"; it must be an audioconv\.Job"):
            function(str(speech))
    with pytest.raises(AudioconvError, match="channels is 0; it must be from 1 to 256"):
        audioconv.convolver([[1.0]], channels=0)
