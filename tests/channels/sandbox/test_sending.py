"""Sending: every kind is taken, every code of the table comes where it belongs, and counts survive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backoffice.channels.sandbox.memory import accepted
from tests.channels.sandbox.conftest import (
    AIJA,
    BALTIC_TOURS,
    BELLA,
    CHIP,
    PHONE,
    TEXT,
    TOKEN,
    WABA,
    template,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.channels.sandbox.conftest import Desk

LINK = {"link": "https://example.org/boat.jpg"}
BODY, FOOTER = {"text": "Choose a boat"}, {"text": "Baltic Tours"}
REPLY = {"type": "reply", "reply": {"id": "a", "title": "The first"}}

KINDS: dict[str, Any] = {
    "text": {"body": "https://example.org", "preview_url": True},
    "image": {**LINK, "caption": "A boat"},
    "video": LINK,
    "audio": {**LINK, "voice": True},
    "document": {**LINK, "filename": "ticket.pdf", "caption": "A ticket"},
    "sticker": LINK,
    "location": {"latitude": 56.95, "longitude": "24.1", "name": "Pier", "address": "11. novembra krastmala"},
    "contacts": [
        {
            "name": {"formatted_name": "Aija", "first_name": "Aija", "last_name": None},
            "birthday": "1990-02-28",
            "phones": [{"phone": "+37126000001", "type": "HOME", "wa_id": "37126000001"}],
            "emails": [{"email": "aija@example.org", "type": "WORK"}],
            "urls": [{"url": "https://example.org", "type": "WORK"}],
            "addresses": [{"street": "Brīvības iela 1", "city": "Rīga", "country": "Latvia", "type": "HOME"}],
            "org": {"company": "Baltic Tours"},
        }
    ],
    "reaction": {"message_id": "wamid.HBg", "emoji": "👍"},
}

INTERACTIVE: dict[str, Any] = {
    "button": {
        "header": {"type": "image", "image": LINK},
        "body": BODY,
        "footer": FOOTER,
        "action": {"buttons": [REPLY]},
    },
    "list": {
        "header": {"type": "text", "text": "Boats"},
        "body": BODY,
        "action": {
            "button": "See boats",
            "sections": [{"title": "Today", "rows": [{"id": "a", "title": "At nine", "description": "From Riga"}]}],
        },
    },
    "cta_url": {
        "body": BODY,
        "action": {"name": "cta_url", "parameters": {"display_text": "See", "url": "https://example.org"}},
    },
    "flow": {
        "body": BODY,
        "action": {
            "name": "flow",
            "parameters": {
                "flow_message_version": "3",
                "flow_id": "1",
                "flow_cta": "Book",
                "flow_token": "t",
                "flow_action": "navigate",
                "flow_action_payload": {"screen": "FIRST", "data": {"boat": 1}},
            },
        },
    },
    "product": {"body": BODY, "action": {"catalog_id": "1", "product_retailer_id": "boat-9"}},
    "product_list": {
        "header": {"type": "text", "text": "Boats"},
        "body": BODY,
        "action": {
            "catalog_id": "1",
            "sections": [{"title": "Today", "product_items": [{"product_retailer_id": "boat-9"}]}],
        },
    },
    "catalog_message": {
        "body": BODY,
        "action": {"name": "catalog_message", "parameters": {"thumbnail_product_retailer_id": "boat-9"}},
    },
    "location_request_message": {"body": BODY, "action": {"name": "send_location"}},
}


def body(kind: str, value: Any = None, **other: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a body of a kind."""
    value = KINDS[kind] if value is None else value
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": AIJA,
        "type": kind,
        kind: value,
    } | other


