"""The compiler: rules with their parameters become one straight-line function.

What only the account and the message decide is computed once a batch; what the recipient decides stays in the
inner function. Parameters become constants, loops over constants are unrolled, `any` and `all` become loops,
and equal predicates are asked once for all rows that share them. Truth and gaps stay exactly those of the rule
functions called as they stand, which are the oracle.
"""

from __future__ import annotations

import ast
import copy
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain, count
from typing import Any

from backoffice.policy.gaps import Gap, GapError
from backoffice.policy.language import Params, Rule
from backoffice.policy.rewrite import Hoist, Inline, joined

Gaps = tuple[tuple[int, str], ...]
Answers = tuple[int, Gaps]
Judge = Callable[[Any], Answers]
Bind = Callable[[Any, Any], Judge]
Single = Callable[[Any, Any, Any], Answers]
Predicate = tuple[Rule, Params | None]

LITERALS = (bool, int, str, type(None))


def compile_batch(predicates: Iterable[Predicate]) -> Bind:
    """Compile to `bind(account, message) -> judge(recipient) -> (mask, gaps)`.

    Bit n of the mask is set where predicate n stands in the way; `gaps` lists (n, fact) for those that
    could not answer, rules of the batch first.
    """
    bind: Bind = _compiled(predicates, is_batch=True)
    return bind


def compile_single(predicates: Iterable[Predicate]) -> Single:
    """Compile to `judge(account, message, recipient) -> (mask, gaps)`: the shorter way for a batch of one."""
    judge: Single = _compiled(predicates, is_batch=False)
    return judge


def _compiled(predicates: Iterable[Predicate], *, is_batch: bool) -> Any:  # noqa: ANN401  # one of the two shapes
    parts = [_fragment(rule, params, is_batch) for rule, params in predicates]
    namespace: dict[str, Any] = {"GapError": GapError, "Gap": Gap}
    for part in parts:
        namespace |= part.constants
    exec(compile(_source(parts, is_batch), "<rulebook>", "exec"), namespace)  # noqa: S102  # our own rules, checked
    return namespace["compiled"]


def _source(parts: list[_Fragment], is_batch: bool) -> str:  # noqa: FBT001  # said above
    hoisted = {name: text for part in parts for text, name in part.hoisted.items()}
    hoists = [_guarded([f"{name} = {text}"], f"{name} = Gap(gap.fact)") for name, text in hoisted.items()]
    shared = [line for number, part in enumerate(parts) if not part.is_inner for line in part.numbered(number)]
    person = [line for number, part in enumerate(parts) if part.is_inner for line in part.numbered(number)]
    outer, inner = ["fired = 0", "missing = ()", *chain(*hoists), *shared], [*person, "return fired, missing"]
    if not is_batch:
        return "\n".join(["def compiled(account, message, recipient):", *_indent([*outer, *inner])])
    judge = ["def judge(recipient, fired=fired, missing=missing):", *_indent(inner), "return judge"]
    return "\n".join(["def compiled(account, message):", *_indent([*outer, *judge])])


def _guarded(lines: list[str], on_gap: str) -> list[str]:
    return ["try:", *_indent(lines), "except GapError as gap:", f"    {on_gap}"]


_numbers = count()  # names are unique among all fragments, so that fragments can be put together
_hoists: dict[str, str] = defaultdict(lambda: f"h{next(_numbers)}")  # but what is the same has one name


