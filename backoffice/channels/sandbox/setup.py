"""How a sandbox is started and how it misbehaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

UNLIMITED = 0
"""A tier without a limit."""


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a provider misbehaves: shares from 0 to 1, lengths of time in seconds; by default it behaves."""

    drops: float = 0  # accepted, then the connection closed without an answer
    resets: float = 0  # the connection reset, nothing accepted
    breaks: float = 0  # answered with 500, half of them accepted
    overloads: float = 0  # answered with 503, not accepted
    throttles: float = 0  # answered with 429, not accepted
    slow: float = 0  # seconds an answer takes at most
    pair_every: float = 0  # plain protocol: seconds between two messages of one sender to one person
    refuses: Mapping[str, int] = {}  # recipients (E.164, address, business-scoped id), with the code of their refusal
    fails: Mapping[str, int] = {}  # the same, but accepted first, and reported as failed
    repeats: float = 0  # events that are posted twice
    omits: float = 0  # messages of which `delivered` is never reported
    revives: float = 0  # failed messages of which `delivered` is reported afterwards
    late: float = 0  # seconds after which an event comes at the latest, each by itself, so in any order
    batches: float = 0  # Graph webhooks that carry many events, over several entries and changes; others carry one
    forges: float = 0  # Graph webhooks before which the same comes with a wrong signature
    is_silent: bool = False  # posts no status at all
    is_mute: bool = False  # plain protocol: can't tell what became of a message
    seed: int = 0


class Number(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A business phone number, the account (WABA) it belongs to, and that account's business portfolio."""

    phone_number_id: str
    waba_id: str
    portfolio: str
    display_phone_number: str  # digits, with or without +
    verified_name: str = "Sandbox"
    throughput: int = 80  # messages a second
    tier: int = 250  # of the portfolio: persons in any 24 h outside a service window; 0: unlimited
    quality: str = "GREEN"
    code: int = 0  # of what is wrong with it: 368, 131031, 131042, 130497, 131048; 0: nothing


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message template of a WABA; `code` makes every send of it fail at once."""

    waba_id: str
    name: str
    language: str = "en"
    category: str = "UTILITY"
    components: tuple[dict[str, Any], ...] = ({"type": "BODY", "text": "Hello"},)
    parameter_format: str = "POSITIONAL"
    status: str = "APPROVED"
    code: int = 0
    id: str = ""


class Setup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the process is started, as JSON in its first argument; port 0 takes a free one."""

    path: str  # the file it keeps
    webhooks: str = ""  # base URL: `/whatsapp/webhook` under it gets Graph webhooks, `/fake/webhook` plain callbacks
    secret: str = ""  # what both are signed with: the app secret
    token: str = "sandbox"  # the bearer of the Graph API  # noqa: S105
    verify_token: str = ""  # what the webhook's verification is asked with
    numbers: tuple[Number, ...] = ()
    templates: tuple[Template, ...] = ()
    longest_wait: float = 600  # seconds until an event that nobody took is told again, at most
    port: int = 0
    faults: Faults = Faults()
