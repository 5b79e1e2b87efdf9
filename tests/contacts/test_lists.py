"""Contact lists: every row ends typed or rejected, with line, field and reason, and none is dropped."""

from __future__ import annotations

import codecs
import io
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.contacts.lists import open_list
from backoffice.contacts.records import records
from backoffice.contacts.rows import Rejection, Row, RowReader
from backoffice.kernel.errors import Invalid
from backoffice.policy.facts import NEVER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contacts.conftest import Handed

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEADER = "external_id,phone,email,first_name,country,source,consent_at,consent_text,opted_out_at\n"
AIJA = 'K1,+37126000001,aija@example.com,Aija,LV,fair,2026-03-20T07:00:00Z,"Yes, offers on WhatsApp",\n'


def rejected(item: Row | Rejection) -> tuple[int, str, str, str]:
    """Return line, key, field and reason of a rejected row."""
    assert isinstance(item, Rejection)
    return item.line, item.key, item.field, item.reason


def stops(item: Row | Rejection) -> dict[str, datetime]:
    """Return the addresses that a rejected row stops."""
    assert isinstance(item, Rejection)
    return {told.address: told.opted_out_at for told in item.told if told.opted_out_at != NEVER}


def test_a_row_is_read_with_its_line(handed: Handed) -> None:
    """Cells are typed and trimmed; what the list doesn't say is empty."""
    assert list(handed(HEADER + AIJA).read()) == [
        Row(
            line=2,
            key="K1",
            address="+37126000001",
            country="LV",
            source="fair",
            consent_at=datetime(2026, 3, 20, 7, tzinfo=UTC),
            consent_text="Yes, offers on WhatsApp",
        )
    ]


def test_names_of_people_are_not_kept(handed: Handed) -> None:
    """A name can't be judged, so no row has a field for it."""
    (row,) = handed(HEADER + AIJA).read()

    assert "Aija" not in str(msgspec.structs.astuple(row))


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_sense_of_the_header(handed: Handed, sign: str) -> None:
    """Cells may hold the other delimiters."""
    opened = handed(f"Tālrunis{sign}E-pasts{sign}a b\n+37126000001{sign}x@example.com{sign}1\n")

    assert (opened.delimiter, opened.columns, opened.unknown) == (
        sign,
        {"phone": "Tālrunis", "email": "E-pasts"},
        ("a b",),
    )
    assert [row.line for row in opened.read()] == [2]


def test_a_spreadsheets_own_first_line_states_the_delimiter(handed: Handed) -> None:
    """`sep=;` is a line of the file and no row."""
    assert [row.line for row in handed("sep=;\r\nphone;x\r\n+37126000001;1\r\n").read()] == [3]


def test_every_encoding_that_says_what_it_is_reads_alike(handed: Handed) -> None:
    """UTF-8 with and without a mark, UTF-16, and a stated code page."""
    text = "tālrunis;avots\r\n+37126000001;Rīga\r\n"
    contents = [text.encode(), codecs.BOM_UTF8 + text.encode(), text.encode("utf-16")]

    rows = [list(handed(content).read()) for content in contents]

    assert rows == [list(handed(text.encode("cp1257"), encoding="cp1257").read())] * 3


@pytest.mark.parametrize(
    ("content", "channel", "code"),
    [
        ("name,surname\nx,y\n", "whatsapp", "column_missing"),
        ("phone\n+37126000001\n", "email", "column_missing"),
        ("phone:name\n+37126000001:x\n", "sms", "column_missing"),
        ("\n\n", "sms", "header_missing"),
        ('"phone\n', "sms", "header_unreadable"),
        ("phone\n", "push", "channel_without_address"),
    ],
)
def test_a_list_that_cannot_be_read_as_a_whole_is_refused(
    handed: Handed, content: str, channel: str, code: str
) -> None:
    """One message with the file's name, before a row is read."""
    with pytest.raises(Invalid) as refused:
        handed(content, channel=channel)

    assert refused.value.code == code
    assert code == "channel_without_address" or refused.value.data["file"] == "list.csv"


def test_a_list_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    """Two passes over two files would judge nobody's list."""
    path = tmp_path / "list.csv"
    path.write_text(HEADER + AIJA, encoding="utf-8")
    opened = open_list(path, channel="sms", region=None, at=AT)
    path.write_text(HEADER + AIJA + AIJA, encoding="utf-8")

    with pytest.raises(Invalid, match="file_changed"):
        list(opened.read())


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("K2,,,,LV,,,,", "phone", "number_missing"),
        ("K2,3.71212E+10,,,LV,,,,", "phone", "number_damaged"),
        ("K2,26000001,,,,,,,", "phone", "number_no_region"),
        ("K2,+37126000001,,,Latvija,,,,", "country", "country_invalid"),
        ("K2,+37126000001,,,LV,,yesterday,,", "consent_at", "date_invalid"),
        ("K2,+37126000001,,,LV,,31.02.2025,,", "consent_at", "date_invalid"),
        ("K2,+37126000001,,,LV,,2026-11-20T12:00:01Z,,", "consent_at", "date_in_future"),
        ("K2,+37126000001,,,LV,,,,soon", "opted_out_at", "date_invalid"),
        ("K2,+37126000001", "", "columns_count"),
        ("K2,+37126000001,,,LV,,,\0,", "", "nul_byte"),
        ('K2,+37126000001,,"Aija,LV,,,,', "", "quote_misplaced"),
    ],
)
def test_a_bad_row_is_rejected_alone(handed: Handed, row: str, field: str, reason: str) -> None:
    """With its line, the sender's key, the field at fault and the reason; its neighbours are read."""
    first, bad, last = handed(HEADER + AIJA + row + "\n" + AIJA).read()

    assert rejected(bad) == (3, "K2", field, reason) or reason == "quote_misplaced"
    assert isinstance(first, Row)
    assert isinstance(last, Row)


