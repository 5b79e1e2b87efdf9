"""Doing: each step of a story by the verb of the room that owns it, in its own unit of work."""

from __future__ import annotations

import hashlib
from functools import singledispatch

import msgspec

from backoffice.accounts import service as accounts
from backoffice.billing import service as billing
from backoffice.cases import service as cases
from backoffice.channels.codes import kind_of as kind_of_code
from backoffice.consent import service as consents
from backoffice.consent.evidence import FormCopy, InboundMessage
from backoffice.contacts import service as contacts
from backoffice.contacts.addresses import Wanted, kind_of, person_token
from backoffice.delivery import unclear
from backoffice.delivery.statuses import Told, tell
from backoffice.journeys.lists import hand_in
from backoffice.journeys.sending import campaign, send
from backoffice.journeys.stage import Number, Person, Stage
from backoffice.journeys.writing import write
from backoffice.kernel.errors import Invalid, NotFound
from backoffice.policy import steps
from backoffice.relay import content, reconsidering
from backoffice.relay import service as relay

STAFF = "operator"


@singledispatch
async def do(step: steps.Step, stage: Stage) -> None:  # noqa: ARG001  # what every verb takes
    """Do one step; raises what the room's verb refuses with."""
    raise TypeError(f"nobody does {type(step).__name__}")


@do.register
async def _(step: steps.Register, stage: Stage) -> None:
    operator = step.operator or stage.story.operator
    place = step.place or stage.library.operator(operator).place
    async with stage.rehearsal.unit_of_work() as work:
        stage.accounts[step.name] = await accounts.register_account(
            work,
            operator,
            step.called,
            place,
            step.declared_use,
            edition=step.edition or stage.story.edition,
            is_complete=step.is_complete,
        )
    stage.called[stage.accounts[step.name]] = step.called


@do.register
async def _(step: steps.CompleteRegistration, stage: Stage) -> None:
    async with stage.rehearsal.unit_of_work() as work:
        await accounts.complete_registration(work, stage.accounts[step.account])


@do.register
async def _(step: steps.SetStanding, stage: Stage) -> None:
    async with stage.rehearsal.unit_of_work() as work:
        account_id = stage.accounts[step.account]
        await accounts.set_standing(
            work, account_id, step.standing, step.ground, clause=step.clause, until=step.until, by=STAFF
        )


@do.register
async def _(step: steps.RestrictChannels, stage: Stage) -> None:
    async with stage.rehearsal.unit_of_work() as work:
        await accounts.restrict_channels(work, stage.accounts[step.account], step.channels, step.ground)


@do.register
async def _(step: steps.AcceptDocument, stage: Stage) -> None:
    async with stage.rehearsal.unit_of_work() as work:
        account = await accounts.get_account(work, stage.accounts[step.account])
        edition = step.edition or account.edition
        shown = hashlib.sha256(f"{account.operator} {edition} {step.document}".encode()).digest()
        await accounts.accept_document(work, account.id, step.document, edition, "en", shown)


@do.register
async def _(step: steps.LinkNumber, stage: Stage) -> None:
    account_id, channel = stage.accounts[step.account], step.channel or stage.story.channel
    async with stage.rehearsal.unit_of_work() as work:
        sender_id = await accounts.link_number(
            work,
            account_id,
            channel,
            step.address,
            step.provider_type or stage.story.provider_type,
            step.is_registered,
            step.can_receive,
            is_linked=step.is_linked,
            is_banned=step.is_banned,
            is_spoofed=step.is_spoofed,
            is_halted=step.is_halted,
            portfolio_room_at=step.portfolio_room_at,
        )
    stage.numbers[step.name] = Number(account_id, sender_id, channel, step.address)


@do.register
async def _(step: steps.MarkNumber, stage: Stage) -> None:
    number = stage.numbers[step.number]
    async with stage.rehearsal.unit_of_work() as work:
        await accounts.mark_number(
            work,
            number.account_id,
            number.sender_id,
            is_linked=step.is_linked,
            is_banned=step.is_banned,
            is_registered=step.is_registered,
            is_spoofed=step.is_spoofed,
            can_receive=step.can_receive,
        )


@do.register
async def _(step: steps.StateFacts, stage: Stage) -> None:
    async with stage.rehearsal.unit_of_work() as work:
        for fact, value in step.facts.items():
            await accounts.state_fact(work, stage.accounts[step.account], fact, value, STAFF)


@do.register
async def _(step: steps.TopUp, stage: Stage) -> None:
    async with stage.rehearsal.unit_of_work() as work:
        channel = step.channel or stage.story.channel
        await billing.top_up(work, stage.accounts[step.account], channel, step.credits)


