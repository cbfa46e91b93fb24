"""Where a connector's request may go: the name must be allowed, and every address behind it public unless the connector names it."""

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

Ip = IPv4Address | IPv6Address
TRANSLATED = ip_network("64:ff9b::/96")


class AddressRefused(ValueError):
    """The request must not go there."""


@dataclass(frozen=True)
class Destination:
    """One resolved address to connect to, so that a second look-up cannot lead elsewhere."""

    scheme: str
    host: str
    port: int
    ip: str


def _resolved(host: str, port: int) -> list[str]:
    return list(dict.fromkeys(str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def unwrapped(text: str) -> Ip:
    """The address itself, also when it stands inside another (IPv4-mapped, 6to4, Teredo, NAT64)."""
    ip = ip_address(text.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip in TRANSLATED:
            return IPv4Address(int(ip) & 0xFFFFFFFF)
        inside = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inside is not None:
            return inside
    return ip


def is_public(ip: Ip) -> bool:
    """Whether an address is one of the open internet: not private, loopback, link-local (metadata services), multicast or reserved."""
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback or ip.is_link_local)


def destination(
    url: str,
    *,
    allowed_hosts: Iterable[str],
    named_networks: Iterable[str],
    resolve: Callable[[str, int], list[str]] = _resolved,
) -> Destination:
    """Where to connect for `url`. Raises AddressRefused, and OSError when the name does not resolve.

    Plain HTTP goes to loopback only, and only where the connector names it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressRefused("the address cannot be read") from error
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.password:
        raise AddressRefused("an address is https:// and a host, without a user")
    if host.lower() not in {one.lower() for one in allowed_hosts}:
        raise AddressRefused(f"{host} is not on the connector's list")
    port = port or (443 if parts.scheme == "https" else 80)
    networks = [ip_network(one, strict=False) for one in named_networks]
    for text in resolve(host, port):
        ip = unwrapped(text)
        named = any(ip.version == network.version and ip in network for network in networks)
        if not (is_public(ip) or named):
            continue
        if parts.scheme == "http" and not (ip.is_loopback and named):
            continue
        return Destination(parts.scheme, host, port, text)
    raise AddressRefused(f"{host} leads to no address that this connector may speak to")
