"""The road of a single send, from the request to the ledger, through the web part."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from backoffice.accounts.service import issue_key
from backoffice.audit import sequencer
from backoffice.plumbing.install import Install
from tests.cast import ANNA, BORISS, DECLARED, know, open_shop
from tests.roads.conftest import Asking


def offer(shop_sender: UUID, to: str = ANNA) -> dict[str, Any]:
    """Ask for the shop's offer to be sent."""
    return {
        "channel": "whatsapp",
        "sender_id": str(shop_sender),
        "to": to,
        "purpose": "marketing",
        "topic": "lamps",
        "template": {"name": "autumn_lamps", "language": "en"},
        "declared": msgspec.to_builtins(DECLARED),
    }


async def test_a_send_is_decided_recorded_and_proved(install: Install, asking: Asking) -> None:
    """202 with the decision; read again it is the same; sealed, its proof file can be fetched."""
    async with install.unit_of_work() as work:
        await know(work, asking.shop, ANNA)

    made = await asking.post("/v1/sends", offer(asking.shop.sender_id), key="one")
    assert made.status_code == 202, made.text
    told = made.json()
    assert (told["verdict"], told["state"], told["reasons"]) == ("allow", "queued", [])

    read = (await asking.http.get(f"/v1/sends/{told['id']}")).json()
    assert {name: read[name] for name in told} == told
    assert (await asking.http.get(f"/v1/decisions/{told['decision_id']}/proof")).status_code == 503
    await sequencer.seal_now(install)
    proof = await asking.http.get(f"/v1/decisions/{told['decision_id']}/proof")
    assert proof.status_code == 200
    assert proof.text.startswith("c2sp.org/tlog-proof@v1\n")


async def test_the_same_key_has_one_effect_and_one_answer(install: Install, asking: Asking) -> None:
    """The second time nothing is sent, and the bytes are the same; another body under the key is refused."""
    async with install.unit_of_work() as work:
        await know(work, asking.shop, ANNA)
    first = await asking.post("/v1/sends", offer(asking.shop.sender_id), key="one")
    again = await asking.post("/v1/sends", offer(asking.shop.sender_id), key="one")
    other = await asking.post("/v1/sends", offer(asking.shop.sender_id, BORISS), key="one")

    assert (again.status_code, again.content) == (202, first.content)
    assert other.status_code == 422
    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT count(*) FROM send") == 1


async def test_a_refusal_says_why_in_the_callers_language(asking: Asking) -> None:
    """A person who never agreed: denied, with the clause and what can be done, in Latvian."""
    body = offer(asking.shop.sender_id, BORISS)
    made = await asking.http.post("/v1/sends", json=body, headers={"Idempotency-Key": "lv", "Accept-Language": "lv"})

    told = made.json()
    assert (made.status_code, told["verdict"], told["state"]) == (202, "deny", "denied")
    assert all(reason["citation"] for reason in told["reasons"])
    listed = (await asking.http.get("/v1/sends?state=denied", headers={"Accept-Language": "lv"})).json()
    assert listed["sends"][0]["reasons"] == told["reasons"]


async def test_a_dry_run_says_the_same_and_leaves_nothing(install: Install, asking: Asking) -> None:
    """Nothing is written, not even the contact."""
    tried = await asking.http.post("/v1/decisions/dry-run", json=offer(asking.shop.sender_id, BORISS))

    assert tried.status_code == 200, tried.text
    assert tried.json()["verdict"] == "deny"
    async with install.reading() as work:
        for table in ("send", "decision", "contact"):
            assert await work.connection.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_another_accounts_send_is_as_good_as_none(install: Install, asking: Asking) -> None:
    """Reading, stopping and proving another's send answer like one that never was."""
    async with install.unit_of_work() as work:
        await know(work, asking.shop, ANNA)
        other = await open_shop(work, number="+37129999902")
        stranger = await issue_key(work, other.account_id)
    made = (await asking.post("/v1/sends", offer(asking.shop.sender_id), key="one")).json()
    headers = {"Authorization": f"Bearer {stranger}", "Idempotency-Key": "x"}

    for method, path in (
        ("GET", f"/v1/sends/{made['id']}"),
        ("POST", f"/v1/sends/{made['id']}/stop"),
        ("GET", f"/v1/decisions/{made['decision_id']}"),
        ("GET", f"/v1/decisions/{made['decision_id']}/proof"),
    ):
        assert (await asking.http.request(method, path, headers=headers)).status_code == 404, path


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"to": "12"}, "to"),
        ({"text": "", "template": None}, "text"),
        ({"sender_id": "x"}, "sender_id"),
        ({"secret": 1}, ""),
        ({"send_at": "2026-11-20"}, "send_at"),
        ({"send_at": "2036-11-20T00:00:00Z"}, "send_at"),
        ({"sender_id": "019a3cb9-6000-7000-8000-000000000001"}, ""),
    ],
)
async def test_bad_input_is_refused_by_its_field(asking: Asking, changed: dict[str, Any], field: str) -> None:
    """A clear 4xx that names the field, and nothing is written."""
    body = offer(asking.shop.sender_id) | changed
    made = await asking.post("/v1/sends", body, key="bad")

    assert 400 <= made.status_code < 500, made.text
    assert made.headers["content-type"] == "application/problem+json"
    if field:
        assert field in {error["field"] for error in made.json()["errors"]}, made.text
