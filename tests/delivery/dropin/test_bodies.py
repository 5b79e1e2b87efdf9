"""Bodies of the Cloud API's calls: every kind is read, and what is wrong is told as the provider tells it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.channels.sandbox import kinds as sandbox
from backoffice.channels.sandbox.replies import Problem
from backoffice.delivery.dropin.bodies import Asked, Reading, read_body
from backoffice.delivery.dropin.faults import GraphFault
from backoffice.relay.content import Template

TO = {"messaging_product": "whatsapp", "to": "37126000001"}
KINDS: dict[str, Any] = {
    "text": {"body": "Hello", "preview_url": True},
    "image": {"id": "1", "caption": "A lamp"},
    "video": {"link": "https://example.com/a.mp4"},
    "audio": {"id": "1", "voice": True},
    "document": {"link": "https://example.com/a.pdf", "filename": "a.pdf"},
    "sticker": {"id": "1"},
    "location": {"latitude": 56.9, "longitude": "24.1", "name": "Riga"},
    "contacts": [{"name": {"formatted_name": "Anna"}}],
    "reaction": {"message_id": "wamid.x", "emoji": "👍"},
    "interactive": {
        "type": "button",
        "body": {"text": "Well?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "Yes"}}]},
    },
    "template": {"name": "autumn_lamps", "language": {"code": "lv"}, "components": [{"type": "body"}]},
}


def _asked(**body: Any) -> Asked:  # noqa: ANN401  # JSON
    asked = read_body({**TO, **body})
    assert isinstance(asked, Asked)
    return asked


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_read_and_handed_on_as_it_stands(kind: str) -> None:
    """With what it answers to; the envelope is our own adapter's."""
    asked = _asked(type=kind, context={"message_id": "wamid.y"}, recipient_type="individual", **{kind: KINDS[kind]})

    assert (asked.kind, asked.to, asked.written, asked.tag) == (kind, "+37126000001", "37126000001", "")
    assert asked.message == {"type": kind, kind: KINDS[kind], "context": {"message_id": "wamid.y"}}
    assert asked.template == (Template(name="autumn_lamps", language="lv") if kind == "template" else None)


def test_without_a_type_it_is_text() -> None:
    """As at the provider."""
    assert _asked(text={"body": "Hello"}).message == {"type": "text", "text": {"body": "Hello"}}


@pytest.mark.parametrize("written", ["37126000001", "+37126000001", "+371 2600-0001", " 371 (26) 000001 "])
def test_a_number_is_read_however_it_is_written(written: str) -> None:
    """And told back as it was."""
    asked = _asked(to=written, text={"body": "Hello"})

    assert (asked.to, asked.written, asked.address_kind) == ("+37126000001", written, "phone")


def test_a_person_may_be_named_by_the_providers_id() -> None:
    """A number goes before it."""
    body = {"messaging_product": "whatsapp", "recipient": "LV.134912086553", "text": {"body": "Hello"}}
    asked = read_body(body)

    assert isinstance(asked, Asked)
    assert (asked.to, asked.address_kind) == ("LV.134912086553", "scoped_id")
    assert _asked(recipient="LV.134912086553", text={"body": "Hello"}).address_kind == "phone"


def test_the_accounts_own_word_is_kept_apart() -> None:
    """It comes back with each status; ours travels in its place."""
    asked = _asked(text={"body": "Hello"}, biz_opaque_callback_data="order 7")

    assert asked.tag == "order 7"
    assert "biz_opaque_callback_data" not in asked.message


def test_a_message_is_marked_as_read() -> None:
    """With the sign that somebody types, where asked."""
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}

    assert read_body(body) == Reading("wamid.x", is_typing=False)
    assert read_body({**body, "typing_indicator": {"type": "text"}}) == Reading("wamid.x", is_typing=True)