def interactive(kind: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return an interactive body of a type."""
    return body("interactive", {"type": kind, **INTERACTIVE[kind], **changes})


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_taken_and_arrives_in_the_window(desk: Desk, kind: str) -> None:
    """Within 24 hours of what the person wrote."""
    desk.hear()
    desk.told()
    answer = desk.send(body(kind))

    assert answer.status == 200, answer
    assert answer.body["contacts"] == [{"input": AIJA, "wa_id": AIJA}]
    played = ["played"] if kind == "audio" else []  # a voice message
    assert sorted(desk.statuses()) == [("delivered", 0), *((one, 0) for one in played), ("read", 0), ("sent", 0)]
    assert desk.control("GET", "accepted").body[0]["body"] == body(kind)


@pytest.mark.parametrize("kind", INTERACTIVE)
def test_every_interactive_message_is_taken(desk: Desk, kind: str) -> None:
    """Buttons, lists, links, flows, products, catalogues and requests."""
    assert desk.send(interactive(kind)).status == 200


@pytest.mark.parametrize(
    ("wrong", "code", "named"),
    [
        ([], 100, "body"),
        ({}, 100, "messaging_product"),
        ({**TEXT, "messaging_product": "sms"}, 100, "messaging_product"),
        ({**TEXT, "colour": "red"}, 100, "colour"),
        ({**TEXT, "text": {"body": "a", "size": 1}}, 100, "size"),
        ({**TEXT, "text": {"body": 5}}, 100, "text['body']"),
        ({**TEXT, "text": {}}, 131008, "text['body']"),
        ({**TEXT, "text": {"body": "a" * 4097}}, 100, "text['body']"),
        ({**TEXT, "text": {"body": ""}}, 131008, "text['body']"),
        ({**TEXT, "text": "hello"}, 100, "text"),
        ({**TEXT, "to": None}, 100, "to"),
        ({**TEXT, "to": "nobody"}, 131009, "to"),
        ({**TEXT, "to": "0026000001"}, 131009, "to"),
        ({**TEXT, "to": 37126000001}, 100, "to"),
        ({**TEXT, "type": "fax"}, 131051, "type"),
        ({**TEXT, "type": ["text"]}, 131051, "type"),
        ({**TEXT, "recipient_type": "group"}, 100, "recipient_type"),
        ({**TEXT, "context": {"message_id": "1"}}, 131009, "context['message_id']"),
        ({**TEXT, "biz_opaque_callback_data": "a" * 513}, 100, "biz_opaque_callback_data"),
        ({**TEXT, "image": LINK}, 100, "image"),
        (body("image", {}), 100, "image"),
        (body("image", {**LINK, "id": "1"}), 100, "image"),
        (body("image", {"id": "77"}), 100, "image['id']"),
        (body("image", {"link": "ftp://example.org"}), 131009, "image['link']"),
        (body("location", {"latitude": 91, "longitude": 0}), 131009, "location['latitude']"),
        (body("contacts", []), 100, "contacts"),
        (body("contacts", [{"phones": []}]), 131008, "contacts[0]['name']"),
        (body("reaction", {"emoji": "👍"}), 131008, "reaction['message_id']"),
        (body("interactive", {"type": "wheel"}), 131009, "interactive['type']"),
        (interactive("button", action={"buttons": [REPLY] * 2}), 131009, "interactive['action']"),
        (interactive("button", action={"buttons": [REPLY] * 4}), 131009, "interactive['action']['buttons']"),
        (interactive("button", footer={"text": "a" * 61}), 131009, "interactive['footer']['text']"),
        (interactive("cta_url", action={"name": "flow"}), 131009, "interactive['action']['name']"),
        ({**template("boat_leaves"), "template": {"name": "boat_leaves"}}, 131008, "template['language']"),
        (template("boat_leaves", colour="red"), 100, "colour"),
        (template("autumn_offer", "", "Riga"), 131008, "template['components'][0]['parameters'][0]['text']"),
        (b"{", 100, "JSON"),
        (b"\xff", 100, "JSON"),
        (b"[" * 5000, 100, "JSON"),
        ({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.no"}, 131009, "message_id"),
        ({"messaging_product": "whatsapp", "status": "seen", "message_id": "wamid.no"}, 100, "status"),
    ],
)
def test_a_wrong_body_is_refused_with_the_parameters_name(desk: Desk, wrong: Any, code: int, named: str) -> None:  # noqa: ANN401
    """By the code and the parameter's name as the API has them; nothing is accepted."""
    answer = desk.send(wrong)

    assert (answer.code, answer.status) == (code, 400), answer.body
    assert named in answer.details
    assert desk.control("GET", "accepted").body == []


@pytest.mark.parametrize("to", ["+371 26000001", "37126000001", "+371-260-00001", "(371) 26000001"])
def test_a_number_may_be_written_in_several_ways(desk: Desk, to: str) -> None:
    """The answer says what was entered, and whose number it is."""
    assert desk.send({**TEXT, "to": to}).body["contacts"] == [{"input": to, "wa_id": AIJA}]


@pytest.mark.parametrize(
    ("path", "bearer", "code", "subcode", "status"),
    [
        (f"/v25.0/{PHONE}/messages", "Bearer stolen", 190, None, 401),
        (f"/v25.0/{PHONE}/messages", "", 190, None, 401),
        (f"/v25.0/{PHONE}/messages", TOKEN, 190, None, 401),
        ("/v25.0/1/messages", f"Bearer {TOKEN}", 100, 33, 400),
        (f"/v25.0/{PHONE}/letters", f"Bearer {TOKEN}", 100, 33, 400),
        (f"/v19.0/{PHONE}/messages", f"Bearer {TOKEN}", 2500, None, 400),
    ],
)
def test_only_the_bearer_reaches_a_number_that_is_there(
    desk: Desk, path: str, bearer: str, code: int, subcode: int | None, status: int
) -> None:
    """By a version that is still served."""
    answer = desk.graph("POST", path, TEXT, authorization=bearer)

    assert (answer.code, answer.body["error"].get("error_subcode"), answer.status) == (code, subcode, status)


@pytest.mark.parametrize("version", ["v20.0", "v21", "v25.0", "v31.0"])
def test_every_newer_version_is_served(desk: Desk, version: str) -> None:
    """With and without its last figure."""
    assert desk.send(template("boat_leaves"), version=version).status == 200


def test_words_outside_the_window_are_accepted_and_fail(desk: Desk) -> None:
    """200 first, and 131047 by a webhook; a template arrives."""
    assert desk.send(TEXT).status == 200
    assert desk.statuses() == [("failed", 131047)]
    assert desk.send(template("boat_leaves")).status == 200
    assert {code for _, code in desk.statuses()} == {0}


def test_the_window_closes_after_a_day(desk: Desk) -> None:
    """To the second; it belongs to one number and one person."""
    desk.hear()
    desk.told()
    desk.wait(hours=23, minutes=59, seconds=59)
    desk.send(TEXT)
    assert {code for _, code in desk.statuses()} == {0}
    desk.send({**TEXT, "to": BELLA})
    assert desk.statuses() == [("failed", 131047)]

    desk.wait(seconds=1)
    desk.send(TEXT)
    assert desk.statuses() == [("failed", 131047)]


def test_a_number_sends_so_many_a_second(desk: Desk) -> None:
    """130429 above its throughput; the next second is free again, whatever the sandbox's clock says."""
    desk.control("PUT", f"numbers/{PHONE}", {"throughput": 80})
    answers = [desk.send(template("boat_leaves", to=f"371260{number:05}")) for number in range(100)]
    assert [answer.code for answer in answers].count(130429) == 20
    assert answers[-1].status == 429

    desk.lap += 1
    assert desk.send(template("boat_leaves")).status == 200


def test_a_pair_may_borrow_forty_five_messages(desk: Desk) -> None:
    """131056 afterwards, until each had its six seconds; another person isn't concerned."""
    answers = [desk.send(template("boat_leaves")).code for _ in range(46)]
    assert answers == [None] * 45 + [131056]
    assert desk.send(template("boat_leaves", to=BELLA)).status == 200

    desk.wait(seconds=45 * 6 - 1)
    assert desk.send(template("boat_leaves")).code == 131056
    desk.wait(seconds=1)
    assert desk.send(template("boat_leaves")).status == 200


def test_one_message_in_six_seconds_never_waits(desk: Desk) -> None:
    """The documented pace."""
    for _ in range(60):
        assert desk.send(template("boat_leaves")).status == 200
        desk.wait(seconds=6)


def test_a_portfolio_reaches_so_many_persons_in_a_day(open_desk: Callable[..., Desk]) -> None:
    """The next fails with 131048; who was reached already, or has written, doesn't count; also after a restart."""
    desk = open_desk()
    desk.control("PUT", f"numbers/{PHONE}", {"tier": 50})
    desk.hear(BELLA)
    desk.told()
    for number in range(50):
        desk.send(template("boat_leaves", to=f"371270000{number:02}"))
    desk.told()
    desk.wait(seconds=60)
    again = open_desk()
    again.at = desk.at
    for to in (AIJA, "37127000007", BELLA):
        again.send(template("boat_leaves", to=to))
    assert sorted(code for status, code in again.statuses() if status in {"failed", "sent"}) == [0, 0, 131048]

    again.wait(hours=24)
    again.send(template("boat_leaves"))
    assert {code for _, code in again.statuses()} == {0}


@pytest.mark.parametrize("code", [131049, 131050, 130472])
def test_some_flags_keep_marketing_from_a_person(desk: Desk, code: int) -> None:
    """And nothing else."""
    desk.control("PUT", "persons", {"from": f"+{AIJA}", "code": code})
    desk.send(template("autumn_offer", "Aija", "Liepāja"))
    assert desk.statuses() == [("failed", code)]
    desk.send(template("boat_leaves"))
    assert {code for _, code in desk.statuses()} == {0}

    desk.control("PUT", "persons", {"from": AIJA, "code": 0})
    desk.send(template("autumn_offer", "Aija", "Liepāja"))
    assert {code for _, code in desk.statuses()} == {0}


def test_who_is_not_on_whatsapp_gets_nothing(desk: Desk) -> None:
    """131026, also for what is no marketing."""
    desk.control("PUT", "persons", {"from": AIJA, "code": 131026})
    desk.send(template("boat_leaves"))

    assert desk.statuses() == [("failed", 131026)]


def test_marketing_does_not_reach_american_numbers(desk: Desk) -> None:
    """By 131049; other templates do."""
    desk.send(template("autumn_offer", "Chip", "Liepāja", to=CHIP))
    assert desk.statuses() == [("failed", 131049)]
    desk.send(template("boat_leaves", to=CHIP))
    assert {code for _, code in desk.statuses()} == {0}


@pytest.mark.parametrize("code", [368, 131031])
def test_a_banned_number_is_refused_at_once(desk: Desk, code: int) -> None:
    """Until the ban is lifted."""
    desk.control("PUT", f"numbers/{PHONE}", {"code": code})
    answer = desk.send(template("boat_leaves"))
    assert (answer.code, answer.status) == (code, 403)

    desk.control("PUT", f"numbers/{PHONE}", {"code": 0})
    assert desk.send(template("boat_leaves")).status == 200


@pytest.mark.parametrize("code", [131042, 130497, 131048])
def test_a_number_in_trouble_fails_later(desk: Desk, code: int) -> None:
    """As the real API tells it."""
    desk.control("PUT", f"numbers/{PHONE}", {"code": code})

    assert desk.send(template("boat_leaves")).status == 200
    assert desk.statuses() == [("failed", code)]


@pytest.mark.parametrize("to", [AIJA, f"+{AIJA}"])
@pytest.mark.parametrize(
    "code",
    [
        *(0, 1, 2, 3, 4, 10, 100, 190, 200, 299, 368, 80007, 130429, 130472, 130497, 131000, 131005, 131008, 131009),
        *(131016, 131021, 131026, 131030, 131031, 131037, 131042, 131045, 131047, 131048, 131049, 131050, 131051),
        *(131052, 131053, 131056, 131057, 131062, 131063, 131064, 132000, 132001, 132005, 132007, 132008, 132012),
        *(132015, 132016, 132068, 132069, 133004, 133010, 133016, 135000, 137000, 424242),
    ],
)
def test_any_code_can_come_for_a_person(desk: Desk, code: int, to: str) -> None:
    """At once, or as a failed status; codes nobody has seen too."""
    desk.misbehave(refuses={to: code})
    answer = desk.send(template("boat_leaves"))
    assert (answer.code, answer.body["error"]["type"]) == (code, "OAuthException")
    assert answer.status is not None
    assert 400 <= answer.status < 600

    desk.misbehave(fails={to: code or 1})
    assert desk.send(template("boat_leaves")).status == 200
    assert desk.statuses() == [("failed", code or 1)]


def test_a_business_scoped_id_is_somebody(desk: Desk) -> None:
    """Whom the business has heard of; a number goes before it, and one-time codes don't go to it."""
    bsuid = desk.hear()["user_id"]
    desk.told()
    body = {key: value for key, value in TEXT.items() if key != "to"}
    answer = desk.send({**body, "recipient": bsuid})
    assert answer.body["contacts"] == [{"input": bsuid, "user_id": bsuid}]
    (change, *_) = desk.told()
    assert change["value"]["statuses"][0]["recipient_user_id"] == bsuid

    assert desk.send({**TEXT, "recipient": bsuid}).body["contacts"] == [{"input": AIJA, "wa_id": AIJA}]
    assert desk.send({**body, "recipient": "LV.1"}).code == 131009
    code = template("sign_in", "123456")
    code["template"]["components"].append(
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "123456"}]}
    )
    assert desk.send(code).status == 200
    assert desk.send({**{key: value for key, value in code.items() if key != "to"}, "recipient": bsuid}).code == 131062


