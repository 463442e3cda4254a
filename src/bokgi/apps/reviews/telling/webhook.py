"""Sending to a receiver that takes messages in the form of Slack: only where it may, once, and signed."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from smtplib import SMTPAuthenticationError, SMTPException, SMTPServerDisconnected
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from bokgi.domain.errors import UsageError
from bokgi.domain.messages import N_, Message

TIMEOUT: Final = 10.0
_GOOD: Final = range(200, 300)
Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True)
class Answer:
    """What a receiver answered; `sent` only for 2xx. `fault` is for the page of deliveries: never an address."""

    sent: bool
    lasting: bool
    fault: str


def resolved(host: str, port: int) -> list[str]:
    """Give the addresses of a host."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def checked_address(address: str, *, private: bool) -> SplitResult:
    """Read the address of a receiver.

    Raises `UsageError` for one that is none, or unencrypted outside one's own network. Names are looked up only when
    something is sent (`allowed`): what a name means may change meanwhile.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    del port
    of_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    path = f"{parts.path}{parts.query}"
    if not of_web or parts.username or parts.password or not path.isascii() or " " in path:
        raise UsageError(
            "receiver_address",
            Message(N_("That is no address of a webhook.")),
            Message(N_("It looks like https://hooks.slack.com/services/…")),
        )
    if parts.scheme == "http" and not private:
        raise UsageError(
            "receiver_unencrypted",
            Message(N_("An address outside your own network begins with https.")),
            Message(N_("Tick “in our own network” for a receiver inside it.")),
        )
    return parts


def allowed(addresses: list[str], *, private: bool) -> bool:
    """Say whether something may be sent to these addresses: to the Internet, or with `private` into one's own network.

    Never to what belongs to the machine's own surroundings: link-local addresses (where clouds keep secrets),
    multicast, unspecified ones. One forbidden address among several forbids all.

    >>> allowed(["52.29.1.1"], private=False), allowed(["10.0.0.8"], private=False), allowed(["10.0.0.8"], private=True)
    (True, False, True)
    >>> allowed(["169.254.169.254"], private=True), allowed(["52.29.1.1", "127.0.0.1"], private=False)
    (False, False)
    >>> allowed(["64:ff9b::a00:8"], private=False), allowed(["2002:a9fe:a9fe::1"], private=True)  # IPv4 inside of IPv6
    (False, False)
    """
    return bool(addresses) and all(_allowed(address, private=private) for address in addresses)


def _allowed(address: str, *, private: bool) -> bool:
    return all(_reachable(found, private=private) for found in _meant(ipaddress.ip_address(address.partition("%")[0])))


def _meant(found: Address) -> list[Address]:
    """Give the addresses that one stands for: IPv6 carries IPv4 in several ways, and a gateway may unpack it."""
    if isinstance(found, ipaddress.IPv4Address):
        return [found]
    if found.ipv4_mapped is not None:
        return [found.ipv4_mapped]
    carried = [found.sixtofour, *(found.teredo or ())]
    if any(found in network for network in _CARRIES_IPV4):
        carried.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
    return [found, *(one for one in carried if one is not None)]


def _reachable(found: Address, *, private: bool) -> bool:
    if found.is_link_local or found.is_multicast or found.is_unspecified:
        return False
    return found.is_global or (private and (found.is_private or found.is_loopback))


Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_CARRIES_IPV4: Final = tuple(ipaddress.IPv6Network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))
"""NAT64 and the old form of an IPv4 address, which stands in the last 32 bits."""


def signature(secret: str, body: bytes, at: int) -> str:
    """Sign a body with its moment, as receivers check it: `v0=` and the HMAC-SHA256 of `v0:<at>:<body>`."""
    return "v0=" + hmac.new(secret.encode(), b"v0:%d:" % at + body, hashlib.sha256).hexdigest()


def post(
    address: str,
    payload: Mapping[str, Any],
    *,
    key: str,
    secret: str,
    at: int,
    private: bool,
    resolve: Resolve = resolved,
) -> Answer:
    """Send once, to the very address that was checked, without following anywhere else.

    `key` goes along as `Idempotency-Key`: a receiver that has it already can pass it over.
    """
    try:
        parts = checked_address(address, private=private)
    except UsageError as error:
        return Answer(sent=False, lasting=True, fault=error.code)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = resolve(host, port)
    except OSError:
        return Answer(sent=False, lasting=False, fault="name_unknown")
    if not allowed(addresses, private=private):
        return Answer(sent=False, lasting=True, fault="address_refused")
    body = json.dumps(payload, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Bokgi",
        "Idempotency-Key": key,
        "X-Bokgi-Timestamp": str(at),
        "X-Bokgi-Signature": signature(secret, body, at),
    }
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _connection(parts.scheme, host, port, addresses[0])
    try:
        connection.request("POST", path, body, headers)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return Answer(sent=False, lasting=False, fault=unreached(error))
    finally:
        connection.close()
    if status in _GOOD:
        return Answer(sent=True, lasting=False, fault="")
    # Who is not wanted any more (410, 404, 403 …) must be set up anew; a busy or broken receiver gets well again.
    lasting = 400 <= status < 500 and status not in {408, 425, 429}  # noqa: PLR2004 - classes of HTTP statuses
    return Answer(sent=False, lasting=lasting, fault=f"HTTP {status}")


def unreached(error: Exception) -> str:
    """Give the code for what kept a server from answering (`rules.FAULTS`).

    >>> unreached(ConnectionRefusedError()), unreached(TimeoutError()), unreached(ConnectionResetError())
    ('refused', 'timed_out', 'broken_off')
    """
    kinds: dict[type[Exception], str] = {
        ConnectionRefusedError: "refused",
        TimeoutError: "timed_out",
        ssl.SSLError: "certificate_unfit",
        ConnectionError: "broken_off",
        HTTPException: "answer_unreadable",
        SMTPServerDisconnected: "broken_off",
        SMTPAuthenticationError: "sign_in_refused",
        SMTPException: "mail_refused",
        socket.gaierror: "name_unknown",
    }
    return next((code for kind, code in kinds.items() if isinstance(error, kind)), "unreachable")


def _connection(scheme: str, host: str, port: int, address: str) -> HTTPConnection:
    """Connect to the address that was checked; names and certificates are those of the host."""
    made = (
        HTTPSConnection(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
        if scheme == "https"
        else HTTPConnection(host, port, timeout=TIMEOUT)
    )

    def connect(_to: tuple[str, int], *given: Any, **named: Any) -> socket.socket:  # noqa: ANN401 - of the library
        return socket.create_connection((address, port), *given, **named)

    made._create_connection = connect  # type: ignore[attr-defined]  # noqa: SLF001 - where http.client looks a name up again
    return made
