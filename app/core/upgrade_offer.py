"""An offer to go on in another protocol (`Upgrade: h2c`) is not taken up, as RFC 9110 (7.8) leaves to the server."""

from typing import Protocol

import httptools

_OFFER = b"upgrade"
_TUNNEL = b"CONNECT"


class Reading(Protocol):
    """Who is told what is read, and keeps the request's target and its headers by lower-case name."""

    url: bytes
    headers: list[tuple[bytes, bytes]]


class Parser(httptools.HttpRequestParser):
    """Reads a request that offers another protocol as one that does not.

    By itself httptools ends such a request with its head and takes the body for the other protocol's.
    """

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self._reading = reading
        self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it

    @property
    def has_offer(self) -> bool:
        """Whether the request that is being read offers another protocol: it is read again without the offer."""
        return self.should_upgrade() and self.get_method() != _TUNNEL

    def feed_data(self, data: bytes) -> None:  # type: ignore[override] # what arrives is bytes
        """As httptools does."""
        while data:
            try:
                super().feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                if not self.has_offer:
                    raise
                data = self._head_without_offer() + data[offer.args[0] :]
            else:
                return

    def _head_without_offer(self) -> bytes:
        request = b"%b %b HTTP/%b" % (self.get_method(), self._reading.url, self.get_http_version().encode())
        fields = (name + b": " + value for name, value in self._reading.headers if name != _OFFER)
        return b"\r\n".join((request, *fields, b"", b""))
