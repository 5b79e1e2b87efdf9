"""Tokens: what a number or an address is looked up by, so that nobody without the key can tell whose it is."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Callable
from typing import Literal, get_args

from backoffice.kernel.errors import Invalid

Kind = Literal["phone", "email", "app", "scoped_id"]
"""What a token stands for; each kind has a key of its own."""

KINDS: tuple[Kind, ...] = get_args(Kind)
DIGEST = "digest"
SECRETS = (*KINDS, DIGEST)
"""The names of the keys of the vault's own: one a kind of token, and one for digests."""

TOKEN_BYTES = 16

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_APP = re.compile(r"(?=.{3,155}\Z)[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+")
SCOPED_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
"""An id of a person at WhatsApp, for one business or, with ENT, for a group of businesses."""

_DOMAIN = re.compile(r"[!-~]+")


def token(key: bytes, kind: Kind, value: str) -> bytes:
    """Return the 16 bytes by which a value of this kind is found: HMAC-SHA256 of its one form, cut short."""
    return hmac.digest(key, normalised(kind, value).encode(), "sha256")[:TOKEN_BYTES]


def normalised(kind: Kind, value: str) -> str:
    """Return the one form of a value.

    E.164; an address in small letters with its domain in ASCII (RFC 3490); the id of an app in its store; the id that
    WhatsApp gives a person for one business, a country and letters or digits, in which capitals count.
    The room that owns the value has read it already; this is the second look. What can't be the value of its kind is
    `number_invalid`, `email_invalid` or `app_invalid`, and isn't shown.

    >>> normalised("phone", " +37126000001"), normalised("email", "Anna@Пример.РФ")
    ('+37126000001', 'anna@xn--e1afmkfd.xn--p1ai')
    """
    plain = value.strip() if value.isascii() else unicodedata.normalize("NFKC", value).strip()
    return _READ[kind](plain)


def _e164(plain: str) -> str:
    if not _E164.fullmatch(plain):
        raise Invalid("number_invalid", field="phone")
    return plain


def _address(plain: str) -> str:
    local, _, domain = plain.lower().rpartition("@")
    domain = domain if domain.isascii() else _ascii(domain)
    if not local or not _DOMAIN.fullmatch(domain):
        raise Invalid("email_invalid", field="email")
    return f"{unicodedata.normalize('NFKC', local)}@{domain}"


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _app(plain: str) -> str:
    if not _APP.fullmatch(plain.lower()):
        raise Invalid("app_invalid", field="app")
    return plain.lower()


def _scoped_id(plain: str) -> str:
    if not SCOPED_ID.fullmatch(plain):
        raise Invalid("scoped_id_invalid", field="to")
    return plain


_READ: dict[Kind, Callable[[str], str]] = {"phone": _e164, "email": _address, "app": _app, "scoped_id": _scoped_id}
