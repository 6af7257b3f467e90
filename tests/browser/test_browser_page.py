"""The page as a whole: self-contained, accessible, of any width, and safe with any name."""

import json
import os
import re
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from audioconv.page import page as page_of

PHONE = {"viewport": {"width": 390, "height": 844}}
SECTIONS = [
    "steps",
    "draw",
    "sliding",
    "laws",
    "small",
    "blocks",
    "listen",
    "own",
    "decay",
    "spectra",
    "cost",
    "facts",
]


def all_seen(page):
    """Scroll through, so that every figure is drawn."""
    for section in page.locator("section:visible, article:visible, canvas:visible").all():
        section.scroll_into_view_if_needed()
    page.wait_for_timeout(50)


def overflow(page):
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def violations_in(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    violations = axe.run(page).response["violations"]
    return [
        (one["id"], one["impact"], [node["target"] for node in one["nodes"]])
        for one in violations
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("name", ["echo", "hall"])
def test_no_request_and_no_error(name, request):
    page = request.getfixturevalue(name)
    all_seen(page)
    assert page.problems == []
    assert page.locator("h1").inner_text() == page.data["title"]
    assert page.locator("p.notice").count() == 0


def blank(page):
    """Return the figures on which nothing is drawn."""
    return page.eval_on_selector_all(
        "canvas[id]",
        """all => all.filter(canvas => {
          const context = canvas.getContext('2d');
          const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
          return !data.some(value => value);
        }).map(canvas => canvas.id)""",
    )


def test_every_figure_is_drawn_and_described(echo):
    all_seen(echo)
    assert blank(echo) == []
    labels = echo.eval_on_selector_all("canvas", "all => all.map(one => one.ariaLabel)")
    assert len(labels) == 25
    assert all(labels)


def stretched(page):
    """Return the figures that are shown in other proportions than those they are drawn in."""
    return page.eval_on_selector_all(
        "canvas[id]",
        """all => all.filter(canvas => {
          const {width, height} = canvas.getBoundingClientRect();
          return Math.abs(canvas.width * height / (canvas.height * width) - 1) > 0.01;
        }).map(canvas => canvas.id)""",
    )


def test_printing(opened, files):
    """Every figure is drawn for paper, in dark ink, also if it was never scrolled into view."""
    page = opened(files["echo"][0], color_scheme="dark")
    colours = "['--ground', '--ink'].map(n => getComputedStyle(document.body).getPropertyValue(n))"
    widths = "[...document.querySelectorAll('canvas[id]')].map(one => one.width)"
    shown = page.evaluate(colours), page.evaluate(widths)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate(colours) == ["#ffffff", "#1c1e21"]
    assert blank(page) == stretched(page) == []
    assert page.evaluate("document.querySelector('main').scrollWidth") <= 680  # A4 less margins
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert (page.evaluate(colours), page.evaluate(widths)) == shown
    page.context.close()


INVITATIONS = (
    r"\b(?:drag|press|choose|drop (?:it|the|one)|switch|swap them|open an?|move the|you hear)\b"
    r"|\bturned down\b|\bkeys:"
)


@pytest.mark.parametrize("name", ["echo", "hall", "filtered"])
def test_paper_has_no_controls(opened, files, name):
    """Nothing that only a screen can do."""
    page = opened(files[name][0])
    screen = page.inner_text("body")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    controls = page.locator("button, input, select, output, a").locator("visible=true")
    assert controls.evaluate_all("all => all.map(one => one.outerHTML)") == []
    paper = page.inner_text("body")
    assert re.findall(INVITATIONS, paper, re.IGNORECASE) == []
    assert len(re.findall(INVITATIONS, screen, re.IGNORECASE)) > 10
    page.context.close()


def test_paper_of_any_width_does_not_stretch(echo):
    """As where a browser prints without an event."""
    echo.emulate_media(media="print")
    echo.set_viewport_size({"width": 500, "height": 900})
    echo.wait_for_timeout(50)
    assert stretched(echo) == []
    echo.set_viewport_size({"width": 1280, "height": 900})
    echo.emulate_media(media="screen")


@pytest.mark.parametrize("name", ["echo", "hall", "filtered"])
def test_what_is_read_aloud_is_rounded(name, request):
    page = request.getfixturevalue(name)
    all_seen(page)
    texts = page.eval_on_selector_all(
        "[aria-label], [aria-valuetext], [aria-live], [role=status]",
        "all => all.flatMap(e => [e.ariaLabel, e.ariaValueText, e.ariaLive && e.textContent])",
    )
    assert any("dBFS" in text for text in texts if text)
    assert [text for text in texts if text and re.search(r"\d[.]\d{6}", text)] == []


def test_the_standard_terms(echo):
    text = echo.inner_text("main")
    for term in ("impulse response", "convolution reverb", "kernel", "overlap-add"):
        assert term in text


@pytest.mark.usefixtures("chromium_only")
def test_no_other_script_runs(echo):
    """The policy refuses a script that is added later."""
    refused = echo.evaluate(
        """() => {
          const script = document.createElement('script');
          script.textContent = 'window.ran = true';
          document.body.append(script);
          script.remove();
          return window.ran === undefined;
        }"""
    )
    assert refused
    assert any("Content Security Policy" in problem for problem in echo.problems)
    echo.problems.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_accessibility_and_width(opened, files, screenshots, scheme, size):
    options = PHONE if size == "phone" else {}
    page = opened(files["hall"][0], color_scheme=scheme, **options)
    all_seen(page)
    assert violations_in(page) == []
    assert overflow(page) <= 0
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=screenshots / f"hall-{size}-{scheme}.png", full_page=True)
    if "AUDIOCONV_SCREENSHOTS" in os.environ:  # to look at
        for section in SECTIONS:
            path = screenshots / f"{section}-{size}-{scheme}.png"
            page.locator(f"#{section}").screenshot(path=path)
    assert page.problems == []
    page.context.close()


def test_headings_are_in_order(echo):
    levels = echo.eval_on_selector_all(
        "h1, h2, h3, h4", "all => all.map(heading => Number(heading.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_a_narrow_phone_needs_no_sideways_scrolling(opened, files):
    page = opened(files["echo"][0], viewport={"width": 360, "height": 640})
    all_seen(page)
    assert overflow(page) <= 0
    table = page.locator(".scroll")
    assert table.evaluate("box => box.scrollWidth - box.clientWidth") <= 0
    page.context.close()


def test_colours_follow_the_buttons(echo):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = echo.evaluate(ground)
    echo.click("button[data-theme=dark]")
    assert echo.evaluate(ground) != light
    assert echo.get_attribute("button[data-theme=dark]", "aria-pressed") == "true"
    echo.click("button[data-theme=auto]")
    assert echo.evaluate(ground) == light


@pytest.mark.parametrize("chart", ["decay-chart", "cost-chart"])
def test_charts_follow_the_buttons(echo, chart):
    """The background is transparent, so only lines and texts change their colours."""
    echo.locator(f"#{chart}").scroll_into_view_if_needed()
    pictures = []
    for theme in ("light", "dark", "light"):
        # not by the pointer, which would move over the chart
        echo.evaluate(f"document.querySelector('button[data-theme={theme}]').click()")
        echo.wait_for_timeout(50)
        pictures.append(echo.evaluate(f"document.querySelector('#{chart}').toDataURL()"))
    assert pictures[0] == pictures[2] != pictures[1]
    echo.evaluate("document.querySelector('button[data-theme=auto]').click()")


@pytest.mark.usefixtures("chromium_only")
def test_reduced_motion_plays_in_slow_steps(opened, files):
    page = opened(files["echo"][0], reduced_motion="reduce")
    page.focus("#slide-position")
    page.keyboard.press("Home")
    page.evaluate(
        """() => {
          window.steps = [];
          new MutationObserver(() => window.steps.push(performance.now()))
            .observe(document.querySelector('#slide-c'), {attributes: true});
        }"""
    )
    page.click("#slide-play")
    page.wait_for_function("() => window.steps.length >= 3")
    page.click("#slide-play")
    steps = page.evaluate("window.steps")
    assert all(after - before > 250 for before, after in pairwise(steps))
    page.context.close()


HOSTILE = [
    "<img src=x onerror=alert(1)>.wav",
    r"$\frac{1}{$.wav ${title} $policy",
    "half \ud800 character.wav",
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script><!--",
    "\u202egnp.wav \u2028 &lt;b&gt; <!--<script>",
]


def test_hostile_names_are_shown_as_text(opened, files, tmp_path):
    """Every text in the data is hostile; each is shown unchanged, and none runs."""
    data = json.loads(json.dumps(files["echo"][1]))
    all_of = " ".join(HOSTILE)
    data |= {"title": all_of, "version": all_of, "notices": HOSTILE}
    data["facts"] = [[name, name] for name in HOSTILE]
    data["verified"]["rows"] = [[name, name] for name in HOSTILE]
    data["input"]["name"] = data["impulse"]["name"] = all_of
    data["sliding"] |= {"path": all_of, "notes": HOSTILE}
    data["blocks"]["note"] = data["listen"]["note"] = data["cost"]["note"] = all_of
    data["cost"]["machine"] = data["cost"]["job"]["engine"] = all_of
    data["decay"]["why_not"] = HOSTILE
    data["decay"]["lines"] = [{"label": all_of, "from": [0, 0], "to": [0.1, -20]}]
    path = tmp_path / "hostile.html"
    path.write_text(page_of(data), encoding="utf-8", newline="\n")
    page = opened(path)
    all_seen(page)
    assert page.problems == []
    assert page.locator("script").count() == 2
    assert page.locator("main img, main b, main script, main style").count() == 0
    whole = [name.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for name in HOSTILE]
    notices = page.locator("#facts-notices li").evaluate_all("all => all.map(e => e.textContent)")
    assert [text.replace("\ud800", "\ufffd") for text in notices] == whole
    assert page.title().split() == " ".join(whole).split()
    assert overflow(page) <= 0
    page.context.close()


def test_the_smallest_convolution(opened, made, tmp_path):
    """One sample and one tap: no figure fails, and the sum is right."""
    sound, tap = tmp_path / "sound.wav", tmp_path / "tap.wav"
    soundfile.write(sound, np.array([0.5]), 8000)
    soundfile.write(tap, np.array([0.25]), 8000)
    path, data = made("one", sound, tap)
    page = opened(path)
    all_seen(page)
    assert page.problems == []
    assert page.locator("p.notice").count() == 0
    assert page.get_attribute("#slide-sum", "data-value") == "0.125"
    assert not page.is_visible("#decay-chart")
    assert page.locator("#decay-notes li").all_inner_texts() == data["decay"]["why_not"] != []
    page.context.close()
