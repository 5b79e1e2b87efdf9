"""The scene: what the head of a story says, as the steps that make it true by the product's own verbs.

An account that is registered, in standing, with its documents, its number, its stated facts and its credits; and one
person, handed in with a list of one row, whose consent has the grade that the story pins.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import msgspec

from backoffice.accounts.numbers import ADDRESS_KIND
from backoffice.accounts.statements import STATED
from backoffice.consent.grades import FIELDS
from backoffice.contacts.addresses import KIND
from backoffice.contacts.facts import ListFacts
from backoffice.kernel.jurisdiction import closure
from backoffice.policy.facts import NEVER, PRESUMED_ADULT
from backoffice.policy.library import Library
from backoffice.policy.steps import (
    AcceptDocument,
    Import,
    LinkNumber,
    RecordRegister,
    Register,
    RestrictChannels,
    SetStanding,
    StateFacts,
    Step,
    Suppress,
    TopUp,
    Write,
)
from backoffice.policy.stories import Story
from backoffice.policy.vocabulary import Standing

SENDER = "Baltic Lamp"
"""What the account of a story is called, and what people agree to hear from."""

NUMBERS = {"phone": "+37120000100", "email": "lamp@baltic-lamp.example", "app": "example.baltic-lamp"}
"""What it sends from."""

GROUND = "law"
"""Why a channel is closed to it, where the story names no ground."""

_BEFORE: dict[Standing, tuple[Standing, ...]] = {
    "suspended": ("active",),
    "closed": ("active",),
    "purged": ("active", "closed"),
}
_CHANNELS = {"whatsapp": "WhatsApp", "sms": "SMS", "email": "e-mail", "voice": "calls", "push": "notices"}
_PURPOSES = {
    "marketing": "offers",
    "service": "order updates and delivery notices",
    "transactional": "order updates and delivery notices",
    "authentication": "codes",
}


def scene(story: Story, library: Library) -> Iterator[Step]:
    """Yield the steps that make the head of a story true, all at its moment."""
    for step in (*_account(story, library), *_person(story), *_standing(story.account)):
        yield msgspec.structs.replace(step, at=story.at)


def _account(story: Story, library: Library) -> Iterator[Step]:
    facts = {name: value for name, value in story.account.items() if f"account.{name}" not in story.unknown}
    yield Register(
        operator=story.operator,
        edition=story.edition,
        place=home(facts["places"], library.operator(story.operator).place),
        declared_use=facts["declared_use"],
        is_complete=facts["is_registered"],
    )
    for document in sorted(facts["documents_accepted"]):
        yield AcceptDocument(document=document)
    if story.channel in ADDRESS_KIND:
        yield _number(story, facts)
    yield StateFacts(facts={name: value for name, value in facts.items() if name in STATED})
    if facts.get("restricted_channels"):
        yield RestrictChannels(channels=tuple(facts["restricted_channels"]), ground=GROUND)
    if facts.get("credits") and story.channel in library.operator(story.operator).channels:
        yield TopUp(channel=story.channel, credits=facts["credits"])
    for register in (one for one in facts.get("registers", ()) if one["as_of"] <= story.at):
        yield RecordRegister(register=register["name"], as_of=register["as_of"])


def home(places: list[str], operators: str) -> str:
    """Return where an account is established whose places these are: the narrowest, beside its operator's.

    >>> home(["EU", "LV", "US", "US-DE"], "US-DE"), home(["AZ"], "AZ")
    ('LV', 'AZ')
    """
    beside = set(places) - closure({operators}) or {operators}
    return min(place for place in beside if all(place not in closure({other}) for other in beside - {place}))


def _number(story: Story, facts: dict[str, Any]) -> LinkNumber:
    return LinkNumber(
        channel=story.channel,
        address=NUMBERS[ADDRESS_KIND[story.channel]],
        provider_type=story.provider_type,
        is_registered=facts.get("sender_is_registered"),
        is_linked=facts.get("sender_is_linked", True),
        is_banned=facts.get("sender_is_banned"),
        is_halted=facts.get("sender_is_halted"),
        portfolio_room_at=facts.get("portfolio_room_at"),
        is_spoofed=facts.get("sender_is_spoofed"),
        can_receive=facts.get("sender_can_receive", False),
    )


def _standing(facts: dict[str, Any]) -> Iterator[Step]:
    """A standing is reached as accounts reach it."""
    wanted: Standing = facts["standing"]
    for before in _BEFORE.get(wanted, ()):
        yield SetStanding(standing=before, ground=facts["standing_ground"] if before == "closed" else "")
    if wanted != "applicant":
        ground = facts.get("standing_ground", "") if wanted in ("suspended", "closed") else ""
        yield SetStanding(standing=wanted, ground=ground)


def _person(story: Story) -> Iterator[Step]:
    facts = story.recipient
    yield Import(people={"person": address(story)}, list=_list(story), rows=rows(story))
    for stop in facts.get("suppressions", ()):
        said = {name: stop[name] for name in ("scope", "channel", "topic") if name in stop}
        yield Suppress(**said, said_at=stop.get("at"))
    if facts.get("last_inbound_at", NEVER) != NEVER:
        yield Write(said_at=facts["last_inbound_at"])


def address(story: Story) -> str:
    """Return the address of a story's person."""
    return story.number if KIND.get(story.channel, "phone") == "phone" else story.address or "anna@example.com"


