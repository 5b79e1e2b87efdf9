"""Sends: why a message or a campaign is not taken, changed or found, and why nothing is handed over."""

from __future__ import annotations

SENDS: dict[str, str] = {
    "content_unknown": "There is no content {content}.",
    "decision_unknown": "There is no decision {decision}.",
    "message_empty": "The message has neither a text nor a template. Write one of them.",
    "message_too_large": "The message has more than {most} bytes.",
    "message_unreadable": "A message in WhatsApp's own words has a type, one of {known}, and an object named so.",
    "moment_too_far": "A message is scheduled at most {most} days ahead.",
    "rulebook_needs_its_release": "The rulebook {rulebook} is of {made_at}, and the program has changed since. Run the "
    "release of that time to judge by it.",
    "rulebook_unknown": "Nothing was ever decided by the rulebook {rulebook}.",
    "send_has_left": "The message can't be stopped any more. Its state is: {state}.",
    "send_not_scheduled": "Only a scheduled message can go before its time. The state of this one is: {state}.",
    "send_unknown": "There is no send {send}.",
}
"""Why a message is not taken, judged, stopped or found."""

DELIVERIES: dict[str, str] = {
    "callback_failed": "What the provider told could not be acted on. It is kept as it came.",
    "callback_invalid": "What the provider told can't be read: {why}.",
    "callback_partly_strange": "Something of what the provider told can't be read; the rest was acted on.",
    "callback_unsigned": "This was not signed by the provider.",
    "webhook_word_unknown": "Whoever asks doesn't know the word that was agreed for this webhook.",
    "delivery_unknown": "The send {send} was not handed over to a provider.",
    "permit_denied": "The verdict {verdict} lets nothing leave.",
    "permit_void": "This permit was not granted, is for another send, or was used before.",
    "provider_away": "The provider does not answer ({why}).",
    "provider_not_started": "The sandbox did not start.",
    "provider_unanswered": "The provider gave no answer ({why}), so nobody knows whether it took the message.",
}
"""Why nothing is handed over to a provider, or nothing it tells is believed."""

CAMPAIGNS: dict[str, str] = {
    "campaign_has_left": "All messages of the campaign have left or were denied. Nothing is left to pause or stop.",
    "campaign_is_elsewhere": "The campaign is in the state {state}, from which this can't be done.",
    "campaign_says_nothing": "A campaign says either a template or a text. State just one of them.",
    "campaign_source_unclear": "A campaign takes its people from one place. Name recipients, a list or a file, and "
    "only one of them.",
    "campaign_unknown": "There is no campaign {campaign}.",
    "campaign_without_recipients": "Nobody is on the campaign. No row could be read, or the list's people stand in a "
    "newer list.",
    "event_unknown": "This is no event's id. Send the id of the last event you saw, or none.",
    "file_too_long": "The file has more than {most} rows. Divide it into several files.",
    "list_not_imported": "The list {list} is not imported to its end. Finish the import first.",
    "number_of_other_channel": "The sending number is of another channel than the campaign. Name one of its channel.",
    "parameter_twice": "Two columns of parameters have the same header. Rename one of them.",
    "parameters_too_many": "The file has more than {most} columns of parameters. Leave some out.",
    "preview_unknown": "The campaign {campaign} was not previewed yet. Preview it first.",
    "recipients_too_many": "A campaign names at most {most} recipients by itself. Hand in more as a file.",
}
"""Why a campaign is not taken, filled, turned or found."""
