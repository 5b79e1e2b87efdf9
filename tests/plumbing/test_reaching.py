"""Reaching out: an address that an outsider gave leads to the public internet or nowhere."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from backoffice.kernel.errors import Invalid, Refused, Unavailable
from backoffice.plumbing import reaching
from backoffice.plumbing.reaching import MOST_READ, Reach, is_public, read_url

PUBLIC = "93.184.215.14"
CLOSED = [
    *("0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
    *("192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "192.88.99.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.215.14", "64:ff9b::7f00:1", "2001:db8::1", "2002:7f00:1::"),
    *("2001::1", "::127.0.0.1", "64:ff9b:1::1", "100::1", "5f00::1", "not an address"),
]
SPELT = [
    *("ftp://example.com/", "gopher://example.com/", "file:///etc/passwd", "http://example.com/", "//example.com/"),
    *("https://example.com:8443/", "https://example.com:22/", "https://name@example.com/", "https://n:p@example.com/"),
    *("https://example.com/#part", "https://", "https:///path", "", "example.com", "https://exa mple.com/"),
    *("https://example.com\\@127.0.0.1/", "https://example.com/\r\nX: y", "https://example.com/\t", "https://[::1"),
    *("https://example.com:x/", "javascript:alert(1)", "https://" + "a" * 2048, "http://localhost/", "http://[::1]/"),
    *("https://127.0.0.1:8443/", "https://exa\u0000mple.com/", "https://\u202eexample.com/"),
]
OWN = ["http://localhost:9/", "http://127.0.0.1/", "http://[::1]:8080/in", "https://127.0.0.1:8443/"]


@pytest.mark.parametrize("address", CLOSED)
def test_no_address_of_ones_own_house_is_public(address: str) -> None:
    """Private, loopback, link-local, shared, documentation, multicast and reserved ones, and all in disguise."""
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    """Those beside the closed ranges too."""
    assert is_public(address)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_nothing_is_public_that_the_library_calls_private(address: IPv4Address | IPv6Address) -> None:
    """The library's own table is the cross-check: ours may be stricter, never looser."""
    if is_public(str(address)):
        assert address.is_global
        assert not any((address.is_multicast, address.is_loopback, address.is_link_local, address.is_private))


