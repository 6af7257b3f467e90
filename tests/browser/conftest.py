"""Pages that `explain` made, opened in a browser, and a record of everything they must not do."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

import audioconv.page
from audioconv.cli import main
from audioconv.views import cost

SCRIPTS = Path(audioconv.page.__file__).parent / "scripts"
FIREFOX = os.environ.get("FIREFOX")
ORIGIN = "http://page.test"
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


POLICY = re.compile(r"<meta http-equiv=[^>]*>")


def chromium():
    names = ("chromium", "google-chrome", "chromium-browser")
    paths = [os.environ.get("CHROMIUM"), "/usr/bin/chromium", *map(shutil.which, names)]
    return next((path for path in paths if path and Path(path).exists()), None)


@pytest.fixture(scope="session")
def browser():
    """Chromium, or the Firefox that FIREFOX names."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if FIREFOX is None and chromium() is None:
        pytest.skip("no Chromium here; install one, or name it in CHROMIUM")
    with playwright.sync_playwright() as running:
        if FIREFOX:  # as it is released, and not a build of playwright
            opened = running.firefox.launch(channel="moz-firefox", executable_path=FIREFOX)
        else:
            opened = running.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield opened
        opened.close()


def data_in(path):
    """Return the data that a page holds."""
    text = path.read_text("utf-8")
    return json.loads(re.search(r'<script[^>]* id="data">(.*?)</script>', text)[1])


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Return a function that makes a page by `explain`; it returns its path and its data."""
    folder = tmp_path_factory.mktemp("pages")

    def make(name, sound, ir):
        path = folder / f"{name}.html"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("signal.signal", lambda *_: None)
            patch.setattr(cost, "LONG_ENOUGH", 0.002)
            patch.setattr(cost, "MAX_FRAMES", 2**14)
            assert main(["explain", str(sound), "--ir", str(ir), "-o", str(path), "-q"]) == 0
        return path, data_in(path)

    return make


@pytest.fixture(scope="session")
def files(made, samples):
    """Return path and data of pages: an echo of speech, a guitar in a hall, and a filtered one.

    The linear-phase filter has taps before time 0.
    """
    return {
        "echo": made("echo", samples / "speech.wav", "double-spike:delay=350ms,gain=-6dB"),
        "hall": made("hall", samples / "guitar.wav", samples / "hall.wav"),
        "filtered": made("filter", samples / "guitar.wav", "low-pass:cutoff=2kHz,numtaps=255"),
    }


@pytest.fixture(scope="session")
def opened(browser):
    """Return a function that opens a file; the page records its errors and requests as `problems`.

    A script, if given, runs before those of the page.
    """
    contexts = []

    def open_(path, script="", **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        if script:
            page.add_init_script(script)
        if FIREFOX:  # there, playwright reads pages by eval, which their policy refuses
            path.write_text(POLICY.sub("", path.read_text("utf-8")), "utf-8", newline="\n")
        page.problems = []
        page.on("console", lambda line: page.problems.append(f"{line.type}: {line.text}"))
        page.on("pageerror", lambda error: page.problems.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (page.problems.append("dialog"), dialog.dismiss()))
        url = path.as_uri()
        page.on("request", lambda one: one.url == url or page.problems.append(one.url[:200]))
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def chromium_only():
    if FIREFOX:
        pytest.skip("playwright cannot arrange this in Firefox")


@pytest.fixture(scope="session")
def served(browser, chromium_only):
    """Return a function that opens a page whose scripts are loaded as modules, without a bundle."""

    def open_(path):
        page = browser.new_context().new_page()
        page.set_default_timeout(5000)
        page.problems = []
        page.on("console", lambda line: page.problems.append(line.text))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        text = POLICY.sub("", path.read_text("utf-8"))
        bundle = re.search(r'<script type="module">.*?</script>', text, re.DOTALL)[0]
        text = text.replace(bundle, '<script type="module" src="/scripts/main.js"></script>')

        def answer(route):
            name = route.request.url.rpartition("/")[2]
            if name.endswith(".js"):
                script = (SCRIPTS / name).read_text("utf-8")
                route.fulfill(body=script, content_type="text/javascript; charset=utf-8")
            else:
                route.fulfill(body=text, content_type="text/html; charset=utf-8")

        page.route(f"{ORIGIN}/**", answer)
        page.goto(f"{ORIGIN}/page.html")
        return page

    return open_


def with_data(opened, path, data):
    """Open a page, and return it with the data that it holds."""
    page = opened(path)
    page.data = data
    return page


@pytest.fixture(scope="session")
def echo(opened, files):
    return with_data(opened, *files["echo"])


@pytest.fixture(scope="session")
def hall(opened, files):
    return with_data(opened, *files["hall"])


@pytest.fixture(scope="session")
def filtered(opened, files):
    return with_data(opened, *files["filtered"])


@pytest.fixture
def screenshots(tmp_path):
    folder = Path(os.environ.get("AUDIOCONV_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
