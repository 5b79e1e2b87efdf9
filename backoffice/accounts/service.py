"""What can be done with accounts; each verb that changes something writes one ledger entry.

`by` says who acted: operator, account, provider, program, or staff with an id. Numbers and keys are in their own files.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from backoffice.accounts import store
from backoffice.accounts.checks import (
    account_name,
    actor,
    channel_name,
    check_clause,
    check_establishment,
    check_ground,
    check_language,
    check_use,
)
from backoffice.accounts.keys import find_caller, hash_key, issue_key, revoke_key
from backoffice.accounts.numbers import (
    Number,
    find_by_number,
    get_number,
    link_number,
    list_numbers,
    mark_number,
    mark_portfolio,
)
from backoffice.accounts.statements import decode_statement, encode_statement
from backoffice.accounts.states import FIRST, GROUNDED, OPEN, may_follow
from backoffice.accounts.store import AccountRow, find_account, get_account, hold_account, list_acceptances
from backoffice.audit.ledger import append
from backoffice.kernel.errors import Invalid, Refused
from backoffice.plumbing.changes import note_change
from backoffice.plumbing.install import Work
from backoffice.plumbing.policies import library
from backoffice.plumbing.vault import Place
from backoffice.plumbing.vault.store import add_subjects, load_subjects
from backoffice.policy.vocabulary import Channel, Standing

__all__ = [
    "AccountRow",
    "Number",
    "accept_document",
    "complete_registration",
    "find_account",
    "find_by_number",
    "find_caller",
    "get_account",
    "get_number",
    "hash_key",
    "hold_account",
    "issue_key",
    "link_number",
    "list_acceptances",
    "list_numbers",
    "mark_number",
    "mark_portfolio",
    "name_of",
    "register_account",
    "restrict_channels",
    "revoke_key",
    "set_standing",
    "state_fact",
]

Use = Literal["business", "personal", "household", "undeclared"]
Document = Literal["terms", "privacy", "dpa", "tariff", "further_policies", "integration_terms"]

NAME = Place("account", "name")
_SHA256 = 32  # bytes


async def register_account(
    work: Work,
    operator: str,
    name: str,
    establishment: str,
    declared_use: Use = "undeclared",
    *,
    edition: str = "",
    is_complete: bool = True,
    by: str = "operator",
) -> UUID:
    """Register an account as an applicant of an operator, bound by an edition of its Terms, the one in force if none.

    `establishment` is a country, or a state as US-FL. Raises NotFound for an unknown operator or edition, Invalid for a
    place or name that is none, and Refused for a use that the Terms register nobody for.
    """
    bound_by = library().terms(operator, edition).edition
    check_establishment(establishment)
    check_use(operator, bound_by, declared_use, work.at.date())
    account_id, plain = work.new_id(), account_name(name)
    subject = (await add_subjects(work.connection, work.vault, [account_id]))[account_id]
    row = store.AccountRow(
        id=account_id,
        operator=operator,
        edition=bound_by,
        name=subject.seal(NAME, account_id, plain),
        establishment=establishment,
        standing=FIRST,
        standing_ground="",
        standing_at=work.at,
        standing_until=None,
        restricted_channels=[],
        restriction_ground="",
        declared_use=declared_use,
        registered_at=work.at if is_complete else None,
        made_at=work.at,
    )
    await store.add_account(work, row)
    told = ("operator", "edition", "establishment", "declared_use")
    entry = {part: getattr(row, part) for part in told} | {"is_complete": is_complete, "by": actor(by)}
    await append(work, "accounts:account:registered", account_id, **entry)
    return account_id


async def complete_registration(work: Work, account_id: UUID, *, by: str = "operator") -> None:
    """Note that an applicant's registration is complete; doing so twice changes nothing."""
    account = await hold_account(work, account_id)
    if account.registered_at is None:
        await store.put_registered(work, account_id)
        await append(work, "accounts:registration:completed", account_id, by=actor(by))
        await note_change(work, account_id)


