"""The stage of a story: its rehearsal, and what its steps have made so far, by name."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from backoffice.channels.recording import RecordingChannel
from backoffice.delivery.courier import Courier
from backoffice.delivery.limits import Limits
from backoffice.journeys.judged import Witness
from backoffice.journeys.rehearsing import Rehearsal
from backoffice.policy.stories import Story


class Number(NamedTuple):
    """A number that an account sends from."""

    account_id: UUID
    sender_id: UUID
    channel: str
    address: str


class Person(NamedTuple):
    """A person as an account's contact."""

    account_id: UUID
    contact_id: UUID
    token: bytes
    address: str


class Sent(NamedTuple):
    """A send, with what it says."""

    account_id: UUID
    send_id: UUID
    content_id: UUID


class Stage:
    """What a story plays on; every channel records what it is handed and sends nothing."""

    def __init__(self, rehearsal: Rehearsal, story: Story, witness: Witness) -> None:
        self.rehearsal = rehearsal
        self.story = story
        self.witness = witness
        self.library = witness.library
        self.channel = RecordingChannel()
        self.courier = Courier(rehearsal, dict.fromkeys(("whatsapp", "sms", "email", "voice"), self.channel), Limits())
        self.accounts: dict[str, UUID] = {}
        self.numbers: dict[str, Number] = {}
        self.people: dict[str, Person] = {}
        self.sends: dict[str, Sent] = {}
        self.called: dict[UUID, str] = {}  # what accounts are called
