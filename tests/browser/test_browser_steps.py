"""The first steps, the four rules, and the convolution theorem, on signals and by names of taps."""

import base64
import json
import re
from itertools import pairwise

import numpy as np
import pytest
from oracle import convolve

from audioconv.page import page as page_of

F, G = [1, 3, 2, -1, 2], [3, 2, 1]
ROOMS = [[1, 0, 1], [1, 2, 1], [1, -1]]


def text(page, name):
    found = page.inner_text(f"#{name}")
    return found.replace("\u2212", "-").replace("\u00a0", " ").replace("\u202f", "")


def listed(found):
    """Return the numbers after the last sign of equality."""
    return [float(number) for number in found.rpartition("=")[2].rstrip(".").split(",")]


def written(values):
    return [round(float(value), 2) for value in values]


def test_the_page_begins_with_them(echo):
    sections = echo.eval_on_selector_all("main > section", "all => all.map(one => one.id)")
    assert sections[:3] == ["steps", "draw", "sliding"]
    links = echo.locator("#contents a").evaluate_all("all => all.map(one => one.hash)")
    assert links == [f"#{one}" for one in sections]


def test_one_step_back_and_the_next_are_a_pair(echo):
    names = [("Back", "Back one step"), ("Next", "Next step")]
    for text_, name in names:
        button = echo.locator("#steps").get_by_role("button", name=name, exact=True)
        assert button.inner_text() == text_


def test_every_step_is_the_sum_of_its_products(echo):
    y = convolve(F, G)
    echo.fill("#steps-position", "0")
    assert echo.is_disabled("#steps-back")
    for c, sum_ in enumerate(y):
        assert echo.input_value("#steps-position") == str(c)
        assert float(echo.get_attribute("#steps-value", "data-value")) == sum_
        pairs = [(a, c - a) for a in range(5) if 0 <= c - a < 3]
        letters = " + ".join(f"f({a}) g({b})" for a, b in pairs)
        numbers = " + ".join(f"{f'({F[a]})' if F[a] < 0 else F[a]}·{G[b]}" for a, b in pairs)
        assert text(echo, "steps-value") == f"y({c}) = {letters} = {numbers} = {sum_:g}"
        launched = f"f({c}) = {F[c]} launches" if c < 5 else "All samples have launched"
        assert launched in text(echo, "steps-copies-story")
        over = ", ".join(f"f({a})" for a, _ in pairs)
        assert f"g lies over {over}." in text(echo, "steps-window-story")
        for name in ("steps-copies", "steps-window"):
            assert text(echo, f"{name}-story").endswith(f"= {sum_:g}.")
            story = echo.inner_text(f"#{name}-story")
            assert story in echo.get_attribute(f"#{name}", "aria-label")
        if c < len(y) - 1:
            echo.click("#steps-next")
    assert echo.is_disabled("#steps-next")
    echo.click("#steps-back")
    assert echo.input_value("#steps-position") == "5"


def test_both_pictures_end_in_the_same_sum(echo):
    """The row of y under the label, from place 0 on, in pixels."""
    echo.locator("#steps-copies").scroll_into_view_if_needed()
    rows = """c => {
      const range = document.querySelector('#steps-position');
      range.value = c;
      range.dispatchEvent(new Event('input'));
      return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(
        ['steps-copies', 'steps-window'].map(id => {
          const canvas = document.getElementById(id);
          const [width, height] = [canvas.width, canvas.height];
          const left = Math.ceil(width * 2 / 9) + 1;
          const row = canvas.getContext('2d').getImageData(left, height - 100, width - left, 72);
          return row.data.join();
        })))));
    }"""
    pictures = [echo.evaluate(rows, c) for c in range(7)]
    assert all(copies == window for copies, window in pictures)
    assert len({copies for copies, _ in pictures}) == 7


def test_steps_are_first_played_from_the_start(opened, files):
    """Although the picture to begin with is in the middle; later, from where they are."""
    page = opened(files["echo"][0], reduced_motion="reduce")
    assert page.input_value("#steps-position") == "3"
    page.click("#steps-play")
    assert page.input_value("#steps-position") in "01"
    page.click("#steps-play")
    page.fill("#steps-position", "4")
    page.click("#steps-play")
    assert page.input_value("#steps-position") in "45"
    page.context.close()


def test_steps_are_played_from_the_start_again(opened, files):
    page = opened(files["echo"][0], reduced_motion="reduce")
    page.select_option("#steps-speed", label="fast")
    page.fill("#steps-position", "6")
    page.click("#steps-play")
    page.wait_for_function("() => document.querySelector('#steps-position').value === '1'")
    page.click("#steps-play")
    page.wait_for_timeout(400)
    assert page.input_value("#steps-position") in "12"
    assert page.problems == []
    page.context.close()


