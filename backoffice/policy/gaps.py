"""Gaps: facts nobody has stated, which hold a send and never let it pass.

A gap raises whatever is done with it, so a rule that reads one can't answer; Python's own short circuit
decides whether it was read at all.
"""

from __future__ import annotations

from typing import Any, NoReturn


class GapError(Exception):
    """A rule read a fact nobody has stated; `fact` names it, as in `account.standing`."""

    def __init__(self, fact: str) -> None:
        super().__init__(fact)
        self.fact = fact


class Gap:
    """The value of a fact nobody has stated.

    >>> Gap("account.standing") == "active"
    Traceback (most recent call last):
    ...
    backoffice.policy.gaps.GapError: account.standing
    """

    __slots__ = ("fact",)

    def __init__(self, fact: str) -> None:
        self.fact = fact

    def _raise(self, *_: object) -> NoReturn:
        raise GapError(self.fact)

    __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _raise
    __add__ = __radd__ = __sub__ = __rsub__ = __neg__ = _raise
    __iter__ = __len__ = __contains__ = __getitem__ = _raise

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse to be looked into; a name with underscores is the interpreter's own question."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise GapError(self.fact)

    def __repr__(self) -> str:
        return f"Gap({self.fact!r})"


def gap(fact: str) -> Any:  # noqa: ANN401  # stands in for a value of any type
    """Make the default of a fact: a gap that names it."""
    return Gap(fact)


def is_gap(value: object) -> bool:
    """Tell whether this fact was never stated; the only question that may be asked of a gap."""
    return type(value) is Gap
