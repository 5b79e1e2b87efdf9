"""Master keys: a file that is read strictly, written whole, and seen by its owner only."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.kernel.errors import BackofficeError, Invalid, Unavailable
from backoffice.plumbing.settings import Settings
from backoffice.plumbing.vault.keys import Master, Ring, check_value, framed, key_file, make_master

KEY = "A" * 43 + "="
ANNA = UUID(int=1).bytes


def mode(path: Path) -> int:
    """Return who may do what with a file or folder."""
    return path.stat().st_mode & 0o777


def test_a_first_key_is_for_its_owner_only(tmp_path: Path) -> None:
    """The file is 0600 in a folder 0700, whatever the process lets others read, and nothing lies beside it."""
    before = os.umask(0)
    try:
        make_master(tmp_path / "data" / "keys" / "master")
    finally:
        os.umask(before)

    folder = tmp_path / "data" / "keys"
    assert (mode(folder), mode(folder / "master")) == (0o700, 0o600)
    assert [path.name for path in folder.iterdir()] == ["master"]
    assert Ring(folder / "master").newest() == 1


def test_two_first_keys_differ(tmp_path: Path) -> None:
    """Each is drawn at random."""
    make_master(tmp_path / "one")
    make_master(tmp_path / "other")

    assert Ring(tmp_path / "one")[1].check != Ring(tmp_path / "other")[1].check


def test_the_file_is_the_one_the_settings_name(tmp_path: Path) -> None:
    """Without a name it is among the data."""
    assert key_file(Settings(data=tmp_path)) == tmp_path / "keys" / "master"
    assert key_file(Settings(data=tmp_path, master_key_file=Path("/run/master"))) == Path("/run/master")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("\n\n", 1),
        (KEY, 1),
        (f"0:{KEY}", 1),
        (f"01:{KEY}", 1),
        (f"32768:{KEY}", 1),
        (f"{'9' * 5000}:{KEY}", 1),
        (f"-1:{KEY}", 1),
        (f"1:{KEY[:-2]}==", 1),
        (f"1:{'A' * 40}", 1),
        (f"1:{'A' * 44}", 1),
        (f"1:{KEY}A", 1),
        (f"1:{'_' * 43}=", 1),
        (f"1: {KEY}", 1),
        (f"1:{KEY}\nnonsense", 2),
        (f"1:{KEY}\n\n1:{KEY}", 3),
        (f"1:{KEY}\n2:\xe4", 2),
    ],
)
def test_a_line_that_is_no_key_is_refused_and_not_shown(tmp_path: Path, text: str, line: int) -> None:
    """Version out of range or twice, a key too short or too long, another alphabet, an empty file."""
    path = tmp_path / "master"
    path.write_text(text, encoding="latin-1")

    with pytest.raises(Invalid) as refused:
        Ring(path)

    assert (refused.value.code, refused.value.data) == ("master_key_invalid", {"file": str(path), "line": line})


def test_a_file_that_cannot_be_read_is_told_with_its_name(tmp_path: Path) -> None:
    """The system's own words say why."""
    with pytest.raises(Unavailable, match="master_key_unreadable") as refused:
        Ring(tmp_path)

    assert refused.value.data == {"file": str(tmp_path), "why": "Is a directory"}


def test_a_key_that_was_added_elsewhere_is_found_when_it_is_needed(ring: Ring) -> None:
    """The file is read again for a version that isn't known."""
    other = Ring(ring.path)
    added = ring.add()

    assert added == 3
    assert other[3].check == ring[3].check


def test_a_key_that_is_in_no_file_is_missing(ring: Ring) -> None:
    """A version nobody has names itself and the file."""
    assert 9 not in ring
    with pytest.raises(Unavailable, match="master_key_missing") as refused:
        ring[9]
    assert refused.value.data == {"file": str(ring.path), "version": 9}


def test_a_removed_key_leaves_the_others_as_they_were(ring: Ring) -> None:
    """Eleven is not one, and the file stays its owner's."""
    for _ in range(9):
        ring.add()
    kept = {version: ring[version].check for version in range(2, 12)}

    ring.remove(1)

    assert {version: Ring(ring.path)[version].check for version in kept} == kept
    assert 1 not in Ring(ring.path)
    assert mode(ring.path) == 0o600


def test_what_a_killed_run_left_is_no_hindrance(ring: Ring) -> None:
    """A half-written neighbour is thrown away, and never read as the file."""
    ring.path.with_name("master.new").write_text("3:half")

    ring.add()

    assert Ring(ring.path).newest() == 3
    assert [path.name for path in ring.path.parent.iterdir()] == ["master"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_keeps_its_owner_when_root_adds_a_key(ring: Ring) -> None:
    """The service that reads it is somebody else."""
    os.chown(ring.path, 12_345, 12_346)

    ring.add()

    assert (ring.path.stat().st_uid, ring.path.stat().st_gid) == (12_345, 12_346)


def test_a_place_that_takes_no_file_is_refused(tmp_path: Path) -> None:
    """A folder that is a file, and a file that is a folder."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()

    for path in (tmp_path / "file" / "keys" / "master", tmp_path / "folder"):
        with pytest.raises(Invalid, match="file_unwritable"):
            make_master(path)


def test_what_is_wrapped_is_unwrapped_as_what_it_is_only() -> None:
    """Another kind, another name, another version, another key and any changed byte are refused."""
    master, key = Master(1, bytes(32)), bytes(range(32))
    wrapped = master.wrap(b"subject", ANNA, key)
    tries = [(master, b"index", ANNA, wrapped), (master, b"subject", bytes(16), wrapped)]
    tries += [(Master(2, bytes(32)), b"subject", ANNA, wrapped), (Master(1, b"x" * 32), b"subject", ANNA, wrapped)]
    for at in range(len(wrapped)):
        changed = wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :]
        tries += [(master, b"subject", ANNA, changed), (master, b"subject", ANNA, wrapped[:at])]

    assert master.unwrap(b"subject", ANNA, wrapped) == key
    for by, kind, name, each in tries:
        with pytest.raises(BackofficeError, match="key_unreadable"):
            by.unwrap(kind, name, each)


def test_a_key_is_never_wrapped_the_same_way_twice() -> None:
    """Each wrapping draws its own nonce."""
    master = Master(1, bytes(32))

    assert len({master.wrap(b"subject", ANNA, bytes(32))[:12] for _ in range(1000)}) == 1000


def test_check_values_tell_keys_and_their_names_apart() -> None:
    """They are keyed hashes; the key isn't in them."""
    values = {check_value(bytes([key]) * 32, name) for key in range(3) for name in ("master:1", "master:2")}

    assert len(values) == 6
    assert not any("00" * 8 in value for value in values)


@given(st.lists(st.binary(max_size=5), max_size=4), st.lists(st.binary(max_size=5), max_size=4))
def test_two_lists_of_parts_never_look_alike(one: list[bytes], other: list[bytes]) -> None:
    """A part can't borrow bytes from its neighbour."""
    assert (framed(*one) == framed(*other)) == (one == other)


def test_no_key_shows_itself(ring: Ring) -> None:
    """Whoever prints a ring or a master key sees no byte of it."""
    shown = repr(ring) + repr(ring[1]) + str(ring[1])

    assert ring.path.read_text().split(":")[1][:8] not in shown
    assert "0x" in shown
