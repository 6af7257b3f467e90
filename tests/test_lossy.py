"""Lossy outputs: quality and bit rate, in the file, the report and the recipe."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audioconv._version import __version__
from audioconv.errors import AudioconvError, UsageError
from audioconv.files import TRANSPARENT, Digest, SoundInfo, encode_all, refuse_unfit, suffix_notice
from audioconv.files.encoders import CACHED
from audioconv.job import Job, Options
from audioconv.render.recipe import Recipe
from audioconv.render.redo import redo
from audioconv.render.run import run
from audioconv.units import parse_quality

OPUS_RATE = 48000
NO_QUALITY = Recipe(__version__, Digest("0" * 64, 0), (), {})
"""Recipe as of version 0.1.0, which had no qualities."""

CODERS = {"MPEG_LAYER_III": "out.mp3", "VORBIS": "out.ogg", "OPUS": "out.opus"}

MPEG_1 = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
MPEG_2 = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
"""Bit rates in kbit/s by their index in the header, from 1 (ISO/IEC 11172-3 and 13818-3)."""


@pytest.fixture
def folder(tmp_path, monkeypatch, samples):
    """Return the working directory, with a sound at 44.1 kHz in it, and the same at 48 kHz."""
    monkeypatch.chdir(tmp_path)
    guitar, rate = soundfile.read(samples / "guitar.wav")
    soundfile.write("guitar.wav", guitar, rate)
    soundfile.write("guitar48.wav", guitar, OPUS_RATE)
    return tmp_path


def source_of(coder):
    return "guitar48.wav" if coder == "OPUS" else "guitar.wav"


def coded(coder, **options):
    """Code a sound and return the outcome, and the bytes."""
    how = Options(overwrite=True, **options)
    outcome = run(Job(source_of(coder), CODERS[coder], ["delta"], how))
    return outcome, Path(CODERS[coder]).read_bytes()


def snr(path, reference):
    """Return the ratio of a sound to the error of a coded one in dB."""
    (sound, _), (got, _) = soundfile.read(reference), soundfile.read(path)
    error = got[: len(sound)] - sound
    return 10 * math.log10(np.square(sound).sum() / np.square(error).sum())


# quality


@pytest.mark.parametrize("coder", CODERS)
def test_more_quality_is_a_larger_file_and_a_smaller_error(coder, folder):
    found = []
    for quality in (0, 0.25, 0.5, 0.75, 1):
        _, data = coded(coder, quality=quality)
        found.append((len(data), snr(CODERS[coder], source_of(coder))))
    sizes, ratios = zip(*found, strict=True)
    assert all(np.diff(sizes) > 0), sizes
    assert all(np.diff(ratios) > 0), ratios


@pytest.mark.parametrize(("coder", "kilobits"), [("MPEG_LAYER_III", 200), ("VORBIS", 150)])
def test_the_default_is_far_better_than_that_of_the_encoder(coder, kilobits, folder):
    """It was 107 kbit/s of MP3 and 96 of Vorbis: 16 and 6 dB more noise than now."""
    outcome, _ = coded(coder)
    assert outcome.bit_rate >= 1000 * kilobits
    better = snr(CODERS[coder], source_of(coder))
    run(Job(source_of(coder), f"own-{CODERS[coder]}", ["delta"]), follows=NO_QUALITY)
    assert better - snr(f"own-{CODERS[coder]}", source_of(coder)) > 5


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_the_default_of_opus_is_106_kilobits_for_each_channel(channels, folder):
    noise = 0.1 * np.random.default_rng(0).standard_normal((5 * OPUS_RATE, channels))
    soundfile.write("noise.wav", noise, OPUS_RATE)
    outcome = run(Job("noise.wav", "out.opus", ["delta"]))
    assert 106_000 * channels <= outcome.bit_rate <= opus_bytes(5, 106_000, channels)[1] * 8 / 5


def test_an_mp3_of_320_kilobits_stays_good(folder):
    """The error that is added is 50 dB down; by LAME's own default it was 37."""
    soundfile.write(
        "best.mp3",
        *soundfile.read("guitar.wav"),
        compression_level=0,
        bitrate_mode="CONSTANT",
    )
    outcome = run(Job("best.mp3", "out.mp3", ["delta"]))
    assert outcome.bit_rate > 200_000
    assert snr("out.mp3", "best.mp3") > 50


