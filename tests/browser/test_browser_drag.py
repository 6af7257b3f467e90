"""Things that are dragged, by mouse and by finger; a finger beside them scrolls the page."""

import pytest
from oracle import convolve

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class Finger:
    """Touches as a screen reports them; the browser decides what is a scroll."""

    def __init__(self, page):
        if page.context.browser.browser_type.name != "chromium":
            pytest.skip("only Chromium lets a test touch the screen")
        self.page, self.session = page, page.context.new_cdp_session(page)

    def send(self, kind, *points):
        given = [{"x": x, "y": y} for x, y in points]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})

    def drag(self, start, end, steps=8):
        self.send("touchStart", start)
        for i in range(1, steps + 1):
            self.send(
                "touchMove", tuple(a + (b - a) * i / steps for a, b in zip(start, end, strict=True))
            )
            self.page.wait_for_timeout(16)
        self.send("touchEnd")


class Mouse:
    def __init__(self, page):
        self.mouse = page.mouse

    def drag(self, start, end):
        self.mouse.move(*start)
        self.mouse.down()
        self.mouse.move(*end, steps=4)
        self.mouse.up()


@pytest.fixture(scope="module")
def phone(browser, opened, files):
    if browser.browser_type.name != "chromium":
        pytest.skip("touches come from Chromium's protocol")
    return opened(files["echo"][0], **PHONE)


@pytest.fixture(params=["mouse", "finger"])
def hand(request):
    """A page, and something to drag with."""
    if request.param == "mouse":
        page = request.getfixturevalue("echo")
        return page, Mouse(page)
    page = request.getfixturevalue("phone")
    return page, Finger(page)


def canvas(page, name):
    """Scroll to a canvas, and return a function from its own places to places in the window."""
    found = page.locator(f"#{name}")
    found.evaluate("one => one.scrollIntoView({block: 'center'})")
    box = found.bounding_box()
    return box, lambda x, y: (box["x"] + x, box["y"] + y)


def place(page, name):
    """Return where a canvas lies in the window, which text that grows above it does not change."""
    return page.locator(f"#{name}").bounding_box()


def position_of(page, name):
    return float(page.input_value(f"#{name}"))


def position(page, name):
    return position_of(page, f"{name}-position")


def test_a_box_is_dragged_from_where_it_is_held(hand):
    page, pointer = hand
    page.fill("#boxes-position", "0.6")
    box, at = canvas(page, "boxes-canvas")
    unit = (box["width"] - 2) / 3.5
    held = 1 + (0.2 + 0.75) * unit  # 0.4 left of its right edge
    pointer.drag(at(held, 80), at(held + 0.5 * unit, 80))
    assert position(page, "boxes") == pytest.approx(1.1, abs=0.011)
    # beside the box, c comes to the pointer
    pointer.drag(at(1 + (2 + 0.75) * unit, 200), at(1 + (1.5 + 0.75) * unit, 200))
    assert position(page, "boxes") == pytest.approx(1.5, abs=0.011)
    area = page.get_attribute("#boxes-value", "data-value")
    assert float(area) == pytest.approx(0.5, abs=0.011)


def test_a_pair_or_a_total_of_the_ball_is_chosen(hand):
    page, pointer = hand
    box, at = canvas(page, "ball-canvas")
    side = min(int((box["width"] * 0.52 - 54) / 7), 26)
    pair = lambda a, b: at(54 + (a + 0.5) * side, 12 + (6.5 - b) * side)  # noqa: E731
    pointer.drag(pair(0, 1), pair(5, 1))
    assert position(page, "ball") == 6
    left = 54 + 7 * side + 24
    step = (box["width"] - left) / 13
    pointer.drag(at(left + 2.5 * step, 100), at(left + 10.5 * step, 100))
    assert position(page, "ball") == 10


def test_the_window_moves_over_the_picture(hand):
    page, pointer = hand
    box, at = canvas(page, "picture-canvas")
    cell = min(240, int((box["width"] - 24) / 2 / 24) * 24) / 24
    pixel = lambda row, column: at((column + 0.5) * cell, 20 + (row + 0.5) * cell)  # noqa: E731
    before = place(page, "picture-canvas")
    pointer.drag(pixel(2, 2), pixel(19, 6))
    assert position(page, "picture") == 19 * 24 + 6
    assert place(page, "picture-canvas") == before


def test_the_marked_row_of_the_matrix_is_dragged(hand):
    page, pointer = hand
    page.fill("#matrix-position", "4")
    box, at = canvas(page, "matrix-canvas")
    cell = min(32, int((box["width"] - 40) / 11.5))
    row = lambda c: at(2 * cell, 24 + (c + 0.5) * cell)  # noqa: E731
    before = place(page, "matrix-canvas")
    pointer.drag(row(4), row(9))
    assert position(page, "matrix") == 9
    assert place(page, "matrix-canvas") == before
    page.mouse.click(*row(1))
    assert position(page, "matrix") == 1