def test_a_number_can_not_write_to_itself(desk: Desk) -> None:
    """131021."""
    assert desk.send({**TEXT, "to": BALTIC_TOURS.display_phone_number}).code == 131021


def test_marketing_messages_are_marketing(desk: Desk) -> None:
    """Their own door takes marketing templates alone."""
    path = f"/v25.0/{PHONE}/marketing_messages"
    sent = template("autumn_offer", "Aija", "Liepāja", message_activity_sharing=True)

    assert desk.graph("POST", path, sent).status == 200
    assert desk.graph("POST", path, template("boat_leaves")).code == 100
    assert desk.graph("POST", path, TEXT).code == 100
    assert desk.send(sent).code == 100


def test_what_was_read_is_marked(desk: Desk) -> None:
    """A message that a person sent, with or without typing."""
    message_id = desk.hear()["id"]
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}

    assert desk.send(read).body == {"success": True}
    assert desk.send({**read, "typing_indicator": {"type": "text"}}).body == {"success": True}
    assert desk.send({**read, "typing_indicator": {"type": "dance"}}).code == 100


def test_what_was_accepted_is_told_with_its_bearer(desk: Desk, tmp_path: Path) -> None:
    """Exactly what left, by whom and from which number; a reference that is a UUID is counted."""
    reference = "00000000-0000-0000-0000-000000000005"
    desk.send(template("boat_leaves", biz_opaque_callback_data=reference))
    desk.send(template("boat_leaves", biz_opaque_callback_data="five"))
    desk.send({})
    told = desk.control("GET", "accepted").body

    assert [(one["bearer"], one["phone_number_id"], one["version"]) for one in told] == [(TOKEN, PHONE, 25)] * 2
    assert [one["reference"] for one in told] == [reference, "five"]
    assert desk.control("GET", "accepted?since=1").body == told[1:]
    assert {str(known): len(times) for known, times in accepted(tmp_path / "sandbox.sqlite").items()} == {reference: 1}


def test_a_template_of_another_account_is_not_there(desk: Desk) -> None:
    """132001, with 404."""
    answer = desk.send(template("boat_leaves", language="lv"))
    assert (answer.code, answer.status) == (132001, 404)
    assert desk.control("PUT", "templates", {"waba_id": WABA, "name": "no", "language": "en"}).code == 132001
