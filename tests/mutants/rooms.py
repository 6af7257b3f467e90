"""The modules that are mutated, and the tests that are to notice."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from pathlib import Path

from .trial import ROOT

PACKAGE = ROOT / "audioconv"

TESTS: dict[str, list[str]] = {
    "files/atomic.py": ["test_files", "test_outputs"],
    "files/quantise.py": ["test_files"],
    "verify/bound.py": ["test_rounding", "test_wrong_sums", "test_verify"],
    "verify/compare.py": ["test_compare", "test_cli", "test_changes"],
    "verify/pair.py": ["test_compare", "test_plot"],
    "verify/*.py": ["test_wrong_sums", "test_verify"],
    "engines/overlap_add.py": ["test_engines", "test_transform", "test_rounding"],
    "engines/rounding.py": ["test_rounding", "test_engines"],
    "engines/routes.py": ["test_routes", "test_engines"],
    "engines/transform.py": ["test_transform", "test_engines"],
    "engines/window.py": ["test_stream"],
    "engines/*.py": ["test_engines", "test_stream", "test_rounding"],
}
"""Files of tests for each module, those first that are quick. The first pattern that fits counts.

Its own doctests come before them."""


def modules(names: list[str]) -> dict[str, list[str]]:
    """Return modules that are named, or begin with a name, or all, with their tests.

    Examples
    --------
    >>> list(modules(["verify/bound.py", "files"]))
    ['files/atomic.py', 'files/quantise.py', 'verify/bound.py']
    """
    found: dict[str, list[str]] = {}
    for pattern, tests in TESTS.items():
        for path in sorted(PACKAGE.glob(pattern)):
            module = path.relative_to(PACKAGE).as_posix()
            found.setdefault(module, [f"audioconv/{module}", *(f"tests/{t}.py" for t in tests)])
    return {m: t for m, t in sorted(found.items()) if m.startswith(tuple(names or [""]))}


def excused() -> dict[str, dict[str, str]]:
    """Return the reason of every mutant that does not count, by module and text."""
    with Path(__file__).with_name("excused.toml").open("rb") as file:
        return defaultdict(dict, tomllib.load(file))
