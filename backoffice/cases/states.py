"""What may follow what: the states of a case, from which the database's CHECK and the tests come.

open     somebody must judge it
decided  somebody did, and what came of it is on record; the end
lapsed   nobody did in time, and it counts as the strict side has it; the end
closed   what was to be judged has been told clearly since; the end
"""

from __future__ import annotations

from typing import Literal

State = Literal["open", "decided", "lapsed", "closed"]

Outcome = Literal["stop", "no_stop"]
"""What somebody who judges an unclear reply finds: that the person wants no more, or that they meant something else."""

NEXT: dict[State, frozenset[State]] = {
    "open": frozenset({"decided", "lapsed", "closed"}),
    "decided": frozenset(),
    "lapsed": frozenset(),
    "closed": frozenset(),
}
"""The transition table."""

FIRST: State = "open"
"""The state in which a case begins."""


def may_follow(now: State, then: State) -> bool:
    """Whether a case in one state may come into another.

    >>> may_follow("open", "lapsed"), may_follow("lapsed", "decided")
    (True, False)
    """
    return then in NEXT[now]
