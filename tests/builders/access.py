"""Asking why somebody may or may not, about the records that tries of the matrix are made on."""

from collections.abc import Mapping
from typing import Any

import httpx

from app.access.resources import ABOUT_RECORDS
from tests.builders.matrix import (
    LINES,
    Make,
    make_account,
    make_activity,
    make_contract,
    make_issue,
    make_lead,
    make_proposal,
)
from tests.builders.targets import set_target_beside, set_target_of
from tests.department import Actor

_KINDS: Mapping[Make, str] = {
    make_account: "account",
    make_activity: "activity",
    make_contract: "contract",
    make_issue: "issue",
    make_lead: "lead",
    make_proposal: "proposal",
    set_target_of: "team_target",
    set_target_beside: "team_target",
}


def reference_to(action: str, record_id: str) -> str | None:
    """The record of an action's line, as an explanation takes it: a deal unless it is of another kind."""
    return f"{_KINDS.get(LINES[action].make, 'opportunity')}:{record_id}" if action in ABOUT_RECORDS else None


async def ask_why(actor: Actor, action: str, resource: str | None, person: Actor | None = None) -> httpx.Response:
    """Ask for an explanation, of the actor's own access or of somebody else's."""
    given: dict[str, Any] = {"resource": resource, "user_id": str(person.user_id) if person else None}
    asked = {name: value for name, value in given.items() if value is not None}
    return await actor.request("GET", "/access-explanations", action=action, **asked)
