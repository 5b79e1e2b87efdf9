"""A person's yes and no: recorded once, ended for good, and a stop before which nobody is too late."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from backoffice.consent.evidence import FormCopy, InboundMessage
from backoffice.consent.service import (
    EVERYWHERE,
    Claim,
    get_receipt,
    list_consents,
    list_stops,
    record_consent,
    suppress,
    suppress_address,
    withdraw,
)
from backoffice.contacts.addresses import Wanted, person_token
from backoffice.contacts.persons import ContactRef
from backoffice.contacts.service import add_contact
from backoffice.kernel.errors import Invalid, NotFound
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.locks import hold_persons
from backoffice.plumbing.vault.store import destroy_subject
from tests.contacts.rooms import entries, register

ANNA = "+37126000001"
SUMMER, AUTUMN = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
WORDS = "Baltic Lamp may send me offers on WhatsApp."
FORM = FormCopy(
    id="checkout 2026",
    file_sha256="5a" * 32,
    words=WORDS,
    control_state="unticked",
    channels=frozenset({"whatsapp"}),
    purposes=frozenset({"marketing"}),
)
CLAIM = Claim(words=WORDS, sender="Baltic Lamp", given_at=SUMMER, method="tick box", form=FORM)


async def _anna(work: Work) -> tuple[UUID, ContactRef]:
    account_id = await register(work)
    return account_id, await add_contact(work, account_id, Wanted("phone", ANNA))


async def test_a_consent_is_recorded_with_the_grade_that_its_proof_reaches(work: Work) -> None:
    """A form makes B, a received message A, a claim alone D."""
    account_id, anna = await _anna(work)
    message = InboundMessage(channel="whatsapp", address=ANNA, at=AUTUMN, words="Yes, send me offers")

    recorded = [
        (await record_consent(work, account_id, anna.id, claim))[0].row.grade
        for claim in (CLAIM, Claim(words=WORDS, sender="Baltic Lamp", message=message), replace(CLAIM, form=None))
    ]

    assert recorded == ["B", "A", "D"]


async def test_one_act_is_recorded_once(work: Work) -> None:
    """Recorded again it is on record already, and the ledger is told once."""
    account_id, anna = await _anna(work)

    first = await record_consent(work, account_id, anna.id, CLAIM)
    again = await record_consent(work, account_id, anna.id, CLAIM)

    assert (len(first), again) == (1, [])
    assert len(await list_consents(work, account_id, anna.id)) == 1
    (told,) = await entries(work, "consent:")
    assert (told["kind"], told["consent"]) == ("consent:consent:recorded", str(first[0].row.id))
    assert told["person"] == anna.commitment.hex()
    assert "Baltic" not in str(told)


async def test_a_receipt_shows_the_words_that_are_stored_sealed(work: Work) -> None:
    """Proof for the account, nothing for who reads the database."""
    account_id, anna = await _anna(work)
    (recorded,) = await record_consent(work, account_id, anna.id, CLAIM)

    told, shown = await get_receipt(work, account_id, recorded.row.id)

    assert (shown.words, shown.method, shown.form) == (WORDS, "tick box", FORM)
    assert told.wording.covers("whatsapp", "marketing")
    assert WORDS.encode() not in (recorded.row.evidence or b"")
    with pytest.raises(NotFound):
        await get_receipt(work, await register(work, name="Other Lamp"), recorded.row.id)


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        (replace(CLAIM, given_at=datetime(2030, 1, 1, tzinfo=UTC)), "date_in_future"),
        (replace(CLAIM, given_at=datetime(1970, 1, 1, tzinfo=UTC)), "date_too_early"),
        (Claim(sender="Baltic Lamp", method="tick box"), "consent_claims_nothing"),
    ],
)
async def test_a_claim_of_nothing_or_of_tomorrow_is_refused(work: Work, claim: Claim, code: str) -> None:
    """Before anything of it is stored."""
    account_id, anna = await _anna(work)

    with pytest.raises(Invalid) as refused:
        await record_consent(work, account_id, anna.id, claim)

    assert refused.value.code == code


async def test_withdrawing_ends_every_consent_of_the_same_matter(work: Work) -> None:
    """Who takes back offers on WhatsApp takes them back however often they were agreed to, and nothing else."""
    account_id, anna = await _anna(work)
    updates = "Baltic Lamp may send me order updates by SMS."
    other = replace(FORM, id="o", words=updates, channels=frozenset({"sms"}), purposes=frozenset({"transactional"}))
    (older,) = await record_consent(work, account_id, anna.id, CLAIM)
    (newer,) = await record_consent(work, account_id, anna.id, replace(CLAIM, given_at=AUTUMN))
    (apart,) = await record_consent(work, account_id, anna.id, replace(CLAIM, words=updates, form=other))

    ended = await withdraw(work, account_id, newer.row.id)

    assert set(ended) == {older.row.id, newer.row.id}
    assert await withdraw(work, account_id, newer.row.id) == []
    standing = [told.row.id for told in await list_consents(work, account_id, anna.id) if not told.row.withdrawn_at]
    assert standing == [apart.row.id]
    assert [entry["kind"] for entry in await entries(work, "consent:consent:withdrawn")] == [
        "consent:consent:withdrawn"
    ]


async def test_a_withdrawal_is_no_opt_out_and_an_opt_out_no_withdrawal(work: Work) -> None:
    """Each leaves the other's record alone."""
    account_id, anna = await _anna(work)
    (consent,) = await record_consent(work, account_id, anna.id, CLAIM)

    await withdraw(work, account_id, consent.row.id)
    assert await list_stops(work, account_id, ANNA) == []
    (later,) = await record_consent(work, account_id, anna.id, replace(CLAIM, given_at=work.at))
    await suppress_address(work, account_id, ANNA)

    on_record = {told.row.id: told.row.withdrawn_at for told in await list_consents(work, account_id, anna.id)}
    assert on_record == {consent.row.id: work.at, later.row.id: work.at}  # given at the moment of the withdrawal


