"""SOFA files as sofar writes and reads them, if it is installed: every convention with FIR data."""

import warnings

import numpy as np
import pytest

from audioconv.errors import FormatError
from audioconv.ir.load import load
from audioconv.ir.sofa import read_contents

pytest.importorskip("h5py")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # from its own imports
    sofar = pytest.importorskip("sofar")
    sofar_io = pytest.importorskip("sofar.io")

MEASUREMENTS, RECEIVERS, SAMPLES, EMITTERS = 4, 2, 5, 3
FIR = [
    ("GeneralFIR", "1.0"),
    ("SimpleFreeFieldHRIR", "1.0"),
    ("SimpleFreeFieldHRIR", "0.4"),
    ("SimpleHeadphoneIR", "1.0"),
    ("SimpleHeadphoneIR", "0.2"),
    ("SimpleHeadphoneIR", "0.1"),
    ("SingleRoomSRIR", "1.0"),
    ("SingleRoomDRIR", "0.3"),
    ("SingleRoomDRIR", "0.2"),
]
FIR_E = [
    ("FreeFieldHRIR", "1.0"),
    ("GeneralFIR-E", "2.0"),
    ("SingleRoomMIMOSRIR", "1.0"),
    ("GeneralFIRE", "1.0"),
    ("MultiSpeakerBRIR", "0.3"),
]


def write(path, convention, version, **values):
    """Write a file with sofar, which declines to write deprecated conventions to users."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sofa = sofar.Sofa(convention, version=version)
        sofa.protected = False
        # optional ones do not follow the lengths of the data; texts fail with netCDF4 1.7.5
        for name, of in list(sofa._convention.items()):
            optional = name.startswith(("Receiver", "Emitter", "Measurement")) and not of["flags"]
            if optional or of["type"] == "string":
                sofa.delete(name)
        for name, value in values.items():
            # those of the general conventions have two axes, RC and EC
            flat = convention in ("GeneralFIR", "GeneralFIR-E") and np.shape(value)[1:] == (3, 1)
            setattr(sofa, name, value[..., 0] if flat else value)
        sofa.verify(issue_handling="ignore")
        sofar_io._write_sofa(str(path), sofa, verify=False)
        return sofar.read_sofa(str(path), verify=False, verbose=False)


EARS = {
    "ReceiverPosition": np.array([[0, 0.09, 0], [0, -0.09, 0]])[..., None],
    "ReceiverPosition_Type": "cartesian",
    "ReceiverPosition_Units": "metre",
}


def rooms(measurements):
    """Return a listener and a source for each measurement, as conventions of rooms require."""
    return {
        "ListenerPosition": np.zeros((measurements, 3)),
        "SourcePosition": np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]])[:measurements],
        "SourcePosition_Type": "cartesian",
        "SourcePosition_Units": "metre",
    }


@pytest.mark.parametrize(("convention", "version"), FIR)
def test_every_measurement_is_that_of_sofar(tmp_path, noise, convention, version):
    positions = {} if convention == "SimpleHeadphoneIR" else rooms(MEASUREMENTS)
    file = write(
        tmp_path / "a.sofa",
        convention,
        version,
        Data_IR=noise(MEASUREMENTS, RECEIVERS, SAMPLES),
        Data_Delay=np.zeros((1, RECEIVERS)),
        **EARS,
        **positions,
    )
    for index in range(MEASUREMENTS):
        places = [f"index={index + 1}"] + [f"azimuth={90 * index}"] * bool(positions)
        for place in places:
            impulse = load(f"{tmp_path / 'a.sofa'}:{place}", None)[0]
            np.testing.assert_array_equal(impulse.taps, file.Data_IR[index].T)
            assert impulse.rate == file.Data_SamplingRate
            assert impulse.notes == ()


@pytest.mark.parametrize(("convention", "version"), FIR_E)
@pytest.mark.parametrize("samples", [SAMPLES, EMITTERS])
def test_every_emitter_is_that_of_sofar(tmp_path, noise, convention, version, samples):
    """With as many samples as emitters too, where the lengths of the axes are of no help."""
    fire = convention in ("GeneralFIRE", "MultiSpeakerBRIR")
    data = noise(2, RECEIVERS, samples, EMITTERS)  # (M, R, N, E)
    azimuths = np.array([0, 45, 300])
    file = write(
        tmp_path / "e.sofa",
        convention,
        version,
        Data_IR=data.swapaxes(2, 3) if fire else data,
        Data_Delay=np.zeros((1, RECEIVERS, EMITTERS if fire or "General" in convention else 1)),
        ListenerPosition=np.zeros((2, 3)),
        SourcePosition=np.zeros((2, 3)),
        EmitterPosition=np.stack([azimuths, 0 * azimuths, azimuths * 0 + 2], axis=1)[..., None],
        EmitterPosition_Type="spherical",
        EmitterPosition_Units="degree, degree, metre",
        **EARS,
    )
    assert file.GLOBAL_DataType == read_contents(str(tmp_path / "e.sofa")).data_type
    for index, emitter in np.ndindex(2, EMITTERS):
        for chosen in (f"emitter={emitter + 1}", f"azimuth={azimuths[emitter]}"):
            impulse = load(f"{tmp_path / 'e.sofa'}:index={index + 1},{chosen}", None)[0]
            np.testing.assert_array_equal(impulse.taps, data[index, :, :, emitter].T)
            assert impulse.notes == ()
    read = file.Data_IR.swapaxes(2, 3) if fire else file.Data_IR
    np.testing.assert_array_equal(read, data)


@pytest.mark.parametrize(("convention", "version"), FIR + FIR_E)
def test_the_defaults_of_a_convention_are_one_response(tmp_path, convention, version):
    """One sample of 0, or 1, from one source: it needs no direction."""
    file = write(tmp_path / "d.sofa", convention, version)
    taps = load(str(tmp_path / "d.sofa"), None)[0].taps
    np.testing.assert_array_equal(taps.ravel(), np.ravel(file.Data_IR))


@pytest.mark.parametrize(
    ("convention", "held"),
    [
        ("SimpleFreeFieldHRTF", r"transfer functions \(data type TF\)"),
        ("GeneralTF-E", r"transfer functions \(data type TF-E\)"),
        ("SimpleFreeFieldHRSOS", r"second-order sections \(data type SOS\)"),
        ("AnnotatedReceiverAudio", r"recordings \(data type Audio\)"),
    ],
)
def test_conventions_of_other_data_are_refused(tmp_path, convention, held):
    write(tmp_path / "o.sofa", convention, "latest")
    with pytest.raises(FormatError, match=held):
        load(str(tmp_path / "o.sofa"), None)


def test_positions_of_a_real_head(shared):
    """Every position, and its number, as sofar reads them."""
    path = str(shared / "audio" / "hrtf_kemar_normal.sofa")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = sofar.read_sofa(path, verify=False, verbose=False)
    places = read_contents(path).places
    np.testing.assert_allclose(places, file.SourcePosition, atol=1e-4)  # rounded to that
    for index in (0, 400, 709):
        impulse = load(f"{path}:index={index + 1}", None)[0]
        np.testing.assert_array_equal(impulse.taps, file.Data_IR[index].T)
