"""Webhooks of the Cloud API, written by hand as its reference has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backoffice.accounts.numbers import Names
from backoffice.channels import wire

if TYPE_CHECKING:
    from datetime import datetime

    import httpx

SECRET, VERIFY = "of the app", "our word"
NAMES = Names("106540352242922", "102290129340398", "506914307656634")
ANNA_ID = "LV.13491208655302741918"
URL = "/v1/providers/whatsapp/webhook"


def webhook(*changes: tuple[str, dict[str, Any]], account: str = NAMES.account) -> bytes:
    """Return a body with these changes, each a field and its value."""
    told = [{"field": field, "value": value} for field, value in changes]
    return msgspec.json.encode({"object": "whatsapp_business_account", "entry": [{"id": account, "changes": told}]})


def of_number(code: str = NAMES.code, **parts: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """Return the value of a change that speaks of one number."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "37129999901", "phone_number_id": code},
        **parts,
    }


def text(
    words: str,
    at: datetime,
    *,
    phone: str = "37126000001",
    message: str = "wamid.1",
    **more: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Return what somebody wrote."""
    told = {"id": message, "timestamp": str(int(at.timestamp())), "type": "text", "text": {"body": words}, **more}
    return {**({"from": phone} if phone else {}), **told}


def wrote(words: str, at: datetime, **more: Any) -> bytes:  # noqa: ANN401
    """Return the body that brings what somebody wrote."""
    return webhook(("messages", of_number(messages=[text(words, at, **more)])))


async def post(http: httpx.AsyncClient, raw: bytes, signature: str | None = None) -> int:
    """Post a body as WhatsApp does; return how it was answered."""
    signed = wire.sign(SECRET.encode(), raw) if signature is None else signature
    response = await http.post(URL, content=raw, headers={wire.SIGNATURE: signed})
    return response.status_code
