"""Dates: by when a row of law or a clause wants something done, and the cases that pin it.

How long is never typed by who asks: it is the term that the policy file declares, and whether a day off moves its
end is what the same legal order declares of periods. So a wrong number in a policy file fails a case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from backoffice.kernel import jurisdiction
from backoffice.kernel.errors import BackofficeError, Invalid, NotFound
from backoffice.kernel.language import Explanation
from backoffice.kernel.periods import DueDate, Period, due, e_qaime_days, extended_months, local_date, parse_period
from backoffice.policy.documents import ACTING, Clause, Row, Use, convert, line_of, read
from backoffice.policy.facts import ERA, Moment
from backoffice.policy.library import Library, legal_order
from backoffice.policy.primitives.rights import PeriodRule
from backoffice.policy.primitives.terms import Term
from backoffice.policy.questions import DECLARED

PROLONGING = frozenset({"extension", "if_uninformed_longer_by"})
"""Terms that lengthen the `within` beside them."""


class ExpectedDate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The local days of both readings; optionally the last lawful moment, and a part of the sentence that explains."""

    legal_on: date
    safe_on: date
    legal_due: Moment | None = None
    says: str = ""


class DateCase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One worked date: an event, and when a term ends that `source`, a row or operator/clause, starts with it.

    `term` names the term where the source states more than one; `calendar` names the holidays where the source
    leaves the place open.
    """

    id: str
    title: str
    source: str
    received: Any  # a day, or a moment with its zone
    zone: str
    expect: ExpectedDate
    calendar: str = ""
    term: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.received, date) or self.received.year not in ERA:
            raise ValueError(f"received is a day or a moment of the years {ERA[0]} to {ERA[-1]}")


class DateProof(msgspec.Struct, frozen=True, kw_only=True):
    """What a date case showed."""

    case: DateCase
    due: DueDate
    failures: tuple[str, ...]


class _File(msgspec.Struct, frozen=True):
    due: tuple[DateCase, ...] = ()


class _Stated(NamedTuple):
    name: str
    term: Term
    prolongs: Term | None


def prove_dates(library: Library, files: Mapping[str, str]) -> Iterator[DateProof]:
    """Run the date cases of scenario files in order; raises Invalid with file, line and field."""
    for file, text in files.items():
        if "due" in text:  # sparing the reading of files that can't hold one
            for number, case in enumerate(read(_File, file, text).due):
                yield _proved(library, case, file, text, f"due[{number}]")


def due_of(
    library: Library, source: str, received: date, zone: ZoneInfo, *, calendar: str = "", term: str = ""
) -> DueDate:
    """Return by when `source` wants done what began with an event on a local day or at a moment.

    `term` may be left out where the source states but one; an extension counts from the event, never from the
    first date. `calendar` counts where the source names none. Raises NotFound for an unknown source, and Invalid:
    `due_term_unclear` where no single term of that name is in force on that day, or what a period is refused for.
    """
    on = local_date(received, zone)
    stated = tuple(_stated(entry_of(library, source), on))
    named = [one for one in stated if term in ("", one.name)]
    if len(named) != 1:
        known = ", ".join(dict.fromkeys(one.name for one in stated)) or "—"
        raise Invalid("due_term_unclear", field="term", source=source, on=on.isoformat(), known=known)
    found = named[0]
    if found.term.unit == "e_qaime_day":
        return e_qaime_days(received, found.term.n, zone)
    period = _period(library, source, found.term, calendar)
    if found.prolongs is None:
        return due(period, received, zone, library.calendars)
    return _prolonged(_period(library, source, found.prolongs, calendar), period, received, zone, library)


def entry_of(library: Library, source: str) -> Clause | Row:
    """Return the row, or the clause of an operator's edition in force; raises NotFound."""
    operator, is_clause, wanted = source.partition("/")
    if not is_clause:
        if source not in library.rows:
            raise NotFound("row_unknown", row=source)
        return library.rows[source]
    for clause in library.terms(operator).clause:
        if clause.id == wanted:
            return clause
    raise NotFound("clause_unknown", clause=source)


