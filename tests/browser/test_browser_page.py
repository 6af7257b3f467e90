"""The page as a whole: it keeps to itself, fits, can be used by all, and believes no name."""

import json
import os
from itertools import pairwise

import numpy as np
import pytest

from audioconv.page import page as page_of
from browser import fixture

PHONE = {"viewport": {"width": 390, "height": 844}}
SECTIONS = ["sliding", "small", "blocks", "listen", "decay", "cost", "facts"]


def all_seen(page):
    """Scroll through, so that every figure is drawn."""
    for section in page.locator("section:visible, article:visible, canvas:visible").all():
        section.scroll_into_view_if_needed()
    page.wait_for_timeout(50)


def overflow(page):
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def findings(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [
        (one["id"], one["impact"], [node["target"] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("name", ["echo", "hall"])
def test_it_keeps_to_itself(name, request):
    page = request.getfixturevalue(name)
    all_seen(page)
    assert page.sins == []
    assert page.locator("h1").inner_text() == page.given["title"]
    assert page.locator("p.notice").count() == 0


def test_every_figure_is_drawn_and_told_in_words(echo):
    all_seen(echo)
    blank = echo.eval_on_selector_all(
        "canvas[id]",
        """all => all.filter(canvas => {
          const context = canvas.getContext('2d');
          const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
          return !canvas.getAttribute('aria-label') || !data.some(value => value);
        }).map(canvas => canvas.id)""",
    )
    assert blank == []
    assert echo.locator(".uplot").count() == 2


def test_nothing_but_what_was_written_may_run(echo):
    """The policy refuses a script and a style that come later."""
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
    assert any("Content Security Policy" in sin for sin in echo.sins)
    echo.sins.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_it_is_there_for_everyone(opened, files, screenshots, scheme, size):
    options = PHONE if size == "phone" else {}
    page = opened(files["hall"][0], color_scheme=scheme, **options)
    all_seen(page)
    assert findings(page) == []
    assert overflow(page) <= 0
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=screenshots / f"hall-{size}-{scheme}.png", full_page=True)
    if "AUDIOCONV_SCREENSHOTS" in os.environ:  # somebody wants to look
        for section in SECTIONS:
            path = screenshots / f"{section}-{size}-{scheme}.png"
            page.locator(f"#{section}").screenshot(path=path)
    assert page.sins == []
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
    assert echo.locator(".uplot").count() == 2


def test_nothing_moves_by_itself_where_that_is_asked_for(opened, files):
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


def test_names_are_only_names(opened, files, tmp_path):
    """Every text of the page at once is hostile; they show as they are and run nothing."""
    given = json.loads(json.dumps(files["echo"][1]))
    all_of = " ".join(HOSTILE)
    given |= {"title": all_of, "version": all_of, "notices": HOSTILE}
    given["facts"] = [[name, name] for name in HOSTILE]
    given["verified"]["rows"] = [[name, name] for name in HOSTILE]
    given["input"]["name"] = given["impulse"]["name"] = all_of
    given["sliding"] |= {"path": all_of, "notes": HOSTILE}
    given["blocks"]["note"] = given["listen"]["note"] = given["cost"]["note"] = all_of
    given["cost"]["machine"] = given["cost"]["job"]["engine"] = all_of
    given["decay"]["why_not"] = HOSTILE
    given["decay"]["lines"] = [{"label": all_of, "from": [0, 0], "to": [0.1, -20]}]
    path = tmp_path / "hostile.html"
    path.write_text(page_of(given), encoding="utf-8", newline="\n")
    page = opened(path)
    all_seen(page)
    assert page.sins == []
    assert page.locator("script").count() == 3
    assert page.locator("main img, main b, main script, main style").count() == 0
    whole = [name.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for name in HOSTILE]
    notices = page.locator("#facts-notices li").evaluate_all("all => all.map(e => e.textContent)")
    assert [text.replace("\ud800", "\ufffd") for text in notices] == whole
    assert page.title().split() == " ".join(whole).split()
    assert overflow(page) <= 0
    page.context.close()


def test_the_least_there_can_be(opened, tmp_path):
    """One sample under one tap, nothing else known: no figure fails, and the sum is right."""
    one = {"low": fixture.packed([0.5]), "high": fixture.packed([0.5])}
    given = {
        "title": "one",
        "version": "0",
        "input": None,
        "sliding": fixture.sliding(np.array([0.5]), np.array([0.25]), 8000, 0, 1),
        "blocks": {
            **{"rate": 8000, "begin": 0, "end": 1, "segment": 1, "taps": 1, "input": one},
            **{"pieces": [{"start": 0, "frames": 1, **one}], "sum": one, "note": ""},
        },
        "listen": None,
        "decay": {
            **{"seconds": [0.0], "level_db": [0.0], "curve_db": [None], "lines": []},
            **{"floor_db": None, "why_not": ["T20: decay range is 0 dB; it must be 35 dB"]},
        },
        "cost": fixture.cost(1, 1, 1),
        "verified": None,
    }
    path = tmp_path / "one.html"
    path.write_text(page_of(given), encoding="utf-8", newline="\n")
    page = opened(path)
    all_seen(page)
    assert page.sins == []
    assert page.locator("p.notice").count() == 0
    assert page.get_attribute("#slide-sum", "data-value") == "0.125"
    assert not page.is_visible("#listen")
    assert not page.is_visible("#verified-title")
    assert page.locator("#decay-notes li").count() == 1
    page.context.close()
