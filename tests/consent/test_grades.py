"""Grades: what a row's claim is worth, and everything that lowers it to a bare flag."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from backoffice.consent.evidence import FormCopy, InboundMessage, ListEvidence
from backoffice.consent.grades import grade
from backoffice.contacts.rows import Row
from backoffice.policy.facts import FOREVER, NEVER, Consent

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
GIVEN, STARTED = datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 5, tzinfo=UTC)
AIJA = "+37126000001"
OFFERS, WHATSAPP = frozenset({"marketing"}), frozenset({"whatsapp"})

FORM = FormCopy(
    id="web-3",
    file_sha256="ab" * 32,
    words="Baltic Tours may send me offers on WhatsApp. I may withdraw at any time.",
    control_state="unticked",
    channels=WHATSAPP,
    purposes=OFFERS,
    sender="Baltic Tours",
    language="en",
    is_written=True,
    valid_days=365,
    fields=frozenset({"signature", "seller", "validity"}),
)
START = InboundMessage(channel="whatsapp", address=AIJA, at=STARTED, words="START")
ATTESTED = ListEvidence(
    sender="Baltic Tours", words="Baltic Tours may write to you", is_attested=True, file_sha256="cd" * 32
)
HANDED_IN = replace(ATTESTED, forms={"web-3": FORM}, messages={"wamid.HBg1": START})
ROW = Row(
    line=2,
    key="K1",
    address=AIJA,
    channel="whatsapp",
    purpose="marketing",
    consent_at=GIVEN,
    consent_text="Jā, sūtiet man piedāvājumus WhatsApp. Varu atteikties jebkurā brīdī.",
)


def graded(handed_in: ListEvidence = HANDED_IN, /, **row: object) -> str:
    """Return the grade of the row with these cells for offers on WhatsApp, or "" where it shows no consent."""
    found = grade(replace(ROW, **row), handed_in, "marketing", "whatsapp", AT)
    return found.grade if found else ""


def consent(handed_in: ListEvidence = HANDED_IN, /, **row: object) -> Consent:
    """Return the consent of the row with these cells for offers on WhatsApp."""
    found = grade(replace(ROW, **row), handed_in, "marketing", "whatsapp", AT)
    assert found
    return found


def test_an_attested_list_is_c_at_best() -> None:
    """The account states it, in words that name sender, channel and purpose."""
    assert graded() == "C"


@pytest.mark.parametrize("method", ["double opt-in", "inbound message", "tick box", "paper", "signed"])
def test_the_method_alone_raises_nothing(method: str) -> None:
    """Anybody can write a word into a column."""
    assert graded(consent_method=method) == "C"
    assert graded(consent_method=method, consent_text="", evidence="") == "D"
    assert graded(consent_method=method, consent_text="", consent_at=NEVER) == ""


def test_a_row_without_time_and_words_shows_no_consent() -> None:
    """Nothing is no bare flag; evidence that was never handed in is nothing."""
    assert graded(consent_at=NEVER, consent_text="") == ""
    assert graded(consent_at=NEVER, consent_text="", evidence="form:other message:other") == ""


@pytest.mark.parametrize(
    "row",
    [
        {"channel": "sms"},
        {"channel": "email; sms"},
        {"channel": "telegram"},
        {"purpose": "service"},
        {"purpose": "orders"},
        {"consent_text": "Yes, send me offers by SMS"},
        {"consent_text": "Yes, write to me about my order on WhatsApp"},
        {"consent_text": "Да, присылайте предложения."},
        {"consent_text": "Write to me on WhatsApp"},
        {"consent_text": "Send me no offers on WhatsApp, please don't"},
        {"consent_text": "yes"},
    ],
)
def test_another_channel_or_purpose_is_a_bare_flag(row: dict[str, str]) -> None:
    """Columns and words say what was agreed; a difference lowers, whatever else is handed in."""
    assert graded(**row) == "D"


@pytest.mark.parametrize("column", [{"channel": "sms"}, {"purpose": "service"}, {"consent_text": "Offers by SMS"}])
@pytest.mark.parametrize("evidence", ["form:web-3", "wamid.HBg1"])
def test_no_evidence_makes_up_for_a_difference(column: dict[str, str], evidence: str) -> None:
    """A form copy or a message of another matter is evidence of another matter."""
    assert graded(**column, evidence=evidence) == "D"


@pytest.mark.parametrize(
    "evidence",
    [
        replace(ATTESTED, is_attested=False),
        replace(ATTESTED, file_sha256=""),
        replace(ATTESTED, sender=""),
        replace(ATTESTED, words=""),
        replace(ATTESTED, sender="Other Tours"),
        ListEvidence(),
    ],
)
def test_a_list_nobody_answers_for_is_a_bare_flag(evidence: ListEvidence) -> None:
    """No attestation, no hash of the file, no sender named anywhere."""
    assert graded(evidence) == "D"


def test_the_lists_words_stand_for_rows_without_their_own() -> None:
    """They name all three for such rows; for a row with words they add the sender only."""
    evidence = replace(ATTESTED, words="Baltic Tours may send me offers on WhatsApp")

    assert graded(evidence, consent_text="") == "C"
    assert graded(evidence, consent_text="Да, присылайте предложения.") == "D"


def test_a_form_copy_makes_b() -> None:
    """Hash, words, the control's state and a time per person; what the copy states is held too."""
    found = consent(evidence="form:web-3", source="fair", language="lv", consent_method="tick box")

    assert (found.grade, found.given_at, found.valid_until) == ("B", GIVEN, GIVEN + timedelta(days=365))
    assert (found.names_sender, found.is_written) == (True, True)
    assert (found.purposes, found.channels) == (OFFERS, WHATSAPP)
    assert found.fields == FORM.fields | {
        *("who", "when", "how", "text", "language", "source", "controller_name", "purpose", "channel")
    }


