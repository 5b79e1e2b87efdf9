"""What is stored of a list says of every person what judging the list itself says, for whatever send."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backoffice.consent import importing
from backoffice.consent.standing import standing_consents, standing_stops
from backoffice.consent.stated import Stated
from backoffice.consent.wordings import WORDINGS
from backoffice.contacts.lists import open_list
from backoffice.contacts.persons import date_in
from backoffice.contacts.whereabouts import WHEREABOUTS
from backoffice.plumbing.install import Install, Work
from backoffice.plumbing.policies import policies_folder
from backoffice.policy.decide import Gate
from backoffice.policy.facts import NEVER, PRESUMED_ADULT, Consent, Recipient
from backoffice.relay.gathering import Gathered, gather
from backoffice.relay.judge import Counts, Judge, Judged
from backoffice.relay.profile import read_profile
from tests.contacts.rooms import register
from tests.relay.conftest import DEMO, rulebook

LIST = policies_folder() / "demo" / "contacts.csv"
WORDS = "Baltic Lamp may send me offers on WhatsApp and order updates by SMS."
HEADER = (
    "phone,email,country,state,zip,purpose,channel,consent_at,consent_text,evidence,opted_out_at,person_type,"
    "birth_date,last_inbound_at,last_purchase_at"
)
MESSY = """HEADER
+13055550115,a@example.com,US,CA,,,,2025-01-01,WORDS,,,legal,2009-05-01,2026-11-19T10:00:00Z,2026-01-01
305-555-0115,A@example.com,US,,,,,2025-06-01,WORDS,form:us-signed,2025-09-01,natural,2010-05-01,2026-11-20,2026-06-01
+13055550115,a@example.com,,,,marketing,,2025-06-01,WORDS,form:checkout-2025,,legal,,,
+13055550116,b@example.com,US,,73301,,,2025-01-01,WORDS,form:us-signed,soon,,,,
+13055550116,b@example.com,US,,,,sms,2025-02-01,WORDS,,,,,,
+447400123101,c@example.com,GB,,,service,whatsapp,,WORDS,,,named_at_legal,,,
+37121234002,d@example.com,LV,,,,,2025-04-01,,wamid.demo0003,2025-04-02,,,,
+37121234002,e@example.com,,,,,,,,,,,,,
+883510012345,f@example.com,EE,,,,,2025-04-01,WORDS,,,,,,
,g@example.com,,FL,,,,,,,,,,,
+37121234077,h@example.com,LV,,,,,2025-04-01,WORDS,,x,,,,
""".replace("HEADER", HEADER).replace("WORDS", WORDS)
SENDS = [
    ("whatsapp", "marketing"),
    ("sms", "marketing"),
    ("whatsapp", "service"),
    ("sms", "transactional"),
    ("email", "marketing"),
]


def _judge(path: Path, channel: str, purpose: str, at: Any) -> tuple[Judge, list[Judged]]:  # noqa: ANN401  # a moment
    contacts = open_list(path, channel=channel, region=None, at=at)
    judge = Judge(
        rulebook(),
        DEMO.account_facts("LV"),
        DEMO.message_facts(at, channel, purpose),
        DEMO.recipient_facts(),
        DEMO.evidence(contacts.sha256),
        home="LV",
    )
    outcomes = judge.judge(contacts, Counts(), lambda _phase, _rows: None)
    return judge, [one for one in outcomes if isinstance(one, Judged)]


async def _stored(work: Work, judge: Judge, row: Gathered, channel: str, purpose: str) -> dict[str, Any]:
    """Return the facts of one person as they are made of what is stored."""
    where = (await WHEREABOUTS.recall(work, [row.whereabouts_id]))[row.whereabouts_id]
    wordings = await WORDINGS.recall(work, {one.wording for one in row.consents})
    stops = standing_stops(row.stops, row.consents, wordings, channel, purpose)
    times = judge.times.at(where.zones, judge.message.at)
    subject = work.vault.subject(row.contact_id, row.wrapped, row.key_version or 0)
    born_on = date_in(subject, row.born_on) if row.born_on else None
    consents = []
    for one in standing_consents(row.consents, wordings, channel, purpose):
        wording = wordings[one.wording]
        stated = {name: getattr(wording, name) for name in wording.__struct_fields__}
        consents.append(Consent(grade=one.grade, given_at=one.given_at, valid_until=one.valid_until, **stated))
    return {
        "region": where.region,
        "places": where.places,
        "without_pack": where.without_pack,
        "local_times": times,
        "number_class": where.number_class or "other",
        "person_type": row.person_type,
        "age": _age(born_on, min(time.on for time in times)) if born_on else PRESUMED_ADULT,
        "consents": tuple(consents),
        "suppressions": stops,
        "last_opt_out_at": max((stop.at for stop in stops), default=NEVER),
        "last_inbound_at": row.last_inbound_at or NEVER,
        "last_purchase_at": row.last_purchase_at or NEVER,
    }


def _age(born_on: date, today: str) -> int:
    on = date.fromisoformat(today)
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def _proofs(recipient: Recipient, channel: str, purpose: str) -> list[tuple[object, ...]]:
    """Return what of a person's consents a rule may count: those that prove something of this send."""
    return [
        (one.grade, one.given_at, one.valid_until, one.names_sender, one.is_written, one.fields)
        for one in recipient.consents
        if one.grade != "D" and channel in one.channels and purpose in one.purposes
    ]


