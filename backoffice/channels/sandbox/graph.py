"""The Graph API's doors: version, bearer, object, and which verb each leads to."""

from __future__ import annotations

import re

from backoffice.channels.sandbox import files, numbers, registry, sending
from backoffice.channels.sandbox.replies import Problem, Reply
from backoffice.channels.sandbox.requests import Request
from backoffice.channels.sandbox.sending import Asked
from backoffice.channels.sandbox.state import State, unknown

_OLDEST = 20
_VERSION = re.compile(r"v(\d{1,3})(?:\.\d{1,2})?")
DOWNLOADS = ["whatsapp_business", "attachments"]
"""Where media are fetched from."""


def is_graph(request: Request) -> bool:
    """Tell whether a request is the Graph API's."""
    parts = request.parts
    return bool(parts) and (parts[:2] == DOWNLOADS or _VERSION.fullmatch(parts[0]) is not None)


def answer(state: State, request: Request) -> Reply:
    """Answer a request to the Graph API."""
    try:
        return _answer(state, request)
    except Problem as problem:
        return problem.reply


def _answer(state: State, request: Request) -> Reply:
    _require_bearer(state, request)
    if request.parts[:2] == DOWNLOADS:
        return files.fetch(state, "".join(request.parts[2:]), request)
    read = _VERSION.fullmatch(request.parts[0])
    version = int(read[1]) if read else 0
    if version < _OLDEST or len(request.parts) < 2:
        raise Problem(2500, status=400, message=f"Unknown path components: /{'/'.join(request.parts)[:64]}")
    object_id, verb = request.parts[1], "/".join(request.parts[2:])
    if object_id in state.numbers:
        return _of_number(state, request, version, object_id, verb)
    if state.has_waba(object_id):
        return _of_waba(state, request, object_id, verb)
    return _of_other(state, request, object_id, verb)


def _require_bearer(state: State, request: Request) -> None:
    if request.bearer != state.setup.token or not state.setup.token:
        raise Problem(190, message="Invalid OAuth access token - Cannot parse access token")


def _of_number(state: State, request: Request, version: int, phone_number_id: str, verb: str) -> Reply:
    number = state.number(phone_number_id)
    match request.method, verb:
        case "POST", "messages" | "marketing_messages":
            is_lite = verb == "marketing_messages"
            return sending.send(state, Asked(number, version, request.bearer, request.body, is_lite))
        case "GET", "":
            return numbers.info(state, number, request)
        case "POST", "media":
            return files.upload(state, number, request)
        case "POST" | "DELETE", "block_users":
            return numbers.change_barred(state, number, request)
        case "GET", "block_users":
            return numbers.list_barred(state, number, request)
    raise unknown(verb or phone_number_id, request.method.lower())


def _of_waba(state: State, request: Request, waba_id: str, verb: str) -> Reply:
    match request.method, verb:
        case "POST", "message_templates":
            return registry.create(state, waba_id, request)
        case "GET", "message_templates":
            return registry.listed(state, waba_id, request)
        case "DELETE", "message_templates":
            return registry.take_away(state, waba_id, request)
        case "GET", "phone_numbers":
            return numbers.listed(state, waba_id, request)
    raise unknown(verb or waba_id, request.method.lower())


def _of_other(state: State, request: Request, object_id: str, verb: str) -> Reply:
    """Answer for a media file or a template, or for nothing that is there."""
    template = registry.find(state, object_id)
    match request.method, verb, template:
        case "GET", "", None:
            return files.describe(state, object_id, request)
        case "DELETE", "", None:
            return files.take_away(state, object_id, request)
        case "GET", "", found if found is not None:
            return registry.describe(found)
    raise unknown(object_id, request.method.lower())
