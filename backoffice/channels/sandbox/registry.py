"""The template registry: `POST`, `GET` and `DELETE /{waba_id}/message_templates`, and what it tells of them."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from backoffice.channels.sandbox.components import NEW_TEMPLATE
from backoffice.channels.sandbox.replies import Problem, Reply, success
from backoffice.channels.sandbox.requests import Request
from backoffice.channels.sandbox.setup import Number, Template
from backoffice.channels.sandbox.shapes import check
from backoffice.channels.sandbox.state import GRAPH, State, unknown

_GAP = re.compile(r"\{\{\s*(\w*)\s*\}\}")


def create(state: State, waba_id: str, request: Request) -> Reply:
    """Take a new template in; it is pending in the answer, and approved by a webhook that follows at once."""
    body = request.json()
    check(NEW_TEMPLATE, body, only=100)
    if state.find_template(waba_id, body["name"], body["language"]):
        raise Problem(
            100,
            status=400,
            message="Invalid parameter",
            error_subcode=2388024,
            error_user_title="Content in This Language Already Exists",
            error_user_msg="There is already content for this template in this language.",
        )
    format_ = (body.get("parameter_format") or "POSITIONAL").upper()
    for component in body["components"]:
        _check_gaps(component, is_named=format_ == "NAMED")
    template = Template(
        waba_id=waba_id,
        name=body["name"],
        language=body["language"],
        category=body["category"].upper(),
        components=tuple(body["components"]),
        parameter_format=format_,
    )
    with state.memory.whole():
        template = state.add_template(template)
        tell(state, template)
    return success({"id": template.id, "status": "PENDING", "category": template.category})


def _check_gaps(component: dict[str, Any], *, is_named: bool) -> None:
    """Refuse gaps that aren't numbered from 1 on, or named where names were promised."""
    gaps = list(dict.fromkeys(_GAP.findall(str(component.get("text") or ""))))
    numbered = [str(place + 1) for place in range(len(gaps))]
    is_right = all(re.fullmatch("[a-z_][a-z0-9_]*", gap) for gap in gaps) if is_named else gaps == numbered
    if not is_right:
        raise Problem(100, f"Param components: {str(component['type']).lower()} has variables of a wrong form.")


def tell(state: State, template: Template, reason: str = "NONE") -> None:
    """Have a template's status told to whoever listens for its account."""
    if (number := _number_of(state, template.waba_id)) is None:
        return
    at = state.now()
    value = {
        "event": template.status,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": template.category,
        "reason": reason,
    }
    state.promise(
        road=GRAPH,
        sender=number.phone_number_id,
        field="message_template_status_update",
        key=f"{template.id}/{template.status}/{at.timestamp()}",
        at=at,
        asked=at,
        value=value,
    )


def _number_of(state: State, waba_id: str) -> Number | None:
    return next((number for _, number in state.numbers.items() if number.waba_id == waba_id), None)


def listed(state: State, waba_id: str, request: Request) -> Reply:
    """Tell an account's templates, of one name or status where asked; a page at a time."""
    query = request.query
    kept = [template for _, template in state.templates.items() if template.waba_id == waba_id]
    found = [
        template
        for template in kept
        if query.get("name", "") in template.name
        and query.get("status", template.status).upper() == template.status
        and query.get("language", template.language) == template.language
    ]
    found.sort(key=lambda template: template.id)
    rest = [template for template in found if template.id > query.get("after", "")]
    limit = query.get("limit", "")
    page = rest[: max(int(limit), 1)] if limit.isdecimal() and len(limit) < 7 else rest[:25]
    paging: dict[str, Any] = {
        "cursors": {"before": page[0].id if page else "", "after": page[-1].id if page else ""},
    }
    if len(rest) > len(page):
        host, path = request.headers.get("host", "127.0.0.1"), request.target.partition("?")[0]
        paging["next"] = f"http://{host}{path}?limit={len(page)}&after={page[-1].id}"
    summary = {
        "total_count": len(kept),
        "message_template_count": len(kept),
        "message_template_limit": 6000,
        "are_translations_complete": True,
    }
    return success({"data": [_told(template) for template in page], "paging": paging, "summary": summary})


def find(state: State, template_id: str) -> Template | None:
    """Return the template of an id, or None."""
    return next((template for _, template in state.templates.items() if template.id == template_id), None)


def describe(template: Template) -> Reply:
    """Tell of one template."""
    return success(_told(template))


def _told(template: Template) -> dict[str, Any]:
    told = msgspec.to_builtins(template)
    return {key: told[key] for key in ("id", "name", "language", "status", "category", "components")} | {
        "parameter_format": template.parameter_format,
        "quality_score": {"score": "UNKNOWN", "date": 0},
        "rejected_reason": "NONE",
    }


def take_away(state: State, waba_id: str, request: Request) -> Reply:
    """Forget a template in all languages, or the one of an id."""
    name, only = request.query.get("name", ""), request.query.get("hsm_id", "")
    gone = [
        key
        for key, template in state.templates.items()
        if template.waba_id == waba_id and template.name == name and template.id == (only or template.id)
    ]
    if not gone:
        raise unknown(name or waba_id, "delete")
    for key in gone:
        state.templates.drop(key)
    return success({"success": True})
