"""Accounts: why nothing is changed of one, and why no credit is given or taken."""

from __future__ import annotations

ACCOUNTS: dict[str, str] = {
    "account_purged": "The account is purged. Nothing more can be done with it.",
    "account_unknown": "There is no account {account}.",
    "actor_unknown": "Who acts is written as operator, account, provider, program, or staff: with an id.",
    "api_key_unknown": "The account has no such key, or it was revoked before.",
    "app_invalid": "This can't be the id of an app.",
    "document_accepted_otherwise": "The edition {edition} of this document was accepted in another text, and that "
    "acceptance stands.",
    "document_unknown": "There is no such document. The documents are: {known}.",
    "establishment_no_place": "Nobody is established in {place}. Name a country, or a state as US-FL.",
    "fact_invalid": "The fact can't have this value.",
    "fact_not_stated": "This fact is not stated. The facts that are: {known}.",
    "ground_missing": "A suspension, a closure and a restriction need their ground.",
    "ground_not_meant": "This needs no ground, and one is stated.",
    "ground_unknown": "No policy knows this ground. The grounds are: {known}.",
    "hash_invalid": "A SHA-256 has 32 bytes.",
    "name_invalid": "A name has 1 to {most} characters, all of which can be seen.",
    "number_linked_elsewhere": "Another account sends from this number. It has to let it go first.",
    "provider_name_invalid": (
        "A provider's name of a number, account or portfolio has letters, digits and _ . : - up to 64 in all."
    ),
    "provider_type_unknown": "A number is official or unofficial.",
    "scoped_id_invalid": "This can't be the id of a person at WhatsApp.",
    "sender_unknown": "The account has no such number on this channel.",
    "standing_cannot_follow": "An account that is {now} can't become {then}.",
    "standing_until_invalid": "Only a suspension has a moment at which it is looked at again, and that lies ahead.",
    "use_not_registered": "The Terms register nobody for this use ({clause}).",
    "use_unknown": "A use is business, personal, household or undeclared.",
}
"""Why an account, its numbers, facts or documents stay as they are."""

CREDITS: dict[str, str] = {
    "account_ended": "The account is {standing}, and nothing is bought for it any more.",
    "credit_count_invalid": "Credits are counted in whole numbers from 1 to {most}.",
    "credit_span_invalid": "Credits end after they begin.",
    "credits_not_debited": "Lot {lot} is not there, or more would go back to it than was taken of it.",
    "credits_short": "{wanted} credits are needed, and {available} are left. Buy credits.",
}
"""Why no credit is given, taken or given back."""
