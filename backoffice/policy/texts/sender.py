"""Reasons that lie with the account: its standing and documents, its number, what is paid for, its provider."""

from __future__ import annotations

from backoffice.policy.texts.text import Text

ACCOUNT: dict[str, Text] = {
    "unregistered": Text("The account's registration is not finished.", "Finish the registration."),
    "not_in_standing": Text(
        "The account's standing does not let it send.",
        "See the reason given with the standing; a claim can be opened against it.",
    ),
    "channel_restricted": Text(
        "The account is kept from this channel for the time being.",
        "See the reason given with the restriction; a claim can be opened against it.",
    ),
    "documents_not_accepted": Text(
        "A document that must be accepted before sending is not accepted in its edition in force.",
        "Read the edition in force and accept it.",
    ),
    "registration_missing": Text(
        "A public register asks senders for a registration or a recorded exemption, and neither is on record.",
        "Register, or find out whether an exemption holds, and record the number or the exemption.",
    ),
    "not_for_business": Text(
        "The use declared for the account is not one that the Terms allow.",
        "If the account is used otherwise today, declare that use.",
    ),
    "not_entitled": Text(
        "This channel or function is not switched on, not bought or not set up for the account.",
        "Add it to the plan and finish its set-up.",
    ),
    "over_usage": Text(
        "The plan's ceiling of messages for this period is passed.",
        "Choose a larger plan, or wait for the next period.",
    ),
    "sender_not_registered": Text(
        "The sending number is not registered with its provider.",
        "Register the number, or send from one that is registered.",
    ),
    "sender_not_linked": Text(
        "The sending number is not linked to the account.",
        "Link the number, or send from one that is linked.",
    ),
    "sender_banned": Text(
        "WhatsApp has banned the sending number. Only WhatsApp can lift the ban.",
        "Ask WhatsApp to review the ban, or replace the number.",
    ),
    "sender_spoofed": Text(
        "The sender that would be shown is hidden or is not the account's own.",
        "Send from a number or a name of the account's own.",
    ),
    "unofficial_bulk": Text(
        "Messages to many people, or made by a machine, may not leave from an ordinary WhatsApp account.",
        "Send them from a number on the official WhatsApp Business Platform.",
    ),
    "scan_without_ground": Text(
        "A result of reading the message's text is used, and no ground for reading it is on record.",
        "Record the ground, or leave the result out.",
    ),
    "no_lawful_basis": Text(
        "No lawful basis for this purpose is on record.",
        "Record the lawful basis on which these people are messaged; without one they can't be.",
    ),
    "transfer_barred": Text(
        "The transfer of this data abroad is recorded as harmful to national security. The law knows no exception.",
    ),
    "transfer_without_ground": Text(
        "No ground for the transfer of this data abroad is on record.",
        "Record the ground: equal protection in the country of destination, or the person's consent.",
    ),
    "area_closed": Text(
        "A state of emergency is declared where this person may be. Only its end changes that.",
    ),
}

MONEY: dict[str, Text] = {
    "trial_over": Text("The trial has ended, and no paid plan follows it.", "Choose a plan and pay for it."),
    "plan_over": Text(
        "The cycle of the paid plan has closed, and no other follows it.",
        "Renew the plan, or choose another and pay for it.",
    ),
    "outside_paid_span": Text(
        "The moment of sending lies outside the time that is paid for.",
        "Pay for that time, or choose a moment inside the time that is paid for.",
    ),
    "out_of_credits": Text("No credit is left for this message.", "Buy credits."),
}

PROVIDER: dict[str, Text] = {
    "window_shut": Text(
        "Free text is allowed only for a time after the person's last message, and that time has passed.",
        "Use an approved template, or wait until the person writes.",
    ),
    "template_not_approved": Text(
        "The provider has not approved this template, or has paused it.",
        "Use an approved template, or submit this one again.",
    ),
    "region_barred": Text(
        "The provider does not deliver such messages to numbers of this region. Only the provider can change that.",
        "Write to this person over another channel that a consent covers.",
    ),
    "provider_wait": Text(
        "The provider turned away the last message to this person and asks to wait. Only time changes that.",
    ),
    "provider_stop": Text(
        "The provider answered that this person can't or won't get such messages. "
        "Only the person or the provider can change that.",
    ),
    "sender_halted": Text(
        "The provider has halted this sender or template. Only the provider can lift that.",
        "Mend what the provider's notice names, then ask the provider to lift the halt.",
    ),
    "portfolio_full": Text(
        "The provider's limit of new people in a rolling day is used up, and this person would be one more. "
        "Only time makes room.",
    ),
    "unauthenticated_mail": Text(
        "The mail domain lacks a proof of origin that mailbox providers ask for.",
        "Set up SPF, DKIM and DMARC for the domain.",
    ),
    "too_many_complaints": Text(
        "Too large a share of the account's mail is reported as spam.",
        "Write only to people who expect it; the share falls with time.",
    ),
}
