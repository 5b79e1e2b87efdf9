"""The witness: it signs what it has seen grow, nothing else, whoever asks at the same time."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from backoffice.audit.checking import verify_ledger
from backoffice.audit.cosigning import Asking
from backoffice.audit.keys import open_keys
from backoffice.audit.merkle import Tree, prove_consistency, root
from backoffice.audit.notes import COSIGNATURE, Checkpoint, Signer, encode64, open_checkpoint, sign_note
from backoffice.audit.proving import newest_checkpoint
from backoffice.audit.sequencer import signed_file
from backoffice.audit.witness import SIZE_TYPE, Witness, app, witness_app
from backoffice.kernel.clock import frozen_clock
from backoffice.kernel.errors import Invalid, Unavailable
from backoffice.plumbing.install import Install
from tests.audit.attacks import restore
from tests.audit.keeping import fill, sequence
from tests.audit.made import AT, LOG, NEXT, ORIGIN, STRANGER, WITNESS, count, dice, leaves

LEAVES = leaves(500)
TREE = Tree(LEAVES)


def note_of(size: int, hashes: list[bytes] = LEAVES, signer: Signer = LOG) -> bytes:
    """Return a checkpoint of a size."""
    return sign_note(Checkpoint(signer.key.name, size, root(hashes[:size])).body, [signer])


def asking(old: int, new: int, note: bytes | None = None) -> bytes:
    """Return a request to cosign."""
    hashes = prove_consistency(old, new, TREE.node) if 0 < old < new else []
    lines = "".join(f"{encode64(each)}\n" for each in hashes)
    return f"old {old}\n{lines}\n".encode() + (note or note_of(new))


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """A witness that knows one ledger, by two keys of it."""
    return Witness(tmp_path / "seen", WITNESS, [LOG.key, NEXT.key], frozen_clock(AT))


def test_it_cosigns_a_ledger_that_grows(witness: Witness) -> None:
    """Each time; its line makes the checkpoint a cosigned one, at its own time."""
    old = 0
    for new in (0, 1, 1, 7, 256, 500):
        status, line = witness.add(asking(old, new))
        assert status == 200
        opened = open_checkpoint(note_of(new) + line.encode(), [LOG.key, WITNESS.key])
        assert opened.witnesses == {WITNESS.key: int(AT.timestamp())}
        old = new


def refused(witness: Witness) -> dict[str, tuple[int, bytes]]:
    """Return requests that a witness which has seen 100 entries refuses, with the status of the protocol."""
    assert witness.add(asking(0, 100)).status == 200
    other = leaves(500, seed=1)
    return {
        "nothing": (400, b""),
        "no old line": (400, note_of(200)),
        "a leading zero": (400, asking(100, 200).replace(b"old 100", b"old 0100")),
        "a hash of 31 bytes": (400, f"old 100\n{encode64(bytes(31))}\n\n".encode() + note_of(200)),
        "sixty-four hashes": (400, b"old 100\n" + f"{encode64(bytes(32))}\n".encode() * 64 + b"\n" + note_of(200)),
        "CRLF": (400, asking(100, 200).replace(b"\n", b"\r\n")),
        "no checkpoint": (400, b"old 100\n\nnothing\n"),
        "an old size above the new": (400, asking(100, 50)),
        "another ledger": (404, asking(0, 200, note_of(200, signer=STRANGER))),
        "no signature of the ledger": (403, asking(100, 200, note_of(200).replace(b"\n200\n", b"\n201\n"))),
        "another's key": (403, asking(100, 200, note_of(200, signer=Signer(ORIGIN, bytes(32))))),
        "too old an old size": (409, asking(50, 200)),
        "too new an old size": (409, asking(150, 200)),
        "from nothing": (409, asking(0, 200)),
        "another root of the same size": (409, asking(100, 100, note_of(100, other))),
        "no proof": (422, b"old 100\n\n" + note_of(200)),
        "the proof of another size": (422, asking(100, 201).partition(b"\n\n")[0] + b"\n\n" + note_of(200)),
        "another history": (422, asking(100, 200, note_of(200, other))),
        "a proof where none is needed": (422, f"old 100\n{encode64(bytes(32))}\n\n".encode() + note_of(100)),
    }


def test_it_refuses_what_it_can_not_vouch_for(witness: Witness) -> None:
    """With the status that says why; what it has seen stays what it was."""
    for name, (status, request) in refused(witness).items():
        answer = witness.add(request)
        assert answer.status == status, name
        assert answer.text == ("100\n" if status == 409 else ""), name
    assert witness.add(asking(100, 200)).status == 200


def test_a_first_checkpoint_needs_no_proof(witness: Witness) -> None:
    """From nothing nothing can be proved, so whoever sends hashes means something else."""
    assert witness.add(f"old 0\n{encode64(bytes(32))}\n\n".encode() + note_of(200)).status == 422
    assert witness.add(asking(0, 200)).status == 200


def test_it_remembers_over_a_restart(witness: Witness) -> None:
    """Its file is all it has."""
    assert witness.add(asking(0, 100)).status == 200

    again = Witness(witness.store, WITNESS, [LOG.key])

    assert again.add(asking(0, 50)) == (409, "100\n")
    assert again.add(asking(100, 200)).status == 200


def test_racing_requests_never_set_it_back(witness: Witness) -> None:
    """Of all who ask from one size, one is cosigned; the size only grows, whatever the order."""
    random, seen = dice(7), 0
    several = [witness, *(Witness(witness.store, WITNESS, [LOG.key], frozen_clock(AT)) for _ in range(7))]
    with ThreadPoolExecutor(len(several)) as pool:
        for _ in range(count(12, 125)):
            sizes = [seen + random.randrange(1, 5) for _ in several]
            requests = [asking(seen, size) for size in sizes]
            answers = list(pool.map(Witness.add, several, requests))
            assert Counter(answer.status for answer in answers) == {200: 1, 409: len(several) - 1}
            (seen,) = [size for size, answer in zip(sizes, answers, strict=True) if answer.status == 200]
            assert {answer.text for answer in answers if answer.status == 409} == {f"{seen}\n"}


def test_it_needs_a_key_for_cosignatures(tmp_path: Path) -> None:
    """A ledger's key must not vouch for ledgers."""
    with pytest.raises(Invalid, match="vkey_invalid"):
        Witness(tmp_path / "seen", LOG, [LOG.key])


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """What a witness of its own is told."""
    (tmp_path / "key").write_text(WITNESS.skey + "\n")
    return {
        "BACKOFFICE_WITNESS_STORE": str(tmp_path / "seen"),
        "BACKOFFICE_WITNESS_KEY": str(tmp_path / "key"),
        "BACKOFFICE_WITNESS_LOGS": f"{LOG.key.vkey}\n{NEXT.key.vkey}\n",
    }


