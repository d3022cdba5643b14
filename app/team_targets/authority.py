"""Who may see a target, and who may set it."""

from collections.abc import Mapping
from typing import Any

from app.core.caller import Caller
from app.core.database import Row
from app.core.problems import Forbidden, NotFound
from app.people.permissions import Reach, is_within, reach_of

READ, WRITE = "team_targets.read", "team_targets.write"


def demand_visible(caller: Caller, target: Row | None) -> Row:
    """The target; raises `NotFound` unless it is the caller's own or its team is within reach."""
    if target is None or not is_within(caller, READ, {"owner_id": target["user_id"], "team_id": target["team_id"]}):
        raise NotFound
    return target


def demand_settable(caller: Caller, target: Mapping[str, Any]) -> None:
    """Raise `Forbidden` unless the caller may set this target (with `team_id` and `user_id`)."""
    if not may_set(caller, target):
        raise Forbidden("You may not set this target.")


def may_set(caller: Caller, target: Mapping[str, Any]) -> bool:
    """Whether the caller may set it: a manager for teams below and for members, never for the own team or oneself."""
    reach = reach_of(caller, WRITE)
    if reach is Reach.ORGANIZATION:
        return True
    if reach is not Reach.TEAM or target["user_id"] == caller.user_id:
        return False
    is_own_team = target["team_id"] == caller.team_id
    is_below = target["team_id"] in caller.team_ids and not is_own_team
    return is_below or (is_own_team and target["user_id"] is not None)
