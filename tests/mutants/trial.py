"""A copy of the checkout, in which tests run on a mutant."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "dist")

PYTEST = "-m pytest -x -q -n0 -p no:cacheprovider -p tests.mutants.impatient --hypothesis-seed=0"
FOREVER = 3600.0
"""Seconds for the tests of a module that is not changed."""


class TestsFailError(Exception):
    """The tests of a module fail on the module as it is."""


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

    def seconds(self, module: str, tests: Sequence[str]) -> float:
        """Run the tests of a module as it is, and return how long it took.

        Raises
        ------
        TestsFailError
            If they fail.
        """
        begin = time.monotonic()
        status, said = self._run(tests, FOREVER)
        if status:
            raise TestsFailError(f"the tests of {module} fail:\n{said}")
        return time.monotonic() - begin

    def notices(self, module: str, text: str, tests: Sequence[str], limit: float) -> bool:
        """Return whether tests notice that a module has another text, or do not end in time."""
        with self._exchanged(self.repo / "audioconv" / module, text):
            status, _ = self._run(tests, limit)
        return status != 0

    @contextmanager
    def _exchanged(self, path: Path, text: str) -> Iterator[None]:
        before = path.read_bytes()
        _exchange(path, text.encode())
        try:
            yield
        finally:
            _exchange(path, before)

    def _run(self, tests: Sequence[str], limit: float) -> tuple[int, str]:
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
                env={**os.environ, **places},
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
