"""What may follow what: webhooks and what they are told; the database's CHECKs and the tests come from these tables.

unverified  waits until its address has echoed a challenge; what happens meanwhile waits with it
open        is told what happens
closed      is told nothing more; the end

waiting     is to be posted, now or again later
delivered   its address took it
given_up    nobody took it for seven days, or its webhook was closed
"""

from __future__ import annotations

from typing import Literal

Form = Literal["standard", "cloud_api"]
WebhookState = Literal["unverified", "open", "closed"]
DeliveryState = Literal["waiting", "delivered", "given_up"]

NEXT: dict[WebhookState, frozenset[WebhookState]] = {
    "unverified": frozenset({"open", "closed"}),
    "open": frozenset({"closed"}),
    "closed": frozenset(),
}
"""The transition table of webhooks."""

NEXT_OF_DELIVERY: dict[DeliveryState, frozenset[DeliveryState]] = {
    "waiting": frozenset({"waiting", "delivered", "given_up"}),
    "delivered": frozenset({"waiting"}),  # delivered anew, as its account asked
    "given_up": frozenset({"waiting"}),
}
"""The transition table of what a webhook is told."""


def first_state(form: str) -> WebhookState:
    """Return the state in which a webhook begins.

    >>> first_state("standard"), first_state("cloud_api")
    ('open', 'unverified')
    """
    return "unverified" if form == "cloud_api" else "open"


def may_follow(now: WebhookState, then: WebhookState) -> bool:
    """Whether a webhook in one state may come into another.

    >>> may_follow("open", "closed"), may_follow("closed", "open")
    (True, False)
    """
    return then in NEXT[now]