@pytest.mark.parametrize("coder", CODERS)
def test_the_default_is_a_quality_of_its_own(coder, folder):
    assert coded(coder)[1] == coded(coder, quality=TRANSPARENT[coder])[1]


@pytest.mark.parametrize("quality", [None, 0.3])
@pytest.mark.parametrize("coder", CODERS)
def test_the_bytes_are_the_same_every_time(coder, quality, folder):
    assert len({coded(coder, quality=quality, threads=n)[1] for n in (1, 2, 1)}) == 1


# bit rates


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000])
def test_every_bit_rate_of_mp3_is_honoured(rate, channels):
    """A frame holds 1152 samples (576 below 32 kHz), and there are as many as it takes.

    To those of the sound the encoder adds its delay, filled up, and a frame for its own tag.
    """
    table = MPEG_1 if rate >= 32000 else MPEG_2 if rate >= 16000 else MPEG_2[:8]
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (rate, channels))
    length = 1152 if rate >= 32000 else 576
    for kilobits in table:
        quality = 1000.0 * kilobits
        info = SoundInfo("o.mp3", "MP3", "MPEG_LAYER_III", rate, channels, rate, quality)
        data = encode_all(info, noise)
        index = data[2] >> 4
        assert (MPEG_1 if rate >= 32000 else MPEG_2)[index - 1] == kilobits
        frames = len(data) / (length / 8 * quality / rate)
        assert rate / length < frames < rate / length + 4.5


def opus_bytes(seconds, bits, channels):
    """Return the least and the most bytes of an Opus file at a rate of `bits` for each channel.

    Packets of 20 ms hold the sound and 6.5 ms of delay. The constrained variable bit rate keeps the
    average but for a few packets. Around them are headers with 512 bytes of padding, and a page
    header of 27 bytes and up to 255 lengths each second, one length for 255 bytes of a packet.
    """
    packets, packet = math.ceil((seconds + 0.0065) / 0.02), bits * channels * 0.02 / 8
    lengths = packets * (1 + packet / 255)
    return (packets - 2) * packet, (packets + 4) * packet + lengths + 27 * (seconds + 4) + 1000


@pytest.mark.parametrize("kilobits", [48, 96, 128, 192, 192.5, 256, 400])
def test_a_bit_rate_of_opus_is_honoured(kilobits, folder):
    _, data = coded("OPUS", quality=f"{kilobits}k")
    seconds = soundfile.info("guitar48.wav").duration
    least, most = opus_bytes(seconds, 500 * kilobits, 2)
    assert least < len(data) < most


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("0.5", 0.5),
        ("50%", 0.5),
        ("1", 1),
        ("192k", 192_000),
        ("192.5k", 192_500),
        ("96000", 96_000),
    ],
)
def test_a_quality_is_read(text, number):
    assert parse_quality(text) == number
    assert Options(quality=text) == Options(quality=number)


@pytest.mark.parametrize("text", ["", "good", "192kbit", "192 kbit/s", "nan", "inf", "k", "1M"])
def test_text_that_is_no_quality_is_refused(text, call, folder):
    expected = f"{text!r} is not a quality; write 0.8, or a bit rate such as 192k"
    with pytest.raises(UsageError) as caught:
        Options(quality=text)
    assert str(caught.value) == f"quality: {expected}"
    line = ["convolve", "guitar.wav", "out.mp3", "--ir", "delta", f"--quality={text}"]
    assert call(*line, code=2).err == f"error: Invalid value for '--quality': {expected}\n"


WRONG = {
    "-0.1": "--quality is -0.1; it must be between 0 and 1 (best), or a bit rate such as 192k",
    "1.5": "--quality is 1.5; it must be between 0 and 1 (best), or a bit rate such as 192k",
    "192": "--quality is 192; it must be between 0 and 1 (best), or a bit rate such as 192k",
    "out.ogg 192k": "Vorbis takes no bit rate, but --quality is 192k; use a number from 0 to 1",
    "100k": f"MP3 at 44100 Hz has the bit rates {', '.join(f'{one}k' for one in MPEG_1)}, but "
    "--quality is 100k; use one of them, or a number from 0 to 1",
    "321k": "but --quality is 321k",
    "out.opus 11k": "Opus has bit rates from 12k to 512k for 2 channels, but --quality is 11k; use "
    "one of them, or a number from 0 to 1",
    "out.opus 513k": "but --quality is 513k",
}


