"""The policy language: a rule is a typed Python function of one `return`.

A rule answers whether something stands in the way of what was asked; its name is the code of the reason.
Its scope is read from its parameters (`account`, `message`, `recipient`; `p` holds what a clause or a row
of law sets), its gaps from reading a fact nobody stated. The grammar is small enough to compile and to read
aloud: attributes, constants, comparisons, `and or not`, `+ -`, indexing by a constant, and
`any all len min max`. Anything else is refused at import, with file and line.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import get_type_hints, overload

import msgspec

from backoffice.kernel.errors import Invalid
from backoffice.policy.gaps import GapError

FACTS = ("account", "message", "recipient")
CALLS = frozenset({"any", "all", "len", "min", "max"})
NODES = (
    *(ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE),
    *(ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.BinOp, ast.Add, ast.Sub, ast.Attribute, ast.Name, ast.Load, ast.Store),
    *(ast.Constant, ast.Subscript, ast.Call, ast.GeneratorExp, ast.comprehension, ast.Tuple),
)

Predicate = Callable[..., bool]
UntilFunction = Callable[..., datetime]


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a clause or a row sets on its rule; a rule that needs nothing takes none.

    `places` is filled in by the loader: where the row holds, for rules that look at local time or age.
    """

    places: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a period that runs backwards; raises ValueError."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, timedelta) and value < timedelta(0):
                raise ValueError(f"{name} is a negative period")


class Rule:
    """One primitive: a predicate, its parameters, and where its reasons come from."""

    def __init__(self, function: Predicate, *, may_hold: bool, may_lift: bool) -> None:
        self.name = function.__name__
        self.function = function
        self.may_hold = may_hold
        self.may_lift = may_lift
        self.says = inspect.getdoc(function) or ""
        self.scope, self.params = _signature(function)
        self.source = textwrap.dedent(inspect.getsource(function))
        self.expression = _expression(function, self.source)
        self.until_function: UntilFunction | None = None

    def until(self, function: UntilFunction) -> UntilFunction:
        """Say when a rule that holds opens again: the earliest moment after `at`, or later one that may not hold."""
        self.until_function = function
        return function

    def answer(self, account: object, message: object, recipient: object, params: Params | None) -> bool | str:
        """Call the function as it stands: True it stands in the way, False it doesn't, or the name of the gap."""
        facts = {"account": account, "message": message, "recipient": recipient}
        given = {name: facts[name] for name in self.scope}
        try:
            return bool(self.function(**given) if self.params is None else self.function(**given, p=params))
        except GapError as missing:
            return missing.fact

    def opens_at(
        self, account: object, message: object, recipient: object, params: Params | None, at: datetime
    ) -> datetime | None:
        """Say when this rule, which holds at `at`, may open by itself; None where only an event opens it."""
        if self.until_function is None:
            return None
        given = {"account": account, "message": message, "recipient": recipient, "p": params, "at": at}
        wanted = inspect.signature(self.until_function).parameters
        return self.until_function(**{name: given[name] for name in wanted})

    def fingerprint(self) -> str:
        """Return the SHA-256 of everything in this primitive that can change a verdict."""
        parts = [self.source, inspect.getsource(self.params) if self.params else ""]
        parts.append(inspect.getsource(self.until_function) if self.until_function else "")
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


RULES: dict[str, Rule] = {}


@overload
def rule(function: Predicate) -> Rule: ...
@overload
def rule(*, hold: bool = False, lift: bool = False) -> Callable[[Predicate], Rule]: ...
def rule(
    function: Predicate | None = None, *, hold: bool = False, lift: bool = False
) -> Rule | Callable[[Predicate], Rule]:
    """Make a function of one return a rule; `hold` allows an `until`, `lift` makes it an exception."""

    def register(function: Predicate) -> Rule:
        made = Rule(function, may_hold=hold, may_lift=lift)
        if RULES.setdefault(made.name, made) is not made:
            raise Invalid("rule_defined_twice", rule=made.name)
        return made

    return register if function is None else register(function)


def _signature(function: Predicate) -> tuple[tuple[str, ...], type[Params] | None]:
    names = tuple(inspect.signature(function).parameters)
    scope = tuple(name for name in names if name in FACTS)
    if set(names) - {*FACTS, "p"} or not scope:
        raise Invalid("rule_parameters", rule=function.__name__, allowed="account, message, recipient, p")
    return scope, get_type_hints(function)["p"] if "p" in names else None


def _expression(function: Predicate, source: str) -> ast.expr:
    body = [node for node in _definition(source).body if not _is_docstring(node)]
    if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
        raise _refused(function, body[0] if body else None, "a rule is one return")
    known = {*inspect.signature(function).parameters, *CALLS, *_loop_names(body[0].value)}
    for node in ast.walk(body[0].value):
        if why := _objection(node, known):
            raise _refused(function, node if hasattr(node, "lineno") else body[0], why)
    return body[0].value


def _definition(source: str) -> ast.FunctionDef:
    return next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _loop_names(expression: ast.AST) -> set[str]:
    loops = (node for node in ast.walk(expression) if isinstance(node, ast.comprehension))
    return {loop.target.id for loop in loops if isinstance(loop.target, ast.Name)}


def _objection(node: ast.AST, known: set[str]) -> str | None:  # noqa: PLR0911  # the grammar, a case a line
    match node:
        case ast.Name(id=name) if name not in known and not name.isupper():
            return f"{name} is neither a fact nor a constant"
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in CALLS:
            return None
        case ast.Call():
            return "only any, all, len, min and max may be called"
        case ast.Subscript(slice=index) if _is_constant_index(index):
            return None
        case ast.Subscript():
            return "an index is a constant"
        case ast.GeneratorExp(generators=generators) if len(generators) != 1:
            return "one loop at a time"
        case ast.GeneratorExp(elt=inner, generators=[loop]) if _loop_names(inner) & _loop_names(loop):
            return "a loop inside another needs a name of its own"
        case ast.Attribute(attr=name) if name.startswith("_"):
            return "facts have no private parts"
        case _:
            return None if isinstance(node, NODES) else f"{type(node).__name__} is not in the language"


def _is_constant_index(index: ast.expr) -> bool:
    """A constant, or a parameter, which is one once the rule is compiled."""
    match index:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_constant_index(operand)
        case ast.Constant() | ast.Attribute(value=ast.Name(id="p")):
            return True
        case _:
            return False


def _refused(function: Predicate, node: ast.AST | None, why: str) -> Invalid:
    code = function.__code__
    line = code.co_firstlineno + getattr(node, "lineno", 1) - 1
    return Invalid("rule_refused", file=code.co_filename, line=line, field=function.__name__, why=why)
