"""Notices' verbs: keep an account's webhooks, and write down what they are to be told."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from backoffice.audit.ledger import append
from backoffice.kernel.errors import Invalid, Refused
from backoffice.notices import store
from backoffice.notices.signing import PREFIX
from backoffice.notices.states import DeliveryState, Form, WebhookState, first_state
from backoffice.notices.store import DeliveryRow, Listener, WebhookRow
from backoffice.plumbing.install import Work
from backoffice.plumbing.loops import ring
from backoffice.plumbing.reaching import read_url
from backoffice.plumbing.vault import Place, Subject
from backoffice.plumbing.vault.store import load_subjects

Event = Literal["send.decided", "send.status", "message.received", "provider.told", "webhook.tried"]
"""What is told: a later decision about a send · what became of it at its provider · what persons wrote · in the
provider's form, all else that it tells · a trial."""

ADDRESS = Place("webhook", "address")
SECRET = Place("webhook", "secret")
OLD_SECRET = Place("webhook", "old_secret")
CHALLENGE = Place("webhook", "challenge")
BODY = Place("webhook_delivery", "body")

LOOP = "webhooks"
"""The loop to ring when something is to be told."""

MOST = 20  # webhooks of an account that are not closed
OVERLAP = timedelta(hours=24)  # for which a rotated secret still signs along
SHORTEST_SECRET, LONGEST_SECRET = 16, 128  # characters
_CHANCE = 32  # bytes of chance in a secret


class Webhook(NamedTuple):
    """A webhook in clear, without its secrets."""

    id: UUID
    form: Form
    state: WebhookState
    url: str
    events: list[str]
    failing_since: datetime | None
    fault: str | None
    made_at: datetime
    closed_at: datetime | None


class Telling(NamedTuple):
    """Something that an account's webhooks of one form are to be told, as the bytes that they get."""

    account_id: UUID
    form: Form
    event: Event
    body: bytes


async def register(
    work: Work,
    account_id: UUID,
    form: Form,
    url: str,
    *,
    events: Iterable[Event] = (),
    secret: str = "",
    challenge: str = "",
) -> UUID:
    """Register a webhook and return its id; no events says all of them.

    `secret` is what the account's program knows as its app secret and `challenge` its verify token, both of the form
    `cloud_api` alone; without a secret one is drawn, which `secret_of` tells. Raises Invalid for what can't be asked,
    Refused where the account has as many as it may have. Ledger: notices:webhook:registered.
    """
    _check_words(form, secret, challenge)
    if await store.count_webhooks(work, account_id) >= MOST:
        raise Refused("webhooks_too_many", most=MOST)
    webhook_id, subject = work.new_id(), await _subject(work, account_id)
    address = read_url(url, is_sandbox=work.install.settings.is_sandbox)
    is_asked = form == "cloud_api"
    row = WebhookRow(
        id=webhook_id,
        account_id=account_id,
        form=form,
        state=first_state(form),
        events=sorted(set(events)),
        address=subject.seal(ADDRESS, webhook_id, address.encode()),
        secret=subject.seal(SECRET, webhook_id, (secret or _drawn(form)).encode()),
        old_secret=None,
        old_until=None,
        challenge=subject.seal(CHALLENGE, webhook_id, challenge.encode()) if is_asked else None,
        attempts=0,
        next_at=work.at if is_asked else None,
        failing_since=None,
        fault=None,
        made_at=work.at,
        closed_at=None,
    )
    await store.add_webhook(work, row)
    told = {"webhook": webhook_id, "form": form, "events": row.events}
    await append(work, "notices:webhook:registered", account_id, **told, by="account")
    work.after_commit(lambda: ring(work.install, LOOP))
    return webhook_id


async def rotate(work: Work, account_id: UUID, webhook_id: UUID, secret: str = "") -> None:
    """Give a webhook a new secret.

    Of the form `standard` the one before signs along for 24 hours; `cloud_api` has room for one signature, so there
    the new one holds at once. Raises NotFound, Invalid for a secret of one's own where none is taken, Refused for a
    webhook that is closed.
    Ledger: notices:webhook:rotated.
    """
    row = await store.get_webhook(work, account_id, webhook_id, hold=True)
    _check_open(row)
    _check_secret(row.form, secret)
    subject = await _subject(work, account_id)
    new = subject.seal(SECRET, row.id, (secret or _drawn(row.form)).encode())
    old, until = None, None
    if row.form == "standard":
        old = subject.seal(OLD_SECRET, row.id, subject.open(SECRET, row.id, row.secret))
        until = work.at + OVERLAP
    await store.put_secret(work, row._replace(secret=new, old_secret=old, old_until=until))
    await append(work, "notices:webhook:rotated", account_id, webhook=webhook_id, by="account")


async def close(work: Work, account_id: UUID, webhook_id: UUID, *, by: str = "account", fault: str = "") -> None:
    """Close a webhook: it is told nothing more, and what it has not taken is given up.

    Closing it twice changes nothing. Raises NotFound. Ledger: notices:webhook:closed.
    """
    await store.get_webhook(work, account_id, webhook_id, hold=True)
    if await store.close_webhook(work, webhook_id, fault or None):
        await append(work, "notices:webhook:closed", account_id, webhook=webhook_id, fault=fault, by=by)


async def get_webhook(work: Work, account_id: UUID, webhook_id: UUID) -> Webhook:
    """Return a webhook in clear; raises NotFound."""
    row = await store.get_webhook(work, account_id, webhook_id)
    return _opened(await _subject(work, account_id), row)


async def list_webhooks(work: Work, account_id: UUID, *, before: UUID | None = None, count: int) -> list[Webhook]:
    """Return webhooks of an account in clear, youngest first."""
    rows = await store.list_webhooks(work, account_id, before=before, count=count)
    subject = await _subject(work, account_id)
    return [_opened(subject, row) for row in rows]


