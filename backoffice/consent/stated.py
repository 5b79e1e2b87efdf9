"""What an account states of a list before it hands in the file: how to read it, and what proves its consents."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from backoffice.consent.evidence import read_evidence
from backoffice.contacts.cells import country_of
from backoffice.contacts.encoding import STATABLE
from backoffice.contacts.facts import ListFacts
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.vault import Place
from backoffice.plumbing.vault.tokens import Kind

STATED = Place("contact_import", "stated")
LIST_NAME = Place("contact_list", "name")
_LONGEST_NAME = 200  # characters

_encode = msgspec.json.Encoder(order="sorted").encode


class Stated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is stated of a list: `kind` names the column of addresses that is read.

    `region` reads numbers without `+`, `columns` names headers by our columns, `evidence` is the table that
    `evidence.read_evidence` reads: sender, words, is_attested, form, messages.
    """

    name: str
    kind: Kind = "phone"
    region: str = ""
    encoding: str = ""
    columns: dict[str, str] = {}
    facts: ListFacts = ListFacts()
    evidence: dict[str, Any] = {}

    def statement(self) -> bytes:
        """Return the hash of all that was stated but the name: with the file's hash it names the list."""
        return hashlib.sha256(_encode(msgspec.structs.replace(self, name=""))).digest()

    def check(self) -> None:
        """Raise Invalid, with the field, for what can't be stated."""
        if not self.name.strip() or not self.name.isprintable() or len(self.name) > _LONGEST_NAME:
            raise Invalid("name_invalid", field="name", most=_LONGEST_NAME)
        if self.encoding and self.encoding not in STATABLE:
            raise Invalid("encoding_unknown", field="encoding", encoding=self.encoding, known=list(STATABLE))
        country_of(self.region)
        read_evidence(self.evidence, file_sha256="")


def encode_stated(stated: Stated) -> bytes:
    """Return what was stated as it is sealed."""
    return _encode(stated)


def decode_stated(sealed: bytes) -> Stated:
    """Read what was stated."""
    return msgspec.json.decode(sealed, type=Stated)
