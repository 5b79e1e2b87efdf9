"""The sandbox as a process of its own, over real connections, with somebody who listens to its webhooks."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import queue
import re
import socket
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import msgspec
import pytest
from pywa import WhatsApp

from backoffice.channels import sandbox as pages
from backoffice.channels.sandbox.running import RunningProvider
from backoffice.channels.sandbox.setup import Faults, Setup
from tests.channels.sandbox.conftest import AIJA, PHONE, SECRET, TEXT, TOKEN, WABA, template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 60  # seconds
VERIFY = "of the webhook"


class Heard(NamedTuple):
    """A webhook that arrived."""

    path: str
    raw: bytes
    signature: str

    @property
    def is_signed(self) -> bool:
        """Whether whoever knows the secret wrote it."""
        return self.signature == "sha256=" + hmac.new(SECRET.encode(), self.raw, hashlib.sha256).hexdigest()

    @property
    def values(self) -> list[Any]:
        """What its changes say."""
        entries = msgspec.json.decode(self.raw)["entry"]
        return [change["value"] for entry in entries for change in entry["changes"]]


class Listener:
    """Somebody at a port of their own: says no as often as planned, then yes, and keeps what came."""

    def __init__(self) -> None:
        self.heard: queue.Queue[Heard] = queue.Queue()
        self.refusals = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where webhooks go."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def next(self) -> Heard:
        """Return the next webhook, once it comes."""
        return self.heard.get(timeout=PATIENCE)

    def close(self) -> None:
        """Hang up."""
        self._server.shutdown()
        self._server.server_close()

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                is_known = asked["hub.verify_token"] == [VERIFY]
                self._answer(200 if is_known else 403, asked["hub.challenge"][0].encode() if is_known else b"")

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                listener.heard.put(Heard(self.path, raw, self.headers["X-Hub-Signature-256"]))
                listener.refusals, is_taken = max(listener.refusals - 1, 0), not listener.refusals
                self._answer(200 if is_taken else 500, b"")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Somebody who listens."""
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def sandbox(setup: Setup, listener: Listener) -> Iterator[RunningProvider]:
    """A sandbox that tells them."""
    with RunningProvider(msgspec.structs.replace(setup, webhooks=listener.url, verify_token=VERIFY)) as running:
        yield running


def send(sandbox: RunningProvider, body: Any) -> httpx.Response:  # noqa: ANN401
    """Send a message."""
    return sandbox.ask("POST", f"/v25.0/{PHONE}/messages", body, bearer=TOKEN)


def test_pywa_sends_over_a_real_connection(sandbox: RunningProvider, listener: Listener) -> None:
    """With its base URL changed and nothing else; files too, and their way back."""
    sandbox.control("POST", "inbound", {"phone_number_id": PHONE, "from": AIJA, "text": {"body": "Hello"}})
    assert listener.next().values[0]["messages"][0]["text"] == {"body": "Hello"}
    with httpx.Client(trust_env=False) as session:
        wa = WhatsApp(phone_id=PHONE, waba_id=WABA, token=TOKEN, session=session)
        session.base_url = httpx.URL(f"{sandbox.url}/v25.0")
        sent = wa.send_text(AIJA, "At nine.", tracker="5")
        media = wa.upload_media(iter([b"\x89P", b"NG"]), mime_type="image/png", filename="a.png")
        assert wa.get_media_bytes(wa.get_media_url(media.id).url) == b"\x89PNG"

    heard = [listener.next() for _ in range(3)]
    statuses = [heard_.values[0]["statuses"][0] for heard_ in heard]
    assert {one["status"] for one in statuses} == {"sent", "delivered", "read"}
    assert {(one["id"], one["biz_opaque_callback_data"]) for one in statuses} == {(sent.id, "5")}
    assert all(one.is_signed and one.path == "/whatsapp/webhook" for one in heard)


def test_a_webhook_comes_until_it_is_taken(sandbox: RunningProvider, listener: Listener) -> None:
    """The same bytes again."""
    listener.refusals = 3
    sandbox.control("POST", "inbound", {"phone_number_id": PHONE, "from": AIJA, "text": {"body": "STOP"}})
    heard = [listener.next() for _ in range(4)]

    assert {one.raw for one in heard} == {heard[0].raw}


def test_a_forged_webhook_is_counted_where_it_is_taken(sandbox: RunningProvider, listener: Listener) -> None:
    """Our listener takes everything."""
    sandbox.misbehave(Faults(forges=1))
    sandbox.control("POST", "inbound", {"phone_number_id": PHONE, "from": AIJA, "text": {"body": "STOP"}})
    signed = sorted(listener.next().is_signed for _ in range(2))

    assert signed == [False, True]
    assert sandbox.control("GET", "posts")["forged"] == 1


def test_the_webhook_can_be_asked_to_prove_itself(sandbox: RunningProvider, setup: Setup) -> None:
    """By the verify token and a challenge; nobody there proves nothing."""
    assert sandbox.control("POST", "verify") == {"is_verified": True, "status": 200}
    for webhooks in (sandbox.setup.webhooks, "http://127.0.0.1:1"):
        other = msgspec.structs.replace(setup, path=f"{setup.path}.other", webhooks=webhooks, verify_token="no")  # noqa: S106
        with RunningProvider(other) as wrong:
            assert not wrong.control("POST", "verify")["is_verified"]


