"""Directions of SOFA files, made up here with h5py, and of real ones."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from audioconv.errors import AudioconvError, FormatError, UsageError
from audioconv.files import read_all
from audioconv.ir.load import Direction, impulse_files, load

h5py = pytest.importorskip("h5py")

# azimuth to the left, elevation, distance; 45 and 315 degrees are 45 either side of ahead
PLACES = [[0, 0, 1], [45, 0, 1], [90, 0, 1], [315, 0, 1], [0, 60, 1], [180, -30, 1]]


def write(path, responses, **variables):
    """Write what `audioconv.ir.sofa` reads of AES69, and a free field by default."""
    values = {
        "SourcePosition": (PLACES, "spherical"),
        "ListenerPosition": ([[0, 0, 0]], "cartesian"),
        "ListenerView": ([[1, 0, 0]], "cartesian"),
        "ListenerUp": ([[0, 0, 1]], "cartesian"),
        "EmitterPosition": ([[[0], [0], [0]]], "cartesian"),
        "Data.SamplingRate": ([48000], None),
        "Data.Delay": (np.zeros((1, np.shape(responses)[1])), None),
        **variables,
    }
    with h5py.File(path, "w") as file:
        file["Data.IR"] = np.asarray(responses, np.float64)
        for name, (value, kind) in values.items():
            file[name] = np.asarray(value, np.float64)
            if kind:
                file[name].attrs["Type"] = kind
    return str(path)


def numbered(*shape):
    """Responses whose every sample tells where it is from."""
    return np.arange(1.0, 1 + np.prod(shape)).reshape(shape)


@pytest.fixture
def head(tmp_path):
    return write(tmp_path / "head.sofa", numbered(len(PLACES), 2, 4))


@pytest.mark.parametrize("number", range(len(PLACES)))
def test_every_direction_is_found(head, number):
    azimuth, elevation, _ = PLACES[number]
    impulse, ingredient = load(f"{head}:azimuth={azimuth},elevation={elevation}deg", None)
    np.testing.assert_array_equal(impulse.taps, numbered(len(PLACES), 2, 4)[number].T)
    assert (impulse.rate, impulse.notes) == (48000, ())
    assert isinstance(ingredient, Direction)


def test_azimuths_go_round(head):
    assert load(f"{head}:azimuth=-45", None)[0].taps[0, 0] == 25
    assert load(f"{head}:azimuth=405", None)[0].taps[0, 0] == 9


def test_the_nearest_is_taken_as_it_was_measured_and_named(head):
    impulse = load(f"{head}:azimuth=80,elevation=5", None)[0]
    np.testing.assert_array_equal(impulse.taps, numbered(len(PLACES), 2, 4)[2].T)
    # cos of the angle between: cos 5 cos 10 for places on the sphere
    away = np.degrees(np.arccos(np.cos(np.radians(5)) * np.cos(np.radians(10))))
    assert impulse.notes == (
        f"nearest measured direction: azimuth 90.0, elevation 0.0, {away:.1f} degrees away",
    )


def test_a_direction_has_to_be_named(head):
    with pytest.raises(
        UsageError, match=r"responses for 6 directions; name one, such as .*azimuth"
    ):
        load(head, None)


def test_the_only_direction_need_not_be(tmp_path):
    path = write(
        tmp_path / "one.sofa", numbered(1, 2, 3), SourcePosition=([[30, 0, 2]], "spherical")
    )
    np.testing.assert_array_equal(load(path, None)[0].taps, numbered(1, 2, 3)[0].T)


def test_cartesian_places_are_the_same_places(tmp_path):
    sources = [[1, 0, 0], [0, 1, 0], [0, 0, 3]]  # ahead, left, above
    path = write(tmp_path / "c.sofa", numbered(3, 1, 2), SourcePosition=(sources, "cartesian"))
    for number, place in enumerate(("azimuth=0", "azimuth=90", "azimuth=0,elevation=90")):
        assert load(f"{path}:{place}", None)[0].taps[0, 0] == 1 + 2 * number


def test_a_turned_head_hears_a_source_elsewhere(tmp_path):
    """Binaural rooms keep the source and turn the listener: looking right, it is on the left."""
    path = write(
        tmp_path / "room.sofa",
        numbered(3, 2, 4),
        SourcePosition=([[3, 1, 1.2]], "cartesian"),
        ListenerPosition=([[1, 1, 1.2]], "cartesian"),
        ListenerView=([[0, 0, 1], [-90, 0, 1], [90, 0, 1]], "spherical"),
    )
    for number, azimuth in enumerate((0, 90, -90)):
        taps = load(f"{path}:azimuth={azimuth}", None)[0].taps
        np.testing.assert_array_equal(taps, numbered(3, 2, 4)[number].T)


def test_loudspeakers_are_emitters(tmp_path):
    path = write(
        tmp_path / "speakers.sofa",
        numbered(1, 2, 3, 4),
        SourcePosition=([[0, 0, 0]], "cartesian"),
        EmitterPosition=(np.array([[2, 0, 0], [2, 2, 0], [2, -2, 0]])[..., None], "cartesian"),
    )
    for number, azimuth in enumerate((0, 45, -45)):
        taps = load(f"{path}:azimuth={azimuth}", None)[0].taps
        np.testing.assert_array_equal(taps, numbered(1, 2, 3, 4)[0, :, number].T)


def test_distances_have_to_be_told_apart(tmp_path):
    sources = [[0, 0, 0.5], [0, 0, 2], [90, 0, 2]]
    path = write(tmp_path / "far.sofa", numbered(3, 1, 2), SourcePosition=(sources, "spherical"))
    with pytest.raises(UsageError, match=r"at 0.5, 2 m; name one, such as distance=0.5"):
        load(f"{path}:azimuth=0", None)
    assert load(f"{path}:azimuth=0,distance=1.9m", None)[0].taps[0, 0] == 3
    assert load(f"{path}:azimuth=0,distance=20cm", None)[0].taps[0, 0] == 1
    assert load(f"{path}:azimuth=91", None)[0].taps[0, 0] == 5


def test_delays_are_kept_and_rounding_is_noted(tmp_path):
    delays = [[0, 2]] * (len(PLACES) - 1) + [[1.25, 0]]
    path = write(
        tmp_path / "late.sofa", numbered(len(PLACES), 2, 2), **{"Data.Delay": (delays, "")}
    )
    first = load(f"{path}:azimuth=0", None)[0]
    assert first.taps.tolist() == [[1, 0], [2, 0], [0, 3], [0, 4]]
    assert first.notes == ()
    last = load(f"{path}:azimuth=180,elevation=-30", None)[0]
    assert last.taps[:, 0].tolist() == [0, 21, 22]
    assert last.notes == ("delays rounded by up to 0.250 samples",)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("azimut=30", "has no parameter 'azimut'; did you mean 'azimuth'?"),
        ("azimuth=left", "'left' is not an angle in degrees; write 30 or 30deg"),
        ("30", "'30' in .* is not key=value"),
        ("azimuth=30,40", "it takes one value, but 2 are given"),
    ],
)
def test_errors_of_directions(head, place, message):
    with pytest.raises(UsageError, match=message):
        load(f"{head}:{place}", None)


def test_what_is_no_sofa_file_is_refused(tmp_path, samples):
    for number, data in enumerate((b"", b"x" * 3000, (samples / "hall.wav").read_bytes())):
        path = tmp_path / f"{number}.sofa"
        path.write_bytes(data)
        with pytest.raises(FormatError, match="is not a SOFA file of impulse responses"):
            load(f"{path}:azimuth=0", None)
    with pytest.raises(AudioconvError, match=r"none\.sofa"):
        load(f"{tmp_path / 'none.sofa'}:azimuth=0", None)


@pytest.mark.parametrize(
    "lacking", ["Data.IR", "SourcePosition", "ListenerView", "Data.Delay", "Data.SamplingRate"]
)
def test_what_lacks_a_variable_is_refused(head, lacking):
    with h5py.File(head, "r+") as file:
        del file[lacking]
    with pytest.raises(FormatError, match="is not a SOFA file of impulse responses"):
        load(f"{head}:azimuth=0", None)


def test_every_prefix_of_a_file_is_refused_or_whole(tmp_path, head):
    data = Path(head).read_bytes()
    short = tmp_path / "short.sofa"
    for length in range(0, len(data), 499):
        short.write_bytes(data[:length])
        with pytest.raises(AudioconvError):
            load(f"{short}:azimuth=0", None)


def test_without_h5py_the_remedy_is_named(head, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(AudioconvError, match="needs h5py; run: pip install h5py"):
        load(f"{head}:azimuth=0", None)


def test_a_sound_beside_a_head_and_again(call, tmp_path, samples, head):
    out = tmp_path / "left.wav"
    said = call("convolve", samples / "speech.wav", out, "--ir", f"{head}:azimuth=80", "--json")
    assert "nearest measured direction: azimuth 90.0" in said.out
    assert read_all(str(out))[0].shape[1] == 2
    other = tmp_path / "elsewhere"
    other.mkdir()
    shutil.move(head, other / "not.dat")  # of the right content, but not known as what it is
    call("redo", out, "--from", other, "--from", samples, code=1)
    shutil.copy(other / "not.dat", other / "moved.SOFA")
    call("redo", out, "--from", other, "--from", samples)
    shutil.copy(other / "not.dat", head)
    assert impulse_files([f"{head}:azimuth=80", "delta"]) == [head]
    call("convolve", samples / "speech.wav", head, "--ir", f"{head}:azimuth=80", "-y", code=2)


def test_kemar_is_louder_on_the_near_side(shared):
    path = shared / "audio" / "hrtf_kemar_normal.sofa"
    impulse = load(f"{path}:azimuth=30,elevation=0", None)[0]
    # energies that sofar 1.3.0 reads for the measurement at azimuth 30, elevation 0
    np.testing.assert_allclose((impulse.taps**2).sum(axis=0), [1.91391287, 0.273525], rtol=1e-7)
    left, right = np.abs(impulse.taps).argmax(axis=0)
    assert impulse.rate == 44100
    assert left < right  # the sound comes from the left


def test_pulses_are_pulses_in_every_direction(shared):
    path = shared / "audio" / "hrtf_pulse.sofa"
    for place in ("azimuth=0", "azimuth=123,elevation=-20", "azimuth=-60,elevation=45"):
        taps = load(f"{path}:{place}", None)[0].taps
        np.testing.assert_array_equal(taps, np.eye(256)[:, [100, 100]])


def test_a_distance_that_was_not_measured_is_noted(head):
    (note,) = load(f"{head}:azimuth=45,distance=9m", None)[0].notes
    assert note == "nearest measured distance: 1 m"
    assert load(f"{head}:azimuth=45,distance=1", None)[0].notes == ()
    with pytest.raises(UsageError, match="elevation is 120 degrees; it must be between -90 and 90"):
        load(f"{head}:elevation=120", None)
    assert load(f"{head}:elevation=60", None)[0].taps[0, 0] == 33


def test_every_command_on_impulses_takes_a_direction(call, tmp_path, head):
    spec, out = f"{head}:azimuth=80", tmp_path / "out.wav"
    call("ir", "fold", spec, "delta:delay=1S", out)
    assert read_all(str(out))[0][:, 0].tolist() == [0, 17, 18, 19, 20]
    call("ir", "edit", spec, out, "--gain", "2", "-y")
    call("ir", "edit", "delta", out, "--chain", spec, "-y")
    said = call("ir", "info", spec)
    assert "notice: nearest measured direction" in said.err
    assert "nearest" in json.loads(call("ir", "info", spec, "--json").out)["notices"][0]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("Data.SamplingRate", np.nan),
        ("Data.SamplingRate", np.inf),
        ("Data.SamplingRate", 44100.5),
        ("Data.SamplingRate", -1),
        ("Data.Delay", np.inf),
        ("Data.Delay", -1),
        ("Data.Delay", 1e12),
        ("ListenerView", 0),
        ("SourcePosition", np.nan),
    ],
)
def test_nonsense_in_a_file_is_refused(head, variable, value):
    with h5py.File(head, "r+") as file:
        file[variable][...] = value
    with pytest.raises(FormatError, match="is not a SOFA file of impulse responses"):
        load(f"{head}:azimuth=0", None)


def test_a_group_for_a_variable_is_refused(head):
    with h5py.File(head, "r+") as file:
        del file["Data.IR"]
        file.create_group("Data.IR")
    with pytest.raises(FormatError, match="is not a SOFA file of impulse responses"):
        load(f"{head}:azimuth=0", None)


def test_up_turns_the_head(tmp_path):
    """Lying on the left side, its up points left: what was above is now on the right."""
    up = ([[0, 1, 0]], "cartesian")
    sources = ([[0, 0, 1], [1, 0, 0]], "cartesian")
    path = write(tmp_path / "up.sofa", numbered(2, 1, 2), SourcePosition=sources, ListenerUp=up)
    assert load(f"{path}:azimuth=-90", None)[0].taps[0, 0] == 1


def test_names_with_colons(tmp_path, head):
    folder = tmp_path / "a:b,c=d"
    folder.mkdir()
    shutil.copy(head, folder / "x.sofa")
    assert load(f"{folder}/x.sofa:azimuth=90", None)[0].taps[0, 0] == 17
    for missing in (r"C:\x.wav", "C:/x.wav", "none.sofa:azimuth=1"):
        with pytest.raises(FormatError, match="does not exist"):
            load(missing, None)
