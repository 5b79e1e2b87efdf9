"""Sealing: a value opens for its subject, in its cell, unchanged, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.kernel.errors import BackofficeError
from backoffice.plumbing.vault import Place, Subject, Vault

ADDRESS = Place("contact", "address")
ANNA, BERZINS = UUID(int=1), UUID(int=2)
ROW = UUID(int=77)

places = st.builds(Place, st.text(max_size=8), st.text(max_size=8))
ids = st.uuids()


@given(place=places, who=ids, row=ids, value=st.binary(max_size=300))
def test_what_is_sealed_opens_in_its_cell(place: Place, who: UUID, row: UUID, value: bytes) -> None:
    """Any value comes back as it was, and is 28 bytes longer while it is sealed."""
    subject = Subject(who, bytes(32))
    sealed = subject.seal(place, row, value)

    assert subject.open(place, row, sealed) == value
    assert len(sealed) == len(value) + 28


class Cell(NamedTuple):
    """Where a value is sealed, and whose it is."""

    table: str
    column: str
    who: UUID
    row: UUID

    @property
    def place(self) -> Place:
        """The table and the column."""
        return Place(self.table, self.column)


@given(st.builds(Cell, st.text(max_size=8), st.text(max_size=8), ids, ids), st.text(max_size=8), ids)
def test_no_other_cell_opens_a_value(cell: Cell, name: str, other: UUID) -> None:
    """Not even under the same key: table, column, subject and row are each part of the seal."""
    sealed = Subject(cell.who, bytes(32)).seal(cell.place, cell.row, b"+37126000001")
    changed = [
        cell._replace(table=name),
        cell._replace(column=name),
        cell._replace(who=other),
        cell._replace(row=other),
    ]

    for each in [cell, *changed]:
        attempt = partial(Subject(each.who, bytes(32)).open, each.place, each.row, sealed)
        assert is_refused(attempt) == (each != cell)


def test_a_byte_moved_from_table_to_column_is_noticed() -> None:
    """Lengths are part of the seal, so that names can't run together."""
    subject = Subject(ANNA, bytes(32))

    assert is_refused(lambda: subject.open(Place("contacta", "ddress"), ROW, subject.seal(ADDRESS, ROW, b"x")))


def is_refused(attempt: Callable[[], object]) -> bool:
    """Whether a sealed value or a wrapped key is called unreadable."""
    try:
        attempt()
    except BackofficeError as refused:
        return refused.code in {"sealed_unreadable", "key_unreadable"}
    return False


def swaps(vault: Vault, number: int) -> Iterator[Callable[[], object]]:
    """Yield five openings of one value after somebody with the database has moved it, or its key, elsewhere."""
    row, other_row = UUID(int=1000 + number), UUID(int=5000 + number)
    subject, key = vault.new_subject(UUID(int=number))
    _, other_key = vault.new_subject(UUID(int=10_000 + number))
    sealed = subject.seal(ADDRESS, row, b"+3712600%04d" % number)
    yield lambda: subject.open(ADDRESS, other_row, sealed)
    yield lambda: subject.open(Place("contact", "born_on"), row, sealed)
    yield lambda: subject.open(Place("sender", "address"), row, sealed)
    yield lambda: vault.subject(subject.id, other_key.wrapped, 1).open(ADDRESS, row, sealed)
    yield lambda: vault.subject(subject.id, key.wrapped, 2).open(ADDRESS, row, sealed)


def test_ten_thousand_swaps_are_all_refused(vault: Vault) -> None:
    """Another row, column, table, subject or version of the master key: 2,000 values, five ways each."""
    tried = [is_refused(attempt) for number in range(2000) for attempt in swaps(vault, number)]

    assert (len(tried), sum(tried)) == (10_000, 10_000)


