"""Columns: headers found by name in four languages or as stated, and never chosen between."""

from __future__ import annotations

import pytest

from backoffice.contacts.columns import COLUMNS, map_columns
from backoffice.kernel.errors import Invalid


def found(*headers: str, **stated: str) -> dict[str, list[int]]:
    """Return the places of our columns among these headers."""
    return map_columns(headers, stated, file="list.csv", line=1)


@pytest.mark.parametrize(
    "headers",
    [
        ["Phone Number", "E-mail", "Country", "Consent date", "Unsubscribed"],
        ["Tālrunis", "E-pasts", "Valsts", "Piekrišanas datums", "Atteicās"],
        ["TELEFON", "E-POÇT", "ÖLKƏ", "RAZILIQ TARİXİ", "İMTİNA"],
        ["Телефон", "Электронная почта", "Страна", "Дата согласия", "Дата отписки"],
    ],
)
def test_headers_are_found_in_four_languages(headers: list[str]) -> None:
    """Case, spaces, hyphens and accents don't matter."""
    assert list(found(*headers)) == ["phone", "email", "country", "consent_at", "opted_out_at"]


def test_our_own_names_are_found() -> None:
    """Each column answers to its own name."""
    assert found(*COLUMNS) == {column: [place] for place, column in enumerate(COLUMNS)}


def test_no_two_columns_share_a_name() -> None:
    """A header can't mean two columns, whatever order the table is written in."""
    for column, others in COLUMNS.items():
        for name in others.split(", "):
            assert list(found(name)) == [column], name


def test_a_stated_header_goes_before_the_synonyms() -> None:
    """The account may say which of two telephones is meant."""
    assert found("Phone", "Mobile", phone="Mobile") == {"phone": [1]}


def test_two_headers_for_one_column_are_refused() -> None:
    """Which telephone is the person's is nobody's to guess."""
    with pytest.raises(Invalid) as refused:
        found("Phone", "Mobile")

    assert refused.value.code == "column_twice"
    assert refused.value.data == {"file": "list.csv", "line": 1, "field": "phone", "headers": ["Phone", "Mobile"]}


def test_opt_outs_are_gathered_from_every_column() -> None:
    """A flag beside its date, or another list's opt-outs: none may be passed over, stated or not."""
    assert found("Unsubscribed", "phone", "Unsubscribed at", "DNC")["opted_out_at"] == [0, 2, 3]
    assert found("Left us", "phone", "DNC", opted_out_at="left us")["opted_out_at"] == [0, 2]


@pytest.mark.parametrize(
    ("stated", "code"),
    [({"fax": "Phone"}, "column_unknown"), ({"phone": "Handy"}, "column_missing"), ({"zip": "Place"}, "column_twice")],
)
def test_a_wrong_statement_is_refused(stated: dict[str, str], code: str) -> None:
    """A column we don't have, a header they don't have, and one they have twice."""
    with pytest.raises(Invalid) as refused:
        found("Phone", "Place", "Place", **stated)

    assert refused.value.code == code
