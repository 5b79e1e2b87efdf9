"""Profiles: what is stated counts, what isn't is a gap, and what is wrong is refused with file, line and field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from backoffice.kernel.errors import BackofficeError
from backoffice.plumbing.policies import library
from backoffice.policy.facts import Account
from backoffice.policy.gaps import is_gap
from backoffice.relay.profile import Profile, read_profile
from tests.relay.conftest import AT, DEMO, OPERATOR

if TYPE_CHECKING:
    from pathlib import Path

CLAUSE = next(bound.source for bound in library().clauses(OPERATOR) if bound.mode == "deny")
SETTING = f'[[settings]]\nsource = "{CLAUSE}"\n'
FORM = '[[list.form]]\nid = "a"\nfile_sha256 = "{}"\nwords = "w"\ncontrol_state = "{}"\nchannels = []\npurposes = []\n'


def use(profile: Profile) -> None:
    """Make everything a judging makes of a profile."""
    profile.account_facts("LV")
    profile.message_facts(AT, "whatsapp", "marketing")
    profile.recipient_facts()
    profile.evidence("")
    profile.rulebook(library(), OPERATOR)


@pytest.mark.parametrize(
    ("text", "code", "line", "field"),
    [
        ("[account]\nstanding = \n", "policy_not_toml", 2, None),
        ("[account]\nplace = 'LV'\nplace = 'LV'\n", "policy_not_toml", 3, None),
        ("\natt = 2026-11-20T08:30:00Z\n", "policy_invalid", 2, "att"),
        ('\nat = "soon"\n', "policy_invalid", 2, "at"),
        ("\nat = 2026-11-20\n", "policy_invalid", 2, "at"),
        ("\nat = 2026-11-20T08:30:00\n", "policy_invalid", 2, "at"),
        ("\nat = 9999-11-20T08:30:00Z\n", "at_invalid", 2, "at"),
        ('\nregion = "Latvia"\n', "country_invalid", 2, "region"),
        ('\nregion = "XX"\n', "country_unknown", 2, "region"),
        ("\naccount = 3\n", "policy_invalid", 2, "account"),
        ('[account]\nplace = "LV"\nplaec = "LV"\n', "fact_unknown", 3, "account.plaec"),
        ('[account]\nplace = "Latvia"\n', "place_unknown", 2, "account.place"),
        ("[account]\nplace = 3\n", "place_unknown", 2, "account.place"),
        ('[account]\nplace = ["LV"]\n', "place_unknown", 2, "account.place"),
        ('[account]\nplaces = ["LV"]\n', "profile_pins_the_send", 2, "account.places"),
        ('# standing\n[account]\nstanding = "asleep"\n', "policy_invalid", 3, "account.standing"),
        ('[account]\ncredits = "10"\n', "policy_invalid", 2, "account.credits"),
        ("[account]\npaid_from = 2026-01-01\n", "policy_invalid", 2, "account.paid_from"),
        ("[account]\npaid_from = 2026-01-01T00:00:00\n", "policy_invalid", 2, "account.paid_from"),
        ('[message]\n\npurpose = "service"\n', "profile_pins_the_send", 3, "message.purpose"),
        ('[message]\nsince_last_batch = "a week"\n', "policy_invalid", 2, "message.since_last_batch"),
        ('[message]\ncontent_confirmed = ["fun"]\n', "policy_invalid", 2, "message.content_confirmed[0]"),
        ("[recipient]\nconsents = []\n", "profile_pins_the_send", 2, "recipient.consents"),
        ("[recipient]\nage = 7\n", "profile_pins_the_send", 2, "recipient.age"),
        ("[recipient]\nrecent_sends = [2026-11-20T00:00:00]\n", "policy_invalid", 2, "recipient.recent_sends[0]"),
        ("\n[list]\nsender = 4\n", "evidence_invalid", 3, "list.sender"),
        ("\n" + FORM.format("ab", "signed"), "evidence_invalid", 4, "list.form[0].file_sha256"),
        (FORM.format("a" * 64, "ticked"), "evidence_invalid", 5, "list.form[0].control_state"),
        (FORM.format("a" * 64, "signed") + "valid_days = 99999999\n", "evidence_invalid", 8, "list.form[0].valid_days"),
        (FORM.format("a" * 64, "signed") * 2, "form_twice", 1, "list.form"),
        ('[[settings]]\nsource = "nobody/1"\n', "setting_unknown", 2, "nobody/1"),
        ('[[settings]]\nsource = "EU-CONS-01"\nmode = "warn"\n', "setting_unknown", 2, "EU-CONS-01"),
        (SETTING + 'mode = "warn"\n', "setting_may_only_tighten", 2, CLAUSE),
        (SETTING + "params = { x = 1 }\n", "setting_not_awaited", 3, f"{CLAUSE}.x"),
    ],
)
def test_a_wrong_profile_is_refused_with_file_line_and_field(
    tmp_path: Path, text: str, code: str, line: int, field: str | None
) -> None:
    """Before anything is judged by it."""
    path = tmp_path / "profile.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(BackofficeError) as refused:
        use(read_profile(path))

    told = refused.value.data
    assert (refused.value.code, told["file"], told["line"], told.get("field")) == (code, str(path), line, field)


@pytest.mark.parametrize(
    ("name", "code"), [("nowhere.toml", "file_unreadable"), (".", "file_unreadable"), ("latin.toml", "file_not_utf8")]
)
def test_what_is_no_profile_is_refused_with_its_name(tmp_path: Path, name: str, code: str) -> None:
    """A missing file, a folder, another encoding."""
    (tmp_path / "latin.toml").write_bytes("assumes = ['Rīga']".encode("cp1257"))

    with pytest.raises(BackofficeError, match=code) as refused:
        read_profile(tmp_path / name)

    assert refused.value.data["file"] == str(tmp_path / name)


def test_a_profile_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """Some editors write one."""
    (tmp_path / "p.toml").write_text("region = 'LV'\n", encoding="utf-8-sig")

    assert read_profile(tmp_path / "p.toml").region == "LV"


def test_what_a_profile_leaves_out_is_a_gap_or_the_strictest() -> None:
    """Nobody is active, and nobody is outside the EU, by silence."""
    account = Profile().account_facts("US-DE")

    assert is_gap(account.standing)
    assert account.places == Account().places == {"EU", "AZ"}
    assert is_gap(Profile().recipient_facts().suppressions)
    assert Profile().message_facts(AT, "sms", "service").has_promotional_part


def test_an_accounts_place_is_joined_by_the_operators() -> None:
    """Both establishments bind, each with what it lies in."""
    assert DEMO.account_facts("AZ").places == {"LV", "EU", "AZ"}
    assert DEMO.account_facts("global").places == {"LV", "EU", "global"}


def test_a_message_is_what_the_command_says() -> None:
    """Moment, channel and purpose are said once, for the send that is judged."""
    message = DEMO.message_facts(datetime(2026, 1, 2, tzinfo=UTC), "sms", "service")

    assert (message.at, message.channel, message.purpose) == (datetime(2026, 1, 2, tzinfo=UTC), "sms", "service")
