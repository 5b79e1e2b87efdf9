"""Draining: a web part that is told to stop ends its streams at once, and answers all else that it took in."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest

from backoffice.accounts.service import issue_key
from backoffice.campaigns import service
from backoffice.cli.apart import free_port
from backoffice.plumbing.vault.keys import key_file
from tests.campaigns.making import named, wanted
from tests.fuzz.service import running

if TYPE_CHECKING:
    from pathlib import Path

    from backoffice.plumbing.install import Install
    from tests.cast import Shop

STREAMS = 5


@pytest.fixture
async def watched(install: Install, shop: Shop) -> tuple[str, str]:
    """A campaign that nobody works on, so that watching it has no end; and the key of its account."""
    async with install.unit_of_work() as work:
        made = await service.create(work, shop.account_id, wanted(shop, recipients=named(1_001)))
        return f"/v1/campaigns/{made.id}/events", await issue_key(work, shop.account_id)


async def test_open_streams_end_at_once_and_hold_up_nothing(
    install: Install, watched: tuple[str, str], tmp_path: Path
) -> None:
    """Each comes to its proper end, as if the campaign's had come; the process ends well."""
    path, key = watched
    settings = msgspec.structs.replace(
        install.settings,
        data=tmp_path,
        master_key_file=key_file(install.settings),
        port=free_port("127.0.0.1", 0),
    )
    with running(settings, tmp_path, "serve") as served, ExitStack() as opened:
        http = opened.enter_context(
            httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {key}"}, timeout=120)
        )
        streams = [opened.enter_context(http.stream("GET", path)).iter_text() for _ in range(STREAMS)]
        begun = [next(stream) for stream in streams]
        served.parts["serve"].terminate()
        left = ["".join(stream) for stream in streams]
        code = served.parts["serve"].wait()

    assert all("event: progress" in one for one in begun)
    assert all(one == "" or one.endswith("\n\n") for one in left), "none is cut in two"
    assert code == 0
