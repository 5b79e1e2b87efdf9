"""The HTTP adapter against the sandbox's process: every answer, and every way of not getting one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import msgspec
import pytest

from backoffice.channels import wire
from backoffice.channels.http import HttpChannel, _answer, _fate, read
from backoffice.channels.port import Absent, Accepted, CantTell, Found, Refused, Unanswered
from backoffice.channels.sandbox.setup import Faults
from backoffice.kernel import errors
from tests.channels.conftest import AIJA, BALTIC_TOURS, BELLA, SECRET, parcel, permit

if TYPE_CHECKING:
    from backoffice.channels.sandbox.running import RunningProvider


async def test_a_message_is_accepted_and_found(channel: HttpChannel, provider: RunningProvider) -> None:
    """Under the provider's id, once."""
    answer = await channel.deliver(permit(), parcel())

    assert answer == Accepted("fake.1")
    assert await channel.look_up(UUID(int=1)) == Found("fake.1", "accepted")
    assert await channel.look_up(UUID(int=2)) == Absent()
    assert {reference: len(times) for reference, times in provider.accepted().items()} == {UUID(int=1): 1}


async def test_a_spent_permit_hands_nothing_over(channel: HttpChannel, provider: RunningProvider) -> None:
    """The wire is not touched."""
    leave = permit()
    await channel.deliver(leave, parcel())

    with pytest.raises(errors.Refused, match="permit_void"):
        await channel.deliver(leave, parcel())
    assert len(provider.accepted()[UUID(int=1)]) == 1


async def test_the_provider_knows_no_double(channel: HttpChannel, provider: RunningProvider) -> None:
    """Two permits for one reference are two messages: so a courier that doubles is found."""
    for _ in range(2):
        await channel.deliver(permit(), parcel())

    assert len(provider.accepted()[UUID(int=1)]) == 2


async def test_a_dropped_answer_leaves_everybody_in_doubt(channel: HttpChannel, provider: RunningProvider) -> None:
    """The message was taken, and only looking it up tells."""
    provider.misbehave(Faults(drops=1))

    with pytest.raises(Unanswered):
        await channel.deliver(permit(), parcel())
    assert await channel.look_up(UUID(int=1)) == Found("fake.1", "accepted")


async def test_an_error_inside_the_provider_says_nothing(channel: HttpChannel, provider: RunningProvider) -> None:
    """Of many answered with 500 some were taken, some not."""
    provider.misbehave(Faults(breaks=1))

    for number in range(20):
        with pytest.raises(Unanswered):
            await channel.deliver(permit(number), parcel(number))
    assert 0 < len(provider.accepted()) < 20


async def test_an_answer_that_comes_too_late_is_none(provider: RunningProvider) -> None:
    """The message was taken all the same."""
    provider.misbehave(Faults(slow=30))
    async with HttpChannel(provider.url, patience=timedelta(milliseconds=200)) as channel:
        with pytest.raises(Unanswered):
            await channel.deliver(permit(), parcel())

    assert len(provider.accepted()[UUID(int=1)]) == 1


@pytest.mark.parametrize(
    ("faults", "refused"),
    [
        (Faults(overloads=1), Refused(code=131016, kind="retry", retry_after=timedelta(seconds=1))),
        (Faults(throttles=1), Refused(code=130429, kind="retry", retry_after=timedelta(seconds=1))),
        (Faults(refuses={AIJA: 131050}), Refused(code=131050, kind="suppress")),
        (Faults(refuses={AIJA: 131026}), Refused(code=131026, kind="never")),
        (Faults(refuses={AIJA: 131048}), Refused(code=131048, kind="halt_sender")),
        (Faults(refuses={AIJA: 131049}), Refused(code=131049, kind="retry", retry_after=timedelta(hours=24))),
        (Faults(refuses={AIJA: 99}), Refused(code=99, kind="never")),
    ],
)
async def test_a_refusal_says_what_it_means(
    channel: HttpChannel, provider: RunningProvider, faults: Faults, refused: Refused
) -> None:
    """And the provider has nothing."""
    provider.misbehave(faults)

    assert await channel.deliver(permit(), parcel()) == refused
    assert provider.accepted() == {}


