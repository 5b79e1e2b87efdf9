"""Wordings: what people agreed to and what the record of it holds, kept once however many agreed."""

from __future__ import annotations

import msgspec

from backoffice.contacts.kept import Kept
from backoffice.policy.facts import Consent


class Wording(msgspec.Struct, frozen=True):
    """All that a consent says but its grade and its moments."""

    purposes: frozenset[str]
    channels: frozenset[str]
    names_sender: bool = False
    is_written: bool = False
    fields: frozenset[str] = frozenset()

    def covers(self, channel: str, purpose: str) -> bool:
        """Whether it speaks of this purpose over this channel."""
        return channel in self.channels and purpose in self.purposes

    def overlaps(self, other: Wording) -> bool:
        """Whether both speak of some purpose over some channel."""
        return not (self.channels.isdisjoint(other.channels) or self.purposes.isdisjoint(other.purposes))


WORDINGS = Kept("wording", Wording)
"""The wordings that are stored."""


def wording_of(consent: Consent) -> Wording:
    """Return what a consent says beside its grade and its moments."""
    return Wording(consent.purposes, consent.channels, consent.names_sender, consent.is_written, consent.fields)
