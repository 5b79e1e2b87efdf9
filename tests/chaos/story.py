"""The story that all processes of a storm share: where its data lies, what time it is, and what they keep to."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from backoffice.channels.sandbox.setup import UNLIMITED, Faults, Number, Template
from backoffice.delivery.limits import Limits
from backoffice.kernel.clock import Clock, system_clock
from backoffice.plumbing.settings import Settings

Kind = Literal["web", "worker", "courier", "sequencer"]

WEBHOOKS = "/v1/providers"
SECRET = "of the callbacks"  # noqa: S105

TOKEN, ACCOUNT, PORTFOLIO = "of the business", "2000", "3000"

FAULTS = Faults(
    drops=0.04,
    resets=0.02,
    breaks=0.02,
    overloads=0.01,
    throttles=0.02,
    slow=0.02,
    repeats=0.1,
    omits=0.2,
    late=0.5,
    batches=0.7,
    forges=0.02,
)
"""All that goes wrong at a provider; of what is dropped, reset and broken only a status tells what became of it."""

TEMPLATE = Template(
    waba_id=ACCOUNT,
    name="autumn_lamps",
    category="MARKETING",
    components=({"type": "BODY", "text": "Lamp {{lamp}} is here"},),
    parameter_format="NAMED",
)


def number_of(place: int) -> Number:
    """Return the number of a shop, as the sandbox knows it."""
    return Number(
        phone_number_id=f"1{place:04}",
        waba_id=ACCOUNT,
        portfolio=PORTFOLIO,
        display_phone_number=f"+3712999{place:04}",
        tier=UNLIMITED,
    )


LIMITS = Limits(
    lease=timedelta(seconds=6),
    patience=timedelta(seconds=2),
    look_up_after=timedelta(seconds=4),  # what a killed courier wrote may still wait at the provider's door
    first_wait=timedelta(milliseconds=200),
    longest_wait=timedelta(seconds=5),
    rest=timedelta(milliseconds=200),
    longest_rest=timedelta(seconds=2),
    give_up_after=timedelta(seconds=30),  # what never arrived at WhatsApp is told by nobody
)
"""A courier's limits, in a hurry: a dead one's lease ends while one watches."""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is told; `began_at` is the machine's moment at which the story's clock says `at`."""

    data: str
    port: int
    provider_url: str = ""
    at: datetime
    began_at: datetime

    @property
    def clock(self) -> Clock:
        """A clock that begins with the story and goes on in step with the machine's, in every process."""
        return lambda: self.at + (system_clock() - self.began_at)

    @property
    def settings(self) -> Settings:
        """An install with a server of its own, which each of its processes starts again where it is gone."""
        return Settings(
            data=Path(self.data),
            port=self.port,
            whatsapp_url=self.provider_url,
            whatsapp_token=TOKEN,
            whatsapp_secret=SECRET,
        )

    @property
    def url(self) -> str:
        """Where the web part listens."""
        return f"http://127.0.0.1:{self.port}"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One process: what it does, in which story."""

    kind: Kind
    story: Story
    limits: Limits


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How large a storm is; `campaigns`, `singles` and `stops` are a shop's."""

    seed: int
    kills: int
    mean: float  # seconds between two kills
    patience: float  # seconds more that a kill waits where messages are behind
    rate: int  # messages a second that a courier hands over for a shop: so slowly that a kill always finds some
    shops: int
    campaigns: int
    recipients: int  # a campaign's
    singles: int
    stops: int
    stopped: int = 0  # campaigns that their account stops on the way; the first shop's last ones
    settle: float = 600  # seconds at most, once nothing is killed any more

    @property
    def limits(self) -> Limits:
        """What couriers keep to."""
        return msgspec.structs.replace(LIMITS, sender_rate=self.rate, sender_burst=self.rate)

    @property
    def sends(self) -> int:
        """How many sends are asked for, all in all."""
        return self.shops * (self.campaigns * self.recipients + self.singles)


SMALL = Plan(
    seed=0,
    kills=20,
    mean=0.8,
    patience=10,
    rate=40,
    shops=2,
    campaigns=2,
    recipients=400,
    singles=220,
    stops=90,
    settle=150,
)
LARGE = Plan(
    seed=0,
    kills=300,
    mean=2.5,
    patience=10,
    rate=20,
    shops=4,
    campaigns=4,
    recipients=2_800,
    singles=1_500,
    stops=1_000,
    stopped=1,
    settle=900,
)
