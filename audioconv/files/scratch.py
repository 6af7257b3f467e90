"""Temporary files, for what has to be read more than once or is not to stay."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def scratch() -> Iterator[IO[bytes]]:
    """Open an empty file that has a name, so that it can be opened again, and is gone after."""
    with scratch_folder() as folder, (Path(folder) / "scratch").open("w+b") as file:
        yield file


@contextmanager
def scratch_folder() -> Iterator[str]:
    """Make an empty folder that is gone after, with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="audioconv-", ignore_cleanup_errors=True) as folder:
        yield folder