def test_a_subject_with_anothers_key_opens_nothing(vault: Vault) -> None:
    """Keys are drawn at random, one each."""
    anna, _ = vault.new_subject(ANNA)
    stranger, _ = vault.new_subject(ANNA)

    assert is_refused(lambda: stranger.open(ADDRESS, ROW, anna.seal(ADDRESS, ROW, b"x")))


def test_any_changed_bit_is_noticed() -> None:
    """In the nonce, in the value and in the tag; so is a shorter or a longer text."""
    subject = Subject(ANNA, bytes(32))
    sealed = subject.seal(ADDRESS, ROW, b"+37126000001")
    changed = [
        sealed[:at] + bytes([sealed[at] ^ 1 << bit]) + sealed[at + 1 :] for at in range(len(sealed)) for bit in range(8)
    ]
    cut = [sealed[:at] for at in range(len(sealed))]

    opened = [
        each for each in [*changed, *cut, sealed + b"\0"] if not is_refused(partial(subject.open, ADDRESS, ROW, each))
    ]

    assert opened == []


def test_a_refusal_tells_the_cell_and_no_value() -> None:
    """Ids only: nobody is named by an error."""
    subject = Subject(ANNA, bytes(32))

    with pytest.raises(BackofficeError, match="sealed_unreadable") as refused:
        subject.open(ADDRESS, ROW, b"+37126000001")

    assert refused.value.data == {"table": "contact", "column": "address", "row": str(ROW), "subject": str(ANNA)}
    assert refused.value.__cause__ is None


def test_equal_values_never_look_equal() -> None:
    """Each sealing draws its own nonce: who reads the table can't see that two people share a birthday."""
    subject = Subject(ANNA, bytes(32))

    assert len({subject.seal(ADDRESS, ROW, b"same") for _ in range(1000)}) == 1000


def test_a_stored_key_opens_what_was_sealed_before_it_was_stored(vault: Vault) -> None:
    """`new_subject` returns both: the key in use and the key at rest."""
    anna, key = vault.new_subject(ANNA)
    again = vault.subject(key.subject_id, key.wrapped, key.version)

    assert (key.subject_id, key.version, again.is_destroyed) == (ANNA, 1, False)
    assert again.open(ADDRESS, ROW, anna.seal(ADDRESS, ROW, b"x")) == b"x"


def test_a_rewrapped_key_is_the_same_key(vault: Vault) -> None:
    """What was sealed before a rotation opens after it, and only under the version that is told."""
    anna, key = vault.new_subject(ANNA)
    sealed = anna.seal(ADDRESS, ROW, b"x")
    moved = vault.rewrap(key, 2)

    assert vault.subject(*key_of(moved)).open(ADDRESS, ROW, sealed) == b"x"
    assert (moved.version, moved.wrapped == key.wrapped) == (2, False)
    assert is_refused(lambda: vault.subject(ANNA, moved.wrapped, 1))


def key_of(stored: tuple[UUID, int, bytes]) -> tuple[UUID, bytes, int]:
    """Return a stored key as `Vault.subject` takes it."""
    subject_id, version, wrapped = stored
    return subject_id, wrapped, version


def test_a_destroyed_key_seals_and_opens_nothing(vault: Vault) -> None:
    """The subject is known still, and says why."""
    anna, _ = vault.new_subject(ANNA)
    sealed = anna.seal(ADDRESS, ROW, b"x")
    gone = vault.subject(ANNA, None, 1)

    assert gone.is_destroyed
    for attempt, value in ((gone.open, sealed), (gone.seal, b"x")):
        with pytest.raises(BackofficeError, match="subject_key_destroyed") as refused:
            attempt(ADDRESS, ROW, value)
        assert refused.value.data == {"subject": str(ANNA)}


def test_what_is_new_is_never_wrapped_by_an_older_key_again(vault: Vault) -> None:
    """A road that read the database before a rotation can't turn the process back."""
    vault.turn_to(2)
    vault.turn_to(1)

    assert vault.new_subject(BERZINS)[1].version == 2
