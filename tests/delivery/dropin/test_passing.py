"""Passing webhooks on: our ids in place of the provider's, the account's word in place of ours, all else as it came."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.delivery.dropin.passing import TAG, Change, Known, apart, changes_in, pass_on, rewritten
from backoffice.delivery.naming import Named, note
from backoffice.delivery.wamid import wamid_of
from backoffice.notices import service
from backoffice.notices.store import list_listeners
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.vault.store import load_subjects
from tests.cast import ANNA, Shop, hold_registers, know, open_shop
from tests.delivery.webhooks import NAMES, of_number, text, webhook
from tests.notices.places import URL, WORD

OURS, OTHERS = UUID(int=1), UUID(int=2)
THEIRS = "wamid.HBgLMzcxMjYwMDAwMDE="
STATUS: dict[str, Any] = {
    "id": THEIRS,
    "status": "delivered",
    "timestamp": "1700000000",
    "recipient_id": "37126000001",
    TAG: str(OURS),
    "conversation": {"id": "c"},
    "pricing": {"billable": True},
}


def _change(**parts: Any) -> Change:  # noqa: ANN401  # JSON
    return Change({"id": NAMES.account, "time": 1}, {"field": "messages", "value": of_number(**parts)})


def _known(tag: str = "order 7", **names: str) -> Known:
    return Known({OURS: tag}, names, {OTHERS})


def _statuses(change: Change | None) -> list[dict[str, Any]]:
    assert change is not None
    told: list[dict[str, Any]] = change.value["statuses"]
    return told


def test_a_status_bears_our_id_and_the_accounts_own_word() -> None:
    """Ours leaks nowhere; price and conversation stay as they came."""
    (told,) = _statuses(rewritten(_change(statuses=[STATUS]), _known()))

    assert told == {**STATUS, "id": wamid_of(OURS), TAG: "order 7"}
    assert str(OURS) not in str(told)


def test_an_account_that_gave_no_word_is_told_none() -> None:
    """As at the provider."""
    (told,) = _statuses(rewritten(_change(statuses=[STATUS]), _known("")))

    assert TAG not in told


def test_what_is_of_another_account_is_told_to_nobody() -> None:
    """Of a change in which nothing is left, nothing is told."""
    strange = {**STATUS, TAG: str(OTHERS)}

    assert rewritten(_change(statuses=[strange]), _known()) is None
    assert len(_statuses(rewritten(_change(statuses=[strange, STATUS]), _known()))) == 1


@pytest.mark.parametrize("tag", ["", "order 8", str(UUID(int=3)), 7, None])
def test_a_message_that_never_was_ours_stays_as_it_came(tag: object) -> None:
    """A number's other programs may send beside us."""
    told = {**STATUS, TAG: tag}

    assert _statuses(rewritten(_change(statuses=[told]), _known())) == [told]


@pytest.mark.parametrize(("part", "name"), [("context", "id"), ("reaction", "message_id")])
def test_what_a_person_answers_to_is_named_by_our_id(part: str, name: str) -> None:
    """Where it is known; else by the provider's."""
    message = {"id": "wamid.1", "type": "text", part: {"from": "x", name: THEIRS}}
    known = rewritten(_change(messages=[message]), _known(**{THEIRS: wamid_of(OURS)}))
    unknown = rewritten(_change(messages=[message]), _known())

    assert known is not None
    assert known.value["messages"] == [{**message, part: {"from": "x", name: wamid_of(OURS)}}]
    assert unknown is not None
    assert unknown.value["messages"] == [message]


def test_a_body_is_told_change_by_change_and_what_is_unknown_in_it_stays() -> None:
    """Entries keep their own fields, values theirs."""
    raw = webhook(("messages", of_number(messages=[{"id": "1", "new": [1]}])), ("flows", {"event": "x", "more": {}}))
    told = [rewritten(change, _known()) for change in changes_in(raw)]

    assert [one.body() for one in told if one] == [
        webhook(("messages", of_number(messages=[{"id": "1", "new": [1]}]))),
        webhook(("flows", {"event": "x", "more": {}})),
    ]


def test_several_in_one_body_are_told_each_in_one_of_its_own() -> None:
    """With the person it speaks of: there are integrations that read the first and no other."""
    people = [{"wa_id": "1", "profile": {"name": "Anna"}}, {"wa_id": "2", "user_id": "LV.2"}]
    told = [{"id": "a", "recipient_id": "1"}, {"id": "b", "recipient_user_id": "LV.2"}, {"id": "c"}]
    written = [{"id": "d", "from": "2"}]
    each = list(apart(_change(contacts=people, statuses=told, messages=written)))

    assert [one.value.get("statuses", one.value.get("messages")) for one in each] == [[one] for one in told + written]
    assert [one.value["contacts"] for one in each] == [[people[0]], [people[1]], people, [people[1]]]
    assert {one.code for one in each} == {NAMES.code}
    assert {tuple(one.entry) for one in each} == {("id", "time")}


