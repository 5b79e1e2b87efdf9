"""Webhooks: why one is not kept, or takes nothing of what it is told."""

from __future__ import annotations

WEBHOOKS: dict[str, str] = {
    "address_not_public": "The address leads to a machine that is not on the public internet.",
    "address_refused": "The address answered, and its status was not one of 200 to 299.",
    "address_unanswered": "The address gave no answer in time ({why}).",
    "address_unverified": "The address did not echo the challenge that it was asked with.",
    "default_unknown": "Nothing is stated of this template's messages from this number.",
    "secret_invalid": "A secret has {least} to {most} visible ASCII characters.",
    "secret_not_meant": "The secret of this form is drawn here. Leave the field out and ask for the secret afterwards.",
    "url_invalid": "This is no address of the web: at most {most} characters, with a host, without a name, a password "
    "or a fragment.",
    "url_not_https": "The address begins with https and keeps to its port, 443.",
    "verify_token_missing": "An address of this form is asked with a word of yours before it is told anything. Name "
    "the word.",
    "verify_token_not_meant": "An address of this form is not asked before it is told anything. Leave the word out.",
    "webhook_closed": "The webhook is closed. Register a new one.",
    "webhook_delivery_unknown": "The webhook was not told this, or it is erased by now.",
    "webhook_gone": "The address answered that nobody is there any more (410).",
    "webhook_unknown": "The account has no such webhook.",
    "webhooks_too_many": "An account has at most {most} webhooks. Close one of them first.",
}
"""Why a webhook is not registered, changed or found, and why it takes nothing."""
