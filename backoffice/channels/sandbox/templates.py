"""Templates: what a send of one has to fill in, as its definition says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from backoffice.channels.sandbox.replies import Problem
from backoffice.channels.sandbox.setup import Template

_GAP = re.compile(r"\{\{\s*(\w{1,64})\s*\}\}")
_BAD_TEXT = re.compile(r"[\n\t]| {5}")
_TEXTS = ("text", "currency", "date_time")
_LONGEST = 1024  # characters of a body with its parameters filled in

_OF_STATUS: Mapping[str, int] = {"APPROVED": 0, "PAUSED": 132015, "DISABLED": 132016}


class Wanted(NamedTuple):
    """What one part of a template takes: parameters of these types, under these names where they are named."""

    types: tuple[str, ...]
    names: tuple[str, ...] = ()
    may_lack: bool = False
    text: str = ""


def check_status(template: Template | None, name: str, language: str) -> Template:
    """Return the template if it can be sent at all; raises Problem."""
    if template is None:
        raise Problem(132001, f"template name ({name[:64]}) does not exist in {language[:10]}")
    if code := template.code or _OF_STATUS.get(template.status, 132001):
        raise Problem(code, f"template name ({template.name}) is {template.status.lower()} in {template.language}")
    return template


def check_parameters(template: Template, sent: Mapping[str, Any]) -> None:
    """Check what a send fills in against the template's definition; raises Problem."""
    is_named = template.parameter_format.upper() == "NAMED"
    components = sent.get("components") or []
    _compare(dict(_wanted(template.components, template.category, is_named=is_named)), dict(_given(components)))
    cards = [one["cards"] for one in template.components if str(one.get("type", "")).upper() == "CAROUSEL"]
    filled = [one["cards"] for one in components if one["type"].lower() == "carousel"]
    if len(cards) != len(filled):
        raise Problem(132000, f"carousel: number of carousels ({len(filled)}) does not match ({len(cards)})")
    for of_template, of_send in zip(cards, filled, strict=True):
        _compare_cards(of_template, of_send, is_named=is_named)


def _compare_cards(cards: list[Any], filled: list[Any], *, is_named: bool) -> None:
    if len(cards) != len(filled):
        raise Problem(132000, f"carousel: number of cards ({len(filled)}) does not match the expected ({len(cards)})")
    for place, (card, fill) in enumerate(zip(cards, filled, strict=True)):
        wanted = dict(_wanted(card["components"], "", is_named=is_named))
        _compare(wanted, dict(_given(fill["components"])), f"card {place}: ")


def _wanted(components: Iterable[Mapping[str, Any]], category: str, *, is_named: bool) -> Iterator[tuple[str, Wanted]]:
    """Yield what each part of a template takes."""
    for component in components:
        match str(component.get("type", "")).upper():
            case "HEADER":
                yield "header", _of_header(component, is_named=is_named)
            case "BODY" if category.upper() == "AUTHENTICATION":
                yield "body", Wanted(("text",))
            case "BODY":
                yield "body", _of_text(component, is_named=is_named)
            case "BUTTONS":
                for place, button in enumerate(component["buttons"]):
                    yield f"button {place}", _of_button(button)
            case "LIMITED_TIME_OFFER":
                may_lack = not component.get("limited_time_offer", {}).get("has_expiration")
                yield "limited_time_offer", Wanted(("limited_time_offer",), may_lack=may_lack)


def _of_header(component: Mapping[str, Any], *, is_named: bool) -> Wanted:
    form = str(component.get("format", "TEXT")).lower()
    return _of_text(component, is_named=is_named) if form == "text" else Wanted((form,))


def _of_text(component: Mapping[str, Any], *, is_named: bool) -> Wanted:
    text = str(component.get("text") or "")
    gaps = tuple(dict.fromkeys(_GAP.findall(text)))
    return Wanted(("text",) * len(gaps), gaps if is_named else (), text=text)


_OF_BUTTONS: Mapping[str, Wanted] = {
    "OTP": Wanted(("text",)),
    "COPY_CODE": Wanted(("coupon_code",)),
    "QUICK_REPLY": Wanted(("payload",), may_lack=True),
    "MPM": Wanted(("action",)),
    **dict.fromkeys(("FLOW", "CATALOG", "SPM"), Wanted(("action",), may_lack=True)),
}


def _of_button(button: Mapping[str, Any]) -> Wanted:
    kind = str(button.get("type", "")).upper()
    if kind == "URL" and _GAP.search(str(button.get("url", ""))):
        return Wanted(("text",))
    return _OF_BUTTONS.get(kind, Wanted(()))


def _given(components: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    """Yield the parameters that a send fills each part with."""
    for component in components:
        kind = component["type"].lower()
        if kind not in {"carousel", "tap_target_configuration"}:
            name = f"button {int(component['index'])}" if kind == "button" else kind
            yield name, component.get("parameters") or []


def _compare(wanted: Mapping[str, Wanted], given: Mapping[str, list[Any]], where: str = "") -> None:
    for part in (*wanted, *(part for part in given if part not in wanted)):
        _compare_part(f"{where}{part}", wanted.get(part, Wanted(())), given.get(part, []))


def _compare_part(part: str, wanted: Wanted, given: list[Any]) -> None:
    if not given and wanted.may_lack:
        return
    where, _, index = part.rpartition(" ")
    if where.endswith("button") and wanted.types and not given:
        raise Problem(131008, f"{where}s: Button at index {index} requires a parameter")
    if len(given) != len(wanted.types):
        if len(wanted.types) == 1 and wanted.types[0] not in _TEXTS and not given:
            raise Problem(132012, f"{part}: Format mismatch, expected {wanted.types[0].upper()}, received UNKNOWN")
        raise Problem(
            132000,
            f"{part}: number of localizable_params ({len(given)}) does not match the expected number of params"
            f" ({len(wanted.types)})",
        )
    for type_, parameter in zip(wanted.types, given, strict=True):
        _compare_parameter(part, type_, parameter)
    _check_names(part, wanted, given)
    _check_length(part, wanted, given)


def _compare_parameter(part: str, type_: str, parameter: Mapping[str, Any]) -> None:
    is_fit = parameter["type"].lower() in _TEXTS if type_ == "text" else parameter["type"].lower() == type_
    if not is_fit:
        got = parameter["type"].upper()
        raise Problem(132012, f"{part}: Format mismatch, expected {type_.upper()}, received {got}")
    if part.endswith("body") and _BAD_TEXT.search(_text_of(parameter)):
        raise Problem(132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")


def _check_names(part: str, wanted: Wanted, given: list[Any]) -> None:
    if not wanted.names:
        return
    names = [parameter.get("parameter_name") for parameter in given]
    if None in names:
        raise Problem(100, f"{part}: Parameter name is missing or empty")
    if set(names) != set(wanted.names):
        raise Problem(132012, f"{part}: parameters are named {', '.join(wanted.names)}")


def _check_length(part: str, wanted: Wanted, given: list[Any]) -> None:
    length = len(_GAP.sub("", wanted.text)) + sum(len(_text_of(parameter)) for parameter in given)
    if part.endswith("body") and length > _LONGEST:
        raise Problem(132005, f"{part}: text is {length} characters long, at most {_LONGEST} are allowed")


def _text_of(parameter: Mapping[str, Any]) -> str:
    kind = parameter["type"].lower()
    if kind == "text":
        return str(parameter["text"])
    return str(parameter[kind]["fallback_value"]) if kind in _TEXTS else ""
