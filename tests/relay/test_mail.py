"""Mail to Americans: who has a mobile carrier's mail domain is known by the register of domains, held and fresh."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from backoffice.accounts import service as accounts
from backoffice.billing import service as billing
from backoffice.consent.service import Claim, record_consent
from backoffice.contacts.addresses import Wanted
from backoffice.contacts.domains import CARRIER_DOMAINS, NOT_LISTED, domain_token
from backoffice.contacts.persons import ContactRef
from backoffice.contacts.service import add_contact, record_register
from backoffice.plumbing.install import Work
from backoffice.plumbing.vault.store import destroy_subject
from backoffice.policy.gaps import is_gap
from backoffice.relay import facts, service
from backoffice.relay.content import facts_of, keep_content, review
from backoffice.relay.recording import Recorded
from backoffice.relay.replay import replay
from backoffice.relay.service import Letter
from tests.cast import DECLARED, FORM, LONG_AGO, REVIEWED, Shop, open_shop, put_on_list

WORDS = "I agree that Baltic Lamp sends me marketing offers by e-mail. I can stop at any time."
MAIL_FORM = replace(FORM, words=WORDS, channels=frozenset({"email"}))
CARRIES = (DECLARED.carries or frozenset()) | {
    "postal_address",
    "one_click_headers",
    "body_link",
    "stop_alternative",
    "human_path",
}
STATED: dict[str, Any] = {
    "entitlements": ["whatsapp", "sms", "email", "voice", "push", "plan_sms", "plan_voice"],
    "addons_purchased": ["advanced_crm"],
    "addons_configured": ["advanced_crm"],
    "mail_authentication": ["spf", "dkim", "dmarc"],
    "mail_complaint_rate": "0",
    "mail_daily_volume": 100,
}
SMALL = timedelta(microseconds=1)


class Sender(NamedTuple):
    """A shop that sends mail."""

    work: Work
    shop: Shop

    async def know(self, address: str, *, has_consent: bool = True) -> ContactRef:
        """Put somebody in New York on record, who agreed to mail."""
        work, shop = self.work, self.shop
        ref = await add_contact(work, shop.account_id, Wanted("email", address, "US", "NY"))
        if has_consent:
            claim = Claim(words=WORDS, sender="Baltic Lamp", given_at=LONG_AGO, language="en", form=MAIL_FORM)
            await record_consent(work, shop.account_id, ref.id, claim)
        await put_on_list(work, shop, ref)
        return ref

    async def send(self, *people: ContactRef) -> list[Recorded]:
        """Send the offer to these people."""
        lots = await billing.lock_lots(self.work, {(self.shop.account_id, "email")})
        return await service.send(self.work, self.shop.errand, [Letter(one.id) for one in people], lots)

    async def hold(self, *domains: str, days: int = 30, age: timedelta = timedelta(0)) -> None:
        """Hold the register with these domains, listed for some days, its data of some age."""
        since = self.work.at - timedelta(days=days)
        listed = [(domain_token(self.work.vault, domain), since) for domain in domains]
        await record_register(self.work, CARRIER_DOMAINS, self.work.at - age, listed)

    async def fact(self, *people: ContactRef) -> list[int | None]:
        """Return the fact as rules read it of these people, None for a gap."""
        lots = await billing.lock_lots(self.work, {(self.shop.account_id, "email")})
        batch = (await facts.gather(self.work, self.shop.errand, [one.id for one in people], lots)).batch
        found = [batch.bases[member.base].mail_domain_listed_for for member in batch.members]
        return [None if is_gap(one) else one for one in found]


@pytest.fixture
async def sender(work: Work) -> Sender:
    """A lamp shop that mails through an operator with e-mail."""
    shop = await open_shop(work, operator="whatalker", credits_=0, unstated=frozenset(STATED))
    account_id = shop.account_id
    for fact, value in STATED.items():
        await accounts.state_fact(work, account_id, fact, value, "operator")
    sender_id = await accounts.link_number(
        work, account_id, "email", "lamp@baltic-lamp.example", "official", is_registered=True, can_receive=True
    )
    await billing.grant_lot(work, account_id, "email", 100, work.at, work.at + timedelta(days=90))
    declared = replace(DECLARED, template_category="none", carries=CARRIES)
    content_id, sha256 = await keep_content(work, account_id, facts_of(declared, has_template=False), None, "Lamps")
    await review(work, content_id, REVIEWED, by="staff:liene")
    errand = replace(shop.errand, sender_id=sender_id, content_id=content_id, content_sha256=sha256, channel="email")
    return Sender(work, shop._replace(sender_id=sender_id, errand=errand))


def _told(recorded: Recorded) -> tuple[str, list[tuple[str, str, str]]]:
    found = recorded.decision.findings
    return recorded.decision.verdict, [(one.bound.source, one.bound.rule.name, one.fact) for one in found]


async def test_mail_to_an_american_goes_where_the_register_is_held_and_lists_nobody_of_them(sender: Sender) -> None:
    """The fact is gathered, stored with the decision, and the decision can be made again of it."""
    ada = await sender.know("ada@example.com")
    await sender.hold("vtext.com")

    (sent,) = await sender.send(ada)

    assert _told(sent) == ("allow", [])
    assert await sender.fact(ada) == [NOT_LISTED]
    assert (await replay(sender.work, sender.shop.account_id, sent.decision_id)).is_same


async def test_without_the_register_nobody_knows_and_the_mail_waits(sender: Sender) -> None:
    """Another register doesn't do, nor one that is too old: both hold for good until somebody fetches it."""
    ada = await sender.know("ada@example.com")
    await record_register(sender.work, "us_dnc", sender.work.at, [])

    (unheld,) = await sender.send(ada)
    assert await sender.fact(ada) == [None]
    await sender.hold("vtext.com", age=timedelta(days=30, seconds=1))
    (stale,) = await sender.send(ada)

    row = "US-CS-09"
    assert _told(unheld) == (
        "hold",
        [(row, "register_too_old", ""), (row, "wireless_domain", "recipient.mail_domain_listed_for")],
    )
    assert _told(stale) == ("hold", [(row, "register_too_old", "")])
    assert unheld.decision.next_allowed_at is stale.decision.next_allowed_at is None


