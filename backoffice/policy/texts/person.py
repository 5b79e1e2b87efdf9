"""Reasons that lie with the person: what they agreed to, what they stopped, when and where they may be reached."""

from __future__ import annotations

from backoffice.policy.texts.text import Text

CONSENT: dict[str, Text] = {
    "no_consent": Text(
        "No consent on record covers this message to this person in the way the rule wants it proved.",
        "Ask where you already meet the person, and name the sender, the channel and the purpose. "
        "Don't message them to ask.",
    ),
    "opted_out": Text("This person said stop. Only the person can take that back."),
    "unclear_stop": Text(
        "This person wrote something that may be a stop, and nobody has read it yet. "
        "Staff read it; left unread, it counts as a stop.",
    ),
    "unread_stop": Text(
        "This person wrote something that may be a stop, and it stayed unread for too long, so it counts as one. "
        "Only the person can take that back.",
    ),
    "stop_confirmation_unfit": Text(
        "The confirmation of a stop goes out once, in time, and without advertising. This one does not.",
        "Take the advertising out. A late or second confirmation is not sent.",
    ),
    "answer_unfit": Text(
        "An answer to the person's own request goes out in time, no more often than allowed, and without advertising. "
        "This one does not.",
        "Take the advertising out. For a late or further answer the person has to ask again.",
    ),
    "too_young": Text(
        "This person may be too young to decide alone, and no consent of a parent is on record.",
        "Record the consent of a parent. If the birth date is wrong, correct it.",
    ),
    "age_unknown": Text(
        "The message is meant for children, and this person's age is not on record.",
        "Record the person's birth date.",
    ),
    "restricted": Text(
        "This person's data may only be stored while a request of theirs is decided. Staff decide the request.",
    ),
    "no_transfer_consent": Text(
        "The transfer of this data abroad rests on consent, and this person's consent does not speak of it.",
        "Ask the person for a consent that names the transfer, or record another ground.",
    ),
    "soft_opt_in": Text(
        "The address was given at a sale, the message offers similar goods of the same seller, "
        "and the person has not objected.",
    ),
    "legal_person_mail": Text(
        "The address is a firm's own, a working address for stops is given, and the firm has not refused.",
    ),
}

HOURS: dict[str, Text] = {
    "quiet_hours": Text(
        "It is outside the hours for such messages in some place where this person may be. Only time changes that.",
    ),
    "over_cap": Text(
        "This person already got as many messages in this span of time as the rule allows. Only time changes that.",
    ),
    "over_topic_cap": Text(
        "This person already got as many messages on this subject in this span of time as the rule allows. "
        "Only time changes that.",
    ),
}

RECIPIENT: dict[str, Text] = {
    "address_invalid": Text("What is given as the address can't be one.", "Correct the address."),
    "emergency_number": Text(
        "The number is an emergency number, or the message is meant for an emergency. "
        "The service does not carry such messages.",
        "In an emergency, call the emergency services of the place.",
    ),
    "in_register": Text(
        "The address stands in a register of people who do not want such messages. Only the person can change that.",
    ),
    "register_too_old": Text(
        "A register that must be checked first is not held, or its data is older than allowed.",
        "Import a fresh copy of the register.",
    ),
    "wireless_domain": Text(
        "The mail domain belongs to a mobile carrier, and no express consent of this person is on record.",
        "Ask for it where you already meet the person. Don't message them to ask.",
    ),
    "not_own_customer": Text(
        "This person is not on record as the account's own customer.",
        "Record how the person came to buy from you, or leave the person out.",
    ),
}
