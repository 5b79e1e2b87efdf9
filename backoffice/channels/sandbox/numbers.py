"""Numbers: what the API tells of one, and whom it has barred from writing to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from backoffice.channels.sandbox.replies import Problem, Reply, success, title_of
from backoffice.channels.sandbox.requests import Request
from backoffice.channels.sandbox.setup import Number
from backoffice.channels.sandbox.shapes import Fields, Items, Text, check
from backoffice.channels.sandbox.state import Person, State

MOST_BARRED = 64_000
MOST_AT_ONCE = 1_000

TIERS: Mapping[int, str] = {50: "TIER_50", 250: "TIER_250", 2_000: "TIER_2K", 10_000: "TIER_10K", 100_000: "TIER_100K"}

_BARRING = Fields(
    needs={
        "messaging_product": Text(of=("whatsapp",)),
        "block_users": Items(
            Fields(may={"user": Text(64), "user_id": Text(256)}, one_of=("user", "user_id")), most=100_000
        ),
    }
)


def tier_name(tier: int) -> str:
    """Return what the API calls a tier.

    >>> tier_name(2000), tier_name(0), tier_name(3)
    ('TIER_2K', 'TIER_UNLIMITED', 'TIER_50')
    """
    if tier == 0:
        return "TIER_UNLIMITED"
    return next((name for most, name in TIERS.items() if tier <= most), "TIER_UNLIMITED")


_UNASKED = "verified_name,code_verification_status,display_phone_number,quality_rating,throughput"


def info(state: State, number: Number, request: Request) -> Reply:
    """Tell of a number the fields asked for, or those that come unasked; fields it has no word for are left out."""
    return success(_info(state, number, request))


def listed(state: State, waba_id: str, request: Request) -> Reply:
    """Tell the same of all numbers of an account."""
    found = [number for _, number in state.numbers.items() if number.waba_id == waba_id]
    return success({"data": [_info(state, number, request) for number in found]})


def _info(state: State, number: Number, request: Request) -> dict[str, Any]:
    all_, asked = _all(state, number), request.query.get("fields") or _UNASKED
    names = [re.sub(r"[({.].*", "", name) for name in asked.split(",")]
    return {name: all_[name] for name in (*names, "id") if name in all_}


def _all(state: State, number: Number) -> dict[str, Any]:
    return {
        "id": number.phone_number_id,
        "verified_name": number.verified_name,
        "display_phone_number": number.display_phone_number,
        "quality_rating": number.quality,
        "quality_score": {"score": number.quality},
        "status": "BANNED" if number.code in {368, 131031} else "CONNECTED",
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "account_mode": "SANDBOX",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "HIGH" if number.throughput > 80 else "STANDARD"},
        "whatsapp_business_manager_messaging_limit": tier_name(state.tier_of(number.portfolio)),
        "is_official_business_account": False,
        "is_on_biz_app": number.throughput <= 20,
        "is_pin_enabled": False,
        "health_status": {"can_send_message": "BLOCKED" if number.code else "AVAILABLE", "entities": []},
    }


def change_barred(state: State, number: Number, request: Request) -> Reply:
    """Bar persons from writing to a number and from being written to, or let them again; each has an own answer."""
    body = request.json()
    check(_BARRING, body)
    if len(body["block_users"]) > MOST_AT_ONCE:
        raise Problem(130429, f"At most {MOST_AT_ONCE} persons a request.")
    is_barring = request.method == "POST"
    done, failed, room = [], [], MOST_BARRED - len(_barred(state, number))
    with state.memory.whole():
        for one in body["block_users"]:
            entered = one.get("user") or one.get("user_id")
            person = _find(state, number, one)
            code = _bar(state, number, person, room) if is_barring else _let(state, number, person)
            room -= not code
            told = {"input": entered, **_told(person)}
            if code:
                failed.append({**told, "errors": [_error(code)]})
            else:
                done.append(told)
    answered: dict[str, Any] = {"added_users" if is_barring else "removed_users": done}
    if not failed:
        return success({"messaging_product": "whatsapp", "block_users": answered})
    is_full = not done and all(one["errors"][0]["code"] == 139101 for one in failed)
    words = "Failed to block some users, see the block_users response list for details"
    answered["failed_users"] = failed
    raise Problem(139101 if is_full else 139100, words, block_users=answered)


def _find(state: State, number: Number, one: Mapping[str, Any]) -> Person | None:
    if one.get("user_id") is not None:
        return state.find_by_bsuid(number.portfolio, one["user_id"])
    digits = re.sub(r"\D", "", one["user"])
    return state.person_by_phone(number.portfolio, digits) if 7 <= len(digits) <= 15 else None


def _told(person: Person | None) -> dict[str, str]:
    if person is None:
        return {}
    return {"wa_id": person.wa_id, "user_id": person.bsuid} if person.wa_id else {"user_id": person.bsuid}


def _error(code: int) -> dict[str, Any]:
    return {"message": title_of(code), "code": code, "error_data": {"details": title_of(code)}}


def _bar(state: State, number: Number, person: Person | None, room: int) -> int:
    """Bar one, where there is room; return the code of why not, or 0."""
    if person and person.wa_id == number.display_phone_number.lstrip("+"):
        return 131021
    if person is None or not state.is_in_window(number, person, state.now()):
        return 131047
    key = f"{number.phone_number_id}/{person.key}"
    if key not in state.barred and room < 1:
        return 139101
    state.barred.put(key, state.now())
    return 0


def _let(state: State, number: Number, person: Person | None) -> int:
    if person is not None:
        state.barred.drop(f"{number.phone_number_id}/{person.key}")
    return 0


def _barred(state: State, number: Number) -> list[str]:
    begin = f"{number.phone_number_id}/"
    return sorted(key.removeprefix(begin) for key, _ in state.barred.items() if key.startswith(begin))


def list_barred(state: State, number: Number, request: Request) -> Reply:
    """Tell whom a number has barred, a page at a time."""
    keys, query = _barred(state, number), request.query
    after, limit = query.get("after", ""), query.get("limit", "")
    size = min(max(int(limit), 1), 1000) if limit.isdecimal() and len(limit) < 7 else 25
    rest = [key for key in keys if key > after]
    page = rest[:size]
    told: dict[str, Any] = {
        "data": [_listed(state, number, key) for key in page],
        "paging": {"cursors": {"before": page[0] if page else "", "after": page[-1] if page else ""}},
    }
    if len(rest) > size:
        host = request.headers.get("host", "127.0.0.1")
        path = request.target.partition("?")[0]
        told["paging"]["next"] = f"http://{host}{path}?limit={size}&after={page[-1]}"
    return success(told)


def _listed(state: State, number: Number, key: str) -> dict[str, str]:
    person = state.people.get(f"{number.portfolio}/{key}")
    return {"messaging_product": "whatsapp", "input": key, **_told(person)}
