"""Films of the sliding sum: positions of all moving parts, and deterministic bytes."""

import io
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

import audioconv.page
from audioconv.errors import AudioconvError, UsageError
from audioconv.job import Job, Part
from audioconv.page.selection import slide
from audioconv.plot import colours
from audioconv.plot.film import film
from audioconv.plot.options import Film
from audioconv.plot.scene import MAGNIFIED, Scene, loud_part, magnification
from audioconv.plot.style import settings
from audioconv.views.sliding import Sliding

BLACK, GREEN, PURPLE, VERMILLION = map(
    colours.LIGHT.colour, (colours.INK, colours.GREEN, colours.PURPLE, colours.VERMILLION)
)
RATE = 1000
DELAY = 300


def near(picture, colour, tolerance=12):
    """Return the rows and columns of the pixels of a colour."""
    wanted = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)])
    return np.nonzero((np.abs(picture.astype(int) - wanted) <= tolerance).all(axis=2))


@pytest.fixture(scope="module")
def echo():
    f = np.zeros(1300)
    f[DELAY + 100] = 1.0  # one click, 0.1 s after the first frame that is shown
    g = np.zeros(DELAY + 1)
    g[[0, DELAY]] = 1.0, 0.5
    return Sliding(RATE, 0, 0, -DELAY, f, g, 0, 1000)


@pytest.fixture(scope="module")
def pictures(echo):
    with settings():
        scene = Scene(echo, 600, r"$\frac{1}{$ <b>")
        return {c: np.asarray(scene.at(c)) for c in (0, 100, 200, 399, 400, 401, 600, 999)}


def line(pictures, c):
    """Return the column of the line at c, which is dark in one picture but not in all."""

    def dark(picture):
        return np.bincount(near(picture, BLACK, 60)[1], minlength=picture.shape[1])

    still = np.min([dark(picture) for picture in pictures.values()], axis=0)
    return int((dark(pictures[c]) - still).argmax())


def test_the_line_moves_with_c(pictures):
    each = (line(pictures, 999) - line(pictures, 0)) / 999
    assert each > 0.3
    for c in (100, 200, 600):
        assert line(pictures, c) == pytest.approx(line(pictures, 0) + c * each, abs=1.5)


def test_spikes_stand_as_far_apart_as_the_delay(pictures):
    each = (line(pictures, 999) - line(pictures, 0)) / 999
    _, columns = near(pictures[600], VERMILLION)
    found = sorted({*columns})
    assert found[0] == pytest.approx(line(pictures, 600) - DELAY * each, abs=4)
    assert found[-1] == pytest.approx(line(pictures, 600), abs=4)


def test_a_product_is_there_only_where_a_spike_meets_the_click(pictures):
    def height(c):
        rows, _ = near(pictures[c], PURPLE)
        return int(np.ptp(rows))

    assert height(100) > 2 * height(200)  # the click itself
    assert height(400) > 1.4 * height(200)  # its copy, half as high
    assert height(400) < height(100)
    assert height(401) == height(399) == height(200)  # dots at zero


def test_the_sum_is_traced_up_to_c(pictures):
    for c, picture in pictures.items():
        _, columns = near(picture, GREEN)
        assert columns.max() <= line(pictures, c) + 4, c
    count = [len(near(pictures[c], GREEN)[0]) for c in (0, 200, 600, 999)]
    assert count == sorted(count)


def test_a_film_has_as_many_pictures_as_asked_for_and_the_same_bytes_again(echo, tmp_path):
    look = Film(seconds=2, fps=10, pixels=240)
    for name in ("a.gif", "b.gif"):
        assert film(echo, str(tmp_path / name), look, inputs=[], title="x") == 20
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    durations = []
    with Image.open(tmp_path / "a.gif") as found:
        for number in range(found.n_frames):
            found.seek(number)
            durations.append(found.info["duration"])
        assert found.size == (240, 150)
        assert found.info["loop"] == 0
    assert sum(durations) == 19 * 100 + 1000


def test_a_film_lasts_as_long_as_asked_for(echo, tmp_path):
    film(echo, str(tmp_path / "a.gif"), Film(seconds=1, fps=30, pixels=240), inputs=[], title="x")
    with Image.open(tmp_path / "a.gif") as found:
        lasts = 0
        for number in range(found.n_frames):
            found.seek(number)
            lasts += found.info["duration"]
    assert lasts == pytest.approx(29 / 30 * 1000 + 1000, abs=10)


