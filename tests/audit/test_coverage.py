"""Every table of an organization is audited, or stands in a list with a reason."""

import asyncpg

from app.audit.coverage import NOT_AUDITED, ONLY_ERASED, SECRET, RecordType
from app.tables import metadata

OPERATIONS = {"audit_insert", "audit_update", "audit_delete"}


async def triggers_of(owner: asyncpg.Connection) -> dict[str, dict[str, list[str]]]:
    """By table and trigger the arguments: type, key, what is left out, what is secret."""
    rows = await owner.fetch(
        "SELECT tgrelid::regclass::text AS table, tgname, tgargs FROM pg_trigger "
        "WHERE tgfoid = 'write_audit_log'::regproc AND tgenabled = 'O'"
    )
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        found.setdefault(row["table"], {})[row["tgname"]] = row["tgargs"].decode().rstrip("\0").split("\0")
    return found


def of_organizations() -> set[str]:
    return {table.name for table in metadata.tables.values() if "organization_id" in table.c} | {"organizations"}


async def test_every_table_of_an_organization_is_audited_or_listed_with_a_reason(owner: asyncpg.Connection) -> None:
    audited = await triggers_of(owner)

    assert set(audited) | set(NOT_AUDITED) == of_organizations()
    assert set(audited) & set(NOT_AUDITED) == set()
    assert all(set(triggers) == OPERATIONS for triggers in audited.values())
    assert all(NOT_AUDITED.values())


async def test_each_record_type_belongs_to_one_table(owner: asyncpg.Connection) -> None:
    types = [arguments[0] for triggers in (await triggers_of(owner)).values() for arguments in triggers.values()]

    assert {each: types.count(each) for each in types} == dict.fromkeys(set(RecordType) - ONLY_ERASED, len(OPERATIONS))


async def test_secrets_are_told_and_not_shown_and_what_the_database_computes_is_left_out(
    owner: asyncpg.Connection,
) -> None:
    for table, triggers in (await triggers_of(owner)).items():
        columns = metadata.tables[table].c
        for record_type, key, left_out, secret in triggers.values():
            names = set(left_out.strip("{}").split(","))

            assert set(secret.strip("{}").split(",")) - {""} == SECRET.get(RecordType(record_type), frozenset()), table
            assert {column.name for column in columns if column.computed is not None} <= names, table
            assert {
                column.name for column in columns if "secret" in column.name and str(column.type) == "BYTEA"
            } <= set(secret.strip("{}").split(",")), table
            assert key in columns
