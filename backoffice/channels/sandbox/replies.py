"""What the Graph API answers: yes in JSON, no with a code, and how each code is worded, answered and told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import msgspec

Json: TypeAlias = Any
"""Whatever JSON can say."""

HREF = "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"


class Reply(NamedTuple):
    """What goes back: an HTTP status and a body, after some seconds; no status: the connection is closed."""

    status: int | None
    body: bytes = b"{}"
    after: float = 0  # seconds
    retry_after: int = 0  # seconds; 0 says nothing
    form: str = "application/json"
    is_reset: bool = False  # without a status: by a reset instead of an end


class Told(NamedTuple):
    """What a code is called, and the HTTP status it comes with."""

    title: str
    status: int = 400


PERMISSION = Told("Permission is either not granted or has been removed", 403)

CODES: Mapping[int, Told] = {
    0: Told("AuthException", 401),
    1: Told("API Unknown"),
    2: Told("API Service", 503),
    3: Told("API Method", 500),
    4: Told("API Too Many Calls", 429),
    10: PERMISSION,
    100: Told("Invalid parameter"),
    190: Told("Access token has expired", 401),
    200: PERMISSION,
    368: Told("Temporarily blocked for policies violations", 403),
    80007: Told("Rate limit issues", 429),
    130429: Told("Rate limit hit", 429),
    130472: Told("User's number is part of an experiment"),
    130497: Told("Business account is restricted from messaging users in this country", 403),
    131000: Told("Something went wrong", 500),
    131005: Told("Access denied", 403),
    131008: Told("Required parameter is missing"),
    131009: Told("Parameter value is not valid"),
    131016: Told("Service unavailable", 503),
    131021: Told("Recipient cannot be sender"),
    131026: Told("Message undeliverable"),
    131030: Told("Recipient phone number not in allowed list"),
    131031: Told("Account has been locked", 403),
    131037: Told("Display name approval needed"),
    131042: Told("Business eligibility payment issue"),
    131045: Told("Incorrect certificate", 500),
    131047: Told("Re-engagement message"),
    131048: Told("Spam rate limit hit", 429),
    131049: Told("This message was not delivered to maintain healthy ecosystem engagement"),
    131050: Told("User has stopped marketing messages from this business"),
    131051: Told("Unsupported message type"),
    131052: Told("Media download error"),
    131053: Told("Media upload error"),
    131056: Told("(Business Account, Consumer Account) pair rate limit hit", 429),
    131057: Told("Account in maintenance mode", 500),
    131062: Told("Business-scoped User ID recipients are not supported for this message"),
    131063: Told("Marketing templates are disabled for Cloud API"),
    131064: Told("Messaging limit reached because of template classification violations", 429),
    132000: Told("Number of parameters does not match the expected number of params"),
    132001: Told("Template name does not exist in the translation", 404),
    132005: Told("Template Hydrated Text Too Long"),
    132007: Told("Template Format Character Policy Violated"),
    132008: Told("Template Param Value Invalid"),
    132012: Told("Parameter format does not match format in the created template"),
    132015: Told("Template is Paused"),
    132016: Told("Template is Disabled"),
    132018: Told("There was an issue with the parameters in your template"),
    132068: Told("Flow is blocked"),
    132069: Told("Flow is throttled"),
    133004: Told("Server Temporarily Unavailable", 503),
    133010: Told("Phone number Not Registered"),
    133016: Told("Account register deregister rate limit exceeded", 429),
    135000: Told("Generic user error"),
    137000: Told("Recipient identity key hash mismatch"),
    139100: Told("Failed to block/unblock users"),
    139101: Told("Blocklist limit reached"),
    139102: Told("Blocklist concurrent update"),
    139103: Told("Internal error", 500),
}
"""Codes of the Cloud API, by their documentation; others are answered as 400."""

_DETAILS: Mapping[int, str] = {
    130429: "Message failed to send because there were too many messages sent from this phone number in a short period",
    131026: "Message Undeliverable.",
    131047: "More than 24 hours have passed since the recipient last replied to the sender number.",
    131048: "Message failed to send because there are restrictions on how many messages can be sent from this number.",
    131049: "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    131050: "Unable to deliver the message. This recipient has chosen to stop receiving marketing messages.",
    131056: "Too many messages sent from the sender phone number to the same recipient phone number in a short period",
}

TRANSIENT = frozenset({1, 2, 131000, 131016, 133004})
"""Codes whose answer says `is_transient`."""

LATER = frozenset({131026, 130472, 130497, 131042, 131047, 131048, 131049, 131050, 131052, 131053})
"""Codes that come as a `failed` status after an acceptance, as the real API tells them; the others come at once."""


class Problem(Exception):  # noqa: N818  # what an answer says no with
    """A request that is answered with no: the code, what it is about, and where the API words it otherwise, how."""

    def __init__(self, code: int, details: str = "", **other: Json) -> None:
        super().__init__(code, details)
        self.code, self.details, self.other = code, details, other

    @property
    def reply(self) -> Reply:
        """The answer."""
        return refusal(self.code, self.details, **self.other)


def title_of(code: int) -> str:
    """Return what a code is called.

    >>> title_of(131056), title_of(251), title_of(7)
    ('(Business Account, Consumer Account) pair rate limit hit', 'API Permission', 'Unknown error')
    """
    if code in CODES:
        return CODES[code].title
    return "API Permission" if code in range(200, 300) else "Unknown error"


def refusal(code: int, details: str = "", *, status: int = 0, retry_after: int = 0, **other: Json) -> Reply:
    """Return the answer that says no with a code; `other` goes into its error as it stands, `block_users` beside it."""
    known = CODES.get(code, Told("", 403 if code in range(200, 300) else 400))
    beside = {"block_users": other.pop("block_users")} if "block_users" in other else {}
    error: dict[str, Any] = {"message": f"(#{code}) {title_of(code)}", "type": "OAuthException", "code": code}
    if "message" not in other and (words := details or _DETAILS.get(code, title_of(code))):
        error["error_data"] = {"messaging_product": "whatsapp", "details": words}
    if code in TRANSIENT:
        error["is_transient"] = True
    trace = hashlib.blake2b(f"{code}/{details}".encode("utf-8", "replace"), digest_size=8).hexdigest()
    error |= {"fbtrace_id": f"A{trace}", **other}
    body = msgspec.json.encode({**beside, "error": error})
    return Reply(status or known.status, body, retry_after=retry_after)


def failure(code: int) -> dict[str, Any]:
    """Return an error as webhooks tell it."""
    title = title_of(code)
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": _DETAILS.get(code, title)},
        "href": HREF,
    }


def success(value: Json) -> Reply:
    """Return the answer that says yes."""
    return Reply(200, msgspec.json.encode(value))
