"""Acts: what is stored of a claim says of any send what grading the claim for that send says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backoffice.consent.acts import Acts
from backoffice.consent.evidence import FormCopy, InboundMessage, ListEvidence
from backoffice.consent.grades import grade
from backoffice.consent.words import PURPOSES
from backoffice.contacts.addresses import CHANNELS
from backoffice.contacts.rows import Row
from backoffice.policy.facts import NEVER, Consent
from tests.trying import DEAR

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANNA = "+37126000001"
FORM = FormCopy(
    id="web",
    file_sha256="ab" * 32,
    words="Baltic Lamp may send me offers and order updates on WhatsApp, and offers by SMS.",
    control_state="unticked",
    channels=frozenset({"whatsapp", "sms"}),
    purposes=frozenset({"marketing", "transactional"}),
    is_written=True,
    valid_days=365,
    fields=frozenset({"signature", "Not A Name"}),
)
EVIDENCE = ListEvidence(
    sender="Baltic Lamp",
    words="Baltic Lamp may send me offers by SMS.",
    is_attested=True,
    file_sha256="cd" * 32,
    forms={"web": FORM, "ticked": replace(FORM, id="ticked", control_state="preticked")},
    messages={
        "wamid.1": InboundMessage(
            channel="whatsapp", address=ANNA, at=AT - timedelta(days=9), words="Yes, send offers"
        ),
        "sms.1": InboundMessage(channel="sms", address="+37126000002", at=AT, words="Jā"),
    },
)
TEXTS = (
    "",
    "Yes, Baltic Lamp may send me offers on WhatsApp.",
    "Baltic Lamp may send me offers on WhatsApp and order updates by SMS.",
    "Offers by e-mail, please.",
    "Bəli, Baltic Lamp mənə WhatsApp-da təkliflər göndərə bilər.",
    "Send me news.",
)
ROWS = st.builds(
    Row,
    line=st.just(2),
    key=st.just(""),
    address=st.sampled_from((ANNA, "+37126000002")),
    channel=st.sampled_from(("", "whatsapp", "sms", "email")),
    purpose=st.sampled_from(("", "marketing", "service", "transactional")),
    consent_at=st.sampled_from((NEVER, AT - timedelta(days=300), AT - timedelta(days=10))),
    consent_method=st.sampled_from(("", "tick box")),
    consent_text=st.sampled_from(TEXTS),
    evidence=st.sampled_from(("", "form:web", "form:ticked", "form:gone", "wamid.1", "form:web, msg:wamid.1", "sms.1")),
    source=st.sampled_from(("", "shop")),
    language=st.sampled_from(("", "lv")),
)


def covering(acts: tuple[Consent, ...], channel: str, purpose: str) -> list[Consent]:
    """Return the acts that prove something of a send."""
    return [act for act in acts if act.grade != "D" and channel in act.channels and purpose in act.purposes]


@pytest.mark.parametrize("kind", ["phone", "email"])
@given(row=ROWS)
def test_acts_prove_of_every_send_what_grading_for_it_proves(kind: str, row: Row) -> None:
    """For each channel and purpose: the same grade, moments, sender, form and fields; and nothing where there is D."""
    acts = Acts(EVIDENCE, kind, AT).of(row)  # type: ignore[arg-type]

    for channel in CHANNELS[kind]:  # type: ignore[index]
        for purpose in PURPOSES:
            judged = grade(row, EVIDENCE, purpose, channel, AT)
            found = covering(acts, channel, purpose)
            if judged is None or judged.grade == "D":
                assert found == []
                assert acts or judged is None
            else:
                named = frozenset(field for field in judged.fields if " " not in field)
                assert [replace(one, purposes=judged.purposes) for one in found] == [replace(judged, fields=named)]


@DEAR
@given(rows=st.lists(ROWS, max_size=20))
def test_a_row_has_the_same_acts_whichever_rows_came_before(rows: list[Row]) -> None:
    """What rows share is remembered, and what is a row's own isn't shared."""
    shared = Acts(EVIDENCE, "phone", AT)

    assert [shared.of(row) for row in rows] == [Acts(EVIDENCE, "phone", AT).of(row) for row in rows]


def test_a_field_that_is_no_name_is_not_kept() -> None:
    """An account's own words stay in the sealed evidence."""
    (act,) = Acts(EVIDENCE, "phone", AT).of(
        Row(line=2, key="", address=ANNA, evidence="form:web", consent_at=AT - timedelta(days=1))
    )[:1]

    assert "signature" in act.fields
    assert "Not A Name" not in act.fields


def test_what_claims_nothing_is_no_act() -> None:
    """A name on a list is no consent."""
    assert Acts(EVIDENCE, "phone", AT).of(Row(line=2, key="", address=ANNA, consent_method="tick box")) == ()
