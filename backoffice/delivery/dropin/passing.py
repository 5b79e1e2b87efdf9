"""Passing on: what the provider tells of a number goes to the account's own program, in the provider's form.

Bytes are made anew, as ids change: a message of ours bears our id in place of the provider's and the account's own word
in place of ours, and what a person answers to is named by our id. All else stays as it came, also what we don't know.
What speaks of another account's message, or of a business account that several accounts share, is told to nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from backoffice.accounts.numbers import find_by_code, list_of_provider_account
from backoffice.channels.graph import CHANNEL, OBJECT
from backoffice.delivery import naming
from backoffice.delivery.dropin import store
from backoffice.delivery.parcels import open_own
from backoffice.delivery.wamid import wamid_of
from backoffice.notices.service import Event, Telling, tell_many
from backoffice.notices.store import list_listeners
from backoffice.plumbing.vault.store import load_subjects

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

TAG = "biz_opaque_callback_data"

Json = dict[str, Any]


class Change(NamedTuple):
    """One change of a webhook's body, with the entry it came in."""

    entry: Json
    change: Json

    @property
    def value(self) -> Json:
        """What it says."""
        return _map(self.change.get("value"))

    @property
    def code(self) -> str:
        """The provider's name of the number it speaks of, or nothing."""
        return _text(_map(self.value.get("metadata")), "phone_number_id")

    @property
    def place(self) -> tuple[str, str]:
        """The provider's names of the number and of the business account it speaks of."""
        return self.code, _text(self.entry, "id")

    def body(self) -> bytes:
        """Return it as the body of a webhook of its own."""
        return msgspec.json.encode({"object": OBJECT, "entry": [{**self.entry, "changes": [self.change]}]})


class Known(NamedTuple):
    """What a change's ids mean: its account's sends with its own words of them, and our ids by the provider's."""

    tags: Mapping[UUID, str]
    names: Mapping[str, str]
    others: Collection[UUID] = ()  # sends of other accounts


async def pass_on(work: Work, raws: Iterable[bytes]) -> None:
    """Tell accounts what came in for their numbers: as the provider does, or what persons wrote, as we do."""
    changes = [change for raw in raws for change in changes_in(raw)]
    known = {place: await _owner(work, *place) for place in {change.place for change in changes}}
    owners = [known[change.place] for change in changes]
    listeners = await list_listeners(work, {owner for owner in owners if owner})
    tellings: list[Telling] = []
    for owner, change in zip(owners, changes, strict=True):
        forms = {one.form for one in listeners if one.account_id == owner}
        if owner and forms and (told := rewritten(change, await _known(work, owner, change))):
            if "cloud_api" in forms:
                tellings += [Telling(owner, "cloud_api", _event(one), one.body()) for one in apart(told)]
            tellings += _received(work, owner, told) if "standard" in forms else []
    await tell_many(work, tellings, listeners)


def _received(work: Work, account_id: UUID, change: Change) -> Iterator[Telling]:
    """Yield what persons wrote in our own form, each message as the provider words it."""
    for message in _list(change.value.get("messages")):
        data = {"channel": CHANNEL, "provider_code": change.code, "message": message}
        told = {"type": "message.received", "timestamp": work.at, "data": data}
        yield Telling(account_id, "standard", "message.received", msgspec.json.encode(told))


