"""Leaks: a thousand people are put on record, written to, stopped and spoken of, and nobody is found without a key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec
import pytest

from backoffice.billing import service as billing
from backoffice.channels.wire import sign
from backoffice.consent.importing import commit, preview, state_list
from backoffice.consent.reading import Counts
from backoffice.consent.service import suppress
from backoffice.consent.stated import Stated
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.service import add_contact
from backoffice.delivery import inbound
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.embedded import EmbeddedServer
from backoffice.plumbing.install import Install
from backoffice.relay import service as relay
from backoffice.relay.content import facts_of, keep_content
from backoffice.relay.service import Letter
from tests.cast import DECLARED, Shop, know, open_shop
from tests.plumbing.vault.leaks import Forms, database_files, dump, files_in, first_segment, forms, found

STEMS = ("3712853", "zvirgzdins.leak", "Kalnozols")
"""Of numbers, of addresses and of names; nobody else's begin so."""

PHONES = [f"+3712853{number:04}" for number in range(600)]
EMAILS = [f"zvirgzdins.leak{number}@example.lv" for number in range(300)]
WRITTEN_TO = [f"+3712853{number:04}" for number in range(600, 700)]
OWN = "+37128539999"
SECRET = "of the provider"  # noqa: S105  # of a provider in a test


@pytest.fixture
def looked_for() -> Forms:
    """All forms of all stems."""
    return forms(STEMS)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder to which temporary files of this process and its children go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


class Watch(NamedTuple):
    """Who hands lists in with an eye on the temporary files."""

    install: Install
    shop: Shop
    temporary: Path
    looked_for: Forms

    async def hand_in(self, path: Path, stated: Stated) -> int:
        """Import a list, finding nobody among the temporary files meanwhile; return how many people it added."""
        account_id, seen = self.shop.account_id, set[tuple[str, str]]()
        async with self.install.unit_of_work() as work:
            import_id = await state_list(work, account_id, stated)
        await preview(self.install, account_id, import_id, path)

        def look(_: Counts) -> None:
            seen.update(found(files_in(self.temporary), self.looked_for))

        counts = await commit(self.install, account_id, import_id, path, look)
        assert seen == set()
        return counts.added


async def write_to(install: Install, shop: Shop, phones: list[str]) -> list[UUID]:
    """Put people on record, two of three of whom agreed, and write to each in words of their own; return the sends."""
    async with install.unit_of_work() as work:
        people = [await know(work, shop, phone, has_consent=number % 3 > 0) for number, phone in enumerate(phones, 1)]
        text = "Kalnozols, Brīvības 1, +37128530000"
        await keep_content(work, shop.account_id, facts_of(DECLARED, has_template=False), None, text)
    async with install.unit_of_work() as work:
        lots = await billing.lock_lots(work, {(shop.account_id, "whatsapp")})
        letters = [Letter(one.id, b"Dear Kalnozols, call 3712853") for one in people]
        sent = await relay.send(work, shop.errand, letters, lots)
    async with install.unit_of_work() as work:
        for one in people[1::5]:
            await suppress(work, one.token, account_id=shop.account_id, reason="reply")
        await relay.look_again(work, await relay.take_up(work, [one.send_id for one in sent]))
    return [one.send_id for one in sent]


async def hear_of(install: Install, send_id: UUID, message: str) -> None:
    """Take in what a provider says of a send, once as it should be and once broken off, and act on it."""
    event = {"id": message, "reference": str(send_id), "status": "delivered", "at": "2026-11-20T08:31:00Z"}
    whole = msgspec.json.encode({"channel": "whatsapp", "sender": OWN, "statuses": [event]})
    for raw in (whole, whole[:-20]):
        await inbound.receive(install, "fake", raw, sign(SECRET.encode(), raw))
    await inbound.step(install)


def wamid(phone: str) -> str:
    """Return a message id as WhatsApp makes them: the recipient's number stands in it, in base64."""
    return (
        "wamid."
        + base64.b64encode(b"\x1c\x18\x0b" + phone[1:].encode() + b"\x15\x02\x00\x11\x18\x12A1B2C3\x00").decode()
    )


async def start(install: Install) -> Shop:
    """Open the shop, with a provider that signs what it says."""
    install.settings = msgspec.structs.replace(install.settings, provider_secret=SECRET)
    async with install.unit_of_work() as work:
        return await open_shop(work, number=OWN)


async def plant(install: Install, folder: Path, temporary: Path, looked_for: Forms) -> int:
    """Put a thousand people on record by every road there is; return how many there are."""
    shop = await start(install)
    phones, emails = folder / "phones.csv", folder / "emails.csv"
    phones.write_text("phone,name,dob\n" + "".join(f"{phone},Kalnozols,1980-02-03\n" for phone in PHONES))
    emails.write_text(
        "email,name\n" + "".join(f"{email},Kalnozols\n" for email in EMAILS) + "Kalnozols,zvirgzdins.leak\n"
    )
    evidence = {"sender": "Kalnozols", "words": "Kalnozols may write to me", "is_attested": True}
    watch = Watch(install, shop, temporary, looked_for)
    added = await watch.hand_in(phones, Stated(name="Kalnozols 3712853", evidence=evidence))
    added += await watch.hand_in(emails, Stated(name="Kalnozols", kind="email"))
    sends = await write_to(install, shop, WRITTEN_TO)
    await hear_of(install, sends[0], "m-1")
    for wrong in (Wanted("phone", "+37128530"), Wanted("email", "Kalnozols@zvirgzdins.leak@")):
        with pytest.raises(Invalid):
            async with install.unit_of_work() as work:
                await add_contact(work, shop.account_id, wrong)
    return added + len(sends)


