"""The ledger's keys: a file of the install, one key a line, for its owner's eyes only.

Every private key in it signs, so that an old and a new one sign together while those who verify change over; a
retired key is kept as its public half, which verifies what it once signed. The key's name is the ledger's origin.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from backoffice.audit.ledger import NOBODY, append
from backoffice.audit.notes import Key, Signer, read_skey, read_vkey
from backoffice.kernel.errors import Invalid, NotFound, Refused, Unavailable
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.writing import sync_folder, write_lasting

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work


class Keys(NamedTuple):
    """The keys that sign, and those that did."""

    signers: tuple[Signer, ...]
    retired: tuple[Key, ...]

    @property
    def public(self) -> list[Key]:
        """All that verify a checkpoint of any age."""
        return [*(signer.key for signer in self.signers), *self.retired]


def key_file(settings: Settings) -> Path:
    """Return where an install's ledger keys are."""
    return settings.data / "keys" / "ledger"


def open_keys(settings: Settings) -> Keys:
    """Return the ledger's keys; at the first start, make one.

    Raises Invalid (`ledger_key_invalid`, with the line) and Unavailable (`ledger_key_unreadable`).
    """
    path = key_file(settings)
    if not path.exists():
        _make(path, settings.origin)
    return _read(path, settings.origin)


async def rotate_key(work: Work) -> Key:
    """Add a key, which signs together with those before it; return its public half, to be handed out."""
    settings = work.install.settings
    keys = open_keys(settings)
    made = Signer(settings.origin, secrets.token_bytes(32))
    _write(key_file(settings), Keys((made, *keys.signers), keys.retired))
    await append(work, "audit:key:added", NOBODY, vkey=made.key.vkey)
    return made.key


async def retire_key(work: Work, vkey: str) -> None:
    """Destroy a private key, keeping its public half; raises NotFound, and Refused (`ledger_key_last`)."""
    settings = work.install.settings
    keys = open_keys(settings)
    kept = tuple(signer for signer in keys.signers if signer.key.vkey != vkey)
    if len(kept) == len(keys.signers):
        raise NotFound("ledger_key_unknown", vkey=vkey)
    if not kept:
        raise Refused("ledger_key_last", vkey=vkey)
    _write(key_file(settings), Keys(kept, (*keys.retired, read_vkey(vkey))))
    await append(work, "audit:key:retired", NOBODY, vkey=vkey)


def _make(path: Path, origin: str) -> None:
    """Make the first key; where two processes start together, the first one's is the key of both."""
    own = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    write_lasting(own, f"{Signer(origin, secrets.token_bytes(32)).skey}\n".encode())
    try:
        path.hardlink_to(own)
    except FileExistsError:
        pass
    finally:
        own.unlink()
    sync_folder(path.parent)


def _write(path: Path, keys: Keys) -> None:
    lines = [*(signer.skey for signer in keys.signers), *(key.vkey for key in keys.retired)]
    write_lasting(path, "".join(f"{line}\n" for line in lines).encode())


def _read(path: Path, origin: str) -> Keys:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise Unavailable("ledger_key_unreadable", file=str(path)) from None
    signers, retired = [], []
    for number, line in enumerate(lines, 1):
        try:
            if line.startswith("PRIVATE+KEY+"):
                signers.append(read_skey(line))
            else:
                retired.append(read_vkey(line))
        except Invalid as why:
            raise Invalid("ledger_key_invalid", file=str(path), line=number, why=why.data["why"]) from None
    if not signers or any(signer.key.name != origin for signer in signers):
        raise Invalid("ledger_key_invalid", file=str(path), line=1, why=f"no key of {origin}")
    return Keys(tuple(signers), tuple(retired))
