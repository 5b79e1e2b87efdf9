"""People: why a contact, a consent, a stop, a case or an import is not taken or not found."""

from __future__ import annotations

PEOPLE: dict[str, str] = {
    "body_unknown": "The table {table} holds nothing under the number {number}.",
    "case_ended": "The case has ended. Its state is: {state}.",
    "case_late": "It is too late to find that this was no stop: nobody said so within 24 hours, so it counts as one.",
    "case_unknown": "There is no case {case}.",
    "consent_claims_nothing": "This claims no consent. State the words, the time or the form with which the person "
    "agreed.",
    "consent_unknown": "There is no consent {consent}.",
    "contact_erased": "The contact {contact} was erased. What was known of this person can't be read any more.",
    "contact_or_address": "A person is named either as a contact or by an address. State just one of them.",
    "contact_unknown": "There is no contact {contact}.",
    "list_unknown": "There is no list {list}.",
    "outcome_unknown": "A case can't be decided so. It is one of: {known}.",
    "reason_unknown": "There is no such reason for a stop. The reasons are: {known}.",
    "register_empty": "Nothing is listed in this register. Nothing was stored.",
    "register_older": "The data is older than what is held of the register {register}, which is of {held}.",
    "register_shrinks": "The copy of the register {register} lists {count}, less than half of the {held} that are "
    "held. Import it whole, or say that it is meant to shrink.",
    "register_unknown": "There is no such register. The registers are: {known}.",
    "register_unreadable": "So many lines of the register can't be read: {count}. Nothing was stored.",
    "scope_unknown": "There is no such scope of a stop. The scopes are: {known}.",
    "stop_format_unknown": "There is no such format of a list of stops. The formats are: {known}.",
    "topic_with_its_scope": "A stop of the scope topic names its topic, in at most {most} characters, and no other "
    "stop does.",
}
"""Why something about a person is not taken or not found."""

IMPORTS: dict[str, str] = {
    "file_differs": "This is another file than the one that was previewed. Preview it first.",
    "import_is_elsewhere": "The import is in the state {state}, from which this can't be done.",
    "import_part_missing": "Piece {number} of the list's file is missing. Hand the file in again.",
    "import_unknown": "There is no import {import}.",
}
"""Why an import does not go on."""
