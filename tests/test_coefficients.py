"""Impulse responses as text and as raw samples: what is read, and what is refused."""

import json
import struct

import numpy as np
import pytest
import soundfile

from audioconv import load_impulse
from audioconv.errors import AudioconvError, FormatError, UsageError
from audioconv.ir.kinds import kind_of

RATE = 8000
SOUND = np.random.default_rng(1).integers(-(2**14), 2**14, (200, 1), np.int16)
TAPS = np.random.default_rng(2).integers(-(2**15), 2**15, (48, 2))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Give a folder with a sound, and work there."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("in.wav", SOUND, RATE)
    return tmp_path


def column(values):
    return "".join(f"{value!r}\n" for value in values)


# After the examples in REW's help, "Export impulse response as text" (5.19), and files of 5.31
OLD_HEADER = """Impulse Response data saved by REW V5.19
IR is normalised
IR window has not been applied
IR is not the min phase version
Source: http://localhost//in, MICROPHONE (Master Volume), Right channel, volume: 0.550
Dated: 05-May-2014 14:12:40
Measurement: Artist 3+Q2070Si
Excitation:  256k Log Swept Sine, 1 sweep at -12.0 dB FS
Response measured over: 2.2 to 24,000.0 Hz
4.33353241533041E-4 // Peak value before normalisation
3 // Peak index
6 // Response length
{interval} // Sample interval (seconds)
{start} // Start time (seconds)

"""
NEW_HEADER = """* Impulse Response data saved by REW V5.31.3
* IR is not normalised
* IR window has not been applied
* Source: http://localhost//in
* Response measured over: 2,9 to 24 000,0 Hz
0.034 // Peak value before normalisation
3 // Peak index
6 // Response length
{interval} // Sample interval (seconds)
{start} // Start time (seconds)
120.0 // Data offset (dB)
* Data start
"""
VALUES = [-3.1990022e-4, 4.7188485e-4, 0.0, 1.0, -0.5, 0.25]
FREQUENCY_RESPONSE = """* Measurement data measured by REW V5.31.3
* Freq(Hz) SPL(dB) Phase(degrees)
20.0 70.1 -12.3
20.5 70.3 -12.9
"""


@pytest.mark.parametrize("header", [OLD_HEADER, NEW_HEADER])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("interval", "rate"),
    [("2.0833333333333333E-5", 48000), ("2.2675737E-5", 44100), ("1.0416666666666666E-5", 96000)],
)
def test_an_export_of_rew_has_its_rate_and_its_time_0(header, newline, interval, rate, folder):
    text = header.format(interval=interval, start=-2 * float(interval)) + column(VALUES)
    (folder / "rew.txt").write_bytes(text.replace("\n", newline).encode())
    impulse = load_impulse("rew.txt")
    assert (impulse.rate, impulse.origin, impulse.notes) == (rate, 2, ())
    np.testing.assert_array_equal(impulse.taps.ravel(), VALUES)
    assert load_impulse("rew.txt:rate=12345").rate == 12345


@pytest.mark.parametrize("options", ["", ":rate=8000"])
@pytest.mark.parametrize(
    ("start", "silence", "origin"),
    [("0.0", 0, 0), ("1e-4", 1, 0), ("0.01", 100, 0), ("-0.0005", 0, 5)],
)
def test_time_0_is_where_an_export_has_it(start, silence, origin, options, folder):
    """In frames of its own interval, also where its rate is overridden."""
    text = NEW_HEADER.format(interval=1e-4, start=start) + column(VALUES)
    (folder / "rew.txt").write_text(text)
    impulse = load_impulse(f"rew.txt{options}")
    assert impulse.origin == origin
    np.testing.assert_array_equal(impulse.taps.ravel(), [0] * silence + VALUES)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ("-6e-4", "has a start time of -0.0006 s, which puts time 0 behind its last frame (6 fra"),
        ("-1.0", "has a start time of -1 s, which puts time 0 behind its last frame"),
        ("-1e999", "has a start time of -inf s, which puts time 0 behind its last frame"),
        ("61", "has a start time of 61 s, so 610000 frames of silence come first; they must be at"),
        ("1e999", "has a start time of inf s, so inf frames"),
        ("nan", "has 'nan' on line 10, which is not a number"),
        ("-Infinity", "has '-Infinity' on line 10, which is not a number"),
        ("-5 ms", "has '-5 ms' on line 10, which is not a number"),
        ("1_0", "has '1_0' on line 10, which is not a number"),
    ],
)
def test_a_start_time_that_cannot_be_is_refused(start, message, folder):
    text = NEW_HEADER.format(interval=1e-4, start=start) + column(VALUES)
    (folder / "rew.txt").write_text(text)
    with pytest.raises(FormatError) as refused:
        load_impulse("rew.txt")
    assert message in str(refused.value)


