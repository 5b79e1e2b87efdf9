"""For Piccolo's own command line; the program itself uses `backoffice.plumbing.conf`."""

from backoffice.plumbing.conf import APP_REGISTRY, DB
from backoffice.plumbing.settings import read_settings

DB.config = {"dsn": read_settings().database_url}

__all__ = ["APP_REGISTRY", "DB"]
