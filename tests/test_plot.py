"""Plots: their numbers, bytes and looks, hostile file names, and memory."""

import os
import re
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
import soundfile
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image
from references.make_references import HERE, LOOK, VERSION, draw_all, make_sounds

import audioconv.page
from audioconv.errors import UsageError
from audioconv.parameters import summary
from audioconv.plot import PLOTS, axes, colours, labels, null, style
from audioconv.plot.null import describe
from audioconv.plot.options import Look
from audioconv.plot.response import magnitude_limits
from audioconv.plot.waveform import waveform
from audioconv.verify.compare import Difference
from audioconv.views.spectrogram import RANGE
from impulses import Impulse
from impulses.acoustics.figures import RANGES
from impulses.acoustics.iso3382 import measure
from impulses.spectra import cumulative_decay, linear_phase_delay, response

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


def test_another_process_draws_the_same_bytes_whatever_its_settings(
    sounds, pictures, tmp_path, untraced
):
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


def test_everything_is_legible_on_a_dark_ground(sounds, tmp_path, monkeypatch):
    found = []

    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    def judge(figure, kind):  # while the colours of the theme apply
        ground = luminance(to_rgb(figure.get_facecolor()))
        texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
        inks = [luminance(to_rgb(text.get_color())) for text in texts]
        found.append((ground, min((ink + 0.05) / (ground + 0.05) for ink in inks)))
        return b"picture"

    monkeypatch.setattr(style, "_render", judge)
    draw_all(sounds, tmp_path, look=replace(LOOK, dark=True))
    assert len(found) == len(PLOTS)
    for ground, contrast in found:
        assert ground < 0.01
        assert contrast > 4.5  # WCAG 2.2, 1.4.3


def test_settings_are_left_as_they_were(sounds, tmp_path):
    keys = sorted({*matplotlib.rcParams} - {"backend"})  # which would be looked for
    before = [matplotlib.rcParams[key] for key in keys]
    waveform([sounds["room"]], str(tmp_path / "a.png"), Look())
    assert [matplotlib.rcParams[key] for key in keys] == before


def test_a_picture_has_the_given_size(sounds, tmp_path):
    waveform([sounds["room"]], str(tmp_path / "a.png"), Look(width=127, height=50.8, dpi=100))
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (500, 200)


@pytest.mark.parametrize("plot", ["waveform", "decay"])  # without and with a legend
def test_a_long_title_is_wrapped(drawn, call, sounds, tmp_path, plot):
    title = "Impulse responses of the large hall " * 3
    call("plot", plot, sounds["room"], "-o", tmp_path / "a.png", "--width", 60, "--title", title)
    (figure,) = drawn
    FigureCanvasAgg(figure).draw()
    heading = figure.legends[0].get_title() if figure.legends else figure._suptitle
    assert heading.get_text().split() == title.split()
    assert heading.get_window_extent().x1 <= figure.bbox.width


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


def test_sounds_stand_below_each_other_or_lie_over_each_other(drawn, call, sounds, tmp_path):
    both = sounds["glide"], sounds["room"]
    call("plot", "waveform", *both, "-o", tmp_path / "a.png")
    call("plot", "waveform", *both, "-o", tmp_path / "b.png", "--overlay")
    stacked, over = (figure.axes for figure in drawn)
    titles = ["glide.wav, channel 1", "glide.wav, channel 2", "room.wav"]
    assert [panel.get_title(loc="left") for panel in stacked] == titles
    assert [panel.get_title(loc="left") for panel in over] == ["channel 1", "channel 2"]
    assert len({panel.get_ylim() for panel in stacked}) == 1
    assert [len(panel.collections) for panel in (*stacked, *over)] == [2, 2, 2, 4, 2]
    # four layers hide less than nine tenths of what lies below
    assert np.prod([1 - layer.get_alpha() for layer in over[0].collections]) > 0.07
    assert not drawn[0].legends


