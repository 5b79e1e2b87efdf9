"""Templates: the registry, and what a send has to fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.channels.sandbox.conftest import AIJA, WABA, template

if TYPE_CHECKING:
    from tests.channels.sandbox.conftest import Desk

PATH = f"/v25.0/{WABA}/message_templates"
IMAGE = {"type": "image", "image": {"link": "https://example.org/boat.jpg"}}
NINE = {"type": "text", "text": "nine"}

FULL: dict[str, Any] = {
    "name": "full",
    "language": "en_US",
    "category": "MARKETING",
    "components": [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::a"]}},
        {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Today", "has_expiration": True}},
        {"type": "BODY", "text": "At {{1}} from {{2}}", "example": {"body_text": [["nine", "Riga"]]}},
        {"type": "FOOTER", "text": "Baltic Tours"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "COPY_CODE", "example": "BOAT9"},
                {
                    "type": "URL",
                    "text": "See",
                    "url": "https://example.org/{{1}}",
                    "example": ["https://example.org/a"],
                },
                {"type": "QUICK_REPLY", "text": "Stop"},
            ],
        },
    ],
}
CARDS: dict[str, Any] = {
    "name": "cards",
    "language": "en",
    "category": "marketing",
    "components": [
        {"type": "BODY", "text": "Two boats"},
        {
            "type": "CAROUSEL",
            "cards": [
                {
                    "components": [
                        {"type": "HEADER", "format": "IMAGE"},
                        {"type": "BODY", "text": "At {{1}}"},
                        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "This"}]},
                    ]
                }
            ]
            * 2,
        },
    ],
}
NAMED: dict[str, Any] = {
    "name": "named",
    "language": "en",
    "category": "UTILITY",
    "parameter_format": "NAMED",
    "components": [{"type": "BODY", "text": "At {{hour}} from {{place}}"}],
}


def part(kind: str, *parameters: Any, **other: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a component that is filled in."""
    return {"type": kind, **other, "parameters": list(parameters)}


def filled(name: str, *parts: Any, language: str = "en") -> dict[str, Any]:  # noqa: ANN401
    """Return a send of a template with these components."""
    body = template(name, language=language)
    body["template"]["components"] = list(parts)
    return body


FULL_PARTS = (
    part("header", IMAGE),
    part(
        "limited_time_offer",
        {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1795000000000}},
    ),
    part("body", NINE, {"type": "currency", "currency": {"fallback_value": "€9", "code": "EUR", "amount_1000": 9000}}),
    part("button", {"type": "coupon_code", "coupon_code": "BOAT9"}, sub_type="copy_code", index=0),
    part("button", {"type": "text", "text": "a"}, sub_type="url", index="1"),
)


def card(place: int, hour: Any = NINE) -> dict[str, Any]:  # noqa: ANN401
    """Return a card that is filled in."""
    reply = part("button", {"type": "payload", "payload": "this"}, sub_type="quick_reply", index=0)
    return {"card_index": place, "components": [part("header", IMAGE), part("body", hour), reply]}


@pytest.fixture
def stocked(desk: Desk) -> Desk:
    """A sandbox with templates of all sorts."""
    for new in (FULL, CARDS, NAMED):
        assert desk.graph("POST", PATH, new).body["status"] == "PENDING"
    return desk


@pytest.mark.parametrize(
    "body",
    [
        filled("full", *FULL_PARTS, language="en_US"),
        filled("cards", {"type": "carousel", "cards": [card(0), card(1)]}),
        filled("named", part("BODY", {**NINE, "parameter_name": "hour"}, {**NINE, "parameter_name": "place"})),
    ],
)
def test_a_template_that_is_filled_in_is_sent(stocked: Desk, body: dict[str, Any]) -> None:
    """Media, offers with an end, buttons, cards and named parameters."""
    answer = stocked.send(body)

    assert answer.status == 200, answer.body
    assert answer.body["messages"][0]["message_status"] == "accepted"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (template("nobody"), 132001),
        (template("full", "a", "b"), 132001),  # in another language
        (template("autumn_offer"), 132000),
        (template("autumn_offer", "a"), 132000),
        (template("autumn_offer", "a", "b", "c"), 132000),
        (template("boat_leaves", "a"), 132000),
        (template("autumn_offer", "a", "b" * 1001), 132005),
        (template("autumn_offer", "a\nb", "c"), 132018),
        (template("autumn_offer", "a     b", "c"), 132018),
        (filled("autumn_offer", part("body", IMAGE, NINE)), 132012),
        (filled("full", *FULL_PARTS[1:], language="en_US"), 132012),
        (filled("full", part("header", NINE), *FULL_PARTS[1:], language="en_US"), 132012),
        (filled("full", *FULL_PARTS[:1], *FULL_PARTS[2:], language="en_US"), 132012),
        (filled("full", *FULL_PARTS[:3], language="en_US"), 131008),
        (filled("cards"), 132000),
        (filled("cards", {"type": "carousel", "cards": [card(0)]}), 132000),
        (filled("cards", {"type": "carousel", "cards": [card(0), card(1, IMAGE)]}), 132012),
        (filled("named", part("body", NINE, NINE)), 100),
        (filled("named", part("body", *[{**NINE, "parameter_name": name} for name in ("hour", "day")])), 132012),
    ],
)
def test_a_template_that_is_filled_in_wrongly_is_refused(stocked: Desk, body: dict[str, Any], code: int) -> None:
    """By how many parameters, their form, their names and their length."""
    assert stocked.send(body).code == code


