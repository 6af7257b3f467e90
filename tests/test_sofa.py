"""SOFA files: made here with h5py, and real ones. tests/peers has those that sofar writes."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from audioconv.cli import sofa_info
from audioconv.errors import AudioconvError, FormatError, UsageError
from audioconv.files import read_all
from audioconv.ir.ingredients import NamedFile
from audioconv.ir.load import impulse_files, load, sofa_file

h5py = pytest.importorskip("h5py")

# azimuth to the left, elevation, distance; 45 and 315 degrees are 45 either side of ahead
PLACES = [[0, 0, 1], [45, 0, 1], [90, 0, 1], [315, 0, 1], [0, 60, 1], [180, -30, 1]]


def write(path, responses, attributes=None, axes="", **variables):
    """Write what `audioconv.ir.sofa` reads of AES69, and a free field by default.

    A variable that is None is left out; `axes` names those of Data.IR, as netCDF does.
    """
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
        file.attrs.update(attributes or {})
        for number, axis in enumerate(axes):
            file[axis] = np.zeros(np.shape(responses)[number])
            file[axis].make_scale()
            file["Data.IR"].dims[number].attach_scale(file[axis])
        for name, (value, kind) in ((n, v) for n, v in values.items() if v is not None):
            file[name] = np.asarray(value, np.float64)
            if kind:
                file[name].attrs["Type"] = kind
    return str(path)


def numbered(*shape):
    """Responses whose every sample tells where it is from."""
    return np.arange(1.0, 1 + np.prod(shape)).reshape(shape)


ONE = {"SourcePosition": ([[30, 0, 2]], "spherical")}


@pytest.fixture
def head(tmp_path):
    return write(tmp_path / "head.sofa", numbered(len(PLACES), 2, 4))


@pytest.mark.parametrize("number", range(len(PLACES)))
def test_every_direction_is_found(head, number):
    azimuth, elevation, _ = PLACES[number]
    impulse, ingredient = load(f"{head}:azimuth={azimuth},elevation={elevation}deg", None)
    np.testing.assert_array_equal(impulse.taps, numbered(len(PLACES), 2, 4)[number].T)
    assert (impulse.rate, impulse.notes) == (48000, ())
    assert isinstance(ingredient, NamedFile)


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
    path = write(tmp_path / "one.sofa", numbered(1, 2, 3), **ONE)
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
        {"DataType": "FIRE"},
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
    "lacking", ["Data.IR", "SourcePosition", "ListenerPosition", "Data.Delay", "Data.SamplingRate"]
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


@pytest.mark.parametrize(
    ("variable", "kind"),
    [
        ("SourcePosition", "cylindrical"),
        ("SourcePosition", "spherical harmonics"),
        ("ListenerPosition", "polar"),
        ("ListenerView", "cylindrical"),
    ],
)
def test_other_types_of_positions_are_refused_by_name(tmp_path, variable, kind):
    value = [[1, 0.5, 0.5]]
    path = write(tmp_path / "x.sofa", numbered(1, 2, 3), **{**ONE, variable: (value, kind)})
    with pytest.raises(FormatError, match=f"{variable} has type '{kind}', not cartesian or"):
        load(path, None)


@pytest.mark.parametrize(
    ("variable", "shape", "fitting"),
    [
        ("SourcePosition", (5, 3), (6, 3)),
        ("SourcePosition", (6, 2), (6, 3)),
        ("SourcePosition", (6, 3, 1), (6, 3)),
        ("ListenerPosition", (2, 3), (6, 3)),
        ("ListenerView", (6, 4), (6, 3)),
        ("ReceiverPosition", (3, 3, 1), (2, 3, 6)),
        ("ReceiverPosition", (2, 3, 5), (2, 3, 6)),
    ],
)
def test_positions_of_another_shape_are_refused(tmp_path, variable, shape, fitting):
    path = write(
        tmp_path / "x.sofa", numbered(6, 2, 3), **{variable: (np.ones(shape), "cartesian")}
    )
    with pytest.raises(
        FormatError, match=re.escape(f"{variable} has shape {shape}; it must fit {fitting}")
    ):
        load(f"{path}:azimuth=0", None)


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


# Axes of Data.IR

SPEAKERS = [[2, 0, 0], [2, 2, 0], [2, -2, 0]]  # ahead, 45 and -45 degrees


def speakers(path, responses, **options):
    """Write responses of three loudspeakers around the source, which is at the listener."""
    return write(
        path,
        responses,
        SourcePosition=([[0, 0, 0]], "cartesian"),
        EmitterPosition=(np.array(SPEAKERS)[..., None], "cartesian"),
        **options,
    )


@pytest.mark.parametrize(
    ("options", "axes"),
    [
        ({"attributes": {"DataType": "FIR-E"}}, "MRNE"),
        ({"attributes": {"DataType": "FIRE"}}, "MREN"),
        ({"attributes": {"DataType": np.bytes_("FIR-E")}}, "MRNE"),  # as netCDF writes text
        ({"axes": "MREN"}, "MREN"),
        ({"axes": "MRNE"}, "MRNE"),
        # the names are of these axes; the data type is of all files of its kind
        ({"axes": "MREN", "attributes": {"DataType": "FIR-E"}}, "MREN"),
    ],
)
def test_axes_are_those_of_the_data_type_or_of_their_names(tmp_path, options, axes):
    """Three samples and three emitters: lengths do not tell one axis from the other."""
    data = numbered(2, 2, 3, 3)
    path = speakers(tmp_path / "e.sofa", data, **options)
    for number, azimuth in enumerate((0, 45, -45)):
        taps = load(f"{path}:azimuth={azimuth},index=2", None)[0].taps
        expected = data[1, :, number] if axes == "MREN" else data[1, :, :, number]
        np.testing.assert_array_equal(taps, expected.T)


def test_axes_in_any_order(tmp_path):
    data = numbered(4, 2, 3)  # samples, receivers, measurements
    path = write(tmp_path / "t.sofa", data, axes="NRM", SourcePosition=(PLACES[:3], "spherical"))
    np.testing.assert_array_equal(load(f"{path}:azimuth=45", None)[0].taps, data[:, :, 1])


@pytest.mark.parametrize(
    ("shape", "attributes", "message"),
    [
        ((1, 2, 3, 4), {}, r"shape \(1, 2, 3, 4\); without a data type there are axes MRN"),
        ((1, 2, 3, 4), {"DataType": "FIR"}, "data type FIR has axes MRN"),
        ((1, 2, 3), {"DataType": "FIR-E"}, "data type FIR-E has axes MRNE"),
        ((0, 2, 3), {"DataType": "FIR"}, r"shape \(0, 2, 3\), which is empty"),
    ],
)
def test_axes_are_not_guessed(tmp_path, shape, attributes, message):
    path = write(tmp_path / "x.sofa", np.zeros(shape), attributes)
    with pytest.raises(FormatError, match=message):
        load(path, None)


@pytest.mark.parametrize("delays", [(1, 2, 1), (1, 2, 3), (2, 2, 1), (2, 2, 3), (1, 2), (2, 2)])
def test_delays_of_emitters_and_measurements(tmp_path, delays):
    """Data.Delay is for all measurements or each, and for all emitters or each."""
    values = np.arange(np.prod(delays)).reshape(delays)
    path = speakers(
        tmp_path / "d.sofa",
        np.ones((2, 2, 1, 3)),
        attributes={"DataType": "FIR-E"},
        **{"Data.Delay": (values, None)},
    )
    each = np.broadcast_to(values if values.ndim == 3 else values[..., None], (2, 2, 3))
    for index, emitter in np.ndindex(2, 3):
        taps = load(f"{path}:index={index + 1},emitter={emitter + 1}", None)[0].taps
        assert taps.argmax(axis=0).tolist() == each[index, :, emitter].tolist()
        assert taps.sum() == 2


@pytest.mark.parametrize("delays", [(2,), (3, 2), (1, 3), (1, 2, 2)])
def test_delays_of_another_shape_are_refused(head, delays):
    with h5py.File(head, "r+") as file:
        del file["Data.Delay"]
        file["Data.Delay"] = np.zeros(delays)
    with pytest.raises(FormatError, match=r"Data.Delay has shape .*; it must fit \(6, 2, 1\)"):
        load(f"{head}:azimuth=0", None)


def test_every_measurement_has_its_rate(tmp_path):
    rates = ([44100, 48000], None)
    path = write(
        tmp_path / "r.sofa",
        numbered(2, 1, 2),
        SourcePosition=(PLACES[:2], "spherical"),
        **{"Data.SamplingRate": rates},
    )
    assert [load(f"{path}:azimuth={a}", None)[0].rate for a in (0, 45)] == [44100, 48000]


# Positions


def test_view_and_up_are_optional(tmp_path):
    path = write(
        tmp_path / "g.sofa", numbered(len(PLACES), 2, 4), ListenerView=None, ListenerUp=None
    )
    assert load(f"{path}:azimuth=90", None)[0].taps[0, 0] == 17


def test_the_default_up_beside_a_spherical_view(tmp_path):
    """Up has the type of the view, but files keep its Cartesian default, [0 0 1]."""
    for up in ([[0, 0, 1]], [[0, 90, 1]]):  # Cartesian and spherical: both are up
        path = write(
            tmp_path / "u.sofa",
            numbered(2, 1, 2),
            SourcePosition=([[0, 1, 0], [0, -1, 0]], "cartesian"),
            ListenerView=([[0, 0, 1]], "spherical"),
            ListenerUp=(up, None),
        )
        for azimuth, first in ((90, 1), (-90, 3)):
            impulse = load(f"{path}:azimuth={azimuth}", None)[0]
            assert (impulse.taps[0, 0], impulse.notes) == (first, ())


def test_a_view_that_is_not_level_keeps_right_angles(tmp_path):
    """With up straight up, as files leave it, a head that looks up by 60 degrees."""
    path = write(
        tmp_path / "v.sofa",
        numbered(2, 1, 2),
        SourcePosition=([[0, 0, 1], [0, 90, 1]], "spherical"),
        ListenerView=([[0, 60, 1]], "spherical"),
        ListenerUp=([[0, 0, 1]], "cartesian"),
    )
    for place in ("azimuth=0,elevation=-60", "azimuth=0,elevation=30"):
        assert load(f"{path}:{place}", None)[0].notes == ()


def test_emitters_turn_with_their_source(tmp_path):
    """A source that looks at the listener has on its left what the listener has on the right."""
    path = write(
        tmp_path / "turned.sofa",
        numbered(1, 1, 2, 2),
        {"DataType": "FIR-E"},
        SourcePosition=([[4, 0, 0]], "cartesian"),
        SourceView=([[-1, 0, 0]], "cartesian"),
        EmitterPosition=([[0, 4, 0], [0, -4, 0]], "cartesian"),  # without an axis for I or M
    )
    assert load(f"{path}:azimuth=-45", None)[0].taps[:, 0].tolist() == [1, 3]
    assert load(f"{path}:azimuth=45", None)[0].taps[:, 0].tolist() == [2, 4]


def test_headphones_have_no_direction(tmp_path):
    """The source of SimpleHeadphoneIR is at the listener; its measurements are repetitions."""
    ears = np.array([[0, 0.09, 0], [0, -0.09, 0]])[..., None]
    values = {
        "SourcePosition": ([[0, 0, 0]], "spherical"),
        "ReceiverPosition": (ears, "cartesian"),
        "EmitterPosition": (ears, "cartesian"),
    }
    once = write(tmp_path / "once.sofa", numbered(1, 2, 4), **values)
    impulse, ingredient = load(once, None)
    np.testing.assert_array_equal(impulse.taps, numbered(1, 2, 4)[0].T)
    assert not ingredient.ears  # each ear has a loudspeaker of its own
    path = write(tmp_path / "phones.sofa", numbered(3, 2, 4), **values)
    with pytest.raises(UsageError, match="has no directions, as its source is at the listener"):
        load(f"{path}:azimuth=0", None)
    with pytest.raises(UsageError, match="3 responses that fit: index=1, index=2, index=3; name"):
        load(path, None)
    np.testing.assert_array_equal(load(f"{path}:index=3", None)[0].taps, numbered(3, 2, 4)[2].T)


def test_a_source_at_the_listener_is_in_no_direction(tmp_path):
    sources = ([[0, 0, 0], [90, 0, 1]], "spherical")
    path = write(tmp_path / "at.sofa", numbered(2, 1, 2), SourcePosition=sources)
    impulse = load(f"{path}:azimuth=0", None)[0]
    assert impulse.taps[0, 0] == 3
    assert "90.0 degrees away" in impulse.notes[0]
    assert load(f"{path}:index=1", None)[0].taps[0, 0] == 1


def test_spherical_harmonics_have_no_direction(tmp_path):
    path = write(
        tmp_path / "sh.sofa",
        numbered(1, 2, 3, 4),
        {"DataType": "FIR-E"},
        SourcePosition=([[0, 0, 0]], "spherical"),
        EmitterPosition=([[0, 0, 0]], "spherical harmonics"),
    )
    with pytest.raises(UsageError, match="no directions, as its emitters have no positions"):
        load(f"{path}:azimuth=0", None)
    with pytest.raises(UsageError, match=r"4 responses that fit: emitter=1, .*, emitter=4; name"):
        load(path, None)
    taps = load(f"{path}:emitter=2", None)[0].taps
    np.testing.assert_array_equal(taps, numbered(1, 2, 3, 4)[0, :, :, 1].T)


# Several responses in one direction


@pytest.fixture
def room(tmp_path):
    """One source, which three listeners in a row see straight ahead."""
    return write(
        tmp_path / "room.sofa",
        numbered(3, 2, 4),
        SourcePosition=([[4, 0, 1]], "cartesian"),
        ListenerPosition=([[0, 0, 1], [1, 0, 1], [2, 0, 1]], "cartesian"),
    )


def test_several_listeners_are_named(room):
    several = (
        r"3 responses that fit: listener=1 \(at 0, 0, 1 m\), listener=2 \(at 1, 0, 1 m\), "
        r"listener=3 \(at 2, 0, 1 m\); name one, such as listener=1$"
    )
    for place in ("", ":azimuth=0", ":azimuth=20"):
        with pytest.raises(UsageError, match=several):
            load(room + place, None)
    for place in ("listener=2", "index=2", "listener=2,azimuth=0", "index=2,listener=2,emitter=1"):
        impulse, ingredient = load(f"{room}:{place}", None)
        np.testing.assert_array_equal(impulse.taps, numbered(3, 2, 4)[1].T)
        assert (impulse.notes, ingredient.place) == ((), place)
    # a distance is of one listener here, which was not named
    (note,) = load(f"{room}:azimuth=0,distance=2", None)[0].notes
    assert note == "measured at listener position 3 of 3, 2, 0, 1 m"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("listener=4", "listener is 4, but .* has 3 listener positions, counted from 1"),
        ("index=0", "index is 0, but .* has 3 measurements, counted from 1"),
        ("emitter=2", "emitter is 2, but .* has 1 emitter, counted from 1"),
        ("listener=1,index=2", "index=2 at another listener than listener=1"),
        ("index=first", "'first' is not a whole number"),
    ],
)
def test_numbers_of_responses_that_do_not_exist(room, place, message):
    with pytest.raises(UsageError, match=message):
        load(f"{room}:{place}", None)


def test_listeners_are_counted_once(tmp_path):
    """Two listener positions with two views each, in turn, and a rounding error."""
    path = write(
        tmp_path / "views.sofa",
        numbered(4, 1, 2),
        SourcePosition=([[0, 5, 0]], "cartesian"),
        ListenerPosition=([[2, 0, 0], [0.1, 0, 0], [2, 0, 0], [0.3 - 0.2, 0, 0]], "cartesian"),
        ListenerView=([[0, 1, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0]], "cartesian"),
    )
    with pytest.raises(UsageError, match=r"listener=1 \(at 2, 0, 0 m\), listener=2 \(at 0.1"):
        load(path, None)
    assert load(f"{path}:listener=2,azimuth=90", None)[0].taps[0, 0] == 7
    assert load(f"{path}:listener=1,azimuth=0", None)[0].taps[0, 0] == 1


def test_a_direction_that_was_measured_twice(tmp_path):
    twice = ([[0, 0, 1], [90, 0, 1], [360, 0, 1]], "spherical")
    data = numbered(3, 2, 4)
    path = write(tmp_path / "twice.sofa", data, SourcePosition=twice)
    with pytest.raises(UsageError, match="2 responses that fit: index=1, index=3; name one"):
        load(f"{path}:azimuth=0", None)
    np.testing.assert_array_equal(load(f"{path}:azimuth=0,index=3", None)[0].taps, data[2].T)
    data[2] = data[0]  # a file that closes its circle
    path = write(tmp_path / "closed.sofa", data, SourcePosition=twice)
    np.testing.assert_array_equal(load(f"{path}:azimuth=0", None)[0].taps, data[0].T)


def test_a_long_list_is_cut(tmp_path):
    path = write(tmp_path / "n.sofa", numbered(9, 1, 2), SourcePosition=([[0, 0, 1]], "spherical"))
    with pytest.raises(
        UsageError, match=r"9 responses that fit: index=1, .*, index=6, 3 more; name"
    ):
        load(path, None)


# Ears

EARS = np.array([[0, 0.09, 0], [0, -0.09, 0]])  # left, right


@pytest.mark.parametrize(
    ("receivers", "version", "exchanged", "note"),
    [
        ((EARS, "cartesian"), "", False, None),
        ((EARS[::-1], "cartesian"), "", True, "the file has the right ear first"),
        (([[270, 0, 0.1], [90, 0, 0.1]], "spherical"), "", True, "the file has the right ear"),
        ((EARS[::-1, :, None], "cartesian"), "", True, "the file has the right ear first"),
        # https://github.com/hoene/libmysofa/issues/58: the positions are wrong, not the data
        ((EARS[::-1], "cartesian"), "1.1.0", False, "are kept in their order"),
        ((EARS[::-1], "cartesian"), "1.1.1", True, "the file has the right ear first"),
    ],
)
def test_the_left_ear_is_first(tmp_path, receivers, version, exchanged, note):
    attributes = {"APIName": "ARI SOFA API for Matlab/Octave", "APIVersion": version}
    data = numbered(len(PLACES), 2, 4)
    path = write(tmp_path / "e.sofa", data, attributes, ReceiverPosition=receivers)
    impulse, ingredient = load(f"{path}:azimuth=90", None)
    np.testing.assert_array_equal(impulse.taps, data[2, :: -1 if exchanged else 1].T)
    assert [note in found for found in impulse.notes] == [True] * bool(note)
    assert ingredient.ears


@pytest.mark.parametrize("receivers", [[[0, 0, 0]], [[0, -0.2, 0], [0, -0.1, 0]]])
def test_receivers_without_a_head_between_them_keep_their_order(tmp_path, receivers):
    data = numbered(len(PLACES), 2, 4)
    path = write(tmp_path / "e.sofa", data, ReceiverPosition=(receivers, "cartesian"))
    impulse, ingredient = load(f"{path}:azimuth=90", None)
    np.testing.assert_array_equal(impulse.taps, data[2].T)
    assert (impulse.notes, ingredient.ears) == ((), False)


def test_the_near_ear_is_louder_in_either_order(shared, tmp_path):
    """KEMAR with its receivers and their positions exchanged is the same head."""
    real = shared / "audio" / "hrtf_kemar_normal.sofa"
    other = tmp_path / "exchanged.sofa"
    shutil.copyfile(real, other)
    with h5py.File(other, "r+") as file:
        for name in ("Data.IR", "ReceiverPosition"):
            values = file[name][()]
            file[name][...] = values[:, ::-1] if name == "Data.IR" else values[::-1]
    for place in ("azimuth=30", "azimuth=-90,elevation=20"):
        expected, found = (load(f"{path}:{place}", None)[0] for path in (real, other))
        np.testing.assert_array_equal(found.taps, expected.taps)


# Real files, by the definition


def test_the_nearest_direction_of_a_real_head(shared):
    """The great circle by haversines, over positions as h5py reads them."""
    path = shared / "audio" / "hrtf_kemar_normal.sofa"
    with h5py.File(path) as file:
        azimuths, elevations, _ = np.deg2rad(file["SourcePosition"][()]).T
        responses = file["Data.IR"][()]
    rng = np.random.default_rng(15)
    for azimuth, elevation in zip(
        rng.uniform(-180, 360, 20), rng.uniform(-90, 90, 20), strict=True
    ):
        a, e = np.deg2rad([azimuth, elevation])
        haversine = (
            np.sin((elevations - e) / 2) ** 2
            + np.cos(elevations) * np.cos(e) * np.sin((azimuths - a) / 2) ** 2
        )
        nearest = haversine.argmin()
        away = np.rad2deg(2 * np.arcsin(np.sqrt(haversine[nearest])))
        impulse = load(f"{path}:azimuth={azimuth},elevation={elevation}", None)[0]
        np.testing.assert_array_equal(impulse.taps, responses[nearest].T)
        assert impulse.notes[0].endswith(f", {away:.1f} degrees away")


def test_the_pulses_are_of_software_that_reversed_the_ears(shared):
    path = shared / "audio" / "hrtf_pulse.sofa"
    assert "are kept in their order" in load(f"{path}:index=1", None)[0].notes[0]


# Other data


@pytest.mark.parametrize(
    ("data_type", "held"),
    [
        ("TF", "transfer functions"),
        ("TF-E", "transfer functions"),
        ("SOS", "second-order sections"),
        ("Audio", "recordings"),
        ("Other", "data"),
    ],
)
def test_other_data_are_refused_by_name(tmp_path, data_type, held):
    path = tmp_path / "other.sofa"
    with h5py.File(path, "w") as file:
        file.attrs["DataType"] = data_type
    with pytest.raises(FormatError, match=rf"holds {held} \(data type {data_type}\), not impulse"):
        load(f"{path}:azimuth=0", None)


# Contents


def test_a_file_alone_is_told_from_a_response(head):
    assert sofa_file(head) == sofa_file(f"{head}:") == head
    assert sofa_file(f"{head}:azimuth=0") is None
    assert sofa_file("hall.wav") is None
    assert sofa_file(f"join:hall.wav,{head}") is None
    with pytest.raises(FormatError, match=r"none\.sofa does not exist"):
        sofa_info.report("none.sofa", json=False)


def test_channels_are_receivers_of_which_some_are_chosen(tmp_path):
    receivers = {"ReceiverPosition": (EARS, "cartesian")}
    head = write(tmp_path / "head.sofa", numbered(1, 2, 4), **receivers, **ONE)
    both, ingredient = load(f"{head}:azimuth=30", None)
    one, part = load(f"{head}:azimuth=30,channel=2", None)
    np.testing.assert_array_equal(one.taps, both.taps[:, 1:])
    assert (ingredient.ears, part.ears) == (True, False)
    swapped, _ = load(f"{head}:azimuth=30,channels=2,1", None)
    np.testing.assert_array_equal(swapped.taps, both.taps[:, ::-1])
    with pytest.raises(UsageError, match="channel is 3, but there are 2 channels"):
        load(f"{head}:azimuth=30,channel=3", None)


def test_contents_as_json(room, capsys):
    sofa_info.report(room, json=True)
    found = json.loads(capsys.readouterr().out)
    assert found.pop("responses") == [
        {
            "index": number,
            "emitter": 1,
            "listener": number,
            "rate": 48000,
            "azimuth": 0.0,
            "elevation": 0.0,
            "distance": 5.0 - number,
        }
        for number in (1, 2, 3)
    ]
    assert found == {
        "path": room,
        "conventions": "",
        "conventions_version": "",
        "data_type": "FIR",
        "rate": 48000,
        "frames": 4,
        "channels": 2,
        "ears": False,
        "measurements": 3,
        "emitters": 1,
        "listeners": [[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [2.0, 0.0, 1.0]],
        "choose_by": ["distance", "listener", "index"],
        "notices": [],
    }


def test_every_listed_response_can_be_asked_for(tmp_path, capsys):
    data = numbered(2, 2, 3, 3)
    path = speakers(tmp_path / "all.sofa", data, attributes={"DataType": "FIR-E"})
    sofa_info.report(path, json=True)
    for response in json.loads(capsys.readouterr().out)["responses"]:
        keys = ("index", "azimuth", "elevation")
        place = ",".join(f"{key}={response[key]}" for key in keys)
        impulse = load(f"{path}:{place}", None)[0]
        expected = data[response["index"] - 1, :, :, response["emitter"] - 1].T
        np.testing.assert_array_equal(impulse.taps, expected)
        assert impulse.notes == ()


def test_only_what_differs_is_a_choice(tmp_path, capsys):
    path = speakers(tmp_path / "s.sofa", np.ones((1, 2, 3, 3)), attributes={"DataType": "FIRE"})
    sofa_info.report(path, json=True)
    assert json.loads(capsys.readouterr().out)["choose_by"] == ["azimuth", "distance", "emitter"]
    sofa_info.report(path, json=False)
    assert "elevation=" not in capsys.readouterr().out


def test_a_source_above_has_azimuth_0(tmp_path, capsys):
    """Of its azimuth in the file only a rounding error is left: cos 90 degrees is 6e-17."""
    path = write(
        tmp_path / "t.sofa", numbered(1, 1, 2), SourcePosition=([[37, 90, 1]], "spherical")
    )
    sofa_info.report(path, json=True)
    (response,) = json.loads(capsys.readouterr().out)["responses"]
    assert (response["azimuth"], response["elevation"]) == (0, 90)


def test_contents_for_a_person(shared, capsys):
    path = shared / "audio" / "hrtf_kemar_normal.sofa"
    sofa_info.report(str(path), json=False)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for line in (
        "conventions SimpleFreeFieldHRIR 1.0",
        "data FIR, axes MRN",
        "format 44100 Hz, 512 frames",
        "receivers 2 (left and right ear)",
        "responses 710 measurements, 1 emitter",
        "elevation 0 azimuth 0 to 355 in steps of 5 (72)",
        "elevation 90 azimuth 0",
        "elevation=0 degrees up, -40 to 90",
        f"such as --ir {path}:azimuth=0,elevation=0",
    ):
        assert line in lines


def test_contents_of_one_response_and_of_many_directions(tmp_path, shared, capsys):
    sofa_info.report(write(tmp_path / "one.sofa", numbered(1, 2, 3), **ONE), json=False)
    assert "there is one response, which needs no choice" in capsys.readouterr().out
    sofa_info.report(str(shared / "audio" / "hrtf_pulse.sofa"), json=False)
    assert "1250 at 300 elevations; --json lists them" in capsys.readouterr().out


def test_info_lists_a_file_and_analyses_a_response(call, head):
    """The shape of the JSON depends on the name alone, so a script knows it beforehand."""
    listed = json.loads(call("ir", "info", head, "--json").out)
    assert len(listed["responses"]) == len(PLACES)
    assert "conventions" in call("ir", "info", head).out
    assert "level" in json.loads(call("ir", "info", f"{head}:azimuth=0", "--json").out)
    assert "does not exist" in call("ir", "info", "none.sofa", code=1).err


def test_a_stereo_sound_through_a_head_is_noted(call, tmp_path, samples):
    notice = "is a head: its left ear hears the left channel alone"
    ears = np.array([[0, 0.09, 0], [0, -0.09, 0]])
    path = write(
        tmp_path / "h.sofa", np.ones((1, 2, 4)), ReceiverPosition=(ears, "cartesian"), **ONE
    )
    out = tmp_path / "out.wav"
    stereo, mono = samples / "guitar.wav", samples / "speech.wav"
    for sound, spec, options, noted in (
        (stereo, path, [], True),
        (stereo, path, ["--map", "each"], False),
        (mono, path, [], False),
        # in a chain, the sound is stereo when it comes to the head
        (mono, "ping-pong", ["--ir", path], True),
    ):
        said = call("convolve", sound, out, "--ir", spec, *options, "-y")
        assert (notice in said.err) == noted