def _list(story: Story) -> dict[str, Any]:
    """Return what the account states of the list: the facts of everybody on it, and what proves their consents."""
    stated = {name: story.recipient[name] for name in ListFacts.__struct_fields__ if name in story.recipient}
    stated = {name: value for name, value in stated.items() if f"recipient.{name}" not in story.unknown}
    consents = consents_of(story)
    told = {"sender": SENDER, "is_attested": True}
    if not consents:
        return {**stated, **told}
    return {**stated, **told, "words": words(consents[0]), **_proof(story, consents[0])}


def consents_of(story: Story) -> list[dict[str, Any]]:
    """Return the consents a story begins with; where it pins none, none."""
    return [] if story.grade == "none" else list(story.recipient.get("consents", []))


def words(consent: dict[str, Any]) -> str:
    """Return the words to which somebody says yes who gives this consent.

    >>> words({"purposes": ["marketing"], "channels": ["sms"], "names_sender": True})
    'I agree that Baltic Lamp sends me offers by SMS.'
    """
    whose = SENDER if consent.get("names_sender") else "the shop"
    what = " and ".join(dict.fromkeys(_PURPOSES[purpose] for purpose in sorted(consent["purposes"])))
    how = " and ".join(_CHANNELS[channel] for channel in sorted(consent["channels"]))
    return f"I agree that {whose} sends me {what} by {how}."


def _proof(story: Story, consent: dict[str, Any]) -> dict[str, Any]:
    """Return what is handed in for a consent beside the list's own words: a form's copy for B, a message for A."""
    if story.grade == "B":
        form = {
            "id": "shown",
            "file_sha256": "5a" * 32,
            "words": words(consent),
            "control_state": "unticked",
            "channels": consent["channels"],
            "purposes": consent["purposes"],
            "sender": SENDER if consent.get("names_sender") else "",
            "language": "en",
            "is_written": consent.get("is_written", False),
            "fields": [field for field in consent.get("fields", []) if field not in FIELDS],
        }
        return {"form": [form]}
    if story.grade == "A":
        said = {
            "channel": story.channel,
            "address": address(story),
            "at": consent["given_at"],
            "words": f"Yes. {words(consent)}",
        }
        return {"messages": {"said": said}}
    return {}


def rows(story: Story) -> str:
    """Return a list of one row as CSV: the person's address, where they live, when they agreed and by what proof."""
    consents, facts = consents_of(story), story.recipient
    column = "email" if "@" in address(story) else "phone"
    cells = {
        column: address(story),
        "country": story.country,
        "state": story.state,
        "zip": story.postcode,
        "language": "en",
        "source": "shop",
        "consent_method": "form",
        "consent_at": _written(consents[0].get("given_at")) if consents else "",
        "evidence": {"A": "said", "B": "form:shown"}.get(story.grade, "") if consents else "",
        "person_type": facts.get("person_type", ""),
        "birth_date": _born_on(story),
        "last_purchase_at": _written(facts.get("last_purchase_at")),
    }
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(cells)
    table.writerow(cells.values())
    return written.getvalue()


def _written(at: Any) -> str:  # noqa: ANN401  # a moment as TOML reads it
    return "" if at is None or at == NEVER else at.isoformat()


def _born_on(story: Story) -> str:
    """Return a day of birth that makes the person's age, where a story says one of its own."""
    age = story.recipient.get("age", PRESUMED_ADULT)
    return "" if "recipient.age" not in story.own else story.at.date().replace(year=story.at.year - age).isoformat()
