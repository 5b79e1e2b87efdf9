"""The examples of the description: each runs as it stands, but for the ids, which are those of the shop that asks."""

from __future__ import annotations

from typing import Any

import msgspec

from backoffice.campaigns.asking import CampaignToCreate
from backoffice.main import create_app
from backoffice.plumbing.http.openapi import describe
from backoffice.plumbing.install import Install
from backoffice.relay.views import SendAsked
from tests.roads.conftest import Asking
from tests.roads.making import one_of_each

NUMBER = SendAsked.EXAMPLE["sender_id"]


async def _asked(asking: Asking, path: str, media: str, example: Any) -> int:  # noqa: ANN401  # JSON or text
    """Ask with an example; return the status."""
    written = example if isinstance(example, str) else msgspec.json.encode(example).decode()
    body = written.replace(NUMBER, str(asking.shop.sender_id)).encode()
    headers = {"Content-Type": media, "Idempotency-Key": f"example of {path}"}
    return (await asking.http.post(path, content=body, headers=headers)).status_code


async def test_every_example_runs_as_it_stands(install: Install, asking: Asking) -> None:
    """Bodies and files alike, with the status that is described."""
    ids = await one_of_each(asking)
    waiting = {**CampaignToCreate.EXAMPLE, "sender_id": str(asking.shop.sender_id), "recipients": [], "file": {}}
    ids["campaign_id"] = (await asking.post("/v1/campaigns", waiting, key="waits for its file")).json()["id"]
    paths = describe(create_app(install))["paths"]
    posts = [(path, verbs["post"]) for path, verbs in paths.items() if "requestBody" in verbs.get("post", {})]
    ran, wrong = 0, {}
    for path, told in sorted(posts, key=lambda post: post[0].endswith("/commit")):  # once it was previewed
        for media, content in told["requestBody"]["content"].items():
            for one in content.get("examples", {}).values():
                status = await _asked(asking, path.format(**ids), media, one["value"])
                ran += 1
                if str(status) not in told["responses"]:
                    wrong[path] = status

    assert wrong == {}
    assert ran >= len(posts) - 2, "providers' callbacks have none"