@pytest.mark.parametrize(("channel", "purpose"), SENDS)
@pytest.mark.parametrize("text", ["demo", "messy"])
async def test_what_is_stored_says_what_the_list_says(
    install: Install, tmp_path: Path, text: str, channel: str, purpose: str
) -> None:
    """Places, clocks, type, age, proofs, stops and moments are the same, and so is the decision with its reasons."""
    path = tmp_path / "list.csv"
    path.write_text(LIST.read_text(encoding="utf-8") if text == "demo" else MESSY, encoding="utf-8")
    stated = Stated(name="Demo", kind="email" if channel == "email" else "phone", evidence=dict(DEMO.list))
    async with install.unit_of_work() as work:
        account_id = await register(work)
        import_id = await importing.state_list(work, account_id, stated)
    await importing.preview(install, account_id, import_id, path)
    await importing.commit(install, account_id, import_id, path)

    async with install.unit_of_work() as work:
        read_at = await work.connection.fetchval("SELECT read_at FROM contact_list")
        judge, judged = _judge(path, channel, purpose, read_at)
        ids = {
            row["token"]: row["id"]
            for row in await work.connection.fetch("SELECT token, id FROM contact WHERE account_id = $1", account_id)
        }
        tokens = [work.vault.token(stated.kind, one.row.address) for one in judged]
        rows = await gather(work, [ids[token] for token in tokens])
        gate = Gate(rulebook(), DEMO.account_facts("LV"), judge.message)

        assert len(set(tokens)) == len(judged) == len(ids) > 5
        for one, row in zip(judged, rows, strict=True):
            assert row
            facts = await _stored(work, judge, row, channel, purpose)
            stored = msgspec.structs.replace(one.recipient, **facts)
            assert _proofs(stored, channel, purpose) == _proofs(one.recipient, channel, purpose), one.row.line
            alike = {"consents": one.recipient.consents}
            assert msgspec.structs.replace(stored, **alike) == one.recipient, one.row.line
            assert _told(gate.decide(stored)) == _told(one.decision), one.row.line


def _told(decision: Any) -> tuple[Any, ...]:  # noqa: ANN401  # a decision
    findings = [(one.bound.source, one.verdict, one.fact) for one in decision.findings]
    return decision.verdict, decision.next_allowed_at, findings


def test_the_demo_profile_is_the_one_that_is_compared() -> None:
    """Its list has evidence of all kinds, or the comparison would prove little."""
    evidence = read_profile(policies_folder() / "demo" / "profile.toml").evidence("00" * 32)

    assert evidence.is_attested
    assert len(evidence.forms) == 3
    assert len(evidence.messages) > 10
