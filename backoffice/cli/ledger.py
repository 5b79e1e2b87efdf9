"""`backoffice ledger`: verify the whole of it, prove a decision, take a checkpoint."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from backoffice.audit.anchors import list_anchored
from backoffice.audit.checking import Fault, Findings, verify_ledger
from backoffice.audit.keys import open_keys
from backoffice.audit.notes import read_checkpoint, read_note
from backoffice.audit.proving import newest_checkpoint, prove_entry
from backoffice.audit.sequencer import seal_now
from backoffice.cli.opening import JSON, within
from backoffice.cli.show import as_json, out, refusing
from backoffice.kernel.errors import Unavailable
from backoffice.plumbing.install import Install
from backoffice.plumbing.policies import read_bytes
from backoffice.plumbing.writing import whole_file

FAULTS = {
    "checkpoint_contradicted": "a checkpoint that was signed says otherwise",
    "checkpoint_unsigned": "a checkpoint carries no signature of the ledger's",
    "edge_changed": "the last tiles were changed",
    "entry_changed": "an entry was changed",
    "entry_misnamed": "an entry stands under another id or account than its own",
    "entry_missing": "an entry was taken out",
    "entry_unplaced": "an entry has no place and waits for none",
    "ledger_truncated": "the ledger is shorter than what was signed",
    "place_empty": "a place is empty",
    "queue_changed": "an entry waits with another hash than its own",
    "signed_unreadable": "what was signed last can't be read",
    "tile_changed": "a tile was changed",
    "tile_count": "tiles are missing, or there are too many",
}
"""What each fault means."""


@click.group()
def ledger() -> None:
    """Verify the ledger, prove a decision, take a checkpoint."""


@ledger.command()
@click.option(
    "--checkpoint", "files", multiple=True, type=click.Path(path_type=Path), help="A checkpoint kept elsewhere."
)
@JSON
def verify(files: tuple[Path, ...], *, is_json: bool) -> None:
    """Check every entry, every tile and every checkpoint. Exit 1 where anything is not as it was signed.

    What was anchored in BACKOFFICE_ANCHOR_FOLDER is compared too. Who can write to the database can't change a
    checkpoint that you keep elsewhere: hand yours in.
    """
    with refusing():
        kept = [read_bytes(path) for path in files]
        found = within(lambda install: check(install, kept))
    if is_json:
        as_json(told_of(found))
    else:
        for line in lines_of(found):
            out.print(line, markup=False)
    sys.exit(0 if found.is_good else 1)


async def check(install: Install, kept: list[bytes]) -> Findings:
    """Verify the ledger of an install against what is kept: here, in the anchors' folder, and what is handed in."""
    folder = install.settings.anchor_folder
    anchored = list_anchored(folder, install.settings.origin) if folder else []
    async with install.reading() as work:
        return await verify_ledger(work, [*kept, *anchored])


def told_of(found: Findings) -> dict[str, Any]:
    """Tell what a check has found as one object."""
    faults = [{"code": one.code, "at": one.at, "of": one.of, "says": FAULTS[one.code]} for one in found.faults]
    return {
        "is_good": found.is_good,
        "entries": found.size,
        "checkpoints": found.checkpoints,
        "faults": faults,
        "faults_in_all": found.faults_in_all,
    }


def lines_of(found: Findings) -> list[str]:
    """Tell what a check has found in lines."""
    seen = f"{found.size} entries, {found.checkpoints} checkpoints"
    if found.is_good:
        return [f"✓ {seen}: nothing was changed."]
    untold = found.faults_in_all - len(found.faults)
    more = [f"  and {untold} more"] if untold else []
    return [f"✕ {seen}: {found.faults_in_all} faults.", *map(_line, found.faults), *more]


def _line(fault: Fault) -> str:
    of = f" ({fault.of})" if fault.of else ""
    return f"  at {fault.at}: {FAULTS[fault.code]}{of}"


@ledger.command()
@click.argument("decision_id", type=click.UUID)
@click.option("--out", "out_path", type=click.Path(path_type=Path), help="Write the proof to a file.")
@JSON
def proof(decision_id: UUID, out_path: Path | None, *, is_json: bool) -> None:
    """Write the file that proves offline that a decision stands in the ledger (C2SP tlog-proof)."""
    with refusing():
        made = within(lambda install: _prove(install, decision_id))
        if out_path:
            with whole_file(out_path) as file:
                file.write(made)
    if is_json:
        as_json({"decision": decision_id, "file": str(out_path) if out_path else None, "proof": made.decode()})
    elif out_path:
        out.print(f"{out_path}: {len(made)} bytes", markup=False)
    else:
        out.file.write(made.decode())


async def _prove(install: Install, entry_id: UUID) -> bytes:
    """Prove an entry; one that has no place yet gets it first."""
    try:
        async with install.reading() as work:
            return await prove_entry(work, entry_id)
    except Unavailable as not_yet:
        if not_yet.code != "ledger_not_sealed":
            raise
    await seal_now(install)
    async with install.reading() as work:
        return await prove_entry(work, entry_id)


@ledger.command()
@JSON
def checkpoint(*, is_json: bool) -> None:
    """Sign a checkpoint over all that has happened so far, and print it. Keep it where nobody here can change it."""
    with refusing():
        note, vkeys = within(_seal)
    if is_json:
        sealed = read_checkpoint(read_note(note).body)
        told = {"origin": sealed.origin, "size": sealed.size, "root": sealed.root.hex()}
        as_json({**told, "note": note.decode(), "keys": vkeys})
    else:
        out.file.write(note.decode())


async def _seal(install: Install) -> tuple[bytes, list[str]]:
    await seal_now(install)
    async with install.reading() as work:
        return await newest_checkpoint(work), [key.vkey for key in open_keys(install.settings).public]