def test_what_it_knows_survives_a_kill(sandbox: RunningProvider, listener: Listener) -> None:
    """Messages, windows, flags, numbers, templates, files and its clock."""
    sandbox.control("PUT", "clock", {"at": "2026-01-31T10:00:00Z", "stands": True})
    sandbox.control("POST", "inbound", {"phone_number_id": PHONE, "from": AIJA, "text": {"body": "Hello"}})
    listener.next()
    sandbox.control("POST", "preferences", {"phone_number_id": PHONE, "from": AIJA, "value": "stop"})
    listener.next()
    sandbox.control("PUT", "templates", {"waba_id": WABA, "name": "boat_leaves", "language": "en", "status": "PAUSED"})
    listener.next()
    reference = UUID(int=5)
    assert send(sandbox, {**TEXT, "biz_opaque_callback_data": str(reference)}).status_code == 200
    sandbox.kill()
    assert sandbox.accepted() == {reference: [datetime(2026, 1, 31, 10, tzinfo=UTC)]}

    sandbox.start()
    assert sandbox.control("GET", "clock") == {"at": "2026-01-31T10:00:00Z"}
    assert send(sandbox, template("boat_leaves")).json()["error"]["code"] == 132015
    send(sandbox, template("autumn_offer", "Aija", "Riga"))
    send(sandbox, TEXT)
    kept = sandbox.control("GET", "accepted")
    assert [(one["code"], one["body"]["type"]) for one in kept] == [(0, "text"), (131050, "template"), (0, "text")]


def test_its_clock_follows_a_test_clock(sandbox: RunningProvider, listener: Listener) -> None:
    """The window closes when that says so."""
    sandbox.control("PUT", "clock", {"at": "2026-01-31T10:00:00Z", "stands": True})
    sandbox.control("POST", "inbound", {"phone_number_id": PHONE, "from": AIJA, "text": {"body": "Hello"}})
    assert listener.next().values[0]["messages"][0]["timestamp"] == "1769853600"
    sandbox.control("PUT", "clock", {"at": "2026-02-01T10:00:00Z", "stands": True})
    send(sandbox, TEXT)
    (status,) = listener.next().values[0]["statuses"]

    assert (status["timestamp"], status["errors"][0]["code"]) == ("1769940000", 131047)


def test_plain_and_graph_live_at_one_port(sandbox: RunningProvider, listener: Listener) -> None:
    """Each tells its own webhook."""
    order = {"reference": str(UUID(int=7)), "channel": "sms", "sender": "+37120000000", "to": f"+{AIJA}"}
    assert sandbox.ask("POST", "/messages", order).json() == {"id": "fake.1"}
    heard = listener.next()
    send(sandbox, template("boat_leaves", biz_opaque_callback_data=str(UUID(int=8))))

    assert (heard.path, heard.is_signed) == ("/fake/webhook", True)
    assert {one["status"] for one in msgspec.json.decode(heard.raw)["statuses"]} == {"sent", "delivered", "read"}
    assert set(sandbox.accepted()) == {UUID(int=7), UUID(int=8)}


@pytest.mark.parametrize(
    ("faults", "fault", "kept"),
    [
        (Faults(drops=1), httpx.RemoteProtocolError, 1),
        (Faults(resets=1), httpx.ReadError, 0),
        (Faults(breaks=1, seed=3), 500, None),
        (Faults(overloads=1), 503, 0),
        (Faults(throttles=1), 429, 0),
    ],
)
def test_faults_leave_whoever_sends_in_doubt(
    sandbox: RunningProvider,
    faults: Faults,
    fault: int | type[Exception],
    kept: int | None,
) -> None:
    """Dropped answers were accepted, broken ones perhaps; resets and refusals weren't."""
    sandbox.misbehave(faults)
    if isinstance(fault, int):
        answers = [send(sandbox, template("boat_leaves", biz_opaque_callback_data=str(n))) for n in range(20)]
        assert {answer.status_code for answer in answers} == {fault}
        assert {answer.json()["error"].get("is_transient", False) for answer in answers} == {fault >= 500}
    else:
        with pytest.raises(fault):
            send(sandbox, template("boat_leaves"))
    found = len(sandbox.control("GET", "accepted"))

    assert found == kept if kept is not None else 0 < found < 20


@pytest.mark.parametrize(
    "raw",
    [
        b"GET\r\n\r\n",
        b"\xff\xfe\r\n\r\n",
        b"POST /v25.0/x HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /v25.0/x HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /v25.0/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST http://[ HTTP/1.1\r\n\r\n",
        b"POST /v25.0/x HTTP/1.1\r\nContent-Length: 5\r\n\r\nab",
    ],
)
def test_what_is_no_request_ends_the_line_alone(sandbox: RunningProvider, raw: bytes) -> None:
    """Others are answered as before."""
    with socket.create_connection(("127.0.0.1", sandbox.setup.port), timeout=PATIENCE) as line:
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(10) in {b"", b"HTTP/1.1 4"}

    assert send(sandbox, template("boat_leaves")).status_code == 200


def test_the_page_for_integrators_is_true(tmp_path: Path) -> None:
    """The sandbox starts as its docstring says, and every command of it is answered with 200."""
    page = pages.__doc__ or ""
    begun = re.search(r"python -m backoffice.channels.sandbox '(.*?)'", page, re.DOTALL)
    assert begun
    setup = msgspec.json.decode(begun[1], type=Setup)
    commands = re.findall(
        r"curl (?:-X (\w+) )?localhost:8123(\S+)(?: -H \S+ \S+ \S+)?(?: -d '(.*?)')?\n", page, re.DOTALL
    )
    with RunningProvider(
        msgspec.structs.replace(setup, path=str(tmp_path / "sandbox"), port=0, webhooks="")
    ) as sandbox:
        answers = {
            path: sandbox.ask(
                method or ("POST" if body else "GET"),
                path,
                msgspec.Raw(body.encode()) if body else None,
                bearer=setup.token,
            )
            for method, path, body in commands
        }

    assert len(commands) == page.count("curl ") == 12
    assert {path: answer.text for path, answer in answers.items() if answer.status_code != 200} == {}
