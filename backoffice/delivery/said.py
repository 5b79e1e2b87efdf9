"""What was said: messages and choices of persons, read, each with the number it came to and all names of the person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from backoffice.channels.port import Callback, Inbound, Preference
from backoffice.consent.replies import Reply, read_reply
from backoffice.delivery.providers import Senders
from backoffice.plumbing.install import Work

if TYPE_CHECKING:
    from backoffice.accounts.number_store import SenderRow
    from backoffice.plumbing.vault.tokens import Kind

_OLDEST = timedelta(days=30)  # a webhook is repeated for a week; a moment before that is no moment

_STRONGEST = ("stop", "unclear", "start", "other")


class Said(NamedTuple):
    """What a person wrote to a number of ours, read."""

    sender: SenderRow
    tokens: Sequence[bytes]  # of the names it came under
    at: datetime
    reply: Reply
    message: Inbound


async def list_said(work: Work, senders: Senders, callback: Callback) -> list[Said]:
    """Return what persons wrote to numbers that are known."""
    said = []
    for message in callback.messages:
        if sender := await senders.find(callback.channel, message.sender):
            reply = read_words(message.words)
            said.append(Said(sender, tokens_of(work, message), moment(work, message.at), reply, message))
    return said


async def list_chosen(senders: Senders, callback: Callback) -> list[tuple[SenderRow, Preference]]:
    """Return what persons chose, each with the number that it concerns."""
    return [
        (sender, choice)
        for choice in callback.preferences
        if (sender := await senders.find(callback.channel, choice.sender))
    ]


def read_words(words: Iterable[str]) -> Reply:
    """Return the strongest of what several words of one message say: a stop, then what may be one."""
    replies = [read_reply(one) for one in words]
    return min(replies, key=lambda one: (_STRONGEST.index(one.says), one.scope != "all"), default=Reply("other"))


def moment(work: Work, told: datetime) -> datetime:
    """Return when a person said something: never ahead of us, and now where the provider's moment can't be."""
    return told if work.at - _OLDEST <= told <= work.at else work.at


def tokens_of(work: Work, who: Inbound | Preference) -> list[bytes]:
    """Return the tokens of the names under which somebody speaks."""
    return [work.vault.token(kind, address) for kind, address in addresses_of(who)]


def addresses_of(who: Inbound | Preference) -> list[tuple[Kind, str]]:
    """Return the names under which somebody speaks, each with its kind; the one to answer to first."""
    named: list[tuple[Kind, str]] = [("phone", who.phone), ("scoped_id", who.scoped_id)]
    if isinstance(who, Inbound):
        named.append(("phone", who.new_phone))
    return [(kind, address) for kind, address in named if address]
