"""A plugin of pytest for mutants: the first failure is enough, and no test runs for ever.

It also records which lines of some modules each test runs, and runs tests in a given order.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import Phase, settings

from .trial import ORDER, RECORD

LONGEST = 120.0
"""Seconds for one test."""

MEMORY = 2**34
"""Bytes of addresses for one process: a number that is twice as large may ask for any."""

Line = tuple[str, int]

# without a search for the simplest example that fails
settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate], database=None)
settings.load_profile("mutants")

# a shell starts what runs in the background with interrupts ignored, and so would its tests
signal.signal(signal.SIGINT, signal.default_int_handler)

if sys.platform != "win32":
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def pytest_configure(config: pytest.Config) -> None:
    """Record, if that is asked for."""
    if RECORD in os.environ:
        out, *files = os.environ[RECORD].split(os.pathsep)
        config.pluginmanager.register(Recorder(Path(out), set(files)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that are asked for, in their order."""
    if ORDER in os.environ:
        order = json.loads(Path(os.environ[ORDER]).read_text(encoding="utf-8"))
        place = {name: number for number, name in enumerate(order)}
        items[:] = sorted(
            (item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid]
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """End the process if a test does not end."""
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


class Recorder:
    """Record the lines of some files that each test runs, those of its fixtures included.

    Parameters
    ----------
    out : Path
        JSON: seconds by test, and for each file and line the tests
    files : set of str
    """

    def __init__(self, out: Path, files: set[str]) -> None:
        self.out, self.files = out, files
        self.lines: set[Line] = set()
        self.tests: dict[str, set[Line]] = {}
        self.seconds: dict[str, float] = {}
        self.fixtures: dict[str, set[Line]] = defaultdict(set)

    def called(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Trace the lines of a frame if it is in one of the files."""
        return self.passed if frame.f_code.co_filename in self.files else None

    def passed(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Record a line."""
        self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self.passed

    @contextmanager
    def apart(self) -> Iterator[set[Line]]:
        """Record lines by themselves."""
        before, self.lines = self.lines, set()
        try:
            yield self.lines
        finally:
            self.lines = before

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Record the lines and the time of a test."""
        begin = time.monotonic()
        with self.apart() as lines:
            threading.settrace(self.called)
            sys.settrace(self.called)
            try:
                return (yield)
            finally:
                sys.settrace(None)
                threading.settrace(None)
                of_fixtures = (self.fixtures[name] for name in getattr(item, "fixturenames", ()))
                self.tests[item.nodeid] = lines.union(*of_fixtures)
                self.seconds[item.nodeid] = time.monotonic() - begin

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Record the lines of a fixture, which later tests find made."""
        with self.apart() as lines:
            try:
                return (yield)
            finally:
                self.fixtures[fixturedef.argname] |= lines

    def pytest_sessionfinish(self) -> None:
        """Write what was recorded."""
        found: dict[str, dict[int, list[str]]] = {file: defaultdict(list) for file in self.files}
        for test, lines in self.tests.items():
            for file, line in lines:
                found[file][line].append(test)
        said = json.dumps({"seconds": self.seconds, "lines": found})
        self.out.write_text(said, encoding="utf-8")