@do.register
async def _(step: steps.RecordRegister, stage: Stage) -> None:
    async with stage.rehearsal.unit_of_work() as work:
        listed = [(person_token(work.vault, address), step.as_of) for address in step.listed]
        await contacts.record_register(work, step.register, step.as_of, listed)


@do.register
async def _(step: steps.AddPerson, stage: Stage) -> None:
    account_id = stage.accounts[step.account]
    wanted = Wanted(kind_of(step.address), step.address, step.country, step.state, step.postcode)
    async with stage.rehearsal.unit_of_work() as work:
        ref = await contacts.add_contact(work, account_id, wanted, person_type=step.person_type, born_on=step.born_on)
    stage.people[step.name] = Person(account_id, ref.id, ref.token, step.address)


@do.register
async def _(step: steps.Import, stage: Stage) -> None:
    await hand_in(stage, step)


@do.register
async def _(step: steps.Consent, stage: Stage) -> None:
    person, channel = stage.people[step.person], step.channel or stage.story.channel
    async with stage.rehearsal.unit_of_work() as work:
        given_at = step.given_at or work.at
        said = InboundMessage(channel=channel, address=person.address, at=given_at, words=step.said)
        claim = consents.Claim(
            words=step.words,
            sender=stage.called[person.account_id],
            given_at=given_at,
            form=msgspec.convert(step.form, FormCopy) if step.form else None,
            message=said if step.said else None,
        )
        recorded = await consents.record_consent(work, person.account_id, person.contact_id, claim)
    if step.grade not in (grades := {one.row.grade for one in recorded}):
        raise Invalid("story_grade_not_reached", grade=step.grade, reached=", ".join(sorted(grades)))


@do.register
async def _(step: steps.Withdraw, stage: Stage) -> None:
    person = stage.people[step.person]
    async with stage.rehearsal.unit_of_work() as work:
        for one in await consents.list_consents(work, person.account_id, person.contact_id):
            if one.row.withdrawn_at is None:
                await consents.withdraw(work, person.account_id, one.row.id)


@do.register
async def _(step: steps.Suppress, stage: Stage) -> None:
    person = stage.people[step.person]
    async with stage.rehearsal.unit_of_work() as work:
        await consents.suppress(
            work,
            person.token,
            account_id=person.account_id,
            scope=step.scope,
            channel=step.channel,
            topic=step.topic,
            reason=step.reason,
            at=step.said_at,
        )


@do.register
async def _(step: steps.Write, stage: Stage) -> None:
    if step.words:
        await write(stage, step)
        return
    async with stage.rehearsal.unit_of_work() as work:
        await contacts.record_inbound(work, stage.people[step.person].contact_id, step.said_at or work.at)


@do.register
async def _(step: steps.Judge, stage: Stage) -> None:
    person = stage.people[step.person]
    async with stage.rehearsal.unit_of_work() as work:
        waiting = await cases.list_open(work, account_id=person.account_id)
        case = next((one for one in waiting if one.person == person.token), None)
        if case is None:
            raise NotFound("case_unknown", case=step.person)
        await unclear.decide(work, case.id, step.outcome, STAFF)


@do.register
async def _(step: steps.Send, stage: Stage) -> None:
    await send(stage, step)


@do.register
async def _(step: steps.Campaign, stage: Stage) -> None:
    await campaign(stage, step)


@do.register
async def _(step: steps.Review, stage: Stage) -> None:
    async with stage.rehearsal.unit_of_work() as work:
        await content.review(work, stage.sends[step.send].content_id, step.found, by=STAFF)


@do.register
async def _(step: steps.Release, stage: Stage) -> None:  # noqa: ARG001
    await unclear.lapse(stage.rehearsal)
    await reconsidering.step(stage.rehearsal)
    async with stage.rehearsal.unit_of_work() as work:
        await relay.release(work)


@do.register
async def _(step: steps.Stop, stage: Stage) -> None:
    sent = stage.sends[step.send]
    async with stage.rehearsal.unit_of_work() as work:
        await relay.stop_one(work, sent.account_id, sent.send_id, by="account")


@do.register
async def _(step: steps.Deliver, stage: Stage) -> None:  # noqa: ARG001
    while await stage.courier.step():
        pass


@do.register
async def _(step: steps.Status, stage: Stage) -> None:
    sent = stage.sends[step.send]
    async with stage.rehearsal.unit_of_work() as work:
        told = Told(
            send_id=sent.send_id,
            status=step.status,
            at=work.at,
            code=step.code,
            kind=kind_of_code(step.code) if step.code else None,
            reason="undeliverable" if step.status == "failed" else "",
        )
        await tell(work, [told])


@do.register
async def _(step: steps.Wait, stage: Stage) -> None:
    pass
