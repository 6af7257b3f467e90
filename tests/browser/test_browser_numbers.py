"""The numbers that the page computes, compared with the same sums in Python."""

import base64
from math import fsum

import numpy as np
import pytest
from oracle import UNIT, convolve, tolerance

NAMES = ["echo", "hall", "filtered"]


def numbers(packed):
    """Decode packed numbers, independently of the page."""
    if packed["type"] == "sparse":
        dense = np.zeros(packed["length"])
        dense[numbers(packed["at"]).astype(int)] = numbers(packed["values"])
        return dense
    raw = np.frombuffer(base64.b64decode(packed["data"]), f"<{packed['type']}".replace("<", ""))
    return raw.astype(np.float64) * packed["scale"]


def value(page, selector):
    return float(page.get_attribute(selector, "data-value"))


def factors(data, c):
    """Return f(a) and g(b) for all a + b = c."""
    f, g, origin = numbers(data["f"]), numbers(data["g"]), data["origin"]
    a = c + origin - np.arange(len(g))[::-1]
    at = a - data["first"]
    inside = (at >= 0) & (at < len(f))
    met = np.where(inside, f[np.clip(at, 0, len(f) - 1)], 0.0)
    return met, g[c + origin - a]


def check(page):
    """Compare every number under the picture with the definition; return c."""
    data = page.data["sliding"]
    c = int(value(page, "#slide-c"))
    assert int(page.input_value("#slide-position")) == c
    f, g = factors(data, c)
    products = f * g
    scale = np.abs(products).sum() + 1e-300
    assert abs(value(page, "#slide-sum") - float(np.dot(f, g))) < len(g) * UNIT * scale
    # the page's own sum is compensated, so it errs by its last rounding, and by n squared of the
    # square of one: a plain sum would err by a thousand times more
    exact = fsum(products)
    bound = 2 * UNIT * abs(exact) + len(g) ** 2 * UNIT**2 * scale
    assert abs(value(page, "#slide-sum") - exact) <= bound
    assert value(page, "#slide-written") == numbers(data["y"])[c - data["begin"]]
    assert value(page, "#slide-count") == np.count_nonzero(products)
    rows = page.eval_on_selector_all(
        "#slide-terms tbody tr[data-a]", "rows => rows.map(row => ({...row.dataset}))"
    )
    largest = np.sort(np.abs(products))[::-1][:5]
    assert [abs(float(row["product"])) for row in rows] == [p for p in largest if p]
    for row in rows:
        one = int(row["a"]) - (c + data["origin"] - len(g) + 1)
        assert int(row["a"]) + int(row["b"]) == c
        assert (float(row["f"]), float(row["g"])) == (f[one], g[one])
        assert float(row["product"]) == products[one]
    rest = float(page.get_attribute("#slide-terms tfoot tr", "data-product"))
    shown = sum(float(row["product"]) for row in rows)
    assert abs(rest + shown - exact) <= 8 * UNIT * scale
    return c


def drag(page, share_from, share_to):
    page.locator("#slide-canvas").scroll_into_view_if_needed()
    box = page.locator("#slide-canvas").bounding_box()
    y = box["y"] + 60
    page.mouse.move(box["x"] + share_from * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + share_to * box["width"], y, steps=4)
    page.mouse.up()


@pytest.mark.parametrize("name", NAMES)
def test_the_output_that_the_page_shows_is_the_convolution(name, files):
    data = files[name][1]["sliding"]
    f, g, y = (numbers(data[key]) for key in "fgy")
    limit = tolerance(f, g)
    assert len(y) == data["end"] - data["begin"]
    for c in np.linspace(data["begin"], data["end"] - 1, 99).astype(int):
        exact = fsum(np.prod(factors(data, c), axis=0))
        assert abs(y[c - data["begin"]] - exact) <= limit


