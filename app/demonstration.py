"""Showing the demonstration department: made once, with a progress bar, and keys to act with."""

from uuid import UUID

from rich.console import Console
from rich.progress import Progress

from app.connections import opened
from app.core.caller import Caller
from app.core.database import Database
from app.core.settings import Settings
from app.demo.fill import fill
from app.installation import choose
from app.people.callers import load_caller
from app.people.directory import find_user, key_for_position
from app.people.permissions import Position

_SHOWN = {
    "OPERATIONS": Position.SALES_OPERATIONS_MANAGER,
    "REP": Position.SALES_REPRESENTATIVE,
    "MANAGER": Position.SALES_MANAGER,
}


async def demonstrate(settings: Settings, out: Console, url: str) -> None:
    """Fill the only organization, unless it is filled already, and say what to try."""
    chosen = await choose(settings, None)
    keys = await demonstrate_in(settings, chosen, out)
    if keys:
        out.print(_TRY.format(url=url))


async def demonstrate_in(settings: Settings, organization_id: UUID, out: Console) -> dict[str, str]:
    """Fill an organization that has nobody but its manager of operations; gives keys by name, printed once."""
    async with opened(settings) as database:
        if await find_user(database, organization_id, Position.SALES_MANAGER) is not None:
            out.print("The organization has people already; the demonstration department is not made twice.")
            return {}
        operations = await _operations(database, organization_id)
        with Progress(console=out, transient=True) as bar:
            task = bar.add_task("Making the demonstration department", total=None)
            await fill(database, operations, watch=lambda done, total: bar.update(task, completed=done, total=total))
        keys = {
            name: str(await key_for_position(database, organization_id, position)) for name, position in _SHOWN.items()
        }
    out.print("Keys of the demonstration department, shown this once:\n")
    for name, key in keys.items():
        out.print(f"  export {name}={key}")
    return keys


async def _operations(database: Database, organization_id: UUID) -> Caller:
    user_id = await find_user(database, organization_id, Position.SALES_OPERATIONS_MANAGER)
    if user_id is None:
        raise LookupError("the organization has no manager of operations")
    return await load_caller(database, organization_id, user_id)


_TRY = """
Try next:

  curl -s -H "Authorization: Bearer $REP" "{url}/v1/me"
  curl -s -H "Authorization: Bearer $REP" "{url}/v1/opportunities?outcome=open&sort=-amount&limit=3"
  curl -s -H "Authorization: Bearer $MANAGER" "{url}/v1/team-targets"
  curl -s -H "Authorization: Bearer $OPERATIONS" "{url}/v1/events?limit=3"
  # why a deal may not move, and who can fix it:
  curl -s -H "Authorization: Bearer $REP" "{url}/v1/opportunities/<id>/available-transitions"
"""
