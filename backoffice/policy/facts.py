"""The facts of a send: everything a rule may know, and what it means when nobody stated it.

Three records, one row a fact below: unit or values | what a gap means | room that answers | who demands it.
Gap words: **hold** unknown stops the send · **strict** the default is the strictest value, never a gap ·
**deny** nothing on record is itself the answer. A moment that never came is `NEVER`, a term without end
`FOREVER`, so that comparisons need no None. `message.at` is the only now.

account.places                | places of account and operator, with parents | strict (EU, AZ) | accounts | GDPR 3(1)
account.is_registered         | bool | hold | accounts | registration clauses
account.standing              | applicant trial active suspended closed purged | hold | accounts | suspension clauses
account.standing_ground       | ground of a suspension or closure, or "" | strict ("") | accounts | suspension clauses
account.restricted_channels   | channels closed to it | hold | accounts | restriction clauses
account.documents_accepted    | kinds whose edition in force is accepted | hold | terms | GDPR 28, acceptance clauses
account.trial_until           | UTC, exclusive | hold | billing | trial clauses
account.has_paid_plan         | bool, a paid plan was bought | hold | billing | trial and plan clauses
account.paid_from             | UTC, inclusive | hold | billing | prepaid clauses
account.paid_until            | UTC, exclusive: end of paid time or running cycle | hold | billing | prepaid clauses
account.credits               | messages left on this channel in lots still valid | hold | billing | credit clauses
account.entitlements          | features and channels switched on | hold | billing | add-on clauses
account.addons_purchased      | names | hold | billing | add-on clauses
account.addons_configured     | names | hold | billing | add-on clauses
account.usage_count           | messages in this plan period | hold | relay | usage clauses
account.declared_use          | business personal household undeclared | hold | accounts | business-use clauses
account.registrations         | registers with a number or an exemption | hold | accounts | AZ-PD-16, US-TX-02
account.lawful_basis          | Art. 6(1) ground of the purpose, by name | hold | consent | EU-CONS-04, AZ-PD-01
account.scan_ground           | recorded ground for reading bodies, or "" | hold | accounts | EU-EPR-07
account.transfer_ground       | ground of Art. 14 for a transfer abroad, by name | hold | accounts | AZ-PD-08
account.sender_provider_type  | official unofficial | hold | accounts | PL-WA-09
account.sender_is_registered  | bool, with WhatsApp or the carrier | hold | accounts | sender clauses
account.sender_is_linked      | bool | hold | accounts | sender clauses
account.sender_is_banned      | bool | hold | accounts | number bans
account.sender_is_spoofed     | bool | hold | accounts | US-TC-13
account.sender_can_receive    | bool | strict (False) | accounts | US-TC-10
account.sender_is_halted      | bool, this number, by the provider | hold | accounts | PL-WA-11
account.portfolio_room_at     | UTC from which a new person fits its portfolio's 24 h limit | hold | accounts | PL-WA-10
account.mail_authentication   | spf dkim dmarc, aligned | hold | accounts | PL-EM-04, PL-EM-05
account.mail_complaint_rate   | fraction 0..1 | hold | delivery | PL-EM-04
account.mail_daily_volume     | messages in 24 h | strict (over any threshold) | delivery | PL-EM-05
account.registers             | do-not-call and other registers held, with their age | hold | contacts | US-TC-11
account.emergencies           | places under a declared emergency | strict (none, printed) | relay | US-LA-02

message.at                    | UTC | refused | relay | every row
message.channel               | whatsapp sms email voice push | refused | relay | every row
message.purpose               | marketing transactional service authentication | strict (marketing) | relay | every row
message.has_promotional_part  | bool | strict (True) | campaigns | classification
message.is_primary_purpose_approved | bool, by legal | strict (False) | campaigns | US-CS-07
message.leads_to_paid_content | bool | hold | campaigns | EU-EPR-03
message.template_category     | marketing utility authentication none | strict (marketing) | campaigns | classification
message.declared_use          | a use of the operator's list, or undeclared | hold | relay | lawful-use clauses
message.traffic_type          | bulk_opt_in streaming p2p undeclared | hold | relay | traffic clauses
message.is_bulk               | bool, more than one recipient | strict (True) | relay | PL-WA-09
message.is_automated          | bool, a machine chose or dialled | strict (True) | relay | US-TC-01
message.kind                  | normal stop_confirmation requested_answer | strict (normal) | notices | US-TC-08
message.topic                 | key of the subject | strict (one for all) | campaigns | US-FL-02
message.form                  | free_form template | hold | campaigns | PL-WA-02
message.template_status       | approved paused disabled rejected none | hold | campaigns | PL-WA-02
message.content_confirmed     | content classes found by a person | hold | cases | content clauses
message.content_suspected     | content classes reported or flagged | hold | cases | content clauses
message.complaints            | people who complained of this text | hold | cases | disturbance clauses
message.is_content_scanned    | bool, a scan result is used | strict (False) | campaigns | EU-EPR-07
message.are_headers_true      | bool | hold | campaigns | US-CS-01
message.reviewed              | what staff reviewed and found true | hold | campaigns | US-CS-02
message.carries               | parts the text and its headers hold | hold | campaigns | 14 content rows
message.is_stop_address_valid | bool | hold | campaigns | LV-MKT-07
message.are_links_lawful      | bool | hold | campaigns | EU-EPR-04
message.asks_card_or_id       | bool | hold | campaigns | PL-WA-08
message.list_source           | declared lawful source, or "" | hold | contacts | list clauses
message.recipients_count      | recipients of the campaign | hold | campaigns | size advice
message.repeats_text          | bool, same text as another batch | hold | campaigns | text advice
message.since_last_batch      | timedelta | hold | campaigns | interval advice
message.is_risk_notice_shown  | bool | hold | campaigns | risk advice
message.is_emergency_use      | bool | strict (False) | relay | emergency clauses
message.is_for_children       | bool, directed to children | hold | campaigns | EU-CONS-05, US-CHILD-01

recipient.is_address_valid    | bool | strict (False) | contacts | every send
recipient.region              | region of the number, or "" | strict ("") | contacts | PL-WA-04
recipient.places              | every candidate place, with parents | strict (global) | contacts | every row
recipient.without_pack        | countries that have no law pack | strict (none) | contacts | global rows
recipient.local_times         | a local time per place and zone | hold | contacts | every hours row
recipient.number_class        | as kernel.phone has it, or emergency | hold | contacts | emergency clauses
recipient.mail_domain_listed_for | days on the wireless-domain list, -1 not listed | hold | contacts | US-CS-09
recipient.person_type         | natural legal named_at_legal | strict (natural) | contacts | LV-MKT-06
recipient.age                 | lowest possible age in whole years | strict (adult, printed) | contacts | EU-CONS-05
recipient.has_parental_consent | bool | strict (False) | consent | EU-CONS-05
recipient.consents            | consents on record, graded | deny | consent | every consent row
recipient.soft_opt_in         | which of the six facts are proved | strict (none) | consent | EU-EPR-02
recipient.is_own_customer     | bool | hold | contacts | own-customer clauses
recipient.last_purchase_at    | UTC | strict (NEVER) | contacts | US-TC-11
recipient.last_inquiry_at     | UTC | strict (NEVER) | contacts | US-TC-11
recipient.suppressions        | stops on record; empty must be stated | hold | consent | every opt-out row
recipient.last_opt_out_at     | UTC | hold | consent | US-TC-08
recipient.stop_confirmations  | sent since the last opt-out | hold | consent | US-TC-08
recipient.last_request_at     | UTC of an own act that asked for this | deny (NEVER) | relay | GL-STOP-04
recipient.answers_sent        | to that request | hold | relay | GL-STOP-04
recipient.unclear_stop_at     | UTC of a stop nobody has read yet | strict (NEVER) | cases | the road
recipient.restriction         | none contested objection erasure | hold | subject_requests | EU-DSR-10
recipient.last_inbound_at     | UTC | deny (NEVER: window shut) | delivery | PL-WA-02
recipient.recent_sends        | UTC of the sends of the last 24 h, oldest first, in flight too | hold | relay | US-OR-01
recipient.recent_on_topic     | the same, on the message's topic | hold | relay | US-FL-02
recipient.is_counted_in_portfolio | bool | strict (False) | delivery | PL-WA-10
recipient.provider_error      | last error code, 0 none | strict (0) | delivery | PL-WA-05, PL-WA-11
recipient.provider_error_at   | UTC | strict (NEVER) | delivery | PL-WA-05
recipient.listings            | registers the address stands in | hold | contacts | US-TC-11
recipient.is_told_of_source   | bool, GDPR Art. 14 | hold | consent | EU-DSR-13
recipient.is_told_of_objection | bool, GDPR Art. 21(4) | hold | consent | EU-OBJ-02
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from backoffice.policy.gaps import gap
from backoffice.policy.vocabulary import Channel, ContentClass, Grade, Purpose, Standing

NEVER = datetime(1, 1, 1, tzinfo=UTC)
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
PRESUMED_ADULT = 999  # years; no birth date on record and nothing says a child is meant
ERA = range(1970, 2200)  # the years in which a send can be judged

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """A person's recorded yes, with what its evidence proves."""

    grade: Grade
    given_at: Moment
    purposes: frozenset[str]
    channels: frozenset[str]
    valid_until: Moment = FOREVER
    names_sender: bool = False  # names this sender
    is_written: bool = False  # written or signed, also electronically
    fields: frozenset[str] = frozenset()  # what the record holds, in the register's field names


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """A standing do-not-send."""

    scope: Literal["all", "marketing", "topic"]
    channel: str = "all"
    at: Moment = NEVER
    topic: str = ""


