"""Profiles: the facts a list can't hold, stated once: the account, the message, what history is assumed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from backoffice.kernel.errors import Invalid
from backoffice.kernel.jurisdiction import closure
from backoffice.plumbing.policies import read_text
from backoffice.policy.documents import convert
from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.rulebook import Setting

PINNED = frozenset({"at", "channel", "purpose"})  # said on the command line, never in a profile


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is assumed of every send of a list; whatever it leaves out is a gap, and holds.

    `account.place` is the account's establishment; the operator's own is added. `assumes` are sentences the
    summary prints.
    """

    assumes: tuple[str, ...] = ()
    at: datetime | None = None
    region: str = ""
    account: dict[str, Any] = {}
    message: dict[str, Any] = {}
    recipient: dict[str, Any] = {}
    list: dict[str, Any] = {}
    settings: tuple[Setting, ...] = ()

    def account_facts(self, operator_place: str, provider_type: str = "") -> Account:
        """Make the account's facts; a place that isn't stated leaves the strictest set."""
        stated = dict(self.account)
        place = stated.pop("place", "")
        if place:
            stated["places"] = list(closure({place, operator_place}))
        if provider_type:
            stated["sender_provider_type"] = provider_type
        made: Account = _facts(Account, stated, "account")
        return made

    def message_facts(self, at: datetime, channel: str, purpose: str) -> Message:
        """Make the message's facts for this moment, channel and purpose."""
        if clash := PINNED & self.message.keys():
            raise Invalid("profile_pins_the_send", field=f"message.{min(clash)}")
        made: Message = _facts(Message, {**self.message, "at": at, "channel": channel, "purpose": purpose}, "message")
        return made

    def recipient_facts(self) -> Recipient:
        """Make what is assumed of every person on the list."""
        made: Recipient = _facts(Recipient, self.recipient, "recipient")
        return made


def read_profile(path: Path) -> Profile:
    """Read a profile; raises Invalid with file, line and field."""
    text = read_text(path)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        raise Invalid("policy_not_toml", file=str(path), line=1, why=str(broken)) from None
    return convert(Profile, table, str(path), text)


def _facts(kind: type[Any], stated: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  # one of the three
    if strangers := stated.keys() - set(kind.__struct_fields__):
        raise Invalid("fact_unknown", field=f"{name}.{min(strangers)}")
    return convert(kind, stated, "profile", "", f"$.{name}")
