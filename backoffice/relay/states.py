"""What may follow what: the states of a send, from which the database's CHECK, the tests and the diagram come.

held        waits for a moment or an event; judged anew when it comes
scheduled   waits for the moment its account chose; judged anew when it comes
denied      the gate said no; the end
stopped     its account, its campaign or staff stopped it before it left; the end
queued      allowed, in the outbox
sending     a second look allowed it, and it is being handed over; committed before the channel is called
unknown     handed over or not: nobody heard an answer; never blindly sent again
sent        the provider took it
failed      the provider refused it for good, or its outcome stayed unknown

What moves each on, so that none waits for ever (`MOVERS`): a clock, besides whatever event comes first. What is queued
of a campaign that is paused waits for its account.
"""

from __future__ import annotations

from typing import Literal

State = Literal["held", "scheduled", "denied", "stopped", "queued", "sending", "unknown", "sent", "failed"]

NEXT: dict[State, frozenset[State]] = {
    "held": frozenset({"queued", "held", "denied", "stopped"}),
    "scheduled": frozenset({"queued", "held", "denied", "stopped"}),
    "queued": frozenset({"sending", "held", "denied", "stopped", "sent"}),  # sent: it had left after all
    "sending": frozenset({"sent", "unknown", "failed", "queued"}),  # queued: surely not handed over
    "unknown": frozenset({"sent", "failed", "queued"}),  # queued: the provider surely never had it
    "sent": frozenset({"failed"}),  # the provider took it and could not deliver it
    "denied": frozenset(),
    "stopped": frozenset(),
    "failed": frozenset({"sent"}),  # delivered after all
}
"""The transition table."""

MOVERS: dict[State, str] = {
    "held": "its moment (release); without one a change (reconsidering), or a day (releasing)",
    "scheduled": "its moment (release)",
    "queued": "its turn in the outbox, or the end of a lease (courier); resume or stop where its campaign is kept back",
    "sending": "its provider's answer, or the end of the lease (reconciler)",
    "unknown": "a status, a look-up, or 24 hours (reconciler)",
}
"""What moves a send on, by its state; a state that isn't here is an end, which only the provider's word changes."""

LEAVING: frozenset[State] = frozenset({"queued", "sending", "unknown", "sent", "failed"})
"""States of a send that leaves or has left: only with a verdict that permits it."""

WAITING: frozenset[State] = frozenset({"held", "scheduled"})
"""States from which a moment releases a send."""

COUNTED: frozenset[State] = frozenset({"queued", "sending", "unknown", "sent"})
"""States that count towards a person's frequency caps: what has left, what may have, what is about to."""

STOPPABLE: frozenset[State] = frozenset({"held", "scheduled", "queued"})
"""States in which a send can still be stopped."""


def may_follow(now: State, then: State) -> bool:
    """Whether a send in one state may come into another.

    >>> may_follow("held", "queued"), may_follow("denied", "queued")
    (True, False)
    """
    return then in NEXT[now]


def first_state(verdict: str, *, is_scheduled: bool) -> State:
    """Return the state in which a send begins, by its first verdict."""
    if verdict == "deny":
        return "denied"
    if is_scheduled:
        return "scheduled"
    return "held" if verdict == "hold" else "queued"
