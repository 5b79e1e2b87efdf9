"""Traffic: the shops' programs, which ask again with the same key until they are answered, and people who say stop.

All of it goes over HTTP. What was acknowledged is remembered, to be asked of the database afterwards.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import httpx
import msgspec

from tests.cast import DECLARED

if TYPE_CHECKING:
    from backoffice.channels.sandbox.running import RunningProvider
    from tests.chaos.story import Plan
    from tests.chaos.town import Street

_AGAIN = 0.3  # seconds until a request without an answer is sent again
_LOOK = 0.05  # seconds between two looks at how far the storm is
_PATIENCE = 20.0  # seconds for one answer
_HASTY, _HASTE = 0.1, 0.03  # share of requests whose first answer is awaited for so few seconds only
_HANDS = 6  # single sends that a shop's program has under way
_JUST_THEN = 0.5  # share of stops of those who are the next to be sent to
_BY_REPLY = 0.5  # share of stops that persons write to the number
_WAYS_TO_STOP = ("STOP", "Stop!", "стоп", "stop pls")
_MOST_REPLAYED = 2_000
_RUNNING = 409  # the first request with this key is still at work


class Acknowledged(NamedTuple):
    """A request that was answered, for good: what it asked, and what came back."""

    path: str
    headers: dict[str, str]
    asked: dict[str, Any] | None
    status: int
    body: bytes

    @property
    def is_done(self) -> bool:
        """Whether it was not refused."""
        return 200 <= self.status < 300

    @property
    def id(self) -> UUID:
        """The id of what was made."""
        return UUID(msgspec.json.decode(self.body)["id"])


NextToLeave = Callable[[UUID], Awaitable[bytes | None]]
"""Names a person of an account whose send is about to be looked at again; None where nobody's is."""


