"""Where requests of ours may not go: only public addresses, judged at every request on the address connected to.

Python's `is_global` alone is not enough: on 3.11 it is true for multicast and for NAT64, 6to4 and v4-compatible forms
of loopback and link-local addresses.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address

from app.core.destination import Address, AddressRefused, Destination, NameUnresolved, parse_destination
from app.core.lookup import SystemResolver

Resolver = Callable[[str], Awaitable[Sequence[str]]]

DNS_TIMEOUT_SECONDS = 5.0

# IANA's special-purpose registry, and what is_global of some Python version gets wrong.
_FORBIDDEN_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "168.63.129.16/32",  # the host's own services on Azure, behind a public number
        "169.254.0.0/16",  # link-local, with most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
_FORBIDDEN_V6 = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


class AddressGuard:
    """Decides which addresses a request may reach.

    `allowed_networks` are the operator's exceptions, for example loopback in development. `resolver` gives a name's
    addresses, or raises OSError; without one the operating system is asked.
    """

    def __init__(
        self,
        allowed_networks: Sequence[IPv4Network | IPv6Network] = (),
        *,
        allow_http: bool = False,
        resolver: Resolver | None = None,
    ) -> None:
        self._allowed_networks = tuple(allowed_networks)
        self._allow_http = allow_http
        self._resolver = resolver or SystemResolver()

    def check_url(self, url: str) -> Destination:
        """Check a url's syntax only; raises AddressRefused."""
        return parse_destination(url, allow_http=self._allow_http)

    def is_forbidden(self, address: Address) -> bool:
        """Judge one address in the form it has: an IPv4-mapped one is IPv6 and refused as such."""
        return _is_special(address) and not any(address in network for network in self._allowed_networks)

    async def resolve(self, destination: Destination) -> Address:
        """Look the host up once, judge every address of the answer, and give the one to connect to.

        Raises AddressRefused if any address is forbidden, and NameUnresolved if there is none or the answer takes
        longer than 5 seconds.
        """
        addresses = [destination.address] if destination.address else await self._look_up(destination)
        if any(self.is_forbidden(address) for address in addresses):
            raise AddressRefused("The host is not at a public address.")
        return addresses[0]

    async def _look_up(self, destination: Destination) -> list[Address]:
        try:
            async with asyncio.timeout(DNS_TIMEOUT_SECONDS):
                answer = await self._resolver(destination.host)
            addresses = [ip_address(text) for text in answer]
        except (OSError, ValueError):  # a timeout and a failed lookup are OSErrors, an unreadable answer a ValueError
            addresses = []
        if not addresses:
            raise NameUnresolved("The host's name cannot be resolved.")
        return addresses


@lru_cache(maxsize=4096)
def _is_special(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not address.is_global or any(address in network for network in _FORBIDDEN_V4)
    return address not in _GLOBAL_UNICAST_V6 or any(address in network for network in _FORBIDDEN_V6)
