"""Plots: their numbers, bytes and looks, hostile file names, and memory."""

import os
import re
import subprocess
import sys
import tracemalloc
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
import soundfile
from matplotlib.figure import Figure
from PIL import Image
from references.make_references import HERE, VERSION, draw_all, make_sounds

from audioconv.parameters import summary
from audioconv.plot import PLOTS, axes, labels, null, style
from audioconv.plot.null import describe
from audioconv.plot.options import Look
from audioconv.plot.waveform import waveform
from audioconv.verify.compare import Difference
from impulses import Impulse
from impulses.acoustics.figures import RANGES
from impulses.acoustics.iso3382 import measure
from impulses.spectra import cumulative_decay, response

TESTS = Path(__file__).parent

OTHER = {"waveform": ".svg", "spectrogram": ".pdf", "waterfall": ".svg", "decay": ".pdf"}
"""Formats of some plots besides PNG."""


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    return make_sounds(tmp_path_factory.mktemp("sounds"))


@pytest.fixture(scope="module")
def pictures(sounds, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return {**draw_all(sounds, folder), **draw_all(sounds, folder, OTHER)}


@pytest.fixture
def drawn(monkeypatch):
    """Collect the figures that are drawn instead of rendering them."""
    figures = []

    def keep(figure, kind):
        figures.append(figure)
        return b"picture"

    monkeypatch.setattr(style, "_render", keep)
    return figures


def off(one, other):
    """Return the RMS difference of two pictures, of 255."""
    with Image.open(one) as first, Image.open(other) as second:
        assert first.size == second.size
        between = np.asarray(first.convert("RGB"), float) - np.asarray(second.convert("RGB"))
    return np.sqrt(np.mean(between**2))


# reference pictures


@pytest.mark.parametrize("name", sorted(path.stem for path in HERE.glob("*.png")))
def test_a_plot_matches_its_reference(pictures, name):
    if VERSION.read_text().strip() != matplotlib.__version__:
        pytest.skip("another matplotlib draws text a little differently")
    # a line that moves by a pixel, one of 300, is a difference of 255 / sqrt(300) = 15
    assert off(pictures[f"{name}.png"], HERE / f"{name}.png") < 1


def test_a_plot_of_another_sound_does_not(sounds, pictures, call, tmp_path):
    louder = tmp_path / "louder.wav"
    call("convolve", sounds["glide"], louder, "--ir", "delta:wet=0.5dB", "--length", "input")
    look = Look(width=120, dpi=70, title="$\\frac{1}{$")
    waveform([str(louder), sounds["later"]], str(tmp_path / "other.png"), look)
    assert off(pictures["waveform.png"], tmp_path / "other.png") > 1


# bytes


def test_another_process_draws_the_same_bytes_whatever_its_settings(sounds, pictures, tmp_path):
    settings = tmp_path / "matplotlibrc"
    settings.write_text(
        "lines.linewidth: 9\nfont.size: 30\naxes.facecolor: red\nsvg.hashsalt: other\n"
        "text.usetex: True\nsavefig.dpi: 33\nsavefig.bbox: tight\nbackend: ps\n"
    )
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from references.make_references import draw_all\n"
        f"for kinds in (None, {OTHER!r}): draw_all({sounds!r}, Path(sys.argv[2]), kinds)\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    environment = {**os.environ, "MATPLOTLIBRC": str(settings), "PYTHONHASHSEED": "1"}
    environment |= {"SOURCE_DATE_EPOCH": "1", "TZ": "Asia/Tokyo"}
    out = tmp_path / "out"
    out.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", code, TESTS, out], env=environment, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert {path.name for path in out.iterdir()} == set(pictures)
    for name, path in pictures.items():
        assert (out / name).read_bytes() == path.read_bytes(), name


def test_settings_are_left_as_they_were(sounds, tmp_path):
    keys = sorted({*matplotlib.rcParams} - {"backend"})  # which would be looked for
    before = [matplotlib.rcParams[key] for key in keys]
    waveform([sounds["room"]], str(tmp_path / "a.png"), Look())
    assert [matplotlib.rcParams[key] for key in keys] == before


def test_a_picture_has_the_given_size(sounds, tmp_path):
    waveform([sounds["room"]], str(tmp_path / "a.png"), Look(width=127, height=50.8, dpi=100))
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (500, 200)


# numbers


def test_a_waveform_is_its_samples_at_their_times(drawn, call, tmp_path, noise):
    sound = 0.2 * noise(1000, 2).clip(-1, 1)
    sound[500, 0] = 0.25
    soundfile.write(tmp_path / "a.wav", sound, 8000, subtype="DOUBLE")
    call("plot", "waveform", tmp_path / "a.wav", "-o", tmp_path / "a.png", "--start", "50ms")
    panels = drawn[0].axes
    for channel, panel in enumerate(panels):
        times, values = panel.lines[0].get_data()
        np.testing.assert_array_equal(values, sound[400:, channel])
        np.testing.assert_allclose(times, 1000 * np.arange(400, 1000) / 8000)  # in ms
    assert panels[1].get_xlabel() == "time (ms)"
    ticks = zip(
        panels[0].get_yticks(), [t.get_text() for t in panels[0].get_yticklabels()], strict=True
    )
    assert dict(ticks) == {
        0.25: "−12",
        0.125: "−18",
        0.0625: "−24",
        0.0: "−∞",
        -0.0625: "−24",
        -0.125: "−18",
        -0.25: "−12",
    }


def test_a_long_waveform_is_its_extremes(drawn, call, tmp_path, noise):
    sound = 0.9 * noise(200000, 1).clip(-1, 1)
    soundfile.write(tmp_path / "a.wav", sound, 1000, subtype="DOUBLE")
    call("plot", "waveform", tmp_path / "a.wav", "-o", tmp_path / "a.png")
    (panel,) = drawn[0].axes
    corners = panel.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == sound.min()
    assert corners[:, 1].max() == sound.max()
    assert (corners[:, 0].min(), corners[:, 0].max()) == (0, 200)
    second = 128 * 700 / 1000  # columns of 128 frames: the edge between two of them
    here = corners[np.abs(corners[:, 0] - second) < 1e-9]
    block = sound[128 * 699 : 128 * 701, 0].reshape(2, 128)
    assert set(here[:, 1]) == {*block.min(axis=1), *block.max(axis=1)}
    assert panel.get_xlabel() == "time (m:ss)"


def test_past_full_scale_there_is_a_line_at_it(drawn, call, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([0.5, -3.0]), 8000, subtype="FLOAT")
    call("plot", "waveform", tmp_path / "a.wav", "-o", tmp_path / "a.png")
    (panel,) = drawn[0].axes
    assert panel.get_ylim()[1] > 4  # 12 dB above
    assert sorted(line.get_ydata()[0] for line in panel.lines if len(line.get_ydata()) == 2)[
        :1
    ] == [-1]


def test_a_spectrogram_reads_0_dbfs_at_a_full_sine(drawn, call, tmp_path):
    tone = np.sin(2 * np.pi * 1500 * np.arange(48000) / 48000)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, 0 * tone], 1), 48000, subtype="DOUBLE")
    call("plot", "spectrogram", tmp_path / "a.wav", "-o", tmp_path / "a.png", "--channel", 1)
    panel, bar = drawn[0].axes
    levels = panel.collections[0].get_array()
    assert levels.max() == pytest.approx(0, abs=0.01)
    row = int(np.argmax(levels[:, levels.shape[1] // 2]))
    hz = panel.collections[0].get_coordinates()[row : row + 2, 0, 1]
    assert hz[0] < 1501
    assert hz[1] > 1499
    assert bar.get_ylabel() == "level (dBFS)"
    assert [t.get_text() for t in panel.get_yticklabels()][:3] == ["31.5", "63", "125"]


def test_a_response_is_the_impulse_s(drawn, call, tmp_path):
    call("plot", "response", "double-spike:delay=1ms,gain=0.5", "-o", tmp_path / "a.pdf")
    taps = np.zeros((49, 1))
    taps[[0, 48]] = [[1], [0.5]]
    found = response(Impulse(taps, 48000))
    magnitude, phase, delay = drawn[0].axes
    hz, levels = magnitude.lines[0].get_data()
    np.testing.assert_allclose(levels, found.magnitude_db)
    np.testing.assert_allclose(phase.lines[0].get_ydata(), found.phase_deg)
    np.testing.assert_allclose(delay.lines[0].get_ydata(), 1000 * found.group_delay)
    assert (hz[0], hz[-1]) == (20, 24000)
    assert delay.get_xscale() == "log"
    (legend,) = drawn[0].legends
    assert [t.get_text() for t in legend.texts] == [
        "double-spike:delay=1ms,gain=0.5 (delay 0.000 ms)"
    ]


def test_a_decay_has_the_figures_of_ir_info(drawn, call, sounds, tmp_path):
    call("plot", "decay", sounds["room"], "-o", tmp_path / "a.png", "--band", 1000)
    samples, rate = soundfile.read(sounds["room"], always_2d=True)
    bands = {band.hz: band.figures for band in measure(Impulse(samples, rate)).bands}
    figures = bands[1000]
    (panel,) = drawn[0].axes
    entries = [text.get_text() for text in drawn[0].legends[0].texts]
    assert entries[2].startswith(f"T20 {figures.t20_s:#.3g} s (−5 to −25 dB, r = −0.99")
    assert entries[3].startswith(f"T30 {figures.t30_s:#.3g} s (−5 to −35 dB, r = −0.99")
    assert entries[4].startswith(
        labels.minus_signs(f"noise floor {figures.noise_floor_db:.1f} dB, met at ")
    )
    lines = {tuple(line.get_ydata()): line.get_xdata() for line in panel.lines}
    for key in ("t20", "t30"):
        times = lines[RANGES[key]]
        fallen = RANGES[key][0] - RANGES[key][1]
        slope = fallen / (times[1] - times[0])
        assert 60 / slope == pytest.approx(getattr(figures, f"{key}_s"), rel=1e-12)
    assert lines[(figures.noise_floor_db,) * 2] is not None


def test_the_legend_gives_the_reason_for_a_missing_decay_time(drawn, call, tmp_path):
    call("plot", "decay", "delta", "-o", tmp_path / "a.png")
    call("plot", "decay", "delta", "delta:delay=1ms", "-o", tmp_path / "b.png", "-y")
    entries = [text.get_text() for text in drawn[0].legends[0].texts]
    assert entries[2].startswith("no T20: decay range is 0.00 dB; it must be 35 dB; the impulse")
    assert drawn[1].legends[0].texts[1].get_text() == (
        "delta:delay=1ms: no T20, no T30: decay range is 0.00 dB"
    )


def test_a_waterfall_stands_on_its_floor(drawn, call, sounds, tmp_path):
    call(
        "plot",
        "waterfall",
        sounds["room"],
        "-o",
        tmp_path / "a.png",
        "--span",
        "200ms",
        "--slices",
        5,
    )
    samples, rate = soundfile.read(sounds["room"], always_2d=True)
    found = cumulative_decay(Impulse(samples, rate), span=0.2, slices=5)
    (panel,) = drawn[0].axes
    slices = [c.get_paths()[0].vertices for c in panel.collections]
    assert len(slices) == 5
    front, back = slices[-1], slices[0]
    assert front[:, 1].min() == 0  # the floor is 45 dB under the loudest
    assert front[:, 1].max() == pytest.approx(max(45 + found.level_db[-1].max(), 0))
    assert back[:, 1].max() - back[:, 1].min() == pytest.approx(45)


def test_a_null_test_shows_the_residual(drawn, call, tmp_path, noise):
    sound = 0.1 * noise(1500, 2)
    rest = 0.001 * noise(1500, 2, seed=1)
    soundfile.write(tmp_path / "a.wav", sound, 8000, subtype="DOUBLE")
    soundfile.write(tmp_path / "b.wav", rest - 0.5 * sound, 8000, subtype="DOUBLE")
    call("plot", "null", tmp_path / "a.wav", tmp_path / "b.wav", "-o", tmp_path / "a.png")
    above, below = drawn[0].axes
    assert above.get_title(loc="left").startswith("second: no shift, −6.0")
    assert ", inverted; residual −3" in above.get_title(loc="left")
    raw, left = (line.get_ydata() for line in below.lines)
    np.testing.assert_allclose(
        raw, 20 * np.log10(np.abs(rest - 1.5 * sound).max(axis=1)), atol=1e-9
    )
    assert np.median(left) == pytest.approx(
        20 * np.log10(np.median(np.abs(rest).max(axis=1))), abs=0.5
    )


def test_a_null_test_inverts_the_channels_that_are(drawn, call, tmp_path, noise):
    sound = 0.1 * noise(1500, 2)
    soundfile.write(tmp_path / "a.wav", sound, 8000, subtype="DOUBLE")
    soundfile.write(tmp_path / "b.wav", [0.5, -0.5] * sound, 8000, subtype="DOUBLE")
    call("plot", "null", tmp_path / "a.wav", tmp_path / "b.wav", "-o", tmp_path / "a.png")
    above, below = drawn[0].axes
    assert ", −6.02 dB, channel 2 inverted; no residual" in above.get_title(loc="left")
    assert not np.isfinite(below.lines[1].get_ydata()).any()


def test_identical_sounds_are_labelled(drawn, call, sounds, tmp_path):
    call("plot", "null", sounds["room"], sounds["room"], "-o", tmp_path / "a.png")
    _, below = drawn[0].axes
    assert [text.get_text() for text in below.texts] == ["identical: every sample is the same"]


def test_differences_are_described():
    assert describe(Difference(True, 0, 0.0, None, None, (1, 1)), 1).startswith("identical")
    silent = describe(Difference(False, 0, None, None, 0.5, (1, 1)), 1)
    assert (
        silent == "no shift or gain: one of them is silent; no residual; differ from 0.500 s"
        or (silent == "no shift or gain: one of them is silent; differ from 0.500 s")
    )
    earlier = describe(Difference(False, -48, 1.0, -80.0, 0.0, (1, 1)), 48000)
    assert earlier == (
        "second: 48 frames (1.000 ms) earlier, +1.00 dB; residual −80.0 dB relative to it; "
        "differ from 0.000 s"
    )


@pytest.mark.parametrize(
    ("end", "label", "last"),
    [
        (0.05, "time (ms)", None),
        (60, "time (s)", None),
        (130, "time (m:ss)", "2:00"),
        (4000, "time (h:mm:ss)", "1:00:00"),
        (500000, "time (h:mm:ss)", "120:00:00"),
    ],
)
def test_the_unit_of_a_time_axis_suits_its_range(end, label, last):
    panel = Figure().subplots()
    axes.time_axis(panel, 0, end)
    assert panel.get_xlabel() == label
    assert len(panel.get_xticks()) <= 12
    if last:
        assert panel.get_xticklabels()[-1].get_text() == last


def test_a_narrow_axis_labels_every_second_octave():
    named = []
    for width in (160, 80):
        panel = Figure(figsize=(width / 25.4, 3)).subplots()
        axes.frequency_axis(panel, 20, 20000)
        named.append([text.get_text() for text in panel.get_xticklabels()])
    assert named[0] == ["31.5", "63", "125", "250", "500", "1k", "2k", "4k", "8k", "16k"]
    assert named[1] == ["", "63", "", "250", "", "1k", "", "4k", "", "16k"]


# names


NAMES = [
    "<img src=x onerror=alert(1)>.wav",
    "$\\frac{1}{$.wav",
    "lone\udce9.wav",
    "_\u202egnp.wav",
    "a\nb --> ]]>.wav",
    "日本.wav",
]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_names_and_titles_are_plain_text(call, sounds, tmp_path, suffix):
    paths = []
    for name in NAMES:
        paths.append(tmp_path / name)
        try:
            paths[-1].write_bytes(Path(sounds["room"]).read_bytes())
        except OSError:  # macOS takes no lone surrogate
            paths.pop()
    out = tmp_path / f"a{suffix}"
    said = call(
        "plot", "waveform", *paths, "-o", out, "--title", " ".join(NAMES), "--duration", "9ms"
    )
    assert len(said.err.splitlines()) == 1
    assert "_\\u202egnp.wav" in said.err
    call("plot", "spectrogram", *paths[:2], "-o", out, "-y", "--duration", "9ms")
    if suffix == ".svg":
        tree = ElementTree.parse(out)
        kinds = {element.tag.partition("}")[2] for element in tree.iter()}
        assert not kinds & {"script", "img", "text", "foreignObject", "a"}


def test_a_name_that_begins_with_an_underscore_is_in_the_legend(drawn, call, sounds, tmp_path):
    hidden = tmp_path / "_a.wav"
    hidden.write_bytes(Path(sounds["room"]).read_bytes())
    call("plot", "waveform", hidden, sounds["glide"], "-o", tmp_path / "a.png")
    (legend,) = drawn[0].legends
    assert [text.get_text().strip() for text in legend.texts] == ["_a.wav", "glide.wav"]


def test_long_names_are_shortened_and_equal_ones_have_their_folders():
    (label,) = labels.legend_labels(["x" * 200 + ".wav"])
    assert len(label) == labels.MAX_LENGTH
    assert label.endswith("x.wav")
    assert labels.legend_labels(["a/x.wav", "b/x.wav"]) == ["a/x.wav", "b/x.wav"]
    assert labels.legend_labels(["-"]) == ["standard input"]


# refusals


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["-o", "a.jpg"],
            "a.jpg has no known picture format; use a name ending in .png, .svg or .pdf",
        ),
        (["-o", "a"], "a has no known picture format"),
        (["-o", "-"], "standard output has no known picture format"),
        (["-o", "a.png", "--width", "1"], "width is 1 mm; it must be between 40 and 2000 mm"),
        (["-o", "a.png", "--width", "nan"], "width is nan mm; it must be between 40 and 2000 mm"),
        (["-o", "a.png", "--dpi", "9999"], "dpi is 9999; it must be between 30 and 1200"),
        (["-o", "a.png", "--width", "1000", "--height", "900", "--dpi", "1200"], "million dots"),
        (["-o", "a.png", "--start", "9"], "room.wav ends at 1.005 s, before 9.000 s"),
        (["-o", "a.png", "--start", "-1"], "start is -1; it must be 0 or more"),
        (["-o", "a.png", "--start", "x"], "'x' is not a time"),
        (["-o", "a.png", "--duration", "0"], "duration is 0; it must be at least one sample"),
        ([], "--output"),
    ],
)
def test_invalid_pictures_are_refused(call, sounds, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert said in call("plot", "waveform", sounds["room"], *arguments, code=2).err
    assert not list(tmp_path.iterdir())


def test_an_existing_file_is_overwritten_only_on_request(call, sounds, tmp_path):
    out = tmp_path / "a.png"
    out.write_bytes(b"old")
    assert "exists; pass -y" in call("plot", "waveform", sounds["room"], "-o", out, code=2).err
    assert out.read_bytes() == b"old"
    call("plot", "waveform", sounds["room"], "-o", out, "-y")
    picture = tmp_path / "b.png"
    picture.write_bytes(Path(sounds["room"]).read_bytes())
    assert "same file" in call("plot", "waveform", picture, "-o", picture, "-y", code=2).err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["spectrogram", "{glide}", "--channel", "3"],
            "channel is 3, but glide.wav has 2, counted from 1",
        ),
        (["response", "{glide}", "--channel", "0"], "channel is 0, but glide.wav has 2"),
        (["response", *["{glide}"] * 8], "there are 16 channels; a plot shows at most 14"),
        (["decay", "{room}", "--channel", "2"], "channel is 2, but room.wav has 1"),
        (
            ["decay", "{room}", "--band", "1234"],
            "band is 1234 Hz; at 16000 Hz the octaves are 31.5,",
        ),
        (["waterfall", "{room}", "--channel", "2"], "channel is 2, but room.wav has 1"),
        (["waterfall", "{room}", "--slices", "3"], "slices is 3; it must be between 4 and 200"),
        (["waterfall", "{room}", "--span", "0"], "span is 0 s; it must be above 0 s"),
        (["null", "{room}", "-"], "reads both sounds more than once; give them as files"),
        (["response", "{room}", "--height", "30"], "160 x 30 mm, too small for its labels"),
        (["waveform", "-", "-"], "standard input is named twice"),
        (["spectrogram", *["{room}"] * 9], "there are 9 sounds; a plot shows at most 8"),
    ],
)
def test_invalid_inputs_are_refused(call, sounds, tmp_path, arguments, said):
    words = [word.format(**sounds) for word in arguments]
    assert said in call("plot", *words, "-o", tmp_path / "a.png", code=2).err
    assert not list(tmp_path.iterdir())