def _stated(entry: Clause | Row, on: date) -> Iterator[_Stated]:
    """Yield the terms of the uses in force on a day."""
    for use in entry.rules:
        if not _acts(entry, use, on):
            continue
        if use.outer_limit:
            yield _Stated("outer_limit", use.outer_limit, None)
        params = convert(DECLARED[use.rule], use.params, "", "") if use.mode == "do" else None
        terms = msgspec.structs.asdict(params) if params else {}
        for name, term in terms.items():
            if isinstance(term, Term) and (name not in PROLONGING or terms["within"]):
                yield _Stated(name, term, terms["within"] if name in PROLONGING else None)


def _acts(entry: Clause | Row, use: Use, on: date) -> bool:
    begins, ends = use.valid_from, use.valid_to
    if isinstance(entry, Row):
        if entry.status not in ACTING:
            return False
        begins, ends = begins or entry.valid_from, ends or entry.valid_to
    return (begins is None or begins <= on) and (ends is None or on <= ends)


def _period(library: Library, source: str, term: Term, calendar: str) -> Period:
    """Return a term as the kernel counts it; days are calendar days unless stated otherwise."""
    unit = "day" if term.unit == "calendar_day" else term.unit
    roll = "forward" if _rolls(library, source, term) else "none"
    return parse_period({"n": term.n, "unit": unit, "calendar": term.calendar or calendar, "roll": roll}, field=source)


def _rolls(library: Library, source: str, term: Term) -> bool:
    """Tell whether the legal order of a row moves an end on a free day; between parties nothing does."""
    alike = (
        row for row in library.rows.values() if row.status in ACTING and legal_order(row.id) == legal_order(source)
    )
    rules = (convert(PeriodRule, use.params, "", "") for row in alike for use in row.rules if use.rule == "period_rule")
    return any(rule.rolls == "forward" and term.unit in rule.unit for rule in rules)


def _prolonged(first: Period, further: Period, received: date, zone: ZoneInfo, library: Library) -> DueDate:
    """Lengthen in the same unit from the event (GDPR 12(3)), in another from the first end (Dir. 2011/83 Art. 10)."""
    begun = due(first, received, zone, library.calendars)
    if first.unit != further.unit:
        ended = due(further, begun.legal_on, zone, library.calendars)
        why = Explanation((*begun.explanation.phrases, *ended.explanation.phrases[1:]))
        return msgspec.structs.replace(ended, received_on=begun.received_on, explanation=why)
    if first.unit == "month":
        calendar = library.calendars[first.calendar] if first.roll == "forward" else None
        return extended_months(received, first.n, further.n, zone, calendar)
    return due(msgspec.structs.replace(first, n=first.n + further.n), received, zone, library.calendars)


def _proved(library: Library, case: DateCase, file: str, text: str, at: str) -> DateProof:
    try:
        zone = jurisdiction.zone(case.zone)
        made = due_of(library, case.source, case.received, zone, calendar=case.calendar, term=case.term)
    except BackofficeError as refused:
        field = _field(refused)
        where = {"case": case.id, "file": file, "line": line_of(text, f"{at}.{field}"), "field": field}
        raise Invalid(refused.code, **{**refused.data, **where}) from None
    return DateProof(case=case, due=made, failures=tuple(_mismatches(case.expect, made)))


def _field(refused: BackofficeError) -> str:
    """Name the field of a case that an error is about."""
    last = str(refused.data.get("field", "")).rpartition(".")[2]
    field = {"zone_unknown": "zone", "calendar_year_missing": "received"}.get(refused.code, last)
    return field if field in DateCase.__struct_fields__ else "source"


def _mismatches(expect: ExpectedDate, made: DueDate) -> Iterator[str]:
    sentence = f"{made.explanation.english()} {made.safe_explanation.english()}"
    for name in ("legal_on", "safe_on", "legal_due"):
        wanted, found = getattr(expect, name), getattr(made, name)
        if wanted not in (None, found):
            yield f"{name} {found}, expected {wanted}"
    if expect.says not in sentence:
        yield f"says: {expect.says} is missing in: {sentence}"
