"""The command line: ``python -m tests.fuzz [TARGET ...]``."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

from . import __doc__ as about
from .guard import checked
from .search import search
from .targets import TARGETS


def main(arguments: Sequence[str] | None = None) -> int:
    """Search for faults, or try files; return 1 if there is a fault."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=(about or "").splitlines()[0]
    )
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)} (default: all)"
    )
    parser.add_argument("--seconds", type=float, default=10, help="for each target (default: 10)")
    parser.add_argument("--seed", type=int, default=0, help="another number is another search")
    parser.add_argument("--folder", type=Path, help="for inputs (default: a temporary one)")
    parser.add_argument("--try", type=Path, nargs="+", dest="files", metavar="FILE", default=[])
    parser.add_argument("--atheris", action="store_true", help="guided by coverage, without an end")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.targets) - set(TARGETS):
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    folder = asked.folder or Path(mkdtemp(prefix="fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    names = asked.targets or list(TARGETS)
    if asked.atheris:
        from .guided import guided

        guided(names[0], folder)
    if asked.files:
        return max(_tried(name, file) for name in names for file in asked.files)
    return max([_searched(name, asked.seconds, asked.seed, folder) for name in names])


def _tried(name: str, file: Path) -> int:
    print(f"{name} {file}: {checked(TARGETS[name].run, file.read_bytes())}")
    return 0


def _searched(name: str, seconds: float, seed: int, folder: Path) -> int:
    found = search(name, seconds, seed, folder)
    print(f"{name}: {found.inputs} inputs, {found.outcomes} outcomes", flush=True)
    if found.fault is None:
        return 0
    path, error = found.fault
    traceback.print_exception(error)
    print(f"a fault; the input is {path}", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
