"""Facts for the bench: compliant ones and, by chance, values at and around whatever the rules compare with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from backoffice.policy.facts import FOREVER, NEVER, Account, Message, Recipient
from tests.bench.rules import DAY, MINUTES

SECOND = timedelta(seconds=1)
AT = datetime(2026, 3, 10, 15, tzinfo=UTC)


class Facts(NamedTuple):
    """What one decision is made from."""

    account: Account
    message: Message
    recipient: Recipient


def _around(moment: datetime) -> tuple[datetime, ...]:
    return moment - SECOND, moment, moment + SECOND


def _sets(*words: str) -> tuple[frozenset[str], ...]:
    """Return all words, then none of them and each alone left out."""
    return frozenset(words), frozenset(), *(frozenset(words) - {word} for word in words)


def _alone(*words: str) -> tuple[frozenset[str], ...]:
    """Return no word, then each alone and all together."""
    return frozenset(), *(frozenset({word}) for word in words), frozenset(words)


# By fact, first the compliant value, then those it goes astray to.
ACCOUNT: dict[str, tuple[Any, ...]] = {
    "standing": ("active", "trial", "applicant", "suspended", "closed", "purged"),
    "documents_accepted": _sets("terms", "privacy", "dpa", "annex"),
    "credits": (1000, 2, 1, 0, -1),
    "entitlements": _sets("whatsapp", "sms"),
    "addons_purchased": _sets("crm", "export"),
    "addons_configured": _sets("crm", "export"),
    "sender_is_linked": (True, False),
    "sender_is_banned": (False, True),
    "restricted_channels": _alone("sms", "whatsapp"),
    "trial_until": (NEVER, *_around(AT), FOREVER),
    "has_paid_plan": (True, False),
    "sender_provider_type": ("official", "unofficial"),
    "portfolio_room_at": (NEVER, *_around(AT), FOREVER),
}
MESSAGE: dict[str, tuple[Any, ...]] = {
    "at": (AT, *_around(AT)),
    "channel": ("whatsapp", "sms"),
    "is_bulk": (True, False),
    "is_automated": (True, False),
    "content_confirmed": _alone("alcohol", "fraud", "malware", "harassment", "gambling"),
    "carries": _sets("sender_name", "stop_way", "offer_terms", "postal_address"),
    "form": ("template", "free_form"),
    "template_status": ("approved", "paused", "rejected", "none"),
    "list_source": ("shop checkout", ""),
    "kind": ("normal", "requested_answer", "stop_confirmation"),
}
RECIPIENT: dict[str, tuple[Any, ...]] = {
    "is_address_valid": (True, False),
    "has_parental_consent": (False, True),
    "places": (frozenset({"EU", "LV"}), frozenset({"EU", "DE"}), frozenset({"GB", "global"}), frozenset({"JP", "LV"})),
    "age": (35, 12, 13, 15, 16, 17, 18),
    "restriction": ("none", "contested", "objection", "erasure"),
    "last_inbound_at": (NEVER, *_around(AT - DAY)),
    "provider_error": (0, 131048, 131049, 131056),
    "provider_error_at": (NEVER, *_around(AT - DAY)),
    "is_counted_in_portfolio": (True, False),
    "answers_sent": (0, 1, 2),
    "last_request_at": (NEVER, *_around(AT - MINUTES)),
}
NAMES = (*ACCOUNT, *MESSAGE, *RECIPIENT)


def generate(count: int, astray: float, seed: int = 20_261_120) -> list[Facts]:
    """Make so many facts, always the same; each single fact goes astray with this probability."""
    chance = Random(seed)  # noqa: S311  # a bench must be repeatable

    def drawn(values: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
        return {name: chance.choice(all_[1:]) if chance.random() < astray else all_[0] for name, all_ in values.items()}

    return [
        Facts(Account(**drawn(ACCOUNT)), Message(**drawn(MESSAGE)), Recipient(**drawn(RECIPIENT))) for _ in range(count)
    ]
