"""What an installation must have before anything acts in it: the newest schema, and an organization with a key."""

from importlib import import_module
from uuid import UUID

import asyncpg

from app.connections import opened, opened_as_worker
from app.core.schema_version import newest_revision, revision_of
from app.core.session import RoleNotTaken
from app.core.settings import Settings
from app.founding import create_organization
from app.people.api_key import ApiKey
from app.people.directory import choose_organization, list_organizations


async def migrate_to_newest(settings: Settings) -> None:
    """Bring the database to the newest schema, as its owner, and give the service its roles; unless all is so."""
    if await _is_newest(settings):
        return
    migrations = import_module("app.core.migrate")  # seldom needed, and alembic takes long to load
    await migrations.migrate(settings.migration_database_url or settings.session_url, service_url=settings.service_url)


async def _is_newest(settings: Settings) -> bool:
    try:
        async with opened(settings) as database, opened_as_worker(settings), database.begin_for_all() as tx:
            return await revision_of(tx) == newest_revision()
    except (asyncpg.PostgresError, RoleNotTaken):  # migrating says in words what cannot be mended by it
        return False


async def prepare(settings: Settings) -> ApiKey | None:
    """Migrate, and found the first organization where there is none; gives its key, which is shown once.

    Raises `SecretKeysMissing` before anything is touched.
    """
    settings.secret_box()
    await migrate_to_newest(settings)
    async with opened_as_worker(settings) as worker:
        if await list_organizations(worker):
            return None
    async with opened(settings) as database:
        return (await create_organization(database, "My organization")).key


async def choose(settings: Settings, wanted: UUID | None) -> UUID:
    """The organization that a command acts for; raises `NoSuchOrganization`."""
    await migrate_to_newest(settings)
    async with opened_as_worker(settings) as worker:
        return await choose_organization(worker, wanted)
