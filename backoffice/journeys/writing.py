"""Writing: a person's words to a number of a story's account, on the road that a provider's callback takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.channels.port import Callback, Inbound
from backoffice.delivery.providers import Senders
from backoffice.delivery.replies import heed_stops, take_messages

if TYPE_CHECKING:
    from backoffice.journeys.stage import Stage
    from backoffice.policy.steps import Write


async def write(stage: Stage, step: Write) -> None:
    """Have a person write: its stop is heeded when it comes in, and the rest done after that, as two units of work."""
    number, person = stage.numbers[step.number], stage.people[step.person]
    async with stage.rehearsal.unit_of_work() as work:
        message = Inbound(
            sender=number.address,
            provider_id=str(work.new_id()),
            phone=person.address,
            at=step.said_at or work.at,
            kind="text",
            words=(step.words,),
        )
        callback = Callback(channel=number.channel, sender=number.address, messages=(message,))
        await heed_stops(work, Senders(work, "fake"), callback)
    async with stage.rehearsal.unit_of_work() as work:
        await take_messages(work, Senders(work, "fake"), callback, received_at=work.at)