def test_a_spectrogram_has_the_colours_of_the_page(drawn, call, sounds, tmp_path):
    page = Path(audioconv.page.__file__).parent / "scripts" / "spectrogram.js"
    written = page.read_text().partition("DARK_TO_BRIGHT = [")[2].partition("];")[0]
    anchors = re.findall(r"\[(\d+), (\d+), (\d+)\]", written)
    assert tuple(tuple(map(int, one)) for one in anchors) == colours.EMBER
    call("plot", "spectrogram", sounds["glide"], "-o", tmp_path / "a.png")
    options = "--range", "45", "--map", "grey", "--fmin", "500", "--fmax", "2kHz"
    call("plot", "spectrogram", sounds["glide"], "-o", tmp_path / "b.png", *options)
    (panel, _), (zoomed, _) = (figure.axes for figure in drawn)
    low, high = panel.collections[0].get_clim()
    assert high - low == RANGE == 70
    assert panel.collections[0].get_cmap().name == "ember"
    mesh = zoomed.collections[0]
    assert np.ptp(mesh.get_clim()) == 45
    assert mesh.get_cmap().name == "Greys"
    assert zoomed.get_ylim() == (500, 2000)
    assert len(mesh.get_array()) == len(panel.collections[0].get_array())  # rows: none is lost
    # the glide passes 1 kHz when 100 * 7^t is 1000
    column = round(np.log(10) / np.log(7) * mesh.get_array().shape[1] / 2)
    row = int(np.argmax(mesh.get_array()[:, column]))
    assert mesh.get_coordinates()[row, 0, 1] == pytest.approx(1000, rel=0.05)


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


def test_a_soft_response_is_in_view_beside_loud_ones():
    low, high = magnitude_limits([np.zeros(9), np.ones(9), np.full(9, -60.0)], 30)
    assert low < -60 < 1 < high


def test_a_given_range_is_kept_so_that_two_pictures_share_it():
    extents = [magnitude_limits([np.linspace(-fall, 0, 9)], 60)[0] for fall in (0, 20)]
    assert extents == [-60, -70]  # below the medians, 0 and -10


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


def test_phase_and_delay_have_gaps_where_nothing_passes(drawn, call, tmp_path):
    spec = "low-pass:cutoff=1kHz"
    for name, *options in (["a.png"], ["b.png", "--range", "80"], ["c.png", "--fmax", "900"]):
        call("plot", "response", spec, "-o", tmp_path / name, *options)
    for figure, lowest in zip(drawn, (-30, -80, -3), strict=True):
        magnitude, phase, delay = figure.axes
        low, high = magnitude.get_ylim()
        assert low == pytest.approx(lowest, abs=6)  # and the margin
        assert high < 6
        hz, levels = magnitude.lines[0].get_data()
        for panel in (phase, delay):
            drawn_at = np.isin(
                hz, panel.lines[0].get_xdata()[np.isfinite(panel.lines[0].get_ydata())]
            )
            np.testing.assert_array_equal(drawn_at, levels >= max(low, levels.max() - 40))
    assert drawn[2].axes[2].get_xlim() == (20, 900)


def test_the_delay_of_a_linear_phase_filter_is_in_the_legend(drawn, call, tmp_path):
    taps = np.array([0, 0, 0, 1, 2, 3, 2, 1, 0, 0]) / 4
    soundfile.write(tmp_path / "late.wav", taps, 8000, subtype="FLOAT")
    soundfile.write(tmp_path / "odd.wav", np.cumsum(taps), 8000, subtype="FLOAT")
    specs = tmp_path / "late.wav", tmp_path / "odd.wav", "low-pass:cutoff=1kHz"
    call("plot", "response", *specs, "-o", tmp_path / "a.png", "--rate", 8000)
    late, odd, designed = (text.get_text() for text in drawn[0].legends[0].texts)
    assert late == "late.wav (linear phase: delay 0.625 ms)"  # frame 5
    assert odd == "odd.wav (delay 0.875 ms)"
    assert re.search(r"\(linear phase: its centre, at \d+\.\d+ ms, is time 0\)$", designed)


