"""Webhooks: the real envelope, and everything that goes wrong on the way, until all is told in the end."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.channels.sandbox import posting
from backoffice.channels.sandbox.setup import Faults, Setup
from tests.channels.sandbox.conftest import (
    AIJA,
    AT,
    BALTIC_TOURS,
    BELLA,
    NOTICE,
    PHONE,
    SECRET,
    TEXT,
    TOKEN,
    WABA,
    Desk,
    template,
)

if TYPE_CHECKING:
    from backoffice.channels.sandbox.posting import Post


def signature(post: Post) -> str:
    """Return the signature that a post should have."""
    return "sha256=" + hmac.new(SECRET.encode(), post.raw, hashlib.sha256).hexdigest()


def due(desk: Desk) -> list[Post]:
    """Return what is due in an hour."""
    return posting.due(desk.state, desk.at + timedelta(hours=1))


def test_a_status_comes_in_the_real_envelope(desk: Desk) -> None:
    """With our data, the person, the price, and signed over the very bytes."""
    sent = desk.send(template("boat_leaves", biz_opaque_callback_data="5")).body["messages"][0]["id"]
    posts = {
        msgspec.json.decode(post.raw)["entry"][0]["changes"][0]["value"]["statuses"][0]["status"]: post
        for post in due(desk)
    }
    first = msgspec.json.decode(posts["sent"].raw)
    bsuid = first["entry"][0]["changes"][0]["value"]["contacts"][0]["user_id"]

    assert posts["sent"].signature == signature(posts["sent"])
    assert posts["sent"].path == "/whatsapp/webhook"
    assert first == {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": WABA,
                "changes": [
                    {
                        "field": "messages",
                        "value": {
                            "messaging_product": "whatsapp",
                            "metadata": {"display_phone_number": "37120000000", "phone_number_id": PHONE},
                            "contacts": [{"profile": {}, "wa_id": AIJA, "user_id": bsuid}],
                            "statuses": [
                                {
                                    "id": sent,
                                    "status": "sent",
                                    "timestamp": str(int(AT.timestamp())),
                                    "recipient_id": AIJA,
                                    "recipient_user_id": bsuid,
                                    "biz_opaque_callback_data": "5",
                                    "pricing": {
                                        "billable": True,
                                        "pricing_model": "PMP",
                                        "type": "regular",
                                        "category": "utility",
                                    },
                                }
                            ],
                        },
                    }
                ],
            }
        ],
    }


def test_an_older_version_is_told_of_conversations(desk: Desk) -> None:
    """Until v24.0, with their end in `sent` alone."""
    desk.send(template("boat_leaves"), version="v23.0")
    told = {one["value"]["statuses"][0]["status"]: one["value"]["statuses"][0]["conversation"] for one in desk.told()}

    assert {one["origin"]["type"] for one in told.values()} == {"utility"}
    assert len({one["id"] for one in told.values()}) == 1
    assert [status for status, one in told.items() if "expiration_timestamp" in one] == ["sent"]


def test_what_is_free_in_the_window_says_so(desk: Desk) -> None:
    """Words and notices are, offers aren't."""
    desk.hear()
    desk.told()
    for body in (TEXT, template("boat_leaves"), template("autumn_offer", "Aija", "Riga")):
        desk.send(body)
    told = {
        (one["pricing"]["category"], one["pricing"]["type"])
        for change in desk.told()
        for one in change["value"]["statuses"]
    }

    free = "free_customer_service"
    assert told == {("service", free), ("utility", free), ("marketing", "regular")}


def test_what_a_person_writes_is_told(desk: Desk) -> None:
    """With name, ids and context; a file can be fetched."""
    heard = desk.hear(name="Aija", type="image", image={"caption": "My ticket"}, context={"id": "wamid.a"})
    (change,) = desk.told()
    (message,) = change["value"]["messages"]

    assert change["value"]["contacts"] == [{"profile": {"name": "Aija"}, "wa_id": AIJA, "user_id": heard["user_id"]}]
    assert (message["id"], message["from"], message["from_user_id"]) == (heard["id"], AIJA, heard["user_id"])
    assert (message["type"], message["context"], message["image"]["caption"]) == (
        "image",
        {"id": "wamid.a"},
        "My ticket",
    )
    assert desk.graph("GET", f"/v25.0/{message['image']['id']}").body["sha256"] == message["image"]["sha256"]


