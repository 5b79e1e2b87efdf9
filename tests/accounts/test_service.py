"""What can be done with accounts, and what each act leaves in the ledger."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from backoffice.accounts import service
from backoffice.accounts.asking import declared, reasons
from backoffice.accounts.facts import gather
from backoffice.accounts.store import list_acceptances
from backoffice.kernel.errors import BackofficeError, Invalid, NotFound, Refused
from backoffice.plumbing.install import Work
from backoffice.plumbing.policies import library
from backoffice.plumbing.vault.store import destroy_subject
from backoffice.policy.facts import Account
from backoffice.policy.primitives.account_terms import BusinessOnly
from tests.accounts.conftest import OPERATOR, TEXT, Registers, entries, kinds

EDITION = library().operator(OPERATOR).edition
NOBODY = UUID(int=0)
ON = date(2026, 11, 20)


def _registers_businesses_only(operator: str) -> bool:
    return any(declared(operator, "", BusinessOnly, ON))


async def test_a_new_account_is_an_applicant_under_the_edition_in_force(work: Work, register: Registers) -> None:
    """It is registered, has accepted nothing and may not send for a ground of its own."""
    account = await service.get_account(work, await register())

    assert (account.standing, account.standing_ground, account.edition) == ("applicant", "", EDITION)
    assert account.registered_at == work.at
    assert account.restricted_channels == []


async def test_a_name_is_sealed_and_opens_for_its_account_only(work: Work, register: Registers) -> None:
    """Neither the row nor the ledger has it in clear; once the key is gone nobody has."""
    account = await service.get_account(work, await register(name="  Baltijas\u00a0 lampas  "))
    other = await service.get_account(work, await register(name="Other"))

    assert await service.name_of(work, account) == "Baltijas lampas"
    assert b"lampas" not in account.name
    assert "lampas" not in str(await entries(work))
    with pytest.raises(BackofficeError, match="sealed_unreadable"):
        await service.name_of(work, other._replace(name=account.name))
    await destroy_subject(work.connection, account.id, work.at)
    with pytest.raises(BackofficeError, match="subject_key_destroyed"):
        await service.name_of(work, account)


@pytest.mark.parametrize("name", ["", " ", "\n", "x" * 201, "a\x00b", "\ud800", "\u202eevil"])
async def test_a_name_that_cannot_be_shown_is_refused(register: Registers, name: str) -> None:
    """Empty, too long, or with characters that nobody sees."""
    with pytest.raises(Invalid, match="name_invalid"):
        await register(name=name)


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("EU", "establishment_no_place"),
        ("global", "establishment_no_place"),
        ("US-unknown", "establishment_no_place"),
        ("FL", "place_not_namespaced"),
        ("XX", "place_unknown"),
        ("", "place_unknown"),
        ("lv", "place_unknown"),
    ],
)
async def test_an_account_is_established_in_a_country_or_a_state(register: Registers, place: str, code: str) -> None:
    """A group of places, or half a code, is no establishment."""
    with pytest.raises(Invalid) as wrong:
        await register(place=place)
    assert (wrong.value.code, wrong.value.data["field"]) == (code, "establishment")


async def test_an_unknown_operator_or_edition_has_no_accounts(work: Work) -> None:
    """Accounts hang on Terms that are there."""
    with pytest.raises(NotFound, match="operator_unknown"):
        await service.register_account(work, "nobody", "Baltic Lamp", "LV")
    with pytest.raises(NotFound, match="edition_unknown"):
        await service.register_account(work, OPERATOR, "Baltic Lamp", "LV", edition="1999")


async def test_a_use_that_the_terms_register_nobody_for_is_refused_with_the_clause(register: Registers) -> None:
    """Terms that refuse personal use do so; Terms that are silent don't."""
    strict = [name for name in library().operators if _registers_businesses_only(name)]
    silent = [name for name in library().operators if not _registers_businesses_only(name)]
    assert strict
    assert silent

    for operator in strict:
        await register(operator)
        with pytest.raises(Refused, match="use_not_registered") as refused:
            await register(operator, use="personal")
        assert str(refused.value.data["clause"]).startswith(f"{operator}/")
    for operator in silent:
        await register(operator, use="personal")


async def test_registration_is_completed_once(work: Work) -> None:
    """An applicant who didn't finish is not registered; finishing again changes nothing."""
    account_id = await service.register_account(work, OPERATOR, "Baltic Lamp", "LV", is_complete=False)
    assert (await gather(work, account_id, None, "sms")).stated["is_registered"] is False

    await service.complete_registration(work, account_id)
    await service.complete_registration(work, account_id)

    assert (await gather(work, account_id, None, "sms")).stated["is_registered"] is True
    assert (await kinds(work)).count("accounts:registration:completed") == 1