async def test_two_messages_to_one_person_in_a_moment_are_too_many(
    channel: HttpChannel, provider: RunningProvider
) -> None:
    """The pair of sender and person waits; another person doesn't."""
    provider.misbehave(Faults(pair_every=60))
    answers = [await channel.deliver(permit(n), parcel(n, to)) for n, to in ((1, AIJA), (2, AIJA), (3, BELLA))]

    wait = timedelta(seconds=6)
    assert answers == [Accepted("fake.1"), Refused(code=131056, kind="retry", retry_after=wait), Accepted("fake.2")]


async def test_a_provider_that_is_away_took_nothing(channel: HttpChannel, provider: RunningProvider) -> None:
    """No connection, no message; and what it took before it was killed, it still has."""
    await channel.deliver(permit(1), parcel(1))
    provider.kill()

    assert await channel.deliver(permit(2), parcel(2)) == Refused(code=131016, kind="retry")
    assert await channel.look_up(UUID(int=1)) == CantTell()

    provider.start()
    assert await channel.look_up(UUID(int=1)) == Found("fake.1", "accepted")
    assert await channel.look_up(UUID(int=2)) == Absent()


async def test_a_provider_that_can_not_tell_says_nothing(channel: HttpChannel, provider: RunningProvider) -> None:
    """Only its own word that it never took a message counts."""
    provider.misbehave(Faults(is_mute=True))

    assert await channel.look_up(UUID(int=1)) == CantTell()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"{}"),
        (200, b"\xff"),
        (204, b""),
        (302, b""),
        (408, b""),
        (500, b"{}"),
        (502, b""),
        (504, b""),
    ],
)
def test_an_answer_that_is_neither_yes_nor_no_leaves_doubt(status: int, body: bytes) -> None:
    """Gateways between us speak for themselves, not for the provider."""
    with pytest.raises(Unanswered):
        _answer(httpx.Response(status, content=body))


@pytest.mark.parametrize("status", [400, 404, 413, 421, 429, 503])
def test_a_refusal_in_nobodys_words_is_tried_again(status: int) -> None:
    """A wrong address of ours fails no message for good."""
    assert _answer(httpx.Response(status, content=b"<html>")) == Refused(code=131016, kind="retry")


@pytest.mark.parametrize("told", ["-1", "1.5", "soon", "99999999", "²"])
def test_a_wait_that_can_not_be_read_is_left_out(told: str) -> None:
    """A date or nonsense in `Retry-After` breaks nothing."""
    answer = _answer(httpx.Response(503, headers={b"Retry-After": told.encode()}, content=b""))

    assert answer == Refused(code=131016, kind="retry")


def test_a_page_that_is_not_found_is_no_absence() -> None:
    """Only the provider's own words say that it never took a message."""
    assert _fate(httpx.Response(404, content=b"<html>not found</html>")) == CantTell()
    assert _fate(httpx.Response(404, content=b'{"error": {"code": 100}}')) == Absent()


def test_a_callback_is_read_and_its_signature_checked() -> None:
    """Signed over the very bytes; a changed byte, another secret and none at all are refused."""
    at = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    event = wire.Event(id="fake.1", reference=UUID(int=1), status="failed", at=at, code=131050)
    raw = msgspec.json.encode(wire.Post(channel="whatsapp", sender=BALTIC_TOURS, statuses=(event,)))

    assert wire.is_signed(SECRET, raw, wire.sign(SECRET, raw))
    assert not wire.is_signed(SECRET, raw + b" ", wire.sign(SECRET, raw))
    assert not wire.is_signed(SECRET, raw, wire.sign(b"", raw))
    assert not wire.is_signed(SECRET, raw, "sha256=é")
    assert not wire.is_signed(b"", raw, wire.sign(b"", raw))
    (report,) = read(raw).reports
    assert (report.reference, report.status, report.kind, report.at) == (UUID(int=1), "failed", "suppress", at)


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"[]", b'{"sender": 1}', b'{"channel": "sms", "sender": "a", "statuses": [{}]}']
)
def test_a_callback_that_can_not_be_read_is_invalid(raw: bytes) -> None:
    """Whatever the bytes."""
    with pytest.raises(errors.Invalid, match="callback_invalid"):
        read(raw)
