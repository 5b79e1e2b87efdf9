"""Rows of a list: a record's cells, typed, or the one reason why it is rejected.

A rejected row still speaks against a send: no opt-out is lost through a typo elsewhere in its row.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import msgspec

from backoffice.contacts.cells import (
    ADDRESS_COLUMN,
    address_of,
    born_on,
    country_of,
    earliest,
    moments,
    opt_out,
    person_type_of,
    shown,
)
from backoffice.kernel.errors import Invalid
from backoffice.policy.facts import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backoffice.contacts.records import Record

P = ParamSpec("P")
T = TypeVar("T")


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row that can be judged: the address of the judged channel and what the list says of its owner.

    `line` is the physical line where the record starts, the header's being 1; `key` the sender's own id, or "".
    Texts are as written, without spaces around them. Moments are UTC, NEVER where the cell is empty.
    """

    line: int
    key: str
    address: str
    country: str = ""
    state: str = ""
    zip: str = ""
    language: str = ""
    source: str = ""
    channel: str = ""
    purpose: str = ""
    consent_at: datetime = NEVER  # the earliest moment the cell can mean
    consent_method: str = ""
    consent_text: str = ""
    evidence: str = ""
    opted_out_at: datetime = NEVER  # the latest one
    person_type: str = "natural"
    born_on: date | None = None
    last_inbound_at: datetime = NEVER
    last_purchase_at: datetime = NEVER


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """One row that can't be judged, with the field at fault ("" where it is the row) and the code of the reason.

    What the row says against a send isn't lost with it: `told` holds its address with its places, birth date and
    opt-out (one whose date can't be read counts as said just now), or nothing where no address can be read.
    """

    line: int
    field: str
    reason: str
    key: str = ""
    has_opt_out: bool = False
    told: tuple[Row, ...] = ()


_READ = (
    *("external_id", "country", "state", "zip", "language", "source", "channel", "purpose", "consent_at"),
    *("consent_method", "consent_text", "evidence", "person_type", "birth_date", "last_inbound_at"),
    "last_purchase_at",
)

_PARTS = re.compile(r"[/,;|\s]\s*(?=\+|00|\d{7}|\S+@)")


def parts_of(cell: str) -> list[str]:
    """Return what may be addresses of their own in a cell that is no address as a whole.

    >>> parts_of("+37126000001 / +371 26000002")
    ['+37126000001', '+371', '26000002']
    """
    return [part.strip() for part in _PARTS.split(cell)]


class RowReader:
    """Makes a row of a record, for one channel at one moment.

    `places` are the columns' places in a record of `width` cells; `region` reads numbers that name no country.
    """

    def __init__(
        self, channel: str, region: str | None, at: datetime, places: Mapping[str, Sequence[int]], width: int
    ) -> None:
        self._channel, self._region, self._at, self._width = channel, region, at, width
        singles = [places.get(column, [width])[0] for column in (ADDRESS_COLUMN[channel], *_READ)]
        stops = places.get("opted_out_at", [width])
        self._pick: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*singles, *stops)

    def read(self, record: Record) -> Row | Rejection:
        """Return the record as a row, or what is wrong with it; the record is used up."""
        if record.fault and len(record.cells) != self._width:
            return self._ragged(record)
        record.cells.append("")  # what a column the list lacks holds
        values = tuple(map(str.strip, self._pick(record.cells)))
        if record.fault:
            return self._rejection(record.line, values, Invalid(record.fault))
        try:
            return self._row(record.line, values)
        except Invalid as fault:
            return self._rejection(record.line, values, fault)

    def _row(self, line: int, values: tuple[str, ...]) -> Row:
        address, key, country, state, zip_code, language, source, channel, purpose, consent_at = values[:10]
        consent_method, consent_text, evidence, person_type, birth_date, inbound_at, purchase_at = values[10:17]
        at, country = self._at, country_of(country)
        return Row(
            line=line,
            key=_key(key),
            address=address_of(address, self._channel, country or self._region),
            country=country,
            state=state,
            zip=zip_code,
            language=language,
            source=source,
            channel=channel,
            purpose=purpose,
            consent_at=earliest(consent_at, "consent_at", at),
            consent_method=consent_method,
            consent_text=consent_text,
            evidence=evidence,
            opted_out_at=max([opt_out(cell, "opted_out_at", at) for cell in values[17:]]),
            person_type=person_type_of(person_type),
            born_on=born_on(birth_date, "birth_date", at),
            last_inbound_at=earliest(inbound_at, "last_inbound_at", at),
            last_purchase_at=earliest(purchase_at, "last_purchase_at", at),
        )

    def _rejection(self, line: int, values: tuple[str, ...], fault: Invalid) -> Rejection:
        """Say what is wrong with the row, and keep what it says against a send to its address."""
        key, stop = _key(values[1]), max(self._stop(cell) for cell in values[17:])
        told = Row(
            line=line,
            key=key,
            address="",
            country=_or_else("", country_of, values[2]),
            state=values[3],
            zip=values[4],
            opted_out_at=stop,
            born_on=_or_else(None, born_on, values[14], "birth_date", self._at),
        )
        whole = self._address(values[0], values[2])
        # "+371 26000001 / 26000002" is no address to write to, but a stop beside it is meant for both
        parts = [whole] if whole or stop == NEVER else [self._address(part, values[2]) for part in parts_of(values[0])]
        return Rejection(
            line=line,
            field=str(fault.data.get("field", "")),
            reason=fault.code,
            key=key,
            has_opt_out=stop != NEVER,
            told=tuple(msgspec.structs.replace(told, address=address) for address in sorted({*parts} - {""})),
        )

    def _ragged(self, record: Record) -> Rejection:
        """Reject a row with too few or too many cells; its columns are looked for from both its ends.

        Where an opt-out may stand in either reading, it counts for each address that may stand there.
        """
        cells, gap = record.cells, [""] * self._width
        ends = [self._pick([*(cells + gap)[: self._width], ""]), self._pick([*(gap + cells)[-self._width :], ""])]
        values = [tuple(map(str.strip, end)) for end in ends]
        has_stop = any(_or_else(None, moments, cell, "") for end in values for cell in end[17:])
        addresses = {self._address(end[0], end[2]) for end in values} - {""} if has_stop else set()
        key = _key(values[0][1])
        return Rejection(
            line=record.line,
            field="",
            reason=record.fault,
            key=key,
            has_opt_out=has_stop,
            told=tuple(
                Row(line=record.line, key=key, address=address, opted_out_at=self._at) for address in sorted(addresses)
            ),
        )

    def _address(self, cell: str, country: str) -> str:
        """Return the address, "" if it can't be read; a country that can't be read is as good as none."""
        try:
            return address_of(cell.strip(), self._channel, country_of(country) or self._region)
        except Invalid as fault:
            if fault.data["field"] != "country":
                return ""
        return _or_else("", address_of, cell.strip(), self._channel, self._region)

    def _stop(self, cell: str) -> datetime:
        return _or_else(self._at, opt_out, cell, "opted_out_at", self._at)


def _key(cell: str) -> str:
    return cell if cell.isprintable() and len(cell) <= 80 else shown(cell)


def _or_else(fallback: T, read: Callable[P, T], *cells: P.args, **more: P.kwargs) -> T:
    try:
        return read(*cells, **more)
    except Invalid:
        return fallback
