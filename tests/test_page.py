"""The page as a text: what it is given stays data, and its policy is about just what is in it."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile
from oracle import convolve

from audioconv.errors import UsageError
from audioconv.job import Job, Options
from audioconv.page import page, write
from audioconv.page.explain import explain
from audioconv.views import cost

NAMES = [
    "plain.wav",
    "<img src=x onerror=alert(1)>.wav",
    r"$\frac{1}{$.wav ${script} $$",
    "half \ud800",
    "</script><script>alert(1)</script>",
    "<!--<script>\u2028\u2029&amp;",
]


class Elements(HTMLParser):
    """Every element with its attributes and text, as a browser would tell them apart."""

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
def test_what_it_is_given_comes_through_whole(title):
    text = page(minimal(title))
    text.encode("utf-8")
    scripts = Elements(text).all("script")
    assert len(scripts) == 3
    (given,) = (content for attributes, content in scripts if attributes.get("id") == "data")
    assert json.loads(given) == minimal(title)
    assert given.isascii()
    assert not set("<>&") & set(given)
    (shown,) = (content for _, content in Elements(text).all("title"))
    assert shown == title.replace("\ud800", "\ufffd")


@pytest.mark.parametrize("title", NAMES)
def test_the_policy_lets_nothing_else_run(title):
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
    assert len(text) < 200_000


def test_the_licence_of_what_draws_the_charts_is_in_it():
    text = page(minimal("a"))
    assert "Permission is hereby granted, free of charge" in text
    assert "Leon Sorokin" in text


def test_numbers_that_json_has_not_are_refused():
    with pytest.raises(ValueError, match="JSON"):
        page(minimal("a") | {"cost": {"job": float("nan")}})


def test_the_same_bytes_each_time():
    assert page(minimal("a")) == page(minimal("a"))


def test_a_convolution_is_written_as_a_page(tmp_path, monkeypatch):
    """From a sound to the page, whose y is the definition, and never over what is there."""
    measured = cost.Cost([(64, 1e-5), (128, 4e-5)], [(64, 1e-5)], 1000, 1e-3, 1e-4)
    monkeypatch.setattr(cost, "measure", lambda *_: measured)
    x = np.random.default_rng(2).integers(-9000, 9000, 2000) / 2.0**15
    path, sound = tmp_path / "page.html", str(tmp_path / "sound.wav")
    soundfile.write(sound, x, 8000, "PCM_16")
    told = explain(Job(sound, str(path), ["double-spike:delay=10ms,gain=0.5"]))
    size = write(told, [("engine", "a")], [("proven", "b")])
    assert size == path.stat().st_size
    scripts = Elements(path.read_text("utf-8")).all("script")
    given = json.loads(next(text for about, text in scripts if about.get("id") == "data"))
    assert given["facts"] == [["engine", "a"]]
    assert given["verified"] == {"passed": True, "rows": [["proven", "b"]]}
    slid = given["sliding"]
    raw = np.frombuffer(base64.b64decode(slid["y"]["data"]), np.dtype(slid["y"]["type"]))
    exact = convolve(x, np.r_[1, np.zeros(79), 0.5])[slid["begin"] : slid["end"]]
    assert np.allclose(raw * slid["y"]["scale"], exact, rtol=0, atol=1e-14)
    with pytest.raises(UsageError, match="exists"):
        write(told, [], [])
    before = path.read_bytes()
    told = explain(Job(sound, str(path), ["delta"], Options(overwrite=True)))
    write(told, [], [])
    assert path.read_bytes() != before