@pytest.mark.parametrize(
    ("row", "at"),
    [
        ("K2,+37126000001,,,LV,,yesterday,,2026-10-01T00:00:00Z", datetime(2026, 10, 1, tzinfo=UTC)),
        ("K2,26000001,,,L V,,,,2026-10-01T00:00:00Z", datetime(2026, 10, 1, tzinfo=UTC)),
        ("K2,+37126000001,,,LV,,,,1st of October", AT),
        ("K2,+37126000001,,,LV,,,,2027-10-01T00:00:00Z", AT),
        ("K2,+37126000001,,,Rīga, LV,,,,2026-10-01T00:00:00Z", AT),
        ("K2,+37126000001,,LV,,,,2026-10-01T00:00:00Z", AT),
        ('K2,+37126000001,,"Aija,LV,,,,2026-10-01T00:00:00Z', datetime(2026, 10, 1, tzinfo=UTC)),
    ],
)
def test_no_opt_out_is_lost_through_a_typo_elsewhere(handed: Handed, row: str, at: datetime) -> None:
    """A rejected row stops its address; an opt-out whose date can't be read counts as said now."""
    *_, bad = handed(HEADER + AIJA + row + "\n", region="LV").read()

    assert stops(bad) == {"+37126000001": at}


def test_an_opt_out_beside_two_numbers_stops_both(handed: Handed) -> None:
    """Nobody can be written to at two numbers, but both are stopped."""
    (bad,) = handed(HEADER + "K2,+37126000001 / +37126000002,,,LV,,,,2026-10-01T00:00:00Z\n").read()

    assert rejected(bad)[3] == "number_ambiguous"
    assert set(stops(bad)) == {"+37126000001", "+37126000002"}


def test_an_opt_out_whose_address_is_lost_is_told(handed: Handed) -> None:
    """It stops nobody, so whoever judges the list can warn."""
    (bad,) = handed(HEADER + "K2,3.71212E+10,,,LV,,,,2026-10-01T00:00:00Z\n").read()

    assert isinstance(bad, Rejection)
    assert (bad.has_opt_out, bad.told) == (True, ())


def test_a_flag_and_a_date_of_opting_out_both_count(handed: Handed) -> None:
    """A plain yes is later than any date; a plain no beside a date takes nothing back."""
    rows = handed(
        "phone,unsubscribed,unsubscribed_at\n+37126000001,yes,2026-10-01\n+37126000002,no,2026-10-01\n"
    ).read()

    assert [row.opted_out_at for row in rows if isinstance(row, Row)] == [AT, datetime(2026, 10, 2, 12, tzinfo=UTC)]


@pytest.mark.parametrize(
    "cell",
    ['"=HYPERLINK(""http://example.com"",""Aija"")"', "@SUM(1+1)|cmd", "<script>alert(1)</script>", "+cmd|' /C'!A0"],
)
def test_a_formula_or_a_script_is_data(handed: Handed, cell: str) -> None:
    """In a name it is passed by, in a source it is kept as it was written; neither is an error."""
    plain, formula = handed(HEADER + AIJA + f"K2,+37126000002,,{cell},LV,{cell},,,\n").read()

    assert isinstance(plain, Row)
    assert isinstance(formula, Row)
    assert formula.source == cell.strip('"').replace('""', '"')


def test_a_key_cannot_steer_a_terminal(handed: Handed) -> None:
    """The sender's own id comes back in every report, so it is fit to be shown."""
    row, bad = handed("id,phone\n\x1b[2Jx,+37126000001\n\x1b[2Jx,\n").read()

    assert row.key == bad.key == "\ufffd[2Jx"


def test_mail_rows_are_read_by_their_address(handed: Handed) -> None:
    """The telephone isn't asked when mail is judged."""
    (row,) = handed("phone,email,birth_date,person_type\n?,Aija@Example.com,2013-11-20,legal\n", channel="email").read()

    assert isinstance(row, Row)
    assert (row.address, row.born_on, row.person_type) == ("aija@example.com", date(2013, 11, 20), "legal")


def test_a_rejected_row_still_tells_where_the_person_may_be(handed: Handed) -> None:
    """A fact only adds: places and birth date count though the row can't be judged."""
    text = "phone,country,state,birth_date,consent_at\n+13055550123,US,FL,2013-11-20,yesterday\n"

    (bad,) = handed(text).read()

    assert isinstance(bad, Rejection)
    (told,) = bad.told
    assert (told.country, told.state, told.born_on, told.opted_out_at) == ("US", "FL", date(2013, 11, 20), NEVER)


@given(st.text(st.sampled_from('a1+3726,;\n"\0=2026-Z:T@. ā/x'), max_size=80), st.sampled_from(["sms", "email"]))
def test_whatever_stands_in_a_list_every_record_ends_as_a_row_or_a_rejection(text: str, channel: str) -> None:
    """No cell is an error of the program; an address that was read is in its one form."""
    reader = RowReader(channel, "LV", AT, {"phone": [0], "email": [0], "consent_at": [1], "opted_out_at": [2, 1]}, 3)
    for record in records(io.StringIO(text, newline=""), ",", 3):
        item = reader.read(record)
        assert item.line == record.line
        assert isinstance(item, Row) or item.reason
        assert all(told.address for told in ([item] if isinstance(item, Row) else item.told))
