"""Completion in bash, zsh and fish: of options, of words such as `full`, and of impulse responses.

On each Tab a shell runs audioconv with the line up to the cursor in the environment, and reads one
candidate a line, with a tab and a description behind it. The scripts below are all that shells
know; `--install-completion` installs them. Typer's own break words at ``:`` and ``=``, where specs
such as ``double-spike:delay=350ms`` go on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from typer import _completion_shared
from typer._click.shell_completion import ShellComplete, add_completion_class, split_arg_string

from audioconv.units import LENGTHS, MEASURES, STEMS

if TYPE_CHECKING:
    from audioconv.parameters import Parameter

Candidate = tuple[str, str]
"""A value, and what it is; empty if the value explains itself."""

LINE, BREAKS = "_AUDIOCONV_LINE", "_AUDIOCONV_BREAKS"
"""Environment variables: the line up to the cursor, and where bash breaks words."""

SPECIAL = re.compile(r"([\s'\"\\$&;()<>|*?\[\]`!#~{}])")
"""Characters that bash takes for more than themselves."""

LONGEST = 72
"""Characters of a description."""

CLAUSE = re.compile(r"[.:;](?: |$)")
"""Where the first clause of a description ends."""

BASH = r"""
%(complete_func)s() {
    local candidate
    COMPREPLY=()
    while IFS= read -r candidate; do [[ $candidate ]] && COMPREPLY+=("$candidate"); done < <(
        _AUDIOCONV_LINE="${COMP_LINE:0:COMP_POINT}" _AUDIOCONV_BREAKS="$COMP_WORDBREAKS" \
            %(autocomplete_var)s=complete_words "$1" 2>/dev/null)
    if [[ ${COMPREPLY-} == *[:=,/] ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o default -F %(complete_func)s %(prog_name)s
"""

ZSH = r"""
#compdef %(prog_name)s
%(complete_func)s() {
    local value about
    local -a ended open about_ended about_open
    while IFS=$'\t' read -r value about; do
        if [[ -z $value ]]; then
            continue
        elif [[ $value == *[:=,/] ]]; then
            open+=("$value"); about_open+=("$value${about:+  -- $about}")
        else
            ended+=("$value"); about_ended+=("$value${about:+  -- $about}")
        fi
    done < <(_AUDIOCONV_LINE="${(j: :)words[1,CURRENT-1]} $PREFIX" \
        %(autocomplete_var)s=complete_words "${words[1]}" 2>/dev/null)
    (( $#ended )) && compadd -l -d about_ended -a ended
    (( $#open )) && compadd -l -S '' -d about_open -a open
    (( $#ended + $#open )) || _files
}
compdef %(complete_func)s %(prog_name)s
"""

FISH = r"""
function %(complete_func)s
    set -lx _AUDIOCONV_LINE (commandline -cp | string collect)
    set -lx %(autocomplete_var)s complete_words
    set -l found (%(prog_name)s 2>/dev/null)
    if test -n "$found"
        printf '%%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete --command %(prog_name)s --no-files --arguments '(%(complete_func)s)'
"""

_completion_shared._completion_scripts |= {"bash": BASH, "zsh": ZSH, "fish": FISH}


class Words(ShellComplete):
    """Completion of a line from the environment; the same for every shell but bash."""

    def source_vars(self) -> dict[str, Any]:
        """Return nothing: the scripts are installed by typer."""
        return {}

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the whole words after the command, and the one that is begun."""
        line = os.environ.get(LINE, "")
        words = split_arg_string(line)[1:]
        return (words[:-1], words[-1]) if words and not line[-1:].isspace() else (words, "")

    def format_completion(self, item: Any) -> str:
        """Return a candidate and the first clause of its description."""
        about = shorten(CLAUSE.split(item.help or "")[0], LONGEST, placeholder=" ...")
        return f"{item.value}\t{about}" if about else str(item.value)

    def complete(self) -> str:
        """Return the candidates as lines; to bash, what follows the last break in the word."""
        args, word = self.get_completion_args()
        option, equals, _ = word.partition("=")
        items = self.get_completions(args, word)
        if equals and option.startswith("--"):
            for item in items:
                item.value = f"{option}={item.value}"
        breaks = os.environ.get(BREAKS)
        if breaks is None:
            return "\n".join(map(self.format_completion, items))
        begun = max((word.rfind(one) + 1 for one in breaks if one in ":="), default=0)
        return "\n".join(SPECIAL.sub(r"\\\1", str(item.value)[begun:]) for item in items)


add_completion_class(Words, "words")


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
