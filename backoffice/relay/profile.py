"""Profiles: the facts a list can't hold, stated once: the account, the message, what history is assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from backoffice.consent.evidence import ListEvidence, read_evidence
from backoffice.contacts.cells import country_of
from backoffice.kernel.errors import Invalid
from backoffice.kernel.jurisdiction import closure
from backoffice.plumbing.policies import read_text
from backoffice.policy.documents import convert, line_of, read
from backoffice.policy.facts import ERA, Account, Message, Moment, Recipient
from backoffice.policy.library import Library
from backoffice.policy.rulebook import Rulebook
from backoffice.policy.settings import Setting

ELSEWHERE = {
    *("account.places", "message.at", "message.channel", "message.purpose"),
    *(f"recipient.{name}" for name in ("is_address_valid", "region", "places", "without_pack", "local_times")),
    *(f"recipient.{name}" for name in ("number_class", "person_type", "age", "consents")),
}
"""What the command, the operator or the list says, never a profile."""


class _Stated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    assumes: tuple[str, ...] = ()
    at: Moment | None = None
    region: str = ""
    account: dict[str, Any] = {}
    message: dict[str, Any] = {}
    recipient: dict[str, Any] = {}
    list: dict[str, Any] = {}
    settings: tuple[Setting, ...] = ()


class Profile(_Stated, frozen=True, kw_only=True):
    """What is assumed of every send of a list; whatever it leaves out is a gap, and holds.

    `account.place` is the account's establishment; the operator's own is added. `assumes` are sentences the
    summary prints. What can't be read is Invalid with file, line and field.
    """

    file: str = ""
    text: str = ""

    def account_facts(self, operator_place: str) -> Account:
        """Make the account's facts; a place that isn't stated leaves the strictest set."""
        stated = dict(self.account)
        place = stated.pop("place", "")
        with self._located("account.place"):
            places = {"places": list(closure({str(place), operator_place}))} if place else {}
        made: Account = self._facts(Account, stated, places)
        return made

    def message_facts(self, at: Moment, channel: str, purpose: str) -> Message:
        """Make the message's facts for this moment, channel and purpose."""
        made: Message = self._facts(Message, self.message, {"at": at, "channel": channel, "purpose": purpose})
        return made

    def recipient_facts(self) -> Recipient:
        """Make what is assumed of every person on the list."""
        made: Recipient = self._facts(Recipient, self.recipient, {})
        return made

    def evidence(self, file_sha256: str) -> ListEvidence:
        """Return what is handed in for the consents of the list of this hash."""
        with self._located():
            return read_evidence(self.list, file_sha256=file_sha256)

    def rulebook(self, library: Library, operator: str) -> Rulebook:
        """Return the operator's rulebook with the settings laid over it."""
        with self._located():
            return Rulebook(library, operator, settings=(*library.settings(operator), *self.settings))

    def _facts(self, kind: type[Any], stated: Mapping[str, Any], more: Mapping[str, Any]) -> Any:  # noqa: ANN401  # a record
        record = kind.__name__.lower()
        with self._located():
            for name in stated:
                if name not in kind.__struct_fields__:
                    raise Invalid("fact_unknown", field=f"{record}.{name}")
                if f"{record}.{name}" in ELSEWHERE:
                    raise Invalid("profile_pins_the_send", field=f"{record}.{name}")
        return convert(kind, {**stated, **more}, self.file, self.text, f"$.{record}")

    @contextmanager
    def _located(self, field: str = "") -> Iterator[None]:
        """Say of an error in which line of the profile it stands."""
        try:
            yield
        except Invalid as wrong:
            field = field or str(wrong.data.get("field", ""))
            if not field or not self.file:
                raise
            where = {"file": self.file, "line": line_of(self.text, field), "field": field}
            raise Invalid(wrong.code, **{**wrong.data, **where}) from None


def read_profile(path: Path) -> Profile:
    """Read a profile; raises Invalid with file, line and field."""
    text = read_text(path)
    stated = read(_Stated, str(path), text)
    profile = Profile(**{name: getattr(stated, name) for name in stated.__struct_fields__}, file=str(path), text=text)
    with profile._located("region"):  # noqa: SLF001  # its own maker
        country_of(profile.region)
    if profile.at and profile.at.year not in ERA:
        raise Invalid("at_invalid", file=str(path), line=line_of(text, "at"), field="at", value=profile.at.isoformat())
    return profile