async def test_a_suspension_states_its_ground_and_comes_back_without_it(work: Work, register: Registers) -> None:
    """The ground, what it stands on, who acted and until when are in the ledger."""
    account_id = await register()
    clause = f"{OPERATOR}/{library().terms(OPERATOR).clause[0].id}"
    until, staff = work.at + timedelta(days=7), f"staff:{work.new_id()}"
    await service.set_standing(work, account_id, "active")
    await service.set_standing(work, account_id, "suspended", "fraud", clause=clause, until=until, by=staff)

    suspended = await service.get_account(work, account_id)
    assert (suspended.standing_ground, suspended.standing_until) == ("fraud", until)
    entry = (await entries(work))[-1]
    assert (entry["from"], entry["to"], entry["ground"]) == ("active", "suspended", "fraud")
    assert (entry["clause"], entry["by"]) == (clause, staff)

    await service.set_standing(work, account_id, "active")
    back = await service.get_account(work, account_id)
    assert (back.standing_ground, back.standing_until) == ("", None)


@pytest.mark.parametrize(
    ("ground", "more", "code"),
    [
        ("", {}, "ground_missing"),
        ("anti_spam_violaton", {}, "ground_unknown"),
        ("fraud", {"clause": "nobody/1"}, "clause_unknown"),
        ("fraud", {"by": "Anna"}, "actor_unknown"),
        ("fraud", {"until": timedelta(0)}, "standing_until_invalid"),
    ],
)
async def test_a_suspension_without_its_reasons_is_refused(
    work: Work, register: Registers, ground: str, more: dict[str, Any], code: str
) -> None:
    """No ground, one that no policy knows, a source that isn't there, an actor by name, an end that has passed."""
    account_id = await register()
    await service.set_standing(work, account_id, "active")
    if "until" in more:
        more = {"until": work.at + more["until"]}

    with pytest.raises(Invalid, match=code):
        await service.set_standing(work, account_id, "suspended", ground, **more)


async def test_a_standing_that_needs_no_ground_takes_none(work: Work, register: Registers) -> None:
    """Active for fraud would be a slip of somebody's."""
    with pytest.raises(Invalid, match="ground_not_meant"):
        await service.set_standing(work, await register(), "active", "fraud")


async def test_a_purged_account_keeps_its_ground_and_loses_its_keys(work: Work, register: Registers) -> None:
    """Whoever held a key is nobody's program any more, and no new key is issued."""
    account_id = await register()
    secret = await service.issue_key(work, account_id)
    await service.set_standing(work, account_id, "closed", "own_request")
    assert await service.find_caller(work, secret) == account_id

    await service.set_standing(work, account_id, "purged")

    assert (await service.get_account(work, account_id)).standing_ground == "own_request"
    assert await service.find_caller(work, secret) is None
    with pytest.raises(Refused, match="account_purged"):
        await service.issue_key(work, account_id)


async def test_channels_are_closed_on_a_ground_and_opened_again(work: Work, register: Registers) -> None:
    """The list is the whole list; saying the same twice writes nothing."""
    account_id = await register()

    await service.restrict_channels(work, account_id, ["whatsapp", "sms", "sms"], "fraud")
    await service.restrict_channels(work, account_id, ["sms", "whatsapp"], "fraud")
    assert (await gather(work, account_id, None, "sms")).stated["restricted_channels"] == {"sms", "whatsapp"}
    await service.restrict_channels(work, account_id, [])

    assert (await gather(work, account_id, None, "sms")).stated["restricted_channels"] == frozenset()
    assert (await kinds(work)).count("accounts:channels:restricted") == 2


async def test_channels_are_not_closed_without_a_ground(work: Work, register: Registers) -> None:
    """Nor a channel that is none, nor opened for a ground."""
    account_id = await register()
    for channels, ground, code in (
        (["sms"], "", "ground_missing"),
        ([], "fraud", "ground_not_meant"),
        (["telex"], "fraud", "channel_unknown"),
    ):
        with pytest.raises(Invalid, match=code):
            await service.restrict_channels(work, account_id, channels, ground)  # type: ignore[arg-type]


async def test_the_first_acceptance_of_an_edition_stands(work: Work, register: Registers) -> None:
    """The same again writes nothing; another text of it is refused."""
    account_id = await register()
    await service.accept_document(work, account_id, "terms", EDITION, "lv", TEXT)
    await service.accept_document(work, account_id, "terms", EDITION, "lv", TEXT)

    assert (await kinds(work)).count("accounts:document:accepted") == 1
    assert [one[:4] for one in await list_acceptances(work, account_id)] == [("terms", EDITION, "lv", TEXT)]
    with pytest.raises(Refused, match="document_accepted_otherwise"):
        await service.accept_document(work, account_id, "terms", EDITION, "lv", TEXT[::-1])


@pytest.mark.parametrize(
    ("kind", "edition", "language", "text", "code"),
    [
        ("poem", EDITION, "lv", TEXT, "document_unknown"),
        ("terms", "1999", "lv", TEXT, "edition_unknown"),
        ("terms", EDITION, "Latvian", TEXT, "language_tag"),
        ("terms", EDITION, "lv", TEXT[1:], "hash_invalid"),
    ],
)
async def test_an_acceptance_names_document_edition_language_and_text(
    work: Work, register: Registers, kind: service.Document, edition: str, language: str, text: bytes, code: str
) -> None:
    """What is missing or none is refused."""
    with pytest.raises(BackofficeError, match=code):
        await service.accept_document(work, await register(), kind, edition, language, text)


