"""Moving: a fake provider's clock follows the sandbox's, so that what it tells is told of the same day."""

from __future__ import annotations

from datetime import datetime

import httpx

from backoffice.kernel.errors import Unavailable

PATH = "/sandbox/clock"
_PATIENCE = 5.0  # seconds


async def move_provider(url: str, at: datetime) -> bool:
    """Tell a fake provider what time it is; return whether it has a clock that can be moved.

    Raises Unavailable (`provider_away`) where it doesn't answer.
    """
    try:
        async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE, trust_env=False) as http:
            answer = await http.put(PATH, json={"at": at.isoformat()})
    except httpx.HTTPError as fault:
        raise Unavailable("provider_away", why=type(fault).__name__) from None
    return answer.is_success
