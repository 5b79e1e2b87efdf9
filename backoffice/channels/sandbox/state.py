"""All that a sandbox knows: its numbers, persons, templates and time, and what it has to tell."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from backoffice.channels.sandbox.chance import draw
from backoffice.channels.sandbox.limits import DAY, Pairs, Reach, Throughput
from backoffice.channels.sandbox.memory import Memory, Shelf, told
from backoffice.channels.sandbox.replies import Problem
from backoffice.channels.sandbox.setup import Number, Setup, Template
from backoffice.kernel.clock import Clock

GRAPH, PLAIN = "graph", "plain"
"""The roads on which events are told: Graph webhooks, and callbacks of the plain protocol."""

_EVENT = """
INSERT INTO event (road, sender, field, message, status, code, at, due, since, value)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_REACHED = """
SELECT sender, person, max(at) FROM message WHERE reached AND at > ? GROUP BY sender, person ORDER BY max(at)
"""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person as a portfolio knows them: by the number's digits, by a business-scoped id, or both."""

    wa_id: str = ""
    bsuid: str = ""
    name: str = ""

    @property
    def key(self) -> str:
        """What the person's messages, window and flags are kept under."""
        return self.wa_id or self.bsuid


class Hand(msgspec.Struct, frozen=True, kw_only=True):
    """Where the sandbox's clock was set, at which moment of the machine's, and whether it stands there."""

    at: datetime
    set_at: datetime
    stands: bool = False


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A media file as it was uploaded or sent in."""

    phone_number_id: str
    form: str
    content: bytes
    name: str = ""
    at: datetime

    @property
    def sha256(self) -> str:
        """The hash of the content."""
        return hashlib.sha256(self.content).hexdigest()


class State:
    """The sandbox's mind; everything that has to outlive it lies in its file."""

    def __init__(self, setup: Setup, clock: Clock, lap: Callable[[], float] = time.monotonic) -> None:
        self.setup, self.faults = setup, setup.faults
        self._machine = clock
        self.memory = Memory(Path(setup.path))
        self.hands = Shelf(self.memory, "clock", Hand)
        self.numbers = Shelf(self.memory, "number", Number)
        self.templates = Shelf(self.memory, "template", Template)
        self.people = Shelf(self.memory, "person", Person)
        self.windows = Shelf(self.memory, "window", datetime)
        self.flags = Shelf(self.memory, "flag", int)
        self.barred = Shelf(self.memory, "barred", datetime)
        self.files = Shelf(self.memory, "file", File)
        self.throughput, self.pairs, self.reach = Throughput(lap), Pairs(), Reach()
        self.asked: dict[str, int] = defaultdict(int)
        self.forged = self.forged_taken = 0  # webhooks with a wrong signature, and how many somebody took
        self._prepare()

    def _prepare(self) -> None:
        with self.memory.whole():
            for number in self.setup.numbers:
                if number.phone_number_id not in self.numbers:
                    self.numbers.put(number.phone_number_id, number)
            for template in self.setup.templates:
                if not self.find_template(template.waba_id, template.name, template.language):
                    self.add_template(template)
        for sender, person, at in self.memory.read(_REACHED, told(self.now() - DAY)):
            self.reach.remember(self.number(sender).portfolio, person, datetime.fromisoformat(at))

    def now(self) -> datetime:
        """Return what the sandbox's clock says."""
        machine, hand = self._machine(), self.hands.get("hand")
        if hand is None:
            return machine
        return hand.at if hand.stands else hand.at + (machine - hand.set_at)

    def set_clock(self, at: datetime | None, *, stands: bool) -> None:
        """Have the clock say a moment, and run on from it or stand; without one, follow the machine again."""
        if at is None:
            self.hands.drop("hand")
        else:
            self.hands.put("hand", Hand(at=at, set_at=self._machine(), stands=stands))

    def draw(self, what: str, key: str) -> float:
        """Draw a number below 1 that depends on the seed, the matter and the key alone."""
        return draw(self.faults.seed, what, key)

    def turn(self, reference: str) -> str:
        """Return a key for the next chance that a reference takes."""
        self.asked[reference] += 1
        return f"{reference}/{self.asked[reference]}"

    def promise(
        self,
        *,
        road: str,
        sender: str,
        field: str,
        key: str,
        at: datetime,
        asked: datetime,
        message: int = 0,
        status: str = "",
        code: int = 0,
        value: Mapping[str, Any] | None = None,
    ) -> None:
        """Have an event told, at the latest so many seconds after it was `asked` for as the faults say."""
        due = told(asked + timedelta(seconds=self.faults.late * self.draw("late", key)))
        text = msgspec.json.encode(value).decode() if value is not None else None
        self.memory.write(_EVENT, road, sender, field, message, status, code, told(at), due, due, text)

    # Persons

    def person_by_phone(self, portfolio: str, wa_id: str) -> Person:
        """Return a portfolio's person with a number's digits; who isn't known yet gets a business-scoped id."""
        if known := self.people.get(f"{portfolio}/{wa_id}"):
            return known
        person = Person(wa_id=wa_id, bsuid=_bsuid(portfolio, wa_id))
        self.know(portfolio, person)
        return person

    def find_by_bsuid(self, portfolio: str, bsuid: str) -> Person | None:
        """Return a portfolio's person with a business-scoped id, or None."""
        return self.people.get(f"{portfolio}/{bsuid}")

    def know(self, portfolio: str, person: Person) -> None:
        """Remember a person under all that a portfolio knows of them."""
        for name in {person.wa_id, person.bsuid} - {""}:
            self.people.put(f"{portfolio}/{name}", person)

    def is_in_window(self, number: Number, person: Person, at: datetime) -> bool:
        """Tell whether the person wrote to the number in the last 24 hours."""
        since = self.windows.get(f"{number.phone_number_id}/{person.key}")
        return since is not None and timedelta(0) <= at - since < DAY

    def flag_of(self, number: Number, person: Person) -> int:
        """Return the code of what keeps messages from a person, 0 for nothing."""
        return self.flags.get(person.key) or self.flags.get(f"{number.phone_number_id}/{person.key}") or 0

    # Numbers and templates

    def number(self, phone_number_id: str) -> Number:
        """Return a number by its id; raises Problem as the API does for what it doesn't know."""
        if (found := self.numbers.get(phone_number_id)) is None:
            raise unknown(phone_number_id)
        return found

    def has_waba(self, waba_id: str) -> bool:
        """Tell whether some number belongs to a WABA."""
        return any(number.waba_id == waba_id for _, number in self.numbers.items())

    def tier_of(self, portfolio: str) -> int:
        """Return how many persons a portfolio may reach in 24 hours: as many as its best number; 0: unlimited."""
        tiers = [number.tier for _, number in self.numbers.items() if number.portfolio == portfolio]
        return 0 if 0 in tiers else max(tiers, default=0)

    def find_template(self, waba_id: str, name: str, language: str) -> Template | None:
        """Return a template, or None."""
        return self.templates.get(f"{waba_id}/{name}/{language}")

    def add_template(self, template: Template) -> Template:
        """Keep a template under an id of its own, or instead of the one of this name and language."""
        name = f"{template.waba_id}/{template.name}/{template.language}"
        template = msgspec.structs.replace(template, id=template.id or _digits(name, 16))
        self.templates.put(name, template)
        return template


