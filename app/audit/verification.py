"""Recomputing an organization's chain, page by page, and naming whatever is not as it was linked."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from app.audit.chain import ENTRY_COLUMNS
from app.audit.digests import BEGINNING, digest_of_entry, digest_of_link, digest_of_values
from app.core.database import Database, Row, Statement

PAGE = 2_000
_MOST_NAMED = 1_000
NO_SALT = b""
"""What stays of an erased entry's values is nobody's, so its digest needs no salt."""

_count = Statement(
    sa.text("SELECT count(*) FROM audit_links WHERE organization_id = :organization_id").bindparams(
        sa.bindparam("organization_id", type_=sa.Uuid)
    )
)
_read = Statement(
    sa.text(f"""
SELECT link.position, link.audit_id, link.xid AS link_xid, link.salt, link.values_digest, link.entry_digest,
    link.digest, {ENTRY_COLUMNS}
FROM audit_links link
LEFT JOIN audit_log entry ON entry.organization_id = link.organization_id AND entry.id = link.audit_id
WHERE link.organization_id = :organization_id AND link.position > CAST(:after AS bigint)
ORDER BY link.position
LIMIT {PAGE}
    """).bindparams(sa.bindparam("organization_id", type_=sa.Uuid))  # noqa: S608 # constants
)
_find_anchor = Statement(
    sa.text("""
SELECT digest FROM audit_anchors WHERE organization_id = :organization_id AND position = CAST(:position AS bigint)
    """).bindparams(sa.bindparam("organization_id", type_=sa.Uuid))
)
_find_erasure = Statement(
    sa.text("""
SELECT after ->> 'digest' FROM audit_log
WHERE organization_id = :organization_id AND record_type = 'audit_entry' AND record_id = CAST(:audit_id AS text)
    AND action = 'erase'
ORDER BY id DESC
LIMIT 1
    """).bindparams(sa.bindparam("organization_id", type_=sa.Uuid))
)
_find_inserted = Statement(
    sa.text(f"""
SELECT entry.id FROM audit_log entry
WHERE entry.organization_id = :organization_id
    AND (entry.xid, entry.id) <= (CAST(:xid AS xid8), CAST(:audit_id AS uuid))
    AND NOT EXISTS (
        SELECT FROM audit_links WHERE organization_id = entry.organization_id AND audit_id = entry.id
    )
ORDER BY entry.id
LIMIT {_MOST_NAMED}
    """).bindparams(sa.bindparam("organization_id", type_=sa.Uuid))  # noqa: S608 # constants
)
_take_time = Statement(sa.text("SET LOCAL statement_timeout = 0"))


class Damage(StrEnum):
    """In what way the log is not as it was linked."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    NOT_AS_EXPECTED = "not as expected"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is damaged, and where: the entry's id, its position in the chain, or both."""

    damage: Damage
    audit_id: UUID | None
    position: int | None


@dataclass(frozen=True, slots=True)
class Head:
    """A position in the chain and the digest of everything up to it; kept elsewhere, it proves what it was."""

    position: int
    digest: bytes

    @classmethod
    def parse(cls, text: str) -> "Head":
        """A head as it is printed, `<position>:<64 hexadecimal digits>`; raises `ValueError`."""
        position, _, digest = text.partition(":")
        head = cls(int(position), bytes.fromhex(digest))
        if head.position < 1 or len(head.digest) != len(BEGINNING):
            raise ValueError("a head is a position, a colon and 64 hexadecimal digits")
        return head

    def __str__(self) -> str:
        return f"{self.position}:{self.digest.hex()}"


@dataclass
class Verification:
    """One organization's chain as it is verified; `steps` goes through it and says how many links it has passed."""

    worker: Database
    organization_id: UUID
    expected: Head | None = None
    findings: list[Finding] = field(default_factory=list)
    erased: int = 0
    head: Head = Head(0, BEGINNING)
    begins_after: int = 0
    _last_place: tuple[int, UUID] | None = None
    _is_known: bool = True
    _met_expected: bool = False

    async def count(self) -> int:
        """How many links there are to verify."""
        async with self.worker.begin_for_all() as tx:
            await tx.execute(_take_time)
            return int(await tx.fetch_value(_count, organization_id=self.organization_id))

    async def steps(self) -> AsyncIterator[int]:
        """Verify page by page; a page is all that is held at once."""
        rows = await self._page()
        while rows:
            for row in rows:
                await self._verify(row)
            yield len(rows)
            rows = await self._page()
        await self._find_inserted()
        if self.expected is not None and not self._met_expected:
            self._report(Damage.NOT_AS_EXPECTED, None, self.expected.position)

    async def _page(self) -> list[Row]:
        async with self.worker.begin_for_all() as tx:
            return await tx.fetch_all(_read, organization_id=self.organization_id, after=self.head.position)

    async def _verify(self, row: Row) -> None:
        if row["position"] != self.head.position + 1:
            await self._pass_gap(row["position"])
        if row["id"] is None:
            self._report(Damage.DELETED, row["audit_id"], row["position"])
        elif digest_of_entry(row, row["values_digest"]) != row["entry_digest"] or not await self._has_values(row):
            self._report(Damage.EDITED, row["audit_id"], row["position"])
        if self._is_known and row["digest"] != self._continued(row):
            self._report(Damage.REORDERED, row["audit_id"], row["position"])
        self._is_known = True
        self.head = Head(row["position"], row["digest"])
        self._last_place = row["link_xid"], row["audit_id"]
        if self.expected == self.head:
            self._met_expected = True

    def _continued(self, row: Row) -> bytes:
        return digest_of_link(self.head.digest, row["position"], row["entry_digest"])

    async def _pass_gap(self, position: int) -> None:
        async with self.worker.begin_for_all() as tx:
            digest = await tx.fetch_value(_find_anchor, organization_id=self.organization_id, position=position - 1)
        if digest is not None:  # retention dropped what was before
            self.head = Head(position - 1, digest)
            self.begins_after = position - 1
            return
        for missing in range(self.head.position + 1, min(position, self.head.position + 1 + _MOST_NAMED)):
            self._report(Damage.DELETED, None, missing)
        self._is_known = False  # what the next link continues is gone

    async def _has_values(self, row: Row) -> bool:
        salt, before, after = row["salt"], row["before"], row["after"]
        if salt is not None and digest_of_values(salt, before, after) == row["values_digest"]:
            return True
        async with self.worker.begin_for_all() as tx:
            left: str | None = await tx.fetch_value(
                _find_erasure, organization_id=self.organization_id, audit_id=str(row["audit_id"])
            )
        is_erased = left == digest_of_values(NO_SALT, before, after).hex()
        self.erased += is_erased
        return is_erased

    async def _find_inserted(self) -> None:
        if self._last_place is None:
            return
        xid, audit_id = self._last_place
        async with self.worker.begin_for_all() as tx:
            await tx.execute(_take_time)
            rows = await tx.fetch_all(_find_inserted, organization_id=self.organization_id, xid=xid, audit_id=audit_id)
        for row in rows:
            self._report(Damage.INSERTED, row["id"], None)

    def _report(self, damage: Damage, audit_id: UUID | None, position: int | None) -> None:
        if len(self.findings) < _MOST_NAMED:
            self.findings.append(Finding(damage, audit_id, position))
