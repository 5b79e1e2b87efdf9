"""Requests: why one can't be read or taken, and the titles of problems."""

from __future__ import annotations

REQUESTS: dict[str, str] = {
    "body_missing": "The request has no body.",
    "body_not_json": "The body can't be read as JSON.",
    "body_not_utf8": "The body is not UTF-8.",
    "body_too_deep": "The body is nested too deeply.",
    "body_too_large": "The body is larger than {most} bytes.",
    "fault": "Something went wrong here. It is noted under the id of the request. Name the id when you ask about it.",
    "field_format": "This can't be read as {expected}.",
    "field_invalid": "This can't be read.",
    "field_limit": "This is outside its limits: {expected}.",
    "field_missing": "This field is missing.",
    "field_pattern": "This has another form than it has to have.",
    "field_range": "This number is too large or too small.",
    "field_type": "This is of the type {got}, and has to be {expected}.",
    "field_unknown": "There is no such field.",
    "field_value": "This is none of the values that may stand here.",
    "field_without_zone": "The moment names no zone. Write it as 2026-11-20T09:00:00+02:00.",
    "idempotency_key_invalid": "An idempotency key has 1 to {most} visible ASCII characters.",
    "idempotency_key_missing": "The request has no idempotency key. Make a new one for each thing you ask, and send it "
    "again only with the same request.",
    "idempotency_key_reused": "This idempotency key was used for another request. Nothing was done. Use a new key.",
    "idempotency_key_running": "The first request with this idempotency key still runs. Send it again in a moment.",
    "key_missing": "The request has no API key. Send it in the header Authorization, after the word Bearer.",
    "key_unknown": "The API key is not known, or was revoked.",
    "media_type_unsupported": "The body is of a kind that is not read here. These kinds are: {known}.",
    "method_unknown": "This address knows no such method. It knows: {known}.",
    "moment_out_of_range": "A moment lies at the edge of time and can't be told in every zone.",
    "page_without_style": "The page of the description is damaged. Install the program anew.",
    "problem_unknown": "There is no such kind of problem.",
    "request_invalid": "More than one part of the request can't be taken. They are listed one by one.",
    "request_unreadable": "The request can't be read.",
    "route_unknown": "There is nothing at this address.",
    "text_with_nul": "A text holds a NUL character. Leave it out.",
}
"""Why a request can't be read or taken."""

TITLES: dict[str, str] = {
    "title_400": "The request can't be read",
    "title_401": "The caller is not known",
    "title_403": "This is not for whoever asks",
    "title_404": "There is no such thing",
    "title_405": "There is no such method",
    "title_409": "This can't be done as things stand",
    "title_413": "The body is too large",
    "title_415": "The body is of another kind",
    "title_422": "The request can't be taken as it is",
    "title_500": "Something went wrong here",
    "title_503": "The service can't work now",
}
"""The titles of problems by their HTTP status; headings, not sentences."""
