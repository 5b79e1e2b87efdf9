"""Merging: rows with one address are one recipient, and a stop anywhere in the list stops it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.contacts.merge import Gathered, Known, Place, gather
from backoffice.contacts.rows import Rejection, Row
from backoffice.kernel.errors import Invalid
from backoffice.policy.facts import NEVER, Consent
from tests.trying import DEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contacts.conftest import Handed

AIJA, BELLA = "+37126000001", "+37126000002"
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    """Return a day of 2026."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


def as_method_says(row: Row) -> Consent | None:
    """Grade a row by its method, so that a test can say which grade its evidence reached."""
    grades: dict[str, Literal["A", "B", "C", "D"]] = {"start": "A", "form": "B", "list": "C", "flag": "D"}
    if row.consent_method not in grades:
        return None
    return Consent(
        grade=grades[row.consent_method],
        given_at=row.consent_at,
        purposes=frozenset({"marketing"}),
        channels=frozenset({"whatsapp"}),
        valid_until=row.consent_at + timedelta(days=365),
    )


def known(*items: Row | Rejection) -> dict[str, Known]:
    """Return what these rows say of each address."""
    with gather(items, as_method_says) as gathered:
        firsts = [item for item in items if isinstance(item, Row) and not gathered.is_repeat(item)]
        return {row.address: gathered.find(row) for row in firsts}


def test_rows_with_one_address_are_one_recipient() -> None:
    """The first row is judged, the others are merged into its line."""
    rows = [Row(line=line, key="", address=AIJA if line % 2 else BELLA) for line in (3, 4, 5, 7)]

    with gather(rows, as_method_says) as gathered:
        lines = {row.line: gathered.first_line(row) for row in rows}

    assert lines == {3: 3, 4: 4, 5: 3, 7: 3}
    assert (gathered.rows, gathered.merged, gathered.recipients) == (4, 2, 2)


def test_an_opt_out_after_a_live_row_stops_the_recipient() -> None:
    """What a reader that judges row by row would send to."""
    found = known(Row(line=2, key="", address=AIJA), Row(line=9, key="", address=AIJA, opted_out_at=MARCH))

    assert (found[AIJA].first_line, found[AIJA].rows, found[AIJA].stopped_at) == (2, 2, MARCH)


def test_the_newest_acts_and_all_places_count() -> None:
    """Places are united, consents are the newest of each grade, opt-outs the newest of all."""
    found = known(
        Row(line=2, key="", address=AIJA, country="US", state="FL", consent_at=day(1), consent_method="list"),
        Row(line=3, key="", address=AIJA, country="US", state="CA", consent_at=day(9), consent_method="flag"),
        Row(line=4, key="", address=AIJA, country="US", state="FL", consent_at=day(5), consent_method="list"),
    )[AIJA]

    assert found.places == {Place("US", "FL", ""), Place("US", "CA", "")}
    assert [(consent.grade, consent.given_at) for consent in found.consents] == [("C", day(5)), ("D", day(9))]
    assert [consent.valid_until for consent in found.consents] == [day(370), day(374)]


def test_the_strictest_of_the_rest_counts() -> None:
    """A child in one row is a child, and a firm is a firm only where every row says so."""
    found = known(
        Row(line=2, key="", address=AIJA, person_type="legal"),
        Row(line=3, key="", address=AIJA, born_on=date(2013, 11, 20)),
        Row(line=4, key="", address=BELLA, person_type="legal"),
        Row(line=5, key="", address=BELLA, person_type="legal", born_on=date(1980, 1, 1)),
    )

    assert (found[AIJA].person_type, found[AIJA].born_on) == ("natural", date(2013, 11, 20))
    assert found[BELLA].person_type == "legal"


def test_a_rejected_rows_opt_out_stops_its_address() -> None:
    """Its typo elsewhere doesn't matter; where no address can be read, it is counted."""
    told = Row(line=5, key="", address=AIJA, country="LV", opted_out_at=MARCH)
    lost = Rejection(line=6, field="phone", reason="number_damaged", has_opt_out=True)
    bad = Rejection(line=5, field="consent_at", reason="date_invalid", has_opt_out=True, told=(told,))

    with gather([Row(line=2, key="", address=AIJA), bad, lost], as_method_says) as gathered:
        found = gathered.find(Row(line=2, key="", address=AIJA))

    assert (found.stopped_at, found.rows) == (MARCH, 1)
    assert found.places == {Place("", "", ""), Place("LV", "", "")}
    assert (gathered.rows, gathered.rejected, gathered.rejected_with_opt_out) == (1, 2, 1)


@pytest.mark.parametrize(
    ("method", "on", "stands"),
    [
        ("list", datetime(2026, 2, 15, tzinfo=UTC), True),  # the old consent, imported again
        ("list", datetime(2026, 3, 20, tzinfo=UTC), True),  # a newer date that only the account states
        ("form", datetime(2026, 3, 20, tzinfo=UTC), True),  # anybody can type a number into a form
        ("start", datetime(2026, 2, 15, tzinfo=UTC), True),  # the person's own act, but before the stop
        ("start", MARCH, True),  # at one moment the stop is the later act
        ("start", datetime(2026, 4, 5, tzinfo=UTC), False),  # the person's own later act
    ],
)
def test_only_the_persons_own_later_act_lifts_a_stop(method: str, on: datetime, *, stands: bool) -> None:
    """Objection on 1 March 2026; an import lifts nothing (T14, GDPR 21(3))."""
    found = known(
        Row(line=2, key="", address=AIJA, opted_out_at=MARCH),
        Row(line=3, key="", address=AIJA, consent_at=on, consent_method=method),
    )[AIJA]

    assert found.stopped_at == (MARCH if stands else NEVER)
    assert found.opted_out_at == MARCH