def test_a_person_may_have_no_number(desk: Desk) -> None:
    """A business-scoped id alone, by which they are answered."""
    heard = desk.hear("", user_id="LV.77")
    (change,) = desk.told()
    body = {key: value for key, value in TEXT.items() if key != "to"}

    assert heard["user_id"] == "LV.77"
    assert change["value"]["contacts"] == [{"profile": {}, "user_id": "LV.77"}]
    assert "from" not in change["value"]["messages"][0]
    assert desk.send({**body, "recipient": "LV.77"}).status == 200
    statuses = [change["value"]["statuses"][0] for change in desk.told()]
    assert {(one["recipient_user_id"], one.get("recipient_id")) for one in statuses} == {("LV.77", None)}


@pytest.mark.parametrize(("value", "code"), [("stop", 131050), ("resume", 0)])
def test_marketing_can_be_stopped_and_resumed(desk: Desk, value: str, code: int) -> None:
    """`user_preferences` says so, and offers fail from then on."""
    for one in {"stop", value}:
        desk.control("POST", "preferences", {"phone_number_id": PHONE, "from": AIJA, "value": "stop"})
        desk.control("POST", "preferences", {"phone_number_id": PHONE, "from": AIJA, "value": one})
    told = [one["value"]["user_preferences"][0] for one in desk.told() if one["field"] == "user_preferences"]
    desk.control("POST", "preferences", {"phone_number_id": PHONE, "from": AIJA, "value": value})
    desk.told()
    desk.send(template("autumn_offer", "Aija", "Riga"))

    assert {one["value"] for one in told} == {"stop", value}
    assert {(one["category"], one["wa_id"]) for one in told} == {("marketing_messages", AIJA)}
    assert {failed for _, failed in desk.statuses()} == {code}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"code": 131031}, [("account_update", "DISABLED_UPDATE")]),
        ({"code": 131048}, [("account_update", "ACCOUNT_RESTRICTION")]),
        ({"code": 131042}, []),
        ({"quality": "RED"}, [("phone_number_quality_update", "FLAGGED")]),
        ({"tier": 250}, [("business_capability_update", None), ("phone_number_quality_update", "DOWNGRADE")]),
        ({"throughput": 2_000_000}, [("phone_number_quality_update", "THROUGHPUT_UPGRADE")]),
        ({}, []),
    ],
)
def test_what_meta_does_to_a_number_is_told(desk: Desk, change: dict[str, Any], told: list[Any]) -> None:
    """In the fields that Meta has for it."""
    assert desk.control("PUT", f"numbers/{PHONE}", change).status == 200

    heard = [(one["field"], one["value"].get("event")) for one in desk.told()]
    assert sorted(heard, key=str) == told


def test_a_batch_carries_many_events_over_entries_and_changes(desk: Desk) -> None:
    """Of all sorts at once; alone, each comes in a post of its own."""
    other = {**template("boat_leaves", to=BELLA)}
    for _ in range(10):
        desk.send(template("boat_leaves"))
        desk.send(other)
    desk.hear()
    desk.control("PUT", f"numbers/{PHONE}", {"quality": "RED"})
    assert {len(post.events) for post in due(desk)} == {1}

    desk.misbehave(batches=1, seed=3)
    posts = due(desk)
    entries = [entry for post in posts for entry in msgspec.json.decode(post.raw)["entry"]]
    assert sum(len(post.events) for post in posts) == 62
    assert max(len(msgspec.json.decode(post.raw)["entry"]) for post in posts) == 2
    assert max(len(entry["changes"]) for entry in entries) > 2
    assert max(len(change["value"].get("statuses", [])) for entry in entries for change in entry["changes"]) > 1
    assert all(post.signature == signature(post) for post in posts)