async def test_a_consent_from_before_a_withdrawal_is_recorded_as_withdrawn(work: Work) -> None:
    """Handing in an old form revives nothing; what the person agreed to later counts."""
    account_id, anna = await _anna(work)
    (consent,) = await record_consent(work, account_id, anna.id, CLAIM)
    await withdraw(work, account_id, consent.row.id, AUTUMN)

    (old,) = await record_consent(work, account_id, anna.id, replace(CLAIM, given_at=AUTUMN - timedelta(days=1)))
    (new,) = await record_consent(work, account_id, anna.id, replace(CLAIM, given_at=AUTUMN + timedelta(days=1)))

    assert (old.row.withdrawn_at, new.row.withdrawn_at) == (AUTUMN, None)


async def test_a_stop_is_recorded_once_and_the_latest_of_its_matter_stands(work: Work) -> None:
    """The same or an older one changes nothing; a later one is a record of its own; another matter is another stop."""
    account_id = await register(work)
    token = person_token(work.vault, ANNA)

    async def stop(at: datetime, scope: str = "all") -> UUID:
        return await suppress(work, token, account_id=account_id, scope=scope, reason="reply", at=at)

    first = await stop(SUMMER)
    assert await stop(SUMMER) == first
    assert await stop(SUMMER - timedelta(days=1)) == first
    later = await stop(AUTUMN)
    apart = await stop(SUMMER, "marketing")

    on_record = [row.id for row in await list_stops(work, account_id, "+371 26 000 001")]
    assert (on_record[0], set(on_record)) == (later, {first, later, apart})
    told = await entries(work, "consent:suppression:added")
    assert sorted(entry["suppression"] for entry in told) == sorted(map(str, (first, later, apart)))
    assert token.hex() not in str(told)


async def test_a_stop_outlives_the_contact_and_its_key(work: Work) -> None:
    """It names nobody and is found by the token of whoever asks again."""
    account_id, anna = await _anna(work)
    stop = await suppress_address(work, account_id, ANNA)

    await destroy_subject(work.connection, anna.id, work.at)
    await work.connection.execute("DELETE FROM contact WHERE id = $1", anna.id)
    await work.connection.execute("DELETE FROM consent WHERE contact_id = $1", anna.id)

    again = await add_contact(work, account_id, Wanted("phone", ANNA))
    assert again.token == anna.token
    assert [row.id for row in await list_stops(work, account_id, ANNA)] == [stop]


