"""The ledger's keys: made once, replaced while both sign, and kept as long as something is signed with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backoffice.audit import keys
from backoffice.audit.checking import verify_ledger
from backoffice.audit.keys import key_file, open_keys, retire_key, rotate_key
from backoffice.audit.notes import Signer, open_checkpoint
from backoffice.audit.sequencer import read_signed
from backoffice.kernel.errors import Invalid, NotFound, Refused, Unavailable
from backoffice.plumbing.install import Install
from backoffice.plumbing.settings import Settings
from tests.audit.keeping import fill, sequence
from tests.audit.made import dice


@pytest.fixture
def _key_again(data: Path) -> Iterator[None]:
    """Leave the key of this worker's data as it was."""
    path = data / "keys" / "ledger"
    before = path.read_bytes() if path.exists() else None
    yield
    path.unlink(missing_ok=True)
    if before:
        path.write_bytes(before)


def test_the_first_start_makes_a_key_for_its_owner_only(tmp_path: Path) -> None:
    """And every later one reads it."""
    settings = Settings(data=tmp_path)

    made = open_keys(settings)

    assert open_keys(settings).public == made.public
    assert made.signers[0].key.name == settings.origin
    assert key_file(settings).stat().st_mode & 0o777 == 0o600
    assert key_file(settings).parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in key_file(settings).parent.iterdir()] == ["ledger"]


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    """Both found none and made one: the first one's is the key of both."""
    path = key_file(Settings(data=tmp_path))
    keys._make(path, "ledger.example")
    first = path.read_bytes()

    keys._make(path, "ledger.example")

    assert path.read_bytes() == first
    assert [path.name for path in path.parent.iterdir()] == ["ledger"]


@pytest.mark.usefixtures("_key_again")
async def test_an_old_and_a_new_key_sign_together(install: Install) -> None:
    """Until the old one is retired; what it signed alone still verifies, and the ledger tells of both acts."""
    old = open_keys(install.settings).public[0]
    notes = []
    for act in ("first", "rotate", "retire"):
        async with install.unit_of_work() as work:
            if act == "rotate":
                new = await rotate_key(work)
            if act == "retire":
                await retire_key(work, old.vkey)
        await fill(install, 3, dice(1))
        await sequence(install)
        notes.append(read_signed(install.settings) or b"")

    assert [_verify(note, old) for note in notes] == [True, True, False]
    assert [_verify(note, new) for note in notes] == [False, True, True]
    assert old.vkey.encode() in key_file(install.settings).read_bytes()
    async with install.reading() as work:
        assert (await verify_ledger(work, notes)).is_good
        kinds = await work.connection.fetch("SELECT body FROM ledger_entry WHERE body LIKE '%\"audit:key:%'")
    assert len(kinds) == 2
    assert not any(b"PRIVATE" in row["body"] for row in kinds)


def _verify(note: bytes, key: object) -> bool:
    try:
        open_checkpoint(note, [key])  # type: ignore[list-item]
    except Invalid:
        return False
    return True


@pytest.mark.usefixtures("_key_again")
async def test_a_ledger_keeps_a_key(install: Install) -> None:
    """The last one can't be retired, nor one that isn't there."""
    async with install.unit_of_work() as work:
        with pytest.raises(Refused, match="ledger_key_last"):
            await retire_key(work, open_keys(install.settings).public[0].vkey)
        with pytest.raises(NotFound, match="ledger_key_unknown"):
            await retire_key(work, Signer("other.example", bytes(32)).key.vkey)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"no key\n",
        Signer("other.example", bytes(32)).skey.encode(),
        Signer("backoffice.example/sandbox", bytes(32)).key.vkey.encode(),
        Signer("backoffice.example/sandbox", bytes(32)).skey.encode() + b"\nno key\n",
    ],
)
def test_a_file_that_holds_no_key_of_ours_is_refused(tmp_path: Path, content: bytes) -> None:
    """Nothing is made in its place: somebody has to look."""
    settings = Settings(data=tmp_path)
    key_file(settings).parent.mkdir()
    key_file(settings).write_bytes(content)

    with pytest.raises(Invalid, match="ledger_key_invalid"):
        open_keys(settings)
    assert key_file(settings).read_bytes() == content


def test_a_file_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    """A folder in its place."""
    settings = Settings(data=tmp_path)
    key_file(settings).mkdir(parents=True)

    with pytest.raises(Unavailable, match="ledger_key_unreadable"):
        open_keys(settings)
