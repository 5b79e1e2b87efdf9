"""Anchors: each day a checkpoint leaves the house, so that nobody in it can change what came before.

The anchor here is a folder that somebody else keeps: another machine's, a printer's, a public page's. Its files are
what `checking.verify_ledger` takes as kept elsewhere.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

from backoffice.audit.keys import open_keys
from backoffice.audit.ledger import NOBODY, append
from backoffice.audit.notes import open_checkpoint
from backoffice.audit.proving import newest_checkpoint
from backoffice.plumbing.writing import write_lasting

if TYPE_CHECKING:
    from backoffice.plumbing.install import Work

_SUFFIX = ".checkpoint"


async def anchor_day(work: Work, folder: Path) -> Path | None:
    """Put the newest checkpoint into the folder, once a UTC day, and say so in the ledger; None where it is there.

    The keys that verify it are put beside it. Raises Unavailable (`ledger_not_sealed`) and Invalid
    (`file_unwritable`): then nothing was said.
    """
    origin = work.install.settings.origin
    path = _folder(folder, origin) / f"{work.at:%Y-%m-%d}{_SUFFIX}"
    if path.exists():
        return None
    keys = open_keys(work.install.settings).public
    note = await newest_checkpoint(work)
    checkpoint = open_checkpoint(note, keys).checkpoint
    vkeys = "".join(f"{key.vkey}\n" for key in keys)
    await asyncio.to_thread(write_lasting, path.with_name("keys"), vkeys.encode(), mode=0o644)
    await asyncio.to_thread(write_lasting, path, note, mode=0o644)
    await append(
        work, "audit:checkpoint:anchored", NOBODY, size=checkpoint.size, root=checkpoint.root.hex(), to="folder"
    )
    return path


def list_anchored(folder: Path, origin: str) -> list[bytes]:
    """Return the notes of a ledger that lie in the folder, the oldest first."""
    return [path.read_bytes() for path in sorted(_folder(folder, origin).glob(f"*{_SUFFIX}"))]


def _folder(folder: Path, origin: str) -> Path:
    return folder / re.sub(r"[^a-z0-9.]+", "-", origin.lower())
