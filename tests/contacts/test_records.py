"""Records: the line where each starts, and a stray quote that costs its own line and no other."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.contacts.records import records


def read(text: str, width: int | None = 3) -> list[tuple[int, list[str], str]]:
    """Return the records of a text."""
    return [(record.line, record.cells, record.fault) for record in records(io.StringIO(text, newline=""), ",", width)]


def test_a_record_has_the_line_where_it_starts() -> None:
    """Line ends inside quotes belong to the cell; empty lines are no records but are counted."""
    assert read('a,b,c\r\n\r\n"1\n2",x,y\nz,z,z\n') == [
        (1, ["a", "b", "c"], ""),
        (3, ["1\n2", "x", "y"], ""),
        (5, ["z", "z", "z"], ""),
    ]


@pytest.mark.parametrize("text", ["a,b\n", "a,b,c,d\n", "a\n"])
def test_a_ragged_record_is_told(text: str) -> None:
    """Too few and too many cells."""
    assert read(text)[0][2] == "columns_count"


def test_an_open_quote_costs_one_line() -> None:
    """The lines an open quote would swallow are read again, each for itself."""
    assert read('a,"b,c\nd,e,f\ng,h,i\n') == [
        (1, ["a", "b", "c"], "quote_not_closed"),
        (2, ["d", "e", "f"], ""),
        (3, ["g", "h", "i"], ""),
    ]


def test_two_open_quotes_cost_two_lines() -> None:
    """A second stray quote, which would close the first, is a fault of its own line."""
    found = read('a,"b,c\nd,e,f\ng,"h,i\nj,k,l\n')

    assert [(line, fault) for line, _, fault in found] == [
        (1, "quote_not_closed"),
        (2, ""),
        (3, "quote_not_closed"),
        (4, ""),
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('a,"b" x,c\n', "quote_misplaced"),
        ("a,b\0,c\n", "nul_byte"),
        (f"a,{'b' * 200_000},c\n", "cell_too_long"),
    ],
)
def test_a_faulty_cell_is_told(text: str, fault: str) -> None:
    """Text after a closing quote, a NUL byte and a cell without end are faults of their record alone."""
    found = read(text + "d,e,f\n")

    assert [(line, code) for line, _, code in found] == [(1, fault), (2, "")]


def test_a_mac_line_end_ends_a_line() -> None:
    """A carriage return alone ends a line too."""
    assert [line for line, _, _ in read("a,b,c\rd,e,f\r")] == [1, 2]


cells = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.tuples(cells, cells, cells), max_size=8))
def test_what_is_written_is_read(rows: list[tuple[str, str, str]]) -> None:
    """Whatever stands in the cells, a list that was written properly is read as it was written."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)

    assert [(tuple(found), fault) for _, found, fault in read(text.getvalue())] == [(row, "") for row in rows]


@given(st.lists(st.text(st.sampled_from('a,"\n'), max_size=12), max_size=8))
def test_every_line_is_accounted_for(lines: list[str]) -> None:
    """However quotes are scattered, each line that isn't empty is part of a record, in order."""
    text = "\n".join(lines)

    starts = [line for line, _, _ in read(text)]

    assert starts == sorted(set(starts))
    assert bool(starts) == bool(text.strip("\n"))
