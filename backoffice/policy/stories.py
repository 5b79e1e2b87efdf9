"""Stories: dated steps through the product, with what must be true after each; a lawyer can write one.

The head of a story reads as a case does: it starts `from` a base, pins what law turns on, says what differs, and names
what the whole story proves: `passes` answered no at some step, `stops` stood alone in the way at some step, `shows`
are clauses that speak of no send, which the figures after its steps bear out. From the head the scene is set: account,
number, message and person are made as the base says, by the product's own verbs, at the moment of the head. Then the
steps are done, in order and each at its moment. Reading is as strict as of all policy files.

    [[story]]
    id = "the-paid-span"
    title = "The last minute of the paid span sends, the next does not"
    from = "lv-whatsapp-service"
    (the pins of a case: at, zone, number, purpose, channel, provider_type, grade)
    account = { paid_until = 2025-09-30T21:00:00Z }
    passes = ["acme/2.14"]
    stops = ["acme/2.14"]

    [[story.step]]
    at = 2025-09-30T20:59:00Z
    do = "send"
    name = "last"
    expect = { verdict = "allow", state = "queued" }

    [[story.step]]
    at = 2025-09-30T21:00:00Z
    do = "deliver"
    expect = { of = "last", verdict = "deny", only = ["acme/2.14"], state = "denied", delivered = 0 }
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from backoffice.kernel.errors import Invalid
from backoffice.policy.documents import convert, line_of, read
from backoffice.policy.facts import Account, Message, Recipient
from backoffice.policy.scenarios import PINS, Case, Expect, Pins, read_scenarios
from backoffice.policy.steps import (
    KINDS,
    AnyStep,
    Expected,
    Import,
    Sending,
    StateFacts,
    Step,
)

SCENE = {"account": "account", "number": "number", "person": "person"}
"""What the head of a story makes, by kind and name."""

_INHERITED = ("operator", "edition", "country", "state", "postcode", "city", "settings")
_FACTS: dict[str, type[Any]] = {"account": Account, "message": Message, "recipient": Recipient}


class Story(Pins, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"base": "from", "steps": "step"}):
    """One story."""

    id: str
    base: str
    steps: tuple[AnyStep, ...]
    passes: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    address: str = ""  # of the person, where the channel has no numbers
    own: tuple[str, ...] = ()  # facts that the story states itself, as "account.credits"; as it was read

    def case(self, number: int, expect: Expected, at: datetime) -> Case:
        """Return what a step says of a decision, as a case: its id is the story's with the step's number, from 1."""
        told = {name: getattr(self, name) for name in Pins.__struct_fields__}
        words = {name: getattr(expect, name) for name in Expect.__struct_fields__}
        return Case(**{**told, "at": at}, id=f"{self.id}/{number}", base=self.base, expect=Expect(**words))


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    story: tuple[Story, ...] = ()


def is_story_file(file: str) -> bool:
    """Tell whether a scenario file holds stories, and no cases: by its name.

    >>> is_story_file("stories-credits.toml"), is_story_file("us-lists.toml")
    (True, False)
    """
    return file.rpartition("/")[2].startswith("stories")


def read_stories(files: Mapping[str, str]) -> tuple[Story, ...]:
    """Read the stories of scenario files, each joined with its base; raises Invalid with file, line and field."""
    bases = _bases({file: text for file, text in files.items() if "[[base]]" in text and not is_story_file(file)})
    stories: dict[str, Story] = {}
    for file, text in files.items():
        for number, story in enumerate(_read(file, text) if is_story_file(file) else ()):
            reader = _Reader(file, text, f"$.story[{number}]")
            if stories.setdefault(story.id, story) is not story:
                raise reader.wrong("case_twice", "id", case=story.id)
            stories[story.id] = reader.checked(story, bases)
    return tuple(stories.values())


def _bases(files: Mapping[str, str]) -> dict[str, Case]:
    cases = (case for case in read_scenarios(files) if not case.base)
    return {case.id.removeprefix("base-"): case for case in cases}


def _read(file: str, text: str) -> tuple[Story, ...]:
    """Refuse a story that leaves out what it must pin, before anything else is looked at."""
    tables = read(dict[str, Any], file, text)
    stories = tables.get("story")
    for number, story in enumerate(stories if isinstance(stories, list) else []):
        at = f"$.story[{number}]"
        if isinstance(story, dict):
            story["where"] = [file, line_of(text, at)]
            for pin in PINS:
                if pin not in story:
                    raise _Reader(file, text, at).wrong("scenario_pin_missing", pin, case=story.get("id") or "story")
    return convert(_File, tables, file, text).story


class _Reader:
    """Checks one story, and says where in its file something is wrong."""

    def __init__(self, file: str, text: str, at: str) -> None:
        self.file, self.text, self.at = file, text, at

    def wrong(self, code: str, field: str, **data: object) -> Invalid:
        """Return the error that names file, line and field."""
        whole = f"{self.at}.{field}"
        return Invalid(code, file=self.file, line=line_of(self.text, whole), field=whole.lstrip("$."), **data)

    def checked(self, story: Story, bases: Mapping[str, Case]) -> Story:
        """Return the story joined with its base and with the moment of every step."""
        if story.base not in bases:
            raise self.wrong("base_unknown", "from", base=story.base, case=story.id)
        if not story.steps:
            raise self.wrong("story_without_steps", "step", story=story.id)
        joined = _joined(story, bases[story.base])
        self._check_facts(joined)
        self._check_names(joined)
        return msgspec.structs.replace(joined, steps=tuple(self._dated(joined)))

    def _dated(self, story: Story) -> Iterator[Step]:
        """Give every step its moment; time never runs backwards."""
        at = story.at
        for number, step in enumerate(story.steps):
            if step.at is not None and step.at < at:
                raise self.wrong("story_runs_backwards", f"step[{number}].at", story=story.id)
            at = step.at or at
            yield msgspec.structs.replace(step, at=at)

    def _check_facts(self, story: Story) -> None:
        pinned = {"at": story.at, "channel": story.channel}
        for name, kind in _FACTS.items():
            given = getattr(story, name)
            self._facts(kind, {**given, **pinned} if kind is Message else given, name)
        for number, step in enumerate(story.steps):
            if isinstance(step, Sending):
                self._facts(Message, {**step.message, **pinned}, f"step[{number}].message")
            if isinstance(step, StateFacts):
                self._facts(Account, step.facts, f"step[{number}].facts")

        for fact in story.unknown:
            name, _, field = fact.partition(".")
            if name not in _FACTS or field not in _FACTS[name].__struct_fields__:
                raise self.wrong("fact_unknown", "unknown")

    def _facts(self, kind: type[Any], given: dict[str, Any], field: str) -> None:
        if strangers := given.keys() - set(kind.__struct_fields__):
            raise self.wrong("fact_unknown", f"{field}.{min(strangers)}")
        convert(kind, given, self.file, self.text, f"{self.at}.{field}")

    def _check_names(self, story: Story) -> None:
        """Refuse a name that nothing has yet, and one that is given twice; what is sent may be called the same."""
        known: dict[str, set[str]] = {kind: {SCENE[kind]} if kind in SCENE else set() for kind in KINDS}
        for number, step in enumerate(story.steps):
            for kind, name, field in names_used(step):
                if name not in known[kind]:
                    raise self.wrong("story_name_unknown", f"step[{number}].{field}", kind=kind, name=name)
            for kind, name in () if step.expect.refused else names_made(step):
                if name in known[kind] and kind != "send":
                    raise self.wrong("story_name_twice", f"step[{number}].name", kind=kind, name=name)
                known[kind].add(name)
            for kind, name, field in names_expected(step):
                if name not in known[kind]:
                    raise self.wrong("story_name_unknown", f"step[{number}].expect.{field}", kind=kind, name=name)


def _joined(story: Story, base: Case) -> Story:
    """Lay what a story says over its base."""
    inherited = {name: getattr(base, name) for name in _INHERITED if not getattr(story, name)}
    facts = {name: {**getattr(base, name), **getattr(story, name)} for name in _FACTS}
    own = tuple(f"{name}.{fact}" for name in _FACTS for fact in getattr(story, name))
    return msgspec.structs.replace(story, **inherited, **facts, own=own)


def names_made(step: Step) -> tuple[tuple[str, str], ...]:
    """Return what a step makes, each with its kind.

    >>> from backoffice.policy.steps import Send
    >>> names_made(Send(name="offer", to=("anna", "karlis")))
    (('send', 'offer.anna'), ('send', 'offer.karlis'))
    """
    name = getattr(step, "name", "")
    if isinstance(step, Import):
        return tuple(("person", person) for person in step.people)
    if isinstance(step, Sending) and not isinstance(step.to, str):
        return tuple(("send", f"{name}.{person}") for person in step.to)
    return ((step.makes, name),) if step.makes else ()


def names_used(step: Step) -> tuple[tuple[str, str, str], ...]:
    """Return what a step speaks of, by kind and name, with the field that says so."""
    own = [(kind, getattr(step, kind), kind) for kind in KINDS if hasattr(step, kind)]
    if isinstance(step, Sending):
        own += [("person", person, "to") for person in ((step.to,) if isinstance(step.to, str) else step.to)]
    return tuple(own)


def names_expected(step: Step) -> tuple[tuple[str, str, str], ...]:
    """Return of what something is expected after a step, by kind and name, with the field that says so."""
    expect = step.expect
    of = (("send", expect.of, "of"),) if expect.of else ()
    return (
        *of,
        *(("send", name, "states") for name in expect.states),
        *(("person", name, "verdicts") for name in expect.verdicts),
    )
