"""The answers of keyed requests, kept for a day beside what they changed: claimed first, looked up, written last.

A key is claimed with BEGIN, and what is looked up next is seen as it is after the claim. A claim writes nothing: a
transaction that took its id before its subject's lock could show its events in the feed before older ones of the same
subject.
"""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.sql.elements import ColumnElement

from app.core.caller import Caller
from app.core.database import Database, Statement, Transaction
from app.core.schema import TimestampTz, metadata

KEPT_FOR = timedelta(hours=24)
_MOST_FORGOTTEN = 1_000

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("organization_id", sa.Uuid, sa.ForeignKey("organizations.id")),
    sa.Column("user_id", sa.Uuid),
    sa.Column("key", sa.Text),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.SmallInteger, nullable=False),
    sa.Column("headers", JSONB, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("created_at", TimestampTz, nullable=False, server_default=sa.func.now()),
    sa.PrimaryKeyConstraint("organization_id", "user_id", "key"),
    sa.Index("ix_idempotency_keys__created_at", "created_at"),
)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer that is given again, and the SHA-256 of the request that it answers."""

    fingerprint: bytes
    status: int
    headers: dict[str, str]
    body: bytes


_identity = {
    "organization_id": bindparam("organization_id", type_=sa.Uuid),
    "user_id": bindparam("user_id", type_=sa.Uuid),
    "key": bindparam("key", type_=sa.Text),
}
_is_claimed: ColumnElement[bool] = sa.cast(sa.func.current_setting("app.key_is_claimed"), sa.Boolean)
_is_expired = idempotency_keys.c.created_at <= sa.func.now() - KEPT_FOR
_is_kept = sa.and_(*(idempotency_keys.c[name] == value for name, value in _identity.items()), sa.not_(_is_expired))
_find = Statement(
    sa.select(
        _is_claimed.label("is_claimed"),
        *(idempotency_keys.c[name] for name in ("fingerprint", "status", "headers", "body")),
    ).select_from(sa.select(sa.literal_column("1")).subquery("asked").outerjoin(idempotency_keys, _is_kept))
)

_answer = {
    name: bindparam(name, type_=idempotency_keys.c[name].type) for name in ("fingerprint", "status", "headers", "body")
}
_keep = Statement(
    insert(idempotency_keys)
    .values(_identity | _answer)
    # whoever holds the claim can only meet a row that has expired
    .on_conflict_do_update(index_elements=list(_identity), set_=_answer | {"created_at": sa.func.now()})
)

_key = sa.tuple_(idempotency_keys.c.organization_id, idempotency_keys.c.user_id, idempotency_keys.c.key)
_oldest = sa.select(*_key.clauses).where(_is_expired).order_by(idempotency_keys.c.created_at).limit(_MOST_FORGOTTEN)
_forget = Statement(sa.delete(idempotency_keys).where(_key.in_(_oldest.with_for_update(skip_locked=True))))


NOT_REFUSED = "coalesce(current_setting('app.key_is_claimed', true), '') <> 'false'"
"""Holds where no key was to be claimed, or where it was free: who repeats what is still running waits for no lock."""


def claiming(caller: Caller, key: str) -> str:
    """What takes the caller's key until the end of the transaction, without waiting; to be sent with its BEGIN."""
    name = f"{caller.organization_id} {caller.user_id} {key}".encode().hex()
    number = f"hashtextextended(convert_from('\\x{name}', 'UTF8'), 1)"  # 0: subjects
    return f"SELECT set_config('app.key_is_claimed', pg_try_advisory_xact_lock({number})::text, true)"


async def find(tx: Transaction, key: str) -> tuple[bool, KeptAnswer | None]:
    """Whether the caller's key was free to be claimed, and what it was answered in the last 24 hours before that."""
    is_claimed, *answer = await tx.fetch_row(_find, user_id=tx.caller.user_id, key=key)
    return is_claimed, None if answer[0] is None else KeptAnswer(*answer)


async def keep(tx: Transaction, key: str, answer: KeptAnswer) -> None:
    """Write the answer of a claimed key."""
    await tx.execute(
        _keep,
        user_id=tx.caller.user_id,
        key=key,
        fingerprint=answer.fingerprint,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
    )


async def forget_expired(worker_database: Database) -> bool:
    """Delete expired keys, at most a thousand; tells whether there may be more."""
    async with worker_database.begin_for_all() as tx:
        return await tx.execute(_forget) == _MOST_FORGOTTEN
