"""Steps of a story: what is done, in the product's own verbs, and what must be true after it.

A step names its verb in `do`. What it makes has a `name` by which later steps speak of it; where a story has but one of
a kind, the kind itself is its name, and nobody writes it: the account is "account", its number "number", the person
"person", the last thing sent "send".
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any, ClassVar, Literal

import msgspec

from backoffice.policy.facts import Moment
from backoffice.policy.program import Verdict
from backoffice.policy.scenarios import Expect
from backoffice.policy.vocabulary import Channel, Document, Grade, Purpose, Reason, Standing, Use

State = Literal["held", "scheduled", "denied", "stopped", "queued", "sending", "unknown", "sent", "failed"]
"""Where a send stands, in the relay's words."""

KINDS = ("account", "number", "person", "send")
"""What steps make and speak of by name."""

_DECISION = tuple(name for name in Expect.__struct_fields__ if name != "verdict")


class Expected(Expect, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be true after a step.

    The decision's words are those of a case. They speak of the send that the step makes, or of the one named in `of`
    as it was decided last. `delivered` counts the messages that a channel has taken since the story began, `credits`
    is what is left to spend on the story's channel, `entries` are kinds of ledger entries the step wrote.
    """

    verdict: Verdict | Literal[""] = ""
    refused: str = ""  # the code with which the verb refuses; nothing is changed then
    of: str = ""
    state: State | Literal[""] = ""
    verdicts: dict[str, Verdict] = msgspec.field(default_factory=dict)  # by person, of a send to several
    states: dict[str, State] = msgspec.field(default_factory=dict)  # by the name of a send
    credits: int | None = None
    delivered: int | None = None
    entries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.verdict and any(getattr(self, name) for name in _DECISION):
            raise ValueError("what led to a verdict is expected, and no verdict is")


def _verb(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do", tag=_verb):
    """What every step may say: when (if not at the moment of the one before), in which words, what comes of it."""

    makes: ClassVar[str] = ""

    at: Moment | None = None
    says: str = ""
    expect: Expected = Expected()


class Register(Step, frozen=True, kw_only=True):
    """A business asks for an account; `place` is where it is established."""

    makes: ClassVar[str] = "account"
    name: str = "account"
    called: str = "Baltic Lamp"
    operator: str = ""
    edition: str = ""
    place: str = ""
    declared_use: Use = "business"
    is_complete: bool = True


class CompleteRegistration(Step, frozen=True, kw_only=True):
    """Registration gives login and password."""

    account: str = "account"


class SetStanding(Step, frozen=True, kw_only=True):
    """Staff put an account into a standing; a suspension or closure has a ground."""

    account: str = "account"
    standing: Standing
    ground: str = ""
    clause: str = ""
    until: Moment | None = None


class RestrictChannels(Step, frozen=True, kw_only=True):
    """Staff close just these channels to an account, and open all others."""

    account: str = "account"
    channels: tuple[Channel, ...]
    ground: str = ""


class AcceptDocument(Step, frozen=True, kw_only=True):
    """The account accepts a document, in the edition in force where none is named."""

    account: str = "account"
    document: Document
    edition: str = ""


class LinkNumber(Step, frozen=True, kw_only=True):
    """The account links a number or mail address it sends from; what is left out nobody knows."""

    makes: ClassVar[str] = "number"
    name: str = "number"
    account: str = "account"
    channel: Channel | Literal[""] = ""
    address: str = ""
    provider_type: Literal["official", "unofficial", ""] = ""
    is_registered: bool | None = None
    is_linked: bool = True
    is_banned: bool | None = None
    is_spoofed: bool | None = None
    is_halted: bool | None = None
    portfolio_room_at: Moment | None = None
    can_receive: bool = False


class MarkNumber(Step, frozen=True, kw_only=True):
    """The provider says something of a number."""

    number: str = "number"
    is_registered: bool | None = None
    is_linked: bool | None = None
    is_banned: bool | None = None
    is_spoofed: bool | None = None
    can_receive: bool | None = None


class StateFacts(Step, frozen=True, kw_only=True, tag="state"):
    """Somebody states facts of an account: its plan, its add-ons, its grounds."""

    account: str = "account"
    facts: dict[str, Any]


class TopUp(Step, frozen=True, kw_only=True):
    """The account buys credits; they last as long as its Terms say."""

    account: str = "account"
    channel: Channel | Literal[""] = ""
    credits: int


class RecordRegister(Step, frozen=True, kw_only=True):
    """The operator takes in a register's data of a day, as a do-not-call list, with the addresses that stand in it."""

    register: str
    as_of: Moment
    listed: tuple[str, ...] = ()


class AddPerson(Step, frozen=True, kw_only=True):
    """The account adds a person by number or mail address, with what is declared of where they live."""

    makes: ClassVar[str] = "person"
    name: str = "person"
    account: str = "account"
    address: str
    country: str = ""
    state: str = ""
    postcode: str = ""
    person_type: str = ""
    born_on: date | None = None


class Import(Step, frozen=True, kw_only=True):
    """The account hands in a list as CSV, with what it states of it; `people` names those of it that are spoken of."""

    account: str = "account"
    people: dict[str, str] = {}  # addresses by name
    list: dict[str, Any] = {}
    rows: str


class Consent(Step, frozen=True, kw_only=True):
    """A person says yes, in words and on a form, or in a message of their own; `grade` is what this must reach."""

    person: str = "person"
    words: str = ""
    given_at: Moment | None = None
    form: dict[str, Any] = {}
    said: str = ""  # what the person wrote to the account, over `channel`
    channel: Channel | Literal[""] = ""
    grade: Grade


class Withdraw(Step, frozen=True, kw_only=True):
    """A person takes every yes back that they gave this account."""

    person: str = "person"


class Suppress(Step, frozen=True, kw_only=True):
    """A person says stop: to all messages, to marketing, or to one topic."""

    person: str = "person"
    scope: Literal["all", "marketing", "topic"]
    channel: Channel | Literal["all"] = "all"
    topic: str = ""
    reason: Reason = "reply"
    said_at: Moment | None = None


class Sending(Step, frozen=True, kw_only=True):
    """A message that an account sends; `message` is what differs from the base."""

    makes: ClassVar[str] = "send"
    account: str = "account"
    number: str = "number"
    to: str | tuple[str, ...] = "person"
    channel: Channel | Literal[""] = ""
    purpose: Purpose | Literal[""] = ""
    topic: str | None = None
    message: dict[str, Any] = {}
    text: str = ""


class Send(Sending, frozen=True, kw_only=True):
    """The account sends one message to one person, or to several at once."""

    name: str = "send"
    due_at: Moment | None = None


class Campaign(Sending, frozen=True, kw_only=True):
    """The account sends one message to many people as a campaign, which runs to its end."""

    name: str = "campaign"
    to: tuple[str, ...]


class Review(Step, frozen=True, kw_only=True):
    """Staff read a message and record what they found of it."""

    send: str = "send"
    found: dict[str, Any]


class Release(Step, frozen=True, kw_only=True):
    """The worker looks at what is due by now: unclear replies that nobody judged, sends, what changed for them."""


class Stop(Step, frozen=True, kw_only=True):
    """The account stops a send before it leaves."""

    send: str = "send"


class Deliver(Step, frozen=True, kw_only=True):
    """The courier works until nothing is due any more."""


class Status(Step, frozen=True, kw_only=True):
    """The provider tells what became of a message."""

    send: str = "send"
    status: Literal["accepted", "sent", "failed", "delivered", "read"]
    code: int = 0


class Write(Step, frozen=True, kw_only=True):
    """A person writes to a number of the account, and whatever comes of the words is done; in no words, it is noted."""

    person: str = "person"
    number: str = "number"
    words: str = ""
    said_at: Moment | None = None


class Judge(Step, frozen=True, kw_only=True):
    """Staff judge what a person wrote that may be a stop."""

    person: str = "person"
    outcome: Literal["stop", "no_stop"]


class Wait(Step, frozen=True, kw_only=True):
    """Nothing is done; time passes."""


OfAccounts = Register | CompleteRegistration | SetStanding | RestrictChannels | AcceptDocument | StateFacts | TopUp
OfNumbers = LinkNumber | MarkNumber
OfPeople = RecordRegister | AddPerson | Import | Consent | Withdraw | Suppress | Write | Judge
OfSends = Send | Campaign | Review | Release | Stop | Deliver | Status
AnyStep = OfAccounts | OfNumbers | OfPeople | OfSends | Wait
"""Every verb there is."""
