"""Failures that the provider tells nobody, written out in its form: with the decision's reasons, or with a code."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest

from backoffice.billing.service import lock_lots
from backoffice.consent.service import suppress
from backoffice.contacts.persons import ContactRef
from backoffice.delivery.dropin.failing import draft_in, written
from backoffice.delivery.wamid import wamid_of
from backoffice.kernel.errors import BackofficeError, NotFound
from backoffice.notices import service as notices
from backoffice.plumbing.install import Work
from backoffice.plumbing.vault.store import destroy_subject, load_subjects
from backoffice.relay.announcing import Draft, Turn, announce
from backoffice.relay.sending import payload
from backoffice.relay.service import Letter, release_sends, send, stop
from tests.cast import ANNA, Shop, hold_registers, know, open_shop
from tests.delivery.webhooks import NAMES
from tests.notices.places import URL, WORD


class Sent(NamedTuple):
    """A shop that is told in the provider's form, and a send of it to Anna, queued."""

    shop: Shop
    anna: ContactRef
    send_id: UUID


@pytest.fixture
async def sent(work: Work) -> Sent:
    """A send with the account's own word."""
    await hold_registers(work)
    shop = await open_shop(work, names=NAMES)
    anna = await know(work, shop, ANNA)
    await notices.register(work, shop.account_id, "cloud_api", URL, challenge=WORD)
    lots = await lock_lots(work, {(shop.account_id, "whatsapp")})
    letter = Letter(anna.id, payload("", message={"type": "template"}, tag="order 7"))
    (recorded,) = await send(work, shop.errand, [letter], lots)
    return Sent(shop, anna, recorded.send_id)


async def _told(work: Work, account_id: UUID) -> list[Any]:
    """Return what the shop's program is told, written out."""
    subject = (await load_subjects(work.connection, work.vault, [account_id]))[account_id]
    rows = await work.connection.fetch("SELECT id, body FROM webhook_delivery ORDER BY id")
    drafts = [draft_in(subject.open(notices.BODY, row["id"], row["body"])) for row in rows]
    return [msgspec.json.decode(await written(work, account_id, draft)) for draft in drafts if draft]


def _status(body: Any) -> Any:  # noqa: ANN401  # JSON
    return body["entry"][0]["changes"][0]["value"]["statuses"][0]


async def test_a_send_that_is_denied_later_fails_with_its_reasons(work: Work, sent: Sent) -> None:
    """Under our id, to the person's number, with the account's own word."""
    await work.connection.execute("UPDATE send SET state = 'held', verdict = 'hold' WHERE id = $1", sent.send_id)
    await suppress(work, sent.anna.token, account_id=sent.shop.account_id, scope="all", reason="reply", at=work.at)
    await release_sends(work, [(sent.send_id, sent.shop.account_id, "whatsapp")])
    (body,) = await _told(work, sent.shop.account_id)
    status = _status(body)

    assert body["object"] == "whatsapp_business_account"
    assert body["entry"][0]["id"] == NAMES.account
    value = body["entry"][0]["changes"][0]["value"]
    assert value["metadata"] == {"display_phone_number": "37129999901", "phone_number_id": NAMES.code}
    assert value["contacts"] == [{"profile": {}, "wa_id": ANNA[1:]}]
    assert (status["id"], status["status"], status["recipient_id"]) == (wamid_of(sent.send_id), "failed", ANNA[1:])
    assert status["biz_opaque_callback_data"] == "order 7"
    (error,) = status["errors"]
    assert error["code"] == 131050
    assert "decision_id=" in error["error_data"]["details"]


async def test_a_send_that_is_stopped_fails(work: Work, sent: Sent) -> None:
    """By a code after which nothing is sent again."""
    await stop(work, sent.shop.account_id, [sent.send_id], by="account")
    (body,) = await _told(work, sent.shop.account_id)

    assert [error["code"] for error in _status(body)["errors"]] == [131005]


@pytest.mark.parametrize(
    ("code", "reason", "told"),
    [(131026, "refused", 131026), (132000, "refused", 132000), (0, "outcome_unknown", 131026), (0, "stopped", 131005)],
)
async def test_what_the_provider_refused_is_told_by_its_code(
    work: Work, sent: Sent, code: int, reason: str, told: int
) -> None:
    """And by one of ours where it gave none."""
    draft = Draft(send_id=sent.send_id, at=work.at, code=code, reason=reason)
    (error,) = _status(msgspec.json.decode(await written(work, sent.shop.account_id, draft)))["errors"]

    assert error["code"] == told
    assert all(error[name] for name in ("title", "message", "error_data"))


async def test_other_turns_are_no_failure(work: Work, sent: Sent) -> None:
    """What goes on is told by the provider itself."""
    await announce(work, [Turn(sent.shop.account_id, sent.send_id, state, None) for state in ("queued", "held")])

    assert await _told(work, sent.shop.account_id) == []


async def test_of_an_erased_person_nothing_can_be_written_out(work: Work, sent: Sent) -> None:
    """Nor of another account's send."""
    draft = Draft(send_id=sent.send_id, at=work.at, code=131026)
    with pytest.raises(NotFound):
        await written(work, sent.anna.id, draft)
    await destroy_subject(work.connection, sent.anna.id, work.at)
    with pytest.raises(BackofficeError, match="subject_key_destroyed"):
        await written(work, sent.shop.account_id, draft)


def test_a_body_of_the_providers_own_is_no_draft() -> None:
    """It is posted as it stands."""
    for body in (b'{"object":"x","entry":[]}', b'{"type":"failed"}', b"[]", b'{"type":"other","send_id":"x"}'):
        assert draft_in(body) is None
