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
from .trial import Copy, Record, TestsFailError

AT_A_TIME = 2

PATIENCE, START = 2, 60
"""A mutant may take so many times as long as its tests do alone, and so many seconds more."""


class Trial(NamedTuple):
    """A mutant that counts, with the text of its module, and the tests that run its lines."""

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
        copies = [Copy(Path(folder) / str(number)) for number in range(AT_A_TIME)]
        for copy in copies:
            copy.make()
        files = dict.fromkeys(test for tests in chosen.values() for test in tests)
        try:
            record = copies[0].record(chosen, files)
        except TestsFailError as error:
            sys.exit(str(error))
        _say(f"{len(record.seconds)} tests, {sum(record.seconds.values()):.0f} s")
        trials = _trials(chosen, options.sample, options.seed, record, counts)
        for trial, noticed in _tried(trials, copies):
            counts[_room(trial.module), "killed" if noticed else "survive"] += 1
    print(_table(counts))


def _trials(
    chosen: dict[str, list[str]],
    sample: int | None,
    seed: int,
    record: Record,
    counts: Counter[tuple[str, str]],
) -> Iterator[Trial]:
    """Draw the mutants of each module, count those that are excused, and yield the others."""
    reasons = excused()
    for module, files in chosen.items():
        every = mutants((PACKAGE / module).read_text(encoding="utf-8"))
        drawn = Random(f"{seed} {module}").sample(every, min(sample or len(every), len(every)))
        counting = [m for m in drawn if not reasons[module].keys() & {m.before, str(m)}]
        counts[_room(module), "mutants"] += len(drawn)
        counts[_room(module), "excused"] += len(drawn) - len(counting)
        _say(f"{module}: {len(counting)} of {len(every)} mutants")
        for mutant in sorted(counting, key=lambda mutant: mutant.line):
            tests = record.tests(module, mutant.first, mutant.last, files)
            limit = START + PATIENCE * sum(record.seconds[test] for test in tests)
            yield Trial(module, mutant, mutant.make(), tests, limit)


def _tried(trials: Iterator[Trial], copies: Sequence[Copy]) -> Iterator[tuple[Trial, bool]]:
    """Try mutants, one in each copy at a time, and yield whether each is noticed."""
    idle: SimpleQueue[Copy] = SimpleQueue()
    for copy in copies:
        idle.put(copy)

    def noticed(trial: Trial) -> bool:
        copy = idle.get()
        try:
            found = copy.notices(trial.module, trial.text, trial.tests, trial.limit)
        finally:
            idle.put(copy)
        if not found:
            print(f"{trial.module}:{trial.mutant.line}: {trial.mutant}", flush=True)
        return found

    with ThreadPoolExecutor(len(copies)) as pool:
        pending = [(trial, pool.submit(noticed, trial)) for trial in trials]
        for number, (trial, result) in enumerate(pending, 1):
            yield trial, result.result()
            if number % 10 == 0:
                _say(f"{number} of {len(pending)}, in {trial.module}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


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
