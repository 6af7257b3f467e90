"""Text laid out for a width: no line is too long, no word is broken or lost, all widths agree."""

import io
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioconv.cli import layout

WORDS = st.lists(st.text("abc-,=:.", min_size=1, max_size=12), min_size=1, max_size=30)


@given(words=WORDS, columns=st.integers(40, 200), hanging=st.integers(0, 8))
def test_wrapped_lines_hold_the_words_in_order(words, columns, hanging):
    lines = layout.wrapped(" ".join(words), columns, hanging=hanging).split("\n")
    assert [word for line in lines for word in line.split()] == words
    assert all(len(line) <= columns for line in lines)
    assert all(line.startswith(" " * hanging) for line in lines[1:])


@given(words=WORDS, columns=st.integers(40, 200))
def test_a_list_is_broken_between_its_parts_alone(words, columns):
    parts = [word.strip(", ") or "x" for word in words]
    lines = layout.listed(parts, ", ", columns).split("\n")
    assert " ".join(line.strip() for line in lines) == ", ".join(parts)
    assert all(len(line) <= columns for line in lines)


@given(rows=st.lists(st.tuples(st.text("abc", max_size=9), WORDS), max_size=5))
def test_values_stand_beside_their_labels(rows):
    told = layout.two_columns([(label, " ".join(words)) for label, words in rows], 60)
    assert all(len(line) <= 60 for line in told.split("\n"))
    widest = max((len(label) for label, _ in rows), default=0)
    values = [line[widest + 4 :] for line in told.split("\n")] if rows else []
    assert " ".join(values).split() == [word for _, words in rows for word in words]


@given(
    cells=st.lists(
        st.lists(st.text("0123", min_size=1, max_size=9), min_size=5, max_size=5), min_size=1
    ),
    columns=st.integers(24, 90),
)
def test_a_table_has_every_cell_once_and_the_first_of_a_row_in_each_part(cells, columns):
    lines = layout.table(cells, columns).split("\n")
    assert all(len(line) <= columns for line in lines)
    parts = [lines[at : at + len(cells)] for at in range(0, len(lines), len(cells))]
    for row, given_cells in enumerate(cells):
        found = [part[row].split() for part in parts]
        assert all(one[0] == given_cells[0] for one in found)
        assert [cell for one in found for cell in one[1:]] == given_cells[1:]


def test_the_width_is_that_of_the_terminal_or_80_or_as_asked_for(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

        def fileno(self):
            return 1

    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((132, 40)))
    assert [layout.width(stream) for stream in (None, io.StringIO(), Terminal())] == [80, 80, 132]
    for asked, columns in [("100", 100), ("7", 40), ("0", 132), ("wide", 132)]:
        monkeypatch.setenv("COLUMNS", asked)
        assert layout.width(Terminal()) == columns
    monkeypatch.delenv("COLUMNS")
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((0, 0)))
    assert layout.width(Terminal()) == 80


REPORTS = [
    "ir list",
    "ir list --presets",
    "ir info {hall}",
    "ir info preset:cathedral --rate 8000",
    "info {hall} {guitar}",
    "compare {guitar} {hall}",
    "convolve {guitar} out.wav --ir {hall} --verify -v -y",
    "verify {guitar} out.wav --ir {hall}",
    "ir build plate out.wav -y",
    "sweep out.wav -y",
]


@pytest.mark.parametrize("columns", [None, 50])
def test_reports_fit_their_width(columns, call, samples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    for name in ("hall", "guitar"):
        (tmp_path / f"{name}.wav").symlink_to(samples / f"{name}.wav")
    if columns:
        monkeypatch.setenv("COLUMNS", str(columns))
    told = {}
    for line in REPORTS:
        said = call(*line.format(hall="hall.wav", guitar="guitar.wav").split())
        told[line] = [*said.out.splitlines(), *said.err.splitlines()]
    for line, lines in told.items():
        long = [one for one in lines if len(one) > (columns or 80)]
        # notices can be searched for, line by line, and a word is never broken
        assert [one for one in long if not one.startswith("notice: ")] == [], line
    assert any(len(one) > 60 for one in told["ir list"]) == (columns is None)
    assert re.search(r"^ +Hz +EDT", "\n".join(told["ir info {hall}"]), re.MULTILINE)
