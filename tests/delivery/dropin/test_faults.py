"""Refusals in the Graph API's words: the nearest code, every reason, and no code that is tried again for nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from backoffice.channels.codes import kind_of
from backoffice.delivery.dropin.faults import (
    AWAY,
    CODES,
    CODES_OF,
    DENIED,
    PARAMETER,
    TOKEN,
    TRANSIENT,
    UNKNOWN,
    WRONG,
    GraphFault,
    fault_of,
    no_such_object,
    refusal_of,
)
from backoffice.kernel.errors import BackofficeError, Invalid, NotFound, Refused, Unavailable
from backoffice.policy.reasons import TEXTS

TRACE = UUID(int=7)


def _reason(code: str, verdict: str = "deny", **more: str) -> dict[str, Any]:
    return {"code": code, "verdict": verdict, "source": "LV-1", "citation": "Law 1", "says": f"{code}.", **more}


def _refused(*reasons: dict[str, Any]) -> GraphFault:
    return refusal_of({"decision_id": "d1", "reasons": list(reasons)})


def test_each_reason_that_has_a_code_is_one_of_the_gates() -> None:
    """A rule that is renamed would fall to the code of all others."""
    assert set(CODES_OF) <= set(TEXTS)
    assert set(CODES_OF.values()) <= set(CODES)


@pytest.mark.parametrize("code", sorted({DENIED, *CODES_OF.values()}))
def test_no_denial_says_that_trying_again_may_help(code: int) -> None:
    """Neither our own couriers nor an integration would send it again."""
    assert code not in TRANSIENT
    assert kind_of(code) != "retry"
    assert CODES[code].status < 500
    assert CODES[code].status != 429


@pytest.mark.parametrize("reason", sorted(set(TEXTS)))
def test_every_reason_of_the_gate_has_a_code(reason: str) -> None:
    """The nearest of the real ones, or the one for a permission that is not granted."""
    assert _refused(_reason(reason)).code == CODES_OF.get(reason, DENIED)


def test_the_gravest_code_goes_before_and_every_reason_is_told() -> None:
    """An account that is locked is told so first; what only holds is told too, and what warns isn't."""
    reasons = [_reason("window_shut"), _reason("not_in_standing"), _reason("quiet_hours", "hold"), _reason("x", "warn")]
    fault = _refused(*reasons)

    assert fault.code == 131031
    for one in reasons[:3]:
        assert f"{one['says']} [Law 1]" in fault.details
    assert "x." not in fault.details
    assert fault.details.endswith("decision_id=d1")


def test_a_reason_tells_its_remedy_and_its_source_once() -> None:
    """A row without a citation is named by its id; the same sentence of two laws names both."""
    one, two = (_reason("no_consent", says="Nobody agreed.", citation=law) for law in ("Law 1", "Law 2"))
    fault = _refused(one, two, _reason("opted_out", citation="", remedy="Ask them."))

    assert "Nobody agreed. [Law 1; Law 2]" in fault.details
    assert "opted_out. Ask them. [LV-1]" in fault.details


def test_a_gap_decides_no_code() -> None:
    """It holds by itself: only what denies does."""
    assert _refused(_reason("opted_out", "deny", fact="recipient.suppressions"), _reason("no_consent")).code == DENIED


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (Refused("key_missing"), TOKEN, 401),
        (Refused("key_unknown"), TOKEN, 401),
        (Unavailable("ledger_behind", minutes=11), AWAY, 503),
        (Refused("idempotency_key_running"), AWAY, 503),
        (Refused("idempotency_key_reused"), PARAMETER, 400),
        (Invalid("body_not_json"), PARAMETER, 400),
        (Invalid("number_invalid", field="phone"), WRONG, 400),
        (NotFound("content_unknown", content="x"), WRONG, 400),
        (Refused("subject_key_destroyed"), UNKNOWN, 500),
        (BackofficeError("fault"), UNKNOWN, 500),
        (ZeroDivisionError(), UNKNOWN, 500),
        (GraphFault(131047), 131047, 400),
    ],
)
def test_whatever_is_raised_is_said_in_the_graph_apis_words(error: Exception, code: int, status: int) -> None:
    """What nobody foresaw says nothing of itself."""
    fault = fault_of(error)
    told = fault.told(TRACE)["error"]

    assert (fault.code, fault.status, told["code"], told["fbtrace_id"]) == (code, status, code, TRACE.hex)
    assert told["type"] == "OAuthException"
    assert told["message"] == f"(#{code}) {CODES[code].title}"
    assert ("is_transient" in told) is (code in TRANSIENT)
    assert ("error_data" in told) is (bool(fault.details))


def test_what_is_not_there_is_told_with_its_subcode() -> None:
    """An id that somebody made up is not repeated."""
    told = no_such_object("POST", "1065").told(TRACE)["error"]

    assert (told["code"], told["error_subcode"], told["type"]) == (100, 33, "GraphMethodException")
    assert "'1065'" in told["message"]
    assert "Anna" not in no_such_object("GET", "Anna <script>").told(TRACE)["error"]["message"]


def test_a_failure_is_told_by_a_status_as_the_provider_tells_it() -> None:
    """With a code, a title and the details."""
    told = GraphFault(131047, "Too late.").failure()

    assert told == {
        "code": 131047,
        "title": "Re-engagement message",
        "message": "Re-engagement message",
        "error_data": {"details": "Too late."},
    }
