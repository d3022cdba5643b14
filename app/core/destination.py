"""The one reading of a url that is asked: what is not plainly a host, a port and a path is refused, not interpreted.

Two parsers that read a url differently are how a check is bypassed. So the url is read once, strictly, and the request
is built from the parts that came out of it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address

MAX_URL_CHARACTERS = 2048
MAX_HOST_CHARACTERS = 253
DEFAULT_PORTS = {"https": 443, "http": 80}

# Visible ASCII without the backslash, which browsers read as a slash. urlsplit drops tabs and line ends silently, and
# compatibility forms of digits, dots and letters turn into others in the resolver.
_VISIBLE = re.compile(r"[!-\[\]-~]+")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# A host whose last label is a number is an IPv4 address to resolvers and browsers (WHATWG URL, "ends in a number"):
# 127.1, 0x7f000001, 2130706433.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class AddressRefused(Exception):
    """No request may go there; the message says why in words that name no address."""


class NameUnresolved(AddressRefused):
    """The host has no address to judge."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A url that passed the syntax checks, in the parts that a request is made of."""

    scheme: str
    host: str  # lower case, no trailing dot, no brackets
    port: int
    path: str  # percent-encoded, from the first slash
    query: str
    address: Address | None  # where the host is a literal address

    @property
    def is_tls(self) -> bool:
        return self.scheme == "https"

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


@lru_cache(maxsize=4096)
def parse_destination(url: str, *, allow_http: bool) -> Destination:
    """Read a url; no name is resolved and no address judged.

    Raises AddressRefused.
    """
    if len(url) > MAX_URL_CHARACTERS:
        raise AddressRefused(f"The url is longer than {MAX_URL_CHARACTERS} characters.")
    if "#" in url:
        raise AddressRefused("The url must not have a fragment.")
    if _VISIBLE.fullmatch(url) is None:
        raise AddressRefused(
            "The url has characters that must be percent-encoded; a name beyond ASCII is written as xn--."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("The url cannot be read.") from None
    _check_parts(parts, allow_http=allow_http)
    host = _host(parts)
    return Destination(
        scheme=parts.scheme,
        host=host,
        port=DEFAULT_PORTS[parts.scheme] if port is None else port,
        path=parts.path or "/",
        query=parts.query,
        address=_literal(host),
    )


def _check_parts(parts: SplitResult, *, allow_http: bool) -> None:
    if parts.scheme != "https" and not (allow_http and parts.scheme == "http"):
        raise AddressRefused("The url must begin with https://.")
    if "@" in parts.netloc:
        raise AddressRefused("The url must not carry a user name or a password.")
    if parts.port == 0:
        raise AddressRefused("The url has no usable port.")


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if not host or len(host) > MAX_HOST_CHARACTERS:
        raise AddressRefused("The url has no usable host.")
    is_bracketed = "[" in parts.netloc
    labels = host.split(".")
    is_name = all(_LABEL.fullmatch(label) for label in labels) and _NUMBER.fullmatch(labels[-1]) is None
    literal = _literal(host)
    is_address = literal is not None and is_bracketed == isinstance(literal, IPv6Address)
    if not is_address and (is_bracketed or not is_name):
        raise AddressRefused("The url's host is neither a name nor an address in its usual form.")
    return host


def _literal(host: str) -> Address | None:
    if "%" in host:  # a zone names an interface of ours
        return None
    try:
        return ip_address(host)
    except ValueError:
        return None
