"""The library: every policy file, read strictly and tied together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase

import msgspec

import backoffice.policy.primitives  # noqa: F401  # registers every primitive
from backoffice.kernel.calendars import parse_calendar
from backoffice.kernel.errors import Invalid, NotFound
from backoffice.kernel.jurisdiction import Numbering, local_midnight
from backoffice.policy.bound import Bound
from backoffice.policy.documents import (
    ACTING,
    Clause,
    Clauses,
    Exempts,
    Operator,
    Pack,
    Row,
    Use,
    convert,
    line_of,
    read,
)
from backoffice.policy.facts import FOREVER, NEVER
from backoffice.policy.language import RULES
from backoffice.policy.questions import DECLARED
from backoffice.policy.replies import ReplyWords, list_faults
from backoffice.policy.settings import Setting, Settings, laid_over, written
from backoffice.policy.times import Times

EXEMPT = "not_on_a_send.toml"
REPLIES = "replies/"
UNPLACED = frozenset({"PLATFORM", "US-other"})  # their rules name places themselves, or hold everywhere


class Library:
    """All policies of the install; raises Invalid with file, line and field where one can't be read."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self.operators = {
            file.split("/")[1]: read(Operator, file, files[file]) for file in self._named("/operator.toml")
        }
        editions = [read(Clauses, file, files[file]) for file in self._named("/clauses.toml")]
        self.editions = {(terms.operator, terms.edition): terms for terms in editions}
        self._settings = {file: read(Settings, file, files[file]).setting for file in self._named("/settings.toml")}
        law = [file for file in files if file.startswith(("jurisdictions/", "channels/"))]
        self._packs = {file: read(Pack, file, files[file]) for file in law}
        self.packs = tuple(self._packs.values())
        self.rows = {row.id: row for pack in self.packs for row in pack.row}
        self.exempt = {row.id: row.why for row in read(Exempts, EXEMPT, files.get(EXEMPT, "")).row}
        self.calendars = {
            file.removesuffix(".toml"): parse_calendar(text, file=file)
            for file, text in _inside("calendars/", files).items()
        }
        self.times = Times(self.calendars)
        self._replies = {file: read(ReplyWords, file, files[file]) for file in files if file.startswith(REPLIES)}
        self.replies = tuple(self._replies.values())
        self.numbering = Numbering.from_toml(_inside("numbers/", files))
        self.law = tuple(self._law())
        self._check()

    def _named(self, ending: str) -> list[str]:
        return [file for file in self.files if file.startswith("operators/") and file.endswith(ending)]

    def operator(self, name: str) -> Operator:
        """Return an operator; raises NotFound with the names there are."""
        if name not in self.operators:
            raise NotFound("operator_unknown", operator=name, known=", ".join(sorted(self.operators)))
        return self.operators[name]

    def terms(self, operator: str, edition: str = "") -> Clauses:
        """Return an edition of an operator's Terms, the one in force where none is named."""
        in_force = self.operator(operator).edition
        wanted = (operator, edition or in_force)
        if wanted not in self.editions:
            known = ", ".join(sorted(ed for op, ed in self.editions if op == operator))
            raise NotFound("edition_unknown", operator=operator, edition=wanted[1], known=known)
        return self.editions[wanted]

    def settings(self, operator: str, edition: str = "") -> tuple[Setting, ...]:
        """Return what an operator sets on an edition of its Terms."""
        return self._settings.get(settings_file(operator, self.terms(operator, edition).edition), ())

    def setting(self, operator: str, edition: str, settings: Iterable[Setting]) -> Library:
        """Return the same policies with these settings on an edition; raises Invalid where they can't be laid."""
        file = settings_file(operator, self.terms(operator, edition).edition)
        return Library({**self.files, file: written(settings)})

    def clauses(self, operator: str, edition: str = "") -> Iterator[Bound]:
        """Bind every rule of an edition that speaks of sends."""
        terms = self.terms(operator, edition)
        file = f"operators/{operator}/{terms.edition}/clauses.toml"
        name = self.operator(operator).name
        for number, clause in enumerate(terms.clause):
            self._complete(clause, file, f"$.clause[{number}]")
            for position, use in enumerate(clause.rules):
                at = f"$.clause[{number}].rules[{position}]"
                bound = self._bound(use, f"{operator}/{clause.id}", position, (file, at), jurisdiction="")
                if bound is not None:
                    yield msgspec.structs.replace(
                        bound,
                        citation=f"{name} Terms {clause.id.partition('#')[0]}",
                        says=clause.says,
                        reach="everyone",
                    )

    def _law(self) -> Iterator[Bound]:
        for file, pack in self._packs.items():
            for number, row in enumerate(pack.row):
                self._complete(row, file, f"$.row[{number}]")
                for position, use in enumerate(row.rules):
                    at = f"$.row[{number}].rules[{position}]"
                    bound = self._bound(use, row.id, position, (file, at), pack.jurisdiction)
                    if bound is not None:
                        yield self._of_row(bound, row, use, pack.jurisdiction)

    def _of_row(self, bound: Bound, row: Row, use: Use, jurisdiction: str) -> Bound:
        begins, ends = use.valid_from or row.valid_from, use.valid_to or row.valid_to
        zones = [zone for place in bound.places for zone in self.numbering.zones_of(place)] or ["UTC"]
        return msgspec.structs.replace(
            bound,
            citation=row.citation,
            says=row.says,
            is_acting=row.status in ACTING and row.id not in self.exempt,
            reach="everyone" if jurisdiction == "PLATFORM" and not use.places else row.reach,
            channels=frozenset(use.channels or row.channels),
            purposes=frozenset(use.purposes or row.purposes),
            from_at=local_midnight(begins, zones)[0] if begins else NEVER,
            until_at=local_midnight(ends + timedelta(days=1), zones)[1] if ends else FOREVER,
        )

    def _bound(self, use: Use, source: str, position: int, where: tuple[str, str], jurisdiction: str) -> Bound | None:
        file, at = where
        if use.rule not in (DECLARED if use.mode == "do" else RULES):
            raise self._wrong("rule_unknown", file, f"{at}.rule", rule=use.rule, mode=use.mode)
        places = use.places or (() if jurisdiction in {"", *UNPLACED} else (jurisdiction,))
        params_type = DECLARED[use.rule] if use.mode == "do" else RULES[use.rule].params
        if params_type is None and use.params:
            raise self._wrong("rule_takes_no_params", file, f"{at}.params", rule=use.rule)
        given = {**use.params, "places": list(places)} if places and use.mode != "do" else use.params
        is_asleep = bool(use.awaits) and use.awaits not in use.params
        params = None
        if params_type is not None and not is_asleep:
            params = convert(params_type, given, file, self.files[file], f"{at}.params")
        if use.mode == "do":
            return None
        if (use.mode == "allow") != bool(use.lifts) or (use.mode == "allow") != RULES[use.rule].may_lift:
            raise self._wrong("exception_names_what_it_lifts", file, f"{at}.lifts", rule=use.rule)
        return Bound(
            source=source,
            position=position,
            rule=RULES[use.rule],
            params=params,
            mode=use.mode,
            places=frozenset(places),
            channels=frozenset(use.channels),
            purposes=frozenset(use.purposes),
            same_as=use.same_as,
            lifts=use.lifts,
            awaits=use.awaits if is_asleep else "",
            given=use.params,
        )

    def _complete(self, entry: Clause | Row, file: str, at: str) -> None:
        if bool(entry.rules) == bool(entry.why):
            raise self._wrong("rules_or_why", file, f"{at}.rules", id=entry.id)

    def _wrong(self, code: str, file: str, field: str, **data: object) -> Invalid:
        return Invalid(code, file=file, line=line_of(self.files[file], field), field=field.lstrip("$."), **data)

    def _check(self) -> None:
        """Refuse what only shows when all files are read together."""
        for file, pack in self._packs.items():
            _refuse_twins(file, [row.id for row in pack.row])
        _refuse_twins("jurisdictions", [row.id for pack in self.packs for row in pack.row])
        bounds = list(self.law)
        for (operator, edition), terms in self.editions.items():
            _refuse_twins(f"operators/{operator}/{edition}/clauses.toml", [clause.id for clause in terms.clause])
            self._refuse_idle_pointers(operator, terms)
            bounds += self.clauses(operator, edition)
        for file in self._settings:
            self._check_settings(file)
        for file, words in self._replies.items():
            for field, entry in list_faults(words):
                raise self._wrong("phrase_unreadable", file, f"$.{field}", phrase=entry)
        groups: dict[str, str] = {}
        for bound in bounds:
            self._refuse_overreach(bound)
            if bound.same_as and groups.setdefault(bound.same_as, bound.rule.name) != bound.rule.name:
                raise Invalid("group_of_two_rules", row=bound.source, group=bound.same_as)

    def _check_settings(self, file: str) -> None:
        """Refuse, where it stands, what can't be laid over the clauses of its edition."""
        _, operator, edition, _ = file.split("/")
        bounds = tuple(self.clauses(operator, edition))
        _refuse_twins(file, [one.source for one in self._settings[file]])
        for number, one in enumerate(self._settings[file]):
            try:
                laid_over(bounds, [one])
            except Invalid as wrong:
                told = {name: value for name, value in wrong.data.items() if name not in ("file", "line", "field")}
                raise self._wrong(wrong.code, file, f"$.setting[{number}]", **told) from None

    def _refuse_overreach(self, bound: Bound) -> None:
        """An exception stays in its own legal order, and no operator's clause lifts law."""
        for lifted in bound.lifts:
            if "/" in bound.source:
                raise Invalid("clause_may_not_lift_law", clause=bound.source)
            if lifted not in self.rows or legal_order(lifted) != legal_order(bound.source):
                raise Invalid("exception_out_of_order", row=bound.source, lifts=lifted)

    def _refuse_idle_pointers(self, operator: str, terms: Clauses) -> None:
        for clause in terms.clause:
            for wanted in clause.invokes:
                if not any(fnmatchcase(row, wanted) for row in self.rows):
                    raise Invalid("invokes_nothing", clause=f"{operator}/{clause.id}", rows=wanted)


def settings_file(operator: str, edition: str) -> str:
    """Return where the settings of an edition stand.

    >>> settings_file("acme", "2025-01-15")
    'operators/acme/2025-01-15/settings.toml'
    """
    return f"operators/{operator}/{edition}/settings.toml"


def _refuse_twins(file: str, ids: list[str]) -> None:
    for one, times in Counter(ids).items():
        if times > 1:
            raise Invalid("id_twice", file=file, field=one)


def _inside(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    return {file.removeprefix(folder): text for file, text in files.items() if file.startswith(folder)}


def legal_order(source: str) -> str:
    """Name the legal order a row belongs to, Latvia's being the EU's; a clause has its own, without rows.

    >>> legal_order("LV-MKT-06"), legal_order("US-FL-03"), legal_order("acme/8.2")
    ('EU', 'US', 'acme/8.2')
    """
    first = source.partition("-")[0]
    return "EU" if first == "LV" else first