def changes_in(raw: bytes) -> Iterator[Change]:
    """Yield the changes of a webhook's body; what can't be read is left out."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    for entry in _list(_map(body).get("entry")):
        for change in _list(entry.get("changes")):
            yield Change({name: part for name, part in entry.items() if name != "changes"}, change)


def rewritten(change: Change, known: Known) -> Change | None:
    """Return a change as its account is told it; None where nothing is left of it."""
    value = dict(change.value)
    if not value:
        return None
    if "statuses" in value:
        value["statuses"] = [told for one in _list(value["statuses"]) if (told := _status(one, known))]
    if "messages" in value:
        value["messages"] = [_message(one, known) for one in _list(value["messages"])]
    if not all(value[part] for part in ("statuses", "messages") if part in value):
        return None
    return Change(change.entry, {**change.change, "value": value})


def apart(change: Change) -> Iterator[Change]:
    """Yield a change as one for each status and message in it, with whom that speaks of.

    The provider mostly tells them so, and there are integrations that read the first of several and no other.
    """
    value = change.value
    parts = [(name, one) for name in _MANY for one in _list(value.get(name))]
    if len(parts) < 2:
        yield change
        return
    for name, one in parts:
        kept = {key: said for key, said in value.items() if key not in _MANY}
        if "contacts" in value:
            kept["contacts"] = _people(value["contacts"], one)
        yield Change(change.entry, {**change.change, "value": {**kept, name: [one]}})


_MANY = ("statuses", "messages")
_WHO = ("recipient_id", "recipient_user_id", "from", "from_user_id")


def _people(contacts: object, told: Json) -> list[Json]:
    """Return those of a change's contacts of whom a part of it speaks; all where it names none of them."""
    who = {_text(told, name) for name in _WHO} - {""}
    people = _list(contacts)
    return [one for one in people if not who.isdisjoint([_text(one, "wa_id"), _text(one, "user_id")])] or people


def _status(told: Json, known: Known) -> Json | None:
    """Return a status under our id; None for one of another account's message."""
    reference = reference_of(told)
    if reference in known.others:
        return None
    if reference is None or reference not in known.tags:
        return told
    own = {**told, "id": wamid_of(reference)}
    del own[TAG]
    return {**own, TAG: known.tags[reference]} if known.tags[reference] else own


def _message(told: Json, known: Known) -> Json:
    own = dict(told)
    for part, name in (("context", "id"), ("reaction", "message_id")):
        called = _text(_map(own.get(part)), name)
        if called in known.names:
            own[part] = {**own[part], name: known.names[called]}
    return own


def reference_of(status: Mapping[str, Any]) -> UUID | None:
    """Return the send that a status names as ours, or None."""
    try:
        return UUID(_text(status, TAG))
    except ValueError:
        return None


async def _owner(work: Work, code: str, business: str) -> UUID | None:
    """Return whose a change is: its number's, or the one account's whose numbers its business account has."""
    if code:
        sender = await find_by_code(work, CHANNEL, code)
        return sender.account_id if sender else None
    numbers = await list_of_provider_account(work, CHANNEL, business)
    accounts = {number.account_id for number in numbers}
    return accounts.pop() if len(accounts) == 1 else None


async def _known(work: Work, account_id: UUID, change: Change) -> Known:
    references = {send_id for one in _list(change.value.get("statuses")) if (send_id := reference_of(one))}
    called = {
        found
        for one in _list(change.value.get("messages"))
        for part, name in (("context", "id"), ("reaction", "message_id"))
        if (found := _text(_map(one.get(part)), name))
    }
    tags = await tags_of(work, account_id, references)
    others = await store.list_sends_of_others(work, account_id, references - tags.keys())
    return Known(tags, await naming.own_names(work, account_id, called), others)


async def tags_of(work: Work, account_id: UUID, send_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return an account's own words of its sends, empty where it has none, or its person's key is destroyed."""
    sends = await store.list_payloads(work, account_id, send_ids)
    subjects = await load_subjects(work.connection, work.vault, {one.contact_id for one in sends})
    return {
        one.id: ""
        if subjects[one.contact_id].is_destroyed
        else open_own(subjects[one.contact_id], one.id, one.payload).tag
        for one in sends
    }


def _event(change: Change) -> Event:
    if "messages" in change.value:
        return "message.received"
    return "send.status" if "statuses" in change.value else "provider.told"


def _map(told: object) -> Json:
    return told if isinstance(told, dict) else {}


def _list(told: object) -> list[Json]:
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def _text(told: Mapping[str, Any], name: str) -> str:
    found = told.get(name)
    return found if isinstance(found, str) else ""
