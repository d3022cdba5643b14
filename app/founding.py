"""Founding an organization: itself, its first user with a key, and the standard pipelines."""

from app.core.caller import Caller
from app.core.database import Database, new_id
from app.people.organizations import Founded, found
from app.pipelines.standard import install_standard_pipelines


async def create_organization(database: Database, name: str, currency: str = "USD") -> Founded:
    """Found an organization in a transaction of its own."""
    async with database.begin(Caller.system(new_id())) as tx:
        founded = await found(tx, name, currency)
        await install_standard_pipelines(tx)
    return founded
