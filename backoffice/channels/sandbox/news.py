"""News: what webhooks tell of a number that Meta has changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backoffice.channels.sandbox.numbers import tier_name
from backoffice.channels.sandbox.setup import Number


def news_of(old: Number, new: Number, at: datetime) -> list[tuple[str, dict[str, Any]]]:
    """Return the fields and values of the webhooks that tell what changed."""
    news: list[tuple[str, dict[str, Any]]] = []
    about = {"display_phone_number": new.display_phone_number.lstrip("+")}
    limit = tier_name(new.tier)
    if new.quality != old.quality:
        event = "FLAGGED" if new.quality == "RED" else "UNFLAGGED"
        news.append(("phone_number_quality_update", {**about, "event": event, "current_limit": limit}))
    if new.tier != old.tier:
        is_up = new.tier == 0 or 0 < old.tier < new.tier
        told = {"event": "UPGRADE" if is_up else "DOWNGRADE", "old_limit": tier_name(old.tier), "current_limit": limit}
        news.append(("phone_number_quality_update", {**about, **told, "max_daily_conversations_per_business": limit}))
        capability = {"max_daily_conversations_per_business": new.tier or -1, "max_phone_numbers_per_waba": 25}
        news.append(("business_capability_update", capability))
    if new.throughput > old.throughput:
        told = {"event": "THROUGHPUT_UPGRADE", "current_limit": "TIER_UNLIMITED"}
        news.append(("phone_number_quality_update", {**about, **told}))
    if new.code != old.code and (value := _account_news(new, at)):
        news.append(("account_update", value))
    return news


def _account_news(new: Number, at: datetime) -> dict[str, Any] | None:
    if new.code == 131048:
        until = int(at.timestamp()) + 86_400
        restriction = {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": until}
        return {"event": "ACCOUNT_RESTRICTION", "restriction_info": [restriction]}
    if new.code in {0, 368, 131031}:
        state, day = "DISABLE" if new.code else "REINSTATE", f"{at:%B} {at.day}, {at.year}"
        return {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": state, "waba_ban_date": day}}
    return None
