"""The port: what every provider is handed and what it may answer, in words of ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeAlias
from uuid import UUID

import msgspec

from backoffice.channels.permits import Permit
from backoffice.kernel.errors import BackofficeError

Kind = Literal["never", "retry", "halt_sender", "halt_template", "suppress"]
"""What a refusal means: never for this message · again later · nothing more from this sender · nothing more of this
template · the person said stop."""

Status = Literal["accepted", "sent", "failed", "delivered", "read"]
"""What a provider says of a message, the weaker word first."""


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it is handed over; `reference` is our send's id and comes back in every status."""

    reference: UUID
    channel: str
    sender: str  # the sender's address: E.164 or mail
    to: str  # the recipient's: E.164, mail, or the id a provider gives a person for one business
    sender_code: str = ""  # the provider's own name of the sender, where it has one
    text: str = ""
    template: str = ""  # its name at the provider, where a template speaks
    language: str = ""  # of the template
    parameters: Mapping[str, str] = {}
    message: Mapping[str, Any] = {}  # in the provider's own words, of a kind that text and template don't cover

    def __repr__(self) -> str:
        """Show the reference alone: addresses and words belong in no log line."""
        return f"Parcel({self.reference})"


class Accepted(msgspec.Struct, frozen=True):
    """The provider took the message, under this id of its own; that it arrived is another matter."""

    provider_id: str


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The provider did not take the message: its code, what that means, and how long it asks to wait."""

    code: int
    kind: Kind
    retry_after: timedelta | None = None


Answer: TypeAlias = Accepted | Refused


class Unanswered(BackofficeError):  # noqa: N818  # the trade's word
    """A message was handed over and no answer came: it may have been taken or not."""


class Found(msgspec.Struct, frozen=True):
    """The provider has the message: its id there and what became of it."""

    provider_id: str
    status: Status
    code: int = 0  # of a failure; 0 for none
    kind: Kind | None = None  # what the code means


class Absent(msgspec.Struct, frozen=True):
    """The provider says for certain that it never took such a message."""


class CantTell(msgspec.Struct, frozen=True):
    """The provider can't be asked, or can't say."""


Fate: TypeAlias = Found | Absent | CantTell


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider reports of one message: which status since when, with the error code of a failure."""

    reference: UUID
    provider_id: str
    status: Status
    at: datetime
    code: int = 0  # 0 for none
    kind: Kind | None = None  # what the code means


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a person sent to one of our senders."""

    sender: str  # our sender, by the provider's name of it
    provider_id: str
    phone: str = ""  # the person's, E.164; empty where the provider keeps it to itself
    scoped_id: str = ""  # the provider's id of the person for this business; empty where it tells none
    at: datetime
    kind: str  # text, image, button …, as the provider says
    words: tuple[str, ...] = ()  # what the person typed, tapped or wrote under a picture
    answers: str = ""  # the provider's id of the message that this one replies to
    new_phone: str = ""  # where it says that the person's number has changed: the new one

    def __repr__(self) -> str:
        """Show what is no personal data."""
        return f"Inbound({self.kind})"


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """What a person chose in the provider's own settings: no marketing of this business, or again."""

    sender: str
    phone: str = ""
    scoped_id: str = ""
    at: datetime
    is_stopped: bool

    def __repr__(self) -> str:
        """Show what is no personal data."""
        return f"Preference({self.is_stopped})"


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of senders of ours; None leaves a matter as it is."""

    sender: str = ""  # one sender, by its address; empty: all of the business account
    account: str = ""  # the business account at the provider
    is_banned: bool | None = None
    is_halted: bool | None = None
    daily_limit: int | None = None  # whom its portfolio may write to of its own accord in 24 hours; -1 without limit


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider told us of its own accord; `strange` counts the parts that can't be read."""

    channel: str
    sender: str = ""  # by its address, or the provider's name of it: whose key seals the callback
    reports: tuple[Report, ...] = ()
    messages: tuple[Inbound, ...] = ()
    preferences: tuple[Preference, ...] = ()
    words: tuple[Word, ...] = ()
    strange: int = 0


class Channel(Protocol):
    """A way to one provider."""

    async def deliver(self, permit: Permit, parcel: Parcel) -> Answer:
        """Spend the permit and hand the parcel over.

        Raises Unanswered when nobody knows whether it was taken, and Refused: `permit_void`.
        """

    async def look_up(self, reference: UUID) -> Fate:
        """Ask what became of the message of this reference; never raises for a provider that is away."""
