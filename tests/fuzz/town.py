"""What is there before anything is fuzzed: two shops, their people, and one of each thing that a path can name."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import httpx
import msgspec

from backoffice.accounts.service import issue_key
from backoffice.kernel.clock import system_clock
from tests.campaigns.making import csv_of, line
from tests.cast import ANNA, BORISS, CELIA, DECLARED, hold_registers, know, open_shop

if TYPE_CHECKING:
    from backoffice.plumbing.install import Install, Work

_PATIENCE = 60.0  # seconds until the worker has done what was asked
_LOOK = 0.1  # seconds


class Town(NamedTuple):
    """The key of the shop that asks, its number, and what is known, by the names of paths, queries and bodies."""

    key: str
    sender_id: UUID
    known: dict[str, list[str]]


async def open_town(install: Install) -> Town:
    """Open the two shops; ids come with `settle`."""
    async with install.unit_of_work() as work:
        await hold_registers(work)
        key, sender_id, contact_id = await _open(work, "+37129999901")
        _, other_sender, other_contact = await _open(work, "+37129999902")
    known = {
        "sender_id": [str(sender_id), str(sender_id), str(other_sender)],
        "contact_id": [contact_id, contact_id, other_contact],
        "to": [ANNA, BORISS, CELIA],
        "address": [ANNA, BORISS, CELIA, "dace@example.org"],
        "country": ["LV", "US", ""],
        "code": ["body_missing", "number_invalid"],
    }
    return Town(key, sender_id, known)


async def _open(work: Work, number: str) -> tuple[str, UUID, str]:
    shop = await open_shop(work, number=number, credits_=100_000)
    ref = await know(work, shop, ANNA)
    await know(work, shop, BORISS, has_consent=False)
    return await issue_key(work, shop.account_id), shop.sender_id, str(ref.id)


def settle(url: str, town: Town) -> Town:
    """Ask for one of each thing, through the API, and wait until what the worker does of it is done."""
    headers = {"Authorization": f"Bearer {town.key}"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as http:
        asked = _Asking(http)
        later: dict[str, Any] = {"send_at": (system_clock() + timedelta(days=2)).isoformat()}
        sends = [asked.post("/v1/sends", _send(town) | more) for more in ({"to": ANNA}, {"to": BORISS}, later)]
        consents = asked.get(f"/v1/consents?contact_id={town.known['contact_id'][0]}")
        imported, waiting = (asked.post("/v1/contacts/imports", {"name": name})["id"] for name in ("Fair", "Shop"))
        for verb in ("preview", "commit"):
            asked.post_file(f"/v1/contacts/imports/{imported}/{verb}", _LIST)
        list_id = asked.until(f"/v1/contacts/imports/{imported}", "committed")["list_id"]
        stopped, idle = (asked.post("/v1/suppressions/imports", {"name": name})["id"] for name in ("Old", "Older"))
        asked.post_file(f"/v1/suppressions/imports/{stopped}/commit", _STOPS)
        asked.until(f"/v1/suppressions/imports/{stopped}", "committed")
        audiences: list[dict[str, Any]] = [
            {"recipients": [{"to": ANNA}, {"to": BORISS}]},
            {"list_id": list_id},
            {"file": {}},
        ]
        campaigns = [asked.post("/v1/campaigns", _campaign(town) | more)["id"] for more in audiences]
        for campaign_id in campaigns[:2]:
            asked.until(f"/v1/campaigns/{campaign_id}", "ready")
            asked.post(f"/v1/campaigns/{campaign_id}/preview")
        webhook_id = asked.post("/v1/webhooks", {"form": "standard", "url": _NOWHERE})["id"]
        told = asked.post(f"/v1/webhooks/{webhook_id}/try")["id"]
        asked.post(f"/v1/campaigns/{campaigns[0]}/start")
    ids = {
        "send_id": [one["id"] for one in sends],
        "decision_id": [one["decision_id"] for one in sends],
        "consent_id": [one["id"] for one in consents],
        "import_id": [imported, waiting],
        "stops_id": [stopped, idle],
        "list_id": [list_id],
        "campaign_id": campaigns,
        "webhook_id": [webhook_id],
        "delivery_id": [told],
    }
    return town._replace(known={**town.known, **ids})


_NOWHERE = "http://127.0.0.1:9/hooks"  # where nobody listens
_LIST = csv_of([line(0), line(1)]).getvalue()
_STOPS = b"phone,date\n+37126000777,2026-01-02\n"


def _send(town: Town) -> dict[str, Any]:
    return {**_offer(town), "to": ANNA}


def _campaign(town: Town) -> dict[str, Any]:
    return {**_offer(town), "name": "Autumn"}


def _offer(town: Town) -> dict[str, Any]:
    return {
        "channel": "whatsapp",
        "sender_id": str(town.sender_id),
        "purpose": "marketing",
        "topic": "lamps",
        "template": {"name": "autumn_lamps", "language": "en"},
        "declared": msgspec.to_builtins(DECLARED),
    }


class _Asking:
    """Whoever asks, with a new idempotency key each time."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._count = 0

    def post(self, path: str, body: Any = None) -> Any:  # noqa: ANN401  # JSON
        """Post JSON, and return what it is answered."""
        return self._told(self._http.post(path, json=body, headers=self._key()))

    def post_file(self, path: str, file: bytes) -> Any:  # noqa: ANN401  # JSON
        """Post a file, and return what it is answered."""
        return self._told(self._http.post(path, content=file, headers={**self._key(), "Content-Type": "text/csv"}))

    def get(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """Return what is there."""
        return self._told(self._http.get(path))

    def until(self, path: str, state: str) -> Any:  # noqa: ANN401  # JSON
        """Wait until something is in a state."""
        ends_at = time.monotonic() + _PATIENCE
        while (told := self.get(path))["state"] != state:
            if time.monotonic() > ends_at:
                raise TimeoutError(told)
            time.sleep(_LOOK)
        return told

    def _key(self) -> dict[str, str]:
        self._count += 1
        return {"Idempotency-Key": f"settle-{self._count}"}

    @staticmethod
    def _told(answer: httpx.Response) -> Any:  # noqa: ANN401  # JSON
        if answer.is_error:
            raise ValueError(answer.text)
        return answer.json()
