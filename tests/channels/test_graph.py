"""Webhooks of the Cloud API: what is told is read, what can't be read is counted, and nothing harms anything else."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.channels import graph
from backoffice.channels.port import Callback, Inbound, Preference, Report, Status, Word
from backoffice.kernel.errors import Invalid
from tests.channels.bodies import bodies, mutated
from tests.delivery.webhooks import ANNA_ID, NAMES, of_number, text, webhook

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
SEND = UUID(int=7)


def status(name: str = "delivered", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """Return a status of our send."""
    told = {"id": "wamid.1", "status": name, "timestamp": str(int(AT.timestamp())), "recipient_id": "37126000001"}
    return {**told, "biz_opaque_callback_data": str(SEND), **more}


def read_statuses(*statuses: Any) -> Callback:  # noqa: ANN401  # JSON
    """Read a body with these statuses."""
    return graph.read(webhook(("messages", of_number(statuses=list(statuses)))))


@pytest.mark.parametrize(
    ("name", "meant"), [("sent", "sent"), ("delivered", "delivered"), ("read", "read"), ("played", "read")]
)
def test_a_status_is_read(name: str, meant: Status) -> None:
    """A voice message that was listened to was read."""
    told = Report(reference=SEND, provider_id="wamid.1", status=meant, at=AT)
    assert read_statuses(status(name)).reports == (told,)


def test_a_failure_brings_its_code() -> None:
    """The first that is one; a failure that names none has failed for an unknown reason."""
    errors = [{"code": "none"}, {"code": 131047, "title": "Re-engagement message"}]
    codes = [
        one.code
        for one in read_statuses(status("failed", errors=errors), status("failed"), status("failed", errors=3)).reports
    ]

    assert codes == [131047, 1, 1]


def test_a_status_of_somebody_elses_message_is_passed_over() -> None:
    """It has no reference of ours, and is nothing strange."""
    foreign = [status(biz_opaque_callback_data=data) for data in (None, "order 7", 7)]

    assert read_statuses(*foreign, status("warned")) == Callback(channel="whatsapp", sender=NAMES.code)


def test_several_entries_and_changes_are_all_read() -> None:
    """In one body, as WhatsApp sends them under load."""
    one = json.loads(
        webhook(("messages", of_number(statuses=[status()])), ("messages", of_number(statuses=[status("read")])))
    )
    two = json.loads(webhook(("messages", of_number(messages=[text("Hi", AT)]))))
    read = graph.read(json.dumps({**one, "entry": one["entry"] + two["entry"]}).encode())

    assert ([report.status for report in read.reports], len(read.messages), read.strange) == (
        ["delivered", "read"],
        1,
        0,
    )


def test_a_message_tells_who_wrote_what() -> None:
    """By number, by WhatsApp's id of the person, or by both; the id may stand beside the message."""
    told = text("Hi", AT, context={"from": "37129999901", "id": "wamid.0"})
    person = {"profile": {"name": "Anna"}, "wa_id": "37126000001", "user_id": ANNA_ID}
    read = graph.read(webhook(("messages", of_number(messages=[told], contacts=[person]))))

    assert read.messages == (
        Inbound(
            sender=NAMES.code,
            provider_id="wamid.1",
            phone="+37126000001",
            scoped_id=ANNA_ID,
            at=AT,
            kind="text",
            words=("Hi",),
            answers="wamid.0",
        ),
    )


def test_a_number_that_changed_is_told() -> None:
    """So that no stop is lost by it."""
    told = {**text("", AT), "type": "system", "system": {"type": "user_changed_number", "wa_id": "37126000009"}}
    read = graph.read(webhook(("messages", of_number(messages=[told]))))

    assert [(one.phone, one.new_phone) for one in read.messages] == [("+37126000001", "+37126000009")]


def test_what_a_person_chose_is_read() -> None:
    """Marketing alone; what else WhatsApp may offer to choose is passed over."""
    choice = {"wa_id": "37126000001", "timestamp": int(AT.timestamp()), "category": "marketing_messages"}
    choices = [
        {**choice, "value": "stop"},
        {**choice, "value": "resume"},
        {**choice, "category": "others", "value": "x"},
    ]
    read = graph.read(webhook(("user_preferences", of_number(user_preferences=[*choices, {**choice, "value": "x"}]))))

    assert read.preferences == tuple(
        Preference(sender=NAMES.code, phone="+37126000001", at=AT, is_stopped=stopped) for stopped in (True, False)
    )
    assert read.strange == 1


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("account_update", {"ban_info": {"waba_ban_state": "DISABLE"}}, {"is_banned": True}),
        ("account_update", {"ban_info": {"waba_ban_state": "REINSTATE"}}, {"is_banned": False}),
        ("account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": []}, {"is_halted": True}),
        ("account_update", {"event": "VERIFIED_ACCOUNT"}, None),
        ("business_capability_update", {"max_daily_conversations_per_business": 2000}, {"daily_limit": 2000}),
        ("business_capability_update", {"max_daily_conversations_per_business": "TIER_10K"}, {"daily_limit": 10_000}),
        ("business_capability_update", {"max_daily_conversation_per_phone": -1}, {"daily_limit": -1}),
        ("business_capability_update", {"max_phone_numbers_per_waba": 25}, None),
        ("message_template_status_update", {"event": "PAUSED"}, None),
    ],
)
def test_a_word_about_our_numbers_is_read(field: str, value: dict[str, Any], word: dict[str, Any] | None) -> None:
    """Bans, restrictions and limits; everything else is kept as it came."""
    assert graph.read(webhook((field, value))).words == ((Word(account=NAMES.account, **word),) if word else ())


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"[]", b"{}", b"\xff", b"null", b"[" * 100_000),
        *(b'{"object": "page", "entry": []}', b'{"object": "whatsapp_business_account"}'),
    ],
)
def test_what_is_no_webhook_is_invalid(raw: bytes) -> None:
    """It is refused as a whole."""
    with pytest.raises(Invalid, match="callback_invalid"):
        graph.read(raw)


@given(bodies())
def test_any_body_of_the_apis_form_is_read(body: dict[str, Any]) -> None:
    """Whatever its parts hold: what is told is read or counted as strange."""
    read = graph.read(msgspec.json.encode(body))

    assert read.strange >= 0
    people: list[Inbound | Preference] = [*read.messages, *read.preferences]
    assert all(one.phone or one.scoped_id for one in people)


@given(bodies(), st.integers(0))
def test_a_body_that_was_changed_on_the_way_is_read_or_refused(body: dict[str, Any], seed: int) -> None:
    """Bytes flipped, cut, doubled or added, ten ways of each body: nothing else than a refusal comes of it."""
    raw, dice = msgspec.json.encode(body), Random(seed)  # noqa: S311
    for _ in range(10):
        with suppress(Invalid):
            graph.read(mutated(raw, dice))
