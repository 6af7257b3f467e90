"""The two charts: their scales, and the values that they are read at."""

import re

import pytest

LEFT, RIGHT = 60, 16  # pixels beside the box of a chart


def hover(page, chart, share):
    """Move the pointer to a share of the way from the left of a chart's box to its right."""
    page.locator(f"#{chart}-chart").scroll_into_view_if_needed()
    box = page.locator(f"#{chart}-chart").bounding_box()
    x = box["x"] + LEFT + share * (box["width"] - LEFT - RIGHT)
    page.mouse.move(x, box["y"] + 100)
    return page.inner_text(f"#{chart}-reading").replace("\u2212", "-").replace("\u202f", "")


def decay_text(data, stop):
    level, energy = data["level_db"][stop], data["curve_db"][stop]
    heard = "silence" if level is None else f"level {level:.1f} dB"
    rest = "" if energy is None else f", energy still to come {energy:.1f} dB"
    return f"At {data['seconds'][stop]:.3f} s: {heard}{rest}."


@pytest.mark.parametrize("share", [0, 0.25, 0.5, 1])
def test_the_decay_is_read_under_the_pointer(hall, share):
    data = hall.data["decay"]
    stop = round(share * (len(data["seconds"]) - 1))
    texts = [decay_text(data, stop + off) for off in (-1, 0, 1) if 0 <= stop + off < 600]
    assert hover(hall, "decay", share) in texts
    assert not hall.problems


def test_the_decay_is_read_by_keys(hall):
    data = hall.data["decay"]
    hall.focus("#decay-position")
    for key, stop in [("Home", 0), ("ArrowRight", 1), ("End", 599), ("ArrowLeft", 598)]:
        hall.keyboard.press(key)
        text = hall.inner_text("#decay-reading")
        assert text.replace("\u2212", "-") == decay_text(data, stop)
        assert hall.get_attribute("#decay-position", "aria-valuetext") == text


def test_the_key_of_the_decay_names_every_line(hall):
    data = hall.data["decay"]
    labels = [line["label"] for line in data["lines"]]
    assert [label[:3] for label in labels] == ["T20", "T30"]
    key = hall.locator("#decay-key li").all_inner_texts()
    assert key[:4] == ["level of g", "energy still to come", *labels]
    label = hall.get_attribute("#decay-chart", "aria-label")
    assert ", ".join(labels) in label


def test_silence_between_echoes_is_read_as_such(echo):
    assert "silence" in hover(echo, "decay", 0.5)
    assert "level -6.0 dB" in hover(echo, "decay", 1)


def test_costs_are_read_under_the_pointer(hall):
    data = hall.data["cost"]
    sizes = sorted({n for n, _ in [*data["direct"], *data["fft"]]})
    texts = [hover(hall, "cost", share) for share in (0, 1)]
    assert texts[0].startswith(f"n = {sizes[0]}: direct ")
    assert texts[1].startswith(f"n = {sizes[-1]}: direct ")
    assert "estimated" not in texts[0]
    assert ("direct" in texts[1] and "(estimated)" in texts[1]) == (data["direct"][-1] != sizes[-1])
    hall.focus("#cost-position")
    hall.keyboard.press("Home")
    assert hall.inner_text("#cost-reading").replace("\u202f", "") == texts[0]


def test_the_key_of_the_costs_names_all_lines_and_both_times(hall):
    """The times stand beside the chart: on a phone there is no room for them in it."""
    key = hall.locator("#cost-key li").all_inner_texts()
    assert key[:2] == ["direct, measured", "FFT, measured"]
    assert key[2:4] == ["law n² through the last dot", "law n log n through the last dot"]
    job = hall.data["cost"]["job"]
    names = ["direct", job["engine"]]
    times = [job["direct_s"], job["engine_s"]]
    for text, name, seconds in zip(key[4:], names, times, strict=True):
        begin, value, unit = re.fullmatch(r"(.*): ([\d.]+) (.*)", text).groups()
        assert begin == f"this run, {name}"
        shown = float(value) * {"µs": 1e-6, "ms": 1e-3, "s": 1, "min": 60}[unit]
        assert abs(shown / seconds - 1) < 0.006  # of three digits


def test_scales(served, files):
    page = served(files["echo"][0])
    assert page.evaluate(
        """async () => {
          const {linearScale, logScale, timeScale} = await import('/scripts/axes.js');
          return [
            linearScale(-80, 20).share(-30), linearScale(-1, 1).ticks(4),
            linearScale(0, 0.3).ticks(3), logScale(10, 1e5).share(100), logScale(20, 2000).ticks(9),
            logScale(1e-3, 1e6).ticks(4),
            timeScale(0, 0.004).unit, timeScale(0, 0.004).ticks(2), timeScale(1, 2).unit,
          ];
        }"""
    ) == [
        *(0.5, [[-1, "−1.0"], [-0.5, "−0.5"], [0, "0.0"], [0.5, "0.5"], [1, "1.0"]]),
        [[0, "0.0"], [0.1, "0.1"], [0.2, "0.2"], [pytest.approx(0.3), "0.3"]],
        *(0.25, [[100, "10²"], [1000, "10³"]]),
        [[1e-3, "10⁻³"], [1, "10⁰"], [1e3, "10³"], [1e6, "10⁶"]],
        *("ms", [[0, "0"], [0.002, "2"], [0.004, "4"]], "s"),
    ]
    page.context.close()