async def set_standing(
    work: Work,
    account_id: UUID,
    to: Standing,
    ground: str = "",
    *,
    clause: str = "",
    until: datetime | None = None,
    by: str = "operator",
) -> None:
    """Put an account into a standing, on a ground where it is suspended or closed.

    `clause` names what the ground stands on, `until` when a suspension is looked at again: the clock alone never ends
    it. A purged account keeps the ground of its closure and has no keys any more; erasing what is known of it is the
    caller's. Raises Refused where that standing can't follow, Invalid where a ground is missing, unknown or not meant.
    """
    account = await hold_account(work, account_id)
    if to not in get_args(Standing) or not may_follow(account.standing, to):
        raise Refused("standing_cannot_follow", now=account.standing, then=to)
    _check_ground(account, ground, is_needed=to in GROUNDED)
    if clause:
        check_clause(account.operator, account.edition, clause)
    if until is not None and (to != "suspended" or until <= work.at):
        raise Invalid("standing_until_invalid", field="until")
    stands = account.standing_ground if to == "purged" else ground
    await store.put_standing(work, account_id, to, stands, until)
    if to == "purged":
        await store.revoke_keys(work, account_id)
    moved = {"from": account.standing, "to": to, "ground": stands, "clause": clause, "until": until}
    await append(work, "accounts:standing:changed", account_id, **moved, by=actor(by))
    if to in OPEN:
        await note_change(work, account_id)


async def restrict_channels(
    work: Work, account_id: UUID, channels: Iterable[Channel], ground: str = "", *, by: str = "operator"
) -> None:
    """Close just these channels to an account, on a ground, and open all others; none of them opens all."""
    closed = sorted({channel_name(channel) for channel in channels})
    account = await hold_account(work, account_id)
    _check_ground(account, ground, is_needed=bool(closed))
    if (account.restricted_channels, account.restriction_ground) != (closed, ground):
        await store.put_restriction(work, account_id, closed, ground)
        entry = {"channels": closed, "ground": ground, "by": actor(by)}
        await append(work, "accounts:channels:restricted", account_id, **entry)
        if not set(account.restricted_channels) <= set(closed):
            await note_change(work, account_id)


async def accept_document(
    work: Work, account_id: UUID, kind: Document, edition: str, language: str, sha256: bytes, *, by: str = "account"
) -> None:
    """Record that an account accepted a document: its edition, its language, the SHA-256 of the text that was shown.

    The first acceptance of an edition stands; the same again changes nothing. Raises Refused where the edition was
    accepted in another text, Invalid for a kind, language or hash that is none, NotFound for an unknown edition.
    """
    if kind not in get_args(Document):
        raise Invalid("document_unknown", field="kind", known=", ".join(get_args(Document)))
    if len(sha256) != _SHA256:
        raise Invalid("hash_invalid", field="sha256")
    check_language(language)
    account = await get_account(work, account_id)
    library().terms(account.operator, edition)
    new = store.Acceptance(kind, edition, language, sha256, work.at)
    if await store.add_acceptance(work, account_id, new):
        told = {"document": kind, "edition": edition, "language": language, "sha256": sha256.hex()}
        await append(work, "accounts:document:accepted", account_id, **told, by=actor(by))
        await note_change(work, account_id)
        return
    accepted = await list_acceptances(work, account_id)
    if (kind, edition, language, sha256) not in {one[:4] for one in accepted}:
        raise Refused("document_accepted_otherwise", document=kind, edition=edition)


async def state_fact(work: Work, account_id: UUID, fact: str, value: object, stated_by: str) -> None:
    """State a fact of an account that no column answers, in place of what was stated before.

    Raises Invalid for a fact that isn't stated, or a value that it can't have.
    """
    await get_account(work, account_id)
    stored = encode_statement(fact, value)
    if await store.put_statement(work, account_id, fact, stored, actor(stated_by)):
        entry = {"fact": fact, "value": decode_statement(fact, stored), "by": stated_by}
        await append(work, "accounts:fact:stated", account_id, **entry)
        await note_change(work, account_id)


async def name_of(work: Work, account: AccountRow) -> str:
    """Return an account's name in clear; raises `subject_key_destroyed` once it is purged."""
    subject = (await load_subjects(work.connection, work.vault, [account.id]))[account.id]
    return subject.open(NAME, account.id, account.name).decode()


def _check_ground(account: AccountRow, ground: str, *, is_needed: bool) -> None:
    if is_needed != bool(ground):
        raise Invalid("ground_missing" if is_needed else "ground_not_meant", field="ground")
    if ground:
        check_ground(account.operator, account.edition, ground)
