"""How a batch ended: numbers, failures and notices."""

from __future__ import annotations

from dataclasses import dataclass

from audioconv.batch.task import Failed


@dataclass(frozen=True)
class Summary:
    """How a batch ended.

    Parameters
    ----------
    done : int
        number of outputs that were made
    failures : list of Failed
        in the order of the plan
    left : int
        number of tasks that were not begun
    seconds : float
        length of all outputs together, of both kinds
    interrupted : bool
        whether Ctrl-C ended it
    already : int
        number of outputs that an earlier run has made
    elsewhere : int
        number of tasks that another run has in hand, or has done meanwhile
    whole : bool
        whether the rows of all outputs of the plan were written, as only the last shard does
    notices : tuple of str
        on the batch as a whole: those of the plan, what was left over, what was made again
    spread : tuple of int
        channels of each output that was made of a mono sound and has several
    """

    done: int
    failures: list[Failed]
    left: int
    seconds: float
    interrupted: bool
    already: int = 0
    elsewhere: int = 0
    whole: bool = True
    notices: tuple[str, ...] = ()
    spread: tuple[int, ...] = ()

    @property
    def tasks(self) -> int:
        """Number of all tasks of the run."""
        return self.done + len(self.failures) + self.left + self.already + self.elsewhere
