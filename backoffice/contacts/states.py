"""What may follow what: the import of a list, from which the database's CHECK and the tests come.

stated      its account said what the list is; no file was read yet
previewed   a file was read and counted; nothing of it is stored but its hash
committing  its rows are being stored, a slice at a time; taken up where it stood after a crash
committed   all rows are stored; the end
failed      the file can't be read to its end; handed in again, it is taken up where it stood
"""

from __future__ import annotations

from typing import Literal

State = Literal["stated", "previewed", "committing", "committed", "failed"]

NEXT: dict[State, frozenset[State]] = {
    "stated": frozenset({"previewed"}),
    "previewed": frozenset({"previewed", "committing"}),
    "committing": frozenset({"committing", "committed", "failed"}),
    "failed": frozenset({"previewed", "committing"}),
    "committed": frozenset(),
}
"""The transition table."""


def may_follow(now: State, then: State) -> bool:
    """Whether an import in one state may come into another.

    >>> may_follow("previewed", "committing"), may_follow("stated", "committing")
    (True, False)
    """
    return then in NEXT[now]
