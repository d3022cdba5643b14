"""Amounts and closing days as they are sorted, in columns whose indexes are of use under row-level security.

A stored column rewrites its table, under a lock that holds writers up meanwhile. The audit log leaves them out.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_MONEY = "coalesce(({column} * 100)::bigint, -1::bigint)"
_KEYS = {
    "opportunities": {"amount": _MONEY, "close_on": "coalesce({column}, 'infinity'::date)"},
    "proposals": {"amount": _MONEY},
    "contracts": {"amount": _MONEY},
    "products": {"unit_price": _MONEY},
}
_RECORDS = {"opportunities": "opportunity", "proposals": "proposal", "contracts": "contract", "products": "product"}
_LEFT_OUT = ["organization_id", "id", "version", "created_at", "updated_at"]
_OPERATIONS = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
}


def upgrade() -> None:
    for table, keys in _KEYS.items():
        for column, key in keys.items():
            kind = sa.BigInteger() if key is _MONEY else sa.Date()
            computed = sa.Computed(key.format(column=column), persisted=True)
            op.add_column(table, sa.Column(f"{column}_key", kind, computed, nullable=False))
        _audit(table, [*_LEFT_OUT, *_searched(table), *(f"{column}_key" for column in keys)])


def downgrade() -> None:
    for table, keys in _KEYS.items():
        _audit(table, [*_LEFT_OUT, *_searched(table)])
        for column in keys:
            op.drop_column(table, f"{column}_key")


def _searched(table: str) -> list[str]:
    return ["search_text"] if table in {"opportunities", "products"} else []


def _audit(table: str, left_out: list[str]) -> None:
    for operation, referencing in _OPERATIONS.items():
        op.execute(
            f"CREATE OR REPLACE TRIGGER audit_{operation.lower()} AFTER {operation} ON {table} {referencing} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION "
            f"write_audit_log('{_RECORDS[table]}', 'id', '{{{','.join(left_out)}}}', '{{}}')"
        )
