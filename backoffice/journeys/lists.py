"""Lists: a step's list is stated, previewed and committed as any list that an account hands in."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from backoffice.consent import importing
from backoffice.consent.stated import Stated
from backoffice.contacts.addresses import person_token
from backoffice.contacts.facts import ListFacts
from backoffice.contacts.store import find_contacts
from backoffice.journeys.stage import Person, Stage
from backoffice.kernel.errors import NotFound
from backoffice.policy import steps


async def hand_in(stage: Stage, step: steps.Import) -> None:
    """Import a list, and know those of its people by name whom the step names."""
    account_id = stage.accounts[step.account]
    async with stage.rehearsal.unit_of_work() as work:
        import_id = await importing.state_list(work, account_id, _stated(step))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        path.write_text(step.rows.lstrip(), encoding="utf-8")
        await importing.preview(stage.rehearsal, account_id, import_id, path)
        await importing.commit(stage.rehearsal, account_id, import_id, path)
    for name, address in step.people.items():
        stage.people[name] = await _person(stage, step, address)


def _stated(step: steps.Import) -> Stated:
    facts = {name: value for name, value in step.list.items() if name in ListFacts.__struct_fields__}
    evidence = {name: value for name, value in step.list.items() if name not in facts}
    is_mail = "email" in step.rows.lstrip().partition("\n")[0]
    return Stated(
        name="story",
        kind="email" if is_mail else "phone",
        facts=msgspec.convert(facts, ListFacts),
        evidence=evidence,
    )


async def _person(stage: Stage, step: steps.Import, address: str) -> Person:
    account_id = stage.accounts[step.account]
    async with stage.rehearsal.unit_of_work() as work:
        token = person_token(work.vault, address)
        found = await find_contacts(work.connection, [(account_id, token)])
    if not found:
        raise NotFound("contact_unknown", contact=address)
    return Person(account_id, found[account_id, token].id, token, address)