def test_a_start_time_without_an_interval_is_at_the_rate_given(folder):
    text = NEW_HEADER.format(interval=0, start=-0.0005) + column(VALUES)
    (folder / "rew.txt").write_text(text)
    assert load_impulse("rew.txt:rate=10000").origin == 5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1e-4", "1.03e-5", "has a sample interval of 1.03e-05 s, whose inverse is not a whole"),
        ("1e-4", "0", "has a sample interval of 0 s"),
        ("1e-4", "1e999", "has a sample interval of inf s"),
        ("1e-4", "1,03E-5", "has '1,03E-5' on line 9, which is not a number"),
        ("6 // Resp", "7 // Resp", "has 6 values, but its header states 7; export it again"),
        ("1e-4", "1e-4 s", "has '1e-4 s' on line 9, which is not a number"),
        ("Sample int", "A sample int", "has '//' on line 6, which is not a number"),
    ],
)
def test_an_export_that_is_damaged_is_refused(old, new, message, folder):
    text = NEW_HEADER.format(interval="1e-4", start=0) + column(VALUES)
    assert text.count(old) == 1
    (folder / "rew.txt").write_text(text.replace(old, new))
    with pytest.raises(AudioconvError) as refused:
        load_impulse("rew.txt")
    assert message in str(refused.value)


