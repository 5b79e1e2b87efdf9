"""Tokens: one person, one token, however the number or the address was written; and no way back without the key."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from itertools import product

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from backoffice.contacts.cells import fold_email
from backoffice.kernel.errors import Invalid
from backoffice.kernel.phone import parse_phone
from backoffice.plumbing.vault import Vault
from backoffice.plumbing.vault.tokens import Kind, normalised, token

KEY = bytes(range(32))
PREFIXES = ("+371", "00371", "371", "(+371)", "")
GAPS = (" ", "-", ".", "\u00a0", "\u2011", "")
MARKS = ("{}", " {}\t", "\u202a{}\u202c", "'{}", "\ufeff{}")
SCRIPTS = (0x30, 0xFF10, 0x0660, 0x0966)  # ASCII, fullwidth, Arabic-Indic, Devanagari


def spellings() -> set[str]:
    """Return hundreds of ways to write +371 26 000 001 in a list from Latvia."""
    written = {
        mark.format(prefix + gap + gap.join(("26", "000", "001")) if prefix else gap.join(("26", "000", "001")))
        for prefix, gap, mark in product(PREFIXES, GAPS, MARKS)
    }
    return {
        "".join(chr(zero + int(sign)) if sign.isascii() and sign.isdigit() else sign for sign in text)
        for text, zero in product(written, SCRIPTS)
    }


def test_two_hundred_spellings_of_a_number_reach_one_token() -> None:
    """With and without country code, grouped, in other scripts, with invisible marks: the person is found."""
    reached = {token(KEY, "phone", parse_phone(text, "LV")) for text in spellings()}

    assert len(spellings()) >= 200
    assert reached == {token(KEY, "phone", "+37126000001")}


def test_two_hundred_spellings_of_an_address_reach_one_token() -> None:
    """Capitals, blanks, fullwidth letters and a domain in either alphabet."""
    names = {"".join(signs) for signs in product(*zip("anna.b", "ANNA.B", strict=True))}
    domains = ("münchen.example", "MÜNCHEN.example", "xn--mnchen-3ya.example", "mu\u0308nchen.EXAMPLE")
    written = {blank.format(f"{name}@{domain}") for name, domain, blank in product(names, domains, ("{}", " {}\u00a0"))}

    assert len(written) >= 200
    assert len({token(KEY, "email", text) for text in written}) == 1


def test_other_numbers_have_other_tokens() -> None:
    """Ten thousand neighbours, ten thousand tokens of 16 bytes."""
    tokens = {token(KEY, "phone", f"+3712600{number:04}") for number in range(10_000)}

    assert len(tokens) == 10_000
    assert {len(each) for each in tokens} == {16}


@given(st.emails())
def test_the_second_look_at_an_address_agrees_with_the_first(address: str) -> None:
    """What the room of contacts has folded stays as it is."""
    try:
        folded = fold_email(address)
    except Invalid:
        assume(False)  # noqa: FBT003  # the property's own word
    assert normalised("email", folded) == folded


@given(st.text(min_size=1), st.text(min_size=1))
@example("0", "\x1f\u00ad")
def test_a_normalised_address_is_its_own_form(local: str, domain: str) -> None:
    """Whatever is accepted is accepted again, with the same token."""
    try:
        once = normalised("email", f"{local}@{domain}")
    except Invalid:
        return
    assert normalised("email", once) == once
    assert unicodedata.is_normalized("NFKC", once)


@given(st.from_regex(r"\s?\+?[0-9０-９]{0,17}\s?", fullmatch=True) | st.text())
def test_a_number_is_e164_or_refused(text: str) -> None:
    """Nothing is guessed: no plus, no number; a leading zero, too few or too many digits are none either."""
    plain = unicodedata.normalize("NFKC", text).strip()

    if re.fullmatch(r"\+[1-9][0-9]{6,14}", plain):
        assert normalised("phone", text) == plain
    else:
        with pytest.raises(Invalid, match="number_invalid"):
            normalised("phone", text)


@pytest.mark.parametrize("text", ["", "26000001", "0037126000001", "37126000001", "+0371", "+371 26000001", "++1", "+"])
def test_what_is_no_e164_has_no_token(vault: Vault, text: str) -> None:
    """The caller reads spellings; here only the one form passes."""
    with pytest.raises(Invalid, match="number_invalid"):
        vault.token("phone", text)


@pytest.mark.parametrize("text", ["", "anna", "@example.com", "anna@", "anna@" + "ü" * 70 + ".example", " @ "])
def test_what_is_no_address_has_no_token(vault: Vault, text: str) -> None:
    """And the refusal doesn't show it."""
    with pytest.raises(Invalid, match="email_invalid") as refused:
        vault.token("email", text)
    assert refused.value.data == {"field": "email"}


@pytest.mark.parametrize(("kind", "value"), [("phone", "+37126000001"), ("email", "anna@example.com")])
def test_a_token_needs_the_key_of_its_kind(vault: Vault, kind: Kind, value: str) -> None:
    """A plain hash of ten million numbers would be guessed in seconds; without the key there is nothing to try."""
    made = vault.token(kind, value)

    assert made != hashlib.sha256(value.encode()).digest()[:16]
    assert made == token(bytes(32) if kind == "phone" else bytes([1]) * 32, kind, value)
    assert made != token(KEY, kind, value)


def test_a_digest_needs_the_key(vault: Vault) -> None:
    """The same bytes are known again, and a guess can't be tried without the key."""
    made = vault.digest(b"+37126000001")

    assert made == vault.digest(b"+37126000001")
    assert made != vault.digest(b"+37126000002")
    assert len(made) == 32
    assert made not in (hashlib.sha256(b"+37126000001").digest(), token(KEY, "phone", "+37126000001"))
    assert made[:16] != vault.token("phone", "+37126000001")


def test_an_app_is_known_by_its_id_in_small_letters() -> None:
    """As the stores write it; what can't be one is refused and not shown."""
    assert normalised("app", " LV.Baltic-Lamp.shop_1 ") == "lv.baltic-lamp.shop_1"
    for wrong in ("token", "lv..lamp", "1.lamp", "lv.lamp shop", "lv." + "a" * 153, "lv.lampa\n.x"):
        with pytest.raises(Invalid) as refused:
            normalised("app", wrong)
        assert (refused.value.code, wrong in str(refused.value)) == ("app_invalid", False)
