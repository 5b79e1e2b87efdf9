"""The adapter's words: each parcel as the Cloud API takes it; the sandbox, which shares no shape with it, is beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from backoffice.channels.port import CantTell, Parcel
from backoffice.channels.whatsapp import WhatsAppChannel, written
from backoffice.kernel.errors import Invalid
from backoffice.relay.content import WHATSAPP_KINDS, check_message

if TYPE_CHECKING:
    from collections.abc import Mapping

PARCEL = Parcel(
    reference=UUID(int=7), channel="whatsapp", sender="+37129999901", sender_code="1065", to="+37126000001", text="Hi"
)
COMMON = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "37126000001"}


def read(parcel: Parcel) -> dict[str, Any]:
    """Return what is written of a parcel, without what is common."""
    told: dict[str, Any] = msgspec.json.decode(written(parcel))
    assert told.pop("biz_opaque_callback_data") == str(UUID(int=7))
    return {name: value for name, value in told.items() if COMMON.get(name) != value}


def test_a_text_goes_to_a_number() -> None:
    """With our id, which comes back in its statuses."""
    assert read(PARCEL) == {"type": "text", "text": {"body": "Hi"}}


def test_a_person_without_a_number_is_reached_by_whatsapps_id() -> None:
    """In a field of its own."""
    assert read(replace(PARCEL, to="LV.13491208655302741918")) == {
        "recipient": "LV.13491208655302741918",
        "type": "text",
        "text": {"body": "Hi"},
    }


@pytest.mark.parametrize(
    ("parameters", "components"),
    [
        ({}, None),
        ({"10": "ten", "2": "two"}, [{"type": "text", "text": "two"}, {"type": "text", "text": "ten"}]),
        ({"lamp": "7"}, [{"type": "text", "parameter_name": "lamp", "text": "7"}]),
    ],
)
def test_a_template_brings_its_parameters(
    parameters: Mapping[str, str], components: list[dict[str, str]] | None
) -> None:
    """By their places, in the order of numbers, or by their names."""
    said = read(replace(PARCEL, text="", template="boat", language="lv", parameters=parameters))
    expected: dict[str, Any] = {"name": "boat", "language": {"code": "lv"}}
    if components:
        expected["components"] = [{"type": "body", "parameters": components}]

    assert said == {"type": "template", "template": expected}


@pytest.mark.parametrize("kind", sorted(WHATSAPP_KINDS))
def test_a_message_in_the_providers_words_goes_as_it_is(kind: str) -> None:
    """Of each kind, with what it answers; it is taken in beforehand by its form."""
    message = {"type": kind, kind: {"any": ["thing", 1]}, "context": {"message_id": "wamid.0"}}
    check_message("whatsapp", message)

    assert read(replace(PARCEL, message=message)) == message


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        ("sms", {"type": "image", "image": {"id": "1"}}),
        ("whatsapp", {"type": "poll", "poll": {"id": "1"}}),
        ("whatsapp", {"type": "image"}),
        ("whatsapp", {"type": "image", "image": {"id": "1"}, "to": "37126000009"}),
        ("whatsapp", {"type": "image", "image": {"id": "1"}, "biz_opaque_callback_data": "x"}),
        ("whatsapp", {"type": ["image"], "image": {"id": "1"}}),
        ("whatsapp", {"type": "text", "text": {"body": "x" * 40_000}}),
    ],
)
def test_what_is_no_message_of_whatsapps_is_refused(channel: str, message: dict[str, Any]) -> None:
    """Nobody names another recipient or reference in it."""
    with pytest.raises(Invalid, match=r"message_(unreadable|too_large)"):
        check_message(channel, message)


async def test_nobody_can_tell_what_became_of_a_message() -> None:
    """The Cloud API answers no such question; its statuses do."""
    async with WhatsAppChannel("http://127.0.0.1:9", "t") as channel:
        assert await channel.look_up(UUID(int=7)) == CantTell()