TEXTS = {
    "a column": column(VALUES),
    "comments": "# taps\n* of REW\n% of Matlab\n; of old\n// of C\n\n" + column(VALUES),
    "a title": "h[n]\n" + column(VALUES),
    "no end": column(VALUES).rstrip(),
    "old Mac": column(VALUES).replace("\n", "\r"),
    "spaces": "".join(f"  {value:+.9e}  \n" for value in VALUES),
    "trailing commas": "".join(f"{value},\n" for value in VALUES),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("kind", TEXTS)
def test_a_column_of_numbers_is_read(kind, encoding, folder):
    (folder / "taps.txt").write_bytes(TEXTS[kind].encode(encoding))
    impulse = load_impulse("taps.txt:rate=44100")
    assert (impulse.rate, impulse.origin) == (44100, 0)
    np.testing.assert_array_equal(impulse.taps.ravel(), VALUES)


@pytest.mark.parametrize("separator", [",", ", ", ";", "\t", "  "])
def test_one_of_several_columns_is_chosen(separator, folder):
    rows = [f"{n / 8000}{separator}{value}\n" for n, value in enumerate(VALUES)]
    (folder / "taps.csv").write_text(f"time{separator}value\n{''.join(rows)}")
    np.testing.assert_array_equal(load_impulse("taps.csv:channel=2,rate=8000").taps.ravel(), VALUES)
    both = load_impulse("taps.csv:rate=8000,channels=2,1").taps
    np.testing.assert_array_equal(both[:, 1], np.arange(6) / 8000)


EXAMPLES = [
    ("taps.csv", "taps.csv:rate=48000,channel=2"),
    ("taps.csv:rate=8000", "taps.csv:rate=8000,channel=2"),
    ("taps.csv:channel=1", "taps.csv:rate=48000,channel=1"),
    ("taps.csv:channels=2,1", "taps.csv:rate=48000,channels=2,1"),
    ("one.txt", "one.txt:rate=48000"),
    ("comma.csv", "comma.csv:rate=48000,channel=2"),
    ("comma.csv:rate=8000", "comma.csv:rate=8000,channel=2"),
    ("rew.txt", "rew.txt:rate=48000,channel=2"),
    ("rew.txt:channel=1", "rew.txt:rate=48000,channel=1"),
    ("taps.raw", "taps.raw:format=FLOAT_LE,rate=48000"),
    ("taps.raw:format=S16_BE", "taps.raw:format=S16_BE,rate=48000"),
    ("taps.raw:rate=8000", "taps.raw:format=FLOAT_LE,rate=8000"),
    ("taps.raw:channels=2,channel=2", "taps.raw:format=FLOAT_LE,rate=48000,channels=2,channel=2"),
    ("taps.raw:format=s16_be,channels=2", "taps.raw:format=s16_be,rate=48000,channels=2"),
    ("taps.dbl:channels=2", "taps.dbl:rate=48000,channels=2"),
]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_the_name_in_an_error_has_all_that_is_needed(name, example, folder):
    table = "".join(f"{n / 8000};{value}\n" for n, value in enumerate(VALUES))
    (folder / "taps.csv").write_text(table)
    (folder / "comma.csv").write_text("1,5\n2,5\n")
    (folder / "one.txt").write_text(column(VALUES))
    (folder / "rew.txt").write_text(NEW_HEADER.format(interval="1.03e-5", start=0) + table)
    for suffix in ("raw", "dbl"):
        (folder / f"taps.{suffix}").write_bytes(RAW["FLOAT64_LE"][0])
    with pytest.raises(AudioconvError) as refused:
        load_impulse(name)
    assert str(refused.value).endswith(f", as in {example}")
    load_impulse(example)


def test_an_option_that_is_wrong_is_refused_before_one_that_is_missing(folder):
    (folder / "taps.raw").write_bytes(bytes(8))
    for name in ("taps.raw:format=FLOAT", "taps.raw:rate=0", "taps.raw:channels=0"):
        with pytest.raises(UsageError, match=r"taps\.raw: (format|rate|channels) is"):
            load_impulse(name)


def test_what_numpy_writes_is_read(folder):
    taps = TAPS / 2**15
    np.savetxt("taps.txt", taps[:, 0], header="taps")
    np.testing.assert_array_equal(load_impulse("taps.txt:rate=8000").taps, taps[:, :1])
    np.savetxt("taps.csv", taps, delimiter=",")
    np.testing.assert_array_equal(load_impulse("taps.csv:channels=1,2,rate=8000").taps, taps)


@pytest.mark.parametrize(
    ("text", "name", "kind", "message"),
    [
        (
            "0.5\n",
            "taps.txt",
            UsageError,
            "has no rate of its own; name it, as in taps.txt:rate=48",
        ),
        ("0,5\n0,25\n", "taps.txt:rate=8000", FormatError, "has '0,5' on line 1: a decimal comma"),
        ("1\n0,25\n", "taps.txt:rate=8000", FormatError, "has '0,25' on line 2: a decimal comma"),
        ("0,5;1\n", "taps.csv:rate=8000,channel=1", FormatError, "write decimal points, and one"),
        ("1,5E-3\t2\n", "taps.csv:rate=8000,channel=1", FormatError, "decimal commas, or columns"),
        ("0.5\nhalf\n", "taps.txt:rate=8000", FormatError, "'half' on line 2, which is not a numb"),
        ("0.5\n1 2\n", "taps.txt:rate=8000", FormatError, "has 2 numbers on line 2, after 1 on"),
        ("1 2 3\n", "taps.txt:rate=8000", UsageError, "has 3 numbers on one line; write one on"),
        ("", "taps.txt:rate=8000", FormatError, "holds no numbers; there is no impulse in it"),
        ("h\nof\n1\n", "taps.txt:rate=8000", FormatError, "has 'of' on line 2, which is not a num"),
        ("# nothing\n", "taps.txt:rate=8000", FormatError, "holds no numbers"),
        ("1\nnan\n", "taps.txt:rate=8000", FormatError, "'nan' on line 2, which is not a number"),
        ("1\n1_0\n", "taps.txt:rate=8000", FormatError, "'1_0' on line 2, which is not a number"),
        ("1;1_0\n", "taps.txt:rate=8000", FormatError, "'1_0' on line 1, which is not a number"),
        ("-infinity\n", "taps.txt:rate=8000", FormatError, "'-infinity' on line 1, which is not"),
        ("\u0661\n", "taps.txt:rate=8000", FormatError, "on line 1, which is not a number"),
        ("1\n1e999\n", "taps.txt:rate=8000", FormatError, "not finite at frame 1 (0.000125 s)"),
        ("1\n", "taps.txt:rate=0", UsageError, "taps.txt: rate is 0 Hz; it must be between 1"),
        ("1\n", "taps.txt:rate=1e9", UsageError, "taps.txt: rate is 1e+09 Hz"),
        ("1\n", "taps.txt:rate=8000,channel=2", UsageError, "channel is 2, but there is 1 channel"),
        ("1\n", "taps.txt:format=FLOAT_LE", UsageError, "taps.txt has no parameter 'format'"),
        ("\0\1", "taps.txt:rate=8000", FormatError, "taps.txt is not text; give a binary file an"),
        (
            FREQUENCY_RESPONSE,
            "taps.txt:rate=8000",
            FormatError,
            "is a frequency response (Freq(Hz)",
        ),
        ("Filter Settings file\nFilter 1: ON PK\n", "taps.txt:rate=8000", FormatError, "'Filter'"),
        ("0.5 // first\n", "taps.txt:rate=8000", FormatError, "'//' on line 1, which is not a num"),
    ],
)
def test_text_that_is_no_impulse_is_refused(text, name, kind, message, call, folder):
    (folder / name.partition(":")[0]).write_text(text)
    with pytest.raises(kind) as refused:
        load_impulse(name)
    assert message in str(refused.value)
    code = refused.value.exit_code
    assert message in call("convolve", "in.wav", "o.wav", "--ir", name, code=code).err


def packed(values, order):
    """Return 24-bit integers, each in three bytes, by the definition."""
    return b"".join(int(value).to_bytes(3, order, signed=True) for value in values)


FLAT = TAPS.ravel().tolist()
RAW = {
    "S16_LE": (struct.pack("<96h", *FLAT), 2**15),
    "S16_BE": (struct.pack(">96h", *FLAT), 2**15),
    "S24_3LE": (packed(FLAT, "little"), 2**23),
    "S24_3BE": (packed(FLAT, "big"), 2**23),
    "S32_LE": (struct.pack("<96i", *FLAT), 2**31),
    "S32_BE": (struct.pack(">96i", *FLAT), 2**31),
    "FLOAT_LE": (struct.pack("<96f", *FLAT), 1),
    "FLOAT_BE": (struct.pack(">96f", *FLAT), 1),
    "FLOAT64_LE": (struct.pack("<96d", *FLAT), 1),
    "FLOAT64_BE": (struct.pack(">96d", *FLAT), 1),
}


@pytest.mark.parametrize("name", ["taps.raw", "taps.pcm", "taps.bin", "taps", "taps.f32"])
@pytest.mark.parametrize("form", RAW)
def test_raw_samples_are_read_by_their_format(form, name, folder):
    data, scale = RAW[form]
    (folder / name).write_bytes(data)
    impulse = load_impulse(f"{name}:format={form.lower()},rate=8000,channels=2")
    assert impulse.rate == 8000
    np.testing.assert_array_equal(impulse.taps, TAPS / scale)
    one = load_impulse(f"{name}:rate=8000,format={form},channels=2,channel=2").taps
    np.testing.assert_array_equal(one, TAPS[:, 1:] / scale)


@pytest.mark.parametrize(
    ("suffix", "form"), [(".f32", "FLOAT_LE"), (".F64", "FLOAT64_LE"), (".dbl", "FLOAT64_LE")]
)
def test_some_suffixes_say_the_format(suffix, form, folder):
    (folder / f"taps{suffix}").write_bytes(RAW[form][0])
    taps = load_impulse(f"taps{suffix}:rate=44100").taps
    np.testing.assert_array_equal(taps.ravel(), FLAT)


def test_eight_bits_are_unsigned(folder):
    (folder / "taps.raw").write_bytes(bytes([0, 128, 255]))
    taps = load_impulse("taps.raw:format=U8,rate=8000").taps
    np.testing.assert_array_equal(taps.ravel(), [-1, 0, 127 / 128])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("taps.raw", "states no format and no rate"),
        ("taps.raw", "name them, as in taps.raw:format=FLOAT_LE,rate=48000"),
        (
            "taps.raw:rate=8000",
            "state no format; name it, as in taps.raw:format=FLOAT_LE,rate=8000",
        ),
        ("taps.raw:format=S16_LE", "state no rate; name it, as in taps.raw:format=S16_LE,rate=4"),
        ("taps.dbl", "state no rate; name it, as in taps.dbl:rate=48000"),
        ("taps.raw:format=S24_LE,rate=1", "24 bits in 4 bytes, which programs align differently"),
        (
            "taps.raw:format=FLOAT,rate=1",
            "format is 'FLOAT'; did you mean 'FLOAT_LE'? there are U8",
        ),
        ("taps.raw:format=f32le,rate=1", "format is 'F32LE'; did you mean 'FLOAT_LE'? there are"),
        ("taps.raw:format=PCM_16,rate=1", "format is 'PCM_16'; did you mean 'S16_LE'? there are"),
        ("taps.raw:format=S16_LE,rate=0", "taps.raw: rate is 0 Hz; it must be between 1 and"),
        ("taps.raw:format=S16_LE,rate=8000,channels=0", "channels is 0; it must be between 1 and"),
        ("taps.raw:format=S16_LE,rate=8000,channels=65", "channels is 65"),
        ("taps.raw:format=S16_LE,rate=8000,channels=2,channel=3", "channel is 3, but there are 2"),
        ("taps.raw:format=S16_LE,rate=8000,width=2", "taps.raw has no parameter 'width'"),
    ],
)
def test_raw_samples_without_what_is_needed_are_refused(name, message, call, folder):
    for suffix in ("raw", "dbl"):
        (folder / f"taps.{suffix}").write_bytes(RAW["FLOAT64_LE"][0])
    said = call("convolve", "in.wav", "o.wav", "--ir", name, code=2).err
    assert message.replace("states", "state") in said


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (bytes(7), "format=S16_LE", "has 7 bytes, not a whole number of 2-byte frames"),
        (
            bytes(6),
            "format=S16_LE,channels=2",
            "has 6 bytes, not a whole number of 4-byte frames (PCM_16, 2 channels)",
        ),
        (b"", "format=S16_LE", "has 0 bytes"),
        (struct.pack("<2f", 1, np.inf), "format=FLOAT_LE", "not finite at frame 1 (0.000125 s)"),
    ],
)
def test_raw_samples_that_cannot_be_are_refused(data, options, message, call, folder):
    (folder / "taps.raw").write_bytes(data)
    name = f"taps.raw:rate=8000,{options}"
    assert message in call("convolve", "in.wav", "o.wav", "--ir", name, code=1).err


