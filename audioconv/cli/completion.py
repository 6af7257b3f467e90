"""Completion of values: words such as `full`, impulse responses with their keys, and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from audioconv.units import LENGTHS, MEASURES, STEMS

if TYPE_CHECKING:
    from audioconv.parameters import Parameter

Candidate = tuple[str, str]
"""A value, and what it is; empty if the value explains itself."""


def completer(unit: str) -> Callable[[str], list[Candidate]] | None:
    """Return what completes the values of a unit, for typer; None if nothing does."""
    values = VALUES.get(unit)
    if values is None:
        return None

    def complete(incomplete: str) -> list[Candidate]:
        try:
            return list(values(incomplete))
        except Exception:  # a shell shows whatever is printed in the middle of the line
            return []

    return complete


def impulses(word: str) -> Iterator[Candidate]:
    """Yield impulse responses: builders and presets with their keys, files and what follows them.

    Examples
    --------
    >>> dict(impulses("double-spike:delay=1ms,"))["double-spike:delay=1ms,gain="]
    '(default 0.5) level of the echo relative to the direct sound'
    """
    from audioconv.ir.kinds import KINDS, kind_of
    from audioconv.ir.load import MIX, PRESET, builder_parameters
    from audioconv.ir.names import JOIN
    from impulses import BUILDERS, PRESETS

    name, colon, rest = word.partition(":")
    if not colon:
        yield from _named()
        yield from files(word)
    elif name == JOIN:
        before, _, last = rest.rpartition(",")
        yield from _after(f"{name}:{before}{',' * bool(before)}", files(last))
    elif name == PRESET and "," not in rest:
        yield from ((f"{PRESET}:{preset}", sound) for preset, (_, sound) in PRESETS.items())
    elif name == PRESET:
        yield from keys(word, MIX)
    elif name in BUILDERS:
        yield from keys(word, builder_parameters(name))
    else:
        yield from keys(word, KINDS[kind_of(name, rest)].options)


def _named() -> Iterator[Candidate]:
    """Yield the builders, and what presets and joins begin with."""
    yield "preset:", "an impulse response with a name"
    yield "join:", "several files as one"
    yield from ((f"{name}:", about) for name, about in _builders(""))


def keys(word: str, declared: Iterable[Parameter]) -> Iterator[Candidate]:
    """Yield the keys that a spec may go on with, or the choices of the last one.

    Examples
    --------
    >>> from audioconv.parameters import parameters
    >>> from impulses import BUILDERS
    >>> dict(keys("ping-pong:first=r", parameters(BUILDERS["ping-pong"])))
    {'ping-pong:first=left': '', 'ping-pong:first=right': ''}
    """
    name, _, rest = word.partition(":")
    before, comma, last = rest.rpartition(",")
    begun = f"{name}:{before}{comma}"
    key, equals, _ = last.partition("=")
    given = {part.partition("=")[0] for part in before.split(",")}
    for one in declared:
        if equals and one.option == key:
            choices = ("yes", "no") if one.unit == "flag" else one.choices
            yield from ((f"{begun}{key}={choice}", "") for choice in choices)
        elif not equals and one.option not in given:
            yield f"{begun}{one.option}=", f"(default {one.written_default()}) {one.help}"


def files(word: str) -> Iterator[Candidate]:
    """Yield the folders, and the files that may hold an impulse response, below a path."""
    from audioconv.files.formats import SUFFIXES
    from audioconv.ir.kinds import KINDS

    suffixes = {f".{suffix}" for suffix in SUFFIXES}
    suffixes |= {suffix for kind in KINDS.values() for suffix in kind.suffixes}
    folder, slash, begun = word.rpartition("/")
    for path in sorted(Path(f"{folder}{slash}" or ".").expanduser().iterdir()):
        hidden = path.name.startswith(".") and not begun.startswith(".")
        if path.name.startswith(begun) and not hidden:
            if path.is_dir():
                yield f"{folder}{slash}{path.name}/", ""
            elif path.suffix.lower() in suffixes:
                yield f"{folder}{slash}{path.name}", ""


def _after(begun: str, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    return ((f"{begun}{value}", about) for value, about in candidates)


def _list(words: Iterable[str]) -> Callable[[str], Iterator[Candidate]]:
    """Return what completes the last word of a list."""

    def complete(word: str) -> Iterator[Candidate]:
        before, comma, _ = word.rpartition(",")
        return _after(f"{before}{comma}", ((one, "") for one in words))

    return complete


def _words(*words: str) -> Callable[[str], Iterator[Candidate]]:
    return lambda _: ((word, "") for word in words)


def _builders(_: str) -> Iterator[Candidate]:
    from audioconv.parameters import summary
    from impulses import BUILDERS

    yield from ((name, summary(build).partition(":")[0]) for name, build in BUILDERS.items())


def _norms(_: str) -> Iterator[Candidate]:
    from impulses.norms import NORMS

    yield from ((norm, "") for norm in ("none", *NORMS))


def _subtypes(_: str) -> Iterator[Candidate]:
    from audioconv.files.formats import CODECS, FLOATS, INTEGER_BITS

    yield from ((subtype, "") for subtype in (*INTEGER_BITS, *FLOATS, *CODECS))


def _formats(_: str) -> Iterator[Candidate]:
    from audioconv.files.formats import SUFFIXES

    yield from ((name, "") for name in dict.fromkeys(name for name, _ in SUFFIXES.values()))


def _maps(_: str) -> Iterator[Candidate]:
    from audioconv.engines.routes import RULES

    yield from ((f"{rule}=" if rule == "matrix" else rule, "") for rule in RULES)


def _kernels(word: str) -> Iterator[Candidate]:
    from audioconv.parameters import parameters, summary
    from audioconv.spectral.kernels import KERNELS

    name, colon, _ = word.partition(":")
    if colon and name in KERNELS:
        yield from keys(word, parameters(KERNELS[name]))
    elif not colon:
        yield from ((f"{name}:", summary(made)) for name, made in KERNELS.items())


VALUES: dict[str, Callable[[str], Iterable[Candidate]]] = {
    "builder": _builders,
    "format": _formats,
    "impulse": impulses,
    "kernel": _kernels,
    "length": _words(*LENGTHS),
    "map": _maps,
    "match": _words("none", *MEASURES, *(f"{measure}=" for measure in MEASURES)),
    "norm": _norms,
    "stems": _list(STEMS),
    "subtype": _subtypes,
    "trim": _words("noise"),
}
"""What completes the values of a unit."""
