"""`backoffice decide`: one send as JSON, judged as a case is; what can't be read is refused in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backoffice.plumbing.policies import read_scenario_files
from backoffice.policy.scenarios import Case, read_scenarios
from tests.cli.conftest import OPERATOR, Runs

if TYPE_CHECKING:
    from pathlib import Path

BASES = [case for case in read_scenarios(read_scenario_files()) if not case.base]
SEND = {
    "operator": OPERATOR,
    "at": "2026-11-20T09:00:00Z",
    "zone": "Europe/Riga",
    "number": "+37126000001",
    "purpose": "marketing",
    "channel": "whatsapp",
    "provider_type": "official",
    "grade": "C",
}


def as_send(base: Case) -> dict[str, Any]:
    """Return a base as a send: all its keys but what makes it a case."""
    return {name: value for name, value in msgspec.to_builtins(base).items() if name not in {"id", "from", "expect"}}


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.id)
def test_a_base_is_allowed(run: Runs, tmp_path: Path, base: Case) -> None:
    """Every fact stated as the law wants it: nothing stands in the way, or a warning at most."""
    path = tmp_path / "send.json"
    path.write_bytes(msgspec.json.encode(as_send(base)))
    told = json.loads(run("decide", path).out)

    assert (told["verdict"], told["reasons"]) == ("allow", [])
    assert told["rulebook"].startswith("sha256:")
    assert told.keys() >= {"verdict", "purpose", "reasons", "next_allowed_at", "rulebook"}


def test_a_send_may_start_from_a_base(run: Runs) -> None:
    """As a case does: it says only what differs."""
    base = next(base for base in BASES if base.id == "base-lv-whatsapp")
    pins = ("at", "zone", "number", "purpose", "channel", "provider_type", "grade")
    send = {name: as_send(base)[name] for name in pins} | {"from": "lv-whatsapp"}
    stopped = send | {"account": {"standing": "suspended"}}

    assert json.loads(run("decide", "-", stdin=json.dumps(send)).out)["verdict"] == "allow"
    assert json.loads(run("decide", "-", stdin=json.dumps(stopped)).out)["verdict"] == "deny"


def test_what_a_send_leaves_out_is_a_gap(run: Runs) -> None:
    """It never allows; each gap names its fact, and so does a fact that is stated as unknown."""
    told = json.loads(run("decide", "-", stdin=json.dumps(SEND | {"unknown": ["account.credits"]})).out)

    assert told["verdict"] in {"deny", "hold"}
    assert "account.standing" in {reason.get("fact") for reason in told["reasons"]}


@pytest.mark.parametrize(
    ("send", "told"),
    [
        ("", "-: The JSON can't be read"),
        ('{"at":', "-: The JSON can't be read"),
        ("[]", "-: The JSON can't be read: expected an object."),
        ("null", "-: The JSON can't be read: expected an object."),
        (b"\xff", "-: The file is not UTF-8: byte 0 can't be read."),
        ({"at": None}, "-:1: at: "),
        ({"at": 3}, "-:1: at: "),
        ({"at": "2026-11-20T09:00:00"}, "-:1: at: "),
        ({"at": "9999-12-31T23:00:00Z"}, "-:1: The policy file can't be read: at lies outside the years 1970 to 2199."),
        ({"at": "0001-01-01T00:00:00+14:00"}, "-:1: "),
        ({"operator": "nobody"}, "-:1: There is no operator nobody."),
        ({"edition": "nowhere"}, "-:1: "),
        ({"channel": "fax"}, "-:1: channel: "),
        ({"purpose": "Marketing"}, "-:1: purpose: "),
        ({"provider_type": "own"}, "-:1: provider_type: "),
        ({"grade": "E"}, "-:1: grade: "),
        ({"number": 37126000001}, "-:1: number: "),
        ({"number": "112"}, "-:1: zone: "),
        ({"zone": "Mars/North"}, "-:1: zone: "),
        ({"country": "XX"}, "-:1: No country has these two letters."),
        ({"colour": "red"}, "-:1: colour: "),
        ({"from": "nowhere"}, "-:1: from: "),
        ({"unknown": ["account.colour"]}, "-:1: account.colour: There is no such fact."),
        ({"account": []}, "-:1: account: "),
        ({"account": {"colour": "red"}}, "-:1: account.colour: There is no such fact."),
        ({"account": {"credits": "10"}}, "-:1: account.credits: "),
        ({"account": {"paid_from": "2026-01-01T00:00:00"}}, "-:1: account.paid_from: "),
        ({"recipient": {"consents": 3}}, "-:1: recipient.consents: "),
        ({"recipient": {"consents": [3]}}, "-:1: recipient.consents[0]: "),
        ({"recipient": {"local_times": [{"place": "LV"}]}}, "-:1: recipient.local_times[0]: "),
        ({"settings": [{"source": "x/1"}]}, "-:1: x/1: There is no such clause to be set."),
    ],
)
def test_what_is_no_send_is_refused_in_one_line(run: Runs, send: str | bytes | dict[str, object], told: str) -> None:
    """With the field, exit code 2, and nothing on standard output."""
    stdin = json.dumps(SEND | send) if isinstance(send, dict) else send

    assert run("decide", "-", stdin=stdin).refusal.startswith(told)


@pytest.mark.parametrize("pin", sorted(SEND))
def test_what_law_turns_on_has_to_be_said(run: Runs, pin: str) -> None:
    """A send without an instant, or any other pin, is judged by no assumption."""
    send = {name: value for name, value in SEND.items() if name != pin}

    assert run("decide", "-", stdin=json.dumps(send)).refusal.startswith(f"-:1: {pin}: ")


@pytest.mark.parametrize("name", ["nowhere.json", ".", "/proc/self/mem"])
def test_a_file_that_can_not_be_read_is_refused(run: Runs, name: str) -> None:
    """With its name."""
    assert run("decide", name).refusal.startswith(f"{name}: The ")