def test_a_pointer_moves_the_steps(echo):
    box = echo.locator("#steps-window").bounding_box()
    for c in (0, 6, 2):
        echo.locator("#steps-window").click(position={"x": (c + 2.5) / 9 * box["width"], "y": 400})
        assert echo.input_value("#steps-position") == str(c)


def test_figures_follow_the_short_signals(served, files):
    """Whatever changes them."""
    page = served(files["echo"][0])
    page.evaluate(
        "async () => (await import('/scripts/short.js')).short.set('f', 3, 4)",
    )
    y = convolve([1, 3, 2, 4, 2], G)
    assert float(page.get_attribute("#steps-value", "data-value")) == y[3]
    assert listed(text(page, "order-value")) == y.tolist()
    page.evaluate("async () => (await import('/scripts/short.js')).short.replace({g: [1, 0.5]})")
    assert page.get_attribute("#steps-position", "max") == "5"
    assert listed(text(page, "order-value")) == written(convolve([1, 3, 2, 4, 2], [1, 0.5]))
    assert page.problems == []
    page.context.close()


def test_steps_go_on_from_where_shorter_signals_left_them(served, files):
    page = served(files["echo"][0])
    replace = "async f => (await import('/scripts/short.js')).short.replace({f})"
    page.fill("#steps-position", "6")
    page.evaluate(replace, F[:3])
    page.evaluate(replace, F)
    page.select_option("#steps-speed", label="slow")
    page.click("#steps-play")
    page.evaluate("() => new Promise(done => setTimeout(done, 100))")
    assert page.input_value("#steps-position") == "4"
    page.context.close()


def test_copies_have_room_for_their_bars(served, files):
    """Also six of them, each with numbers above and below."""
    page = served(files["echo"][0])
    unit = page.evaluate(
        """async () => {
          const { commonUnit, COPIES_HEIGHT } = await import('/scripts/copies-draw.js');
          const values = [4, -4, 4, -4, 4, -4];
          const heights = { copies: COPIES_HEIGHT, products: COPIES_HEIGHT, sums: COPIES_HEIGHT };
          return commonUnit({ f: values, g: values }, heights);
        }"""
    )
    assert 16 * unit >= 4  # pixels of the highest
    page.context.close()


def test_swapped_the_sum_is_the_same(echo):
    y = convolve(F, G).tolist()
    assert text(echo, "order-value").startswith("f * g")
    assert listed(text(echo, "order-value")) == y
    echo.click("#order-swap")
    assert text(echo, "order-value").startswith("g * f")
    assert listed(text(echo, "order-value")) == y
    assert echo.get_attribute("#order-swap", "aria-pressed") == "true"
    echo.click("#order-swap")


@pytest.mark.parametrize("index", range(3))
def test_grouped_in_either_way_the_sum_is_the_same(echo, index):
    y = convolve(convolve(F, G), ROOMS[index]).tolist()
    echo.locator("#grouping-room").select_option(index=index)
    for first, law in (("f * g", "(f * g) * h"), ("g * h", "f * (g * h)")):
        echo.select_option("#grouping-first", label=first)
        assert text(echo, "grouping-value").startswith(law)
        assert listed(text(echo, "grouping-value")) == y


@pytest.mark.parametrize(
    ("place", "height", "told"),
    [
        (0, "1", "g is δ, and f * δ = f: nothing changes."),
        (1, "1", "y is f, 1 sample late."),
        (3, "0.7", "y is f times 0.7, 3 samples late."),
        (0, "-1", "y is f, upside down."),
    ],
)
def test_a_lone_tap(echo, place, height, told):
    echo.fill("#delta-position", str(place))
    echo.select_option("#delta-worth", height)
    assert text(echo, "delta-value") == told
    assert told in echo.get_attribute("#delta-canvas", "aria-label").replace("\u2212", "-")


def test_a_later_signal_sums_up_later(echo):
    echo.fill("#shift-position", "4")
    assert text(echo, "shift-value") == "f begins at 4, and so does y: 3, 11, 13, 4, 6, 3, 2."


def reading(page):
    """Return the frequency, and magnitudes and phases of f, g, their product, and y."""
    found = text(page, "spectra-reading")
    numbers = re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", found.replace("which is", ""))
    return [float(number) for number in numbers]


@pytest.mark.parametrize("stop", [0, 37, 150, 200])
def test_the_spectra_of_short_signals(echo, stop):
    echo.select_option("#spectra-of", "short")
    echo.fill("#spectra-position", str(stop))
    frequency, *levels = reading(echo)[:5]
    assert frequency == pytest.approx(stop / 400, abs=1e-4)
    turn = np.exp(-2j * np.pi * stop / 400)
    f, g = (np.polyval(values[::-1], turn) for values in (F, G))
    assert levels == pytest.approx([abs(f), abs(g), abs(f * g), abs(f * g)], rel=0.006)
    phases = reading(echo)[5:]
    angles = np.angle([f, g], deg=True)
    turned = (np.array(phases[:2]) - angles + 180) % 360 - 180
    assert np.abs(turned).max() < 0.06
    assert (phases[-1] - angles.sum() + 180) % 360 - 180 == pytest.approx(0, abs=0.06)


