"""Places in the log, and the cursors that name them."""

import base64
import binascii
import struct
from typing import NamedTuple
from uuid import UUID

from app.core.database import Row
from app.core.problems import Invalid

_PLACE = struct.Struct(">Q16s")


class Place(NamedTuple):
    """A place in the log: everything up to it has been read."""

    xid: int
    id: UUID

    @classmethod
    def of(cls, cursor: str | None, pointer: str = "/query/cursor") -> "Place":
        """The place that a cursor names, the beginning without one; raises `Invalid` at the pointer."""
        if cursor is None:
            return BEGINNING
        try:
            xid, event_id = _PLACE.unpack(base64.b64decode(cursor, altchars=b"-_", validate=True))
        except (binascii.Error, ValueError, struct.error):
            raise Invalid.at(pointer, "invalid_cursor", "This cursor was not made by this service.") from None
        return cls(xid, UUID(bytes=event_id))

    @classmethod
    def of_row(cls, row: Row) -> "Place":
        """The place of an event: nothing is skipped or repeated after it."""
        return cls(row["xid"], row["id"])

    @property
    def cursor(self) -> str:
        return base64.urlsafe_b64encode(_PLACE.pack(self.xid, self.id.bytes)).decode()


NO_ID = UUID(int=0)
BEGINNING = Place(0, NO_ID)
