"""Where an input is put: a file in an empty folder, or standard input."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace


@contextmanager
def folder_with(**files: bytes) -> Iterator[None]:
    """Work in a folder that holds these files alone, a dot in a name written as two underscores."""
    with TemporaryDirectory() as folder, chdir(folder):
        for name, data in files.items():
            Path(name.replace("__", ".")).write_bytes(data)
        yield


@contextmanager
def standard_input(data: bytes) -> Iterator[None]:
    """Put bytes into a pipe that is standard input."""
    reading, writing = os.pipe()

    def feed() -> None:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb") as end:
            end.write(data)

    feeder = threading.Thread(target=feed)
    before = sys.stdin
    with os.fdopen(reading, "rb") as file:
        feeder.start()
        sys.stdin = SimpleNamespace(buffer=file)  # type: ignore[assignment]
        try:
            yield
        finally:
            sys.stdin = before
    feeder.join()
