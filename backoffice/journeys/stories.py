"""Stories, played: every step done on a real database, and what came of it held against what was expected."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import msgspec

from backoffice.billing.service import lock_lots
from backoffice.journeys.doing import do
from backoffice.journeys.judged import Judged, Witness, judged
from backoffice.journeys.rehearsing import rehearse
from backoffice.journeys.scene import scene
from backoffice.journeys.seen import unlike, unlike_scene
from backoffice.journeys.sending import said_of
from backoffice.journeys.stage import Stage
from backoffice.journeys.store import list_waiting_kinds
from backoffice.kernel.errors import BackofficeError, Invalid
from backoffice.plumbing.install import Install
from backoffice.policy.facts import Message
from backoffice.policy.library import Library
from backoffice.policy.proving import Proof
from backoffice.policy.steps import Expected, Sending, Step
from backoffice.policy.stories import Story, names_made, read_stories
from backoffice.relay import reconsidering
from backoffice.relay.service import get_send
from backoffice.relay.shapes import StoredSend


class StoryResult(msgspec.Struct, frozen=True):
    """What came of a story: where it went otherwise than expected, and what its decisions prove."""

    story: Story
    failures: tuple[str, ...]
    proofs: tuple[Proof, ...] = ()


Tell = Callable[[int, int], None]
"""Is told how many stories are played, and of how many."""


async def run_stories(
    install: Install, library: Library, files: Mapping[str, str], tell: Tell = lambda _played, _of: None
) -> list[StoryResult]:
    """Play the stories of scenario files, in order; leaves nothing in the install's database.

    Raises Invalid where a story can't be read, with file, line and field, and Refused outside the sandbox.
    """
    stories, witness = read_stories(files), Witness(library)
    results: list[StoryResult] = []
    for story in stories:
        tell(len(results), len(stories))
        results.append(await run_story(install, story, witness))
    return results


async def run_story(install: Install, story: Story, witness: Witness) -> StoryResult:
    """Play one story, with what it says that the operator has set."""
    library = witness.library
    if story.settings:
        try:
            library = library.setting(story.operator, story.edition, story.settings)
        except Invalid as refused:
            return StoryResult(story, (f"what the operator sets can't be: {refused}",))
    async with rehearse(install, story.at, library) as rehearsal:
        play = _Play(Stage(rehearsal, story, witness))
        failures = [failure async for failure in play.run()]
    return StoryResult(story, tuple(failures), tuple(play.proofs))


class _Play:
    """One story being played."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.story = stage.story
        self.proofs: list[Proof] = []

    async def run(self) -> AsyncIterator[str]:
        """Set the scene, do the steps, and yield what is otherwise than expected."""
        try:
            for step in scene(self.story, self.stage.library):
                await do(step, self.stage)
            await reconsidering.step(self.stage.rehearsal)  # what the scene changed opens nothing later
            otherwise = await unlike_scene(self.stage)
        except BackofficeError as refused:
            yield f"the scene can't be set: {refused}"
            return
        for failure in otherwise:
            yield f"the scene: {failure}"
        for number, step in enumerate(self.story.steps, 1):
            async for failure in self._step(number, step):
                yield f"step {number}: {failure}"
        for failure in self._unproved():
            yield failure

    async def _step(self, number: int, step: Step) -> AsyncIterator[str]:
        await self.stage.rehearsal.move_to(step.at or self.story.at)
        refused = await self._refused(step)
        if refused != step.expect.refused:
            yield f"refused: {refused or 'nothing'}, expected {step.expect.refused or 'nothing'}"
        if refused:
            return
        for name in self._meant(step):
            async for failure in self._decided(number, step, name):
                yield f"{name}: {failure}"
        async for failure in self._standing(step.expect):
            yield failure

    async def _refused(self, step: Step) -> str:
        try:
            await do(step, self.stage)
        except BackofficeError as refused:
            return refused.code
        return ""

    def _meant(self, step: Step) -> list[str]:
        """Return the sends of whose decision or state the step expects something."""
        if step.expect.of:
            return [step.expect.of]
        return [name for _, name in names_made(step)] if isinstance(step, Sending) else []

    async def _decided(self, number: int, step: Step, name: str) -> AsyncIterator[str]:
        expect, sent = step.expect, self.stage.sends[name]
        async with self.stage.rehearsal.reading() as work:
            found = await get_send(work, sent.account_id, sent.send_id)
            seen = await judged(work, sent.account_id, found.decision_id)
        if expect.state and found.state != expect.state:
            yield f"state {found.state}, expected {expect.state}"
        if isinstance(step, Sending):
            own = {one.partition(".")[2] for one in self.story.own if one.startswith("message.")} | step.message.keys()
            said = {fact: value for fact, value in said_of(self.stage, step).items() if fact in own}
            for failure in unlike(Message, said, seen.message):
                yield failure
        verdict = expect.verdicts.get(name.rpartition(".")[2]) or expect.verdict
        if verdict:
            for failure in self._proved(number, msgspec.structs.replace(expect, verdict=verdict), seen, found):
                yield failure

    def _proved(self, number: int, expect: Expected, seen: Judged, found: StoredSend) -> Iterator[str]:
        case = self.story.case(number, expect, seen.message.at)
        proof = self.stage.witness.held(seen, case, self.story.passes)
        if found.verdict != seen.decision.verdict:
            yield f"the send stands as {found.verdict}, its decision as {seen.decision.verdict}"
        yield from proof.failures
        self.proofs.append(proof)

    async def _standing(self, expect: Expected) -> AsyncIterator[str]:
        """Yield what else is otherwise than expected: states of sends, credits, what was handed over and entered."""
        stage = self.stage
        async with stage.rehearsal.unit_of_work() as work:
            for name, state in expect.states.items():
                sent = stage.sends[name]
                found = (await get_send(work, sent.account_id, sent.send_id)).state
                if found != state:
                    yield f"{name}: state {found}, expected {state}"
            whose = (stage.accounts["account"], self.story.channel)
            left = (await lock_lots(work, {whose})).available(*whose)
            kinds = await list_waiting_kinds(work)
        if expect.credits not in (None, left):
            yield f"credits {left}, expected {expect.credits}"
        if expect.delivered not in (None, len(stage.channel.taken)):
            yield f"delivered {len(stage.channel.taken)}, expected {expect.delivered}"
        for kind in expect.entries:
            if kind not in kinds:
                yield f"entries: {kind} is missing"

    def _unproved(self) -> Iterator[str]:
        """Yield what the head says the story proves, and no step does."""
        good = [proof for proof in self.proofs if not proof.failures]
        passed = {source for proof in good for source in proof.case.expect.passes}
        stopped = {source for proof in good for source, _ in proof.sole} | {
            one for proof in good for one in proof.cited
        }
        for source in self.story.passes:
            if source not in passed:
                yield f"passes: {source} was in scope and answered no at no step"
        for source in self.story.stops:
            if source not in stopped:
                yield f"stops: {source} stood alone in the way at no step"