@pytest.mark.parametrize(
    ("name", "look", "message"),
    [
        ("a.mov", Film(), "a.mov has no known film format; use a name ending in .gif or .mp4"),
        ("a", Film(), "use a name ending in .gif or .mp4"),
        ("a.gif", Film(seconds=0), "seconds is 0; it must be between 1 and 60"),
        ("a.gif", Film(fps=99), "fps is 99; it must be between 1 and 50"),
        ("a.gif", Film(pixels=5000), "pixels is 5000; it must be between 240 and 1920"),
        ("a.gif", Film(seconds=60, fps=50, pixels=1920), "million pixels in all; the"),
        ("there.gif", Film(), "exists; pass `overwrite=True` to overwrite it"),
    ],
)
def test_invalid_films_are_refused(echo, tmp_path, name, look, message):
    (tmp_path / "there.gif").write_bytes(b"old")
    with pytest.raises(UsageError, match=message):
        film(echo, str(tmp_path / name), look, inputs=[], title="x")
    assert (tmp_path / "there.gif").read_bytes() == b"old"


FFMPEG = """#!{python}
import sys
pixels = sys.stdin.buffer.read()
open(sys.argv[-1], "wb").write(f"{{len(pixels)}} {{' '.join(sys.argv[1:-1])}}".encode())
"""


def program(folder, text):
    path = folder / "ffmpeg"
    path.write_text(text.format(python=sys.executable))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(folder)