def test_the_suffix_says_more_than_the_format(folder):
    soundfile.write("hall.wav", TAPS / 2**16, RATE)
    with pytest.raises(UsageError, match=r"hall\.wav has no parameter 'format'"):
        load_impulse("hall.wav:format=FLOAT_LE,rate=8000")
    assert kind_of("hall.txt", "format=U8") == "text"
    assert kind_of("x", "rate=1,format=U8") == "raw"
    assert kind_of("x", "information=1") == "sound"


def test_files_that_are_too_large_are_refused(monkeypatch, folder):
    from audioconv.ir import raw, text

    (folder / "taps.raw").write_bytes(bytes(100))
    (folder / "taps.txt").write_text("0\n" * 50)
    monkeypatch.setattr(text, "MAX_BYTES", 99)
    monkeypatch.setattr(raw, "MAX_SAMPLES", 49)
    for name in ("taps.raw:format=S16_LE,rate=8000", "taps.txt:rate=8000"):
        with pytest.raises(FormatError, match=r"has over \d\d bytes, the limit; trim it"):
            load_impulse(name)


NAMES = [
    "taps.txt:rate=8000",
    "taps.csv:rate=8000,channel=2",
    "rew.txt",
    "taps.raw:format=S24_3BE,rate=8000",
    "taps.raw:rate=16000,format=S24_3BE,channels=2",
    "taps.dbl:rate=8000,channels=2",
    "taps:format=S16_LE,rate=8000",
    "join:taps.txt:rate=8000,taps.raw:format=S24_3BE,rate=8000,channels=2,taps.dbl:rate=8000",
]


