"""The corpus as it is, and damaged, the same every time; `python -m tests.fuzz` searches on."""

import os
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioconv.errors import FormatError

from . import __doc__ as about
from .guard import ACCEPTED, FaultError, checked
from .mutation import mutated
from .search import search
from .targets import CORPUS, TARGETS, corpus, seeds

EXAMPLES = 30
"""Damaged inputs of each target."""

MOST_BYTES = 300_000
"""Of the corpus."""

INPUTS = [(name, file) for name in TARGETS for file in corpus(name)]


@pytest.fixture
def run():
    """Return a function that gives an input to a target."""

    def given_to(name, data):
        if name == "sofa":
            pytest.importorskip("h5py")
        return checked(TARGETS[name].run, data)

    return given_to


@pytest.mark.parametrize(("name", "file"), INPUTS, ids=map("/".join, INPUTS))
def test_an_input_of_the_corpus_has_no_fault(name, file, run):
    run(name, corpus(name)[file])


@pytest.mark.parametrize("name", TARGETS)
def test_a_damaged_input_has_no_fault(name, run):
    pool = seeds(name)
    damaged = st.builds(
        lambda at, seed: mutated(pool[at], seed, TARGETS[name].words),
        st.integers(0, len(pool) - 1),
        st.integers(0, 2**32),
    )

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
    @given(damaged | st.binary(max_size=200))
    def no_fault(data):
        run(name, data)

    no_fault()


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_accepts_something(name, run):
    assert any(run(name, data) == ACCEPTED for data in corpus(name).values())


def test_the_corpus_is_small():
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < MOST_BYTES
    assert {path.name for path in CORPUS.iterdir()} == {*TARGETS}


def raises(error):
    def target(data):
        raise error

    return target


def test_what_a_fault_is():
    assert checked(lambda data: None, b"") == ACCEPTED
    assert checked(raises(FormatError("too long")), b"") == "too long"
    with pytest.raises(KeyError):
        checked(raises(KeyError("x")), b"")
    with pytest.raises(RuntimeWarning):
        checked(lambda data: warnings.warn("x", RuntimeWarning, stacklevel=1), b"")
    for message in ("two\nlines", "an unexpected error", ""):
        with pytest.raises(FaultError, match="an error says"):
            checked(raises(FormatError(message)), b"")
    for stream in (1, 2):
        with pytest.raises(FaultError, match="prints b'x'"):
            checked(lambda data: os.write(stream, b"x"), b"")  # noqa: B023
    with pytest.raises(FaultError, match="the limit is 0"):
        checked(lambda data: sum(range(10**5)), b"", seconds=0)


def test_much_memory_is_a_fault():
    pytest.importorskip("resource")
    size = 2**26
    while True:  # until it is more than this process has had before
        try:
            checked(lambda data: bytearray(b"x") * size, b"", megabytes=32)  # noqa: B023
        except FaultError:
            return
        size *= 2
        assert size < 2**33


def test_a_search_keeps_the_input_of_a_fault(tmp_path, monkeypatch):
    def target(data):
        if b"S16_LE" not in data:
            raise KeyError("x")

    monkeypatch.setitem(TARGETS, "raw", TARGETS["raw"]._replace(run=target))
    found = search("raw", 60, 0, tmp_path)
    path, error = found.fault
    assert isinstance(error, KeyError)
    assert b"S16_LE" not in Path(path).read_bytes()


def test_the_package_names_its_modules():
    for module in Path(__file__).parent.glob("*.py"):
        assert module.stem in about or module.stem.startswith(("_", "test_")), module.stem