def test_what_is_zero_has_no_phase(served, files):
    """Two equal taps at half the rate, and the spectrum of silence."""
    page = served(files["echo"][0])
    page.evaluate("async () => (await import('/scripts/short.js')).short.replace({g: [1, 1]})")
    page.select_option("#spectra-of", "short")
    page.fill("#spectra-position", "200")
    assert "× 0 = 0, of y 0; what is 0 has no phase." in page.inner_text("#spectra-reading")
    silent = page.evaluate(
        """async () => {
          const { heldSpectra } = await import('/scripts/spectrum.js');
          const part = scale => ({ type: 'float64', scale, data: 'AAAAAAAA8D8=' }); // one 1.0
          const one = db => ({ level_db: part(db), phase: part(1) });
          const { text, product } = heldSpectra({
            hz: part(20), f: one(-6153), g: one(10), y: one(-6153),
          });
          return text(product.level[0]);
        }"""
    )
    assert silent == "\u2212\u221e dB"
    page.context.close()


def test_the_spectra_of_an_echo(echo):
    """By the closed form of a comb filter, at the frequencies of the page; levels add up."""
    packed = echo.data["theorem"]["hz"]
    raw = np.frombuffer(base64.b64decode(packed["data"]), packed["type"])
    places = raw * packed["scale"]
    assert places[-1] == 22050
    echo.select_option("#spectra-of", "held")
    for stop in (0, 100, len(places) - 1):
        echo.fill("#spectra-position", str(stop))
        hz, f, g, product, y = reading(echo)[:5]
        assert hz == round(places[stop])
        comb = 1 + 10 ** (-6 / 20) * np.exp(-2j * np.pi * places[stop] / 44100 * 15435)
        assert g == pytest.approx(20 * np.log10(abs(comb)), abs=0.06)
        assert product == pytest.approx(f + g, abs=0.11)
        assert y == pytest.approx(product, abs=0.11)
    assert "decibels" in echo.inner_text("#spectra-note")
    echo.select_option("#spectra-of", "short")


def test_the_spectra_are_read_under_the_pointer(echo):
    echo.locator("#spectra-canvas").scroll_into_view_if_needed()
    box = echo.locator("#spectra-canvas").bounding_box()
    places = []
    for x in (60, 300, 700):
        echo.mouse.move(box["x"] + x, box["y"] + 60)
        places.append(int(echo.input_value("#spectra-position")))
    assert all(before < after for before, after in pairwise(places))


def test_the_taps_of_an_echo_are_named(echo, hall):
    notes = [one.replace("\u202f", "") for one in echo.locator("#slide-notes li").all_inner_texts()]
    assert notes[:2] == [
        "The tap b = 0 is worth 1.00: the direct sound.",
        "The tap b = 15435 is worth 0.501 and 15435 samples (350 ms) late: the echo.",
    ]
    assert not any("tap b" in note for note in hall.locator("#slide-notes li").all_inner_texts())


def test_other_taps_have_other_names(served, files):
    page = served(files["echo"][0])
    names = page.evaluate(
        """async () => {
          const { namedTaps } = await import('/scripts/taps.js');
          const of = (g, origin) => namedTaps({
            g, origin, rate: 1000, sparse: true,
            spikes: [...g.keys()].filter(b => g[b]),
          }).map(({ name, text }) => `${name}|${text}`);
          return [of([0, 0, -1], 0), of([1, 0.5, 0.25], 0), of([0.2, 0, 1], 2)];
        }"""
    )
    assert [[one.split("|")[0] for one in of] for of in names] == [
        ["the sound itself, delayed"],
        ["the direct sound", "echo 1", "echo 2"],
        ["an echo before the sound", "the direct sound"],
    ]
    assert "2 samples (2.00 ms) early" in names[2][0].replace("\u202f", "")
    page.context.close()


@pytest.mark.parametrize(("last", "crossing"), [([2**14, 1e-3], "20"), ([2**10, 1.0], None)])
def test_where_the_laws_of_costs_cross(opened, files, tmp_path, last, crossing):
    """Where n squared over 2**20 is n log n over 2**14 times 14; and nowhere, if FFTs are slow."""
    data = json.loads(json.dumps(files["echo"][1]))
    data["cost"] |= {"direct": [[4, 1e-4], [2**10, 1e-3]], "fft": [[4, 1e-4], last]}
    data["cost"]["job"] |= {"direct_operations": 2**20}
    path = tmp_path / "cost.html"
    path.write_text(page_of(data), encoding="utf-8", newline="\n")
    page = opened(path)
    found = re.search(r"cross at n = (\d+)", page.get_attribute("#cost-chart", "aria-label"))
    assert (found and found[1]) == crossing
    page.context.close()
