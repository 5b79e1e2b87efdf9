"""What may follow what: the states of a campaign, from which the database's CHECK and the tests come.

draft      says what is sent; nobody is on it yet
importing  whom it is sent to is being read, a slice at a time; taken up where it stood after a crash
ready      everybody is on it; nobody has been decided about
running    its recipients are decided about, a slice at a time
paused     nobody more is decided about and nothing more of it leaves, until it is resumed
done       everybody was decided about; while something has not left, it can still be paused and stopped
failed     it can't go on, for the reason that `fault` names; what was decided can still be stopped
stopped    its account ended it; what had not left by then never does; the end
"""

from __future__ import annotations

from typing import Literal

State = Literal["draft", "importing", "ready", "running", "paused", "done", "stopped", "failed"]

NEXT: dict[State, frozenset[State]] = {
    "draft": frozenset({"importing", "stopped"}),
    "importing": frozenset({"ready", "failed", "stopped"}),
    "ready": frozenset({"running", "stopped"}),
    "running": frozenset({"paused", "done", "stopped", "failed"}),
    "paused": frozenset({"running", "stopped"}),
    "done": frozenset({"paused", "stopped"}),
    "failed": frozenset({"stopped"}),
    "stopped": frozenset(),
}
"""The transition table."""

DECIDED: frozenset[State] = frozenset({"done", "failed"})
"""States in which nobody more is decided about, and something may still be on its way out."""

ENDED: frozenset[State] = DECIDED | {"stopped"}
"""States from which nothing follows by itself."""


def may_follow(now: State, then: State) -> bool:
    """Whether a campaign in one state may come into another.

    >>> may_follow("paused", "running"), may_follow("stopped", "running")
    (True, False)
    """
    return then in NEXT[now]
