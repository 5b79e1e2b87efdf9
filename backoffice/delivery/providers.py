"""Providers: whose callbacks are believed, how they are read, and how their names lead to our numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from backoffice.accounts.numbers import find_by_code, find_by_number
from backoffice.channels import graph, http
from backoffice.channels.port import Callback

if TYPE_CHECKING:
    from backoffice.accounts.number_store import SenderRow
    from backoffice.plumbing.install import Work
    from backoffice.plumbing.settings import Settings

ProviderName = Literal["whatsapp", "fake"]


class Provider(NamedTuple):
    """How one provider's callbacks are read, and the secret that signs them."""

    read: Callable[[bytes], Callback]
    secret: Callable[[Settings], str]
    names_senders: bool  # by names of its own; else by their addresses


PROVIDERS: dict[ProviderName, Provider] = {
    "whatsapp": Provider(graph.read, lambda settings: settings.whatsapp_secret, names_senders=True),
    "fake": Provider(http.read, lambda settings: settings.provider_secret, names_senders=False),
}


class Senders:
    """Which of our numbers a provider's callbacks speak of; each is asked for once."""

    def __init__(self, work: Work, name: ProviderName) -> None:
        self._work = work
        self._find = find_by_code if PROVIDERS[name].names_senders else find_by_number
        self._known: dict[tuple[str, str], SenderRow | None] = {}

    async def find(self, channel: str, sender: str) -> SenderRow | None:
        """Return a number in whatever standing it is; None where nobody ever had it.

        Raises Invalid for what is no address.
        """
        if not sender:
            return None
        if (channel, sender) not in self._known:
            self._known[channel, sender] = await self._find(self._work, channel, sender)
        return self._known[channel, sender]