@pytest.mark.parametrize(
    ("address", "days", "is_denied"),
    [
        ("ada@vtext.com", 30, True),
        ("Ada@VTEXT.com", 400, True),
        ("ada@eu.mail.vtext.com", 30, True),
        ("ada@vtext.com", 29, False),
        ("ada@notvtext.com", 400, False),
        ("ada@vtext.com.example", 400, False),
        ("ada@xn--e1afmkfd.xn--p1ai", 400, True),
    ],
)
async def test_a_carriers_domain_needs_a_yes_once_it_was_listed_for_thirty_days(
    sender: Sender, address: str, days: int, *, is_denied: bool
) -> None:
    """However the address is written, and inside a carrier's domain too; only the domain's own end counts."""
    await sender.hold("VText.com", "пример.рф", days=days)
    stranger, friend = await sender.know(address, has_consent=False), await sender.know(f"friend-{address}")

    refused, sent = await sender.send(stranger, friend)

    domains = [told for told in _told(refused)[1] if told[1] == "wireless_domain"]
    assert domains == ([("US-CS-09", "wireless_domain", "")] if is_denied else [])
    assert _told(sent) == ("allow", [])


async def test_days_are_counted_whole_to_the_moment_of_the_message(sender: Sender) -> None:
    """Of a domain listed twice over the longer time counts, and one that is listed later than that is listed."""
    work = sender.work
    at, people = work.at, [await sender.know(f"a@{name}") for name in ("a.one.com", "two.com", "three.com", "no.com")]
    since = {"one.com": at - timedelta(days=9), "a.one.com": at, "two.com": at - timedelta(days=30) + SMALL}
    since["three.com"] = at + timedelta(days=1)
    listed = [(domain_token(work.vault, domain), moment) for domain, moment in since.items()]
    await record_register(work, CARRIER_DOMAINS, at, listed)

    assert await sender.fact(*people) == [9, 29, 0, NOT_LISTED]


async def test_the_domain_of_whoever_was_erased_is_unknown(sender: Sender) -> None:
    """There is no address left to be looked at, and nobody else waits for it."""
    ada, gone = await sender.know("ada@example.com"), await sender.know("gone@example.com")
    await sender.hold()
    await destroy_subject(sender.work.connection, gone.id, sender.work.at)

    assert await sender.fact(ada, gone) == [NOT_LISTED, None]
