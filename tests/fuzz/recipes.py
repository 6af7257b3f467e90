"""Recipes: JSON in a file and beside it, and a file made again from it."""

from __future__ import annotations

from pathlib import Path

from audioconv.files import info
from audioconv.job import Options
from audioconv.render.recipe import Recipe, read_recipe
from audioconv.render.redo import redo

from .guard import FaultError, refusal
from .headers import BODY, DATA, PLAIN, chunk, wav, wav_of
from .places import folder_with

SOURCE = wav_of(BODY)
"""The input of recipes that can be followed."""

MOST = 2**20
"""Bytes of an output; a recipe may ask for any number."""


def recipe(data: bytes) -> None:
    """Read a recipe in a WAV."""
    with folder_with(out__wav=wav(PLAIN, DATA, chunk(b"aucv", data))):
        info("out.wav")
        _again(read_recipe("out.wav")[0])


def sidecar(data: bytes) -> None:
    """Read a recipe beside a file, and follow it."""
    with folder_with(out__flac__json=data, in__wav=SOURCE):
        _again(read_recipe("out.flac")[0])
        if redo("out.flac", max_output=MOST).bytes > MOST:
            raise FaultError("the output is larger than it may be")


def _again(found: Recipe) -> None:
    """Write a recipe and read it again."""
    refusal(lambda: Options(**found.options))
    Path("again.json").write_text(found.text())
    if read_recipe("again")[0] != found:
        raise FaultError("a recipe that is written and read is another one")
