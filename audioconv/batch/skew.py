"""Versions of what makes the bytes, here and on the workers of a cluster, compared."""

from __future__ import annotations

from collections.abc import Iterable

Versions = dict[str, str | None]

VERSIONS = {
    "audioconv": ("audioconv", "__version__"),
    "numpy": ("numpy", "__version__"),
    "scipy": ("scipy", "__version__"),
    "soundfile": ("soundfile", "__version__"),
    "libsndfile": ("soundfile", "__libsndfile_version__"),
}
"""Module and attribute that have the version of each package that the bytes depend on."""


def skew(worker: str, theirs: Versions | Exception, ours: Versions) -> str:
    """Return how a worker's versions differ from ours; empty if they do not.

    Examples
    --------
    >>> skew("tcp://a:80", {"numpy": "2.3", "scipy": None}, {"numpy": "2.4", "scipy": "1"})
    'the worker tcp://a:80 has numpy 2.3 and no scipy, where this process has numpy 2.4 and scipy 1'
    """
    if isinstance(theirs, Exception):
        return f"the worker {worker} does not tell its versions ({in_words(theirs)})"
    other = [name for name in ours if theirs.get(name) != ours[name]]
    if not other:
        return ""
    has, here = _listed(theirs, other), _listed(ours, other)
    return f"the worker {worker} has {has}, where this process has {here}"


def _listed(versions: Versions, names: Iterable[str]) -> str:
    said = [f"{name} {versions[name]}" if versions.get(name) else f"no {name}" for name in names]
    return " and ".join([", ".join(said[:-1]), said[-1]] if said[1:] else said)


def in_words(error: BaseException) -> str:
    """Return an error in one line."""
    name = type(error).__name__
    if name == "KilledWorker":
        return f"{name}: the workers that had it died"
    return " ".join(f"{name}: {error}".split())
