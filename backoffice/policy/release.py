"""The release moment of a hold: the least fixed point over all rules that hold.

At each candidate the time facts are made anew, rows are taken by their validity then, and every rule is asked
again. A hold that waits for an event, or for a fact, has no moment.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.gaps import is_gap
from backoffice.policy.program import Finding
from backoffice.policy.times import Times, pairs_of

HORIZON = timedelta(days=7)

FindingsAt = Callable[[Recipient, datetime], tuple[Account, Message, tuple[Finding, ...]]]


class Release(msgspec.Struct, frozen=True):
    """When a hold ends by itself, or that no moment within seven days is open."""

    at: datetime | None
    no_common_window: bool


def release_of(recipient: Recipient, at: datetime, findings_at: FindingsAt, times: Times) -> Release:
    """Find the earliest moment from `at` on at which nothing stands in the way any more."""
    moment = at
    while moment <= at + HORIZON:
        recipient = _at(recipient, moment, times)
        account, message, findings = findings_at(recipient, moment)
        stopping = [one for one in findings if one.verdict != "warn"]
        if not stopping:
            return Release(moment, no_common_window=False)
        openings = [_opening(one, account, message, recipient, moment) for one in stopping]
        later = max((opening for opening in openings if opening is not None), default=moment)
        if None in openings or later <= moment:
            return Release(None, no_common_window=False)
        moment = later
    return Release(None, no_common_window=True)


def _at(recipient: Recipient, at: datetime, times: Times) -> Recipient:
    if is_gap(recipient.local_times):
        return recipient
    return msgspec.structs.replace(recipient, local_times=times.at(pairs_of(recipient.local_times), at))


def _opening(
    finding: Finding, account: Account, message: Message, recipient: Recipient, at: datetime
) -> datetime | None:
    """A denial and a gap wait for an event; a hold may know its moment."""
    if finding.verdict != "hold" or finding.fact:
        return None
    return finding.bound.rule.opens_at(account, message, recipient, finding.bound.params, at)
