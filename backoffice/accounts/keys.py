"""Keys: by which an account's programs are known. A secret is shown once and stored as its SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID

from backoffice.accounts import store
from backoffice.accounts.checks import actor
from backoffice.audit.ledger import append
from backoffice.kernel.errors import NotFound, Refused
from backoffice.plumbing.install import Work

_BYTES = 32  # of chance in a secret


def hash_key(secret: str) -> bytes:
    """Return the 32 bytes under which a key is stored and revoked; a secret this random needs no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


async def issue_key(work: Work, account_id: UUID, *, by: str = "operator") -> str:
    """Issue a key, `bo_sandbox_…` or `bo_live_…`, and return it: this once, as only its hash is kept.

    Raises NotFound for no account, Refused for one that is purged.
    """
    account = await store.hold_account(work, account_id)
    if account.standing == "purged":
        raise Refused("account_purged", account=str(account_id))
    secret = f"bo_{work.install.settings.mode}_{secrets.token_urlsafe(_BYTES)}"
    await store.add_key(work, hash_key(secret), account_id)
    await append(work, "accounts:key:issued", account_id, key=hash_key(secret).hex(), by=actor(by))
    return secret


async def find_caller(work: Work, secret: str) -> UUID | None:
    """Return whose key this is, or None; looked up by its hash, so that no time tells how much of a guess was right.

    The account may be in any standing: what it may do is asked elsewhere.
    """
    return await store.find_caller(work, hash_key(secret))


async def revoke_key(work: Work, account_id: UUID, key_hash: bytes, *, by: str = "operator") -> None:
    """Revoke a key by its hash: from now on it is nobody's. Raises NotFound where this account has no such key now."""
    if not await store.revoke_keys(work, account_id, key_hash):
        raise NotFound("api_key_unknown")
    await append(work, "accounts:key:revoked", account_id, key=key_hash.hex(), by=actor(by))