@given(st.ip_addresses(v=4))
def test_an_old_address_in_a_new_ones_clothes_is_never_public(address: IPv4Address) -> None:
    """Mapped, translated, by 6to4 or Teredo: whatever it leads to, no program of an account needs it."""
    number = int(address)
    for dressed in (0xFFFF << 32 | number, number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert not is_public(str(IPv6Address(dressed)))


@pytest.mark.parametrize("url", SPELT)
def test_what_can_be_no_webhook_is_refused_when_it_is_named(url: str) -> None:
    """Other schemes and ports, names and passwords, fragments, control characters, too long ones."""
    with pytest.raises(Invalid) as refused:
        read_url(url, is_sandbox=False)

    assert refused.value.code in ("url_invalid", "url_not_https")
    assert refused.value.data["field"] == "url"


@pytest.mark.parametrize("url", OWN)
def test_this_machine_is_named_in_the_sandbox_only(url: str) -> None:
    """And in as many words."""
    assert read_url(url, is_sandbox=True) == url
    with pytest.raises(Invalid):
        read_url(url, is_sandbox=False)


@given(st.text(max_size=60))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    """No other error, and what is read is read the same again."""
    for url in (text, f"https://{text}", f"https://example.com/{text}"):
        try:
            read = read_url(url, is_sandbox=False)
        except Invalid:
            continue
        assert read_url(read, is_sandbox=False) == read
        assert read.startswith("https://")


class _Names:
    """Answers look-ups with one list of addresses after the other, and counts them."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        _ = port
        self.asked.append(host)
        return self.answers.pop(0)


class _Line(httpx.AsyncBaseTransport):
    """Notes where each request would have gone."""

    def __init__(
        self, dead: frozenset[str] = frozenset(), status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        self.seen: list[httpx.Request] = []
        self._dead, self._status, self._headers = dead, status, headers

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        if request.url.host in self._dead:
            raise httpx.ConnectError("nobody")
        return httpx.Response(self._status, headers=self._headers, stream=httpx.ByteStream(b"taken"))


async def test_it_connects_to_the_address_that_was_looked_at_and_asks_for_the_name() -> None:
    """The name is looked up once: one that changes a moment later leads nowhere else."""
    names, line = _Names([PUBLIC], ["127.0.0.1"]), _Line()
    async with Reach(is_sandbox=False, resolve=names, transport=line) as reach:
        reply = await reach.ask("POST", "https://пример.example/in?a=1", {"X-A": "b"}, b"{}")

    (request,) = line.seen
    assert (reply.status, reply.body) == (200, b"taken")
    assert names.asked == ["xn--e1afmkfd.example"]
    assert request.url.host == PUBLIC
    assert request.headers["host"] == "xn--e1afmkfd.example"
    assert request.extensions["sni_hostname"] == "xn--e1afmkfd.example"
    assert (request.url.raw_path, request.content) == (b"/in?a=1", b"{}")


@pytest.mark.parametrize("found", [[one] for one in CLOSED] + [[PUBLIC, "10.0.0.1"], ["::1", PUBLIC]])
@pytest.mark.parametrize("is_sandbox", [False, True])
async def test_a_name_that_leads_inside_is_not_asked(found: list[str], is_sandbox: bool) -> None:  # noqa: FBT001
    """Nor one of whose addresses one does; in the sandbox too, unless the URL itself says this machine."""
    line = _Line()
    async with Reach(is_sandbox=is_sandbox, resolve=_Names(found), transport=line) as reach:
        with pytest.raises(Refused) as refused:
            await reach.ask("POST", "https://hooks.example/", {}, b"{}")

    assert refused.value.code == "address_not_public"
    assert line.seen == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost.localdomain"])
async def test_odd_spellings_of_this_machine_lead_nowhere(host: str) -> None:
    """The system's own look-up reads them as 127.0.0.1, or as nothing."""
    line = _Line()
    async with Reach(is_sandbox=True, transport=line) as reach:
        with pytest.raises((Invalid, Refused, Unavailable)):
            await reach.ask("POST", f"https://{host}/", {}, b"{}")

    assert line.seen == []


async def test_where_one_address_of_a_name_is_dead_the_next_is_asked() -> None:
    """What was never connected was never posted."""
    line = _Line(dead=frozenset({"2606:4700::1111"}))
    async with Reach(is_sandbox=False, resolve=_Names(["2606:4700::1111", PUBLIC]), transport=line) as reach:
        assert (await reach.ask("POST", "https://hooks.example/", {}, b"{}")).status == 200

    assert [ip_address(one.url.host).version for one in line.seen] == [6, 4]


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    """Wherever it points."""
    line = _Line(status=302, headers={"Location": "http://169.254.169.254/"})
    async with Reach(is_sandbox=False, resolve=_Names([PUBLIC]), transport=line) as reach:
        assert (await reach.ask("POST", "https://hooks.example/", {}, b"{}")).status == 302

    assert len(line.seen) == 1


@pytest.fixture
async def endless() -> AsyncIterator[int]:
    """The port of a server whose answer never ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
                await writer.drain()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_of_an_answer_without_end_only_the_beginning_is_read(endless: int) -> None:
    """And the connection is closed."""
    async with Reach(is_sandbox=True) as reach:
        reply = await reach.ask("GET", f"http://127.0.0.1:{endless}/", {})

    assert (reply.status, len(reply.body)) == (200, MOST_READ)


async def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    """A server that takes the connection and says nothing."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server, Reach(is_sandbox=True, patience=timedelta(seconds=0.05)) as reach:
        with pytest.raises(Unavailable) as away:
            await reach.ask("GET", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", {})

    assert away.value.code == "address_unanswered"


def _certificate(name: str, folder: Path) -> ssl.SSLContext:
    """Make a certificate for a name that signs itself, and keep it as a file; return what serves with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = Encoding.PEM
    (folder / "key").write_bytes(key.private_bytes(pem, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "certificate").write_bytes(made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    return context


@pytest.mark.parametrize(("name", "told"), [("hooks.example", "ok"), ("other.example", "address_unanswered")])
async def test_the_certificate_must_name_the_host_and_not_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    """Whoever sits at the address that a name leads to has to prove that the name is theirs."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=_certificate(name, tmp_path))
    trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate"))
    monkeypatch.setattr(httpx, "create_ssl_context", lambda **_: trusting)
    monkeypatch.setattr(reaching, "is_public", lambda _: True)
    monkeypatch.setattr(reaching, "_HTTPS", server.sockets[0].getsockname()[1])
    url = f"https://hooks.example:{reaching._HTTPS}/"
    async with server, Reach(is_sandbox=False, resolve=_Names(["127.0.0.1"])) as reach:
        try:
            found = (await reach.ask("GET", url, {})).body.decode()
        except Unavailable as away:
            found = away.code

    assert found == told