@pytest.mark.parametrize("case", WRONG)
def test_a_quality_that_the_coder_lacks_is_refused_before_any_work(case, call, folder):
    *out, quality = case.split()
    output = out[0] if out else "out.mp3"
    source = "guitar48.wav" if output == "out.opus" else "guitar.wav"
    before = sorted(folder.iterdir())
    said = call("convolve", source, output, "--ir", "delta", f"--quality={quality}", code=2)
    assert WRONG[case] in said.err
    assert said.err.count("\n") == 1
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (math.nan, "quality is nan; it must be a number from 0 to 1"),
        (math.inf, "quality is inf; it must be a number from 0 to 1"),
        (-1, "`quality` is -1; it must be between 0 and 1"),
    ],
)
def test_a_number_that_is_no_quality_is_refused(wrong, message, folder):
    with pytest.raises(UsageError, match=message):
        run(Job("guitar.wav", "out.mp3", ["delta"], Options(quality=wrong)))


def test_what_is_no_number_is_refused_in_python():
    for wrong in (True, [0.5]):
        with pytest.raises(UsageError, match="it must be a number from 0 to 1, or a bit rate such"):
            Options(quality=wrong)


@pytest.mark.parametrize(
    ("rate", "kilobits"), [(48000, 8), (44100, 144), (24000, 192), (16000, 320), (8000, 80)]
)
def test_an_mp3_has_the_bit_rates_of_its_mpeg_version(rate, kilobits):
    info = SoundInfo("o.mp3", "MP3", "MPEG_LAYER_III", rate, 2, None, 1000.0 * kilobits)
    with pytest.raises(UsageError, match=f"MP3 at {rate} Hz has the bit rates"):
        refuse_unfit(info)


@pytest.mark.parametrize(
    ("out", "more"),
    [
        ("out.wav", []),
        ("out.flac", []),
        ("out.wav", ["--subtype", "IMA_ADPCM"]),
        ("out.wav", ["--subtype", "ULAW"]),
        ("out.caf", ["--subtype", "ALAC_16"]),
    ],
)
def test_a_quality_that_changes_nothing_is_a_notice(out, more, call, folder):
    line = ["convolve", "guitar.wav", out, "--ir", "delta", *more]
    call(*line)
    plain = Path(out).read_bytes()
    for quality in ("0.5", "192k"):
        said = call(*line, "-y", "--quality", quality)
        assert "notice: --quality has no effect on" in said.err
        assert Path(out).read_bytes() == plain  # the recipe in a WAV too
    assert "(an error under --strict)" in call(*line, "-y", "--quality=1", "--strict", code=1).err


# the report


@pytest.mark.parametrize(
    ("out", "more", "name"),
    [
        ("out.mp3", [], "MP3"),
        ("out.mp3", ["--quality", "320k"], "MP3"),
        ("out.ogg", [], "Vorbis"),
        ("out.wav", ["--subtype", "IMA_ADPCM"], "IMA_ADPCM"),
        ("out.opus", [], "Opus"),
    ],
)
def test_the_report_states_codec_and_bit_rate(out, more, name, call, folder):
    source = "guitar48.wav" if out == "out.opus" else "guitar.wav"
    said = call("convolve", source, out, "--ir", "delta", "--json", *more)
    seconds = soundfile.info(source).duration
    bits = json.loads(said.out)["bit_rate"]
    assert bits == round(8 * Path(out).stat().st_size / seconds)
    (line,) = [line for line in said.err.splitlines() if line.startswith("  output")]
    assert line.endswith(f" Hz, {name} at {bits / 1000:.0f} kbit/s")


def test_a_lossless_output_has_no_bit_rate(call, folder):
    said = call("convolve", "guitar.wav", "out.flac", "--ir", "delta", "--json")
    assert json.loads(said.out)["bit_rate"] is None
    assert "Hz, PCM_16\n" in said.err


def test_help_of_what_writes_sound_has_the_option(call):
    for command in ("convolve", "echo"):
        assert "--quality QUALITY" in call(command, "--help-all").out
    assert "--quality" not in call("explain", "--help").out  # whose page keeps no sound


# the recipe