@pytest.mark.parametrize("name", NAMES)
def test_the_products_that_the_picture_shows_are_those_of_the_sum(name, served, files):
    path, data = files[name]
    page = served(path)
    given = data["sliding"]
    for c in (given["begin"], (given["begin"] + given["end"]) // 2, given["end"] - 1):
        shown = page.evaluate(
            """async ([given, c]) => {
              const { Convolution } = await import('/scripts/sum.js');
              return [...Convolution.unpacked(given).window(c)];
            }""",
            [given, int(c)],
        )
        np.testing.assert_array_equal(shown, np.prod(factors(given, c), axis=0))
    page.context.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_handle_is_dragged_and_the_numbers_are_the_sum(name, request):
    page = request.getfixturevalue(name)
    data = page.data["sliding"]
    check(page)
    places = []
    for share in (0.99, 0.8, 0.62):
        drag(page, 0.9, share)
        places.append(check(page))
    # the axis begins with the first sample under the window, or half as long before the first c
    # as it goes on after it, and ends with the last c
    begin, end = data["begin"], data["end"]
    start = begin - min(len(numbers(data["g"])) - 1, (end - begin) // 2)
    for c, share in zip(places, (0.99, 0.8, 0.62), strict=True):
        assert abs(c - max(begin, start + share * (end - start))) < 0.01 * (end - start)


@pytest.mark.parametrize("name", NAMES)
def test_keys_move_the_sum(name, request):
    page = request.getfixturevalue(name)
    begin, end = page.data["sliding"]["begin"], page.data["sliding"]["end"]
    length = end - 1 - begin
    page.focus("#slide-position")
    for key, expected in [
        ("Home", begin),
        ("ArrowRight", begin + round(length / 200)),
        ("Shift+ArrowRight", begin + round(length / 200) + 1),
        ("PageUp", begin + round(length / 200) + 1 + round(length / 20)),
        ("PageDown", begin + round(length / 200) + 1),
        ("Shift+ArrowLeft", begin + round(length / 200)),
        ("ArrowLeft", begin),
        ("ArrowLeft", begin),
        ("End", end - 1),
    ]:
        page.keyboard.press(key)
        assert check(page) == expected, key


def test_the_second_copy_arrives(echo):
    """At each arrival a spike meets the loudest sample, so its product is the largest."""
    data = echo.data["sliding"]
    f = numbers(data["f"])
    echo.focus("#slide-position")
    echo.keyboard.press("Home")
    arrivals = []
    for _ in range(2):
        echo.click("#slide-next")
        arrivals.append(check(echo))
    assert arrivals[1] - arrivals[0] == 15435
    loudest = arrivals[0]
    whole = f[data["begin"] - data["first"] : data["end"] - data["first"] - 15435]
    assert abs(f[loudest - data["first"]]) == np.abs(whole).max()
    assert "Copy 2" in echo.inner_text("#slide-arrival")
    echo.click("#slide-previous")
    assert check(echo) == arrivals[0]


def test_an_impulse_of_many_taps_has_no_arrivals(hall):
    assert not hall.is_visible("#slide-arrivals")


def test_close_up_the_line_stays_and_the_picture_moves(hall):
    """In 2 ms, 88 samples, a quarter of the width is 22 of them."""
    drag(hall, 0.9, 0.8)
    before = check(hall)
    hall.select_option("#slide-view", label="2 ms around c")
    drag(hall, 0.75, 0.5)
    assert check(hall) == before - 22
    hall.select_option("#slide-view", label="all")


def test_playing_moves_on_and_stops(hall):
    hall.focus("#slide-position")
    hall.keyboard.press("Home")
    hall.click("#slide-play")
    hall.wait_for_function(
        "past => Number(document.querySelector('#slide-c').dataset.value) > past",
        arg=hall.data["sliding"]["begin"] + 200,
    )
    hall.click("#slide-play")
    stopped = check(hall)
    hall.wait_for_timeout(100)
    assert check(hall) == stopped


def test_sliding_is_smooth(hall):
    """A step of the long impulse takes well under the 16 ms of a frame."""
    times = hall.evaluate(
        """async () => {
          const range = document.querySelector('#slide-position');
          const times = [];
          for (let i = 0; i < 40; i++) {
            range.value = Number(range.max) - 16000 + 400 * i;
            await new Promise(requestAnimationFrame);
            const start = performance.now();
            range.dispatchEvent(new Event('input'));
            await new Promise(requestAnimationFrame);  // requested after the figure's own
            times.push(performance.now() - start);
          }
          return times;
        }"""
    )
    assert min(times) < 25  # waiting for a frame of 17 ms included, when nothing else runs


def test_two_boxes(echo):
    for c, area in [("0.25", 0.25), ("1", 1.0), ("1.6", 0.4), ("2.5", 0.0), ("-0.5", 0.0)]:
        echo.fill("#boxes-position", c)
        assert abs(value(echo, "#boxes-value") - area) < 1e-12


def test_a_ball_dropped_twice(echo):
    weights = {
        "even, as dice": ([0, 1, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1, 1]),
        "short, then far": ([4, 3, 2, 1], [0, 0, 0, 1, 2, 3, 4]),
        "near or far": ([0, 1, 0, 0, 0, 1], [0, 2, 5, 2, 1]),
    }
    for name, (f, g) in weights.items():
        echo.select_option("#ball-preset", name)
        chances = np.pad(convolve(f, g) / sum(f) / sum(g), (0, 13))
        for c in range(13):
            echo.fill("#ball-position", str(c))
            assert abs(value(echo, "#ball-value") - chances[c]) < 1e-12


def test_a_window_over_a_picture(echo):
    """A picture of one step moves by it: the kernel is turned round, as convolution has it."""
    echo.select_option("#picture-kernel", "one step right")
    echo.fill("#picture-position", str(5 * 24 + 9))
    cells = echo.locator("#picture-products td").all_inner_texts()
    left = cells[3].split("×")
    assert left[1].split("=")[0].strip() == "1"
    assert value(echo, "#picture-value") == float(left[0])
    echo.select_option("#picture-kernel", "blur")
    products = echo.locator("#picture-products td").all_inner_texts()
    total = sum(
        float(pixel) * float(tap.split("/")[0]) / 16
        for pixel, tap in (cell.split("=")[0].split("×") for cell in products)
    )
    assert abs(value(echo, "#picture-value") - total) < 1e-9
    echo.focus("#picture-position")
    echo.keyboard.press("ArrowDown")
    assert echo.input_value("#picture-position") == str(6 * 24 + 9)


def test_the_matrix_times_f(echo):
    y = convolve([2, 1, 0, 3, -1, 2, 0, 1], [4, 3, 2, 1])
    for c in range(11):
        echo.fill("#matrix-position", str(c))
        assert value(echo, "#matrix-value") == y[c]


def test_blocks_are_added_one_by_one(hall):
    data = hall.data["blocks"]
    pieces = data["pieces"]
    hall.fill("#blocks-position", "0")
    assert hall.is_disabled("#blocks-back")
    for added, piece in enumerate(pieces, 1):
        hall.click("#blocks-add")
        assert value(hall, "#blocks-value") == added
        text = hall.inner_text("#blocks-value").replace("\u202f", "")
        frames = piece["frames"]
        assert f"{frames} samples become {frames + 66149}; the last 66149 are the tail" in text
    assert f"complete up to {data['end'] / data['rate']:.3f} s" in text
    assert hall.is_disabled("#blocks-add")
    hall.click("#blocks-back")
    # nothing more is added before the start of the next block
    final = pieces[-1]["start"] / data["rate"]
    assert f"final up to {final:.3f} s" in hall.inner_text("#blocks-value")
