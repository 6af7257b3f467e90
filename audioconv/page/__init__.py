"""The self-contained page that shows one convolution: data in, one HTML text out.

explain    the run, and everything the page shows of it
data       the numbers that the page is given
vendor     what draws the charts, with its licence
scripts    the page's own scripts, pieces of one module
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib.resources import files
from string import Template
from typing import Any

from audioconv.files import refuse_overwrite, target
from audioconv.ir.load import impulse_files
from audioconv.page.data import data_of
from audioconv.page.explain import Explained

SCRIPTS = (
    *("data", "canvas", "axes", "series", "controls", "sum", "sliding-draw", "sliding"),
    *("small-boxes", "small-ball", "small-picture", "small-matrix", "blocks"),
    *("spectrogram", "sound", "listen", "charts", "decay", "cost", "main"),
)
"""In the order in which they are put together."""


def write(told: Explained, facts: list[tuple[str, str]], proven: list[tuple[str, str]]) -> int:
    """Write the page of a convolution to its job's output, and return its size in bytes.

    Parameters
    ----------
    told : Explained
        what came of the job
    facts, proven : list of (str, str)
        names and values: what the run did, and what is verified of it

    Raises
    ------
    AudioconvError
        if the output exists and may not be overwritten, or is one of the inputs
    """
    job, verified = told.job, told.outcome.verified
    inputs = [job.input, *impulse_files(job.impulses)]
    refuse_overwrite(job.output, inputs=inputs, overwrite=job.options.overwrite)
    data = data_of(told) | {
        "facts": facts,
        "verified": verified and {"passed": verified["passed"], "rows": proven},
    }
    text = page(data).encode()
    with target(job.output) as out:
        out.file.write(text)
        out.commit()
    return len(text)


def page(data: dict[str, Any]) -> str:
    """Return one HTML page that needs nothing else: no network, no second file.

    Parameters
    ----------
    data : dict
        what there is to show, as JSON can hold it: finite numbers, and texts of any characters

    Returns
    -------
    str
        can be encoded as UTF-8

    Raises
    ------
    ValueError
        if a number is not finite

    Examples
    --------
    >>> text = page({"title": "<b>.wav in hall.wav", "version": "0.1.0"})
    >>> "<title>&lt;b&gt;.wav in hall.wav</title>" in text, "<b>" in text
    (True, False)
    """
    style = _read("vendor", "uplot", "uPlot.min.css") + _read("page.css")
    charts = _read("vendor", "uplot", "uPlot.iife.min.js")
    script = "\n".join(_read("scripts", f"{name}.js") for name in SCRIPTS)
    return Template(_read("template.html")).substitute(
        policy=_policy(style, charts, script),
        title=html.escape(_whole(str(data["title"]))),
        licence=html.escape(_read("vendor", "uplot", "LICENSE").strip()),
        style=style,
        charts=charts,
        script=script,
        data=_inline(data),
    )


def _policy(style: str, *scripts: str) -> str:
    """Return the policy under which nothing runs or shows but what was written here."""
    hashes = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src {_hash(style)}; "
        "img-src data: blob:; media-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _inline(data: dict[str, Any]) -> str:
    """Return JSON that is safe inside a script element: ASCII, without ``<``, ``>`` and ``&``."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _whole(text: str) -> str:
    """Return a text without halves of characters, which UTF-8 cannot hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _read(*path: str) -> str:
    # line ends as a browser reads them, or the hashes would not match
    text = files(__name__).joinpath(*path).read_text("utf-8")
    return text.replace("\r\n", "\n")
