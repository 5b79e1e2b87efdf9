"""Mail domains: for how long a person's mail domain has been known as a mobile carrier's, by a register of domains.

The register holds a domain as the token of `*@` and the domain, so that it is kept, replaced and found as any other. A
domain inside a listed one counts as listed: its addresses include a reference to it (47 CFR 64.3100(a)(4)).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from backoffice.contacts import store
from backoffice.contacts.persons import sealed
from backoffice.plumbing.install import Work
from backoffice.plumbing.vault.sealing import Vault
from backoffice.policy.facts import Register

CARRIER_DOMAINS = "fcc_wireless_domains"
"""The register of carriers' mail domains."""

NOT_LISTED = -1


def domain_token(vault: Vault, domain: str) -> bytes:
    """Return what a register lists a mail domain by; raises Invalid for what is none."""
    return vault.token("email", f"*@{domain}")


async def days_listed(work: Work, held: Iterable[Register], people: Sequence[UUID], at: datetime) -> dict[UUID, int]:
    """Return for how many whole days each contact's mail domain has been listed at a moment, `NOT_LISTED` for none.

    Nobody where the register isn't held, nor whoever was erased: of them it is unknown. How old the register's data
    may be is the rule's to say.
    """
    if all(register.name != CARRIER_DOMAINS for register in held):
        return {}
    opened = {one.contact_id: one.open(work.vault) for one in await sealed(work, people) if one.kind == "email"}
    domains = {contact_id: address.rpartition("@")[2] for contact_id, address in opened.items() if address}
    tokens = {name: domain_token(work.vault, name) for name in {name for one in domains.values() for name in _in(one)}}
    since = await store.find_listed(work, CARRIER_DOMAINS, list(tokens.values()))
    days = {domain: _days([since.get(tokens[name]) for name in _in(domain)], at) for domain in set(domains.values())}
    return {contact_id: days[domain] for contact_id, domain in domains.items()}


def _in(domain: str) -> Iterator[str]:
    """Yield a domain and all it lies in, but the last label alone."""
    labels = domain.split(".")
    yield from (".".join(labels[place:]) for place in range(len(labels) - 1))


def _days(since: Iterable[datetime | None], at: datetime) -> int:
    return max((max((at - day).days, 0) for day in since if day is not None), default=NOT_LISTED)