def test_a_tap_is_dragged_by_its_end(hand):
    """From 350 ms and 0.5, held 5 pixels beside it, to half a second and below zero."""
    page, pointer = hand
    box, at = canvas(page, "own-g")
    span = float(page.get_attribute("#own-at", "max"))
    tap = lambda time, height: (  # noqa: E731
        49 + time / span * (box["width"] - 64),
        12 + (1 - height) * 71,
    )
    before = place(page, "own-g")
    pointer.drag(at(*tap(15435, 0.5)), at(*tap(22050, -0.25)))
    assert position_of(page, "own-at") == pytest.approx(22050, abs=span / 200)
    assert position_of(page, "own-height") == pytest.approx(-0.25, abs=0.02)
    assert place(page, "own-g") == before
    assert page.problems == []


def test_a_second_finger_does_not_move_what_the_first_one_drags(echo):
    box, at = canvas(echo, "matrix-canvas")
    echo.fill("#matrix-position", "4")
    cell = min(32, int((box["width"] - 40) / 11.5))
    echo.mouse.move(*at(2 * cell, 24 + 4.5 * cell))
    echo.mouse.down()
    x, y = at(2 * cell, 24 + 9.5 * cell)
    other = {"pointerId": 99, "clientX": x, "clientY": y}
    echo.dispatch_event("#matrix-canvas", "pointermove", other)
    assert position(echo, "matrix") == 4
    echo.mouse.move(x, y)
    echo.mouse.up()
    assert position(echo, "matrix") == 9


def test_signals_are_drawn_in_one_stroke(hand):
    """From knob to knob; the sum of the first steps is then that of the drawn samples."""
    page, pointer = hand
    box, at = canvas(page, "draw-f-canvas")
    knob = lambda place, value: at((place + 0.5) * box["width"] / 6, 98 - 18 * value)  # noqa: E731
    pointer.drag(knob(0, 1), knob(4, -3))
    drawn = page.get_attribute("#draw-f-canvas", "aria-label").replace("\u2212", "-")
    f = [float(one) for one in drawn.rpartition(": ")[2].rstrip(".").split(", ")]
    assert f[4] == -3
    assert f[:4] != [1, 3, 2, -1]
    page.fill("#steps-position", "5")
    y = convolve(f, [3, 2, 1])
    assert float(page.get_attribute("#steps-value", "data-value")) == y[5]
    page.click("#draw-reset")
    assert page.get_attribute("#draw-f-canvas", "aria-label").endswith("1, 3, 2, \u22121, 2.")


def test_a_stroke_of_the_mouse_may_begin_beside_a_knob(echo):
    """And sets every bar that it passes, however far apart the places of the pointer."""
    box, at = canvas(echo, "draw-f-canvas")
    start, end = (at((place + 0.5) * box["width"] / 6, 98 - 18 * 4) for place in (0, 4))
    Mouse(echo).drag(start, end)
    assert echo.get_attribute("#draw-f-canvas", "aria-label").endswith(" 4, 4, 4, 4, 4.")
    echo.click("#draw-reset")


def test_signals_are_drawn_by_keys(echo):
    """More samples and taps, down to silence: no picture fails."""
    for _ in range(3):
        echo.click("#draw-g-add")
    assert echo.is_disabled("#draw-g-add")
    assert (
        echo.input_value("#steps-position") <= echo.get_attribute("#steps-position", "max") == "9"
    )
    for place in range(6):
        echo.select_option("#draw-g-at", str(place))
        echo.focus("#draw-g-value")
        echo.keyboard.press("Home")
        assert echo.inner_text("#draw-g-now") == "\u22124"
        echo.fill("#draw-g-value", "0")
    for figure in echo.locator("canvas:visible").all():
        figure.scroll_into_view_if_needed()
    assert float(echo.get_attribute("#steps-value", "data-value")) == 0
    for _ in range(5):
        echo.click("#draw-g-remove")
    assert echo.is_disabled("#draw-g-remove")
    echo.click("#draw-reset")
    assert echo.locator("#draw-g-at option").count() == 3
    assert echo.problems == []


def test_a_finger_beside_the_marked_row_scrolls(phone):
    phone.fill("#matrix-position", "4")
    _, at = canvas(phone, "matrix-canvas")
    before = phone.evaluate("scrollY")
    Finger(phone).drag(at(60, 280), at(60, 80))
    phone.wait_for_timeout(100)
    assert phone.evaluate("scrollY") > before + 50
    assert position(phone, "matrix") == 4
    assert phone.problems == []
