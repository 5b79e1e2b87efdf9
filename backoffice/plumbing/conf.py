"""Piccolo's configuration: one database a process, one app of tables."""

from __future__ import annotations

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine


class Engine(PostgresEngine):
    """Piccolo's engine, which waits to be told its database instead of looking for one when it is made."""

    async def check_version(self) -> None:
        """Ask nothing: `Database.connect` refuses an old server."""


DB = Engine(config={})
"""The process's engine; `Database.connect` tells it where its database is."""

APP_REGISTRY = AppRegistry(apps=["backoffice.piccolo_app"])
