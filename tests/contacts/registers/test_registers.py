"""Public registers: read as their keepers write them, replaced whole or not at all, and known by their age."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.contacts.cells import FIRST_ACT
from backoffice.contacts.domains import CARRIER_DOMAINS, domain_token
from backoffice.contacts.facts import registers
from backoffice.contacts.registers import store
from backoffice.contacts.registers.law import OTHERS, Asker, Told, askers_of, tell
from backoffice.contacts.registers.reading import BATCH, Reading
from backoffice.contacts.registers.replacing import replace_register
from backoffice.contacts.registers.store import Held, Listed
from backoffice.contacts.service import record_register
from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.install import Work
from backoffice.plumbing.policies import library
from tests.contacts.rooms import entries

DAY = timedelta(days=1)
DNC = "phone\n512,5550100\n5125550101\n(512) 555-0102\n+1 512 555 0103,2026-01-02\n512|5550104\n"


async def read(work: Work, name: str, folder: Path, *texts: str) -> tuple[Reading, list[Listed]]:
    """Read a register of these files."""
    paths = []
    for place, text in enumerate(texts):
        paths.append(folder / f"{place}.txt")
        paths[-1].write_text(text, encoding="utf-8")
    reading = Reading(name, paths, work.vault, work.at)
    return reading, [one async for batch in reading.batches() for one in batch]


async def batches(*listed: Listed) -> AsyncIterator[Sequence[Listed]]:
    """Hand out listings one by one."""
    for one in listed:
        yield [one]


async def since(work: Work, name: str) -> dict[bytes, datetime]:
    """Return who stands in a register, since when."""
    rows = await work.connection.fetch("SELECT token, since FROM listing WHERE register = $1", name)
    return dict(map(tuple, rows))


async def test_a_do_not_call_list_is_read_in_every_spelling(work: Work, tmp_path: Path) -> None:
    """Area code and number apart or in one, over several files; a header is nobody; a date says since when."""
    reading, listed = await read(work, "us_dnc", tmp_path, DNC, "5125550105\n\n512\n" + "5125550106\n" * 100)
    numbers = {work.vault.token("phone", f"+1512555010{place}"): place for place in range(7)}

    assert [numbers[token] for token, _ in listed[:6]] == [0, 1, 2, 3, 4, 5]
    assert [at for _, at in listed[:6]] == [None, None, None, datetime(2026, 1, 1, 10, tzinfo=UTC), None, None]
    assert (reading.lines, reading.unreadable) == (107, 1)
    assert [(one.file, one.line, one.reason) for one in reading.faults] == [("1.txt", 3, "number_invalid")]


async def test_carriers_domains_are_read_as_domains(work: Work, tmp_path: Path) -> None:
    """With or without the sign before them, in any case; what is none is told."""
    reading, listed = await read(
        work, CARRIER_DOMAINS, tmp_path, "Domain\n" + "TXT.Example.net\n@vtext.example.com\n" * 99 + "none"
    )

    assert {token for token, _ in listed} == {
        domain_token(work.vault, "txt.example.net"),
        domain_token(work.vault, "vtext.example.com"),
    }
    assert [one.line for one in reading.faults] == [200]


async def test_a_register_of_mail_addresses_is_one_of_mail_addresses(work: Work, tmp_path: Path) -> None:
    """As Azerbaijan's."""
    _, listed = await read(work, "az_mail", tmp_path, "Anna@Example.com;2026-01-02\n")

    assert listed == [(work.vault.token("email", "anna@example.com"), datetime(2026, 1, 1, 10, tzinfo=UTC))]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "file_empty"),
        ("phone\n", "register_empty"),
        ("nobody\nno one\n", "register_empty"),
        ("5125550100\n" * 98 + "x1\nx2\n", "register_unreadable"),
        ("<xml><number>1</number></xml>\n", "register_empty"),
    ],
)
async def test_a_file_that_is_another_is_refused(work: Work, tmp_path: Path, text: str, code: str) -> None:
    """Empty, a header alone, words, more than one line in a hundred unreadable."""
    with pytest.raises(Invalid) as refused:
        await read(work, "us_dnc", tmp_path, text)

    assert refused.value.code == code


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Cells of any kind; nothing raises."""
    reading = Reading("us_dnc", [], None, datetime(2026, 11, 20, tzinfo=UTC))  # type: ignore[arg-type]  # no number in it
    reading._token = lambda cell: cell.encode()  # type: ignore[method-assign]  # what a vault would do

    assert all(token for token, _ in reading._entry("x", 1, [cell for cell in text.split(",") if cell]))


async def test_a_copy_takes_the_place_of_the_one_before(work: Work) -> None:
    """Who is on it no longer is gone; who has no date counts from the copy in which they did not stand."""
    first, second = work.at - 9 * DAY, work.at - 2 * DAY
    await replace_register(work, "us_dnc", first, batches((b"a", None), (b"b", first - DAY), (b"c", None)))
    await replace_register(work, "us_dnc", second, batches((b"a", None), (b"b", first), (b"b", None), (b"d", None)))

    assert await since(work, "us_dnc") == {b"a": FIRST_ACT, b"b": first, b"d": first}
    assert [(one.name, one.as_of) for one in await registers(work)] == [("us_dnc", second)]
    (held,) = await store.list_held(work)
    assert (held.listed, held.as_of) == (3, second)
    assert [(one["count"], one["register"]) for one in await entries(work, "contacts:register")] == [
        *((3, "us_dnc"), (3, "us_dnc")),
    ]


async def test_other_registers_stay_as_they_are(work: Work) -> None:
    """A number may stand in several."""
    await replace_register(work, "us_dnc", work.at, batches((b"a", None)))
    await replace_register(work, "us_tx_no_call", work.at, batches((b"a", None), (b"b", None)))
    await replace_register(work, "us_dnc", work.at, batches((b"c", None)))

    assert set(await since(work, "us_tx_no_call")) == {b"a", b"b"}
    assert set(await since(work, "us_dnc")) == {b"c"}


async def test_an_older_copy_a_future_one_and_one_that_lost_half_are_refused(work: Work) -> None:
    """Unless somebody says that it is meant to shrink."""
    await replace_register(work, "us_dnc", work.at, batches(*((bytes([place]), None) for place in range(10))))
    for as_of, error in ((work.at - DAY, Refused), (work.at + DAY, Invalid), (work.at, Refused)):
        with pytest.raises(error):
            await replace_register(work, "us_dnc", as_of, batches((b"a", None)))
        await work.connection.execute("DROP TABLE IF EXISTS incoming, fresh")

    held = await replace_register(work, "us_dnc", work.at, batches((b"a", None)), may_shrink=True)
    assert held.listed == 1


async def test_a_long_register_is_never_whole_in_memory(work: Work, tmp_path: Path) -> None:
    """It comes some thousand lines at a time, and all of it stands there."""
    path = tmp_path / "long.txt"
    path.write_text("".join(f"512{2_000_000 + place}\n" for place in range(2 * BATCH + 10)), encoding="utf-8")
    reading, seen = Reading("us_dnc", [path], work.vault, work.at), []

    async def counted() -> AsyncIterator[Sequence[Listed]]:
        async for batch in reading.batches():
            seen.append(len(batch))
            yield batch

    held = await replace_register(work, "us_dnc", work.at, counted(), unreadable=lambda: reading.unreadable)
    assert (seen, held.listed, held.unreadable) == ([BATCH, BATCH, 10], 2 * BATCH + 10, 0)


def test_law_says_which_registers_are_asked_for_and_how_old_they_may_be() -> None:
    """The national list 31 days, Texas's 92, carriers' domains 30; nobody asks for reassigned numbers yet."""
    askers = askers_of(library())

    assert Asker("US-TC-11", timedelta(days=31)) in askers["us_dnc"]
    assert [one.at_most for one in askers["us_tx_no_call"]] == [timedelta(days=92)]
    assert askers[CARRIER_DOMAINS] == (Asker("US-CS-09", timedelta(days=30)),)
    assert not OTHERS & askers.keys()


def test_a_register_is_too_old_a_moment_after_its_last() -> None:
    """Held or missing, and by the shortest of the ages that rows allow."""
    at = datetime(2026, 11, 20, tzinfo=UTC)
    held = Held("us_dnc", at - 31 * DAY, 1, 0, at)
    told = Told("us_dnc", held, (Asker("A", 92 * DAY), Asker("B", 31 * DAY), Asker("C", None)))

    assert (told.is_too_old(at), told.is_too_old(at + timedelta(microseconds=1)), told.is_missing()) == (
        False,
        True,
        False,
    )
    assert Told("us_dnc", None, told.askers).is_missing()
    assert not Told("other", None, ()).is_missing()
    assert not Told("other", held, (Asker("C", None),)).is_too_old(at + 900 * DAY)


async def test_everything_held_or_asked_for_is_told(work: Work) -> None:
    """Also a register that no row asks for."""
    await record_register(work, "reassigned_numbers", work.at, [])
    told = {one.name: one for one in tell(library(), await store.list_held(work))}

    assert {"us_dnc", "us_tx_no_call", CARRIER_DOMAINS, "az_mail", "reassigned_numbers"} <= told.keys()
    assert (told["reassigned_numbers"].askers, told["us_dnc"].held) == ((), None)