def test_one_row_alone_may_hold_stop_and_later_act() -> None:
    """A single row is weighed like many."""
    row = Row(line=2, key="", address=AIJA, opted_out_at=MARCH, consent_at=day(200), consent_method="start")

    assert known(row)[AIJA].stopped_at == NEVER


rows = st.lists(
    st.builds(
        Row,
        line=st.just(0),
        key=st.just(""),
        address=st.sampled_from([AIJA, BELLA, "+37126000003"]),
        opted_out_at=st.sampled_from([NEVER, day(1), day(5), day(9)]),
        consent_at=st.sampled_from([NEVER, day(0), day(5), day(10)]),
        consent_method=st.sampled_from(["", "flag", "list", "form", "start"]),
        state=st.sampled_from(["", "FL", "CA"]),
    ),
    max_size=12,
)


def numbered(found: list[Row]) -> list[Row]:
    """Return rows as they stand in a list."""
    return [
        Row(**{name: getattr(row, name) for name in Row.__struct_fields__} | {"line": line})
        for line, row in enumerate(found, 2)
    ]


@DEAR
@given(rows, st.randoms())
def test_the_order_of_rows_decides_nothing(found: list[Row], random: object) -> None:
    """Shuffled, a list says the same of every address."""
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def told(found: list[Row]) -> dict[str, tuple[object, ...]]:
        said = known(*numbered(found)).items()
        return {name: (one.rows, one.opted_out_at, one.places, one.consents, one.stopped_at) for name, one in said}

    assert told(found) == told(shuffled)


@DEAR
@given(rows)
def test_what_is_gathered_is_what_a_plain_reading_finds(found: list[Row]) -> None:
    """The same sums, made in memory; rows are judged or merged, and the counts add up."""
    with gather(numbered(found), as_method_says) as gathered:
        for row in numbered(found):
            twins = [other for other in numbered(found) if other.address == row.address]
            told = gathered.find(row)
            assert told.first_line == gathered.first_line(row) == min(other.line for other in twins)
            assert told.opted_out_at == max(other.opted_out_at for other in twins)
            assert told.places == {Place(other.country, other.state, other.zip) for other in twins}
    assert gathered.recipients + gathered.merged == gathered.rows == len(found)


LIST = """external_id,phone,country,channel,purpose,consent_at,consent_text,opted_out_at
K1,+37126000001,LV,whatsapp,marketing,2026-01-05T10:00:00Z,"Jā, sūtiet man piedāvājumus WhatsApp.",
K2,+37126000002,LV,sms,marketing,2026-01-05T10:00:00Z,"Jā, sūtiet man piedāvājumus WhatsApp.",
K3,26000001,LV,whatsapp,marketing,,,2026-02-01T10:00:00Z
K4,+371 2600 0002,LV,sms,service,,,
K5,n/a,LV,sms,service,,,2026-02-01T10:00:00Z
K6,0037126000003,LV,sms,marketing,2026-01-05T10:00:00Z,,
"""


def test_a_small_list_in_all_its_faults(handed: Handed) -> None:
    """Two numbers repeat, on one the stop stands after a live row; every row is judged, merged or rejected."""
    opened = handed(LIST)
    with gather(opened.read(), as_method_says) as gathered:
        ends = [end_of(item, gathered) for item in opened.read()]

    assert ends == ["stopped", "judged", "merged into 2", "merged into 3", "rejected", "judged"]
    assert (gathered.rows, gathered.recipients, gathered.merged, gathered.rejected) == (5, 3, 2, 1)
    assert gathered.rejected_with_opt_out == 1


def end_of(item: Row | Rejection, gathered: Gathered) -> str:
    """Return how one row of a list ends."""
    if isinstance(item, Rejection):
        return "rejected"
    if gathered.is_repeat(item):
        return f"merged into {gathered.first_line(item)}"
    return "judged" if gathered.find(item).stopped_at == NEVER else "stopped"


def test_nothing_is_left_of_a_run() -> None:
    """The temporary file has no name in any folder, and holds a hash of another key in each run, never an address."""
    row = Row(line=2, key="K1", address=AIJA, consent_text="words", source="fair")
    held = set()
    for _ in range(2):
        with gather([row], as_method_says) as gathered:
            assert [name for _, _, name in gathered._spool.execute("PRAGMA database_list")] == [""]
            held.add(gathered._spool.execute("SELECT * FROM entry").fetchone())

    assert len({address for address, *_ in held}) == 2
    assert not {AIJA, "K1", "words", "fair"} & {cell for entry in held for cell in entry}


def test_a_list_that_breaks_off_is_passed_on() -> None:
    """An error in the list's reading ends the gathering."""

    def broken() -> Iterator[Row]:
        yield Row(line=2, key="", address=AIJA)
        raise Invalid("file_changed")

    with pytest.raises(Invalid, match="file_changed"):
        gather(broken(), as_method_says)
