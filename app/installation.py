"""What an installation must have before anything acts in it: the newest schema, and an organization with a key."""

from uuid import UUID

from app.connections import opened, opened_as_worker
from app.core.migrate import migrate
from app.core.settings import Settings
from app.founding import create_organization
from app.people.api_key import ApiKey
from app.people.directory import choose_organization, list_organizations


async def migrate_to_newest(settings: Settings) -> None:
    """Bring the database to the newest schema, as its owner."""
    await migrate(settings.migration_database_url or settings.session_url, service_url=settings.service_url)


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
