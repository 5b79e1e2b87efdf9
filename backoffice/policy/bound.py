"""A rule bound to its source: which clause or row uses it, with what, where and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from backoffice.policy.facts import FOREVER, NEVER
from backoffice.policy.language import Params, Rule


class Invoker(msgspec.Struct, frozen=True):
    """A clause that adds itself to the reasons of a row, on some channels or, empty, on all."""

    source: str
    channels: frozenset[str]


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of one clause (`operator/5.2#1`) or row (`EU-CONS-01`).

    Empty `places`, `channels` or `purposes` mean all. `from_at` to `until_at` is half-open, UTC: a row that
    begins on a date begins at the earliest local midnight of its place and ends at the latest.
    """

    source: str
    position: int
    rule: Rule
    params: Params | None
    mode: str
    citation: str = ""
    says: str = ""
    places: frozenset[str] = frozenset()
    reach: str = "recipient"
    channels: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    from_at: datetime = NEVER
    until_at: datetime = FOREVER
    same_as: str = ""
    lifts: tuple[str, ...] = ()
    invokers: tuple[Invoker, ...] = ()  # clauses that invoke this row
    also: tuple[str, ...] = ()  # those of them that speak of the channel in question
    is_acting: bool = True
    awaits: str = ""  # the parameter its source leaves open
    given: dict[str, Any] = {}  # what it was given beside that

    @property
    def is_asleep(self) -> bool:
        """Tell whether the rule waits for the operator to set what the source leaves open."""
        return self.awaits != "" and self.params is None

    @property
    def key(self) -> tuple[str, int]:
        """Name this rule among all: its source and its place there."""
        return self.source, self.position

    def reaches(self, places: frozenset[str], account_places: frozenset[str]) -> bool:
        """Tell whether the rule speaks of a person in one of these places, or of such a sender."""
        if self.reach == "everyone" or not self.places:
            return True
        recipient = self.reach in {"recipient", "both"} and bool(self.places & places)
        return recipient or (self.reach in {"sender", "both"} and bool(self.places & account_places))

    def speaks_of(self, channel: str, purpose: str, at: datetime) -> bool:
        """Tell whether the rule is in force then, for this channel and purpose."""
        return (
            self.is_acting
            and not self.is_asleep
            and self.from_at <= at < self.until_at
            and (not self.channels or channel in self.channels)
            and (not self.purposes or purpose in self.purposes)
        )

    def on(self, channel: str) -> Bound:
        """Return the rule with the clauses that invoke it on this channel."""
        also = tuple(one.source for one in self.invokers if not one.channels or channel in one.channels)
        return msgspec.structs.replace(self, also=also) if also else self

    def told(self) -> dict[str, Any]:
        """Say everything of it that can change a verdict, for the rulebook's name."""
        return {
            **{name: getattr(self, name) for name in ("source", "position", "mode", "reach", "same_as", "is_acting")},
            **{name: sorted(getattr(self, name)) for name in ("places", "channels", "purposes", "lifts")},
            "invokers": [f"{one.source} {sorted(one.channels)}" for one in self.invokers],
            "rule": self.rule.name,
            "params": repr(self.params),
            "from_at": self.from_at.isoformat(),
            "until_at": self.until_at.isoformat(),
            "is_asleep": self.is_asleep,
        }