@given(
    arrays(np.float64, st.integers(2, 30), elements=st.floats(-1, 1, width=16)),
    st.sampled_from([1, -1]),
    st.booleans(),
    st.integers(0, 9),
)
def test_taps_that_mirror_have_the_delay_of_their_mirror(half, sign, shared, late):
    assume(np.abs(half[0]) > 0.5)
    assume(np.abs(half[1:]).max() > 1e-3)  # not a pair of spikes, an echo
    middle = [] if not shared else [0.25 * (1 + sign)]
    taps = np.concatenate([np.zeros(late), half, middle, sign * half[::-1]])
    assert linear_phase_delay(taps) == late + (2 * len(half) + shared - 1) / 2
    taps[-1] *= 1.5
    assert linear_phase_delay(taps) is None


def test_a_sound_is_no_decay(call, samples, tmp_path):
    said = call("plot", "decay", samples / "speech.wav", "-o", tmp_path / "a.png").err
    assert "\n\nnotice: it seems a sound that goes on, and no impulse response: " in said


def test_a_decay_has_the_figures_of_ir_info(drawn, call, sounds, tmp_path):
    call("plot", "decay", sounds["room"], "-o", tmp_path / "a.png", "--band", 1000)
    samples, rate = soundfile.read(sounds["room"], always_2d=True)
    bands = {band.hz: band.figures for band in measure(Impulse(samples, rate)).bands}
    figures = bands[1000]
    panel, _ = drawn[0].axes
    entries = [text.get_text() for text in drawn[0].legends[0].texts]
    assert entries[:4] == [
        "level",
        "energy decay",
        f"T20 {figures.t20_s:#.3g} s",
        f"T30 {figures.t30_s:#.3g} s",
    ]
    assert entries[4].startswith(labels.minus_signs(f"noise {figures.noise_floor_db:.1f} dB from "))
    lines = {tuple(line.get_ydata()): line.get_xdata() for line in panel.lines}
    for key in ("t20", "t30"):
        times = lines[RANGES[key]]
        fallen = RANGES[key][0] - RANGES[key][1]
        slope = fallen / (times[1] - times[0])
        assert 60 / slope == pytest.approx(getattr(figures, f"{key}_s"), rel=1e-12)
    assert lines[(figures.noise_floor_db,) * 2] is not None


def test_a_bar_is_a_decay_time_and_its_place_has_the_reason_where_there_is_none(
    drawn, call, sounds, tmp_path
):
    samples, rate = soundfile.read(sounds["room"], always_2d=True)
    samples = samples[: round(0.28 * rate)]  # cut off where it has fallen by about 42 dB
    soundfile.write(tmp_path / "cut.wav", samples, rate, subtype="DOUBLE")
    call("plot", "decay", tmp_path / "cut.wav", "-o", tmp_path / "a.png")
    found = measure(Impulse(samples, rate))
    _, below = drawn[0].axes
    places = {round(bar.get_x() + bar.get_width() / 2, 1): bar for bar in below.patches}
    heights = {x: bar.get_height() for x, bar in places.items()}
    wanted, reasons = {}, []
    for place, figures in enumerate([found.broadband, *(band.figures for band in found.bands)]):
        for x, key in ((-0.2, "t20"), (0.2, "t30")):
            value = getattr(figures, f"{key}_s")
            if value is not None:
                wanted[round(place + x, 1)] = value
            else:
                reasons.append(figures.why_not[f"{key}_s"].split(";")[0])
    assert heights == pytest.approx(wanted)
    assert reasons
    assert wanted
    texts = [" ".join(text.get_text().split()) for text in below.texts]
    assert sum(text.startswith("no T") for text in texts) > 0
    for reason in reasons:
        assert any(labels.minus_signs(reason) in text for text in texts), reason
    names = [text.get_text() for text in below.get_xticklabels()]
    assert names == ["all", *(axes.hertz(band.hz) for band in found.bands)]


