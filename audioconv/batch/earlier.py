"""Records of outputs that were made otherwise, as far as notices need them.

Another version may have written them, so anything unknown in them is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from audioconv.batch.outputs import stem_output
from audioconv.files import Look
from audioconv.units import STEMS


class Earlier(NamedTuple):
    """An output that was made otherwise than a task makes it.

    Parameters
    ----------
    made : Look
        of the output, when it was made
    stems : tuple of (str, int)
        what was made beside it, and of which size
    options : dict
        those it was made with, as far as they are known
    """

    made: Look
    stems: tuple[tuple[str, int], ...]
    options: Mapping[str, Any]

    @classmethod
    def of(cls, line: Mapping[str, Any], options: Mapping[str, Any]) -> Earlier | None:
        """Return the record of a line of a journal, or None if the line is not understood.

        Examples
        --------
        >>> made = {"a.wav": [44, 1, "0f"], "a_dry.wav": [45, 1, "f0"]}
        >>> Earlier.of({"output": "a.wav", "made": made}, {"wet": 0.5}).stems
        (('dry', 45),)
        """
        output, states = line["output"], line.get("made")
        if not isinstance(states, dict) or (made := _look(states.get(output))) is None:
            return None
        stems = ((stem, _look(states.get(stem_output(output, stem)))) for stem in STEMS)
        return cls(made, tuple((stem, then.size) for stem, then in stems if then), options)


def _look(state: Any) -> Look | None:
    """Return size and time of a state as a line has it."""
    match state:
        case [int(size), int(mtime_ns), *_]:
            return Look(size, mtime_ns)
    return None
