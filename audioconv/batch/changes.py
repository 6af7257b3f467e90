"""Notices on files of earlier runs: outputs made again and why, stems and lists left over.

An output is judged by what lies there, not by what was done last: options that are changed and
changed back are told both times. A look has to do for it, as nothing is read for a notice. Stems
that it had beside it then are left as they are, but need not fit the output that takes its place;
nor need lists that are not written anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from audioconv.batch import kaldi, lhotse
from audioconv.batch.earlier import Earlier
from audioconv.batch.journal import Journal, chosen, output_path
from audioconv.batch.outputs import stem_output
from audioconv.batch.plan import Plan, Task
from audioconv.batch.rows import files_of_rows
from audioconv.errors import counted
from audioconv.files import Look, display_name, look
from audioconv.render.notices import Notices

LISTS = {kaldi.FILES[0]: "kaldi", lhotse.FILE: "lhotse"}
"""Lists besides that of all rows, by name, with the option that writes each."""

UNKNOWN = "an impulse, an option, a column of a list, a draw or the version of audioconv"
"""Possible causes where no option has changed."""


def changes(
    plan: Plan, journal: Journal, tasks: Sequence[Task], ahead: Sequence[Task]
) -> list[str]:
    """Return the notices on files of earlier runs: left over, or made again.

    Parameters
    ----------
    plan : Plan
    journal : Journal
    tasks : sequence of Task
        those of the run
    ahead : sequence of Task
        those that are not done

    Raises
    ------
    AudioconvError
        If files are left over, under `strict`.
    """
    notices = Notices(plan.options.strict)
    notices.add(_stems_left_over(plan, journal, tasks), *_lists_left_over(plan, journal))
    again = None if plan.options.overwrite else _made_again(plan, journal, ahead)
    return [*notices.given, *filter(None, [again])]


def _made_again(plan: Plan, journal: Journal, ahead: Sequence[Task]) -> str | None:
    """Return how many outputs are made again, and which options have changed."""
    before = [(task, one) for task in ahead if (one := _otherwise(plan.into, journal, task))]
    if not before:
        return None
    changed = {
        f"`{name}`"
        for task, one in before
        for name, value in chosen(task, plan.options).items()
        if one.options.get(name, value) != value
    }
    cause = " and ".join(sorted(changed)) or UNKNOWN
    verb = "is" if len(before) == 1 else "are"
    have = "have" if len(changed) > 1 else "has"
    return f"{counted(len(before), 'file')} {verb} made again, as {cause} {have} changed since"


def _otherwise(into: str, journal: Journal, task: Task) -> Earlier | None:
    """Return how the output that lies there was made, unless it was as the task makes it.

    If it has been changed since, it counts for what was made there last.
    """
    earlier = journal.earlier(task)
    now = _look(into, task.output) if earlier else None
    if now is None:
        return None
    made: list[tuple[Look, Earlier | None]] = [
        *((record.made[task.output].look, None) for record in journal.records(task)),
        *((one.made, one) for one in earlier),
    ]
    return max(made, key=lambda pair: (pair[0] == now, pair[0].mtime_ns))[1]


def _look(into: str, name: str) -> Look | None:
    """Return size and time of a file below the folder of all, if it exists."""
    try:
        return look(output_path(into, name))
    except OSError:
        return None


def _lists_left_over(plan: Plan, journal: Journal) -> Iterator[str]:
    """Yield which lists of an earlier run are not written anew."""
    for name, option in LISTS.items():
        path = output_path(plan.into, name)
        if (
            name not in files_of_rows(plan.settings)
            and journal.knows(name)
            and os.path.exists(path)
        ):
            yield (
                f"{name} is of an earlier run, and this line does not write it anew; remove it, or "
                f"pass `{option}`"
            )


def _stems_left_over(plan: Plan, journal: Journal, tasks: Sequence[Task]) -> str | None:
    """Return how many stems lie beside outputs that are made without them now."""
    ours = {name for task in plan.tasks for name in task.outputs}
    left = {
        name: stem
        for task in tasks
        for one in journal.earlier(task)
        for stem, size in one.stems
        if (name := stem_output(task.output, stem)) not in ours
        and (now := _look(plan.into, name))
        and now.size == size
    }
    if not left:
        return None
    first, *others = sorted(left)
    more = f" and {counted(len(others), 'other')}" if others else ""
    lie, them = ("lie", "them") if others else ("lies", "it")
    return (
        f"{counted(len(left), 'stem')} ({', '.join(sorted({*left.values()}))}) {lie} beside "
        f"outputs that this line makes without {them}, and need not fit: {display_name(first)}"
        f"{more}; remove {them}, or pass `stems` as before"
    )
