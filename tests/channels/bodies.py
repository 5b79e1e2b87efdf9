"""Webhook bodies: of the Cloud API's form with anything in them, and bytes that something happened to."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.delivery.webhooks import ANNA_ID, NAMES

_SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.text(max_size=20),
    st.floats(allow_nan=False, allow_infinity=False),
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
_MOMENTS = st.one_of(st.integers(1_600_000_000, 1_900_000_000).map(str), ANYTHING)
_PHONES = st.one_of(st.sampled_from(["37126000001", "13055550106", "+371 2600-0001", "0"]), ANYTHING)
_SCOPED = st.one_of(st.sampled_from([ANNA_ID, "US.ENT.11815799212886844830", "LV."]), ANYTHING)
_WORDS = st.one_of(st.sampled_from(["STOP", "стоп", "Hello", "START"]), ANYTHING)


def _some(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects that have some of these parts."""
    return st.fixed_dictionaries({}, optional=parts)


_NAMES_OF_STATUSES = ["sent", "delivered", "read", "failed", "played", "deleted"]


def _statuses(sends: Sequence[str]) -> st.SearchStrategy[Any]:
    any_ = _some(
        id=st.one_of(st.just("wamid.1"), ANYTHING),
        status=st.one_of(st.sampled_from(_NAMES_OF_STATUSES), ANYTHING),
        timestamp=_MOMENTS,
        recipient_id=_PHONES,
        biz_opaque_callback_data=st.one_of(st.uuids().map(str), ANYTHING),
        errors=st.one_of(st.lists(_some(code=st.one_of(st.integers(), ANYTHING)), max_size=2), ANYTHING),
    )
    return st.one_of(any_, _whole(sends)) if sends else any_


def _whole(sends: Sequence[str]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {
            "id": st.just("wamid.1"),
            "status": st.sampled_from(_NAMES_OF_STATUSES),
            "timestamp": st.integers(1_790_000_000, 1_900_000_000).map(str),
            "biz_opaque_callback_data": st.sampled_from(sends),
        }
    )


_MESSAGES = _some(
    **{"from": _PHONES},
    from_user_id=_SCOPED,
    id=st.one_of(st.text(max_size=10), ANYTHING),
    timestamp=_MOMENTS,
    type=st.one_of(
        st.sampled_from(["text", "button", "interactive", "image", "system", "unsupported", "order"]), ANYTHING
    ),
    text=st.one_of(_some(body=_WORDS), ANYTHING),
    button=st.one_of(_some(text=_WORDS, payload=_WORDS), ANYTHING),
    interactive=st.one_of(_some(button_reply=_some(id=_WORDS, title=_WORDS), list_reply=ANYTHING), ANYTHING),
    image=st.one_of(_some(id=ANYTHING, caption=_WORDS), ANYTHING),
    context=st.one_of(_some(id=ANYTHING), ANYTHING),
    system=st.one_of(_some(wa_id=_PHONES), ANYTHING),
)
_PREFERENCES = _some(
    wa_id=_PHONES,
    user_id=_SCOPED,
    value=st.one_of(st.sampled_from(["stop", "resume"]), ANYTHING),
    category=st.one_of(st.just("marketing_messages"), ANYTHING),
    timestamp=_MOMENTS,
)
_FIELDS = st.one_of(
    st.sampled_from(
        ["messages", "user_preferences", "account_update", "business_capability_update", "phone_number_quality_update"]
    ),
    ANYTHING,
)


def bodies(sends: Sequence[str] = ()) -> st.SearchStrategy[dict[str, Any]]:
    """Return bodies of a webhook, of which any part may be anything; some statuses are of these sends."""
    values = _some(
        metadata=st.one_of(_some(phone_number_id=st.one_of(st.just(NAMES.code), ANYTHING)), ANYTHING),
        contacts=st.one_of(st.lists(_some(wa_id=_PHONES, user_id=_SCOPED), max_size=2), ANYTHING),
        statuses=st.one_of(st.lists(st.one_of(_statuses(sends), ANYTHING), max_size=3), ANYTHING),
        messages=st.one_of(st.lists(st.one_of(_MESSAGES, ANYTHING), max_size=3), ANYTHING),
        user_preferences=st.one_of(st.lists(st.one_of(_PREFERENCES, ANYTHING), max_size=2), ANYTHING),
        ban_info=st.one_of(_some(waba_ban_state=st.sampled_from(["DISABLE", "REINSTATE", "x"])), ANYTHING),
        event=ANYTHING,
        max_daily_conversations_per_business=ANYTHING,
        current_limit=st.one_of(st.sampled_from(["TIER_250", "TIER_2K", "TIER_UNLIMITED"]), ANYTHING),
    )
    changes = _some(field=_FIELDS, value=st.one_of(values, ANYTHING))
    listed = st.one_of(st.lists(changes, max_size=3), ANYTHING)
    entries = st.lists(
        st.one_of(_some(id=st.one_of(st.just(NAMES.account), ANYTHING), changes=listed), ANYTHING), max_size=3
    )
    if sends:
        good = st.lists(_whole(sends), min_size=1, max_size=5).map(
            lambda told: [{"changes": [{"field": "messages", "value": {"statuses": told}}]}]
        )
        entries = st.one_of(entries, good)
    return st.fixed_dictionaries({"object": st.just("whatsapp_business_account"), "entry": entries})


def mutated(raw: bytes, dice: Random) -> bytes:
    """Return these bytes after something happened to them on the way."""
    low, high = sorted((dice.randrange(len(raw)), dice.randrange(len(raw))))
    byte = dice.randrange(256)
    ways = (
        raw[:low] + bytes([byte]) + raw[low + 1 :],  # one is another
        raw[:low],  # the rest is missing
        raw[:high] + raw[low:],  # a part comes twice
        raw[:low] + raw[high:],  # a part is missing
        raw[:low] + bytes([byte]) * 50 + raw[low:],  # there is more
    )
    return dice.choice(ways)
