"""Reading a list to its end, page by page."""

from typing import Any

from tests.department import Actor, Json


async def read_pages(actor: Actor, path: str, *, limit: int = 200, **params: Any) -> list[Json]:
    """The items of all pages."""
    items: list[Json] = []
    place: dict[str, Any] = {}
    while True:
        page = await actor.get(path, limit=limit, **params, **place)
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        place = {"cursor": page["next_cursor"]}