class _Fragment:
    """One predicate as lines of code, made once and used in every program that asks it."""

    def __init__(self, rule: Rule, params: Params | None, is_batch: bool) -> None:  # noqa: FBT001  # cached by it
        self.constants: dict[str, Any] = {}
        self.hoisted: dict[str, str] = {}
        self.is_inner = "recipient" in rule.scope
        expression = Inline(rule, params, self).visit(copy.deepcopy(rule.expression))
        body = _Lines(self)
        body.branch(Hoist(self).visit(expression) if self.is_inner and is_batch else expression, ["fired |= {bit}"])
        self.lines = body.lines

    def numbered(self, number: int) -> list[str]:
        """Return the lines for the predicate of this number: its bit, or its gap."""
        lines = [line.replace("{bit}", str(1 << number)) for line in self.lines]
        return _guarded(lines, f"missing = (*missing, ({number}, gap.fact))")

    def name(self, prefix: str) -> str:
        return f"{prefix}{next(_numbers)}"

    def hoist(self, expression: ast.expr) -> ast.expr:
        text = ast.unparse(expression)
        return ast.Name(self.hoisted.setdefault(text, _hoists[text]), ast.Load())

    def constant(self, value: object) -> ast.expr:
        plain = _plain(value)
        if plain is not None or value is None:
            return ast.Constant(plain)
        name = self.name("k")
        self.constants[name] = value
        return ast.Name(name, ast.Load())


@cache
def _fragment(rule: Rule, params: Params | None, is_batch: bool) -> _Fragment:  # noqa: FBT001  # the cache's key
    return _Fragment(rule, params, is_batch)


def _indent(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _plain(value: object) -> Any:  # noqa: ANN401  # a literal of any type
    """Return the value as a literal, or None where it has none."""
    if isinstance(value, bool) or type(value) in LITERALS:
        return value
    if isinstance(value, int):
        return int(value)
    if type(value) is tuple and all(type(item) in LITERALS for item in value):
        return value
    return None


class _Lines:
    """Writes a truth test as statements, so that `any` and `all` need no generator."""

    def __init__(self, writer: _Fragment) -> None:
        self.writer = writer
        self.lines: list[str] = []

    def branch(self, expression: ast.expr, then: list[str]) -> None:
        """Write `then` where the expression is true."""
        if isinstance(expression, ast.Constant):
            self.lines += then if expression.value else ["pass"]
        elif not _has_loop(expression):
            self.lines += [f"if {ast.unparse(expression)}:", *_indent(then)]
        elif isinstance(expression, ast.BoolOp) and isinstance(expression.op, ast.And):
            self._conjunction(expression.values, then)
        else:
            flag = self.writer.name("t")
            self.assign(expression, flag)
            self.lines += [f"if {flag}:", *_indent(then)]

    def _conjunction(self, values: list[ast.expr], then: list[str]) -> None:
        first, *rest = values
        inside = _Lines(self.writer)
        if rest:
            inside.branch(joined(ast.And(), rest), then)
        self.branch(first, inside.lines if rest else then)

    def assign(self, expression: ast.expr, flag: str) -> None:
        """Set `flag` to the truth of the expression."""
        match expression:
            case _ if not _has_loop(expression):
                self.lines.append(f"{flag} = {ast.unparse(expression)}")
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.assign(operand, flag)
                self.lines.append(f"{flag} = not {flag}")
            case ast.BoolOp(op=op, values=[first, *rest]):
                self.assign(first, flag)
                inside = _Lines(self.writer)
                inside.assign(joined(op, rest), flag)
                self.lines += [f"if {'' if isinstance(op, ast.And) else 'not '}{flag}:", *_indent(inside.lines)]
            case ast.Call(func=ast.Name(id="any" | "all" as name), args=[ast.GeneratorExp(elt=elt, generators=[over])]):
                self._loop(name == "any", elt, over, flag)
            case _:  # a loop inside a comparison
                self.lines.append(f"{flag} = {ast.unparse(expression)}")

    def _loop(self, is_any: bool, elt: ast.expr, over: ast.comprehension, flag: str) -> None:  # noqa: FBT001
        wanted = elt if is_any else ast.UnaryOp(ast.Not(), elt)
        inside = _Lines(self.writer)
        inside.branch(joined(ast.And(), [*over.ifs, wanted]), [f"{flag} = {is_any}", "break"])
        self.lines += [f"{flag} = {not is_any}", f"for {ast.unparse(over.target)} in {ast.unparse(over.iter)}:"]
        self.lines += _indent(inside.lines)


def _has_loop(expression: ast.AST) -> bool:
    return any(isinstance(part, ast.GeneratorExp) for part in ast.walk(expression))
