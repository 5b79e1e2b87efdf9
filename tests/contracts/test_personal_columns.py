"""Personal data: a column that could hold a person's is sealed, keyed or a hash, and says so where it is defined."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pytest
from piccolo import columns
from piccolo.table import Table

from backoffice.piccolo_app import TABLES

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

PROTECTED = ("sealed", "token", "commitment", "hash")
DECLARED = (*PROTECTED, "code", "words")
"""With what the help text of a column begins that can hold text, and a colon after it."""

OPEN = (
    *(columns.UUID, columns.Boolean, columns.Timestamptz, columns.Date, columns.Numeric),
    *(columns.SmallInt, columns.Integer, columns.BigInt, columns.Serial, columns.BigSerial),
)
"""Columns of these types and their children can't hold text."""

NAMELESS = (columns.UUID, columns.Boolean, columns.Timestamptz)
"""Columns of these types can't even hold a phone number or a day of birth."""

HINT = re.compile(
    r"(?:^|_)(?:address|birth|body|born|content|e?mail|evidence|msisdn|name|note|number|payload|person|phone|text|words)"
    r"(?:s|_|$)|^provider_id$"  # WhatsApp's ids of messages spell the recipient's number in base64
)
"""Names under which people's data is wont to be found."""

HARMLESS = {
    "campaign_row.number": "counts the rows of a campaign",
    "contact.person_type": "natural, legal or named_at_legal",
    "import_part.number": "counts the pieces of a file",
    "ledger_checkpoint.note": "a signed note in the sense of C2SP: origin, size, root and signatures",
    "ledger_tile.number": "counts the tiles of a level",
    "mark.name": "names what the program remembers of itself",
    "outcome.body": "findings: ids of clauses and rows, codes of facts, moments",
    "policies.body": "the operator's clauses and the law",
    "register_list.name": "names a public register",
    "vault_secret.name": "names an index",
    "whereabouts.body": "places and zones that many people share",
    "wording.body": "purposes, channels and codes that many consents share",
}
"""Columns that hold nobody's data though their names sound like it, and what they hold."""

LIBRARIES = re.compile(r"pgqueuer\w*|migration")
"""Tables made by libraries: jobs, which carry ids only, and the list of migrations."""


def undeclared(tables: Iterable[type[Table]]) -> list[str]:
    """Name the columns that can hold text and don't say what it is."""
    return [
        name
        for name, column in named(tables)
        if not isinstance(column, OPEN) and not re.fullmatch(rf"(?:{'|'.join(DECLARED)}): \S.*", told(column))
    ]


def unprotected(tables: Iterable[type[Table]]) -> list[str]:
    """Name the columns that sound like a person's data and are neither sealed nor keyed."""
    return [name for name in suspect(tables) if name not in HARMLESS]


def suspect(tables: Iterable[type[Table]]) -> list[str]:
    """Name the unprotected columns that sound like a person's data, harmless ones too."""
    return [
        name
        for name, column in named(tables)
        if HINT.search(name.partition(".")[2]) and not isinstance(column, NAMELESS) and kind(column) not in PROTECTED
    ]


def named(tables: Iterable[type[Table]]) -> Iterator[tuple[str, columns.Column]]:
    """Yield every column as table.column."""
    for table in tables:
        for column in table._meta.columns:
            yield f"{table._meta.tablename}.{column._meta.name}", column


def told(column: columns.Column) -> str:
    """Return a column's help text."""
    return column._meta.help_text or ""


def kind(column: columns.Column) -> str:
    """Return what a column declares itself to be."""
    return told(column).partition(":")[0]


def planted(name: str, column: columns.Column) -> list[type[Table]]:
    """Return a table with one column."""
    return [type("Planted", (Table,), {name: column}, tablename="planted")]


@pytest.mark.parametrize(
    "column",
    [
        columns.Text(),
        columns.Text(help_text="where people live"),
        columns.Text(help_text="code:"),
        columns.Text(help_text="secret: a word of ours"),
        columns.Varchar(),
        columns.Bytea(),
        columns.JSONB(),
        columns.JSON(),
        columns.Array(base_column=columns.Text()),
        columns.Email(),
    ],
)
def test_a_column_that_does_not_say_what_it_holds_is_found(column: columns.Column) -> None:
    """Whatever can hold text has to say so, and in one of the six words."""
    assert undeclared(planted("colour", column)) == ["planted.colour"]


@pytest.mark.parametrize("name", ["phone", "sent_to_number", "born_on", "names", "email", "mail_body", "person"])
@pytest.mark.parametrize(
    "column",
    [
        columns.Text(help_text="code: what it is"),
        columns.Bytea(help_text="words: the operator's"),
        columns.BigInt(),
        columns.Date(),
    ],
)
def test_a_column_that_sounds_like_a_persons_is_found(name: str, column: columns.Column) -> None:
    """A number may be a phone's, a day a birthday, and bytes anything."""
    assert unprotected(planted(name, column)) == [f"planted.{name}"]


@pytest.mark.parametrize("help_text", ["sealed: by its key", "token: of it", "commitment: to it", "hash: of it"])
def test_what_is_sealed_or_keyed_may_have_any_name(help_text: str) -> None:
    """The column says how nobody is named by it."""
    tables = planted("phone", columns.Bytea(help_text=help_text))

    assert (undeclared(tables), unprotected(tables)) == ([], [])


@pytest.mark.parametrize("name", ["naming", "bodyguard", "textile", "renumbered", "at"])
def test_a_name_that_only_contains_such_a_word_passes(name: str) -> None:
    """Words count whole."""
    assert unprotected(planted(name, columns.Text(help_text="code: what it is"))) == []


def test_every_column_says_what_it_holds() -> None:
    """Sealed, keyed, committed to, hashed, a code or the operator's own words."""
    assert undeclared(TABLES) == []


def test_no_column_holds_a_person_in_clear() -> None:
    """From the first migration: no phone, address, name or body."""
    assert unprotected(TABLES) == []


def test_no_reason_is_kept_for_a_column_that_is_gone() -> None:
    """What is called harmless is there, and would be found."""
    assert set(HARMLESS) <= set(suspect(TABLES))


async def test_no_column_hides_from_this_test(work: Work) -> None:
    """Every column of the database that can hold text is declared, or a library's."""
    rows = await work.connection.fetch(
        "SELECT c.relname || '.' || a.attname AS name, c.relname AS owner FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid"
        " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'm', 'v', 'f')"
        " AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND t.typcategory NOT IN ('N', 'B', 'D')"
        " AND t.typname <> 'uuid'"
    )
    declared = {name for name, _ in named(TABLES)}

    assert {row["name"] for row in rows if not LIBRARIES.fullmatch(row["owner"])} <= declared
    assert len(rows) > len(TABLES)
