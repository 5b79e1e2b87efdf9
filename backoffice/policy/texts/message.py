"""Reasons that lie in the message: what it says, carries and claims, and what makes it marketing."""

from __future__ import annotations

from backoffice.policy.texts.text import Text

CONTENT: dict[str, Text] = {
    "banned_content": Text(
        "A person checked the content and found it to be of a class that may not be sent.",
        "Take that content out. If the finding is wrong, open a claim.",
    ),
    "suspected_content": Text(
        "The content may be of a class that may not be sent. Staff look at it first.",
        "Take that content out, or wait for the finding.",
    ),
    "complained_of": Text(
        "So many people complained of this text that staff look at it first.",
        "Change the text, or wait for the finding.",
    ),
    "restricted_goods": Text(
        "The message offers goods that may not be offered where this person may be, or at this person's age.",
        "Leave this person out, or take these goods out of the message.",
    ),
    "missing_part": Text(
        "The message lacks something that such a message must carry.",
        "Add what the cited rule names, and send again.",
    ),
    "no_human_path": Text(
        "A machine answers, and the message shows no way to a person.",
        "Show in the message how to reach a person.",
    ),
    "unmarked_ad": Text(
        "The message advertises without saying so, and no consent of this person to it is on record.",
        "Mark the message as advertising.",
    ),
    "objection_notice_missing": Text(
        "This person was never told of the right to object, and this message does not tell of it.",
        "Add a sentence on the right to object, clear and apart from the rest.",
    ),
    "source_notice_missing": Text(
        "This person was never told where their data came from, and this message does not tell it.",
        "Add the notice that says where the data came from.",
    ),
    "no_way_to_reply": Text(
        "The sending number can't receive replies, and the text names no other easy way to stop.",
        "Name an easy way to stop in the text, or send from a number that receives replies.",
    ),
    "stop_address_invalid": Text(
        "The address given for stops does not work.",
        "Give an address that works.",
    ),
    "unlawful_links": Text(
        "The message links to pages that break the rules on who must be named in advertising.",
        "Take these links out, or mend the pages.",
    ),
    "untrue_headers": Text(
        "The header, the sender line or the routing data of the message is false.",
        "State the true sender and route.",
    ),
    "not_reviewed": Text(
        "The message holds a claim that must be true, and staff have not reviewed it.",
        "Submit the message for review.",
    ),
    "asks_card_or_id": Text(
        "The message asks for or holds card, bank or identity numbers.",
        "Take the numbers, or the question for them, out of the message.",
    ),
    "undeclared_use": Text(
        "The use declared for the campaign is not on the operator's list of allowed uses.",
        "If a use on the list is the true one, declare it.",
    ),
    "wrong_traffic": Text(
        "The kind of traffic declared for the message is not one that may pass.",
        "If another kind is the true one, declare it.",
    ),
    "no_list_source": Text(
        "Nobody has declared where the list lawfully came from.",
        "Declare the source of the list.",
    ),
    "campaign_too_large": Text(
        "The campaign has more recipients than is advised.",
        "Send it in smaller batches.",
    ),
    "repeated_text": Text(
        "The same text went out in another batch.",
        "Vary the text.",
    ),
    "too_soon": Text(
        "Less time than is advised has passed since the last batch.",
        "Leave more time between batches.",
    ),
    "risk_not_told": Text(
        "The account was not shown the risk of sending in bulk.",
        "Read the notice on the risk of sending in bulk.",
    ),
    "promotional": Text(
        "Some part of the message promotes something, so all of it counts as marketing.",
        "Send the promotion apart, or have legal approve the message's primary purpose.",
    ),
    "marketing_template": Text(
        "WhatsApp lists the template as marketing, so the message counts as marketing.",
        "Use a template that WhatsApp lists under another category.",
    ),
    "leads_to_paid_content": Text(
        "The text leads to paid content, so the message counts as marketing.",
        "Leave out what leads to paid content, or send the message as marketing.",
    ),
}
