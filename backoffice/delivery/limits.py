"""Limits: how fast, how many at once, how long, how often; numbers of an install, each with its unit."""

from __future__ import annotations

from datetime import timedelta

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a courier keeps to. A sender's rate and burst are those of all couriers of an install together."""

    batch: int = 100  # sends claimed at once; small, so that a stop never waits long
    look: int = 25  # of these looked at again at once: a stop waits for no more
    in_flight: int = 32  # messages handed over at once, of one batch
    lease: timedelta = timedelta(seconds=90)  # how long a claimed send is this courier's
    patience: timedelta = timedelta(seconds=10)  # for one answer; a channel's own patience ends before
    sender_rate: float = 80.0  # messages a second from one sender (WhatsApp's default for a number)
    sender_burst: int = 80  # messages
    pair_every: timedelta = timedelta(seconds=6)  # between two messages of one sender to one person (131056)
    most_attempts: int = 36  # about a day of them, until a message that is always put off fails
    first_wait: timedelta = timedelta(seconds=2)  # after the first refusal; doubles with each
    longest_wait: timedelta = timedelta(hours=1)
    faults_to_open: int = 5  # failures in a row after which a channel or sender rests
    rest: timedelta = timedelta(seconds=15)  # the first rest; doubles while failures go on
    longest_rest: timedelta = timedelta(minutes=10)
    look_up_after: timedelta = timedelta(seconds=15)  # beyond patience, before an absence is believed
    give_up_after: timedelta = timedelta(hours=24)  # an outcome that is unknown so long counts as failed
