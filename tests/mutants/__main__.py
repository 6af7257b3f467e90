"""The command line: ``python -m tests.mutants [MODULE ...]``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from . import __doc__ as about
from .mutate import Mutant, mutants
from .rooms import PACKAGE, excused, modules
from .trial import Copy, TestsFailError

AT_A_TIME = 2

PATIENCE, START = 4, 30
"""A mutant may take so many times as long as the module itself, and so many seconds more."""


class Trial(NamedTuple):
    """A mutant that counts, with the text and the tests of its module, and their time limit."""

    module: str
    mutant: Mutant
    text: str
    tests: Sequence[str]
    limit: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Try the mutants of some modules, and print those that survive and a table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=(about or "").splitlines()[0]
    )
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="such as engines (default: all)"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="of each module (default: all)")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="S", help="of the sample (default: 1)"
    )
    options = parser.parse_args(arguments)
    chosen = modules(options.modules)
    if not chosen:
        parser.error(f"no module is named {', '.join(options.modules)}; see tests/mutants/rooms.py")
    counts: Counter[tuple[str, str]] = Counter()
    with TemporaryDirectory(prefix="audioconv-mutants-") as folder:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(AT_A_TIME):
            copy = Copy(Path(folder) / str(number))
            copy.make()
            copies.put(copy)
        trials = _trials(chosen, options.sample, options.seed, copies, counts)
        for trial, noticed in _tried(trials, copies):
            counts[_room(trial.module), "killed" if noticed else "survive"] += 1
    print(_table(counts))


def _trials(
    chosen: dict[str, list[str]],
    sample: int | None,
    seed: int,
    copies: SimpleQueue[Copy],
    counts: Counter[tuple[str, str]],
) -> Iterator[Trial]:
    """Draw the mutants of each module, count those that are excused, and yield the others."""
    reasons, durations = excused(), dict[tuple[str, ...], float]()
    for module, tests in chosen.items():
        every = mutants((PACKAGE / module).read_text(encoding="utf-8"))
        names = {name for mutant in every for name in (mutant.before, str(mutant))}
        for stale in sorted(reasons[module].keys() - names):
            print(f"{module}: there is no mutant {stale!r}; see excused.toml", flush=True)
        drawn = (
            every
            if sample is None
            else Random(f"{seed} {module}").sample(every, min(sample, len(every)))
        )
        counting = [m for m in drawn if not reasons[module].keys() & {m.before, str(m)}]
        counts[_room(module), "mutants"] += len(drawn)
        counts[_room(module), "excused"] += len(drawn) - len(counting)
        if tuple(tests[1:]) not in durations:
            durations[tuple(tests[1:])] = _duration(module, tests, copies)
        seconds = durations[tuple(tests[1:])]
        print(f"{module}: {len(counting)} mutants, {seconds:.0f} s", file=sys.stderr, flush=True)
        for mutant in sorted(counting, key=lambda mutant: mutant.line):
            yield Trial(module, mutant, mutant.make(), tests, START + PATIENCE * seconds)


def _duration(module: str, tests: Sequence[str], copies: SimpleQueue[Copy]) -> float:
    copy = copies.get()
    try:
        return copy.seconds(module, tests)
    except TestsFailError as error:
        sys.exit(str(error))
    finally:
        copies.put(copy)


def _tried(trials: Iterator[Trial], copies: SimpleQueue[Copy]) -> Iterator[tuple[Trial, bool]]:
    """Try mutants, some at a time, and yield whether each is noticed."""

    def noticed(trial: Trial) -> bool:
        copy = copies.get()
        try:
            found = copy.notices(trial.module, trial.text, trial.tests, trial.limit)
        finally:
            copies.put(copy)
        if not found:
            print(f"{trial.module}:{trial.mutant.line}: {trial.mutant}", flush=True)
        return found

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        pending = [(trial, pool.submit(noticed, trial)) for trial in trials]
        for trial, result in pending:
            yield trial, result.result()


def _room(module: str) -> str:
    return module if module.startswith("files/") else module.split("/")[0]


def _table(counts: Counter[tuple[str, str]]) -> str:
    """Return the count by room, as Markdown."""
    lines = [
        "",
        "| room | mutants | killed | do not count | survive | killed of those that count |",
    ]
    lines.append("|---|---|---|---|---|---|")
    for room in dict.fromkeys(room for room, _ in counts):
        whole, killed, out, alive = (
            counts[room, kind] for kind in ("mutants", "killed", "excused", "survive")
        )
        share = 100 * killed / max(1, killed + alive)
        lines.append(f"| `{room}` | {whole} | {killed} | {out} | {alive} | {share:.1f} % |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
