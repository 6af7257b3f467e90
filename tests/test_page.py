"""The page as text: data stays data, scripts are bundled, and the policy covers exactly these."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from oracle import convolve

import audioconv.page
from audioconv.errors import UsageError
from audioconv.job import Job, Options
from audioconv.page import page, write
from audioconv.page.bundle import DECLARATION, IMPORT, bundle
from audioconv.page.data import data_of
from audioconv.page.decay import decay_of
from audioconv.page.explain import explain
from audioconv.views import cost
from audioconv.views.spectrogram import RANGE
from impulses import Impulse

SCRIPTS = Path(audioconv.page.__file__).parent / "scripts"
NAMES = [
    "plain.wav",
    "<img src=x onerror=alert(1)>.wav",
    r"$\frac{1}{$.wav ${script} $$",
    "half \ud800",
    "</script><script>alert(1)</script>",
    "<!--<script>\u2028\u2029&amp;",
]


class Elements(HTMLParser):
    """Every element with its attributes and text, as a browser would parse them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append([tag, dict(attributes), ""])
        self.inside = True

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.found[-1][2] += data

    def all(self, tag):
        return [(attributes, text) for name, attributes, text in self.found if name == tag]


def minimal(title):
    return {"title": title, "version": "0.1.0"}


@pytest.mark.parametrize("title", NAMES)
def test_data_is_unchanged(title):
    text = page(minimal(title))
    text.encode("utf-8")
    scripts = Elements(text).all("script")
    assert len(scripts) == 2
    (given,) = (content for attributes, content in scripts if attributes.get("id") == "data")
    assert json.loads(given) == minimal(title)
    assert given.isascii()
    assert not set("<>&") & set(given)
    (shown,) = (content for _, content in Elements(text).all("title"))
    assert shown == title.replace("\ud800", "\ufffd")


@pytest.mark.parametrize("title", NAMES)
def test_the_policy_allows_nothing_else(title):
    elements = Elements(page(minimal(title)))
    (policy,) = (
        attributes["content"]
        for attributes, _ in elements.all("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"

    def hashes(contents):
        digests = (hashlib.sha256(content.encode()).digest() for content in contents)
        return {f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests}

    run = [text for attributes, text in elements.all("script") if attributes.get("id") != "data"]
    assert set(rules["script-src"].split()) == hashes(run)
    assert set(rules["style-src"].split()) == hashes(text for _, text in elements.all("style"))


def test_it_needs_nothing_from_elsewhere():
    text = page(minimal("a"))
    elements = Elements(text)
    for _, attributes, _ in elements.found:
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        links = {attributes.get(name) for name in ("src", "href")} - {None}
        assert all(link.startswith(("#", "data:")) for link in links)
    assert not re.search(r"@import|url\(\s*['\"]?(?!data:)", text)
    assert len(text) < 230_000


MODULES = {
    "main.js": """\
import { one } from "./one.js";
import { twice } from "./twice.js";

twice(one);
""",
    "twice.js": """\
import { one } from "./one.js";

export function twice(n) {
  return n + n * one;
}
""",
    "one.js": """\
export const one = 1;
const hidden = 2;
""",
}


def test_modules_follow_those_that_they_import():
    text = bundle("main.js", MODULES.__getitem__)
    assert [line[3:] for line in text.splitlines() if line.startswith("// ")] == [
        *("one.js", "twice.js", "main.js")
    ]
    assert "import" not in text
    assert "export" not in text
    assert text.count("const one = 1;") == 1


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("main.js", 'import { three } from "./one.js";\n', "imports three from one.js, which"),
        ("main.js", 'import { hidden } from "./one.js";\n', "imports hidden from one.js, which"),
        ("one.js", 'import { twice } from "./twice.js";\n', "main.js -> one.js -> twice.js -> o"),
        ("one.js", 'import { one } from "./one.js";\n', "one.js -> one.js"),
        ("one.js", "export const one = 1;\nclass twice {}\n", "both declare twice"),
        ("one.js", "const one = 1;\nexport default one;\n", "not understood: export default one;"),
        ("one.js", 'import * as two from "./twice.js";\n', r"not understood: import \* as two"),
        ("one.js", 'import { two as one } from "./twice.js";\n', "not understood: import { two as"),
        ("one.js", "export { one };\n", "not understood: export { one };"),
    ],
)
def test_modules_that_cannot_be_bundled(name, text, message):
    with pytest.raises(ValueError, match=message):
        bundle("main.js", (MODULES | {name: text}).__getitem__)


def test_a_module_that_does_not_exist():
    with pytest.raises(KeyError, match=r"none\.js"):
        bundle("main.js", (MODULES | {"main.js": 'import { a } from "./none.js";\n'}).__getitem__)


def test_every_script_is_bundled_and_every_import_is_used():
    scripts = {path.name: path.read_text("utf-8") for path in SCRIPTS.iterdir()}
    bundled = re.findall(r"^// ([\w-]+\.js)$", bundle("main.js", scripts.__getitem__), re.MULTILINE)
    assert sorted(bundled) == sorted(scripts)
    imported = set()
    for name, script in scripts.items():
        for names, source in IMPORT.findall(script):
            for one in re.findall(r"\w+", names):
                imported.add((source, one))
                assert re.search(rf"\b{one}\b", IMPORT.sub("", script)), f"{name} imports {one}"
    for name, script in scripts.items():
        for exported, one in DECLARATION.findall(script):
            assert bool(exported) == ((name, one) in imported), f"{name} exports {one}"