async def test_of_a_person_who_was_erased_nothing_is_recorded_or_shown(work: Work) -> None:
    """There is no key to seal or open it with."""
    account_id, anna = await _anna(work)
    (consent,) = await record_consent(work, account_id, anna.id, CLAIM)
    await destroy_subject(work.connection, anna.id, work.at)

    for asked in (
        get_receipt(work, account_id, consent.row.id),
        record_consent(work, account_id, anna.id, replace(CLAIM, given_at=AUTUMN)),
    ):
        with pytest.raises(NotFound) as refused:
            await asked
        assert refused.value.code == "contact_erased"


async def test_a_stop_of_one_account_is_nobody_elses_and_one_of_all_is_everybodys(work: Work) -> None:
    """Another account neither is bound by it nor learns of it."""
    one, other = await register(work), await register(work, name="Other Lamp")
    own = await suppress_address(work, one, ANNA)
    everywhere = await suppress(work, person_token(work.vault, ANNA), reason="portal")

    assert {row.id for row in await list_stops(work, one, ANNA)} == {own, everywhere}
    assert [(row.id, row.account_id) for row in await list_stops(work, other, ANNA)] == [(everywhere, EVERYWHERE)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scope": "some"}, "scope"),
        ({"channel": "fax"}, "channel"),
        ({"scope": "topic"}, "topic"),
        ({"topic": "lamps"}, "topic"),
        ({"scope": "topic", "topic": "x" * 81}, "topic"),
        ({"reason": "mood"}, "reason"),
        ({"at": datetime(2030, 1, 1, tzinfo=UTC)}, "at"),
    ],
)
async def test_a_stop_that_cannot_be_meant_is_refused_with_its_field(
    work: Work, wrong: dict[str, object], field: str
) -> None:
    """A stop nobody can read would stop nothing."""
    with pytest.raises(Invalid) as refused:
        await suppress(work, bytes(16), **{"reason": "reply", **wrong})  # type: ignore[arg-type]

    assert refused.value.data["field"] == field


async def _waits(install: Install) -> None:
    """Return once somebody waits for a person's lock; fail when nobody ever does."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with install.reading() as work:
        for _ in range(20_000):
            if await work.connection.fetchval(waiting):
                return
    pytest.fail("nobody waits")


async def test_a_stop_waits_for_who_is_about_to_send_and_nobody_starts_before_it_has_committed(
    install: Install,
) -> None:
    """Whoever shares the person's lock has sent before the stop; whoever takes it later sees the stop."""
    async with install.unit_of_work() as work:
        account_id = await register(work)
        token = person_token(work.vault, ANNA)
    happened: list[str] = []
    outside = copy_context()  # a task of its own isn't in our unit of work

    async def stop() -> None:
        async with install.unit_of_work() as work:
            await suppress(work, token, account_id=account_id, reason="reply")
        happened.append("stopped")

    async def look() -> int:
        async with install.unit_of_work() as work:
            await hold_persons(work.connection, [token])
            return len(await list_stops(work, account_id, ANNA))

    async with install.unit_of_work() as sending:
        await hold_persons(sending.connection, [token])
        stopping = asyncio.create_task(stop(), context=outside.copy())
        await _waits(install)
        looking = asyncio.create_task(look(), context=outside.copy())
        assert await list_stops(sending, account_id, ANNA) == []
        happened.append("sent")

    await stopping
    assert happened == ["sent", "stopped"]
    assert await looking == 1


async def test_twenty_stops_of_one_person_at_once_are_one_record(install: Install) -> None:
    """A provider that calls back twenty times is heard once."""
    async with install.unit_of_work() as work:
        account_id = await register(work)

    async def stop() -> UUID:
        async with install.unit_of_work() as work:
            return await suppress_address(work, account_id, ANNA, at=AUTUMN)

    assert len(set(await asyncio.gather(*(stop() for _ in range(20))))) == 1