@pytest.mark.parametrize(
    ("status", "code"),
    [("PAUSED", 132015), ("DISABLED", 132016), ("REJECTED", 132001), ("PENDING", 132001), ("APPROVED", None)],
)
def test_only_an_approved_template_is_sent(desk: Desk, status: str, code: int | None) -> None:
    """And a webhook tells when that changes."""
    change = {"waba_id": WABA, "name": "boat_leaves", "language": "en", "status": status}
    assert desk.control("PUT", "templates", change).status == 200

    assert desk.send(template("boat_leaves")).code == code
    told = [one["value"]["event"] for one in desk.told() if one["field"] == "message_template_status_update"]
    assert told == ([status] if code else [])


def test_a_template_against_the_rules_is_refused(desk: Desk) -> None:
    """132007, while it is so marked."""
    change = {"waba_id": WABA, "name": "boat_leaves", "language": "en", "code": 132007}
    desk.control("PUT", "templates", change)

    assert desk.send(template("boat_leaves")).code == 132007


def test_a_new_template_is_approved_by_a_webhook(desk: Desk) -> None:
    """After the answer that calls it pending; it is listed, described and taken away again."""
    made = desk.graph("POST", PATH, FULL).body
    (change,) = desk.told()
    assert change["field"] == "message_template_status_update"
    assert (change["value"]["event"], str(change["value"]["message_template_id"])) == ("APPROVED", made["id"])

    listed = desk.graph("GET", f"{PATH}?name=full").body
    assert ([one["id"] for one in listed["data"]], listed["summary"]["total_count"]) == ([made["id"]], 4)
    assert desk.graph("GET", f"/v25.0/{made['id']}").body["components"] == FULL["components"]
    assert desk.graph("DELETE", f"{PATH}?name=full").body == {"success": True}
    assert desk.graph("GET", f"/v25.0/{made['id']}").code == 100
    assert desk.graph("DELETE", f"{PATH}?name=full").code == 100


def test_templates_are_listed_a_page_at_a_time(desk: Desk) -> None:
    """Each page says where the next one is."""
    seen: list[str] = []
    path = f"{PATH}?limit=2"
    while path:
        page = desk.graph("GET", path).body
        seen += [one["name"] for one in page["data"]]
        path = page["paging"].get("next", "").removeprefix("http://127.0.0.1")

    assert sorted(seen) == ["autumn_offer", "boat_leaves", "sign_in"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "Not Small"}, 100),
        ({"name": None}, 100),
        ({"category": "GOSSIP"}, 100),
        ({"components": []}, 100),
        ({"components": [{"type": "POEM"}]}, 100),
        ({"components": [{"type": "BODY", "text": "{{2}}"}]}, 100),
        ({"components": [{"type": "BODY", "text": "{{name}}"}]}, 100),
        ({"parameter_format": "NAMED", "components": [{"type": "BODY", "text": "{{1}}"}]}, 100),
        ({"colour": "red"}, 100),
        ({"name": "boat_leaves", "language": "en"}, 100),
    ],
)
def test_a_wrong_template_is_refused(desk: Desk, change: dict[str, Any], code: int) -> None:
    """Also one that is there already."""
    assert desk.graph("POST", PATH, {**FULL, **change}).code == code


def test_another_account_has_no_templates_here(desk: Desk) -> None:
    """100 with subcode 33."""
    answer = desk.graph("POST", "/v25.0/77/message_templates", FULL)

    assert (answer.code, answer.body["error"]["error_subcode"]) == (100, 33)
    assert desk.send(template("full", to=AIJA)).code == 132001
