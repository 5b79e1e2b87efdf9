"""The grade of a claim: how much of a consent the evidence proves, for one send's channel and purpose.

What a row's own columns or words say was agreed decides what it covers; what the account wishes to send doesn't. A row
about another channel or purpose isn't passed over: it is a consent of grade D.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from backoffice.consent.evidence import FormCopy, InboundMessage, ListEvidence
from backoffice.consent.words import Named, agrees, named, names, purposes_of
from backoffice.policy.facts import FOREVER, NEVER, Consent

if TYPE_CHECKING:
    from backoffice.contacts.rows import Row

_FORM = "form:"
_MESSAGES = ("message:", "wamid:")