class Traffic:
    """What the shops and their people ask for, in step with the storm: `share` says how far it is, from 0 to 1."""

    def __init__(
        self,
        url: str,
        plan: Plan,
        dice: random.Random,
        share: Callable[[], float],
        next_to_leave: NextToLeave,
        provider: RunningProvider,
    ) -> None:
        self._next_to_leave = next_to_leave
        self._provider = provider
        self._plan = plan
        self._dice = dice
        self._share = share
        self.acknowledged: list[Acknowledged] = []
        self.unanswered = 0  # attempts that got no answer, or none that counts
        self.waiting = 0  # requests that have no answer yet
        self.stops = 0
        self.replies = 0
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        self._http = httpx.AsyncClient(base_url=url, limits=limits, trust_env=False)

    async def run(self, streets: list[Street]) -> None:
        """Ask for everything, and return when everything was answered."""
        async with asyncio.TaskGroup() as group:
            for place, street in enumerate(streets):
                for number, people in enumerate(street.campaigns):
                    is_stopped = place == 0 and number >= self._plan.campaigns - self._plan.stopped
                    group.create_task(self._campaign(street, number, people, is_stopped=is_stopped))
                for hand in range(_HANDS):
                    group.create_task(self._singles(street, hand))
                group.create_task(self._stops(street))

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def replay(self) -> tuple[int, int]:
        """Ask again what was done, or a sample of it; return how much, and how often the answer was another."""
        done = [one for one in self.acknowledged if one.is_done]
        again = iter(self._dice.sample(done, min(len(done), _MOST_REPLAYED)))
        others = await asyncio.gather(*(self._replay(again) for _ in range(_HANDS)))
        return min(len(done), _MOST_REPLAYED), sum(others)

    async def _replay(self, again: Iterator[Acknowledged]) -> int:
        others = 0
        for one in again:
            answer = await self._ask("POST", one.path, one.headers, one.asked)
            others += (answer.status_code, answer.content) != (one.status, one.body)
        return others

    async def _until(self, share: float) -> None:
        while self._share() < share:  # noqa: ASYNC110  # the storm tells nobody
            await asyncio.sleep(_LOOK)

    async def _campaign(self, street: Street, number: int, people: list[str], *, is_stopped: bool) -> None:
        """Create a campaign, start it, pause and resume it or stop it; and let people say stop who still wait."""
        await self._until(number / self._plan.campaigns)
        told = {"recipients": [{"to": one, "parameters": {"lamp": one[-4:]}} for one in people]}
        made = await self._post(
            street, "/v1/campaigns", f"campaign-{number}", _offer(street) | told | {"name": "Autumn"}
        )
        path = f"/v1/campaigns/{made.id}"
        while (await self._state(street, path)) != "ready":  # noqa: ASYNC110  # another process
            await asyncio.sleep(_AGAIN)
        for verb in ("start", "stop") if is_stopped else ("start", "pause", "resume"):
            await self._post(street, f"{path}/{verb}", f"{verb}-{number}")
            await asyncio.sleep(self._dice.random())
        for person in self._dice.sample(people[len(people) // 2 :], self._stops_each(street) // 2):
            await self._stop(street, person)

    async def _singles(self, street: Street, hand: int) -> None:
        for place in range(hand, len(street.singles), _HANDS):
            await self._until(place / len(street.singles))
            own = {"to": street.singles[place], "parameters": {"lamp": str(place)}}
            await self._post(street, "/v1/sends", f"single-{place}", _offer(street) | own)

    async def _stops(self, street: Street) -> None:
        """Let people say stop all the time: before, while and after their message is on its way; half just then."""
        each = self._stops_each(street)
        said = [
            ((place + self._dice.random() * 1.2) / self._plan.campaigns, person)
            for place, people in enumerate(street.campaigns)
            for person in self._dice.sample(people, each // 2)
        ]
        said += [(self._dice.random(), person) for person in self._dice.sample(street.singles, each)]
        for moment, person in sorted(said):
            await self._until(min(moment, 1.0))
            token = await self._next_to_leave(street.shop.account_id) if self._dice.random() < _JUST_THEN else None
            await self._stop(street, street.known[token] if token else person)

    def _stops_each(self, street: Street) -> int:
        """Return how many stops there are to a campaign, or to the single sends."""
        return self._plan.stops // (len(street.campaigns) + 1)

    async def _stop(self, street: Street, person: str) -> None:
        self.stops += 1
        if self._dice.random() < _BY_REPLY:
            await asyncio.to_thread(self._reply, street, person)
            return
        told = {"address": person, "scope": "marketing"}
        await self._post(street, "/v1/suppressions", f"stop-{self.stops}", told)

    def _reply(self, street: Street, person: str) -> None:
        """Let a person write to the shop's number: WhatsApp tells us, until we answer that we heard."""
        said = self._dice.choice(_WAYS_TO_STOP)
        told = {
            "phone_number_id": street.code,
            "from": person.removeprefix("+"),
            "type": "text",
            "text": {"body": said},
        }
        self._provider.control("POST", "inbound", told)
        self.replies += 1

    async def _state(self, street: Street, path: str) -> str:
        answer = await self._ask("GET", path, _headers(street))
        return str(msgspec.json.decode(answer.content)["state"])

    async def _post(self, street: Street, path: str, key: str, body: dict[str, Any] | None = None) -> Acknowledged:
        """Ask with a key until there is an answer, and remember it."""
        headers = _headers(street) | {"Idempotency-Key": key}
        self.waiting += 1
        answer = await self._ask("POST", path, headers, body)
        self.waiting -= 1
        done = Acknowledged(path, headers, body, answer.status_code, answer.content)
        self.acknowledged.append(done)
        return done

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None = None
    ) -> httpx.Response:
        patience = self._dice.random() * _HASTE if self._dice.random() < _HASTY else _PATIENCE
        while True:
            try:
                answer = await self._http.request(method, path, headers=headers, json=body, timeout=patience)
            except httpx.HTTPError:
                pass
            else:
                if not answer.is_server_error and not _is_running(answer):
                    return answer
            self.unanswered, patience = self.unanswered + 1, _PATIENCE
            await asyncio.sleep(_AGAIN)


def _is_running(answer: httpx.Response) -> bool:
    return answer.status_code == _RUNNING and b"idempotency_key_running" in answer.content


def _headers(street: Street) -> dict[str, str]:
    return {"Authorization": f"Bearer {street.key}"}


def _offer(street: Street) -> dict[str, Any]:
    return {
        "channel": "whatsapp",
        "sender_id": str(street.shop.sender_id),
        "purpose": "marketing",
        "topic": "lamps",
        "template": {"name": "autumn_lamps", "language": "en"},
        "declared": msgspec.to_builtins(DECLARED),
    }
