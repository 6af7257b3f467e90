"""The page that explains one convolution: plain data in, one self-contained HTML file out.

selection  the part of a convolution to be shown
explain    run a job, and collect the material for its page
size       how large the page may be
data       the page's data, ready for JSON
decay      the part of it for the decay of the impulse
theorem    the part of it for the convolution theorem
bundle     the page's scripts as one
scripts    ES modules that draw the page, from main.js on
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
from audioconv.page.bundle import bundle
from audioconv.page.data import data_of
from audioconv.page.explain import Explained


def write(
    explained: Explained,
    facts: list[tuple[str, str]],
    checks: list[tuple[str, str]],
    title: str | None = None,
) -> int:
    """Write the page of a convolution to the output of its job, and return its size in bytes.

    Parameters
    ----------
    explained : Explained
    facts, checks : list of (str, str)
        labels and texts of the run and of its verification
    title : str, optional
        by default the names of the sound and the impulses

    Raises
    ------
    AudioconvError
        if the output exists and may not be overwritten, or is one of the inputs
    """
    job, verified = explained.job, explained.outcome.verified
    inputs = [job.input, *impulse_files(job.impulses)]
    refuse_overwrite(job.output, inputs=inputs, overwrite=job.options.overwrite)
    data = data_of(explained, title) | {
        "facts": facts,
        "verified": {"passed": verified is not None and verified.passed, "rows": checks},
    }
    text = page(data).encode()
    with target(job.output, overwrite=job.options.overwrite) as out:
        out.file.write(text)
        out.commit()
    return len(text)


def page(data: dict[str, Any]) -> str:
    """Return an HTML page that needs no network and no other file.

    Parameters
    ----------
    data : dict
        the page's data, with finite numbers only; its texts may hold any characters

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
    style = _read("page.css")
    script = bundle("main.js", lambda name: _read("scripts", name))
    return Template(_read("template.html")).substitute(
        policy=_policy(style, script),
        title=html.escape(_paired(str(data["title"]))),
        style=style,
        script=script,
        data=_inline(data),
    )


def _policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy that allows this style and this script alone."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
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


def _paired(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot encode, by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _read(*path: str) -> str:
    # line ends as a browser reads them, or the hashes would not match
    text = files(__name__).joinpath(*path).read_text("utf-8")
    return text.replace("\r\n", "\n")
