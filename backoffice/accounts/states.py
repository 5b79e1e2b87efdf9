"""What may follow what: the standings of an account, from which the database's CHECK, the tests and the diagram come.

applicant   asked for an account; not yet let in
trial       lets itself be tried, for a time that billing states
active      may use the service, as far as its Terms and the law let it
suspended   stopped for a stated ground, and may come back
closed      ended; what it may still take with it is open to it
purged      what was known of it is gone; a stub keeps what must outlive it: suppressions, invoices, the ledger
"""

from __future__ import annotations

from backoffice.policy.vocabulary import Standing

NEXT: dict[Standing, frozenset[Standing]] = {
    "applicant": frozenset({"trial", "active", "closed"}),
    "trial": frozenset({"active", "suspended", "closed"}),
    "active": frozenset({"suspended", "closed"}),
    "suspended": frozenset({"active", "closed"}),
    "closed": frozenset({"purged"}),
    "purged": frozenset(),
}
"""The transition table."""

FIRST: Standing = "applicant"
"""The standing in which an account begins."""

GROUNDED: frozenset[Standing] = frozenset({"suspended", "closed"})
"""Standings that are given for a ground, which is stated; a purged account keeps the ground of its closure."""

OPEN: frozenset[Standing] = frozenset({"trial", "active"})
ENDED: frozenset[Standing] = frozenset({"closed", "purged"})
"""Standings in which messages may leave, as far as all else lets them."""


def may_follow(now: Standing, then: Standing) -> bool:
    """Whether an account in one standing may come into another.

    >>> may_follow("suspended", "active"), may_follow("closed", "active")
    (True, False)
    """
    return then in NEXT[now]
