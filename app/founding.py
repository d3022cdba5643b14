"""Founding an organization: itself, its first user with a key, and the standard pipelines."""

from dataclasses import dataclass
from uuid import UUID

from app.core.database import Database, new_id
from app.people.organizations import Founded, found
from app.pipelines.standard import install_standard_pipelines


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization acting for itself, as commands do."""

    organization_id: UUID


async def create_organization(database: Database, name: str, currency: str = "USD") -> Founded:
    """Found an organization in a transaction of its own."""
    organization_id = new_id()
    async with database.begin(Tenant(organization_id)) as tx:
        founded = await found(tx, organization_id, name, currency)
        await install_standard_pipelines(tx, organization_id)
    return founded
