"""Faults: what is wrong, or why a message is denied, as the Graph API says it, so that its integrations understand.

The code is the nearest of the real ones, and never one that integrations try again where nothing will change: window
shut 131047 · stopped 131050 · not in standing 131031 · banned or restricted 368 · unpaid 131042 · region 130497 ·
template 132001 · number 133010 · every other denial, a missing consent among them, 131005 (permission is not granted).
The details carry every reason: what it says, its clause or citation; and the decision's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from backoffice.kernel.errors import BackofficeError, Invalid, NotFound, Unavailable
from backoffice.plumbing.messages import error_text

PRODUCT = "whatsapp"
PARAMETER, MISSING, WRONG, KIND = 100, 131008, 131009, 131051
TOKEN, DENIED, LOCKED, UNKNOWN, AWAY = 190, 131005, 131031, 131000, 131016
UNDELIVERABLE = 131026
NO_SUCH_OBJECT = 33  # subcode of 100


class Word(NamedTuple):
    """What a code is called, and the HTTP status it comes with."""

    title: str
    status: int = 400


CODES: Mapping[int, Word] = {
    PARAMETER: Word("Invalid parameter"),
    TOKEN: Word("Invalid OAuth access token", 401),
    368: Word("Temporarily blocked for policies violations", 403),
    130497: Word("Business account is restricted from messaging users in this country", 403),
    UNKNOWN: Word("Something went wrong", 500),
    DENIED: Word("Access denied", 403),
    MISSING: Word("Required parameter is missing"),
    WRONG: Word("Parameter value is not valid"),
    AWAY: Word("Service unavailable", 503),
    LOCKED: Word("Account has been locked", 403),
    131042: Word("Business eligibility payment issue"),
    131047: Word("Re-engagement message"),
    131050: Word("User has stopped marketing messages from this business"),
    UNDELIVERABLE: Word("Message undeliverable"),
    KIND: Word("Unsupported message type"),
    132001: Word("Template does not exist", 404),
    133010: Word("Phone number Not Registered"),
}
"""The codes that we answer with by ourselves, in the Graph API's own words."""

CODES_OF: Mapping[str, int] = {
    "not_in_standing": LOCKED,
    "unregistered": LOCKED,
    "sender_banned": 368,
    "channel_restricted": 368,
    "not_entitled": 131042,
    "trial_over": 131042,
    "plan_over": 131042,
    "outside_paid_span": 131042,
    "out_of_credits": 131042,
    "over_usage": 131042,
    "sender_not_registered": 133010,
    "sender_not_linked": 133010,
    "opted_out": 131050,
    "unread_stop": 131050,
    "provider_stop": 131050,
    "window_shut": 131047,
    "region_barred": 130497,
    "template_not_approved": 132001,
}
"""Which code says a reason of the gate, in the order in which one goes before another; every other is `DENIED`."""

_LONGEST_SHOWN = 32  # characters

TRANSIENT = frozenset({UNKNOWN, AWAY})


class GraphFault(Exception):  # noqa: N818  # the trade's word
    """A request that is answered with no, in the Graph API's words."""

    def __init__(self, code: int, details: str = "", *, subcode: int = 0, message: str = "") -> None:
        super().__init__(code)
        self.code, self.details, self.subcode, self.message = code, details, subcode, message

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return CODES[self.code].status

    def told(self, trace: UUID) -> dict[str, Any]:
        """Return the body of the answer; `trace` is what to ask us about."""
        error: dict[str, Any] = {
            "message": self.message or f"(#{self.code}) {CODES[self.code].title}",
            "type": "GraphMethodException" if self.subcode == NO_SUCH_OBJECT else "OAuthException",
            "code": self.code,
        }
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.details:
            error["error_data"] = {"messaging_product": PRODUCT, "details": self.details}
        if self.code in TRANSIENT:
            error["is_transient"] = True
        return {"error": {**error, "fbtrace_id": trace.hex}}

    def failure(self) -> dict[str, Any]:
        """Return it as a `failed` status tells it."""
        title = CODES[self.code].title
        return {"code": self.code, "title": title, "message": title, "error_data": {"details": self.details or title}}


def no_such_object(method: str, object_id: str) -> GraphFault:
    """Return the answer for what isn't there, isn't the caller's, or can't do what is asked."""
    shown = object_id if object_id.isascii() and object_id.isalnum() and len(object_id) <= _LONGEST_SHOWN else "?"
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{shown}' does not exist, cannot be loaded due to"
        " missing permissions, or does not support this operation."
        " Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"
    )
    return GraphFault(PARAMETER, subcode=NO_SUCH_OBJECT, message=message)


def refusal_of(told: Mapping[str, Any]) -> GraphFault:
    """Return a denial, told as the API tells a send, as the Graph API would say it.

    >>> one = {"code": "opted_out", "verdict": "deny", "says": "The person said stop.", "citation": "GDPR Art. 21(3)"}
    >>> fault = refusal_of({"decision_id": "d1", "reasons": [one]})
    >>> fault.code, fault.details
    (131050, 'The person said stop. [GDPR Art. 21(3)] decision_id=d1')
    """
    reasons = [one for one in told["reasons"] if one["verdict"] in ("deny", "hold")]
    denials = {one["code"] for one in reasons if one["verdict"] == "deny" and "fact" not in one}
    code = next((code for reason, code in CODES_OF.items() if reason in denials), DENIED)
    return GraphFault(code, " ".join([*_said(reasons), f"decision_id={told['decision_id']}"]))


def _said(reasons: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what reasons say, each sentence once with all that it stands on."""
    grounds: dict[str, list[str]] = {}
    for one in reasons:
        words = " ".join(filter(None, (one["says"], one.get("remedy"))))
        grounds.setdefault(words, []).append(one["citation"] or one["source"])
    yield from (f"{words} [{'; '.join(dict.fromkeys(stood))}]" for words, stood in grounds.items())


def fault_of(error: Exception) -> GraphFault:
    """Return an error of ours as the Graph API would say it; what nobody foresaw is 131000."""
    if isinstance(error, GraphFault):
        return error
    if not isinstance(error, BackofficeError):
        return GraphFault(UNKNOWN)
    by_kind = next((code for kind, code in _CODES_OF_KINDS if isinstance(error, kind)), UNKNOWN)
    code = _CODES_OF_ERRORS.get(error.code, by_kind)
    subcode = NO_SUCH_OBJECT if error.code == "sender_unknown" else 0
    return GraphFault(code, "" if code == UNKNOWN else error_text(error), subcode=subcode)


_CODES_OF_ERRORS: Mapping[str, int] = {
    **dict.fromkeys(("key_missing", "key_unknown"), TOKEN),
    **dict.fromkeys(("body_missing", "body_not_json", "body_not_utf8", "body_too_deep", "body_too_large"), PARAMETER),
    **dict.fromkeys(("idempotency_key_invalid", "idempotency_key_reused", "text_with_nul"), PARAMETER),
    **dict.fromkeys(("sender_unknown", "route_unknown", "method_unknown"), PARAMETER),
    "idempotency_key_running": AWAY,
}
_CODES_OF_KINDS = ((Unavailable, AWAY), (Invalid, WRONG), (NotFound, WRONG))
