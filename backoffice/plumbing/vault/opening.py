"""Opening the vault when an install starts: with the keys that belong to this database, or not at all."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from backoffice.kernel.clock import Clock
from backoffice.kernel.errors import Unavailable
from backoffice.plumbing.vault import store
from backoffice.plumbing.vault.keys import KEY_BYTES, KeySettings, Ring, check_value, key_file, make_master
from backoffice.plumbing.vault.sealing import Vault, WrappedSecret, unwrap_index_key, wrap_index_key
from backoffice.plumbing.vault.tokens import SECRETS

if TYPE_CHECKING:
    from backoffice.plumbing.database import Connection


async def open_vault(connection: Connection, settings: KeySettings, clock: Clock) -> Vault:
    """Open the vault of a database, in an open transaction; where there is none yet, make its keys.

    A sandbox makes its own first master key; in live mode the file must be there. Raises Unavailable:
    `master_key_missing` (no file, or not the version that keys are wrapped by), `master_key_wrong` (another
    database's), `index_key_missing` or `index_key_wrong` (a suppression would no longer be found).
    """
    marks = await store.list_marks(connection)
    if not _is_set_up(marks):
        await store.lock_set_up(connection)
        marks = await store.list_marks(connection)
        if not _is_set_up(marks):
            marks = await _set_up(connection, settings, marks, clock())
    ring = _ring(key_file(settings))
    check_masters(ring, marks)
    stored = {secret.name: secret for secret in await store.list_secrets(connection)}
    keys = {name: _index_key(ring, stored.get(name), name, marks) for name in SECRETS}
    return Vault(ring, int(marks[store.NEWEST]), keys)


def check_masters(ring: Ring, marks: Mapping[str, str]) -> None:
    """Refuse master keys that are not this database's, and to be without one that may have wrapped what is stored."""
    needed = range(int(marks[store.FINISHED]), int(marks[store.NEWEST]) + 1)
    for version, check in master_checks(marks).items():
        if version in ring:
            if not hmac.compare_digest(ring[version].check, check):
                raise Unavailable("master_key_wrong", file=str(ring.path), version=version)
        elif version in needed:
            raise Unavailable("master_key_missing", file=str(ring.path), version=version)


def master_checks(marks: Mapping[str, str]) -> dict[int, str]:
    """Return the check values of the master keys that this database has known, by version."""
    named = {name.removeprefix(store.MASTER): value for name, value in marks.items() if name.startswith(store.MASTER)}
    return {int(version): value for version, value in named.items() if version.isdecimal()}


def _is_set_up(marks: Mapping[str, str]) -> bool:
    return {store.NEWEST, store.FINISHED, *map(_mark, SECRETS)} <= marks.keys()


async def _set_up(
    connection: Connection, settings: KeySettings, marks: Mapping[str, str], at: datetime
) -> dict[str, str]:
    """Make what was never there; what was there once is never made anew."""
    if store.NEWEST not in marks and await store.list_secrets(connection):
        raise Unavailable("vault_marks_missing")
    known = dict(marks) if store.NEWEST in marks else _first_marks(settings)
    ring = _ring(key_file(settings))
    check_masters(ring, known)
    for name in SECRETS:
        if _mark(name) not in known:
            key = secrets.token_bytes(KEY_BYTES)
            await store.add_secret(connection, wrap_index_key(ring, int(known[store.NEWEST]), name, key))
            known[_mark(name)] = check_value(key, _mark(name))
    for mark in known.keys() - marks.keys():
        await store.put_mark(connection, mark, known[mark], at)
    return known


def _first_marks(settings: KeySettings) -> dict[str, str]:
    path = key_file(settings)
    if settings.mode == "sandbox" and not path.exists():
        make_master(path)
    ring = _ring(path)
    newest = ring.newest()
    return {f"{store.MASTER}{newest}": ring[newest].check, store.NEWEST: str(newest), store.FINISHED: str(newest)}


def _ring(path: Path) -> Ring:
    if not path.exists():
        raise Unavailable("master_key_missing", file=str(path), version=1)
    return Ring(path)


def _index_key(ring: Ring, stored: WrappedSecret | None, name: str, marks: Mapping[str, str]) -> bytes:
    if stored is None:
        raise Unavailable("index_key_missing", kind=name)
    key = unwrap_index_key(ring, stored)
    if not hmac.compare_digest(check_value(key, _mark(name)), marks[_mark(name)]):
        raise Unavailable("index_key_wrong", kind=name)
    return key


def _mark(name: str) -> str:
    return f"token:{name}"
