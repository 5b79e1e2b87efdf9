"""Numbers: one account has each at a time, and what is said of it stays said."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from backoffice.accounts import service
from backoffice.accounts.facts import gather
from backoffice.accounts.numbers import Names
from backoffice.kernel.errors import BackofficeError, Invalid, NotFound, Refused
from backoffice.plumbing.install import Install, Work
from backoffice.policy.facts import NEVER
from tests.accounts.conftest import OPERATOR, Registers, entries, kinds

RIGA = "+37126000001"
SPELLINGS = (RIGA, "00371 26000001", "+371 2600-0001", " (+371) 26 000 001 ")


async def test_a_number_is_one_however_it_is_written(work: Work, register: Registers) -> None:
    """Linking it again links the number that is there; it is shown in E.164."""
    account_id = await register()

    linked = {
        await service.link_number(work, account_id, "sms", text, "official", is_registered=True, can_receive=True)
        for text in SPELLINGS
    }

    assert len(linked) == 1
    assert [number.address for number in await service.list_numbers(work, account_id)] == [RIGA]


async def test_an_address_is_sealed(work: Work, register: Registers) -> None:
    """Neither the row nor the ledger holds it in clear."""
    account_id = await register()
    await service.link_number(work, account_id, "sms", RIGA, "official", is_registered=True, can_receive=True)
    await service.link_number(
        work, account_id, "email", "Lamp@Example.com", "official", is_registered=True, can_receive=True
    )

    stored = str(await work.connection.fetch("SELECT * FROM sender")) + str(await entries(work))
    assert "26000001" not in stored
    assert "xample" not in stored
    assert {number.address for number in await service.list_numbers(work, account_id)} == {RIGA, "lamp@example.com"}


@pytest.mark.parametrize(
    ("channel", "address", "code"),
    [
        ("sms", "112", "number_emergency"),
        ("whatsapp", "26000001", "number_no_region"),
        ("voice", "+1", "number_invalid"),
        ("sms", "lamp@example.com", "number_invalid"),
        ("sms", "9" * 300, "number_invalid"),
        ("email", RIGA, "email_invalid"),
        ("email", "a b@example.com", "email_invalid"),
        ("email", "a\n@example.com", "email_invalid"),
        ("push", "token", "app_invalid"),
        ("push", "lv..lamp", "app_invalid"),
        ("push", "lv." + "a" * 160, "app_invalid"),
        ("telex", RIGA, "channel_unknown"),
    ],
)
async def test_what_is_no_address_of_the_channel_is_refused(
    work: Work, register: Registers, channel: str, address: str, code: str
) -> None:
    """The refusal names the field and doesn't repeat the address."""
    with pytest.raises(Invalid) as refused:
        await service.link_number(
            work, await register(), channel, address, "official", is_registered=True, can_receive=True
        )
    assert refused.value.code == code
    assert address not in str(refused.value) or len(address) < 4


async def test_another_account_cannot_link_a_number_that_is_linked(install: Install) -> None:
    """Once it is let go, it can; replies then come in for the new one."""
    async with install.unit_of_work() as work:
        first = await service.register_account(work, OPERATOR, "First", "LV")
        second = await service.register_account(work, OPERATOR, "Second", "LV")
        number = await service.link_number(work, first, "sms", RIGA, "official", is_registered=True, can_receive=True)
    with pytest.raises(Refused, match="number_linked_elsewhere"):
        async with install.unit_of_work() as work:
            await service.link_number(work, second, "sms", RIGA, "official", is_registered=True, can_receive=True)

    async with install.unit_of_work() as work:
        await service.mark_number(work, first, number, is_linked=False)
        later = await service.link_number(work, second, "sms", RIGA, "official", is_registered=True, can_receive=True)
    async with install.reading() as work:
        found = await service.find_by_number(work, "sms", RIGA)
        assert found is not None
        assert (found.id, found.account_id) == (later, second)
    with pytest.raises(Refused, match="number_linked_elsewhere"):
        async with install.unit_of_work() as work:
            await service.mark_number(work, first, number, is_linked=True)


async def test_a_number_may_serve_two_channels(work: Work, register: Registers) -> None:
    """WhatsApp and SMS of one number are two senders, also of two accounts."""
    first, second = await register(), await register()

    one = await service.link_number(work, first, "sms", RIGA, "official", is_registered=True, can_receive=True)
    other = await service.link_number(work, second, "whatsapp", RIGA, "official", is_registered=True, can_receive=True)

    assert one != other


async def test_replies_find_their_account_in_every_standing(work: Work, register: Registers) -> None:
    """A stop to a number that was let go, of an account that is closed, still has an account."""
    account_id = await register()
    number = await service.link_number(work, account_id, "sms", RIGA, "official", is_registered=True, can_receive=True)
    await service.mark_number(work, account_id, number, is_linked=False, is_banned=True)
    await service.set_standing(work, account_id, "closed", "own_request")

    found = await service.find_by_number(work, "sms", "00371 26 000 001")
    assert found is not None
    assert found.account_id == account_id
    assert await service.find_by_number(work, "sms", "+37126000002") is None


async def test_a_ban_is_not_lifted_by_linking_again(work: Work, register: Registers) -> None:
    """Only who said it unsays it."""
    account_id = await register()
    number = await service.link_number(work, account_id, "sms", RIGA, "official", is_registered=None, can_receive=True)
    await service.mark_number(work, account_id, number, is_banned=True, is_registered=False, is_spoofed=True)

    await service.link_number(work, account_id, "sms", RIGA, "official", is_registered=None, can_receive=True)

    stated = (await gather(work, account_id, number, "sms")).stated
    assert stated["sender_is_banned"] is True
    assert stated["sender_is_spoofed"] is True
    assert stated["sender_is_registered"] is False