async def test_it_speaks_the_protocol_over_http(witness: Witness, environ: dict[str, str]) -> None:
    """All statuses, the media type of a size, and the newest checkpoint for whoever wants to compare."""
    requests = refused(witness)
    transport = httpx.ASGITransport(app(environ))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://witness") as http:
        for name, (status, request) in requests.items():
            answer = await http.post("/add-checkpoint", content=request)
            assert answer.status_code == status, name
            assert (answer.headers["content-type"] == SIZE_TYPE) == (status == 409), name
        assert (await http.post("/add-checkpoint", content=b"x" * 70_000)).status_code == 413
        answer = await http.post("/add-checkpoint", content=asking(100, 200))
        newest = await http.get(f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint")
        assert (await http.get(f"/{sha256(b'other').hexdigest()}/checkpoint")).status_code == 404

    assert newest.content == note_of(200) + answer.content
    assert open_checkpoint(newest.content, [LOG.key, WITNESS.key]).witnesses


def asker(install: Install, tmp_path: Path, name: str = "seen") -> Asking:
    """Return somebody who asks a witness that knows the install's ledger."""
    witness = Witness(tmp_path / name, WITNESS, open_keys(install.settings).public)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(witness_app(witness)))  # type: ignore[arg-type]
    return Asking("http://witness/", WITNESS.key, http)