@pytest.mark.skipif(os.name != "posix", reason="a script stands in for ffmpeg")
def test_an_mp4_is_handed_to_ffmpeg(echo, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", program(tmp_path, FFMPEG))
    look = Film(seconds=1, fps=5, pixels=251)
    film(echo, str(tmp_path / "a.mp4"), look, inputs=[], title="x")
    count, *options = (tmp_path / "a.mp4").read_text().split()
    assert options[options.index("-s") + 1] == "250x156"
    assert int(count) == 250 * 156 * 3 * (5 + 5)  # and a second at the end
    assert "+bitexact" in options


@pytest.mark.skipif(os.name != "posix", reason="a script stands in for ffmpeg")
def test_an_error_of_ffmpeg_is_one_line(echo, tmp_path, monkeypatch):
    failing = "#!{python}\nimport sys; sys.stdin.read; sys.exit('odd\\nUnknown encoder')\n"
    monkeypatch.setenv("PATH", program(tmp_path, failing))
    with pytest.raises(
        AudioconvError, match=r"^ffmpeg cannot write the MP4: Unknown encoder; write"
    ):
        film(echo, str(tmp_path / "a.mp4"), Film(seconds=1, pixels=240), inputs=[], title="x")
    assert not (tmp_path / "a.mp4").exists()


def test_without_ffmpeg_an_mp4_names_the_remedy(echo, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AudioconvError, match=r"needs ffmpeg; install it, or write a \.gif"):
        film(echo, str(tmp_path / "a.mp4"), Film(seconds=1, pixels=240), inputs=[], title="x")


@pytest.mark.skipif(os.name != "posix", reason="needs a shell's search path")
def test_a_real_ffmpeg_where_there_is_one(echo, tmp_path, monkeypatch):
    binary = pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    (tmp_path / "ffmpeg").symlink_to(binary)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("a.mp4", "b.mp4"):
        film(echo, str(tmp_path / name), Film(seconds=1, pixels=240), inputs=[], title="x")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    said = subprocess.run([binary, "-i", str(tmp_path / "a.mp4")], capture_output=True, text=True)
    assert "240x150" in said.stderr
    assert "Duration: 00:00:02.00" in said.stderr


def test_a_film_of_a_file(samples):
    job = Job(str(samples / "guitar.wav"), "film.gif", [str(samples / "hall.wav")])
    slid = slide(job, Part(start="1s"))
    assert (slid.begin, len(slid.g)) == (44100, 66150)
    with settings():
        picture = Scene(slid, 300, "x").at(slid.end - 1)
    assert picture.size == (300, 188)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    assert len(near(np.asarray(picture), VERMILLION, 60)[0]) > 20


def test_no_product_is_cut_off_and_the_tail_fills_its_row(samples):
    job = Job(str(samples / "guitar.wav"), "film.gif", [str(samples / "hall.wav")])
    slid = slide(job, Part(start="1s"))
    with settings():
        scene = Scene(slid, 300, "x")
        moving = [scene._draw_products(c) for c in range(slid.begin, slid.end, 4000)]
    reached = [0.0, 0.0]
    for row, artist in (one for each in moving for one in each):
        heights = np.abs(artist.get_paths()[0].vertices[:, 1])
        assert heights.max() <= scene._rows[row].get_ylim()[1]
        reached[row - 1] = max(reached[row - 1], heights.max())
    assert reached[0] == np.abs(slid.g).max()
    # by the definition of the page: the largest tap is over 32 times the 98th of 100
    sizes = sorted(np.abs(slid.g[slid.g != 0]))
    assert sizes[-1] / sizes[int(0.98 * len(sizes))] > 32
    pale = next(artist for row, artist in moving[-1] if row == 1)
    tail = 16 * np.abs(slid.g[loud_part(slid.g, 16).stop :]).max()
    assert 0.5 * np.abs(slid.g).max() < tail <= np.abs(pale.get_paths()[0].vertices[:, 1]).max()


@given(
    arrays(np.float64, st.integers(1, 40), elements=st.floats(-1, 1, width=16)),
    st.sampled_from([1, 4, 16]),
)
def test_what_is_drawn_higher_is_no_higher_than_the_peak(taps, times):
    assume(taps.any())
    part = loud_part(taps, times)
    tail = np.concatenate([taps[: part.start], taps[part.stop :]])
    assert times * np.abs(tail).max(initial=0) <= np.abs(taps).max()
    assert np.abs(taps[part]).max() == np.abs(taps).max()
    if times > 1:
        ends = np.abs(taps[[part.start, part.stop - 1]])
        assert (times * ends > np.abs(taps).max()).all()


def test_taps_that_are_all_zero_can_be_filmed():
    """As those before a sound that arrives later than the picture has room for."""
    with settings():
        scene = Scene(Sliding(8000, 0, 0, 0, np.ones(400), np.zeros(300), 0, 400), 240, "x")
        assert scene.at(200).size == (240, 150)


def test_a_page_and_a_film_draw_tails_as_high():
    page = Path(audioconv.page.__file__).parent / "scripts" / "sliding.js"
    rule = re.search(r"return (ratio > .*);", page.read_text())
    assert rule
    found = re.findall(r"ratio > (\d+) \? (\d+)", rule[1])
    assert {float(ratio): int(times) for ratio, times in found} == MAGNIFIED
    for usual, times in ((1 / 33, 16), (1 / 31, 4), (1 / 7, 4), (1 / 5, 1)):
        assert magnification(np.r_[1.0, np.full(999, usual)]) == times


def test_a_film_has_the_title_and_the_ground_of_its_look(echo, tmp_path, monkeypatch):
    titles = []
    made = Scene.__init__
    monkeypatch.setattr(
        Scene, "__init__", lambda self, *all: titles.append(all[2]) or made(self, *all)
    )
    for name, look in {"a": Film(seconds=1), "b": Film(seconds=1, title="Mine", dark=True)}.items():
        film(echo, str(tmp_path / f"{name}.gif"), look, inputs=[], title="x")
    assert titles == ["x", "Mine"]
    grounds = []
    for name in "ab":
        with Image.open(tmp_path / f"{name}.gif") as found:
            grounds.append("#{:02X}{:02X}{:02X}".format(*found.convert("RGB").getpixel((2, 200))))
    assert grounds == [colours.LIGHT.colour(colours.GROUND), colours.DARK.colour(colours.GROUND)]


@pytest.mark.parametrize("pixels", [240, 480, 1200])
def test_the_title_leaves_room_for_the_sum(echo, pixels):
    with settings(dark=False):
        scene = Scene(echo, pixels, "speech.wav with double-spike:delay=350ms,gain=-6dB")
        scene.at(echo.end - 1)
        title = scene._figure._suptitle
        assert title.get_window_extent().x1 < scene._caption.get_window_extent().x0
        assert title.get_text().endswith("…") == (pixels < 1200)