def test_infinite_numbers_are_refused():
    with pytest.raises(ValueError, match="JSON"):
        page(minimal("a") | {"cost": {"job": float("nan")}})


def test_the_same_bytes_each_time():
    assert page(minimal("a")) == page(minimal("a"))


def test_a_convolution_is_written_as_a_page(tmp_path, monkeypatch):
    """From a sound to the page, whose y is the definition, and never over another file."""
    measured = cost.Cost([(64, 1e-5), (128, 4e-5)], [(64, 1e-5)], 1000, 1e-3, 1e-4)
    monkeypatch.setattr(cost, "measure_cost", lambda *_: measured)
    x = np.random.default_rng(2).integers(-9000, 9000, 2000) / 2.0**15
    path, sound = tmp_path / "page.html", str(tmp_path / "sound.wav")
    soundfile.write(sound, x, 8000, "PCM_16")
    explained = explain(Job(sound, str(path), ["double-spike:delay=10ms,gain=0.5"]))
    size = write(explained, [("engine", "a")], [("proven", "b")])
    assert size == path.stat().st_size
    scripts = Elements(path.read_text("utf-8")).all("script")
    given = json.loads(next(text for about, text in scripts if about.get("id") == "data"))
    assert given["facts"] == [["engine", "a"]]
    assert given["verified"] == {"passed": True, "rows": [["proven", "b"]]}
    sums = given["sliding"]
    raw = np.frombuffer(base64.b64decode(sums["y"]["data"]), np.dtype(sums["y"]["type"]))
    exact = convolve(x, np.r_[1, np.zeros(79), 0.5])[sums["begin"] : sums["end"]]
    assert np.allclose(raw * sums["y"]["scale"], exact, rtol=0, atol=1e-14)
    with pytest.raises(UsageError, match="exists"):
        write(explained, [], [])
    before = path.read_bytes()
    explained = explain(Job(sound, str(path), ["delta"], Options(overwrite=True)))
    write(explained, [], [])
    assert path.read_bytes() != before


@pytest.mark.parametrize(
    ("ir", "told"),
    [
        ("low-pass:cutoff=2kHz,numtaps=63", "symmetric about b = 0 (linear phase): b runs from"),
        ("delta", None),
    ],
)
def test_taps_before_time_0_are_explained(tmp_path, monkeypatch, ir, told):
    measured = cost.Cost([(64, 1e-5), (128, 4e-5)], [(64, 1e-5)], 1000, 1e-3, 1e-4)
    monkeypatch.setattr(cost, "measure_cost", lambda *_: measured)
    source = tmp_path / "source.wav"
    soundfile.write(source, np.sin(np.arange(8000)) / 2, 8000)
    data = data_of(explain(Job(str(source), str(tmp_path / "a.html"), [ir])))
    notes = [note for note in data["sliding"]["notes"] if "b runs from" in note]
    assert [told in note for note in notes] == [True] * (told is not None)
    assert data["impulse"]["origin"] == (31 if told else 0)
    assert data["decay"]["lines"] == []
    assert "reverberation time" in data["decay"]["why_not"][0]
    assert not notes or "b runs from \u221231 to 31, so the convolution begins 31" in notes[0]


@pytest.mark.parametrize(("seconds", "shown"), [(0.0499, 0), (0.051, 2)])
def test_only_what_may_be_a_room_has_reverberation_times(seconds, shown):
    """As in `ir info`: a filter that rings for a few ms has a curve, but no figure."""
    ringing = 10 ** (-3 * np.arange(round(48000 * seconds)) / 480)
    data = decay_of(Impulse(ringing[:, np.newaxis], 48000))
    assert len(data["lines"]) == shown
    assert data["curve_db"][100] == pytest.approx(-60 * data["seconds"][100] / 0.01, abs=0.1)
    if not shown:
        (reason,) = data["why_not"]
        assert reason.startswith("the impulse is under 50 ms: a filter")
        assert data["floor_db"] is None


def test_a_sound_has_no_decay_on_the_page(samples):
    taps, rate = soundfile.read(samples / "speech.wav", always_2d=True)
    data = decay_of(Impulse(taps, rate))
    assert data["why_not"] == ["g seems a sound that goes on, which has no reverberation time"]
    assert data["lines"] == []


def test_the_heading_can_be_chosen(call, tmp_path, monkeypatch):
    monkeypatch.setattr(cost, "MAX_FRAMES", 2**8)
    source, written = tmp_path / "source.wav", tmp_path / "page.html"
    soundfile.write(source, np.sin(np.arange(8000)) / 2, 8000)
    arguments = ("explain", source, "--ir", "delta:delay=2ms", "-o", written, "-y")
    for options, title in [
        (("--title", "Lesson 3: <b>echo</b> & co."), "Lesson 3: <b>echo</b> & co."),
        (("--title", ""), "source.wav with delta:delay=2ms"),
        ((), "source.wav with delta:delay=2ms"),
    ]:
        call(*arguments, *options)
        elements = Elements(written.read_text("utf-8"))
        given = json.loads(next(t for about, t in elements.all("script") if about.get("id")))
        assert given["title"] == elements.all("title")[0][1] == elements.all("h1")[0][1] == title
        assert not elements.all("b")
        assert given["listen"]["spectrograms"]["range_db"] == RANGE