async def cosign(install: Install, asked: Asking) -> bool:
    """Have the newest checkpoint cosigned."""
    async with install.unit_of_work() as work:
        return await asked.cosign(work)


async def test_the_ledgers_checkpoints_are_cosigned(install: Install, tmp_path: Path) -> None:
    """As it grows, and by a process that doesn't know any more how far the witness is."""
    asked = asker(install, tmp_path)
    assert not await cosign(install, asked)
    for entries in (0, 1, 300, 5):
        await fill(install, entries, dice(entries))
        await sequence(install)
        assert await cosign(install, asked)
        assert not await cosign(install, asked)
        asked = asker(install, tmp_path) if entries == 300 else asked

    async with install.reading() as work:
        opened = open_checkpoint(await newest_checkpoint(work), [*open_keys(install.settings).public, WITNESS.key])
        assert (opened.checkpoint.size, set(opened.witnesses)) == (306, {WITNESS.key})
        assert (await verify_ledger(work)).is_good


async def test_a_witness_tells_of_a_ledger_that_was_set_back(install: Install, tmp_path: Path) -> None:
    """An old backup on a new machine: the file is gone too, but the witness remembers."""
    await fill(install, 30, dice(1))
    await sequence(install)
    await cosign(install, asker(install, tmp_path))
    await _forget(install)
    await fill(install, 20, dice(2))
    await sequence(install)

    with pytest.raises(Unavailable, match="ledger_behind_witness"):
        await cosign(install, asker(install, tmp_path))


@pytest.mark.parametrize("entries", [30, 40])
async def test_a_witness_disowns_another_history(install: Install, tmp_path: Path, entries: int) -> None:
    """As long as the one it has seen, or longer."""
    await fill(install, 30, dice(1))
    await sequence(install)
    await cosign(install, asker(install, tmp_path))
    await _forget(install)
    await fill(install, entries, dice(2))
    await sequence(install)

    with pytest.raises(Unavailable, match="ledger_disowned"):
        await cosign(install, asker(install, tmp_path))


async def _forget(install: Install) -> None:
    signed_file(install.settings).unlink()
    async with install.unit_of_work() as work:
        await restore(work, {})


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        (500, b"", "witness_refuses"),
        (403, b"", "witness_refuses"),
        (409, b"many\n", "ledger_disowned"),
        (422, b"", "ledger_disowned"),
        (200, b"", "witness_refuses"),
        (200, STRANGER.sign(b"x\n").encode(), "witness_refuses"),
        (200, WITNESS.sign(b"another body\n", AT).encode(), "witness_refuses"),
        (200, b"\xff\xfe\n", "witness_refuses"),
    ],
)
async def test_an_answer_that_is_no_cosignature_is_not_kept(
    install: Install, status: int, content: bytes, code: str
) -> None:
    """Whatever the witness says, only its signature of our checkpoint is put beside it."""
    await sequence(install)
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
    asked = Asking("http://witness", WITNESS.key, httpx.AsyncClient(transport=transport))

    with pytest.raises(Unavailable, match=code):
        await cosign(install, asked)


async def test_a_witness_that_is_away_is_told(install: Install) -> None:
    """Nothing waits for it."""
    await sequence(install)

    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away", request=request)

    asked = Asking("http://witness", WITNESS.key, httpx.AsyncClient(transport=httpx.MockTransport(away)))
    with pytest.raises(Unavailable, match="witness_away"):
        await cosign(install, asked)


def test_a_witness_has_a_key_of_its_own() -> None:
    """The cosigner's key is of the type that states a time."""
    assert WITNESS.key.kind == COSIGNATURE
