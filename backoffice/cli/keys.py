"""`backoffice keys`: the master key of the vault, and the key that signs the ledger."""

from __future__ import annotations

import click

from backoffice.audit.keys import rotate_key
from backoffice.cli.opening import JSON, within
from backoffice.cli.show import Bar, as_json, out, refusing
from backoffice.plumbing.install import Install
from backoffice.plumbing.vault.rotation import rotate as rotate_master


@click.group()
def keys() -> None:
    """Look after the keys of an install."""


@keys.command()
@click.option("--ledger", "is_ledger", is_flag=True, help="Add a key that signs the ledger, beside those before it.")
@JSON
def rotate(*, is_ledger: bool, is_json: bool) -> None:
    """Put a new master key in use, and wrap every key by it; nothing that is sealed is touched.

    A rotation that was broken off is finished. Back the file of master keys up before you take an old one out.
    """
    with refusing():
        told = within(_add_signer if is_ledger else _rotate)
    if is_json:
        as_json(told)
    elif is_ledger:
        out.print(f"From now on this key signs too; hand it out to those who verify:\n{told['vkey']}", markup=False)
    else:
        out.print(f"Master key {told['version']} is in use. Back up {told['file']}.", markup=False)


async def _rotate(install: Install) -> dict[str, object]:
    with Bar("keys") as bar:
        version = await rotate_master(install, progress=bar)
    return {"version": version, "file": str(install.vault.ring.path)}


async def _add_signer(install: Install) -> dict[str, object]:
    async with install.unit_of_work() as work:
        return {"vkey": (await rotate_key(work)).vkey}
