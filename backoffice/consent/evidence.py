"""Evidence: what an account hands in with a list, so that its consents can be more than bare flags.

Asked once for a list: who the sender is, the words, whether the account accepted the attestation it was shown, the
copies of the forms behind the rows, and the messages in which people agreed over the channel itself.
"""

from __future__ import annotations

from collections.abc import Mapping  # a table as it was read from TOML
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from backoffice.contacts.cells import ADDRESS_COLUMN, address_of
from backoffice.kernel.errors import Invalid

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Text = Annotated[str, msgspec.Meta(pattern=r"\S")]


class FormCopy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A form as people saw it: the kept copy's hash, its words, and the control with which they agreed.

    `fields` are what the copy states beside: signature, seller, phone, disclosure_autodial,
    not_condition_of_purchase, validity, data_list, operations, revocation_terms, deletion_terms, cross_border.
    """

    id: Text
    file_sha256: Sha256
    words: Text
    control_state: Literal["unticked", "button", "signed", "preticked"]  # before the person acted
    channels: frozenset[str]
    purposes: frozenset[str]
    sender: str = ""
    language: str = ""
    is_written: bool = False  # written or signed, also electronically (15 USC 7001(a), AZ-PD-01)
    valid_days: Annotated[int, msgspec.Meta(ge=0, le=36_525)] = 0  # how long the consent holds; 0 without an end
    fields: frozenset[str] = frozenset()


class InboundMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message that a person sent to the sender over a channel, from an address, in the person's words."""

    channel: str
    address: str
    at: Moment
    words: str


class ListEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that was handed in with one list; `file_sha256` names the list the attestation was accepted for."""

    sender: str = ""
    words: str = ""
    is_attested: bool = False
    file_sha256: str = ""
    forms: Mapping[str, FormCopy] = {}
    messages: Mapping[str, InboundMessage] = {}


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sender: str = ""
    words: str = ""
    is_attested: bool = False
    form: tuple[FormCopy, ...] = ()
    messages: dict[str, InboundMessage] = {}


def read_evidence(table: Mapping[str, Any], *, file_sha256: str) -> ListEvidence:
    """Return the evidence that a profile's `[list]` table states for the list of this hash.

    `[list]` has sender, words, is_attested; each `[[list.form]]` is a form copy; `[list.messages."<id>"]` a message,
    with its address in full (`+` and country code). Raises `Invalid`: `evidence_invalid` with the field and why,
    `form_twice`, or the code of an address that can't be read.
    """
    try:
        stated = msgspec.convert(table, _Table)
    except msgspec.ValidationError as fault:
        why, _, field = str(fault).partition(" - at `$")
        raise Invalid("evidence_invalid", field="list" + field.rstrip("`"), why=why) from None
    forms = {form.id: form for form in stated.form}
    if len(forms) < len(stated.form):
        raise Invalid("form_twice", field="list.form")
    return ListEvidence(
        sender=stated.sender,
        words=stated.words,
        is_attested=stated.is_attested,
        file_sha256=file_sha256,
        forms=forms,
        messages={name: _addressed(name, message) for name, message in stated.messages.items()},
    )


def _addressed(name: str, message: InboundMessage) -> InboundMessage:
    if message.channel not in ADDRESS_COLUMN:
        raise Invalid("channel_without_address", field=f"list.messages.{name}", channel=message.channel)
    try:
        address = address_of(message.address, message.channel, None)
    except Invalid as fault:
        raise Invalid(fault.code, field=f"list.messages.{name}.address") from None
    return msgspec.structs.replace(message, address=address)