@pytest.mark.parametrize("recipe", ["chunk", "sidecar"])
@pytest.mark.parametrize("name", NAMES)
def test_coefficients_are_convolved_verified_and_made_again(name, recipe, call, redone, folder):
    (folder / "taps.txt").write_text(column(VALUES))
    (folder / "taps.csv").write_text("".join(f"{n},{v}\n" for n, v in enumerate(VALUES)))
    rew = NEW_HEADER.format(interval=1 / 8000, start=0) + column(VALUES)
    (folder / "rew.txt").write_text(rew)
    (folder / "taps.raw").write_bytes(RAW["S24_3BE"][0])
    (folder / "taps.dbl").write_bytes((TAPS / 2**20).astype("<f8").tobytes())
    (folder / "taps").write_bytes(RAW["S16_LE"][0])
    options = ("--ir", name)
    call("convolve", "in.wav", "o.wav", *options, "--subtype=DOUBLE", "--recipe", recipe)
    impulse = load_impulse(name)
    if impulse.rate == RATE:
        expected = [np.convolve(SOUND[:, 0] / 2**15, taps) for taps in impulse.taps.T]
        made = soundfile.read("o.wav", always_2d=True)[0]
        # sums of at most 96 products below 1
        np.testing.assert_allclose(made, np.stack(expected, axis=1), rtol=0, atol=2.0**-44)
    call("verify", "in.wav", "o.wav", *options)
    (folder / "a.wav").write_text("no sound")  # `redo` passes over it
    call("redo", "o.wav")
    if recipe == "sidecar":
        redone("o.wav")


