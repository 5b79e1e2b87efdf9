"""Lines: the same keys for every row, no address unless it is asked for, nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.contacts.rows import Rejection, Row
from backoffice.plumbing.translations import translator
from backoffice.relay.judge import Merged
from backoffice.relay.lines import FORMULA, Lines, csv_line, writer_for
from tests.relay.conftest import Judges

HEADER = "external_id,phone,email,country,consent_at,consent_text,evidence,opted_out_at\n"
GIVEN = '2026-03-01T10:00:00Z,"Yes, Baltic Lamp may send me offers on WhatsApp.",form:checkout-2025'
AIJA = f"K1,+37126000001,aija@example.com,LV,{GIVEN},\n"
TWICE = "K2,2600 0001,,LV,,,,\n"
DANA = "K3,+12125550102,dana@example.com,US,,,,\n"
BROKEN = "K4,+37126000002,x@example.com,LV,yesterday,,,\n"
LIST = HEADER + AIJA + TWICE + DANA + BROKEN
KEYS = {"line", "key", "verdict", "reasons", "next_allowed_at", "grade", "places"}


def cells(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV text."""
    return list(csv.DictReader(io.StringIO(text)))


def test_every_line_has_the_same_keys(judged: Judges) -> None:
    """Who reads a line needn't know first how its row ended."""
    told = judged(LIST)

    assert all(line.keys() >= KEYS for line in told.lines)
    assert [(line["line"], line["key"], line["verdict"]) for line in told.lines] == [
        (2, "K1", "allow"),
        (3, "K2", "merged"),
        (4, "K3", "deny"),
        (5, "K4", "rejected"),
    ]


def test_a_rejected_row_names_field_and_reason(judged: Judges) -> None:
    """As a code for programs and as a sentence for people."""
    line = judged(LIST).lines[3]

    assert (line["field"], line["reason"]) == ("consent_at", "date_invalid")
    assert [reason["code"] for reason in line["reasons"]] == ["date_invalid"]
    assert line["reasons"][0]["says"].startswith("The date can't be read")


def test_a_reason_names_its_source_and_what_can_be_done(judged: Judges) -> None:
    """Each is a clause of the Terms or an article of law."""
    for reason in judged(LIST).lines[2]["reasons"]:
        assert reason["citation"]
        assert reason["says"]
        assert reason["source"]


def test_a_hold_says_when_it_opens(judged: Judges) -> None:
    """At nine in London, where it is half past eight; a place without a pack of its own is told."""
    line = judged(HEADER + f"K1,+447400123456,,GB,{GIVEN},\n").lines[0]

    assert (line["verdict"], line["next_allowed_at"]) == ("hold", "2026-11-20T09:00:00Z")
    assert line["note"].startswith("No law pack for GB")


@pytest.mark.parametrize("name", ["x.jsonl", "x.csv", "X.CSV"])
def test_no_address_is_written_unless_it_is_asked_for(judged: Judges, name: str) -> None:
    """No phone number, in whole or national, and no mail address, of whatever row."""
    text = judged(LIST, name=name).text

    assert [part for part in ("26000001", "26000002", "2125550102", "@example.com") if part in text] == []


@pytest.mark.parametrize("name", ["x.jsonl", "x.csv"])
def test_addresses_are_written_where_they_are_asked_for(judged: Judges, name: str) -> None:
    """Merged rows and rejected ones too, where an address can be read."""
    text = judged(LIST, name=name, with_addresses=True).text

    assert text.count("+37126000001") == 2
    assert "+12125550102" in text
    assert "+37126000002" in text


@pytest.mark.parametrize(
    "key",
    [
        "+37126000001",
        "37126000001",
        "26000001",
        "2600-0001",
        "026000001",
        "+371 26 00 00 01",
        "+37129999999",
        "aija@example.com",
        "id:aija@example.com",
    ],
)
def test_a_key_that_is_an_address_is_left_out(judged: Judges, key: str) -> None:
    """Some lists use the number itself as the contact's id; the line still tells the row."""
    row = AIJA.replace("K1", key)

    assert judged(HEADER + row).lines[0]["key"] == ""
    assert judged(HEADER + row + row).lines[1]["key"] == ""
    assert judged(HEADER + row, with_addresses=True).lines[0]["key"] == key


@pytest.mark.parametrize("key", ["K1", "1", "0000001", "2026-000123", "+1", "@x", "9000000000001", "a b@", "ID-26000"])
def test_the_senders_own_id_is_kept(judged: Judges, key: str) -> None:
    """An id may be a number too, as long as it isn't this row's."""
    assert judged(HEADER + AIJA.replace("K1", key)).lines[0]["key"] == key


@pytest.mark.parametrize("key", ["=1+1", "+1", "-1", "@SUM(1+1)|cmd", "=HYPERLINK(1)"])
def test_a_key_is_no_formula_in_a_spreadsheet(judged: Judges, key: str) -> None:
    """CSV marks it as text; JSON, which no spreadsheet runs, keeps it as it is."""
    row = HEADER + AIJA.replace("K1", key)

    assert cells(judged(row, name="x.csv").text)[0]["key"] == f"'{key}"
    assert judged(row).lines[0]["key"] == key


@given(st.text(max_size=20), st.sampled_from(["+37126000001", "aija@example.com", ""]))
def test_no_cell_of_csv_begins_as_a_formula(key: str, address: str) -> None:
    """Whatever the sender's id is, and one row stays one record."""
    lines = Lines(str, with_addresses=True)
    rows = (Merged(Row(line=3, key=key, address=address), 2), Rejection(line=3, field="", reason="nul_byte", key=key))
    written = [next(csv.reader(io.StringIO(csv_line(lines.told(row)).decode(), newline=""))) for row in rows]

    assert [cell for record in written for cell in record if cell.startswith(FORMULA)] == []
    assert {len(record) for record in written} == {9}


def test_csv_tells_field_and_reason_of_a_rejected_row_and_where_one_was_merged(judged: Judges) -> None:
    """It holds less than JSON, and drops no row."""
    rows = cells(judged(LIST, name="x.csv").text)

    assert [row["verdict"] for row in rows] == ["allow", "merged", "deny", "rejected"]
    assert rows[1]["into"] == "2"
    assert rows[3]["reasons"].startswith("consent_at: The date can't be read")
    assert rows[0]["places"] == "EU LV"


def test_the_same_list_gives_the_same_bytes(judged: Judges) -> None:
    """Twice, in either form."""
    for name in ("x.jsonl", "x.csv"):
        assert judged(LIST, name=name).text == judged(LIST, name=name).text


def test_reasons_are_told_in_the_readers_language() -> None:
    """Rejections as well."""
    told = Lines(translator("lv"), with_addresses=False).told(Rejection(line=2, field="phone", reason="number_invalid"))

    assert (
        told["reasons"][0]["says"]
        == translator("lv")("This can't be a phone number.")
        != "This can't be a phone number."
    )


def test_the_form_follows_the_files_ending() -> None:
    """CSV has a header, JSON lines need none."""
    assert writer_for("a.CSV")[0].startswith(b"line,key,verdict,reasons")
    assert writer_for("a.jsonl")[0] == b""
