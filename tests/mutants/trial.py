"""A copy of the checkout, in which tests run on a mutant."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "dist")

PYTEST = "-m pytest -x -q -n0 -p no:cacheprovider -p tests.mutants.impatient --hypothesis-seed=0"
RECORD, ORDER = "AUDIOCONV_MUTANTS_RECORD", "AUDIOCONV_MUTANTS_ORDER"
"""Variables by which the plugin `impatient` gets the names of a file to write, with the modules to
record, and of one to read."""

FOREVER = 3600.0
"""Seconds for tests where nothing is changed."""

PROCESSES = {"tests/test_outputs.py"}
"""Tests that run the program in processes of their own, where lines are not recorded."""


class TestsFailError(Exception):
    """The tests of a module fail on the module as it is."""


@dataclass(frozen=True)
class Record:
    """Which lines tests run, and for how long.

    Parameters
    ----------
    seconds : dict
        by test
    lines : dict
        tests, by module and line
    """

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[str]]]

    def tests(self, module: str, first: int, last: int, files: Iterable[str]) -> list[str]:
        """Return the tests of some files that run any of some lines, those of the first file first.

        Lines that none runs are run by all, at import, or in other processes. The quickest tests
        of a file come first.
        """
        place = {file: number for number, file in enumerate(files)}
        own = {test: place[_file(test)] for test in self.seconds if _file(test) in place}
        lines = self.lines[module]
        running = {test for n in range(first, last + 1) for test in lines.get(str(n), ())}
        if not running & own.keys():
            running = {*own}
        running |= {test for test in own if _file(test) in PROCESSES}
        return sorted(running & own.keys(), key=lambda test: (own[test], self.seconds[test]))


@dataclass(frozen=True)
class Copy:
    """A copy of the checkout, with a folder for temporary files beside it.

    Parameters
    ----------
    folder : Path
        holds ``repo``, ``tmp``, and a link to the checkout's ``shared``
    """

    folder: Path

    @property
    def repo(self) -> Path:
        """The copy."""
        return self.folder / "repo"

    def make(self) -> None:
        """Copy the checkout."""
        shutil.copytree(ROOT, self.repo, ignore=LEFT_OUT)
        shared = ROOT.parent / "shared"
        if shared.is_dir():
            with suppress(OSError):  # where links need a privilege, tests that use it are skipped
                (self.folder / "shared").symlink_to(shared.resolve(), target_is_directory=True)

    def record(self, modules: Iterable[str], tests: Iterable[str]) -> Record:
        """Run tests as they are, and record which lines of some modules they run.

        Raises
        ------
        TestsFailError
            If they fail.
        """
        out, files = self.folder / "record.json", {m: str(self._path(m)) for m in modules}
        status, said = self._run(
            tests, FOREVER, {RECORD: os.pathsep.join([str(out), *files.values()])}
        )
        if status:
            raise TestsFailError(f"tests fail where nothing is changed:\n{said}")
        found = json.loads(out.read_text(encoding="utf-8"))
        return Record(found["seconds"], {m: found["lines"][file] for m, file in files.items()})

    def notices(self, module: str, text: str, tests: Sequence[str], limit: float) -> bool:
        """Return whether tests notice that a module has another text, or do not end in time."""
        order = self.folder / "order.json"
        order.write_text(json.dumps(tests), encoding="utf-8")
        files = dict.fromkeys(map(_file, tests))
        with self._exchanged(self._path(module), text):
            status, _ = self._run(files, limit, {ORDER: str(order)})
        return status != 0

    def _path(self, module: str) -> Path:
        return self.repo / "audioconv" / module

    @contextmanager
    def _exchanged(self, path: Path, text: str) -> Iterator[None]:
        before = path.read_bytes()
        _exchange(path, text.encode())
        try:
            yield
        finally:
            _exchange(path, before)

    def _run(
        self, tests: Iterable[str], limit: float, variables: dict[str, str]
    ) -> tuple[int, str]:
        """Run tests in the copy; return the exit status, -1 if out of time, and what was said."""
        temporary = self.folder / "tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        places = dict.fromkeys(["TMPDIR", "TEMP", "TMP"], str(temporary))
        # before the checkout, where that is installed
        places["PYTHONPATH"] = str(self.repo)
        log = self.folder / "log"
        with log.open("w", encoding="utf-8") as out:
            process = subprocess.Popen(
                [sys.executable, *PYTEST.split(), *tests],
                cwd=self.repo,
                env={**os.environ, **places, **variables},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
            try:
                status = process.wait(limit)
            except subprocess.TimeoutExpired:
                status = -1
            finally:
                _end(process)
        return status, log.read_text(encoding="utf-8", errors="replace")


def _file(test: str) -> str:
    return test.split("::")[0]


def _exchange(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    # what was compiled would stand for another text of one size and second
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, and those that it has started."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
