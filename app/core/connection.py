"""HTTP connections that an application can cut: a client that takes nothing would else keep its connection for good."""

from collections.abc import MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_ABORT = "stageline.abort"


class Protocol(HttpToolsProtocol):
    """uvicorn's own, with the connection's `abort` as an extension of each request's scope."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_ABORT: {"call": self.transport.abort}}


def abort(scope: MutableMapping[str, Any]) -> bool:
    """Cut the request's connection with whatever was not taken yet; tells whether the server lets us."""
    extension = (scope.get("extensions") or {}).get(_ABORT)
    if extension is None:
        return False
    extension["call"]()
    return True
