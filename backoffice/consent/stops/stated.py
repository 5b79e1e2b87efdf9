"""What an account states of a list of stops before it hands it in: its format, and what the stops hold for."""

from __future__ import annotations

import hashlib
from typing import Literal, get_args

import msgspec

from backoffice.consent.stops.formats import Format
from backoffice.contacts.addresses import KIND
from backoffice.contacts.cells import country_of
from backoffice.contacts.encoding import STATABLE
from backoffice.kernel.errors import Invalid
from backoffice.plumbing.vault import Place

STATED = Place("suppression_import", "stated")
_LONGEST_NAME = 200  # characters

_encode = msgspec.json.Encoder(order="sorted").encode


class StatedStops(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is stated of a list of stops.

    `form` is its format, by its headers where it is empty; `scope` and `channel` hold where a row names none; `region`
    reads numbers without `+`; `columns` names headers by our columns of the format.
    """

    name: str
    form: Format | Literal[""] = ""
    scope: Literal["all", "marketing"] = "all"
    channel: str = "all"
    region: str = ""
    encoding: str = ""
    columns: dict[str, str] = {}

    def statement(self) -> bytes:
        """Return the hash of all that was stated but the name: with the file's hash it names the list."""
        return hashlib.sha256(_encode(msgspec.structs.replace(self, name=""))).digest()

    def check(self) -> None:
        """Raise Invalid, with the field, for what can't be stated."""
        if not self.name.strip() or not self.name.isprintable() or len(self.name) > _LONGEST_NAME:
            raise Invalid("name_invalid", field="name", most=_LONGEST_NAME)
        if self.form and self.form not in get_args(Format):
            raise Invalid("stop_format_unknown", field="format", known=list(get_args(Format)))
        if self.scope not in ("all", "marketing"):
            raise Invalid("scope_unknown", field="scope", known=["all", "marketing"])
        if self.channel != "all" and self.channel not in KIND:
            raise Invalid("channel_without_address", field="channel", channel=self.channel, known=["all", *KIND])
        if self.encoding and self.encoding not in STATABLE:
            raise Invalid("encoding_unknown", field="encoding", encoding=self.encoding, known=list(STATABLE))
        country_of(self.region)


def encode_stated(stated: StatedStops) -> bytes:
    """Return what was stated as it is sealed."""
    return _encode(stated)


def decode_stated(sealed: bytes) -> StatedStops:
    """Read what was stated."""
    return msgspec.json.decode(sealed, type=StatedStops)
