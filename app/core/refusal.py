"""What is answered below the application: problem documents, written to the connection as they are."""

from collections.abc import Iterable

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.core.problem_handlers import render
from app.core.problems import Problem
from app.core.request_log import current_request_id
from app.core.security_headers import ALWAYS, NOT_KEPT

_ID_LENGTH = 36


class Refusal:
    """The bytes of a problem's answer, each time with an id of its own; rendered once, because it must cost little."""

    def __init__(self, problem: Problem) -> None:
        response = render(problem)
        shown = bytes(response.body)
        at = shown.index(b'"request_id":"') + len(b'"request_id":"')
        self._body = (shown[:at], shown[at + _ID_LENGTH :])
        kept = [each for each in response.raw_headers if each[0].lower() != b"connection"]
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in (*kept, *ALWAYS, NOT_KEPT))
        self._head = STATUS_LINE[response.status_code] + lines + b"x-request-id: "

    def bytes(self, more: Iterable[tuple[bytes, bytes]], *, closes: bool) -> bytes:
        """A whole answer with more headers."""
        request_id = current_request_id().encode()
        parts = [self._head, request_id, b"\r\n"]
        for name, value in more:
            parts += (name, b": ", value, b"\r\n")
        parts += (b"connection: close\r\n\r\n" if closes else b"\r\n", self._body[0], request_id, self._body[1])
        return b"".join(parts)


class Count:
    """Counts the requests in what a client sends, without looking at them; raises as httptools does."""

    def __init__(self) -> None:
        self._whole = 0
        self._begun = 0
        self._parser = httptools.HttpRequestParser(self)

    def on_message_begin(self) -> None:
        self._begun += 1

    def on_message_complete(self) -> None:
        self._whole += 1

    def of(self, data: bytes) -> tuple[int, bool]:
        """How many requests begin in there, and whether the connection can be used after them."""
        self._begun = self._whole = 0
        self._parser.feed_data(data)
        return self._begun, self._begun == self._whole and self._parser.should_keep_alive()
