"""Shots at the API: every operation of its description, asked rightly and wrongly, and every answer held against it.

Cases come from schemathesis: the examples, the edges of every field, random ones, and chains of requests that follow
one another. Ids are mostly those of things that are there.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import schemathesis
from schemathesis.core.failures import ServerError
from schemathesis.engine import Status, events, from_schema
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.transport.serialization import serialize_binary

from backoffice.channels.wire import SIGNATURE, sign
from backoffice.plumbing.http.once import HEADER
from backoffice.plumbing.idempotency import LONGEST_KEY
from backoffice.relay.views import SendAsked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case, HookContext, Response
    from schemathesis.core.failures import Failure
    from schemathesis.engine.recorder import ScenarioRecorder

    from tests.fuzz.town import Town

REAL = 0.8  # the share of ids that are those of something
EXAMPLE_SENDER = SendAsked.EXAMPLE["sender_id"]
STREAMED = 2  # events that are read of a stream
PATIENCE = 30.0  # seconds for one answer
WAITS = "ledger_not_sealed"
"""The one 503 that is no fault: a decision's proof is asked for before the ledger has given it its place."""

READERS = frozenset(
    {
        *("body_missing", "body_not_json", "body_not_utf8", "body_too_deep", "media_type_unsupported"),
        *("field_format", "field_invalid", "field_limit", "field_missing", "field_pattern", "field_range"),
        *("field_type", "field_unknown", "field_value", "field_without_zone", "request_unreadable"),
    }
)
"""What the reader says of a request that the description doesn't allow."""


class Breach(msgspec.Struct, frozen=True):
    """An answer that is not as it was described, or a server error."""

    check: str
    operation: str
    says: str
    request: str
    answer: str


class Result(msgspec.Struct, frozen=True):
    """What was asked, and what was wrong with the answers."""

    seed: int
    cases: int
    operations: int
    statuses: dict[int, int]
    answered: dict[str, dict[int, int]]
    """How often each operation gave each status."""
    errors: list[str]
    breaches: list[Breach]

    @property
    def server_errors(self) -> int:
        """How many answers were of the server's own fault, or never came."""
        return sum(one.check == "not_a_server_error" for one in self.breaches) + len(self.errors)

    @property
    def schema_breaches(self) -> int:
        """How many answers were not as described, or accepted what isn't."""
        return sum(one.check != "not_a_server_error" for one in self.breaches)


def shoot(url: str, town: Town, secret: str, *, seed: int, examples: int) -> Result:
    """Ask every operation `examples` times at random, beside its examples, its edges and its chains."""
    config = _config(url, town, seed, examples)
    schema = schemathesis.openapi.from_dict(_description(url, town), config=config)
    schema.hook(filter_failure)
    seen = _Seen()
    with _prepared(secret.encode()):
        for event in from_schema(schema).execute():
            seen.take(event)
    statuses: Counter[int] = sum(seen.answered.values(), Counter())
    return Result(
        seed=seed,
        cases=seen.cases,
        operations=len(seen.answered),
        statuses=dict(sorted(statuses.items())),
        answered={name: dict(sorted(count.items())) for name, count in sorted(seen.answered.items())},
        errors=seen.errors,
        breaches=seen.breaches,
    )


def _description(url: str, town: Town) -> Any:  # noqa: ANN401  # JSON
    """Return the API's description, with examples that send from the shop's number, and bytes where anything goes."""
    text = httpx.get(f"{url}/v1/openapi.json").text
    text = text.replace(EXAMPLE_SENDER, str(town.sender_id)).replace('"*/*"', '"application/octet-stream"')
    return msgspec.json.decode(text)


def _config(url: str, town: Town, seed: int, examples: int) -> Any:  # noqa: ANN401  # schemathesis's
    places = [(f"{place}.{name}", name) for place in ("path", "query", "body") for name in town.known]
    return schemathesis.Config.from_dict(
        {
            "seed": seed,
            "base-url": url,
            "auth": {"openapi": {"key": {"bearer": town.key}}},
            "continue-on-failure": True,
            "max-stream-events": STREAMED,
            "request-timeout": PATIENCE,
            "dictionaries": {name: {"values": values} for name, values in town.known.items()},
            "parameters": {place: {"dictionary": name, "probability": REAL} for place, name in places},
            "generation": {"max-examples": examples, "no-shrink": True, "database": "none"},
            "warnings": False,
        }
    )


@contextmanager
def _prepared(secret: bytes) -> Iterator[None]:
    """Make a request that is meant to be good one that is: its key is new, and a provider's callback is signed."""

    def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
        _ = context, kwargs
        if _is_key(case.headers.get(HEADER)):
            case.headers[HEADER] = secrets.token_hex()
        if case.path.endswith("/webhook") and case.media_type:
            case.headers[SIGNATURE] = sign(secret, serialize_binary(case.body))

    GLOBAL_HOOK_DISPATCHER.hook(before_call)
    try:
        yield
    finally:
        GLOBAL_HOOK_DISPATCHER.unregister(before_call)


def _is_key(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_KEY and value.isascii() and value.isprintable()


def filter_failure(context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Say whether a failure is one.

    What the description allows may still be refused by a rule that no schema can state (a number that no plan has, a
    place that is none), but never by the reader; only that for JSON Schema 1.0 is a whole number, and for us it is not.
    """
    _ = context
    match failure:
        case RejectedPositiveData():
            return _code(response) in READERS and not _has_whole_float(case.body)
        case ServerError():
            return _code(response) != WAITS
    return True


def _has_whole_float(body: object) -> bool:
    match body:
        case float():
            return body.is_integer()
        case dict():
            return any(map(_has_whole_float, body.values()))
        case list():
            return any(map(_has_whole_float, body))
    return False


def _code(response: Response) -> str:
    try:
        return str(response.json().get("code", ""))
    except (ValueError, AttributeError):
        return ""


@schemathesis.serializer("text/csv")
def serialize(_: schemathesis.SerializationContext, value: Any) -> bytes:  # noqa: ANN401  # bytes, mostly
    """Send a file as it is."""
    return serialize_binary(value)


class _Seen:
    """What has happened so far."""

    def __init__(self) -> None:
        self.cases = 0
        self.answered: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.breaches: list[Breach] = []
        self.errors: list[str] = []

    def take(self, event: events.EngineEvent) -> None:
        """Take what the engine tells."""
        match event:
            case events.ScenarioFinished(recorder=recorder):
                self._count(recorder)
                self.breaches += _breaches(recorder)
            case events.NonFatalError(label=label, value=value):
                self.errors.append(f"{label}: {value}")
            case events.FatalError(exception=exception):
                raise exception

    def _count(self, recorder: ScenarioRecorder) -> None:
        for case_id, interaction in recorder.interactions.items():
            self.cases += 1
            label = recorder.cases[case_id].value.operation.label
            self.answered[label][interaction.response.status_code if interaction.response else 0] += 1


def _breaches(recorder: ScenarioRecorder) -> Iterator[Breach]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.status == Status.FAILURE and check.failure_info:
                answer = recorder.interactions[case_id].response
                yield Breach(
                    check.name,
                    recorder.cases[case_id].value.operation.label,
                    f"{check.failure_info.failure.title}: {check.failure_info.failure.message}"[:2_000],
                    check.failure_info.code_sample[:2_000],
                    (answer.content or b"")[:2_000].decode(errors="replace") if answer else "",
                )
