"""When the person may be reached, and how often."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from backoffice.kernel.jurisdiction import zone
from backoffice.policy.facts import LocalTime, Message, Recipient
from backoffice.policy.language import Params, rule
from backoffice.policy.units import EVERY_DAY, NO_DAYS, MinuteOfDay, Weekdays


class Hours(Params, frozen=True):
    """A window of local time: open from `opens` to before `closes` on `days`, never on `closed_days` or `closed_on`.

    `days` are the weekdays this window speaks of; `closed_on` names calendars whose days off count.
    """

    opens: MinuteOfDay = MinuteOfDay(0)
    closes: MinuteOfDay = MinuteOfDay(1440)
    days: Weekdays = EVERY_DAY
    closed_days: Weekdays = NO_DAYS
    closed_on: tuple[str, ...] = ()
    only_automated: bool = False
    unless_consented: bool = False


class Cap(Params, frozen=True):
    """At most so many in a rolling span; a purchase in `unless_purchase_within` lifts it."""

    most: int
    within: timedelta
    unless_purchase_within: timedelta = timedelta(0)


@rule(hold=True)
def quiet_hours(message: Message, recipient: Recipient, p: Hours) -> bool:
    """The local time may be outside the hours in some zone where the person may be."""
    return (
        (not p.only_automated or message.is_automated)
        and any(
            time.place in p.places
            and (
                (time.weekday in p.days and not p.opens <= time.minute_of_day < p.closes)
                or (p.closed_days != NO_DAYS and time.weekday in p.closed_days)
                or (p.closed_on != () and any(calendar in p.closed_on for calendar in time.holidays))
            )
            for time in recipient.local_times
        )
        and not (
            p.unless_consented
            and any(
                consent.grade <= "C"
                and message.channel in consent.channels
                and message.purpose in consent.purposes
                and consent.given_at <= message.at < consent.valid_until
                for consent in recipient.consents
            )
        )
    )


@quiet_hours.until
def _quiet_hours_until(recipient: Recipient, p: Hours, at: datetime) -> datetime:
    """Return the latest of the zones' next candidates: an opening today, else the end of the local day."""
    return max(_next_candidate(local, p, at) for local in recipient.local_times if local.place in p.places)


def _next_candidate(local: LocalTime, p: Hours, at: datetime) -> datetime:
    shut = local.weekday in p.closed_days or any(calendar in p.closed_on for calendar in local.holidays)
    if not shut and (local.weekday not in p.days or p.opens <= local.minute_of_day < p.closes):
        return at
    if not shut and local.minute_of_day < p.opens:
        return _instant(local, date.fromisoformat(local.on), p.opens)
    return _instant(local, date.fromisoformat(local.on) + timedelta(days=1), 0)


def _instant(local: LocalTime, on: date, minute: int) -> datetime:
    wall = datetime.combine(on, time(minute // 60, minute % 60), tzinfo=zone(local.zone))
    return wall.astimezone(UTC)


@rule(hold=True)
def over_cap(message: Message, recipient: Recipient, p: Cap) -> bool:
    """The person already got as many messages in the span as the law allows."""
    return (
        len(recipient.recent_sends) >= p.most
        and recipient.recent_sends[-p.most] > message.at - p.within
        and not recipient.last_purchase_at <= message.at < recipient.last_purchase_at + p.unless_purchase_within
    )


@over_cap.until
def _over_cap_until(recipient: Recipient, p: Cap, at: datetime) -> datetime:
    return max(at, recipient.recent_sends[-p.most] + p.within)


@rule(hold=True)
def over_topic_cap(message: Message, recipient: Recipient, p: Cap) -> bool:
    """The person already got as many messages on this subject in the span as the law allows."""
    return (
        len(recipient.recent_on_topic) >= p.most
        and recipient.recent_on_topic[-p.most] > message.at - p.within
        and not recipient.last_purchase_at <= message.at < recipient.last_purchase_at + p.unless_purchase_within
    )


@over_topic_cap.until
def _over_topic_cap_until(recipient: Recipient, p: Cap, at: datetime) -> datetime:
    return max(at, recipient.recent_on_topic[-p.most] + p.within)
