"""Migrations: Piccolo's, one app, flat in `migrations/`; each is a text of SQL, and all due run in one transaction."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.forwards import run_forwards

from backoffice.kernel.errors import Unavailable
from backoffice.plumbing.conf import DB
from backoffice.plumbing.database import Database
from backoffice.plumbing.locks import MIGRATIONS

APP = "backoffice"
PICCOLO = "1.38.0"


def ddl(number: str, sql: str) -> MigrationManager:
    """Return a migration that runs these statements."""

    async def run() -> None:
        transaction = DB.current_transaction.get()
        if transaction is None:
            raise RuntimeError("a migration runs in the transaction of all of them")
        await transaction.connection.execute(sql)  # the simple protocol: it takes many statements

    manager = MigrationManager(migration_id=number, app_name=APP, wrap_in_transaction=False)
    manager.add_raw(run)
    return manager


async def migrate(database: Database) -> str:
    """Bring the database up to date, one process at a time; returns what Piccolo told of it.

    Raises Unavailable when a migration fails: then nothing of any of them has happened.
    """
    told = io.StringIO()
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATIONS)
        with redirect_stdout(told):
            result = await run_forwards(APP)
        if not result.success:
            raise Unavailable("migration_failed", why=result.message or told.getvalue())
    return told.getvalue()
