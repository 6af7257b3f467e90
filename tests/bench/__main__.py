"""The command line: ``python -m tests.bench [SECTION ...]``."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import numpy as np

import audioconv

from . import __doc__ as about
from . import commands
from .accuracy import accuracy
from .amp import amp
from .bench import QUICK, Bench, Section
from .cluster import cluster
from .embedding import embedding
from .growth import growth
from .inspection import inspection
from .many import many
from .measure import CommandError
from .memory import memory
from .nd import in_dimensions
from .others import others
from .page import page
from .peers import peers
from .profile import profile
from .proof import proof
from .short import short
from .sounds import recordings
from .startup import startup

SECTIONS: dict[str, Section] = {
    "peers": peers,
    "others": others,
    "growth": growth,
    "memory": memory,
    "proof": proof,
    "accuracy": accuracy,
    "startup": startup,
    "amp": amp,
    "short": short,
    "many": many,
    "cluster": cluster,
    "embedding": embedding,
    "inspection": inspection,
    "page": page,
    "nd": in_dimensions,
    "profile": profile,
}
IN_MEMORY = Path("/dev/shm")
ROOM = 5e9  # bytes: inputs and outputs of an hour


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the sections that are asked for, and print them as they come."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=(about or "").splitlines()[0]
    )
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)} (default: all)"
    )
    parser.add_argument("--quick", action="store_true", help="sounds 60 times shorter, for trying")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="default: 5")
    parser.add_argument(
        "--folder", type=Path, help="where a folder is made and removed (default: in memory)"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="picture of the growth, PNG")
    options = parser.parse_args(arguments)
    unknown = set(options.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no section is named {', '.join(sorted(unknown))}; see --help")

    if options.rounds < 1:
        parser.error(f"--rounds is {options.rounds}; it must be at least 1")
    if options.folder and not options.folder.is_dir():
        parser.error(f"--folder {options.folder} is not a folder")
    home = options.folder or _home(ROOM / QUICK if options.quick else ROOM)
    with TemporaryDirectory(prefix="audioconv-bench-", dir=home) as folder:
        bench = Bench(Path(folder), options.rounds, options.quick, options.plot)
        say(preface(bench))
        for name in options.sections or SECTIONS:
            try:
                for text in SECTIONS[name](bench):
                    say(text)
            except CommandError as error:
                say(f"\n**failed: {error}**")
            say("")


def _home(room: float) -> Path:
    """Return where files lie in memory, if they fit there, or else where temporary files lie."""
    fits = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > room
    return IN_MEMORY if fits else Path(gettempdir())


def preface(bench: Bench) -> str:
    """Tell where this is measured, and with what."""
    here, missing = commands.peers()
    lines = [
        f"# audioconv {audioconv.__version__}: benchmark\n",
        f"- {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, NumPy {np.__version__}",
        f"- {bench.rounds} rounds; sounds made of {', '.join(p.name for p in recordings())}; "
        f"files in {bench.folder.parent}",
        f"- peers: {', '.join(here)}",
    ]
    if missing:
        lines.append(f"- not installed, so left out: {', '.join(missing)}")
    if bench.quick:
        lines.append("- **quick: to try the harness; the figures mean nothing**")
    return "\n".join(lines) + "\n"


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
