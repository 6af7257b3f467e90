"""Impulse responses: SOFA, text, raw samples, specs of builders, and maps of channels.

An input is a line of options, and the file behind it; a SOFA file stands alone.
"""

from __future__ import annotations

import os

import numpy as np

from audioconv.engines.routes import arrange, describe, routes
from audioconv.ir.load import impulse_files, impulse_name, load
from audioconv.ir.sofa import read_contents
from impulses import Impulse

from .guard import FaultError, refusal
from .places import folder_with, standard_input

CHOICES = ("index=1", "azimuth=45,elevation=10", "listener=1,emitter=1", "azimuth=-1e9")


def sofa(data: bytes) -> None:
    """List a SOFA file, and load responses from it."""
    with folder_with(head__sofa=data):
        for choice in CHOICES:
            refusal(lambda choice=choice: _loaded(f"head.sofa:{choice}", None))
        read_contents("head.sofa")


def text(data: bytes) -> None:
    """Load numbers as text, or the export of Room EQ Wizard."""
    options, _, body = data.partition(b"\n")
    with folder_with(taps__txt=body):
        _loaded(_named("taps.txt", options), None)


def raw(data: bytes) -> None:
    """Load samples without a header."""
    options, _, body = data.partition(b"\n")
    with folder_with(taps__raw=body):
        _loaded(_named("taps.raw", options), None)


def spec(data: bytes) -> None:
    """Build an impulse from its name; the line before it is the rate.

    A name with a separator of paths is none of ours: it would read a file of this machine.
    """
    rate, _, name = (part.decode("utf-8", "surrogateescape") for part in data.partition(b"\n"))
    if os.sep in name or "/" in name:
        return
    known = int(rate) if rate.isascii() and rate.isdigit() and 0 < int(rate[:9]) < 2e6 else 8000
    with folder_with(), standard_input(b""):
        first, ingredient = _loaded(name, known)
        impulse_name(name)
        impulse_files([name])
        if _loaded(name, known) != (first, ingredient):
            raise FaultError("the same spec gives another impulse")


def mapping(data: bytes) -> None:
    """Lay out the channels of an impulse; two bytes before the rule are the numbers of channels."""
    inputs, count = (1 + byte % 64 for byte in data[:2].ljust(2, b"\0"))
    taps = np.eye(2, count) + 1.0
    laid = arrange(Impulse(taps, 8000), inputs, data[2:].decode("utf-8", "surrogateescape"))
    routing = routes(laid.taps, inputs)
    describe(laid.taps, inputs)
    for source, target, _ in routing.routes:
        if not (source < inputs and target < routing.outputs):
            raise FaultError(f"a path leads from {source} to {target}")


def _named(path: str, options: bytes) -> str:
    return f"{path}:{options.decode('utf-8', 'surrogateescape')}"


def _loaded(name: str, rate: int | None) -> tuple[Impulse, object]:
    impulse, ingredient = load(name, rate)
    if not (np.isfinite(impulse.taps).all() and 0 <= impulse.origin < impulse.frames):
        raise FaultError("an impulse is not finite, or its origin not in it")
    if unsafe := [note for note in impulse.notes if not note.isprintable()]:
        raise FaultError(f"a note says {unsafe}")
    return impulse, ingredient
