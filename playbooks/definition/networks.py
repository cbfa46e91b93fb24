"""Addresses and networks, IPv4 and IPv6, and whether one lies inside another."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network


@lru_cache(maxsize=1024)
def network(text: str) -> IPv4Network | IPv6Network | None:
    """A network (an address is a network of one); None for other texts. Bits beside the mask do not matter."""
    if len(text) > 50:
        return None
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def inside(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    """Whether every address of `inner` is one of `outer`; networks of two families share none."""
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]
