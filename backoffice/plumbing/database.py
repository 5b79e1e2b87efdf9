"""The database: one pool a process, shared by Piccolo's queries and by plain SQL, and transactions that end.

A connection that is lost, a server that is away or a full disk is `Unavailable`: nothing was committed, or nobody can
know, and whoever asked with an idempotency key may ask again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import asyncpg

from backoffice.kernel.errors import Unavailable
from backoffice.plumbing.embedded import EmbeddedServer

os.environ.setdefault("PICCOLO_CONF", "backoffice.plumbing.conf")

from backoffice.plumbing.conf import DB  # Piccolo looks for the variable when it is imported

if TYPE_CHECKING:
    from piccolo.engine.postgres import PostgresTransaction

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

SESSION = {"enable_seqscan": "off", "jit": "off", "timezone": "UTC"}
"""A plan made while a month's table was empty must not read all of it once it is full: indexes are always preferred."""

OLDEST = 15  # of PostgreSQL
PATIENCE = 10.0  # seconds that a road waits for a connection before it gives up
_BETWEEN_TRIES = 0.2  # seconds

AWAY = (
    ConnectionError,
    FileNotFoundError,  # the socket of a server that isn't there
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's last word came, and not yet the end of the connection
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
"""How it shows that the server is away, going down, full or out of room."""


class Database:
    """The process's pool; where the server is the program's own, a lost one is started again."""

    def __init__(self, url: str, server: EmbeddedServer | None = None) -> None:
        self.url = url
        self.server = server

    async def connect(self, *, most: int = 10) -> None:
        """Open the pool; raises Unavailable when the server can't be reached in time."""
        DB.config = {"dsn": self.url}
        options = {"max_size": most, "command_timeout": 60, "server_settings": SESSION, "reset": _leave}
        await self._patiently(lambda: DB.start_connection_pool(min_size=1, **options))
        async with self.connection() as connection:
            if (version := connection.get_server_version()).major < OLDEST:
                raise Unavailable("database_too_old", version=str(version.major), oldest=OLDEST)

    async def close(self) -> None:
        """Close the pool; what still runs is given ten seconds."""
        if DB.pool is None:
            return
        pool, DB.pool = DB.pool, None
        try:
            await asyncio.wait_for(pool.close(), timeout=10)
        except (TimeoutError, *AWAY):
            pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Borrow a connection without a transaction, for reading or for a lock of the session, which ends with it."""
        with unavailable():
            connection = await self._acquire()
            try:
                yield connection
            finally:
                try:
                    await self._clear(connection)
                finally:
                    await self._release(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction that Piccolo's queries take part in; it commits at the end, or nothing of it happens."""
        with unavailable():
            connection = await self._acquire()
            try:
                with _piccolo_in(connection):
                    async with connection.transaction():
                        yield connection
            finally:
                await self._release(connection)

    async def _acquire(self) -> Connection:
        pool = DB.pool
        if pool is None:
            raise Unavailable("database_away", why="not connected")
        found: Connection = await self._patiently(lambda: pool.acquire(timeout=PATIENCE))
        return found

    async def _release(self, connection: Connection) -> None:
        """Give a connection back; one that is lost is closed, and what was committed on it stands."""
        if DB.pool is not None:
            with suppress(*AWAY, TimeoutError):
                await DB.pool.release(connection)

    async def _clear(self, connection: Connection) -> None:
        """Let go of what the session holds; a connection that can't, or whose user is cancelled, is closed."""
        try:
            await connection.execute(connection.get_reset_query())
        except (*AWAY, TimeoutError):
            connection.terminate()
        except asyncio.CancelledError:
            connection.terminate()
            raise

    async def _patiently(self, attempt: Any) -> Any:  # noqa: ANN401  # whatever is attempted
        ends_at = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                return await attempt()
            except (*AWAY, TimeoutError) as fault:
                if asyncio.get_running_loop().time() > ends_at:
                    raise Unavailable("database_away", why=type(fault).__name__) from None
                if self.server:
                    await asyncio.to_thread(self.server.revive)
                await asyncio.sleep(_BETWEEN_TRIES)


@contextmanager
def unavailable() -> Iterator[None]:
    """Say of a server that went away, or is full, that it is unavailable."""
    try:
        yield
    except AWAY as fault:
        if isinstance(fault, ValueError):  # asyncpg's word for an argument of the wrong type: our mistake
            raise
        raise Unavailable("database_away", why=type(fault).__name__) from fault


async def _leave(_: Connection) -> None:
    """A transaction leaves nothing behind in its session: clearing it each time would cost a round trip."""


class _Joined:
    """What Piccolo takes for its current transaction: ours."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection


@contextmanager
def _piccolo_in(connection: Connection) -> Iterator[None]:
    """Let Piccolo's queries of this task run in the transaction, and never after it, however it ends."""
    if DB.current_transaction.get() is not None:
        raise RuntimeError("a transaction is open already: verbs don't open one")
    token = DB.current_transaction.set(cast("PostgresTransaction", _Joined(connection)))
    try:
        yield
    finally:
        DB.current_transaction.reset(token)