def test_without_matplotlib_the_error_names_the_one_command(sounds, tmp_path):
    arguments = ["plot", "waveform", sounds["room"], "-o", str(tmp_path / "a.png")]
    code = (
        "import sys; sys.modules['matplotlib'] = None; import audioconv.cli as c\n"
        f"sys.exit(c.main({arguments!r}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    said = "error: plots need matplotlib; install it with: pip install matplotlib\n"
    assert (ran.returncode, ran.stderr) == (1, said)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["plot", "--help"], {"numpy", "scipy", "soundfile", "rich", "matplotlib", "PIL"}),
        # the options of a plot are declared in its module, which needs numpy
        *((["plot", plot, "--help"], {"scipy", "rich", "matplotlib", "PIL"}) for plot in PLOTS),
    ],
)
def test_help_waits_for_nothing_heavy(arguments, heavy):
    code = (
        f"import sys, audioconv.cli as c; assert c.main({arguments!r}) == 0; "
        f"sys.exit(bool({heavy!r} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


@pytest.mark.parametrize("plot", PLOTS)
def test_the_list_of_plots_has_the_summary_of_each(plot):
    assert PLOTS[plot] == summary(getattr(import_module(f"audioconv.plot.{plot}"), plot))


def test_the_command_of_a_plot_has_the_parameters_of_its_function(call):
    lines = [line.split() for line in call("plot", "decay", "--help").out.splitlines()]
    options = [words[0] for words in lines if words and words[0].startswith("--")]
    assert ["IR..."] in [words[:1] for words in lines]
    assert ["-o,", "--output", "PICTURE"] in [words[:3] for words in lines]
    assert options == ["--rate", "--channel", "--band", "--width", "--height", "--dpi", "--title"]


def test_standard_input_is_drawn_in_one_line_whatever_matplotlib_finds(sounds, tmp_path):
    settings = tmp_path / "matplotlibrc"
    settings.write_text("backend: nonesuch\nnonesuch: 1\n")
    ran = subprocess.run(
        [sys.executable, "-m", "audioconv", "plot", "waveform", "-", "-o", tmp_path / "a.svg"],
        input=Path(sounds["room"]).read_bytes(),
        env={**os.environ, "MATPLOTLIBRC": str(settings)},
        capture_output=True,
    )
    said = ran.stderr.decode()
    assert re.fullmatch(r".*a\.svg: waveform of standard input, 160 x 54 mm\n", said), said


# memory


@pytest.mark.parametrize("kind", ["waveform", "spectrogram"])
def test_memory_does_not_depend_on_the_length(call, tmp_path, kind):
    chance, peaks = np.random.default_rng(0), []
    block = chance.uniform(-0.5, 0.5, 8000 * 30)
    for minutes in (4, 10):
        path = tmp_path / f"{minutes}.wav"
        with soundfile.SoundFile(path, "w", 8000, 1, "PCM_16") as file:
            for _ in range(2 * minutes):
                file.write(block)
        tracemalloc.start()
        call("plot", kind, path, "-o", tmp_path / f"{minutes}.png", "--dpi", 50)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
    assert peaks[1] < 8 * 8000 * 60 * 10  # the samples alone


def test_the_residual_is_drawn_at_its_time_in_the_first_sound(tmp_path, monkeypatch):
    first = np.random.default_rng(0).uniform(-0.5, 0.5, 24000)
    second = first[8000:].copy()  # a second earlier
    second[18000 - 8000] += 0.25
    for name, sound in (("a.wav", first), ("b.wav", second)):
        soundfile.write(tmp_path / name, sound, 8000, "DOUBLE")
    waves = []
    draw = null._draw_level
    monkeypatch.setattr(null, "_draw_level", lambda *a: waves.append(a[1]) or draw(*a))
    for start in ("0", "1500ms"):
        null.null(
            str(tmp_path / "a.wav"),
            str(tmp_path / "b.wav"),
            str(tmp_path / "n.png"),
            Look(dpi=50, overwrite=True),
            start=start,
        )
        wave = waves[-1]
        loudest = wave.times[int(np.argmax(wave.envelope.high[:, 0]))]
        assert loudest == pytest.approx(18000 / 8000, abs=0.01)