async def test_a_thousand_people_are_nowhere_to_be_read(
    *,
    install: Install,
    server: EmbeddedServer,
    tmp_path: Path,
    temporary: Path,
    looked_for: Forms,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not in a backup, the tables, the log ahead, the server's report, our data, our lines or temporary files."""
    caplog.set_level(logging.DEBUG)
    segment = await first_segment(install)

    assert await plant(install, tmp_path, temporary, looked_for) == 1000

    backup = await dump(install, server, tmp_path / "dump.sql")
    output = tmp_path / "output"
    output.write_text("".join(capfd.readouterr()) + caplog.text)
    stored = await database_files(install, server, segment)
    assert found([*stored, backup, output, *files_in(install.settings.data, temporary)], looked_for) == set()
    token = install.vault.token("phone", PHONES[-1])
    assert found([backup], {"token": token.hex().encode()}), "the backup doesn't hold what was done"
    assert len(found(stored, {"token": token})) > 1, "the files don't hold what was done"


async def test_a_providers_id_of_a_message_names_nobody(
    install: Install, server: EmbeddedServer, tmp_path: Path, looked_for: Forms
) -> None:
    """WhatsApp's ids spell the recipient's number, so they are no codes."""
    sends = await write_to(install, await start(install), WRITTEN_TO[:1])

    await hear_of(install, sends[0], wamid(WRITTEN_TO[0]))

    async with install.reading() as work:
        assert await work.connection.fetchval("SELECT delivered_at FROM delivery WHERE send_id = $1", sends[0])
    assert found([await dump(install, server, tmp_path / "dump.sql")], looked_for) == set()


def guesses(phone: str, keys: list[bytes]) -> Iterator[bytes]:
    """Yield the hashes by which somebody with the database and no key would try to confirm a number."""
    for written in (phone.encode(), phone[1:].encode()):
        for name in ("sha256", "sha512", "sha1", "md5", "blake2b", "blake2s"):
            yield hashlib.new(name, written).digest()
        for key in keys:
            yield hmac.digest(key, written, "sha256")


async def test_no_number_is_confirmed_by_guessing(install: Install, server: EmbeddedServer, tmp_path: Path) -> None:
    """Ten thousand guesses, a hundred of them right, with each hash and key the database holds: none is confirmed."""
    await write_to(install, await start(install), WRITTEN_TO)
    text = (await dump(install, server, tmp_path / "dump.sql")).read_text()
    held = {
        bytes.fromhex(value)[:16] for value in re.findall(r"\b(?:x)?([0-9a-f]{32,128})\b", text) if len(value) % 2 == 0
    }
    async with install.reading() as work:
        rows = await work.connection.fetch(
            "SELECT wrapped AS key FROM vault_secret UNION ALL SELECT value::bytea FROM mark"
        )
    keys = [b"", *(row["key"] for row in rows)]

    right = {phone for phone in WRITTEN_TO if install.vault.token("phone", phone) in held}
    numbers = [f"+3712853{number:04}" for number in range(10_000)]
    confirmed = [phone for phone in numbers if any(guess[:16] in held for guess in guesses(phone, keys))]

    assert (len(right), confirmed) == (len(WRITTEN_TO), [])


@pytest.mark.parametrize("form", forms(["Kalnozols"]))
def test_every_form_is_found_wherever_it_stands(tmp_path: Path, looked_for: Forms, form: str) -> None:
    """At the start of a file, anywhere in it, and across two parts of it."""
    for before in range(130):
        (tmp_path / "file").write_bytes(bytes(before) + looked_for[form] + b"0001")

        assert ("file", form) in found([tmp_path / "file"], looked_for, at_once=64)


@pytest.mark.parametrize("ahead", range(6))
def test_a_number_inside_something_encoded_is_found(tmp_path: Path, looked_for: Forms, ahead: int) -> None:
    """Base64 looks different by where the number begins, and once more in a backup's hexadecimal."""
    encoded = base64.b64encode(bytes(ahead) + b"+37128530001 rest")
    (tmp_path / "raw").write_bytes(encoded)
    (tmp_path / "hex").write_text(encoded.hex())

    assert {name for name, _ in found(files_in(tmp_path), looked_for)} == {"raw", "hex"}


async def test_a_value_in_clear_is_found_in_the_database(
    install: Install, server: EmbeddedServer, tmp_path: Path, looked_for: Forms
) -> None:
    """In a backup as text or as bytes, and in the log ahead, also after it was taken back."""
    segment = await first_segment(install)
    async with install.unit_of_work() as work:
        key = b"+37128530001"
        await work.connection.execute("INSERT INTO request VALUES ($1, $2, '', 200, '', $3)", UUID(int=1), key, work.at)
    async with install.unit_of_work() as work:
        await work.connection.execute("INSERT INTO mark VALUES ('planted', 'Kalnozols', $1)", work.at)
        backup = await dump(install, server, tmp_path / "dump.sql")
        await work.connection.execute("DELETE FROM mark WHERE name = 'planted'")

    assert ("dump.sql", "3712853 raw in hex") in found([backup], looked_for)
    forms_found = {form for _, form in found(await database_files(install, server, segment), looked_for)}
    assert {"Kalnozols raw", "3712853 raw"} <= forms_found