def test_what_is_alone_is_told_as_it_came() -> None:
    """To the byte, but for its ids."""
    for change in (
        _change(contacts=[], statuses=[STATUS]),
        _change(messages=[]),
        Change({}, {"value": {"event": "x"}}),
    ):
        assert list(apart(change)) == [change]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
_strange = st.dictionaries(
    st.sampled_from(["statuses", "messages", "metadata", "contacts", TAG, "context", "id", "reaction", "from"]), _json
)


@given(st.lists(st.fixed_dictionaries({"field": _json, "value": _strange | _json}), max_size=3), st.binary(max_size=30))
def test_whatever_comes_is_passed_on_or_left_out(changes: list[dict[str, Any]], raw: bytes) -> None:
    """Nothing is raised, and what is passed on can be read again."""
    body = msgspec.json.encode({"object": "x", "entry": [{"id": "1", "changes": changes}]})
    for told in (body, raw):
        for change in changes_in(told):
            if made := rewritten(change, _known()):
                assert list(changes_in(made.body())) == [made]
                assert all(list(changes_in(one.body())) == [one] for one in apart(made))


@pytest.fixture
async def shop(install: Install) -> Shop:
    """A shop that is told in both forms."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        shop = await open_shop(work, names=NAMES)
        await service.register(work, shop.account_id, "cloud_api", URL, challenge=WORD)
        await service.register(work, shop.account_id, "standard", URL)
        return shop


async def _told(work: Work) -> list[tuple[str, str]]:
    rows = await work.connection.fetch(
        "SELECT form, event FROM webhook_delivery JOIN webhook ON webhook_id = webhook.id ORDER BY 1, 2"
    )
    return [tuple(row) for row in rows]


async def test_what_came_in_is_told_to_whose_number_it_is(install: Install, shop: Shop) -> None:
    """In the provider's form, and what persons wrote in ours; of a number that nobody has, nothing."""
    async with install.unit_of_work() as work:
        at = work.at
        other = webhook(("messages", of_number("999", messages=[text("Hello", at)])))
        await pass_on(work, [webhook(("messages", of_number(messages=[text("Hello", at)]))), other, b"{", b"[]"])
        assert await _told(work) == [("cloud_api", "message.received"), ("standard", "message.received")]
        await pass_on(work, [webhook(("messages", of_number(statuses=[STATUS])))])
        assert await _told(work) == [
            *(("cloud_api", "message.received"), ("cloud_api", "send.status")),
            ("standard", "message.received"),
        ]
        assert shop.account_id


async def test_what_speaks_of_a_business_account_goes_to_the_one_that_has_it(install: Install, shop: Shop) -> None:
    """Where two accounts' numbers are in it, to neither: it may be about the other."""
    raw = webhook(("message_template_status_update", {"event": "APPROVED", "message_template_id": 1}))
    async with install.unit_of_work() as work:
        await pass_on(work, [raw])
        assert await _told(work) == [("cloud_api", "provider.told")]
        await open_shop(work, number="+37129999902", names=NAMES._replace(code="2"))
        await pass_on(work, [raw])
        assert len(await _told(work)) == 1
    assert shop.account_id


async def test_a_reply_to_a_send_of_ours_names_it(install: Install, shop: Shop) -> None:
    """Once the provider has told what it calls it; another account's names are of no use."""
    async with install.unit_of_work() as work:
        await know(work, shop, ANNA)
        listeners = await list_listeners(work, [shop.account_id])
        await note(work, [Named(OURS, shop.account_id, THEIRS)], listeners)
        raw = webhook(("messages", of_number(messages=[text("Yes", work.at, context={"id": THEIRS})])))
        await pass_on(work, [raw])
        rows = await work.connection.fetch(
            "SELECT d.id, body, form FROM webhook_delivery d JOIN webhook w ON w.id = webhook_id"
        )
        subjects = await load_subjects(work.connection, work.vault, [shop.account_id])
        bodies = {row["form"]: subjects[shop.account_id].open(service.BODY, row["id"], row["body"]) for row in rows}
        stored = await work.connection.fetchval("SELECT provider_message::text FROM provider_message")

    assert all(wamid_of(OURS).encode() in body and THEIRS.encode() not in body for body in bodies.values())
    assert set(bodies) == {"cloud_api", "standard"}
    assert THEIRS.encode().hex() not in stored
