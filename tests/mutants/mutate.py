"""The mutants of a source text: every one is a syntax tree with one node exchanged."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

UNTOUCHED = {"annotation", "returns", "decorator_list"}
"""Fields of nodes that are left alone, as are texts with values in them."""

SHOWN = 60
"""Characters up to which what surrounds a mutated node is shown with it."""

COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.MatMult: ast.Mult,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum"}
NAMES |= {"maximum": "minimum", "argmin": "argmax", "argmax": "argmin"}


@dataclass(frozen=True)
class Mutant:
    """One change of a module.

    Parameters
    ----------
    line : int
        of the change, counted from 1
    first, last : int
        lines of the statement that it is in, without those of statements in that
    before, after : str
        the expression or statement around it, with the function that it is in
    make : callable
        returns the text of the whole module, changed
    """

    line: int
    first: int
    last: int
    before: str
    after: str
    make: Callable[[], str]

    def __str__(self) -> str:
        return f"{self.before} -> {self.after}"


@dataclass(frozen=True)
class Place:
    """A node of a tree, and where it is.

    Parameters
    ----------
    above : tuple of AST
        the nodes around it, from the module down
    owner, name, index
        the list ``getattr(owner, name)[index]``, or without an index the field, that holds the node
    """

    above: tuple[ast.AST, ...]
    owner: ast.AST
    name: str
    index: int | None

    @property
    def node(self) -> ast.AST:
        """The node that is there now."""
        held = getattr(self.owner, self.name)
        node: ast.AST = held if self.index is None else held[self.index]
        return node

    def put(self, node: ast.AST) -> None:
        """Put another node there."""
        if self.index is None:
            setattr(self.owner, self.name, node)
        else:
            getattr(self.owner, self.name)[self.index] = node


def mutants(source: str) -> list[Mutant]:
    """Return every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    return [
        _mutant(tree, place, other)
        for place in _places(tree, ())
        for other in _others(place.node, place.above)
    ]


def _places(node: ast.AST, above: tuple[ast.AST, ...]) -> Iterator[Place]:
    """Yield every node that may be changed below another."""
    above = (*above, node)
    for name, value in ast.iter_fields(node):
        if name in UNTOUCHED or _is_alias(node):
            continue
        held = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, child in held:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                yield Place(above, node, name, index)
                yield from _places(child, above)


def _is_alias(node: ast.AST) -> bool:
    """Return whether a statement only names a type."""
    return isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias"


def _others(node: ast.AST, above: tuple[ast.AST, ...]) -> Iterator[ast.AST]:
    """Yield what a node is exchanged for."""
    match node:
        case ast.Compare(left, ops, comparators):
            for at, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield ast.Compare(left, [*ops[:at], other(), *ops[at + 1 :]], comparators)
        case ast.BinOp(left, op, right):
            yield ast.BinOp(left, OPERATORS[type(op)](), right)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            others = dict.fromkeys([value + 1, value - 1, value * 2])
            yield from (ast.Constant(other) for other in others if other != value)
        case ast.Name(name) if name in NAMES:
            yield ast.Name(NAMES[name])
        case ast.Attribute(value, name) if name in NAMES:
            yield ast.Attribute(value, NAMES[name])
        case ast.Return(value) if value and not _is_none(value):
            yield ast.Return(ast.Constant(None))
        case ast.stmt():
            yield from _without(node, above)
    if isinstance(node, ast.Name | ast.Call | ast.Attribute) and _is_condition(node, above[-1]):
        yield ast.UnaryOp(ast.Not(), node)


def _without(node: ast.stmt, above: tuple[ast.AST, ...]) -> Iterator[ast.stmt]:
    """Yield what a statement of a function is exchanged for."""
    match node:
        case ast.AugAssign(target, op, value):
            yield ast.AugAssign(target, OPERATORS[type(op)](), value)
            yield ast.Pass()
        case ast.Assign() | ast.AnnAssign(value=ast.expr()) | ast.Expr(ast.Call()) | ast.Raise():
            if any(isinstance(around, ast.FunctionDef) for around in above):
                yield ast.Pass()


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_condition(node: ast.AST, owner: ast.AST) -> bool:
    return getattr(owner, "test", None) is node


def _mutant(tree: ast.Module, place: Place, other: ast.AST) -> Mutant:
    before, after = _changed(place, other)
    around = [place.node, *reversed(place.above)]
    line = next(node.lineno for node in around if hasattr(node, "lineno"))
    statement = next(node for node in around if isinstance(node, ast.stmt))
    body = getattr(statement, "body", None)
    last = max(statement.lineno, body[0].lineno - 1) if body else statement.end_lineno
    make = partial(_text, tree, place, other)
    return Mutant(line, statement.lineno, last or statement.lineno, before, after, make)


def _changed(place: Place, other: ast.AST) -> tuple[str, str]:
    """Return the expression or statement around a change, before and after it."""
    shown, node = place.node, place.node
    for around in reversed(place.above):
        if isinstance(shown, ast.stmt) or isinstance(around, ast.FunctionDef | ast.ClassDef):
            break
        if isinstance(around, ast.expr | ast.stmt):
            if len(ast.unparse(around)) > SHOWN:
                break
            shown = around
    functions = [f.name for f in place.above if isinstance(f, ast.FunctionDef | ast.ClassDef)]
    before = f"{'.'.join(functions)}: {ast.unparse(shown)}".removeprefix(": ")
    place.put(other)
    after = ast.unparse(other if shown is node else shown)
    place.put(node)
    return before, after


def _text(tree: ast.Module, place: Place, other: ast.AST) -> str:
    node = place.node
    place.put(other)
    text = ast.unparse(tree)
    place.put(node)
    return text
