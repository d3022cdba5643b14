"""What is answered below the application: problem documents, written to the connection as they are."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import TypeAlias

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.core.database import new_id
from app.core.problem_handlers import render
from app.core.problems import Problem
from app.core.security_headers import ALWAYS, NOT_KEPT

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

_ID_LENGTH = 36
_COUNTED = 12  # the last group of an id


class Refusal:
    """The bytes of a problem's answer, each time with an id of its own; rendered once, because it must cost little."""

    def __init__(self, problem: Problem) -> None:
        response = render(problem)
        shown = bytes(response.body)
        at = shown.index(b'"request_id":"') + len(b'"request_id":"')
        self._body = (shown[:at], shown[at + _ID_LENGTH :])
        kept = [each for each in response.raw_headers if each[0].lower() != b"connection"]
        self._head = STATUS_LINE[response.status_code] + _lines((*kept, *ALWAYS, NOT_KEPT)) + b"x-request-id: "
        self._ids = _new_ids()
        self._more: Headers = ()
        self._more_lines = b""

    def bytes(self, more: Headers, *, closes: bool) -> bytes:
        """A whole answer with more headers, which are the same object as long as they are the same."""
        if more is not self._more:
            self._more, self._more_lines = more, _lines(more)
        request_id, end = next(self._ids), b"connection: close\r\n\r\n" if closes else b"\r\n"
        before, after = self._body
        return b"".join((self._head, request_id, b"\r\n", self._more_lines, end, before, request_id, after))


def _lines(headers: Headers) -> bytes:
    return b"".join(name + b": " + value + b"\r\n" for name, value in headers)


def _new_ids() -> Iterator[bytes]:
    """Ids that a process counts up from one of its own: a new one for each refusal would be a fifth of its cost."""
    start = str(new_id())[:-_COUNTED]
    return (f"{start}{number:0{_COUNTED}x}".encode() for number in count())


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
