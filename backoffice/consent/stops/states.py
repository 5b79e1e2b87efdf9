"""What may follow what: the import of a list of stops, from which the database's CHECK and the tests come.

stated      its account said what the list is; nothing of it is stored
committing  its stops are being stored, a slice at a time; taken up where it stood after a crash
committed   all stops are stored; the end
failed      the file can't be read to its end; handed in again, it is taken up where it stood
"""

from __future__ import annotations

from typing import Literal

State = Literal["stated", "committing", "committed", "failed"]

NEXT: dict[State, frozenset[State]] = {
    "stated": frozenset({"committing"}),
    "committing": frozenset({"committing", "committed", "failed"}),
    "failed": frozenset({"committing"}),
    "committed": frozenset(),
}
"""The transition table."""


def may_follow(now: State, then: State) -> bool:
    """Whether an import in one state may come into another.

    >>> may_follow("stated", "committing"), may_follow("committed", "committing")
    (True, False)
    """
    return then in NEXT[now]
