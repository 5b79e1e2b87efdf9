"""Settings: what an install is told from outside, read once from the environment when it starts.

DATABASE_URL                | PostgreSQL 15 or newer; without it the program runs its own server in the data folder
BACKOFFICE_DATA             | the data folder: keys, the own server, what was signed; `var` of the project
BACKOFFICE_MODE             | sandbox (test clocks, fake providers, keys made by themselves) or live
BACKOFFICE_ORIGIN           | the ledger's name, a URL without its scheme; never changed once entries exist
BACKOFFICE_MASTER_KEY_FILE  | the vault's master keys, one `version:base64` a line
BACKOFFICE_HOST, _PORT      | where the web part listens
BACKOFFICE_WITNESS_URL      | a witness that cosigns checkpoints
BACKOFFICE_ANCHOR_FOLDER    | a folder outside this machine's keeping, to which each day's checkpoint goes
BACKOFFICE_WHATSAPP_URL     | the Graph API that takes WhatsApp messages; without it they go the way of all others
BACKOFFICE_WHATSAPP_TOKEN   | our key there
BACKOFFICE_WHATSAPP_SECRET  | the app secret, with which its webhooks are signed
BACKOFFICE_WHATSAPP_VERIFY  | what it has to say when it asks whether a webhook is ours
BACKOFFICE_PROVIDER_URL     | the provider that the courier hands all other messages to; without it they are recorded
BACKOFFICE_PROVIDER_SECRET  | what its callbacks are signed with
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from backoffice.kernel.errors import Invalid

SERVER_ACCOUNT = "backoffice"  # whom the own server runs as where the program itself is root
SERVER_HOME = Path("/var/lib/backoffice")
_HERE = frozenset({"", "127.0.0.1", "localhost", "::1"})
_PROJECT = Path(__file__).parents[2]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an install is told from outside."""

    data: Path
    database_url: str = ""
    mode: Literal["sandbox", "live"] = "sandbox"
    origin: str = "backoffice.example/sandbox"
    master_key_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    witness_url: str = ""
    anchor_folder: Path | None = None
    whatsapp_url: str = ""
    whatsapp_token: str = ""
    whatsapp_secret: str = ""
    whatsapp_verify: str = ""
    provider_url: str = ""
    provider_secret: str = ""

    def __repr__(self) -> str:
        """Show no key and no secret."""
        return f"Settings(mode={self.mode!r}, data={str(self.data)!r})"

    @property
    def is_sandbox(self) -> bool:
        """Whether nothing real can leave this install."""
        return self.mode == "sandbox"

    @property
    def holds_live_key(self) -> bool:
        """Whether it holds a key with which something real can leave: one for a provider that isn't on this machine."""
        host = urlsplit(self.whatsapp_url).hostname or ""
        return not self.is_sandbox or (bool(self.whatsapp_token) and host not in _HERE)


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; raises Invalid naming the variable that can't be used."""
    told = {name: value for name, value in environ.items() if value}
    mode = told.get("BACKOFFICE_MODE", "sandbox")
    port = told.get("BACKOFFICE_PORT", "8000")
    if mode not in ("sandbox", "live"):
        raise Invalid("setting_invalid", field="BACKOFFICE_MODE", value=mode)
    if not port.isdecimal() or int(port) > 65_535:
        raise Invalid("setting_invalid", field="BACKOFFICE_PORT", value=port)
    return Settings(
        data=Path(told["BACKOFFICE_DATA"]).absolute() if "BACKOFFICE_DATA" in told else _default_data(),
        database_url=told.get("DATABASE_URL", ""),
        mode="live" if mode == "live" else "sandbox",
        origin=told.get("BACKOFFICE_ORIGIN", "backoffice.example/sandbox"),
        master_key_file=_path(told.get("BACKOFFICE_MASTER_KEY_FILE")),
        host=told.get("BACKOFFICE_HOST", "127.0.0.1"),
        port=int(port),
        witness_url=told.get("BACKOFFICE_WITNESS_URL", ""),
        anchor_folder=_path(told.get("BACKOFFICE_ANCHOR_FOLDER")),
        whatsapp_url=told.get("BACKOFFICE_WHATSAPP_URL", ""),
        whatsapp_token=told.get("BACKOFFICE_WHATSAPP_TOKEN", ""),
        whatsapp_secret=told.get("BACKOFFICE_WHATSAPP_SECRET", ""),
        whatsapp_verify=told.get("BACKOFFICE_WHATSAPP_VERIFY", ""),
        provider_url=told.get("BACKOFFICE_PROVIDER_URL", ""),
        provider_secret=told.get("BACKOFFICE_PROVIDER_SECRET", ""),
    )


def _path(told: str | None) -> Path | None:
    return Path(told).absolute() if told else None


def _default_data() -> Path:
    """Root's home is closed to the server's account, so root's data lies where system services keep theirs."""
    if os.geteuid() != 0:
        return _PROJECT / "var"
    return SERVER_HOME / f"{_PROJECT.name}-{hashlib.sha256(str(_PROJECT).encode()).hexdigest()[:8]}"
