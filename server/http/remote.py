"""The remote address of a request: its peer, or the address that a trusted proxy states."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from aiohttp import web
from multidict import istr

Address = IPv4Address | IPv6Address
FORWARDED = tuple(
    istr(name)
    for name in (
        "X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host", "X-Forwarded-Proto",
        "X-Forwarded-Port", "X-Forwarded-Server", "X-Original-Forwarded-For", "X-Client-IP", "X-Cluster-Client-IP",
        "CF-Connecting-IP", "CF-Ray", "CDN-Loop", "True-Client-IP", "Fly-Client-IP", "X-SSL-Client-S-DN",
    )
)  # fmt: skip
"""Headers that show that a request came through a proxy or tunnel."""


class Networks:
    """A set of addresses and networks."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._networks: tuple[IPv4Network | IPv6Network, ...] = tuple(
            ip_network(text, strict=False) for text in texts
        )

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, text: object) -> bool:
        address = parse_address(text) if isinstance(text, str) else None
        return address is not None and any(address in network for network in self._networks)


@lru_cache(maxsize=4096)
def parse_address(text: str) -> Address | None:
    """Return an address from a text such as ``[::1]:80`` or ``1.2.3.4:80``; IPv4 in IPv6 counts as IPv4."""
    bare = text.strip().strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=4096)
def is_local_name(host: str) -> bool:
    """Return whether a Host header (or an Origin's authority) is localhost or a loopback address.

    The owner of any other name can point it at this machine (DNS rebinding).
    """
    if (address := parse_address(host)) is not None:
        return address.is_loopback
    name = host.partition(":")[0].rstrip(".").lower()
    return name == "localhost" or name.endswith(".localhost")


class Sender(NamedTuple):
    """Sender of a request: its remote address, and whether it came through a proxy."""

    address: str
    proxied: bool

    @classmethod
    def of(cls, request: web.BaseRequest, proxies: Networks) -> Sender:
        """Return the sender of a request; such a request is never one of this machine itself."""
        headers = request.headers
        proxied = not headers.keys().isdisjoint(FORWARDED) or (
            bool(proxies) and (request.remote or "") in proxies
        )
        return cls(remote_of(request, proxies), proxied)

    @property
    def is_this_machine(self) -> bool:
        return not self.proxied and is_loopback_address(self.address)


def remote_of(request: web.BaseRequest, proxies: Networks) -> str:
    """Return the remote address; X-Forwarded-For is trusted hop by hop, from trusted proxies only."""
    peer = request.remote or ""
    if not proxies or peer not in proxies:
        return peer
    hops = [hop for line in request.headers.getall("X-Forwarded-For", ()) for hop in line.split(",")]
    for hop in reversed(hops):
        address = parse_address(hop)
        if address is None:
            # An unreadable hop hides everything before it: the last trusted one is all that is known.
            return peer
        peer = str(address)
        if peer not in proxies:
            return peer
    return peer


@lru_cache(maxsize=4096)
def is_loopback_address(remote: str) -> bool:
    address = parse_address(remote)
    return address is not None and address.is_loopback
