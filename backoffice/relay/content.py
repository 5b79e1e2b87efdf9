"""Contents: what a message says, what its account declares of it, and what staff found when they read it.

An account can't say of its own message that it was reviewed, approved or free of complaints: those facts are the
operator's, and where nobody has looked, the records say so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from backoffice.audit import ledger
from backoffice.kernel.errors import Invalid, NotFound
from backoffice.kernel.ids import named_id
from backoffice.plumbing.changes import note_change
from backoffice.plumbing.install import Work
from backoffice.plumbing.vault import Place
from backoffice.plumbing.vault.store import load_subjects
from backoffice.policy.facts import Message
from backoffice.relay import store
from backoffice.relay.shapes import StoredContent

BODY = Place("content", "body")
_PARTS = frozenset({"type", "context", "recipient_identity_key_hash"})

_named = msgspec.json.Encoder(order="deterministic")  # the same content has the same bytes


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A template as the provider knows it."""

    name: str
    language: str


WHATSAPP_KINDS = frozenset(
    {
        *("text", "template", "image", "audio", "video", "document", "sticker"),
        *("location", "contacts", "interactive", "reaction"),
    }
)
"""Kinds of messages that WhatsApp's Cloud API takes, each with an object named so."""

_LARGEST_MESSAGE = 32_768  # bytes


def check_message(channel: str, message: Mapping[str, Any]) -> None:
    """Refuse a message in the provider's words that names no kind of it, or isn't WhatsApp's."""
    if not message:
        return
    kind = message.get("type")
    is_kind = isinstance(kind, str) and kind in WHATSAPP_KINDS and bool(message.get(kind))
    if channel != "whatsapp" or not is_kind or message.keys() - _PARTS - {kind}:
        raise Invalid("message_unreadable", field="message", known=sorted(WHATSAPP_KINDS))
    if len(msgspec.json.encode(message)) > _LARGEST_MESSAGE:
        raise Invalid("message_too_large", field="message", most=_LARGEST_MESSAGE)


class Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What an account declares of its message; what it leaves out is unknown, and a rule that asks for it holds."""

    has_promotional_part: bool | None = None
    leads_to_paid_content: bool | None = None
    template_category: Literal["marketing", "utility", "authentication", "none"] | None = None
    declared_use: str | None = None
    traffic_type: str | None = None
    is_automated: bool | None = None
    carries: frozenset[str] | None = None
    are_headers_true: bool | None = None
    is_stop_address_valid: bool | None = None
    are_links_lawful: bool | None = None
    asks_card_or_id: bool | None = None
    list_source: str | None = None
    is_risk_notice_shown: bool | None = None
    is_for_children: bool | None = None


Door = Literal["normal", "stop_confirmation", "requested_answer"]
"""How a message wants to pass: as any other, or through one of the two narrow doors of a stop."""

REVIEWABLE = frozenset(
    {
        *("is_primary_purpose_approved", "template_status", "content_confirmed", "content_suspected", "complaints"),
        *("is_content_scanned", "reviewed", "is_emergency_use"),
        *(name for name in Declared.__struct_fields__ if name in Message.__struct_fields__),
    }
)
"""What staff may state of a message, in place of what its account declared."""

UNREVIEWED: dict[str, Any] = {"content_confirmed": [], "content_suspected": [], "complaints": 0, "reviewed": []}
"""What the records say of a message that nobody reported, complained of or read."""

SINGLE: dict[str, Any] = {"recipients_count": 1, "repeats_text": False, "since_last_batch": timedelta(days=3650)}
"""What is known of a message that is no batch."""


def facts_of(
    declared: Declared, *, has_template: bool, door: Door = "normal", batch: Mapping[str, Any] = SINGLE
) -> dict[str, Any]:
    """Return the facts of a message that was just handed in.

    `door` is the narrow one that it asks for, `batch` what a campaign knows of itself.
    """
    stated = {name: value for name, value in msgspec.structs.asdict(declared).items() if value is not None}
    form = "template" if has_template else "free_form"
    asked = {} if door == "normal" else {"kind": door}
    return {**UNREVIEWED, **batch, **stated, **asked, "form": form, "template_status": "none"}


def facts_in(content: StoredContent, own: Mapping[str, Any]) -> Message:
    """Return the facts of a stored message, with those of the send that carries it."""
    return msgspec.convert({**msgspec.msgpack.decode(content.facts), **own}, Message)


async def keep_content(
    work: Work, account_id: UUID, facts: dict[str, Any], template: Template | None, text: str = ""
) -> tuple[UUID, bytes]:
    """Keep a content and return its id and hash; the same content of an account is kept once."""
    words = {"template": template, "text": text}
    sha256 = hashlib.sha256(_named.encode([account_id, facts, words])).digest()
    content_id = named_id(sha256)
    key = ("content", content_id)
    if key not in work.install.known:
        sealed = await _sealed(work, account_id, content_id, words)
        content = StoredContent(content_id, account_id, sha256, msgspec.msgpack.encode(_ordered(facts)), sealed)
        await store.add_content(work, content)
        work.after_commit(lambda: work.install.known.add(key))
    return content_id, sha256


async def _sealed(work: Work, account_id: UUID, content_id: UUID, words: dict[str, Any]) -> bytes:
    subjects = await load_subjects(work.connection, work.vault, [account_id])
    return subjects[account_id].seal(BODY, content_id, msgspec.json.encode(words))


async def words_of(work: Work, content: StoredContent) -> tuple[Template | None, str]:
    """Return the template and the text of a content."""
    if content.body is None:
        return None, ""
    subjects = await load_subjects(work.connection, work.vault, [content.account_id])
    told = msgspec.json.decode(subjects[content.account_id].open(BODY, content.id, content.body))
    return msgspec.convert(told["template"], Template | None), told["text"]


async def review(work: Work, content_id: UUID, found: dict[str, Any], *, by: str) -> None:
    """Record what staff found of a message; raises Invalid for what can't be found of one.

    Ledger: relay:content:reviewed.
    """
    if strangers := found.keys() - REVIEWABLE:
        raise Invalid("fact_unknown", field=f"message.{min(strangers)}")
    contents = await store.get_contents(work, [content_id])
    content = contents[content_id]
    facts = {**msgspec.msgpack.decode(content.facts), **found}
    check_facts(facts)
    await store.change_facts(work, content_id, msgspec.msgpack.encode(_ordered(facts)))
    await ledger.append(
        work, "relay:content:reviewed", content.account_id, content=content.sha256.hex(), found=_ordered(found), by=by
    )
    await note_change(work, content.account_id)


async def halt_template(work: Work, content_id: UUID, status: Literal["paused", "disabled"]) -> None:
    """Record that the provider takes a template no more; the gate lets nothing of it pass until staff see it mended.

    Ledger: relay:content:reviewed, once.
    """
    content = (await store.get_contents(work, [content_id]))[content_id]
    if msgspec.msgpack.decode(content.facts).get("template_status") != status:
        await review(work, content_id, {"template_status": status}, by="provider")


def check_facts(facts: dict[str, Any]) -> None:
    """Refuse facts that no message can have; raises Invalid with the field."""
    whole = {**facts, "at": "2026-01-01T00:00:00Z", "channel": "sms"}
    try:
        msgspec.convert(msgspec.to_builtins(whole), Message)
    except msgspec.ValidationError as wrong:
        field = str(wrong).partition("`$.")[2].rstrip("`")
        raise Invalid("fact_invalid", field=f"message.{field}", why=str(wrong)) from None


def _ordered(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        name: sorted(value) if isinstance(value, (set, frozenset)) else value for name, value in sorted(facts.items())
    }


def own_content(contents: dict[UUID, StoredContent], content_id: UUID, account_id: UUID) -> StoredContent:
    """Return a content of this account; raises NotFound where there is none, or it is another's."""
    content = contents.get(content_id)
    if content is None or content.account_id != account_id:
        raise NotFound("content_unknown", content=str(content_id))
    return content
