"""One of each thing that a path of the API can name, made through the API."""

from __future__ import annotations

from typing import Any

import msgspec

from backoffice.consent.import_views import ListToImport
from backoffice.consent.views import ConsentToRecord
from backoffice.journeys.suppression_views import StopsToImport
from backoffice.notices.views import WebhookToRegister
from tests.cast import ANNA, DECLARED
from tests.roads.conftest import Asking


async def one_of_each(asking: Asking) -> dict[str, str]:
    """Make one of each thing that a path can name; return their ids by the names of paths."""
    offer = {
        "channel": "whatsapp",
        "sender_id": str(asking.shop.sender_id),
        "purpose": "marketing",
        "topic": "lamps",
        "template": {"name": "autumn_lamps", "language": "en"},
        "declared": msgspec.to_builtins(DECLARED),
    }
    wanted: dict[str, dict[str, Any]] = {
        "/v1/sends": {**offer, "to": ANNA},
        "/v1/campaigns": {**offer, "name": "Autumn", "recipients": [{"to": ANNA}]},
        "/v1/consents": ConsentToRecord.EXAMPLE,
        "/v1/contacts/imports": ListToImport.EXAMPLE,
        "/v1/suppressions/imports": StopsToImport.EXAMPLE,
        "/v1/webhooks": WebhookToRegister.EXAMPLE,
    }
    made = {path: (await asking.post(path, body, key=path)).json() for path, body in wanted.items()}
    await asking.post(f"/v1/campaigns/{made['/v1/campaigns']['id']}/preview", key="preview")
    told = await asking.post(f"/v1/webhooks/{made['/v1/webhooks']['id']}/try", key="try")
    return {
        "send_id": made["/v1/sends"]["id"],
        "decision_id": made["/v1/sends"]["decision_id"],
        "campaign_id": made["/v1/campaigns"]["id"],
        "contact_id": made["/v1/consents"]["contact_id"],
        "consent_id": made["/v1/consents"]["consents"][0]["id"],
        "import_id": made["/v1/contacts/imports"]["id"],
        "stops_id": made["/v1/suppressions/imports"]["id"],
        "sender_id": str(asking.shop.sender_id),
        "webhook_id": made["/v1/webhooks"]["id"],
        "delivery_id": told.json()["id"],
    }