async def secret_of(work: Work, account_id: UUID, webhook_id: UUID) -> str:
    """Return what a webhook's bodies are signed with; raises NotFound."""
    row = await store.get_webhook(work, account_id, webhook_id)
    return (await _subject(work, account_id)).open(SECRET, row.id, row.secret).decode()


async def tell(work: Work, account_id: UUID, event: Event, data: object) -> int:
    """Write down an event for an account's webhooks of the form `standard`; return how many are told.

    The data holds ids and codes, and of a person only what the account itself has been told by that person.
    """
    body = {"type": event, "timestamp": work.at, "data": data}
    return await tell_many(work, [Telling(account_id, "standard", event, msgspec.json.encode(body))])


async def tell_many(work: Work, tellings: Iterable[Telling], listeners: Sequence[Listener] | None = None) -> int:
    """Write down events for the webhooks that want them, in the transaction in which they happened; return how many.

    Whoever knows the accounts' webhooks already hands them in. An account whose key is destroyed is told nothing: there
    is nobody left to tell.
    """
    wanted = list(tellings)
    if listeners is None:
        listeners = await store.list_listeners(work, {one.account_id for one in wanted}) if wanted else []
    if not listeners:
        return 0
    subjects = await load_subjects(work.connection, work.vault, {one.account_id for one in listeners})
    rows = [
        _row(work, one, event_id, listener.id, subjects[one.account_id])
        for one in wanted
        if not subjects.get(one.account_id, _NOBODY).is_destroyed
        for event_id in [work.new_id()]
        for listener in listeners
        if listener.account_id == one.account_id and listener.wants(one.form, one.event)
    ]
    await store.add_deliveries(work, rows)
    if rows:
        work.after_commit(lambda: ring(work.install, LOOP))
    return len(rows)


async def list_deliveries(
    work: Work,
    account_id: UUID,
    webhook_id: UUID,
    *,
    before: UUID | None = None,
    state: DeliveryState | None = None,
    count: int,
) -> list[DeliveryRow]:
    """Return what a webhook is told, youngest first; raises NotFound."""
    await store.get_webhook(work, account_id, webhook_id)
    return await store.list_deliveries(work, webhook_id, before=before, state=state or "", count=count)


async def try_one(work: Work, account_id: UUID, webhook_id: UUID) -> UUID:
    """Tell a webhook that it is tried, whatever events it is told else; return the id of what it is told.

    Raises NotFound, Refused for a webhook that is closed.
    """
    row = await store.get_webhook(work, account_id, webhook_id)
    _check_open(row)
    body: dict[str, object] = {"type": "webhook.tried", "timestamp": work.at, "data": {"webhook_id": webhook_id}}
    if row.form == "cloud_api":
        body = {"object": "whatsapp_business_account", "entry": []}
    telling = Telling(account_id, row.form, "webhook.tried", msgspec.json.encode(body))
    made = _row(work, telling, work.new_id(), webhook_id, await _subject(work, account_id))
    await store.add_deliveries(work, [made])
    work.after_commit(lambda: ring(work.install, LOOP))
    return made.id


async def redeliver(work: Work, account_id: UUID, webhook_id: UUID, delivery_id: UUID) -> None:
    """Have a webhook told once more what it took or what was given up, now and for seven days from now.

    What waits already goes now. Raises NotFound, Refused for a webhook that is closed.
    """
    _check_open(await store.get_webhook(work, account_id, webhook_id))
    await store.get_delivery(work, webhook_id, delivery_id)
    await store.post_anew(work, delivery_id)
    work.after_commit(lambda: ring(work.install, LOOP))


def _row(work: Work, telling: Telling, event_id: UUID, webhook_id: UUID, subject: Subject) -> DeliveryRow:
    delivery_id = work.new_id()
    return DeliveryRow(
        id=delivery_id,
        account_id=telling.account_id,
        webhook_id=webhook_id,
        event_id=event_id,
        event=telling.event,
        state="waiting",
        body=subject.seal(BODY, delivery_id, telling.body),
        attempts=0,
        since_at=work.at,
        next_at=work.at,
        status=None,
        fault=None,
        made_at=work.at,
        ended_at=None,
    )


_NOBODY = Subject(UUID(int=0), None)


def _opened(subject: Subject, row: WebhookRow) -> Webhook:
    url = subject.open(ADDRESS, row.id, row.address).decode()
    kept = {part: getattr(row, part) for part in Webhook._fields if part != "url"}
    return Webhook(**kept, url=url)


def _drawn(form: str) -> str:
    """Draw a secret as its form writes them."""
    chance = secrets.token_bytes(_CHANCE)
    return PREFIX + base64.b64encode(chance).decode() if form == "standard" else chance.hex()


def _check_words(form: str, secret: str, challenge: str) -> None:
    _check_secret(form, secret)
    if (form == "cloud_api") != bool(challenge):
        raise Invalid("verify_token_missing" if form == "cloud_api" else "verify_token_not_meant", field="verify_token")


def _check_secret(form: str, secret: str) -> None:
    if secret and form == "standard":
        raise Invalid("secret_not_meant", field="secret")
    is_plain = secret.isascii() and secret.isprintable()
    if secret and not (SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET and is_plain):
        raise Invalid("secret_invalid", field="secret", least=SHORTEST_SECRET, most=LONGEST_SECRET)


def _check_open(row: WebhookRow) -> None:
    if row.state == "closed":
        raise Refused("webhook_closed")


async def _subject(work: Work, account_id: UUID) -> Subject:
    return (await load_subjects(work.connection, work.vault, [account_id]))[account_id]