class LocalTime(msgspec.Struct, frozen=True):
    """What the clock may show where the person may be: one a place and zone."""

    place: str
    zone: str
    on: str  # local date, ISO
    weekday: int  # 0 Monday
    minute_of_day: int  # 0..1439
    holidays: tuple[str, ...]  # calendars in which this date is a day off


class Register(msgspec.Struct, frozen=True):
    """A register we hold (do-not-call, carrier domains), with the day of its data."""

    name: str
    as_of: Moment


class Listing(msgspec.Struct, frozen=True):
    """An entry of the person's address in a register."""

    register: str
    since: Moment


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The account, its operator and the number or domain it sends from."""

    places: frozenset[str] = frozenset({"EU", "AZ"})
    is_registered: bool = gap("account.is_registered")
    standing: Standing = gap("account.standing")
    standing_ground: str = ""
    restricted_channels: frozenset[str] = gap("account.restricted_channels")
    documents_accepted: frozenset[str] = gap("account.documents_accepted")
    trial_until: Moment = gap("account.trial_until")
    has_paid_plan: bool = gap("account.has_paid_plan")
    paid_from: Moment = gap("account.paid_from")
    paid_until: Moment = gap("account.paid_until")
    credits: int = gap("account.credits")
    entitlements: frozenset[str] = gap("account.entitlements")
    addons_purchased: frozenset[str] = gap("account.addons_purchased")
    addons_configured: frozenset[str] = gap("account.addons_configured")
    usage_count: int = gap("account.usage_count")
    declared_use: Literal["business", "personal", "household", "undeclared"] = gap("account.declared_use")
    registrations: frozenset[str] = gap("account.registrations")
    lawful_basis: str = gap("account.lawful_basis")
    scan_ground: str = gap("account.scan_ground")
    transfer_ground: str = gap("account.transfer_ground")
    sender_provider_type: Literal["official", "unofficial"] = gap("account.sender_provider_type")
    sender_is_registered: bool = gap("account.sender_is_registered")
    sender_is_linked: bool = gap("account.sender_is_linked")
    sender_is_banned: bool = gap("account.sender_is_banned")
    sender_is_spoofed: bool = gap("account.sender_is_spoofed")
    sender_can_receive: bool = False
    sender_is_halted: bool = gap("account.sender_is_halted")
    portfolio_room_at: Moment = gap("account.portfolio_room_at")
    mail_authentication: frozenset[str] = gap("account.mail_authentication")
    mail_complaint_rate: Decimal = gap("account.mail_complaint_rate")
    mail_daily_volume: int = 1_000_000_000
    registers: tuple[Register, ...] = gap("account.registers")
    emergencies: frozenset[str] = frozenset()


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent, when, over which channel and for which purpose."""

    at: Moment
    channel: Channel
    purpose: Purpose = "marketing"
    has_promotional_part: bool = True
    is_primary_purpose_approved: bool = False
    leads_to_paid_content: bool = gap("message.leads_to_paid_content")
    template_category: Literal["marketing", "utility", "authentication", "none"] = "marketing"
    declared_use: str = gap("message.declared_use")
    traffic_type: str = gap("message.traffic_type")
    is_bulk: bool = True
    is_automated: bool = True
    kind: Literal["normal", "stop_confirmation", "requested_answer"] = "normal"
    topic: str = ""
    form: Literal["free_form", "template"] = gap("message.form")
    template_status: Literal["approved", "paused", "disabled", "rejected", "none"] = gap("message.template_status")
    content_confirmed: frozenset[ContentClass] = gap("message.content_confirmed")
    content_suspected: frozenset[ContentClass] = gap("message.content_suspected")
    complaints: int = gap("message.complaints")
    is_content_scanned: bool = False
    are_headers_true: bool = gap("message.are_headers_true")
    reviewed: frozenset[str] = gap("message.reviewed")
    carries: frozenset[str] = gap("message.carries")
    is_stop_address_valid: bool = gap("message.is_stop_address_valid")
    are_links_lawful: bool = gap("message.are_links_lawful")
    asks_card_or_id: bool = gap("message.asks_card_or_id")
    list_source: str = gap("message.list_source")
    recipients_count: int = gap("message.recipients_count")
    repeats_text: bool = gap("message.repeats_text")
    since_last_batch: timedelta = gap("message.since_last_batch")
    is_risk_notice_shown: bool = gap("message.is_risk_notice_shown")
    is_emergency_use: bool = False
    is_for_children: bool = gap("message.is_for_children")


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """The person at one address."""

    is_address_valid: bool = False
    region: str = ""
    places: frozenset[str] = frozenset({"global"})
    without_pack: tuple[str, ...] = ()
    local_times: tuple[LocalTime, ...] = gap("recipient.local_times")
    number_class: str = gap("recipient.number_class")
    mail_domain_listed_for: int = gap("recipient.mail_domain_listed_for")
    person_type: Literal["natural", "legal", "named_at_legal"] = "natural"
    age: int = PRESUMED_ADULT
    has_parental_consent: bool = False
    consents: tuple[Consent, ...] = ()
    soft_opt_in: frozenset[str] = frozenset()
    is_own_customer: bool = gap("recipient.is_own_customer")
    last_purchase_at: Moment = NEVER
    last_inquiry_at: Moment = NEVER
    suppressions: tuple[Suppression, ...] = gap("recipient.suppressions")
    last_opt_out_at: Moment = gap("recipient.last_opt_out_at")
    stop_confirmations: int = gap("recipient.stop_confirmations")
    last_request_at: Moment = NEVER
    answers_sent: int = gap("recipient.answers_sent")
    unclear_stop_at: Moment = NEVER
    restriction: Literal["none", "contested", "objection", "erasure"] = gap("recipient.restriction")
    last_inbound_at: Moment = NEVER
    recent_sends: tuple[Moment, ...] = gap("recipient.recent_sends")
    recent_on_topic: tuple[Moment, ...] = gap("recipient.recent_on_topic")
    is_counted_in_portfolio: bool = False
    provider_error: int = 0
    provider_error_at: Moment = NEVER
    listings: tuple[Listing, ...] = gap("recipient.listings")
    is_told_of_source: bool = gap("recipient.is_told_of_source")
    is_told_of_objection: bool = gap("recipient.is_told_of_objection")
