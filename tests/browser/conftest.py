"""A browser that opens the page as anyone would, and everything that it must not do."""

import os
import shutil
from pathlib import Path

import pytest

from audioconv.page import page as page_of
from browser import fixture

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


def chromium():
    names = ("chromium", "google-chrome", "chromium-browser")
    told = [os.environ.get("CHROMIUM"), "/usr/bin/chromium", *map(shutil.which, names)]
    return next((path for path in told if path and Path(path).exists()), None)


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if chromium() is None:
        pytest.skip("no Chromium here; install one, or name it in CHROMIUM")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Return the page of each example, and what it was given."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name in ("echo", "hall"):
        given = getattr(fixture, name)()
        path = folder / f"{name}.html"
        path.write_text(page_of(given), encoding="utf-8", newline="\n")
        found[name] = path, given
    return found


@pytest.fixture(scope="session")
def opened(browser):
    """Return a function that opens a file; what it did beside is on the page as `sins`.

    A script that is told runs before anything of the page does.
    """
    contexts = []

    def open_(path, script="", **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.add_init_script(script)
        page.sins = []
        page.on("console", lambda said: page.sins.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: page.sins.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (page.sins.append("dialog"), dialog.dismiss()))
        url = path.as_uri()
        page.on("request", lambda asked: asked.url == url or page.sins.append(asked.url[:200]))
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def echo(opened, files):
    path, given = files["echo"]
    page = opened(path)
    page.given = given
    return page


@pytest.fixture(scope="session")
def hall(opened, files):
    path, given = files["hall"]
    page = opened(path)
    page.given = given
    return page


@pytest.fixture
def screenshots(tmp_path):
    folder = Path(os.environ.get("AUDIOCONV_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