def test_a_decay_of_one_channel_is_labelled_with_it(drawn, call, samples, tmp_path):
    call("plot", "decay", samples / "hall.wav", "-o", tmp_path / "a.png", "--channel", 2)
    assert drawn[0].axes[0].get_title(loc="left") == "hall.wav, channel 2"


def test_several_decays_have_a_bar_each(drawn, call, sounds, tmp_path):
    call("plot", "decay", sounds["room"], "delta", "-o", tmp_path / "a.png")
    call("plot", "decay", "delta", "-o", tmp_path / "b.png", "--duration", "5ms")
    _, below = drawn[0].axes
    why = "the impulse is under 50 ms"
    assert f"no T20: {why}" in [" ".join(t.get_text().split()) for t in below.texts]
    entries = [t.get_text() for t in drawn[0].legends[0].texts]
    assert entries == ["room.wav", "delta", "T20", "T30"]
    assert below.get_ylabel() == "T20 (s)"
    panel, below = drawn[1].axes
    assert panel.get_xlim() == (0, 5)  # ms
    assert panel.texts[0].get_text() == f"no noise floor: {why}"
    (reason,) = below.texts
    assert " ".join(reason.get_text().split()) == f"no reverberation time: {why}"
    assert not len(below.get_yticks())


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
    # the highest tenth belongs to the filters of converters
    found = cumulative_decay(Impulse(samples, rate), span=0.2, slices=5, high=0.9 * rate / 2)
    (panel,) = drawn[0].axes
    slices = [c.get_paths()[0].vertices for c in panel.collections]
    assert len(slices) == 5
    front, back = slices[-1], slices[0]
    assert front[:, 1].min() == 0  # the floor is 45 dB under the loudest
    assert front[:, 1].max() == pytest.approx(max(45 + found.level_db[-1].max(), 0))
    assert back[:, 1].max() - back[:, 1].min() == pytest.approx(45)
    FigureCanvasAgg(drawn[0]).draw()
    ends = [line.get_window_extent().x1 for line in panel.lines]
    numbers = [text for text in panel.texts if text.get_text() in ("0", "50", "100", "−10", "−20")]
    assert len(numbers) == 6  # 0 on both axes
    for number in numbers:  # no tick reads as its minus sign
        gap = min(abs(number.get_window_extent().x0 - end) for end in ends)
        assert gap * 72 / drawn[0].dpi > 2
    assert "time after\nthe onset (ms)" in [text.get_text() for text in panel.texts]


def test_a_null_test_shows_the_residual(drawn, call, tmp_path, noise):
    sound = 0.1 * noise(1500, 2)
    rest = 0.001 * noise(1500, 2, seed=1)
    soundfile.write(tmp_path / "a.wav", sound, 8000, subtype="DOUBLE")
    soundfile.write(tmp_path / "b.wav", rest - 0.5 * sound, 8000, subtype="DOUBLE")
    call("plot", "null", tmp_path / "a.wav", tmp_path / "b.wav", "-o", tmp_path / "a.png")
    _, _, below = drawn[0].axes
    text = drawn[0].get_supxlabel()
    assert text.startswith("B: no shift, −6.0")
    assert ", inverted; residual −3" in text
    raw, left = (line.get_ydata() for line in below.lines)
    np.testing.assert_allclose(
        raw, 20 * np.log10(np.abs(rest - 1.5 * sound).max(axis=1)), atol=1e-9
    )
    assert np.median(left) == pytest.approx(
        20 * np.log10(np.median(np.abs(rest).max(axis=1))), abs=0.5
    )


def test_a_colour_of_a_null_test_means_one_thing(drawn, call, sounds, tmp_path):
    call("plot", "null", sounds["glide"], sounds["later"], "-o", tmp_path / "a.png")
    a, b, below = drawn[0].axes
    assert [panel.get_title(loc="left") for panel in (a, b)] == ["A: glide.wav", "B: later.wav"]
    inks = [panel.collections[0].get_facecolor()[0, :3].tolist() for panel in (a, b)]
    inks += [list(to_rgb(line.get_color())) for line in below.lines]
    assert len({*map(tuple, inks)}) == 4


