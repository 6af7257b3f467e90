"""Branch coverage by room, of what ``coverage run -m pytest`` and ``coverage combine`` have left.

``python tests/coverage_by_room.py`` prints the table of tests/README.md, then what was not reached.
It fails below the limits.
"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coverage import Coverage

LEAST = 98.0
"""Per cent of all branches."""

COMPLETE = (
    "audioconv/engines/",
    "audioconv/verify/",
    "audioconv/files/atomic.py",
    "audioconv/files/quantise.py",
)
"""Where every statement is run and every branch taken."""


def main() -> int:
    """Print table and gaps; return 1 below the limits."""
    files = measured()
    rooms: dict[str, list[str]] = {}
    for path in files:
        rooms.setdefault(Path(path).parent.as_posix(), []).append(path)
    print("| room | statements | branches |\n|---|---|---|")
    for room, paths in rooms.items():
        print(row(f"`{room}`", [files[path] for path in paths]))
    print(row("in all", list(files.values())))
    gaps = {path: gaps_of(file) for path, file in files.items()}
    print(*(f"{path}: {', '.join(found)}" for path, found in gaps.items() if found), sep="\n")
    incomplete = any(found for path, found in gaps.items() if path.startswith(COMPLETE))
    return int(incomplete or share(list(files.values()), "branches") < LEAST)


def measured() -> dict[str, Any]:
    """Return what coverage's report in JSON says of each file, by path."""
    coverage = Coverage()
    coverage.load()
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        coverage.json_report(outfile=str(report))
        files: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))["files"]
    return {Path(path).as_posix(): file for path, file in files.items()}


def share(files: list[Any], what: str) -> float:
    """Return the per cent of all statements or branches of files that were reached."""
    covered = "covered_lines" if what == "statements" else "covered_branches"
    total = sum(file["summary"][f"num_{what}"] for file in files)
    return 100 * sum(file["summary"][covered] for file in files) / total if total else 100.0


def row(name: str, files: list[Any]) -> str:
    """Return a row of the table."""
    return f"| {name} | {share(files, 'statements'):.1f} % | {share(files, 'branches'):.1f} % |"


def gaps_of(file: Any) -> list[str]:
    """Return the runs of lines that were not reached, and the jumps between others."""
    missed = set(file["missing_lines"])
    gaps = [
        (start, f"{start}->{end if end > 0 else 'exit'}")
        for start, end in file["missing_branches"]
        if start not in missed and end not in missed
    ]
    code = missed.union(file["executed_lines"])
    for reached, run in groupby(sorted(code), lambda line: line not in missed):
        lines = list(run)
        if not reached:
            ends = dict.fromkeys((lines[0], lines[-1]))
            gaps.append((lines[0], "-".join(map(str, ends))))
    return [text for _, text in sorted(gaps)]


if __name__ == "__main__":
    sys.exit(main())