def test_a_forged_webhook_comes_before_the_right_one(desk: Desk) -> None:
    """It tells no event, so nothing is lost where it is refused."""
    desk.misbehave(forges=1)
    desk.hear()
    forged, right = due(desk)

    assert (forged.raw, forged.events) == (right.raw, ())
    assert forged.signature != signature(forged)
    assert right.signature == signature(right)


def test_delivered_may_be_left_out_and_come_after_failed(desk: Desk) -> None:
    """As it happens."""
    desk.misbehave(omits=1)
    desk.send(template("boat_leaves"))
    assert sorted(desk.statuses()) == [("read", 0), ("sent", 0)]

    desk.misbehave(revives=1, fails={AIJA: 131026})
    desk.send(template("boat_leaves"))
    assert sorted(desk.statuses()) == [("delivered", 0), ("failed", 131026)]


def test_a_webhook_that_nobody_takes_comes_later_and_later(desk: Desk) -> None:
    """For seven days of the sandbox's clock; then it is given up."""
    desk.hear()
    waits: list[float] = []
    while posts := posting.due(desk.state, desk.at):
        posting.put_off(desk.state, posts[0].events, desk.at)
        found = desk.state.memory.read("SELECT due FROM event WHERE due IS NOT NULL")
        if not found:
            break
        before, desk.at = desk.at, max(desk.at, desk.at.fromisoformat(found[0][0]))
        waits.append((desk.at - before).total_seconds())

    assert waits[:4] == [0.2, 0.4, 0.8, 1.6]
    assert sorted(waits) == waits
    assert max(waits) == 600
    assert timedelta(days=7) <= desk.at - AT < timedelta(days=7, minutes=10)
    assert desk.control("GET", "posts").body["given_up"] == 1


@given(
    st.builds(
        Faults,
        **dict.fromkeys(
            ("drops", "breaks", "repeats", "omits", "revives", "batches", "forges"), st.sampled_from([0.0, 0.3, 1.0])
        ),
        late=st.sampled_from([0.0, 5.0]),
        seed=st.integers(0, 1000),
    ),
    st.lists(st.booleans(), max_size=30),
)
@settings(max_examples=50)
def test_all_statuses_are_told_in_the_end(faults: Faults, takes: list[bool]) -> None:
    """Each once or twice, whatever goes wrong, and however often nobody takes them."""
    desk = Desk(
        Setup(path=":memory:", token=TOKEN, secret=SECRET, numbers=(BALTIC_TOURS,), templates=(NOTICE,), faults=faults)
    )
    for number in range(12):
        desk.send(template("boat_leaves", to=f"3712600000{number % 4}", biz_opaque_callback_data=str(number)))
        desk.wait(seconds=1)
    heard: Counter[tuple[str, str]] = Counter()
    for is_taken in [*takes, *[True] * 20]:
        desk.wait(minutes=20)
        for post in posting.due(desk.state, desk.at):
            if not is_taken:
                posting.put_off(desk.state, post.events, desk.at)
                continue
            posting.posted(desk.state, post.events, desk.at)
            if post.events:
                heard.update(told(post))
    accepted = {one["reference"]: one for one in desk.control("GET", "accepted").body}
    desk.state.memory.close()

    assert {reference for reference, _ in heard} == set(accepted)
    assert {(reference, "read") for reference in accepted} <= set(heard)
    assert {(reference, "sent") for reference in accepted} <= set(heard)
    assert max(heard.values(), default=1) <= 2 if faults.repeats else max(heard.values(), default=1) == 1


def told(post: Post) -> list[tuple[str, str]]:
    """Return which messages a webhook speaks of, by our data, and what it says."""
    return [
        (status["biz_opaque_callback_data"], status["status"])
        for entry in msgspec.json.decode(post.raw)["entry"]
        for change in entry["changes"]
        for status in change["value"]["statuses"]
    ]
