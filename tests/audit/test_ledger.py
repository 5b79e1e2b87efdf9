"""Writing to the ledger: entries are canonical, and are there with what happened or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.audit import ledger
from backoffice.audit.ledger import NOBODY, append, append_many, encode, entry_rows, pressure, require_room
from backoffice.audit.merkle import leaf_hash
from backoffice.kernel.canonical import canonical_json
from backoffice.kernel.errors import Invalid, Unavailable
from backoffice.kernel.ids import new_ids
from backoffice.plumbing.install import Install, Work
from tests.audit.made import TRIES

AT = datetime(2026, 11, 20, 8, 30, 0, 7, UTC)
KIND = "relay:send:decided"
IDS = st.uuids()
PLAIN = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])) | IDS
VALUES = st.recursive(
    PLAIN | st.datetimes(timezones=st.just(UTC)) | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('abcə_é\n"', max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.text("abcxyzAZ_0ə", min_size=1, max_size=8).filter(lambda name: name not in ("id", "at", "v"))


@TRIES
@given(IDS, IDS, st.dictionaries(NAMES, PLAIN, max_size=6) | st.dictionaries(NAMES, VALUES, max_size=6))
def test_an_entry_is_canonical_json_byte_for_byte(entry_id: UUID, account_id: UUID, data: dict[str, object]) -> None:
    """The quick encoder and the slow one never differ, whatever the values."""
    whole = {"account": account_id, "at": AT, "id": entry_id, "kind": KIND, "v": 1, **data}

    assert encode(entry_id, account_id, "2026-11-20T08:30:00.000007Z", KIND, data) == canonical_json(whole)


@pytest.mark.parametrize("value", [1.5, b"bytes", "\ud800", object(), {1: 2}])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    """A float, bytes or half a letter would be another entry tomorrow."""
    with pytest.raises(Invalid, match="canonical"):
        encode(NOBODY, NOBODY, "", KIND, {"value": value})


@pytest.mark.parametrize(
    "kind", ["", "relay", "relay:send", "relay:send:decided:twice", "Relay:send:decided", "a:b:c\n"]
)
def test_a_kind_has_three_parts(kind: str) -> None:
    """Source, subject, action."""
    with pytest.raises(ValueError, match="source:subject:action"):
        entry_rows(AT, kind, [])


def test_data_never_hides_an_entrys_own_fields() -> None:
    """Who, when and what are the ledger's to say."""
    with pytest.raises(ValueError, match="own fields"):
        encode(NOBODY, NOBODY, "", KIND, {"id": "another"})


def test_an_entry_fits_into_a_tile() -> None:
    """65,535 bytes and no more."""
    room = ledger.LONGEST - len(encode(NOBODY, NOBODY, "", KIND, {"x": ""}))

    assert len(encode(NOBODY, NOBODY, "", KIND, {"x": "x" * room})) == ledger.LONGEST
    with pytest.raises(Invalid, match="ledger_entry_too_long"):
        encode(NOBODY, NOBODY, "", KIND, {"x": "x" * (room + 1)})


def test_a_moment_is_told_in_utc() -> None:
    """Wherever the clock stood."""
    riga = AT.astimezone(timezone(timedelta(hours=2)))
    ids, rows = entry_rows(riga, KIND, [(NOBODY, {"n": 1})])

    told = json.loads(rows[0][1][0][2])
    assert told == {
        "account": str(NOBODY),
        "at": "2026-11-20T08:30:00.000007Z",
        "id": str(ids[0]),
        "kind": KIND,
        "n": 1,
        "v": 1,
    }
    assert rows[1][1] == [(ids[0], NOBODY, leaf_hash(rows[0][1][0][2]))]


@pytest.mark.parametrize("count", [1, 3, 1000])
async def test_entries_and_their_leaves_are_written_together(work: Work, count: int) -> None:
    """One by one or a thousand at once."""
    accounts = new_ids(work.at, count)
    ids = await append_many(work, KIND, [(account, {"n": number}) for number, account in enumerate(accounts)])

    rows = await work.connection.fetch(
        "SELECT e.id, e.account_id, e.body, q.leaf FROM ledger_entry e JOIN ledger_queue q USING (id, account_id)"
    )
    assert {row[0]: row[1] for row in rows} == dict(zip(ids, accounts, strict=True))
    assert all(leaf_hash(row[2]) == row[3] for row in rows)
    assert [json.loads(row[2])["n"] for row in sorted(rows, key=lambda row: ids.index(row[0]))] == list(range(count))


async def test_nothing_is_written_of_what_did_not_happen(install: Install) -> None:
    """An entry shares the fate of its transaction."""
    with pytest.raises(ZeroDivisionError):
        async with install.unit_of_work() as work:
            await append(work, KIND, NOBODY, n=1)
            raise ZeroDivisionError

    async with install.reading() as work:
        assert await pressure(work) == (0, timedelta(0))
        assert await work.connection.fetchval("SELECT count(*) FROM ledger_entry") == 0


@pytest.mark.parametrize(("minutes", "is_alarming"), [(0, False), (2, True), (9, True)])
async def test_somebody_is_told_of_a_ledger_that_is_behind(work: Work, minutes: int, *, is_alarming: bool) -> None:
    """After a minute; sends go on."""
    await append(work, KIND, NOBODY, n=1)
    work.at += timedelta(minutes=minutes)

    assert (await pressure(work)).pending == 1
    assert (await pressure(work)).is_alarming == is_alarming
    await require_room(work)


async def test_sends_wait_for_a_ledger_that_is_far_behind(work: Work) -> None:
    """After ten minutes nothing more is sent."""
    await append(work, KIND, NOBODY, n=1)
    work.at += timedelta(minutes=11)

    with pytest.raises(Unavailable, match="ledger_behind"):
        await require_room(work)