def test_redo_takes_a_file_of_the_same_kind(call, folder):
    (folder / "taps.txt").write_text(column(VALUES))
    call("convolve", "in.wav", "o.wav", "--ir=taps.txt:rate=8000", "--recipe=sidecar")
    ingredient = json.loads((folder / "o.wav.json").read_text())["impulses"][0]
    assert (ingredient["kind"], ingredient["place"]) == ("text", "rate=8000")
    (folder / "taps.txt").rename(folder / "a.dat")
    assert "is neither beside it nor" in call("redo", "o.wav", code=1).err
    (folder / "a.dat").rename(folder / "b.csv")
    assert "b.csv:rate=8000" in call("redo", "o.wav").err


def test_raw_samples_come_through_a_pipe(call, folder, piped):
    piped(RAW["S16_BE"][0])
    options = "format=S16_BE,rate=8000,channels=2"
    call("convolve", "in.wav", "piped.wav", f"--ir=-:{options}")
    (folder / "taps.raw").write_bytes(RAW["S16_BE"][0])
    call("convolve", "in.wav", "o.wav", f"--ir=taps.raw:{options}")
    np.testing.assert_array_equal(soundfile.read("piped.wav")[0], soundfile.read("o.wav")[0])
    call("redo", "piped.wav")


def test_commands_on_impulses_read_them_too(call, folder):
    (folder / "taps.txt").write_text(column(VALUES))
    call("ir", "edit", "taps.txt:rate=44100", "o.wav", "--gain=0.5")
    made, rate = soundfile.read("o.wav")
    np.testing.assert_array_equal(made, np.multiply(VALUES, 0.5))
    assert rate == 44100
    assert "44100 Hz, 1 channel, 6 frames" in call("ir", "info", "taps.txt:rate=44100").out
