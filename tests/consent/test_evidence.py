"""Evidence: what a profile states about a list, read strictly."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime

import pytest

from backoffice.consent.evidence import read_evidence
from backoffice.kernel.errors import Invalid

SHA = "ab" * 32
PROFILE = f"""
sender = "Baltic Tours"
words = "Baltic Tours writes to you"
is_attested = true

[[form]]
id = "web-3"
file_sha256 = "{SHA}"
words = "Baltic Tours may send me offers on WhatsApp"
control_state = "unticked"
channels = ["whatsapp"]
purposes = ["marketing"]
is_written = true
fields = ["signature", "seller"]

[messages."wamid.HBg1"]
channel = "whatsapp"
address = "+371 26000001"
at = 2026-04-05T10:00:00Z
words = "START"
"""


def test_a_profile_is_read() -> None:
    """Forms and messages are found by their ids; a message's address is brought to its one form."""
    evidence = read_evidence(tomllib.loads(PROFILE), file_sha256=SHA)

    assert (evidence.sender, evidence.is_attested, evidence.file_sha256) == ("Baltic Tours", True, SHA)
    assert evidence.forms["web-3"].fields == {"signature", "seller"}
    assert evidence.messages["wamid.HBg1"].address == "+37126000001"
    assert evidence.messages["wamid.HBg1"].at == datetime(2026, 4, 5, 10, tzinfo=UTC)


def test_nothing_handed_in_is_no_evidence() -> None:
    """An empty table attests nothing."""
    evidence = read_evidence({}, file_sha256=SHA)

    assert (evidence.sender, evidence.words, evidence.is_attested, evidence.forms) == ("", "", False, {})


@pytest.mark.parametrize(
    ("was", "is_now", "code", "field"),
    [
        (f'"{SHA}"', '"none"', "evidence_invalid", "list.form[0].file_sha256"),
        ('"unticked"', '"ticked"', "evidence_invalid", "list.form[0].control_state"),
        ("is_written", "iswritten", "evidence_invalid", "list.form[0]"),
        ("2026-04-05T10:00:00Z", "2026-04-05T10:00:00", "evidence_invalid", "list.messages[...].at"),
        ('"+371 26000001"', '"26000001"', "number_no_region", "list.messages.wamid.HBg1.address"),
        ('channel = "whatsapp"', 'channel = "pigeon"', "channel_without_address", "list.messages.wamid.HBg1"),
    ],
)
def test_a_wrong_profile_is_refused_with_its_field(was: str, is_now: str, code: str, field: str) -> None:
    """Unknown keys, a missing hash, a control that isn't one, a time without a zone and an unreadable address."""
    with pytest.raises(Invalid) as refused:
        read_evidence(tomllib.loads(PROFILE.replace(was, is_now)), file_sha256=SHA)

    assert (refused.value.code, refused.value.data["field"]) == (code, field)


def test_two_forms_with_one_id_are_refused() -> None:
    """A row that names it would name two."""
    table = tomllib.loads(PROFILE)

    with pytest.raises(Invalid, match="form_twice"):
        read_evidence(table | {"form": table["form"] * 2}, file_sha256=SHA)
