"""What tests share: sounds made on the spot, and real ones where they are there."""

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import typer.main

from audioconv.cli import app, main

collect_ignore = ["bench", "mutants"]  # they have no tests, but are run: python -m tests.bench

SAMPLES = Path(__file__).parent.parent / "samples"
SHARED = Path(__file__).parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def samples():
    return SAMPLES


@pytest.fixture(scope="session")
def shared():
    """Real recordings and other projects' numbers, which stand beside a developer's checkout."""
    if not SHARED.is_dir():
        pytest.skip("no reference material beside this checkout")
    return SHARED


@pytest.fixture
def untraced(monkeypatch):
    """Let the processes that a test starts run as they are, where coverage is measured."""
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def noise():
    """Make white noise of some shape, the same for the same seed."""

    def make(*shape, seed=0):
        return np.random.default_rng(seed).standard_normal(shape)

    return make


@pytest.fixture
def call(capsys, monkeypatch):
    """Return a function that runs a command line in this process; it must succeed."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def called(*arguments, code=0):
        found = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert found == code, said.err
        if code:
            line = said.err.splitlines()[-1]
            assert line.startswith("error: ")
            assert "unexpected" not in line
            assert "Traceback" not in said.err
        return said

    return called


@pytest.fixture(autouse=True, scope="session")
def _built_once():
    """Build the commands once, as a process does; a test that calls 40 would wait for seconds."""
    build = typer.main.get_command
    built = build(app)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.main, "get_command", lambda one: built if one is app else build(one))
        yield


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    """Have room for the paths of temporary folders, so that no line of a report is wrapped."""
    monkeypatch.setenv("COLUMNS", "400")


@pytest.fixture
def redone(call):
    """Return a function that deletes an output with a sidecar; `redo` must restore every byte."""

    def checked(path):
        before = Path(path).read_bytes()
        Path(path).unlink()
        call("redo", path)
        assert Path(path).read_bytes() == before

    return checked


@pytest.fixture
def piped(monkeypatch):
    """Return a function that puts bytes on standard input, which is then a pipe."""
    opened = []

    def put(data):
        reading, writing = os.pipe()

        def feed():
            with suppress(BrokenPipeError), os.fdopen(writing, "wb") as end:
                end.write(data)

        thread = threading.Thread(target=feed)
        thread.start()
        file = os.fdopen(reading, "rb")
        opened.append((file, thread))
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=file))

    yield put
    for file, thread in opened:
        file.read()
        thread.join()
        file.close()