async def test_an_acceptance_counts_for_the_edition_that_binds_the_account(work: Work, register: Registers) -> None:
    """An older edition's acceptance is on record, and is none of the one in force."""
    account_id = await register()
    await service.accept_document(work, account_id, "terms", EDITION, "lv", TEXT)
    await work.connection.execute("UPDATE account SET edition = 'newer' WHERE id = $1", account_id)

    assert (await gather(work, account_id, None, "sms")).stated["documents_accepted"] == frozenset()


async def test_a_fact_is_stated_in_place_of_what_was_stated_before(work: Work, register: Registers) -> None:
    """The last word counts, each change is in the ledger, and the same word again is no change."""
    account_id = await register()
    await service.state_fact(work, account_id, "entitlements", ["sms"], "operator")
    await service.state_fact(work, account_id, "entitlements", ["sms"], "operator")
    await service.state_fact(work, account_id, "entitlements", ["whatsapp", "sms"], "operator")

    assert (await gather(work, account_id, None, "sms")).stated["entitlements"] == {"sms", "whatsapp"}
    told = [entry["value"] for entry in await entries(work) if entry["kind"] == "accounts:fact:stated"]
    assert told == [["sms"], ["sms", "whatsapp"]]


async def test_a_key_is_shown_once_and_found_by_its_hash(work: Work, register: Registers) -> None:
    """The secret says its mode, and is neither in the table nor in the ledger."""
    account_id, other_id = await register(), await register()
    secret, other = await service.issue_key(work, account_id), await service.issue_key(work, other_id)

    assert secret.startswith("bo_sandbox_")
    assert await service.find_caller(work, secret) == account_id
    assert await service.find_caller(work, other) == other_id
    stored = await work.connection.fetch("SELECT * FROM api_key")
    assert secret not in str(stored) + str(await entries(work))


async def test_a_key_that_was_never_issued_is_nobodys(work: Work, register: Registers) -> None:
    """Nor is one with a letter more, less or changed, nor what is no text."""
    secret = await service.issue_key(work, await register())

    for guess in ("", "x", secret[:-1], secret + "A", secret.swapcase(), "bo_live_" + secret[11:], "\ud800", "ключ"):
        assert await service.find_caller(work, guess) is None


async def test_a_revoked_key_is_nobodys_and_others_work_on(work: Work, register: Registers) -> None:
    """A key is revoked by its own account only, and once."""
    account_id, other_id = await register(), await register()
    secret, kept = await service.issue_key(work, account_id), await service.issue_key(work, account_id)
    revoked = service.hash_key(secret)
    with pytest.raises(NotFound, match="api_key_unknown"):
        await service.revoke_key(work, other_id, revoked)

    await service.revoke_key(work, account_id, revoked)

    assert await service.find_caller(work, secret) is None
    assert await service.find_caller(work, kept) == account_id
    with pytest.raises(NotFound, match="api_key_unknown"):
        await service.revoke_key(work, account_id, revoked)


async def test_verbs_on_an_account_that_is_not_there_are_refused(work: Work) -> None:
    """None of them writes anything."""
    for verb in (
        service.complete_registration(work, NOBODY),
        service.set_standing(work, NOBODY, "active"),
        service.restrict_channels(work, NOBODY, ["sms"], "fraud"),
        service.accept_document(work, NOBODY, "terms", EDITION, "lv", TEXT),
        service.link_number(work, NOBODY, "sms", "+37126000001", "official", is_registered=True, can_receive=True),
        service.state_fact(work, NOBODY, "entitlements", ["sms"], "operator"),
        service.issue_key(work, NOBODY),
        gather(work, NOBODY, None, "sms"),
    ):
        with pytest.raises(NotFound, match="account_unknown"):
            await verb
    assert await kinds(work) == []


async def test_the_reasons_of_a_standing_cite_clause_and_law(work: Work, register: Registers) -> None:
    """A suspended account reads on which row it stands, in the words of the policies; an active one nothing of it."""
    for operator in library().operators:
        account_id = await register(operator)
        await service.set_standing(work, account_id, "active")
        before = await _reasons(work, account_id)
        await service.set_standing(work, account_id, "suspended", "law")
        after = await _reasons(work, account_id)

        assert "not_in_standing" not in {code for code, _ in before}
        assert ("not_in_standing", "GL-STAND-01") in after


async def _reasons(work: Work, account_id: UUID) -> set[tuple[str, str]]:
    known = await gather(work, account_id, None, "sms")
    told = reasons(known.operator, known.edition, Account(**known.stated), work.at)
    assert all(one.says and one.citation for one in told)
    return {(one.code, one.source) for one in told}
