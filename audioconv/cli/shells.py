"""Completion in bash, zsh and fish: the scripts that they read, and the answer to a Tab.

On each Tab a shell runs audioconv with the line up to the cursor in the environment, and reads one
candidate a line, with a tab and a description behind it. The scripts are all that shells know;
`--install-completion` installs them. Typer's own break words at ``:`` and ``=``, where specs such
as ``double-spike:delay=350ms`` go on.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from textwrap import shorten
from typing import Any

from typer import _completion_shared
from typer._click.shell_completion import ShellComplete, add_completion_class, split_arg_string

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
    local value about home='' line="${(j: :)words[1,CURRENT-1]} $PREFIX"
    [[ $PREFIX == '~'*/* ]] && home="${PREFIX%%%%/*}/"  # a prefix is not quoted, as a match is
    local -a ended open about_ended about_open
    while IFS=$'\t' read -r value about; do
        value="${value#"$home"}"
        if [[ -z $value ]]; then
            continue
        elif [[ $value == *[:=,/] ]]; then
            open+=("$value"); about_open+=("$value${about:+  -- $about}")
        else
            ended+=("$value"); about_ended+=("$value${about:+  -- $about}")
        fi
    done < <(_AUDIOCONV_LINE="$line" %(autocomplete_var)s=complete_words "${words[1]}" 2>/dev/null)
    (( $#ended )) && compadd -P "$home" -l -d about_ended -a ended
    (( $#open )) && compadd -P "$home" -l -S '' -d about_open -a open
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
        return "\n".join(_of_bash(word, breaks, [str(item.value) for item in items]))


def _of_bash(word: str, breaks: str, values: Iterable[str]) -> Iterator[str]:
    """Yield what bash is to put in the place of the end of a word.

    That is what follows the last break, with its marks; or what follows a quote that is open, where
    neither breaks nor marks count.
    """
    quoted = _quoted(os.environ.get(LINE, ""))
    if quoted is not None:
        yield from (value[len(word) - len(quoted) :] for value in values)
        return
    begun = max((word.rfind(one) + 1 for one in breaks if one in ":="), default=0)
    for value in values:
        marked = SPECIAL.sub(r"\\\1", value[begun:])
        # a home folder, as typed
        yield marked.removeprefix("\\") if word.startswith("~") and not begun else marked


def _quoted(line: str) -> str | None:
    """Return what follows a quote that is open; None if none is.

    Examples
    --------
    >>> _quoted("audioconv info 'my ha"), _quoted("audioconv info 'my hall.wav'")
    ('my ha', None)
    """
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        for _ in lexer:
            pass
    except ValueError:
        state = getattr(lexer, "state", None)  # which typeshed lacks
        if state and state in lexer.quotes:
            return line.rpartition(state)[2]
    return None


def register() -> None:
    """Have typer install these scripts, and answer them."""
    _completion_shared._completion_scripts |= {"bash": BASH, "zsh": ZSH, "fish": FISH}
    add_completion_class(Words, "words")
