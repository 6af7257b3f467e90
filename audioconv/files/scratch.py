"""Temporary files and folders."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def scratch() -> Iterator[IO[bytes]]:
    """Open an empty named file, which is removed on exit."""
    with scratch_folder() as folder, (Path(folder) / "scratch").open("w+b") as file:
        yield file


@contextmanager
def scratch_folder() -> Iterator[str]:
    """Make an empty folder, which is removed on exit with its contents."""
    # named before it is made, so that a signal in between leaves nothing behind
    folder = Path(tempfile.gettempdir(), f"audioconv-{os.urandom(8).hex()}")
    try:
        folder.mkdir(0o700)
        yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
