"""Who may see a target, and who may set it."""

from collections.abc import Mapping
from typing import Any

from app.core.caller import Caller
from app.core.database import Row
from app.core.problems import Forbidden, NotFound
from app.people.duties import Duty, broken_duty, demand_duties, is_own
from app.people.permissions import Reach, is_within, reach_of

READ, WRITE = "team_targets.read", "team_targets.write"


def _is_own_teams(caller: Caller, record: Mapping[str, Any]) -> bool:
    is_teams = record["owner_id"] is None and record["team_id"] == caller.team_id
    return is_teams and reach_of(caller, WRITE) is not Reach.ORGANIZATION


DUTIES = (
    Duty("no_own_target", "Nobody sets an own target; a manager above does, or the manager of operations.", is_own),
    Duty(
        "no_own_teams_target",
        "A manager does not set the target of the own team; a manager above does, or the manager of operations.",
        _is_own_teams,
    ),
)


def as_record(target: Mapping[str, Any]) -> dict[str, Any]:
    """A target (with `user_id` and `team_id`) as a record of the person that it is for, or of the team."""
    return {"owner_id": target["user_id"], "team_id": target["team_id"]}


def demand_visible(caller: Caller, target: Row | None) -> Row:
    """The target; raises `NotFound` unless it is the caller's own or its team is within reach."""
    if target is None or not is_within(caller, READ, as_record(target)):
        raise NotFound
    return target


def demand_settable(caller: Caller, target: Mapping[str, Any]) -> None:
    """Raise `Forbidden` unless the caller may set this target (with `team_id` and `user_id`)."""
    record = as_record(target)
    demand_duties(DUTIES, caller, record)
    if not is_within(caller, WRITE, record):
        raise Forbidden("You may not set this target.")


def may_set(caller: Caller, target: Mapping[str, Any]) -> bool:
    """Whether the caller may set it: within reach, and neither an own target nor, for a manager, the own team's."""
    record = as_record(target)
    return is_within(caller, WRITE, record) and broken_duty(DUTIES, caller, record) is None
