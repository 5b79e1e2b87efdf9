"""The engines beside ours, each in the fastest form that its own interface offers for all reasons in one call.

Prepared once: policies and entities as parsed handles (Cedar), one compiled expression that lists all twenty
answers (zen, CEL), one matcher (casbin, whose interface parses it again at each call). What they are asked with is
made from the three records each time, by the cheapest way they take: JSON by msgspec for Cedar and zen, one reused
context for CEL; for casbin the records themselves, and beside that all facts as values of the request.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import casbin
import cedarpy
import cel
import msgspec
import zen

from backoffice.policy.facts import Account, Message, Recipient
from tests.bench.generated import NAMES, Facts
from tests.bench.rules import DAY, MINUTES, TWINS, facts_read

MASK = (1 << len(TWINS)) - 1


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """An engine: what it is asked with, its answer, and that answer as a mask like ours."""

    name: str
    prepare: Callable[[Account, Message, Recipient], Any]
    answer: Callable[[Any], Any]
    mask: Callable[[Any], int]
    verdict_only: bool = False

    def agrees(self, facts: Facts, mask: int) -> bool:
        """Tell whether it finds the same reasons, or, where it tells no more, the same verdict."""
        wanted = MASK * (mask != 0) if self.verdict_only else mask
        return self.mask(self.answer(self.prepare(*facts))) == wanted


SETS = (
    *("documents_accepted", "entitlements", "addons_purchased", "addons_configured", "restricted_channels"),
    *("content_confirmed", "carries", "places"),
)
INSTANTS = ("trial_until", "portfolio_room_at", "at", "last_inbound_at", "provider_error_at", "last_request_at")
RECORD = facts_read()


def _read(name: str) -> str:
    return f"int({RECORD[name]}.{name}.timestamp())" if name in INSTANTS else f"{RECORD[name]}.{name}"


def _from_records(source: str) -> Callable[[Account, Message, Recipient], Any]:
    """Return a function of the three records: written out, since a loop over 34 names would take twice as long."""
    made: Callable[[Account, Message, Recipient], Any] = eval(f"lambda account, message, recipient: {source}")  # noqa: S307
    return made


words = _from_records(f"{{{', '.join(f'{name!r}: {_read(name)}' for name in NAMES)}}}")  # instants as seconds
values = _from_records(f"({', '.join(f'{RECORD[name]}.{name}' for name in NAMES)})")
_encode = msgspec.json.Encoder().encode


def as_json(account: Account, message: Message, recipient: Recipient) -> str:
    """Return the facts as a JSON object."""
    return _encode(words(account, message, recipient)).decode()


def as_lists(account: Account, message: Message, recipient: Recipient) -> dict[str, Any]:
    """Return the facts with lists for sets."""
    made: dict[str, Any] = words(account, message, recipient)
    for name in SETS:
        made[name] = list(made[name])
    return made


def cedar() -> Engine:
    """Cedar (cedarpy): one forbid a rule, all that hold are named in the answer."""
    forbids = (f"forbid(principal, action, resource) when {{ {one.cedar} }};" for one in TWINS)
    policies = cedarpy.PolicySet.from_str("\n".join(["permit(principal, action, resource);", *forbids]))
    entities = cedarpy.Entities.from_json_str("[]")
    fixed = {name: {"type": name.title(), "id": "1"} for name in ("principal", "action", "resource")}

    def mask(result: Any) -> int:  # noqa: ANN401  # cedarpy has no types
        assert not result.diagnostics.errors, result.diagnostics.errors
        numbers = [int(reason.removeprefix("policy")) for reason in result.diagnostics.reasons]
        return sum(1 << number - 1 for number in numbers if number)

    return Engine(
        name="cedarpy",
        prepare=as_json,
        answer=lambda context: cedarpy.is_authorized({**fixed, "context": context}, policies, entities),
        mask=mask,
    )


def _from_list(answers: list[bool]) -> int:
    return sum(1 << number for number, answer in enumerate(answers) if answer)


def zen_engine() -> Engine:
    """Zen: one compiled expression, a list of twenty answers."""
    program = zen.compile_expression(f"[{', '.join(one.zen for one in TWINS)}]")
    return Engine(name="zen", prepare=as_json, answer=program.evaluate, mask=_from_list)


def cel_rust() -> Engine:
    """Run CEL in Rust (common-expression-language): one program, a list of twenty answers, one context reused."""
    program, context = cel.compile(f"[{', '.join(one.cel for one in TWINS)}]"), cel.Context()

    def answer(facts: dict[str, Any]) -> Any:  # noqa: ANN401  # cel has no types
        context.update(facts)
        return program.execute(context)

    return Engine(name="cel", prepare=as_lists, answer=answer, mask=_from_list)


def _casbin(name: str, request: str, clauses: str, prepare: Callable[..., tuple[Any, ...]]) -> Engine:
    """One matcher of twenty clauses, which ends at the first that holds; it tells the verdict alone."""
    logging.getLogger("casbin").disabled = True
    model = casbin.Model()
    model.load_model_from_text(
        f"[request_definition]\nr = {request}, day, minutes\n[policy_definition]\np = none\n"
        f"[policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\nm = not ({clauses})\n"
    )
    enforce = casbin.Enforcer(model).enforce
    return Engine(
        name=name,
        prepare=prepare,
        answer=lambda given: enforce(*given, DAY, MINUTES),
        mask=lambda allowed: 0 if allowed else MASK,
        verdict_only=True,
    )


def casbins() -> list[Engine]:
    """Ask casbin with our records, as its manual does about attributes, and with them unfolded into 34 values."""
    clauses = " or ".join(f"({one.casbin})" for one in TWINS)
    of_record = re.sub(rf"\br\.({'|'.join(NAMES)})\b", lambda fact: f"r.{RECORD[fact[1]]}.{fact[1]}", clauses)
    return [
        _casbin("casbin", "account, message, recipient", of_record, lambda *records: records),
        _casbin("casbin, 34 values", ", ".join(NAMES), clauses, values),
    ]


def engines() -> list[Engine]:
    """Return all of them."""
    return [cedar(), zen_engine(), cel_rust(), *casbins()]
