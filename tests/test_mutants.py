"""The script that mutates modules: its mutants, and its list of those that do not count."""

import ast

import pytest
from mutants.mutate import mutants
from mutants.rooms import PACKAGE, TESTS, excused, modules
from mutants.trial import ROOT

SOURCE = '''"""Text of 1 + 1."""
LIMIT: int | None = 5

@decorated(True)
def clip(x: int | str, strict=False) -> int:
    """Doctest: 1 < 2."""
    if x <= LIMIT and not strict:
        x += 1
        print(f"{x + 1} is over 2")
    return max(-x, 0)
'''
EVERY = {
    "LIMIT: int | None = 5 -> LIMIT: int | None = 6",
    "LIMIT: int | None = 5 -> LIMIT: int | None = 4",
    "LIMIT: int | None = 5 -> LIMIT: int | None = 10",
    "clip: False -> True",
    "clip: x <= LIMIT and (not strict) -> x <= LIMIT or not strict",
    "clip: x <= LIMIT and (not strict) -> x < LIMIT and (not strict)",
    "clip: x <= LIMIT and (not strict) -> x > LIMIT and (not strict)",
    "clip: x <= LIMIT and (not strict) -> x <= LIMIT and strict",
    "clip: x += 1 -> x -= 1",
    "clip: x += 1 -> pass",
    "clip: x += 1 -> x += 2",
    "clip: x += 1 -> x += 0",
    "clip: print(f'{x + 1} is over 2') -> pass",
    "clip: return max(-x, 0) -> return None",
    "clip: return max(-x, 0) -> return min(-x, 0)",
    "clip: return max(-x, 0) -> return max(x, 0)",
    "clip: return max(-x, 0) -> return max(-x, 1)",
    "clip: return max(-x, 0) -> return max(-x, -1)",
}


def test_every_mutant_of_a_module():
    found = mutants(SOURCE)
    assert {str(mutant) for mutant in found} == EVERY
    assert len(found) == len(EVERY)
    assert [mutant.line for mutant in found] == sorted(mutant.line for mutant in found)


def test_a_mutant_is_one_change_and_leaves_no_trace():
    plain = ast.unparse(ast.parse(SOURCE)).splitlines()
    for mutant in mutants(SOURCE):
        changed = mutant.make().splitlines()
        assert sum(one != other for one, other in zip(plain, changed, strict=True)) == 1


@pytest.mark.parametrize("module", sorted(excused()))
def test_what_is_excused_is_still_there(module):
    every = mutants((PACKAGE / module).read_text(encoding="utf-8"))
    names = {name for mutant in every for name in (mutant.before, str(mutant))}
    assert excused()[module].keys() <= names
    assert all(excused()[module].values())


def test_every_module_of_these_rooms_has_tests():
    assert {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("engines/*.py")} <= {
        *modules(["engines"])
    }
    assert list(modules(["verify/bound"])) == ["verify/bound.py"]
    for tests in TESTS.values():
        assert all((ROOT / "tests" / f"{name}.py").is_file() for name in tests)
