from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.address_guard import AddressGuard, Resolver
from app.core.destination import AddressRefused, NameUnresolved

FORBIDDEN = [
    "0.0.0.0",  # noqa: S104 - an address to refuse, nothing listens
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "2001:200::1", "2606:4700::1111", "2a00:1450::1"]


def answering(*addresses: str) -> Resolver:
    async def resolver(_host: str) -> Sequence[str]:
        return addresses

    return resolver


async def failing(_host: str) -> Sequence[str]:
    raise OSError("no such name as 127.0.0.1")


async def refusal_of(guard: AddressGuard, url: str) -> AddressRefused:
    with pytest.raises(AddressRefused) as refused:
        await guard.resolve(guard.check_url(url))
    return refused.value


@pytest.mark.parametrize("address", FORBIDDEN)
def test_forbids_what_is_not_public(address: str) -> None:
    assert AddressGuard().is_forbidden(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_permits_what_is_public(address: str) -> None:
    assert not AddressGuard().is_forbidden(ip_address(address))


@given(
    st.ip_addresses(v=6, network="::/3")
    | st.ip_addresses(v=6, network="4000::/2")
    | st.ip_addresses(v=6, network="8000::/1")
)
def test_forbids_all_of_ipv6_but_global_unicast(address: IPv6Address) -> None:
    assert AddressGuard().is_forbidden(address)


def test_operators_networks_are_exceptions_in_their_own_version_only() -> None:
    guard = AddressGuard([IPv4Network("127.0.0.0/8"), IPv6Network("fd00::/8")])

    assert not guard.is_forbidden(ip_address("127.0.0.1"))
    assert not guard.is_forbidden(ip_address("fd00::1"))
    assert guard.is_forbidden(ip_address("::ffff:127.0.0.1"))
    assert guard.is_forbidden(ip_address("::1"))
    assert guard.is_forbidden(ip_address("10.0.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://127.0.0.1./",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
    ],
)
async def test_judges_literal_addresses_without_a_lookup(url: str) -> None:
    refusal = await refusal_of(AddressGuard(resolver=answering("8.8.8.8")), url)

    assert type(refusal) is AddressRefused


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost."])
async def test_blocks_localhost_as_the_system_resolves_it(host: str) -> None:
    refusal = await refusal_of(AddressGuard(), f"https://{host}/")

    assert type(refusal) is AddressRefused


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_blocks_a_name_if_one_of_its_addresses_is_forbidden(address: str) -> None:
    refusal = await refusal_of(AddressGuard(resolver=answering("8.8.8.8", address)), "https://example.com/")

    assert type(refusal) is AddressRefused
    assert address not in str(refusal)


async def test_pins_the_first_address_of_the_answer() -> None:
    guard = AddressGuard(resolver=answering("2606:4700::1111", "8.8.8.8"))

    pinned = await guard.resolve(guard.check_url("https://example.com/"))

    assert pinned == ip_address("2606:4700::1111")


@pytest.mark.parametrize("resolver", [failing, answering(), answering("not an address")])
async def test_reports_a_failed_lookup_as_dns(resolver: Resolver) -> None:
    refusal = await refusal_of(AddressGuard(resolver=resolver), "https://example.com/")

    assert type(refusal) is NameUnresolved
    assert "127" not in str(refusal)


async def test_system_resolver_fails_for_reserved_names() -> None:
    refusal = await refusal_of(AddressGuard(), "https://nothing.invalid/")

    assert type(refusal) is NameUnresolved
