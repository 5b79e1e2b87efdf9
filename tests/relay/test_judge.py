"""Judging a list: one verdict a person, whatever the rows say between them, and no row lost."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.contacts.lists import open_list
from backoffice.kernel.errors import Invalid
from backoffice.policy.facts import NEVER, PRESUMED_ADULT
from backoffice.relay.judge import Counts, Judge
from tests.relay.conftest import AT, DEMO, NONE, rulebook

if TYPE_CHECKING:
    from pathlib import Path

    from tests.relay.conftest import Judges

HEADER = "external_id,phone,country,state,consent_at,consent_text,evidence,opted_out_at,birth_date\n"
WORDS = "Yes, Baltic Lamp may send me offers on WhatsApp."
GIVEN = f'2026-03-01T10:00:00Z,"{WORDS}"'
LIVE = f"K1,+37126000001,LV,,{GIVEN},form:checkout-2025,,\n"
EVIDENCE = msgspec.structs.replace(NONE, list=DEMO.list)  # of the list's consents, and nothing else
BARE = "K1,+37126000001,LV,,,,,,\n"


def test_a_person_who_agreed_may_be_messaged(judged: Judges) -> None:
    """A form copy, words, time and control state are enough for an offer in Latvia."""
    told = judged(HEADER + LIVE)

    assert told.verdicts == ["allow"]
    assert told.lines[0]["places"] == ["EU", "LV"]
    assert told.lines[0]["reasons"] == []


def test_rows_of_one_person_are_judged_once(judged: Judges) -> None:
    """The first row is judged; the others, in other spellings, are merged into its line."""
    told = judged(HEADER + LIVE + "K2,+37126000002,LV,,,,,,\n" + "K3,26000001,LV,,,,,,\nK4,00371 2600-0001,,,,,,,\n")

    assert told.verdicts == ["allow", "deny", "merged", "merged"]
    assert [line["into"] for line in told.lines[2:]] == [2, 2]
    assert (told.counts.rows, told.counts.judged, told.counts.merged, told.counts.rejected) == (4, 2, 2, 0)


@pytest.mark.parametrize(
    "phone",
    ["+37126000001", "26000001", "00371 26000001", "371-26000001", "+371 2600 0001", "(+371) 26.00.00.01", "٢٦٠٠٠٠٠١"],
)
def test_an_opt_out_stops_every_spelling_of_its_number(judged: Judges, phone: str) -> None:
    """A stop further down the list stops the live row above it (GDPR 21(3))."""
    told = judged(HEADER + LIVE + f"K2,{phone},LV,,,,,2026-05-01T10:00:00Z,\n")

    assert told.verdicts == ["deny", "merged"]
    assert "opted_out" in told.codes(0)


@pytest.mark.parametrize(
    "row",
    [
        "K2,+37126000001,LV,,yesterday,,,2026-05-01T10:00:00Z,\n",
        "K2,+37126000001,LV,,,,,31/12/2025,\n",
        "K2,+37126000001,LV,,,,,2026-05-01T10:00:00Z,,,,,\n",
        "K2,+37126000001,XX,,,,,2026-05-01T10:00:00Z,\n",
        'K2,+37126000001,LV,,,"a"b,,2026-05-01T10:00:00Z,\n',
        "K2,+37126000001 / +37126000002,LV,,,,,yes,\n",
    ],
)
def test_a_rejected_rows_opt_out_stops_its_address(judged: Judges, row: str) -> None:
    """A typo elsewhere in its row loses no stop, nor does a date that can't be read."""
    told = judged(HEADER + LIVE + row)

    assert told.verdicts == ["deny", "rejected"]
    assert "opted_out" in told.codes(0)


def test_a_rejected_opt_out_without_an_address_is_counted(judged: Judges) -> None:
    """Somebody has to stop this person by hand."""
    told = judged(HEADER + LIVE + "K2,no number,LV,,,,,2026-05-01T10:00:00Z,\n")

    assert told.verdicts == ["allow", "rejected"]
    assert told.counts.rejected_with_opt_out == 1


def test_a_second_row_adds_the_law_of_its_place(judged: Judges) -> None:
    """Every candidate place counts: Florida's written consent is asked of a Latvian number too."""
    told = judged(HEADER + LIVE + "K2,+37126000001,US,FL,,,,,\n")

    assert told.lines[0]["places"] == ["EU", "LV", "US", "US-FL"]
    assert "US-FL-03" in {reason["source"] for reason in told.lines[0]["reasons"]}


def test_a_rejected_row_adds_its_place_too(judged: Judges) -> None:
    """A fact only adds, wherever it stands."""
    told = judged(HEADER + LIVE + "K2,+37126000001,DE,,yesterday,,,,\n")

    assert told.lines[0]["places"] == ["DE", "EU", "LV"]