def test_a_null_test_inverts_the_channels_that_are(drawn, call, tmp_path, noise):
    sound = 0.1 * noise(1500, 2)
    soundfile.write(tmp_path / "a.wav", sound, 8000, subtype="DOUBLE")
    soundfile.write(tmp_path / "b.wav", [0.5, -0.5] * sound, 8000, subtype="DOUBLE")
    call("plot", "null", tmp_path / "a.wav", tmp_path / "b.wav", "-o", tmp_path / "a.png")
    _, _, below = drawn[0].axes
    assert ", −6.02 dB, channel 2 inverted; no residual" in drawn[0].get_supxlabel()
    assert not np.isfinite(below.lines[1].get_ydata()).any()


def test_identical_sounds_are_labelled(drawn, call, sounds, tmp_path):
    call("plot", "null", sounds["room"], sounds["room"], "-o", tmp_path / "a.png")
    _, _, below = drawn[0].axes
    assert [text.get_text() for text in below.texts] == ["identical: every sample is the same"]


def test_differences_are_described():
    assert describe(Difference(True, 0, 0.0, None, None, (1, 1)), 1).startswith("identical")
    silent = describe(Difference(False, 0, None, None, 0.5, (1, 1)), 1)
    assert (
        silent == "no shift or gain: one of them is silent; no residual; differ from 0.500000 s"
        or (silent == "no shift or gain: one of them is silent; differ from 0.500000 s")
    )
    earlier = describe(Difference(False, -48, 1.0, -80.0, 0.000385, (1, 1)), 48000)
    assert earlier == (
        "B: 48 frames (1.000 ms) earlier, +1.00 dB; residual −80.0 dB relative to it; "
        "differ from 0.000385 s"
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
    call("plot", "waveform", hidden, sounds["glide"], "-o", tmp_path / "a.png", "--overlay")
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
        (["-o", "a.png", "--width", "nan"], "'nan' is not a number"),
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


def test_a_picture_of_many_rows_is_limited_too():
    with pytest.raises(UsageError, match="million dots"):
        style.set_height(Figure(), Look(dpi=1200), 2000)


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
        (["spectrogram", "{room}", "--range", "5"], "range is 5 dB; it must be between 10 and 200"),
        (["spectrogram", "{room}", "--fmin", "9kHz"], "room.wav ends at 8000 Hz, half its rate"),
        (
            ["spectrogram", "{room}", "--fmax", "8"],
            "from 20 to 8 Hz must rise; give a lower --fmin",
        ),
        (["response", "{room}", "--fmin", "2kHz", "--fmax", "1kHz"], "fmin is 2000 Hz, not below"),
        (["response", "{room}", "--range", "-1"], "range is -1 dB; it must be between 3 and 200"),
        (["waterfall", "{room}", "--fmax", "0"], "fmax is 0 Hz; it must be above 0 Hz"),
        (["waterfall", "{room}", "--fmax", "20"], "is 20 Hz, not below the highest, 20 Hz; lower"),
        (["decay", "{room}", "--duration", "0"], "duration is 0; it must be at least one sample"),
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


@pytest.mark.parametrize("plot", ["spectrogram", "response", "waterfall"])
def test_a_frequency_axis_ends_at_half_the_rate_with_a_notice(drawn, call, sounds, tmp_path, plot):
    said = call("plot", plot, sounds["room"], "-o", tmp_path / "a.png", "--fmax", "9kHz").err
    assert "notice: the frequency axis ends at 8000 Hz, half the rate, not at 9000 Hz\n" in said
    panel = drawn[0].axes[0]
    ends = {"spectrogram": panel.get_ylim, "response": panel.get_xlim}
    assert plot not in ends or ends[plot]()[1] == 8000


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
def test_help_waits_for_nothing_heavy(arguments, heavy, untraced):
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
    own, look = ["--rate", "--channel", "--band", "--duration"], ["--width", "--height", "--dpi"]
    assert options == [*own, *look, "--title", "--dark"]


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
