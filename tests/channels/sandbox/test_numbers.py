"""Numbers and media: what the API tells of a number, whom it bars, and which files it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backoffice.channels.sandbox import numbers
from tests.channels.sandbox.conftest import AIJA, BELLA, PHONE, TEXT, WABA, template

if TYPE_CHECKING:
    from tests.channels.sandbox.conftest import Answer, Desk

BARRING = f"/v25.0/{PHONE}/block_users"


def bar(desk: Desk, *people: str, method: str = "POST", **other: Any) -> Answer:  # noqa: ANN401
    """Bar persons from a number, or let them again."""
    named = [{"user": one} if one[:1].isdigit() else {"user_id": one} for one in people]
    return desk.graph(method, BARRING, {"messaging_product": "whatsapp", "block_users": named, **other})


def upload(desk: Desk, form: str = "image/png", content: bytes = b"\x89PNG", product: str = "whatsapp") -> Answer:
    """Upload a file."""
    pieces = [
        b'Content-Disposition: form-data; name="messaging_product"\r\n\r\n' + product.encode(),
        b'Content-Disposition: form-data; name="file"; filename="a b.png"\r\nContent-Type: '
        + form.encode()
        + b"\r\n\r\n"
        + content,
    ]
    raw = b"".join(b"--line\r\n" + piece + b"\r\n" for piece in pieces) + b"--line--\r\n"
    return desk.graph("POST", f"/v25.0/{PHONE}/media", raw, content_type="multipart/form-data; boundary=line")


def test_a_number_tells_what_is_asked(desk: Desk) -> None:
    """Its quality, throughput and messaging limit."""
    fields = "quality_score,throughput,whatsapp_business_manager_messaging_limit,colour"
    told = {
        "quality_score": {"score": "GREEN"},
        "throughput": {"level": "HIGH"},
        "whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED",
        "id": PHONE,
    }
    assert desk.graph("GET", f"/v25.0/{PHONE}?fields={fields}").body == told

    desk.control("PUT", f"numbers/{PHONE}", {"quality": "RED", "tier": 2000, "throughput": 20, "code": 131031})
    changed = desk.graph("GET", f"/v25.0/{PHONE}?fields={fields},status").body
    assert (changed["quality_score"]["score"], changed["status"]) == ("RED", "BANNED")
    assert (changed["throughput"]["level"], changed["whatsapp_business_manager_messaging_limit"]) == (
        "STANDARD",
        "TIER_2K",
    )
    unasked = desk.graph("GET", f"/v25.0/{PHONE}").body
    assert unasked["display_phone_number"] == "+37120000000"
    assert desk.graph("GET", f"/v25.0/{WABA}/phone_numbers").body == {"data": [unasked]}


def test_only_who_wrote_lately_can_be_barred(desk: Desk) -> None:
    """Each has an own answer; who is barred isn't heard and can't be written to."""
    desk.hear(AIJA)
    mixed = bar(desk, AIJA, BELLA, "12")
    assert (mixed.status, mixed.code) == (400, 139100)
    assert [one["wa_id"] for one in mixed.body["block_users"]["added_users"]] == [AIJA]
    failed = [(one["input"], one["errors"][0]["code"]) for one in mixed.body["block_users"]["failed_users"]]
    assert failed == [(BELLA, 131047), ("12", 131047)]

    desk.told()
    desk.hear(AIJA)
    assert desk.told() == []
    assert desk.send(TEXT).code == 131026
    assert [one["wa_id"] for one in desk.graph("GET", BARRING).body["data"]] == [AIJA]

    assert bar(desk, AIJA, method="DELETE").body["block_users"]["removed_users"][0]["wa_id"] == AIJA
    assert desk.graph("GET", BARRING).body["data"] == []
    assert desk.send(template("boat_leaves")).status == 200


def test_the_business_is_no_person(desk: Desk) -> None:
    """131021 for one's own number."""
    told = bar(desk, "37120000000").body["block_users"]["failed_users"]

    assert told[0]["errors"][0]["code"] == 131021


def test_a_business_scoped_id_can_be_barred(desk: Desk) -> None:
    """As a number can."""
    bsuid = desk.hear()["user_id"]

    assert bar(desk, bsuid).body["block_users"]["added_users"] == [{"input": bsuid, "wa_id": AIJA, "user_id": bsuid}]


def test_barring_has_limits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """1,000 a request, 64,000 in all; a page tells where the next is."""
    assert (numbers.MOST_AT_ONCE, numbers.MOST_BARRED) == (1_000, 64_000)
    assert bar(desk, *[f"371260{n:05}" for n in range(1001)]).code == 130429
    monkeypatch.setattr(numbers, "MOST_BARRED", 3)
    people = [f"3712600000{n}" for n in range(4)]
    for person in people:
        desk.hear(person)

    assert bar(desk, *people).code == 139100
    assert bar(desk, people[3]).code == 139101
    page = desk.graph("GET", f"{BARRING}?limit=2").body
    assert [one["wa_id"] for one in page["data"]] == people[:2]
    rest = desk.graph("GET", page["paging"]["next"].removeprefix("http://127.0.0.1")).body
    assert [one["wa_id"] for one in rest["data"]] == people[2:3]
    assert "next" not in rest["paging"]


def test_a_file_is_sent_by_its_id(desk: Desk) -> None:
    """From the number that it was uploaded to."""
    media_id = upload(desk).body["id"]
    told = desk.graph("GET", f"/v25.0/{media_id}").body
    assert (told["mime_type"], told["file_size"], told["id"]) == ("image/png", 4, media_id)
    assert desk.graph("GET", told["url"].removeprefix("http://127.0.0.1")).body == b"\x89PNG"
    assert desk.graph("GET", told["url"].removeprefix("http://127.0.0.1"), authorization="").code == 190

    image = {**TEXT, "type": "image", "image": {"id": media_id}}
    del image["text"]
    assert desk.send(image).status == 200
    assert desk.graph("DELETE", f"/v25.0/{media_id}?phone_number_id=1").code == 100
    assert desk.graph("DELETE", f"/v25.0/{media_id}").body == {"success": True}
    assert desk.graph("GET", f"/v25.0/{media_id}").code == 100
    assert desk.send(image).code == 100


@pytest.mark.parametrize(
    ("form", "content", "product", "code"),
    [
        ("image/tiff", b"a", "whatsapp", 100),
        ("image/png", b"a", "sms", 100),
        ("image/png", b"a" * (5 << 20 | 1), "whatsapp", 131053),
    ],
)
def test_not_every_file_is_taken(desk: Desk, form: str, content: bytes, product: str, code: int) -> None:
    """By its form and size."""
    assert upload(desk, form, content, product).code == code


@pytest.mark.parametrize(
    "raw", [b"", b"--line--", b'--line\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n--line--']
)
def test_a_form_that_lacks_something_is_refused(desk: Desk, raw: bytes) -> None:
    """By the parameter's name."""
    path, form = f"/v25.0/{PHONE}/media", "multipart/form-data; boundary=line"

    assert desk.graph("POST", path, raw, content_type=form).code == 100
    assert desk.graph("POST", path, raw, content_type="application/json").code == 100
