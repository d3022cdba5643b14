"""Organizations are apart by construction: what the catalogue says of every table, its keys and its policies."""

import asyncpg

OF_NO_ORGANIZATION = {
    "alembic_version": "which migrations have run",
    "organizations": "each row is one: its policy compares `id`",
    "webhook_fanout_position": "how far the worker has read the log of all; the app's role may not read it",
}
UNIQUE_OVER_ALL = {
    "alembic_version_pkc": "of no organization",
    "pk_organizations": "an organization is found by its id",
    "pk_webhook_fanout_position": "of no organization",
    "uq_api_keys__id": "a credential's organization is not known before its key is found",
}
_SETTING = "(NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid"
POLICIES = {
    ("credential", "stageline_app", "SELECT"): (
        "(id = NULLIF(current_setting('app.api_key_id'::text, true), ''::text))",
        None,
    ),
    ("organization", "stageline_app", "ALL"): (f"(organization_id = {_SETTING})",) * 2,
    ("owner", "owner", "ALL"): (f"(organization_id = {_SETTING})",) * 2,  # which erases people
    ("worker", "stageline_worker", "ALL"): ("true", "true"),
}
"""Every policy there is: by name, role and command what it lets through, and what may be written."""

TABLES = """
SELECT relname, relrowsecurity AND relforcerowsecurity AS is_forced
FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
"""
UNIQUE = """
SELECT index.relname AS name, (
    SELECT attname FROM pg_attribute WHERE attrelid = indrelid AND attnum = indkey[0]
) AS first_column
FROM pg_index JOIN pg_class index ON index.oid = indexrelid
WHERE indisunique AND index.relnamespace = 'public'::regnamespace
"""
REFERENCES = """
SELECT conname AS name, confrelid::regclass::text AS target,
    (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]) AS first_column,
    (SELECT attname FROM pg_attribute WHERE attrelid = confrelid AND attnum = confkey[1]) AS first_target_column
FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""


async def tables_of_organizations(owner: asyncpg.Connection) -> dict[str, bool]:
    """Each with whether row-level security holds for everybody, the table's owner included."""
    tables = {row["relname"]: row["is_forced"] for row in await owner.fetch(TABLES)}
    assert set(OF_NO_ORGANIZATION) <= set(tables)
    return {name: is_forced for name, is_forced in tables.items() if name not in OF_NO_ORGANIZATION}


async def test_each_table_forces_row_level_security_also_on_its_owner(owner: asyncpg.Connection) -> None:
    tables = await tables_of_organizations(owner)

    assert len(tables) > 40
    assert [name for name, is_forced in tables.items() if not is_forced] == []


async def test_each_table_has_an_organization_that_is_never_null(owner: asyncpg.Connection) -> None:
    having = await owner.fetch(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND column_name = 'organization_id' AND data_type = 'uuid' AND is_nullable = 'NO'"
    )

    assert set(await tables_of_organizations(owner)) == {row["table_name"] for row in having}


async def test_each_policy_is_one_of_the_known_ones(owner: asyncpg.Connection) -> None:
    policies = await owner.fetch(
        "SELECT policy.*, tableowner, roles::text[] AS roles FROM pg_policies policy "
        "JOIN pg_tables USING (schemaname, tablename) WHERE schemaname = 'public'"
    )

    for policy in policies:
        (role,) = policy["roles"]
        known = "owner" if role == policy["tableowner"] else role
        expected = POLICIES[policy["policyname"], known, policy["cmd"]]
        if policy["tablename"] == "organizations" and policy["policyname"] == "organization":
            expected = (f"(id = {_SETTING})",) * 2
        if policy["tablename"] == "audit_log" and policy["policyname"] == "owner":
            expected = ("true", "true")  # its function writes what every role changes

        assert (policy["qual"], policy["with_check"]) == expected, policy["tablename"]
        assert policy["permissive"] == "PERMISSIVE"


async def test_each_table_has_the_organizations_policy_and_only_keys_are_found_without_it(
    owner: asyncpg.Connection,
) -> None:
    policies = {(row["policyname"], row["tablename"]) for row in await owner.fetch("SELECT * FROM pg_policies")}
    partitions = {row["relname"] for row in await owner.fetch("SELECT relname FROM pg_class WHERE relispartition")}
    tables = set(await tables_of_organizations(owner)) - partitions

    assert tables - {table for name, table in policies if name == "organization"} == set()
    assert {table for name, table in policies if name == "credential"} == {"api_keys"}
    assert {table for _, table in policies}.isdisjoint(partitions)  # no policy: nothing is let through


async def test_each_key_begins_with_the_organization(owner: asyncpg.Connection) -> None:
    keys = {row["name"]: row["first_column"] for row in await owner.fetch(UNIQUE)}

    strange = {name for name, column in keys.items() if column != "organization_id"}

    assert len(keys) > 50
    assert strange == set(UNIQUE_OVER_ALL)


async def test_each_reference_stays_in_its_organization(owner: asyncpg.Connection) -> None:
    references = await owner.fetch(REFERENCES)

    assert len(references) > 80
    for row in references:
        target_column = "id" if row["target"] == "organizations" else "organization_id"

        assert (row["first_column"], row["first_target_column"]) == ("organization_id", target_column), row["name"]


async def test_a_transaction_of_no_organization_sees_no_row(owner: asyncpg.Connection) -> None:
    readable = await owner.fetch(
        "SELECT table_name FROM information_schema.table_privileges "
        "WHERE grantee = 'stageline_app' AND privilege_type = 'SELECT' AND table_name <> 'alembic_version'"
    )

    async with owner.transaction():
        await owner.execute("SET LOCAL ROLE stageline_app")
        counts = {row[0]: await owner.fetchval(f"SELECT count(*) FROM {row[0]}") for row in readable}  # noqa: S608 # names from the catalogue

    assert len(counts) > 30
    assert set(counts.values()) == {0}