def test_a_form_copy_speaks_for_a_row_without_words() -> None:
    """The words shown are those of the copy, and it may name the sender alone."""
    evidence = replace(HANDED_IN, is_attested=False, words="")

    assert graded(evidence, consent_text="", evidence="form:web-3") == "B"


@pytest.mark.parametrize(
    ("form", "reached"),
    [
        ({"control_state": "preticked"}, "D"),
        ({"channels": frozenset({"sms"})}, "D"),
        ({"purposes": frozenset({"service"})}, "D"),
        ({"words": "Baltic Tours may send me offers by SMS"}, "D"),
        ({"words": "Baltic Tours and I"}, "C"),
        ({"sender": "Other Tours", "words": "Offers on WhatsApp"}, "D"),
        ({"sender": "Other Tours"}, "B"),
        ({"is_written": False}, "B"),
    ],
)
def test_a_form_copy_proves_what_it_shows(form: dict[str, object], reached: str) -> None:
    """A box ticked beforehand is no act (C-673/17); another firm's form, channel or purpose proves nothing here."""
    found = consent(replace(HANDED_IN, forms={"web-3": replace(FORM, **form)}), evidence="form:web-3")

    assert (found.grade, found.is_written) == (reached, reached == "B" and form.get("is_written", True))


def test_a_form_copy_without_a_time_is_no_b() -> None:
    """When this person agreed, only the row can say."""
    found = consent(evidence="form:web-3", consent_at=NEVER)

    assert (found.grade, found.given_at, "when" in found.fields) == ("C", NEVER, False)


@pytest.mark.parametrize("cell", ["wamid.HBg1", "wamid:wamid.HBg1", "message:wamid.HBg1", "form:web-3, wamid.HBg1"])
def test_a_message_the_person_sent_makes_a(cell: str) -> None:
    """The consent is as old as the message, whatever the row's date says."""
    found = consent(evidence=cell)

    assert (found.grade, found.given_at, found.channels) == ("A", STARTED, WHATSAPP)


def test_the_act_itself_names_the_channel() -> None:
    """Words must still name purpose and sender."""
    assert graded(evidence="wamid.HBg1", consent_text="Да, присылайте предложения.") == "A"
    assert graded(evidence="wamid.HBg1", consent_text="", consent_at=NEVER) == "D"
    assert graded(replace(HANDED_IN, sender=""), evidence="wamid.HBg1") == "D"


@pytest.mark.parametrize(
    "message",
    [
        {"address": "+37126000002"},
        {"channel": "sms"},
        {"words": "STOP"},
        {"words": "Where is my parcel?"},
        {"at": AT + timedelta(seconds=1)},
    ],
)
def test_a_message_that_is_not_the_persons_yes_raises_nothing(message: dict[str, object]) -> None:
    """Another number's, another channel's, a stop, a question, and one that is yet to come."""
    evidence = replace(HANDED_IN, messages={"wamid.HBg1": replace(START, **message)})

    assert graded(evidence, evidence="wamid.HBg1") == "C"


@pytest.mark.parametrize(
    "cell", ["wamid.HBg9", "message:", "form:", "form:web-4", "web-3", "=form:web-3", "xform:web-3"]
)
def test_evidence_that_was_not_handed_in_raises_nothing(cell: str) -> None:
    """An id alone is a claim like any other."""
    assert graded(evidence=cell) == "C"


def test_a_bare_record_holds_what_it_holds() -> None:
    """Fields are those of the record, not those a rule would like to see."""
    found = consent(ListEvidence(), consent_text="")

    assert found.fields == {"who", "when"}
    assert (found.purposes, found.channels, found.valid_until) == (frozenset(), frozenset(), FOREVER)


def test_words_about_dealings_cover_them() -> None:
    """Orders are transactional and service; they are no leave for offers."""
    words = "Baltic Tours drīkst sūtīt pasūtījuma statusu WhatsApp"

    assert graded(purpose="", consent_text=words) == "D"
    found = grade(replace(ROW, purpose="", consent_text=words), ATTESTED, "service", "whatsapp", AT)
    assert found
    assert (found.grade, found.purposes) == ("C", frozenset({"transactional", "service"}))


def test_live_rows_whose_words_name_another_channel_are_told_apart() -> None:
    """Of five live rows, two are about the channel of their words, two about another, one names none."""
    texts = ["offers on WhatsApp"] * 4 + ["предложения"]
    rows = [
        replace(ROW, channel=channel, consent_text=text)
        for channel, text in zip(["whatsapp", "whatsapp", "sms", "email", "whatsapp"], texts, strict=True)
    ]

    found = [grade(row, ATTESTED, "marketing", row.channel, AT) for row in rows]

    assert [one.grade for one in found if one] == ["C", "C", "D", "D", "D"]