def sidecar(path):
    return json.loads(Path(f"{path}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("coder", "quality", "kept"),
    [(coder, None, quality) for coder, quality in TRANSPARENT.items()]
    + [("MPEG_LAYER_III", "160k", 160_000), ("OPUS", "96k", 96_000), ("VORBIS", 0.3, 0.3)],
)
def test_a_lossy_output_is_made_again_from_its_recipe(coder, quality, kept, folder):
    coded(coder, quality=quality, recipe="sidecar")
    assert sidecar(CODERS[coder])["options"]["quality"] == kept
    assert redo(CODERS[coder]).same


@pytest.mark.parametrize("coder", CODERS)
def test_a_recipe_without_a_quality_means_that_of_the_encoder(coder, folder):
    """As version 0.1.0 wrote them, by the encoder's own default."""
    out = CODERS[coder]
    job = Job(source_of(coder), out, ["delta"], Options(recipe="sidecar"))
    run(job, follows=NO_QUALITY)
    assert "quality" not in sidecar(out)["options"]
    sound, rate = soundfile.read(source_of(coder))
    form = soundfile.info(out).format
    with soundfile.SoundFile(f"theirs-{out}", "w", rate, 2, coder, format=form) as theirs:
        for start in range(0, len(sound), CACHED):  # Vorbis begins by the length of the first
            theirs.write(sound[start : start + CACHED])
    np.testing.assert_array_equal(soundfile.read(out)[0], soundfile.read(f"theirs-{out}")[0])
    assert redo(out).same
    made = Path(out).read_bytes()
    Path(out).unlink()
    assert redo(out).same  # what is brought back has the recipe that it had
    assert Path(out).read_bytes() == made
    assert "quality" not in sidecar(out)["options"]


def test_a_recipe_of_a_lossless_output_has_no_quality(folder):
    run(Job("guitar.wav", "out.flac", ["delta"], Options(recipe="sidecar", quality=0.5)))
    assert "quality" not in sidecar("out.flac")["options"]


@pytest.mark.parametrize("quality", ['"loud"', "7", "-1", "null", "NaN", "true", "[]"])
def test_a_recipe_with_an_odd_quality_is_one_error(quality, folder):
    coded("VORBIS", recipe="sidecar")
    path = Path("out.ogg.json")
    text = path.read_text(encoding="utf-8")
    assert text.count('"quality": 0.8') == 1
    path.write_text(text.replace('"quality": 0.8', f'"quality": {quality}'), encoding="utf-8")
    with pytest.raises(AudioconvError):
        redo("out.ogg")


# names


SUFFIX_NOTICES = {
    ("y.wav", "FLAC", "PCM_16"): ("WAV", "FLAC", "the suffix .flac"),
    ("Y.WAV", "AIFF", "PCM_16"): ("WAV", "AIFF", "the suffix .aiff"),
    ("y.flac", "WAV", "PCM_16"): ("FLAC", "WAV", "the suffix .wav"),
    ("y.mp3", "WAVEX", "PCM_16"): ("MP3", "WAVEX", "the suffix .wav"),
    ("y.opus", "OGG", "VORBIS"): ("OPUS", "VORBIS", "the suffix .ogg"),
    ("y.mp3", "OGG", "OPUS"): ("MP3", "OGG", "the suffix .opus"),
    ("y.wav", "VOC", "PCM_16"): ("WAV", "VOC", "another suffix"),
}


@pytest.mark.parametrize("case", SUFFIX_NOTICES)
def test_a_suffix_of_another_format_is_a_notice(case):
    usual, held, use = SUFFIX_NOTICES[case]
    expected = f"{case[0]} has the suffix of {usual}, but holds {held}; use {use}"
    assert suffix_notice(*case) == expected


@pytest.mark.parametrize(
    "case",
    [
        ("y.wav", "RF64", "PCM_16"),
        ("y.wave", "WAVEX", "PCM_16"),
        ("y.ogg", "OGG", "OPUS"),
        ("y.opus", "OGG", "OPUS"),
        ("y.AIF", "AIFF", "PCM_16"),
        ("y.bak", "FLAC", "PCM_16"),
        ("y", "FLAC", "PCM_16"),
        ("-", "WAV", "PCM_16"),
    ],
)
def test_a_suffix_that_fits_or_says_nothing_is_none(case):
    assert suffix_notice(*case) is None


def test_flac_under_the_name_of_a_wav_is_reported(call, folder):
    line = ["convolve", "guitar.wav", "y.wav", "--ir", "delta", "--format", "FLAC"]
    said = call(*line)
    assert "notice: y.wav has the suffix of WAV, but holds FLAC; use the suffix .flac\n" in said.err
    assert soundfile.info("y.wav").format == "FLAC"
    assert "has the suffix of WAV" in call(*line, "-y", "--strict", code=1).err
    assert "notice" not in call("convolve", "guitar.wav", "y.flac", "--ir", "delta").err
