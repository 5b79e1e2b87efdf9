"""A sandbox's mind without its wire, in whatever time a test wants, and short ways to ask it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from backoffice.channels.sandbox import control, graph, posting
from backoffice.channels.sandbox.requests import Request
from backoffice.channels.sandbox.setup import Faults, Number, Setup, Template
from backoffice.channels.sandbox.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from backoffice.channels.sandbox.replies import Reply

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
TOKEN, SECRET = "of the tests", "of the app"
PHONE, WABA, PORTFOLIO = "106540352242922", "102290129340398", "506914307656634"
AIJA, BELLA, CHIP = "37126000001", "37126000002", "12015550123"

BALTIC_TOURS = Number(
    phone_number_id=PHONE,
    waba_id=WABA,
    portfolio=PORTFOLIO,
    display_phone_number="+37120000000",
    verified_name="Baltic Tours",
    throughput=1_000_000,
    tier=0,
)
OFFER = Template(
    waba_id=WABA,
    name="autumn_offer",
    category="MARKETING",
    components=({"type": "BODY", "text": "{{1}}, boats to {{2}} are cheaper."},),
)
NOTICE = Template(waba_id=WABA, name="boat_leaves", components=({"type": "BODY", "text": "Your boat leaves at nine."},))
CODE = Template(
    waba_id=WABA,
    name="sign_in",
    category="AUTHENTICATION",
    components=({"type": "BODY"}, {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}),
)

TEXT: Mapping[str, Any] = {"messaging_product": "whatsapp", "to": AIJA, "type": "text", "text": {"body": "At nine."}}


def template(name: str, *parameters: str, to: str = AIJA, language: str = "en", **other: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a body that sends a template."""
    filled = [{"type": "text", "text": parameter} for parameter in parameters]
    sent: dict[str, Any] = {"name": name, "language": {"code": language}}
    if filled:
        sent["components"] = [{"type": "body", "parameters": filled}]
    return {"messaging_product": "whatsapp", "to": to, "type": "template", "template": sent, **other}


class Answer(NamedTuple):
    """An answer of the API, read."""

    reply: Reply
    body: Any

    @property
    def status(self) -> int | None:
        """Its HTTP status."""
        return self.reply.status

    @property
    def code(self) -> int | None:
        """The code of its error, if it is one."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return error["code"] if error else None

    @property
    def details(self) -> str:
        """What its error is about."""
        return str(self.body["error"].get("error_data", {}).get("details", ""))


class Desk:
    """A sandbox's mind and its clock, with short ways to ask."""

    def __init__(self, setup: Setup) -> None:
        self.at, self.lap = AT, 0.0
        self.state = State(setup, lambda: self.at, lambda: self.lap)

    def wait(self, **length: float) -> None:
        """Let time pass."""
        self.at += timedelta(**length)

    def graph(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:  # noqa: ANN401
        """Ask the Graph API in its newest version."""
        raw = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        sent = {
            "authorization": f"Bearer {TOKEN}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        reply = graph.answer(self.state, Request(method, path, sent, raw))
        return Answer(reply, msgspec.json.decode(reply.body) if reply.form == "application/json" else reply.body)

    def send(self, body: Any, *, phone: str = PHONE, version: str = "v25.0") -> Answer:  # noqa: ANN401
        """Send a message."""
        return self.graph("POST", f"/{version}/{phone}/messages", body)

    def control(self, method: str, path: str, body: Any = None) -> Answer:  # noqa: ANN401
        """Use a door of the sandbox's own."""
        raw = b"" if body is None else msgspec.json.encode(body)
        reply = control.answer(self.state, Request(method, f"/sandbox/{path}", {}, raw))
        return Answer(reply, msgspec.json.decode(reply.body))

    def hear(self, sender: str = AIJA, **what: Any) -> Any:  # noqa: ANN401
        """Have a person write."""
        body = {"phone_number_id": PHONE, "from": sender, "type": "text", "text": {"body": "Hello"}, **what}
        answer = self.control("POST", "inbound", body)
        assert answer.status == 200, answer
        return answer.body

    def misbehave(self, **faults: Any) -> None:  # noqa: ANN401
        """Change the faults."""
        self.state.faults = Faults(**faults)

    def told(self, *, takes: bool = True) -> list[Any]:
        """Post all that is due in an hour, and return what arrived, one change after the other."""
        heard: list[Any] = []
        while posts := posting.due(self.state, self.at + timedelta(hours=1)):
            for post in posts:
                heard += [change for entry in msgspec.json.decode(post.raw)["entry"] for change in entry["changes"]]
                if takes:
                    posting.posted(self.state, post.events, self.at)
                else:
                    posting.put_off(self.state, post.events, self.at)
            if not takes:
                break
        return heard

    def statuses(self) -> list[tuple[str, int]]:
        """Post all that is due, and return the statuses told, each with its code."""
        return [
            (status["status"], status["errors"][0]["code"] if "errors" in status else 0)
            for change in self.told()
            for status in change["value"].get("statuses", [])
        ]


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """How a sandbox with one number and three templates is started."""
    return Setup(
        path=str(tmp_path / "sandbox.sqlite"),
        token=TOKEN,
        secret=SECRET,
        numbers=(BALTIC_TOURS,),
        templates=(OFFER, NOTICE, CODE),
    )


@pytest.fixture
def open_desk(setup: Setup) -> Iterator[Callable[..., Desk]]:
    """Opens the mind of a sandbox, once more on the same file where asked again."""
    opened: list[Desk] = []

    def make(**changes: Any) -> Desk:  # noqa: ANN401
        opened.append(Desk(msgspec.structs.replace(setup, **changes)))
        return opened[-1]

    yield make
    for desk in opened:
        desk.state.memory.close()


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    """A sandbox that behaves."""
    return open_desk()
