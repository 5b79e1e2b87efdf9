"""Our adapter and the sandbox, each against the other: what one writes the other takes, and the other way round."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest

from backoffice.channels import graph
from backoffice.channels.codes import MEANINGS, UNAVAILABLE, kind_of
from backoffice.channels.port import Accepted, Parcel, Refused, Unanswered
from backoffice.channels.sandbox import posting
from backoffice.channels.sandbox.replies import CODES
from backoffice.channels.sandbox.running import RunningProvider
from backoffice.channels.sandbox.setup import Faults, Setup
from backoffice.channels.whatsapp import UNSURE, WhatsAppChannel, written
from tests.channels.conftest import permit
from tests.channels.sandbox.conftest import AIJA, PHONE, TOKEN, WABA, template
from tests.channels.sandbox.test_sending import INTERACTIVE, KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backoffice.channels.port import Callback
    from tests.channels.sandbox.conftest import Desk


def parcel(**what: Any) -> Parcel:  # noqa: ANN401
    """Return a parcel to Aija."""
    told = {"to": f"+{AIJA}", "text": "At nine."} if not what else {"to": f"+{AIJA}"}
    return Parcel(
        reference=UUID(int=1), channel="whatsapp", sender="+37120000000", sender_code=PHONE, **{**told, **what}
    )


def heard(desk: Desk) -> list[Callback]:
    """Post all that is due, and return what our reader makes of it."""
    posts = posting.due(desk.state, desk.at + timedelta(hours=1))
    for post in posts:
        posting.posted(desk.state, post.events, desk.at)
    return [graph.read(post.raw) for post in posts]


@pytest.mark.parametrize(
    "sent",
    [
        parcel(),
        parcel(template="boat_leaves", language="en"),
        parcel(template="autumn_offer", language="en", parameters={"2": "Riga", "1": "Aija"}),
        *(parcel(message={"type": kind, kind: value}) for kind, value in KINDS.items()),
        *(
            parcel(message={"type": "interactive", "interactive": {"type": kind, **value}})
            for kind, value in INTERACTIVE.items()
        ),
    ],
    ids=str,
)
def test_what_we_write_is_taken_and_arrives(desk: Desk, sent: Parcel) -> None:
    """Every kind; its statuses come back under our reference."""
    desk.hear()
    heard(desk)
    answer = desk.send(written(sent))
    assert answer.status == 200, answer.body

    callbacks = heard(desk)
    reports = [report for callback in callbacks for report in callback.reports]
    assert {report.status for report in reports} == {"sent", "delivered", "read"}
    assert {(report.reference, report.provider_id) for report in reports} == {
        (UUID(int=1), answer.body["messages"][0]["id"])
    }
    assert [callback.strange for callback in callbacks] == [0] * len(callbacks)


def test_a_business_scoped_id_is_written_and_read(desk: Desk) -> None:
    """As one does without a number."""
    desk.hear("", user_id="LV.77")
    (callback,) = heard(desk)

    assert [(one.phone, one.scoped_id) for one in callback.messages] == [("", "LV.77")]
    assert desk.send(written(parcel(to="LV.77", text="At nine."))).status == 200
    assert all(callback.reports and not callback.strange for callback in heard(desk))


def test_we_read_what_persons_write_and_choose(desk: Desk) -> None:
    """Words, buttons and preferences, by number and by id."""
    told = desk.hear(text={"body": "STOP"})
    (callback,) = heard(desk)
    (message,) = callback.messages
    assert (message.sender, message.phone, message.scoped_id) == (PHONE, f"+{AIJA}", told["user_id"])
    assert (message.words, message.provider_id, message.at) == (("STOP",), told["id"], desk.at)

    desk.hear(type="button", button={"payload": "stop", "text": "Stop"}, context={"id": "wamid.a"})
    (callback,) = heard(desk)
    assert (callback.messages[0].words, callback.messages[0].answers) == (("Stop", "stop"), "wamid.a")

    desk.control("POST", "preferences", {"phone_number_id": PHONE, "from": AIJA, "value": "stop"})
    (callback,) = heard(desk)
    assert [(one.phone, one.is_stopped) for one in callback.preferences] == [(f"+{AIJA}", True)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"code": 131031}, {"account": WABA, "is_banned": True}),
        ({"code": 131048}, {"account": WABA, "is_halted": True}),
        ({"tier": 2000}, {"account": WABA, "daily_limit": 2000}),
    ],
)
def test_we_read_what_meta_does(desk: Desk, change: dict[str, Any], told: dict[str, Any]) -> None:
    """Bans, restrictions and limits."""
    desk.control("PUT", f"numbers/{PHONE}", change)
    words = [msgspec.to_builtins(word) for callback in heard(desk) for word in callback.words]

    assert words
    assert all(word.items() >= told.items() for word in words)


@pytest.mark.parametrize("code", sorted(MEANINGS.keys() - {0}))
def test_a_failure_is_read_by_its_code(desk: Desk, code: int) -> None:
    """And means what the table says."""
    desk.misbehave(fails={AIJA: code})
    desk.send(template("boat_leaves", biz_opaque_callback_data=str(UUID(int=1))))
    (report,) = [report for callback in heard(desk) for report in callback.reports]

    assert (report.status, report.code, report.kind) == ("failed", code, kind_of(code))


def test_a_batch_is_read_whole(desk: Desk) -> None:
    """Over entries and changes, nothing strange."""
    desk.misbehave(batches=1, seed=3)
    for number in range(20):
        desk.send(template("boat_leaves", to=f"371260000{number:02}", biz_opaque_callback_data=str(UUID(int=number))))
    desk.hear()
    callbacks = heard(desk)

    assert len(callbacks) < 20
    told = [(report.reference.int, report.status) for callback in callbacks for report in callback.reports]
    assert sorted(told) == sorted((number, status) for number in range(20) for status in ("sent", "delivered", "read"))
    assert sum(callback.strange for callback in callbacks) == 0


@pytest.fixture
def sandbox(setup: Setup) -> Iterator[RunningProvider]:
    """A sandbox at a port."""
    with RunningProvider(setup) as running:
        yield running


async def test_our_adapter_is_answered(sandbox: RunningProvider) -> None:
    """Accepted, refused by its code, or in doubt where the wire failed, or the API without saying why."""
    async with WhatsAppChannel(sandbox.url, TOKEN) as channel:
        assert isinstance(await channel.deliver(permit(), parcel()), Accepted)
        for code in sorted(MEANINGS.keys()):
            sandbox.misbehave(Faults(refuses={AIJA: code}))
            if code in UNSURE and CODES[code].status == 500:
                with pytest.raises(Unanswered):
                    await channel.deliver(permit(), parcel())
                continue
            answer = await channel.deliver(permit(), parcel())
            assert isinstance(answer, Refused)
            assert (answer.code, answer.kind) == (code, kind_of(code))
        for faults in (Faults(drops=1), Faults(breaks=1), Faults(resets=1)):
            sandbox.misbehave(faults)
            with pytest.raises(Unanswered):
                await channel.deliver(permit(), parcel())
        sandbox.misbehave(Faults())
        heard_id = sandbox.control("POST", "inbound", {"phone_number_id": PHONE, "from": AIJA, "text": {"body": "Hi"}})[
            "id"
        ]
        assert await channel.mark_read(PHONE, heard_id, is_typing=True)
        sandbox.kill()
        assert await channel.deliver(permit(), parcel()) == Refused(code=UNAVAILABLE, kind="retry")
    assert set(sandbox.accepted()) == {UUID(int=1)}


async def test_another_bearer_is_refused(sandbox: RunningProvider) -> None:
    """190, which halts the sender."""
    async with WhatsAppChannel(sandbox.url, "stolen") as channel:
        assert await channel.deliver(permit(), parcel()) == Refused(code=190, kind="halt_sender")
