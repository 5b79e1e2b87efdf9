"""The plain protocol: JSON of our own for channels that have no real provider yet (`channels.wire`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from backoffice.channels import wire
from backoffice.channels.sandbox.memory import told
from backoffice.channels.sandbox.replies import Reply
from backoffice.channels.sandbox.state import PLAIN, State

_MESSAGE = """
INSERT INTO message (reference, channel, sender, at, status, code) VALUES (?, ?, ?, ?, 'accepted', 0)
"""
_ORDER = ("sent", "failed", "delivered", "read")


class Plain:
    """A provider that speaks the plain protocol; of a recipient it keeps nothing.

    It knows no message from another: the same reference twice is two messages. That is how doubles are found.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._pairs: dict[tuple[str, str], datetime] = {}

    def take(self, order: wire.Order) -> Reply:
        """Answer a message: accept it, refuse it, or leave whoever sent it in doubt."""
        state, at = self._state, self._state.now()
        key = state.turn(str(order.reference))
        after = state.faults.slow * state.draw("slow", key)
        reply = self._refusal(order, key, at) or self._acceptance(order, key, at)
        return reply._replace(after=after)

    def _refusal(self, order: wire.Order, key: str, at: datetime) -> Reply | None:
        state, faults = self._state, self._state.faults
        if state.draw("reset", key) < faults.resets:
            return Reply(None, is_reset=True)
        if state.draw("overload", key) < faults.overloads:
            return _no(503, 131016, retry_after=1)
        if state.draw("throttle", key) < faults.throttles:
            return _no(429, 130429, retry_after=1)
        if order.to in faults.refuses:
            return _no(400, faults.refuses[order.to])
        if faults.pair_every and not self._is_paced(order, at):
            return _no(429, 131056)
        return None

    def _is_paced(self, order: wire.Order, at: datetime) -> bool:
        pair = (order.sender, order.to)
        if at < self._pairs.get(pair, at):
            return False
        self._pairs[pair] = at + timedelta(seconds=self._state.faults.pair_every)
        return True

    def _acceptance(self, order: wire.Order, key: str, at: datetime) -> Reply:
        state = self._state
        if state.draw("break", key) < state.faults.breaks:
            if state.draw("half", key) < 0.5:
                self._accept(order, key, at)
            return Reply(500)
        taken = self._accept(order, key, at)
        if state.draw("drop", key) < state.faults.drops:
            return Reply(None)
        return Reply(200, msgspec.json.encode(taken))

    def _accept(self, order: wire.Order, key: str, at: datetime) -> wire.Taken:
        state = self._state
        with state.memory.whole():
            message = state.memory.write(_MESSAGE, str(order.reference), order.channel, order.sender, told(at))
            for status in () if state.faults.is_silent else self._future(order, key):
                state.promise(
                    road=PLAIN,
                    sender=order.sender,
                    field="statuses",
                    key=f"{key}/{status}",
                    at=at + timedelta(milliseconds=_ORDER.index(status) + 1),
                    asked=at,
                    message=message,
                    status=status,
                    code=state.faults.fails.get(order.to, 0),
                )
        return wire.Taken(f"fake.{message}")

    def _future(self, order: wire.Order, key: str) -> Iterator[str]:
        faults = self._state.faults
        if order.to in faults.fails:
            yield "failed"
            return
        yield "sent"
        if self._state.draw("omit", key) >= faults.omits:
            yield "delivered"
        yield "read"

    def find(self, reference: UUID) -> Reply:
        """Tell what is kept of a reference's first message."""
        if self._state.faults.is_mute:
            return _no(503, 131016)
        found = self._state.memory.read(
            "SELECT number, status, code FROM message WHERE reference = ? ORDER BY number LIMIT 1", str(reference)
        )
        if not found:
            return _no(404, 100)
        number, status, code = found[0]
        return Reply(200, msgspec.json.encode(wire.Kept(f"fake.{number}", status, code)))


def _no(status: int, code: int, *, retry_after: int = 0) -> Reply:
    return Reply(status, msgspec.json.encode(wire.Fault(wire.Error(code))), retry_after=retry_after)