@pytest.mark.parametrize("country", ["XX", "UK", "ZZ"])
def test_a_country_nobody_knows_rejects_its_row_and_no_other(judged: Judges, country: str) -> None:
    """One typo ends no list; the row names the field."""
    told = judged(f"email,country\na@example.com,{country}\nb@example.com,LV\n", channel="email")

    assert told.verdicts[0] == "rejected"
    assert (told.lines[0]["field"], told.lines[0]["reason"]) == ("country", "country_unknown")
    assert told.counts.judged == 1


A = f"K1,+37121234002,LV,,{GIVEN},wamid.demo0003,,\n"
OTHER_CHANNEL = 'K1,+37126000001,LV,,2026-03-01T10:00:00Z,"Yes, Baltic Lamp may send me offers by SMS.",,,\n'
NO_SENDER = 'K1,+37126000001,LV,,2026-03-01T10:00:00Z,"Yes, send me offers on WhatsApp.",,,\n'


@pytest.mark.parametrize(
    ("row", "grade"),
    [
        (A, "A"),
        (LIVE, "B"),
        (LIVE.replace("form:checkout-2025", ""), "C"),
        (LIVE.replace("form:checkout-2025", "form:lost"), "C"),
        (A.replace("+37121234002", "+37126000001"), "C"),
        (OTHER_CHANNEL, "D"),
        ("K1,+37126000001,LV,,2026-03-01T10:00:00Z,,,,\n", "D"),
        (BARE, "none"),
    ],
)
def test_the_evidence_of_a_row_is_graded(judged: Judges, row: str, grade: str) -> None:
    """A by the person, B by a form that was handed in, C by attestation, D a bare flag; a wrong id proves nothing."""
    told = judged(HEADER + row)

    assert told.lines[0]["grade"] == grade
    assert dict(told.counts.grades) == {grade: 1}


def test_without_attestation_words_are_a_bare_flag(judged: Judges) -> None:
    """What the account doesn't stand for satisfies no rule."""
    told = judged(HEADER + NO_SENDER, profile=NONE)

    assert told.lines[0]["grade"] == "D"
    assert "no_consent" in told.codes(0)


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ("channel", "sms"),
        ("purpose", "transactional"),
    ],
)
def test_words_and_flag_that_differ_are_grade_d(judged: Judges, more: str, flag: str) -> None:
    """A row flagged for another channel or purpose than its words name proves nothing."""
    told = judged(HEADER.replace("\n", f",{more}\n") + LIVE.replace("\n", f",{flag}\n"))

    assert told.lines[0]["grade"] == "D"
    assert "no_consent" in told.codes(0)


def test_without_a_profile_nothing_is_allowed(judged: Judges) -> None:
    """What nobody stated holds, and is counted once a row by fact."""
    rows = "".join(LIVE.replace("000001", f"00000{number}") for number in range(1, 6))
    told = judged(HEADER + rows, profile=EVIDENCE)

    assert told.verdicts == ["hold"] * 5
    assert told.counts.gaps["account.standing"] == 5
    assert max(told.counts.gaps.values()) == 5
    facts = {reason.get("fact") for line in told.lines for reason in line["reasons"]} - {None}
    assert facts == set(told.counts.gaps)


def test_a_gap_opens_at_no_moment(judged: Judges) -> None:
    """Time alone answers no question."""
    told = judged(HEADER + LIVE, profile=EVIDENCE)

    assert (told.verdicts, told.lines[0]["next_allowed_at"]) == (["hold"], None)


def test_one_fact_less_holds_and_names_the_fact(judged: Judges) -> None:
    """A profile that leaves out the standing lets nobody through."""
    account = {name: value for name, value in DEMO.account.items() if name != "standing"}
    told = judged(HEADER + LIVE, profile=msgspec.structs.replace(DEMO, account=account))

    assert told.verdicts == ["hold"]
    assert dict(told.counts.gaps) == {"account.standing": 1}


def test_a_list_for_mail_is_judged_by_its_mail_addresses(judged: Judges) -> None:
    """Spellings of one mail address are one person; a phone number is not asked for."""
    told = judged("email,country\nAnna@Example.com,LV\nanna@example.COM,LV\nno mail,LV\n", channel="email")

    assert told.verdicts == [told.verdicts[0], "merged", "rejected"]
    assert told.lines[0]["places"] == ["EU", "LV"]
    assert told.lines[2]["field"] == "email"


def test_a_mail_address_without_a_country_is_where_the_account_is(judged: Judges) -> None:
    """Where that isn't known either, every clock of the world counts, so that no hour suits."""
    rows = "email,state\nanna@example.com,\n"
    tallinn = msgspec.structs.replace(DEMO, account={**DEMO.account, "place": "EE"})
    florida = msgspec.structs.replace(DEMO, account={**DEMO.account, "place": "US-FL"})

    assert judged(rows, channel="email", profile=tallinn).lines[0]["places"] == ["EE", "EU"]
    assert judged(rows, channel="email", profile=florida).lines[0]["places"] == ["US", "US-FL"]
    assert judged(rows, channel="email", profile=NONE).lines[0]["places"] == ["global"]