async def test_a_mark_leaves_the_rest_and_the_same_again_writes_nothing(work: Work, register: Registers) -> None:
    """One entry a change, with what changed."""
    account_id = await register()
    number = await service.link_number(work, account_id, "sms", RIGA, "official", is_registered=True, can_receive=False)

    await service.mark_number(work, account_id, number, can_receive=True, is_banned=False)
    await service.mark_number(work, account_id, number, can_receive=True)

    marked = [entry for entry in await entries(work) if entry["kind"] == "accounts:number:marked"]
    assert [(entry["can_receive"], "is_banned" in entry) for entry in marked] == [(True, False)]
    assert (await service.get_number(work, account_id, number)).is_registered is True


async def test_a_number_is_its_own_accounts_only(work: Work, register: Registers) -> None:
    """Others neither read nor mark nor send from it."""
    account_id, other_id = await register(), await register()
    number = await service.link_number(work, account_id, "sms", RIGA, "official", is_registered=True, can_receive=True)

    for act in (
        service.get_number(work, other_id, number),
        service.mark_number(work, other_id, number, is_banned=True),
        gather(work, other_id, number, "sms"),
        gather(work, account_id, number, "whatsapp"),
    ):
        with pytest.raises(NotFound, match="sender_unknown"):
            await act
    assert "accounts:number:marked" not in await kinds(work)


@pytest.mark.parametrize("known", [True, False, None])
async def test_what_nobody_said_of_a_number_is_a_gap(work: Work, register: Registers, *, known: bool | None) -> None:
    """Unknown is neither yes nor no: the fact is left out."""
    account_id = await register()
    number = await service.link_number(
        work,
        account_id,
        "sms",
        RIGA,
        "official",
        is_registered=known,
        can_receive=True,
        is_banned=known,
        is_spoofed=known,
    )

    stated = (await gather(work, account_id, number, "sms")).stated

    for fact in ("sender_is_registered", "sender_is_banned", "sender_is_spoofed"):
        assert stated.get(fact) is known


async def test_a_provider_type_is_official_or_not(work: Work, register: Registers) -> None:
    """There is no third kind."""
    with pytest.raises(BackofficeError, match="provider_type_unknown"):
        await service.link_number(work, await register(), "sms", RIGA, "grey", is_registered=True, can_receive=True)  # type: ignore[arg-type]


async def _link(work: Work, account_id: UUID, place: int, portfolio: str = "", channel: str = "whatsapp") -> UUID:
    return await service.link_number(
        *(work, account_id, channel, f"+3712600000{place}", "official"),
        is_registered=True,
        can_receive=True,
        names=Names(portfolio=portfolio),
        portfolio_room_at=NEVER,
    )


async def test_a_portfolios_room_is_that_of_all_its_numbers_and_of_no_other(work: Work, register: Registers) -> None:
    """Also of another account's number in it, and of one that joins later; each that changes is an entry of its own."""
    first, second = await register(), await register()
    mine, theirs = await _link(work, first, 1, "waba-7"), await _link(work, second, 2, "waba-7")
    others = [await _link(work, first, 3), await _link(work, first, 4, "waba-7", "sms"), await _link(work, second, 5)]
    room_at = work.at + timedelta(hours=1)
    for _ in range(2):
        await service.mark_portfolio(work, first, mine, room_at)
    joined = await _link(work, second, 6, "waba-7")

    rows = await work.connection.fetch("SELECT id, portfolio_room_at FROM sender")
    room = {row["id"]: row["portfolio_room_at"] for row in rows}
    assert {room[one] for one in (mine, theirs, joined)} == {room_at}
    assert {room[one] for one in others} == {NEVER}
    marked = [entry for entry in await entries(work) if entry["kind"] == "accounts:number:marked"]
    assert {entry["sender"] for entry in marked} == {str(mine), str(theirs)}
    assert len(marked) == 2
    stated = (await gather(work, second, theirs, "whatsapp")).stated
    assert stated["portfolio_room_at"] == room_at


async def test_numbers_of_which_nobody_names_the_portfolio_share_one_in_their_account(
    work: Work, register: Registers
) -> None:
    """The strict reading: another account's are in another."""
    first, second = await register(), await register()
    one, same, other = await _link(work, first, 1), await _link(work, first, 2), await _link(work, second, 3)

    await service.mark_portfolio(work, first, one, work.at)

    numbers = [*await service.list_numbers(work, first), *await service.list_numbers(work, second)]
    assert {number.id: number.portfolio_room_at for number in numbers} == {one: work.at, same: work.at, other: NEVER}


async def test_a_portfolios_name_is_a_code(work: Work, register: Registers) -> None:
    """It could hold a person's value else."""
    with pytest.raises(Invalid, match="provider_name_invalid"):
        await _link(work, await register(), 1, "Anna Ozola")


async def test_linking_again_lifts_no_halt(work: Work, register: Registers) -> None:
    """Only the provider can; what nobody said of it is a gap."""
    account_id = await register()
    number = await _link(work, account_id, 1)
    assert "sender_is_halted" not in (await gather(work, account_id, number, "whatsapp")).stated
    await service.mark_number(work, account_id, number, is_halted=True)
    await _link(work, account_id, 1)

    assert (await gather(work, account_id, number, "whatsapp")).stated["sender_is_halted"] is True