WRONG: list[tuple[Any, int]] = [
    ([], 100),
    ({}, 100),
    ({"messaging_product": "sms", "to": "37126000001", "text": {"body": "x"}}, 100),
    ({**TO, "type": "fax", "fax": {}}, 131051),
    ({**TO, "type": 7, "text": {"body": "x"}}, 131051),
    ({**TO, "type": "image", "text": {"body": "x"}}, 100),
    ({**TO, "type": "text"}, 100),
    ({**TO, "type": "text", "text": None}, 100),
    ({**TO, "type": "text", "text": "hello"}, 100),
    ({**TO, "type": "text", "text": {}}, 131008),
    ({**TO, "type": "text", "text": {"body": 7}}, 100),
    ({**TO, "type": "text", "text": {"body": ""}}, 131008),
    ({**TO, "type": "text", "text": {"body": "x" * 4097}}, 100),
    ({**TO, "text": {"body": "x"}, "extra": 1}, 100),
    ({**TO, "text": {"body": "x"}, "recipient_type": "group"}, 100),
    ({**TO, "text": {"body": "x"}, "context": {}}, 131008),
    ({**TO, "text": {"body": "x"}, "context": "wamid.x"}, 100),
    ({**TO, "text": {"body": "x"}, "biz_opaque_callback_data": 7}, 100),
    ({**TO, "text": {"body": "x"}, "biz_opaque_callback_data": "x" * 513}, 100),
    ({"messaging_product": "whatsapp", "text": {"body": "x"}}, 100),
    ({**TO, "to": 37126000001, "text": {"body": "x"}}, 100),
    ({**TO, "to": "Anna", "text": {"body": "x"}}, 131009),
    ({**TO, "to": "1", "text": {"body": "x"}}, 131009),
    ({"messaging_product": "whatsapp", "recipient": "anna", "text": {"body": "x"}}, 131009),
    ({**TO, "type": "image", "image": {}}, 100),
    ({**TO, "type": "image", "image": {"id": "1", "link": "https://x"}}, 100),
    ({**TO, "type": "location", "location": {"latitude": 1}}, 131008),
    ({**TO, "type": "contacts", "contacts": {}}, 100),
    ({**TO, "type": "contacts", "contacts": []}, 100),
    ({**TO, "type": "reaction", "reaction": {"emoji": "x"}}, 131008),
    ({**TO, "type": "interactive", "interactive": {"type": "button"}}, 131008),
    ({**TO, "type": "template", "template": {"name": "x"}}, 131008),
    ({**TO, "type": "template", "template": {"name": "x", "language": {}}}, 131008),
    ({**TO, "type": "template", "template": {"name": "x", "language": "lv"}}, 100),
    ({"messaging_product": "whatsapp", "status": "seen", "message_id": "wamid.x"}, 100),
    ({"messaging_product": "whatsapp", "status": "read"}, 100),
]
"""Bodies that say nothing that could be sent, each with its code."""


@pytest.mark.parametrize(("body", "code"), WRONG)
def test_what_is_wrong_is_told_by_its_code(body: object, code: int) -> None:
    """And says which parameter it is."""
    with pytest.raises(GraphFault) as refused:
        read_body(body)

    assert refused.value.code == code
    assert refused.value.details


_READ_LATER = ("Anna", "1")  # what is no number, the sandbox notices when it looks for the person


@pytest.mark.parametrize(
    "body", [body for body, _ in WRONG if not (isinstance(body, dict) and body.get("to") in _READ_LATER)]
)
def test_the_sandbox_tells_the_same_code(body: object) -> None:
    """It was made from what integrators have seen."""
    with pytest.raises(GraphFault) as ours:
        read_body(body)
    with pytest.raises(Problem) as theirs:
        sandbox.read_body(body)

    assert ours.value.code == theirs.value.code


@pytest.mark.parametrize("kind", KINDS)
def test_the_sandbox_takes_what_is_handed_on(kind: str) -> None:
    """Each kind, as our adapter words it."""
    said = {**KINDS[kind]} if isinstance(KINDS[kind], dict) else KINDS[kind]
    asked = _asked(type=kind, **{kind: said})

    assert sandbox.read_body({**TO, **asked.message}) == kind


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(sorted(KINDS)), _json, st.dictionaries(st.sampled_from(["to", "type", "context", "status"]), _json)
)
def test_any_json_is_read_or_refused(kind: str, said: Any, around: dict[str, Any]) -> None:  # noqa: ANN401  # JSON
    """Nothing else is raised, and what is read can be written."""
    try:
        asked = read_body({**TO, "type": kind, kind: said, **around})
    except GraphFault:
        return
    assert msgspec.json.encode(asked)