@pytest.mark.parametrize(
    ("born", "state", "age"),
    [
        ("2008-11-20", "NY", 18),
        ("2008-11-21", "NY", 17),
        ("2008-11-20", "HI", 17),  # in Honolulu it is still the nineteenth
        ("", "NY", PRESUMED_ADULT),
    ],
)
def test_an_age_is_the_lowest_it_can_be(judged: Judges, born: str, state: str, age: int) -> None:
    """Whole years on the local day, in the zone where the day is youngest."""
    told = judged(HEADER + f"K1,+12125550102,US,{state},,,,,{born}\n")

    assert told.people[0].recipient.age == age


def test_the_youngest_birth_date_of_an_address_counts(judged: Judges) -> None:
    """A rejected row's too: a child may share a number."""
    told = judged(HEADER + LIVE + "K2,+37126000001,LV,,,,,,2000-01-01\nK3,+37126000001,LV,,yesterday,,,,2015-01-01\n")

    assert told.people[0].recipient.age == AT.year - date(2015, 1, 1).year


def test_a_stop_of_the_list_stands_beside_those_of_the_profile(judged: Judges) -> None:
    """Without a profile a stop still denies; without a stop, whether there is one isn't known."""
    stopped = judged(HEADER + LIVE.replace(",,\n", ",yes,\n"), profile=NONE).people[0].recipient
    free = judged(HEADER + LIVE, profile=DEMO).people[0].recipient

    assert [stop.at for stop in stopped.suppressions] == [AT]
    assert (free.suppressions, free.last_opt_out_at) == ((), NEVER)


def test_a_list_that_changes_while_it_is_judged_is_refused(tmp_path: Path) -> None:
    """Two readings of two lists would say nothing true."""
    path = tmp_path / "list.csv"
    path.write_text(HEADER + LIVE, encoding="utf-8")
    contacts = open_list(path, channel="whatsapp", region=None, at=AT)
    judging = Judge(
        rulebook(),
        DEMO.account_facts("LV"),
        DEMO.message_facts(AT, "whatsapp", "marketing"),
        DEMO.recipient_facts(),
        DEMO.evidence(contacts.sha256),
    )
    outcomes = judging.judge(contacts, Counts(), lambda _phase, _rows: None)
    next(outcomes)
    path.write_text(HEADER + LIVE + LIVE, encoding="utf-8")

    with pytest.raises(Invalid, match="file_changed"):
        list(outcomes)


PHONES = ["+37126000001", "26000001", "+37126000002", "+994501234567", "+12125550102", "112", "x", "", "+371 2600 0001"]
CELLS = st.tuples(
    st.sampled_from(["K1", "K2", "", "=1+1", '"K']),
    st.sampled_from(PHONES),
    st.sampled_from(["LV", "US", "AZ", "XX", "lv", "Latvia", ""]),
    st.sampled_from(["", "FL", "Riga"]),
    st.sampled_from(["", "2026-03-01", "2026-03-01T10:00:00Z", "2027-01-01", "soon"]),
    st.sampled_from(["", WORDS.replace(",", "")]),
    st.sampled_from(["", "form:checkout-2025", "wamid.demo0003"]),
    st.sampled_from(["", "yes", "no", "2026-05-01", "maybe"]),
    st.sampled_from(["", "2015-01-01", "x"]),
)
ROWS = st.lists(st.tuples(CELLS, st.sampled_from(["", ",,", "\n"])), max_size=12)


@settings(max_examples=100)
@given(ROWS, st.booleans())
def test_every_row_ends_judged_merged_or_rejected(
    judged: Judges,
    rows: list[tuple[tuple[str, ...], str]],
    is_stated: bool,  # noqa: FBT001
) -> None:
    """Whatever a list holds, each row gets a line of its own, in order, and the counts add up."""
    text = HEADER + "".join(",".join(cells) + more + "\n" for cells, more in rows)
    told = judged(text, profile=DEMO if is_stated else NONE)
    counts, verdicts = told.counts, Counter(told.verdicts)

    assert counts.rows == counts.judged + counts.merged + counts.rejected == len(told.lines)
    assert (counts.merged, counts.rejected) == (verdicts["merged"], verdicts["rejected"])
    assert sum(counts.verdicts.values()) == sum(counts.grades.values()) == counts.judged
    assert [line["line"] for line in told.lines] == [number for number, _ in _written(text)]
    assert is_stated or not verdicts["allow"] + verdicts["warn"]


def _written(text: str) -> list[tuple[int, str]]:
    """Return the lines that hold a row: none of these lists has a quote that spans lines, nor an empty row."""
    return [(number, line) for number, line in enumerate(text.splitlines(), 1) if line and number > 1]
