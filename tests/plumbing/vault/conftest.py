"""A vault with keys of its own and no database."""

from __future__ import annotations

from pathlib import Path

import pytest

from backoffice.plumbing.vault import Vault
from backoffice.plumbing.vault.keys import Ring, make_master


@pytest.fixture
def ring(tmp_path: Path) -> Ring:
    """Master keys 1 and 2 in a file."""
    path = tmp_path / "keys" / "master"
    make_master(path)
    ring = Ring(path)
    ring.add()
    return ring


@pytest.fixture
def vault(ring: Ring) -> Vault:
    """A vault that wraps by master key 1."""
    return Vault(ring, 1, {"phone": bytes(32), "email": bytes([1]) * 32, "digest": bytes([2]) * 32})
