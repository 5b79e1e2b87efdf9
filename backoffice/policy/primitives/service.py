"""The service: which functions and channels are promised, and at which level."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from backoffice.policy.primitives.terms import Declared, Medium, Term
from backoffice.policy.questions import answers
from backoffice.policy.units import MinuteOfDay, Weekdays
from backoffice.policy.vocabulary import Channel


@answers("offers")
class ChannelCatalog(Declared, frozen=True, kw_only=True):
    """Which channels, interfaces and systems of the account the service connects."""

    channels: tuple[Channel, ...]
    api: tuple[Literal["whatsapp_business"], ...] = ()
    crm: tuple[str, ...] = ()
    module: Literal["advanced"] | None = None
    module_channels: tuple[Channel, ...] = ()
    module_tools: tuple[Literal["forms", "webhooks", "other_channels"], ...] = ()
    functions: tuple[Literal["bulk", "contacts", "api", "analytics"], ...] = ()


@answers("offers")
class Feature(Declared, frozen=True, kw_only=True):
    """Functions by their short names: promised where the row is hard, else announced.

    `passes_gate`: what the function sends is judged like any other send, at the moment it leaves.
    """

    names: tuple[str, ...]
    passes_gate: bool | None = None
    is_optional: bool | None = None


@answers("offers")
class FeatureChange(Declared, frozen=True, kw_only=True):
    """How changes of the functions are announced, and where the present set stands."""

    published_on: Medium
    makes_new_version: bool
    notice: Literal["none_needed"] | None = None


@answers("service_level")
class Access(Declared, frozen=True, kw_only=True):
    """Through which interface the functions are reached, and which causes excuse its absence."""

    through: Literal["web"]
    by: tuple[Literal["login", "password"], ...]
    excused_by: tuple[Literal["beyond_control"], ...] = ()


@answers("service_level")
class Uptime(Declared, frozen=True, kw_only=True):
    """The share of time the service is to be up, in percent, and whether it is warranted; no period is stated."""

    target_percent: Decimal
    is_guaranteed: bool


@answers("service_level")
class Outage(Declared, frozen=True, kw_only=True):
    """Whose outages don't count against the service."""

    excludes: tuple[str, ...]


@answers("service_level")
class Maintenance(Declared, frozen=True, kw_only=True):
    """How long maintenance may last each time, what it covers, and how it is announced.

    `ahead` absent: nothing is said of a lead time.
    """

    most: Term | None = None
    covers: tuple[Literal["scheduled", "emergency"], ...] = ()
    media: tuple[Medium, ...] = ()
    ahead: Literal["when_possible"] | None = None


@answers("service_level")
class SupportHours(Declared, frozen=True, kw_only=True):
    """When help is staffed, and by which clock; a `zone` named CET is UTC+1 all year, as it is written."""

    days: Weekdays | None = None
    opens: MinuteOfDay | None = None
    closes: MinuteOfDay | None = None
    zone: str | None = None
    medium: Medium | None = None
    effort: Literal["reasonable"] | None = None


@answers("service_level")
class Delivery(Declared, frozen=True, kw_only=True):
    """How fast a message is expected to reach a phone, on what condition, and what an unreachable one is called."""

    expected: tuple[Literal["seconds", "minutes"], ...] = ()
    needs: tuple[Literal["phone_on", "in_coverage"], ...] = ()
    unsupported_is: Literal["undeliverable"] | None = None
