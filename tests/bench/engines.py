"""The engines beside ours, each in the fastest form that its own interface offers for all reasons in one call.

Prepared once: policies and entities as parsed handles (Cedar), one compiled expression that lists all twenty
answers (zen, CEL), one matcher (casbin, whose public interface parses it again at each call). What they are asked
with is made from the three records each time, by the cheapest way they take: JSON by msgspec for Cedar and zen,
one reused context for CEL, plain values for casbin.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import casbin
import cedarpy
import cel
import msgspec
import zen

from backoffice.policy.facts import Account, Message, Recipient
from tests.bench.generated import NAMES, Facts
from tests.bench.rules import TWINS

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


def seconds(instant: datetime) -> int:
    """Return whole seconds since 1970."""
    return int(instant.timestamp())


def words(account: Account, message: Message, recipient: Recipient) -> dict[str, Any]:
    """Return the 34 facts by name, in the order of `NAMES`, instants as seconds."""
    return {
        "standing": account.standing,
        "documents_accepted": account.documents_accepted,
        "credits": account.credits,
        "entitlements": account.entitlements,
        "addons_purchased": account.addons_purchased,
        "addons_configured": account.addons_configured,
        "sender_is_linked": account.sender_is_linked,
        "sender_is_banned": account.sender_is_banned,
        "restricted_channels": account.restricted_channels,
        "trial_until": seconds(account.trial_until),
        "has_paid_plan": account.has_paid_plan,
        "sender_provider_type": account.sender_provider_type,
        "portfolio_room_at": seconds(account.portfolio_room_at),
        "at": seconds(message.at),
        "channel": message.channel,
        "is_bulk": message.is_bulk,
        "is_automated": message.is_automated,
        "content_confirmed": message.content_confirmed,
        "carries": message.carries,
        "form": message.form,
        "template_status": message.template_status,
        "list_source": message.list_source,
        "kind": message.kind,
        "is_address_valid": recipient.is_address_valid,
        "has_parental_consent": recipient.has_parental_consent,
        "places": recipient.places,
        "age": recipient.age,
        "restriction": recipient.restriction,
        "last_inbound_at": seconds(recipient.last_inbound_at),
        "provider_error": recipient.provider_error,
        "provider_error_at": seconds(recipient.provider_error_at),
        "is_counted_in_portfolio": recipient.is_counted_in_portfolio,
        "answers_sent": recipient.answers_sent,
        "last_request_at": seconds(recipient.last_request_at),
    }


SETS = (
    *("documents_accepted", "entitlements", "addons_purchased", "addons_configured", "restricted_channels"),
    *("content_confirmed", "carries", "places"),
)
_encode = msgspec.json.Encoder().encode


def as_json(account: Account, message: Message, recipient: Recipient) -> str:
    """Return the facts as a JSON object."""
    return _encode(words(account, message, recipient)).decode()


def as_lists(account: Account, message: Message, recipient: Recipient) -> dict[str, Any]:
    """Return the facts with lists for sets."""
    made = words(account, message, recipient)
    for name in SETS:
        made[name] = list(made[name])
    return made


def as_values(account: Account, message: Message, recipient: Recipient) -> tuple[Any, ...]:
    """Return the facts alone, in their order."""
    return tuple(words(account, message, recipient).values())


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


def casbin_matcher() -> Engine:
    """Casbin: one matcher of twenty clauses, which ends at the first that holds; the verdict alone."""
    logging.getLogger("casbin").disabled = True
    model = casbin.Model()
    model.load_model_from_text(
        f"[request_definition]\nr = {', '.join(NAMES)}\n[policy_definition]\np = none\n"
        "[policy_effect]\ne = some(where (p.eft == allow))\n"
        f"[matchers]\nm = not ({' or '.join(f'({one.casbin})' for one in TWINS)})\n"
    )
    enforce = casbin.Enforcer(model).enforce
    return Engine(
        name="casbin",
        prepare=as_values,
        answer=lambda values: enforce(*values),
        mask=lambda allowed: 0 if allowed else MASK,
        verdict_only=True,
    )


def engines() -> list[Engine]:
    """Return all of them."""
    return [cedar(), zen_engine(), cel_rust(), casbin_matcher()]
