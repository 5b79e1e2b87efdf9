"""Asking: what the Terms that bind an account declare for a room to ask, and what stands in the way of its sends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar, get_args

import msgspec

from backoffice.plumbing.policies import library
from backoffice.policy.bound import Bound
from backoffice.policy.documents import Use, convert
from backoffice.policy.facts import Account
from backoffice.policy.primitives.account_terms import Ground
from backoffice.policy.primitives.gate.account import Standings
from backoffice.policy.primitives.terms import Declared
from backoffice.policy.questions import DECLARED

P = TypeVar("P", bound=Declared)

ALWAYS = frozenset({"own_request", "law"})
"""Grounds that no Terms need to name: the account's own wish, and an order of law."""


class Declaration(NamedTuple, Generic[P]):
    """What one clause declares, as `operator/5.2`."""

    clause: str
    params: P


class Reason(msgspec.Struct, frozen=True):
    """What stands in the way, in the rule's own terms, and where it comes from."""

    code: str
    source: str
    citation: str
    says: str
    verdict: str


def declared(operator: str, edition: str, kind: type[P], on: date) -> Iterator[Declaration[P]]:
    """Yield what the clauses of an edition declare of a kind on a day; raises NotFound for unknown Terms."""
    for clause in library().terms(operator, edition).clause:
        for use in clause.rules:
            if DECLARED.get(use.rule) is kind and use.mode == "do" and _is_in_force(use, on):
                yield Declaration(f"{operator}/{clause.id.partition('#')[0]}", convert(kind, use.params, "", ""))


def reasons(operator: str, edition: str, account: Account, at: datetime) -> list[Reason]:
    """Return why the account may send nothing to anybody now: the rules that speak of the account alone and apply.

    A fact that nobody has stated is no reason here; it holds the sends of which it is asked.
    """
    return [
        Reason(bound.rule.name, bound.source, bound.citation, bound.says, bound.mode)
        for bound in _of_the_account(operator, edition)
        if bound.speaks_of("", "", at)
        and bound.reaches(frozenset(), account.places)
        and bound.rule.answer(account, None, None, bound.params) is True
    ]


@lru_cache(maxsize=64)
def grounds(operator: str, edition: str) -> frozenset[str]:
    """Return the grounds on which an account under these Terms may be suspended, closed or restricted."""
    asked = (bound.params for bound in _of_the_account(operator, edition))
    named = {ground for params in asked if isinstance(params, Standings) for ground in params.grounds}
    return ALWAYS | named | frozenset(get_args(Ground))


@lru_cache(maxsize=64)
def _of_the_account(operator: str, edition: str) -> tuple[Bound, ...]:
    bounds = (*library().clauses(operator, edition), *library().law)
    return tuple(bound for bound in bounds if bound.rule.scope == ("account",) and bound.mode in ("deny", "hold"))


def _is_in_force(use: Use, on: date) -> bool:
    return (use.valid_from is None or use.valid_from <= on) and (use.valid_to is None or on <= use.valid_to)
