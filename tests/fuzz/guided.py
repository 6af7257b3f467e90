"""The search guided by coverage, with atheris, which is no dependency: ``pip install atheris``.

It has wheels for Linux alone, and for some versions of Python; elsewhere the other search is there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

from .guard import MEGABYTES, SECONDS, checked
from .targets import CORPUS, TARGETS


def guided(name: str, folder: Path) -> NoReturn:
    """Search until a fault ends the process; new inputs and that of the fault go to `folder`."""
    import atheris

    atheris.instrument_all()  # what is imported already
    options = [
        *(str(folder), str(CORPUS / name)),
        f"-artifact_prefix={folder}/",
        f"-timeout={SECONDS:g}",
        f"-rss_limit_mb={2 * MEGABYTES}",
    ]
    atheris.Setup([sys.argv[0], *options], lambda data: checked(TARGETS[name].run, data) and None)
    atheris.Fuzz()
    sys.exit(0)
