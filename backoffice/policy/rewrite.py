"""Rewriting: a rule's expression with its parameters put in, folded, unrolled and split by what decides it."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable
from typing import Any, Protocol

from backoffice.policy.language import CALLS, Params, Rule

BATCH = {"account", "message"}  # what a batch has one of
UNROLLED = 16  # constant loops up to this length become straight lines


class Writer(Protocol):
    """Who keeps what an expression needs beside itself."""

    constants: dict[str, Any]

    def name(self, prefix: str) -> str:
        """Make a name that nobody else has."""

    def constant(self, value: object) -> ast.expr:
        """Write a value: as a literal, or under a name."""

    def hoist(self, expression: ast.expr) -> ast.expr:
        """Move an expression out into the batch and return what stands for it."""


class Inline(ast.NodeTransformer):
    """Puts constants for parameters, renames loop variables, folds and unrolls."""

    def __init__(self, rule: Rule, params: Params | None, writer: Writer) -> None:
        self.globals = rule.function.__globals__
        self.params = params
        self.writer = writer
        self.bound: dict[str, ast.expr] = {}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Put in what a loop's name or a constant stands for."""
        if node.id in self.bound:
            return copy.deepcopy(self.bound[node.id])
        return self.writer.constant(self.globals[node.id]) if node.id.isupper() else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Put in a parameter's value."""
        if isinstance(node.value, ast.Name) and node.value.id == "p":
            return self.writer.constant(getattr(self.params, node.attr))
        return self._folded(self.generic_visit(node))

    def visit_Compare(self, node: ast.expr) -> ast.expr:
        """Compute what holds constants only."""
        return self._folded(self.generic_visit(node))

    visit_UnaryOp = visit_Tuple = visit_Compare  # noqa: N815  # as the base class has it

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """Drop constants that change nothing, and what comes after one that ends it."""
        return joined(node.op, (self.visit(value) for value in node.values))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Unroll or rename a loop; compute what holds constants only."""
        match node.args:
            case [ast.GeneratorExp() as loop] if isinstance(node.func, ast.Name) and node.func.id in ("any", "all"):
                return self._loop(node.func.id, loop)
            case _:
                return self._folded(self.generic_visit(node))

    def _loop(self, name: str, loop: ast.GeneratorExp) -> ast.expr:
        (over,) = loop.generators
        target = over.target.id if isinstance(over.target, ast.Name) else ""
        items = self._constant(iterable := self.visit(over.iter))
        if items is not None and len(items) <= UNROLLED:
            turns = [self._turn(name, target, self.writer.constant(item), loop) for item in items]
            return joined(ast.Or() if name == "any" else ast.And(), turns)
        fresh = ast.Name(self.writer.name("v"), ast.Load())
        self.bound[target] = fresh
        body = self.visit(copy.deepcopy(loop.elt))
        conditions = [self.visit(copy.deepcopy(condition)) for condition in over.ifs]
        del self.bound[target]
        turned = ast.comprehension(ast.Name(fresh.id, ast.Store()), iterable, conditions, 0)
        return ast.Call(ast.Name(name, ast.Load()), [ast.GeneratorExp(body, [turned])], [])

    def _turn(self, name: str, target: str, item: ast.expr, loop: ast.GeneratorExp) -> ast.expr:
        self.bound[target] = item
        body = self.visit(copy.deepcopy(loop.elt))
        conditions = [self.visit(copy.deepcopy(condition)) for condition in loop.generators[0].ifs]
        del self.bound[target]
        if name == "any":
            return joined(ast.And(), [*conditions, body])
        return joined(ast.Or(), [ast.UnaryOp(ast.Not(), joined(ast.And(), conditions)), body]) if conditions else body

    def _constant(self, node: ast.expr) -> tuple[Any, ...] | None:
        match node:
            case ast.Constant(value=tuple() as items):
                return items
            case ast.Name(id=name) if isinstance(self.writer.constants.get(name), tuple):
                items = self.writer.constants[name]
                return items if isinstance(items, tuple) else None
            case _:
                return None

    def _folded(self, node: ast.AST) -> ast.expr:
        """Compute what holds constants only."""
        known = self.writer.constants
        if names_in(node) - known.keys() or not isinstance(node, ast.expr):
            return node  # type: ignore[return-value]  # always an expression here
        value = eval(compile(ast.fix_missing_locations(ast.Expression(node)), "<fold>", "eval"), {**known})  # noqa: S307
        return self.writer.constant(value)


def joined(op: ast.boolop, values: Iterable[ast.expr]) -> ast.expr:
    """Join by `and` or `or`, up to a constant that ends it; nothing to join is the operation's own truth."""
    ends = isinstance(op, ast.Or)
    kept: list[ast.expr] = []
    for value in values:
        if isinstance(value, ast.Constant) and bool(value.value) is not ends:
            continue
        kept.append(value)
        if isinstance(value, ast.Constant):
            break
    if not kept:
        return ast.Constant(not ends)
    return kept[0] if len(kept) == 1 else ast.BoolOp(op, kept)


class Hoist(ast.NodeTransformer):
    """Moves what only account and message decide into the batch."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def visit(self, node: ast.AST) -> Any:  # noqa: ANN401  # as the base class has it
        """Hoist the largest part that only the batch decides; leave the rest."""
        if isinstance(node, ast.expr):
            names = names_in(node)
            if names & BATCH and not names - BATCH - self.writer.constants.keys() and not _may_fail(node):
                return self.writer.hoist(node)
        return self.generic_visit(node)


def names_in(node: ast.AST) -> set[str]:
    """Return the names an expression reads, but those of the language."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} - CALLS


def _may_fail(expression: ast.AST) -> bool:
    """An index may lie outside; it is asked only where the rule would ask it."""
    return any(isinstance(part, ast.Subscript) for part in ast.walk(expression))
