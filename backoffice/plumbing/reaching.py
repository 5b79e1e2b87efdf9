"""Reaching out: HTTP to addresses that outsiders gave us, which must never lead into our own house.

A name is resolved once; each address it has must be one of the public internet, and the connection goes to an address
that was looked at, so that a name that changes in between leads nowhere else. Only https on its own port; no redirect
is followed, no proxy asked, no connection kept for the next name, and of an answer no more is read than is needed. In
the sandbox this machine itself may be reached too, where the URL says so in as many words: `http://127.0.0.1:9000/`.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple, Self

import httpx

from backoffice.kernel.errors import Invalid, Refused, Unavailable

LONGEST_URL = 2048  # characters
PATIENCE = timedelta(seconds=10)  # from the look-up of the name to the end of the answer
MOST_READ = 4096  # bytes of an answer

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Returns the addresses of a host."""

_CLOSED = tuple(
    ip_network(net)
    for net in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)
_HOST = re.compile(rb"[a-z0-9_](?:[a-z0-9._-]{0,252}[a-z0-9.])?|[0-9a-f:.]{2,45}")
_UNICAST = IPv6Network("2000::/3")
_HTTPS = 443
_MOST_ADDRESSES = 4  # of one name that are tried


class Reply(NamedTuple):
    """What was answered: the status, and the beginning of the body."""

    status: int
    body: bytes


def read_url(text: str, *, is_sandbox: bool) -> str:
    """Return a URL that may be asked later, in its one form; raises Invalid: `url_invalid`, `url_not_https`.

    What it leads to is looked at each time it is asked.

    >>> read_url("https://Hooks.Example.com/in?a=1", is_sandbox=False)
    'https://hooks.example.com/in?a=1'
    """
    if len(text) > LONGEST_URL or not text.isprintable() or " " in text or "\\" in text:
        raise Invalid("url_invalid", field="url", most=LONGEST_URL)
    try:
        url = httpx.URL(text)
        port = url.port
    except (httpx.InvalidURL, ValueError, UnicodeError):
        raise Invalid("url_invalid", field="url", most=LONGEST_URL) from None
    if not _HOST.fullmatch(url.raw_host) or url.userinfo or url.fragment:
        raise Invalid("url_invalid", field="url", most=LONGEST_URL)
    if not (is_sandbox and is_own(url.host) and url.scheme in ("http", "https")) and (
        url.scheme != "https" or port not in (None, _HTTPS)
    ):
        raise Invalid("url_not_https", field="url")
    return str(url)


def is_own(host: str) -> bool:
    """Whether a URL's host says in as many words that it is this machine.

    >>> is_own("127.0.0.1"), is_own("localhost"), is_own("localtest.me")
    (True, True, False)
    """
    with suppress(ValueError):
        return ip_address(host).is_loopback and not getattr(ip_address(host), "ipv4_mapped", None)
    return host == "localhost"


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, and no other in disguise (RFC 6890 and its registries).

    >>> is_public("93.184.215.14"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    try:
        plain = ip_address(address)
    except ValueError:
        return False
    if isinstance(plain, IPv6Address) and (plain not in _UNICAST or plain.scope_id):
        return False
    return not any(plain in net for net in _CLOSED)


class Reach:
    """A way out to addresses of outsiders, for as long as it is open."""

    def __init__(
        self,
        *,
        is_sandbox: bool,
        resolve: Resolve | None = None,
        patience: timedelta = PATIENCE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._is_sandbox = is_sandbox
        self._resolve = resolve or _addresses
        self._patience = patience.total_seconds()
        # A connection that is kept is known by its address alone: it would carry what is meant for another name there.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._http = httpx.AsyncClient(
            transport=transport,
            verify=httpx.create_ssl_context(trust_env=False),
            timeout=self._patience,
            limits=limits,
            trust_env=False,
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None) -> Reply:
        """Ask a URL once, and return what it answers, whatever that is.

        Raises Refused `address_not_public` where it leads to what is nobody's business, Unavailable
        `address_unanswered` where no answer comes in time.
        """
        asked = httpx.URL(read_url(url, is_sandbox=self._is_sandbox))
        try:
            async with asyncio.timeout(self._patience):
                return await self._ask(method, asked, headers, content)
        except (httpx.HTTPError, TimeoutError, OSError, UnicodeError) as fault:
            raise Unavailable("address_unanswered", why=type(fault).__name__) from None

    async def _ask(self, method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes | None) -> Reply:
        """Ask at the first of a name's addresses where anybody listens."""
        for left, address in reversed(list(enumerate(reversed(await self._find(url))))):
            try:
                return await self._ask_at(address, method, url, headers, content)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if not left:
                    raise
        raise Refused("address_not_public")

    async def _find(self, url: httpx.URL) -> list[str]:
        found = await self._resolve(url.raw_host.decode("ascii"), url.port or _HTTPS)
        is_let_in = self._is_sandbox and is_own(url.host)
        if not all(is_public(one) or (is_let_in and is_own(one)) for one in found):
            raise Refused("address_not_public")
        return found[:_MOST_ADDRESSES]

    async def _ask_at(
        self, address: str, method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        told = {**headers, "Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity"}
        request = self._http.build_request(method, url.copy_with(host=address), headers=told, content=content)
        request.extensions["sni_hostname"] = url.raw_host.decode("ascii")  # whom the certificate must name
        response = await self._http.send(request, stream=True)
        try:
            return Reply(response.status_code, await _beginning(response))
        finally:
            await response.aclose()


async def _beginning(response: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) >= MOST_READ:
            break
    return bytes(body[:MOST_READ])


async def _addresses(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