def unknown(path: str, method: str = "post") -> Problem:
    """Return the answer for an object that isn't there, or isn't this bearer's."""
    return Problem(
        100,
        status=400,
        message=f"Unsupported {method} request. Object with ID '{path[:64]}' does not exist, cannot be loaded due to"
        " missing permissions, or does not support this operation. Please read the Graph API documentation at"
        " https://developers.facebook.com/docs/graph-api",
        type="GraphMethodException",
        error_subcode=33,
    )


def _digits(text: str, count: int) -> str:
    number = int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).digest(), "big")
    return str(10 ** (count - 1) + number % (9 * 10 ** (count - 1)))


def _bsuid(portfolio: str, wa_id: str) -> str:
    return f"{_country(wa_id[:3])}.{_digits(f'{portfolio}/{wa_id}', 18)}"


@cache
def _country(begin: str) -> str:
    """Return the country whose numbers begin so; of several, the first.

    >>> _country("371"), _country("120"), _country("999")
    ('LV', 'US', 'ZZ')
    """
    codes = (COUNTRY_CODE_TO_REGION_CODE.get(int(begin[:size] or 0)) for size in (1, 2, 3) if begin.isdecimal())
    return next((found[0] for found in codes if found and len(found[0]) == 2 and found[0].isalpha()), "ZZ")
