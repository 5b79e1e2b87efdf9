"""The words of errors and of rejected rows: a sentence for every code, in every room.

Where it happened (file, line, field) is told beside the sentence, so no sentence repeats it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from string import Formatter

from backoffice.kernel.errors import BackofficeError
from backoffice.plumbing.messages.accounts import ACCOUNTS, CREDITS
from backoffice.plumbing.messages.commands import COMMANDS
from backoffice.plumbing.messages.kernel import KERNEL
from backoffice.plumbing.messages.ledger import LEDGER, PROOFS
from backoffice.plumbing.messages.lists import LISTS, ROWS
from backoffice.plumbing.messages.machine import MACHINE, VAULT
from backoffice.plumbing.messages.people import IMPORTS, PEOPLE
from backoffice.plumbing.messages.policies import POLICIES
from backoffice.plumbing.messages.requests import REQUESTS, TITLES
from backoffice.plumbing.messages.sends import CAMPAIGNS, DELIVERIES, SENDS
from backoffice.plumbing.messages.webhooks import WEBHOOKS

__all__ = ["MESSAGES", "ROWS", "TITLES", "error_text"]

_ROOMS = (
    *(ROWS, LISTS, COMMANDS, POLICIES, KERNEL),
    *(MACHINE, VAULT, REQUESTS, TITLES, LEDGER, PROOFS),
    *(ACCOUNTS, CREDITS, PEOPLE, IMPORTS, SENDS, DELIVERIES, CAMPAIGNS, WEBHOOKS),
)

MESSAGES: dict[str, str] = {code: says for room in _ROOMS for code, says in room.items()}
"""A sentence for every code, with its data in braces; and the titles of problems."""


def error_text(error: BackofficeError, translate: Callable[[str], str] = str) -> str:
    """Say an error to a person; a code without a sentence is shown as it stands.

    >>> error_text(BackofficeError("clause_unknown", clause="x/5.2"))
    'There is no clause x/5.2.'
    """
    if error.code not in MESSAGES:
        return str(error)
    told = {name: _said(value, translate) for name, value in error.data.items()}
    return translate(MESSAGES[error.code]).format_map(defaultdict(lambda: "?", told))


def _said(value: object, translate: Callable[[str], str]) -> str:
    """Say a value: a list joined, a code by its own sentence unless that asks for data which isn't here."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    says = MESSAGES.get(value, "") if isinstance(value, str) else ""
    is_whole = says and all(field is None for _, field, _, _ in Formatter().parse(says))
    return translate(says) if is_whole else str(value)
