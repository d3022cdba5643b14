"""The permission matrix as tries: per action a record to make and a request that tries the action on it.

A slice that arrives adds a line per action and takes the action out of `NOT_YET`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import httpx

from app.people.permissions import MATRIX, Position, Reach
from app.workflow.pipeline import Subject
from app.workflow.standard import standard_definition
from tests.builders.evidence import draft_contract, draft_proposal
from tests.builders.outcomes import lost_deal_of, manager_over, open_deal_of, won_deal_of
from tests.builders.targets import set_target_beside, set_target_of
from tests.department import Actor, Department, Json

FORBIDDEN, MISSING = 403, 404


class Relation(StrEnum):
    """Whose record it is, seen from a person in the team `north`."""

    OWN = "own"
    COLLEAGUE = "colleague"
    BELOW = "below"
    OTHER = "other"


TEAMS = {Relation.COLLEAGUE: "north", Relation.BELOW: "north_west", Relation.OTHER: "south"}
NEEDED = {
    Relation.OWN: Reach.OWN,
    Relation.COLLEAGUE: Reach.TEAM,
    Relation.BELOW: Reach.TEAM,
    Relation.OTHER: Reach.ORGANIZATION,
}

Make = Callable[[Department, Actor], Awaitable[str]]
Attempt = Callable[[Department, Actor, str], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Line:
    """How to make a record of a person and how somebody tries the action on it.

    `status` is what an allowed try answers; `read` the action whose reach decides whether the record exists for the
    caller; `gate` the action that the route demands of the position, the tried action itself unless named;
    `never_own` that nobody does it to a record of their own.
    """

    make: Make
    attempt: Attempt
    status: int = 201
    read: str = "opportunities.read"
    gate: str | None = None
    never_own: bool = False


async def no_record(_department: Department, _owner: Actor) -> str:
    return ""


async def make_account(department: Department, owner: Actor) -> str:
    account = await department.operations.post("/accounts", {"name": "Acme", "owner_id": str(owner.user_id)})
    return str(account["id"])


async def make_activity(department: Department, owner: Actor) -> str:
    account_id = await make_account(department, owner)
    activity = await department.operations.post(
        "/activities",
        {"kind": "call", "summary": "First", "account_id": account_id, "owner_id": str(owner.user_id)},
    )
    return str(activity["id"])


async def make_proposal(department: Department, owner: Actor) -> str:
    deal_id = await open_deal_of(department, owner)
    manager = await manager_over(department, owner)
    return str((await draft_proposal(manager, deal_id))["id"])


async def make_contract(department: Department, owner: Actor) -> str:
    deal_id = await open_deal_of(department, owner)
    manager = await manager_over(department, owner)
    return str((await draft_contract(manager, deal_id))["id"])


async def make_lead(department: Department, owner: Actor) -> str:
    lead = await department.operations.post("/leads", {"name": "Ada", "owner_id": str(owner.user_id)})
    return str(lead["id"])


async def make_issue(department: Department, owner: Actor) -> str:
    opportunity_id = await open_deal_of(department, owner)
    body = {"opportunity_id": opportunity_id, "title": "The invoice is wrong"}
    return str((await department.operations.post("/issues", body))["id"])


def sends(method: str, path: str, **body: object) -> Attempt:
    """A request to a path in which `{id}` stands for the record, with a body that may name it too."""

    async def attempt(_department: Department, actor: Actor, record_id: str) -> httpx.Response:
        values = {name: record_id if value == "{id}" else value for name, value in body.items()}
        return await actor.request(method, path.format(id=record_id), json=values if method != "GET" else None)

    return attempt


async def hands_over(department: Department, actor: Actor, record_id: str) -> httpx.Response:
    account_manager = await department.hire(Position.ACCOUNT_MANAGER, "south")
    body = {"opportunity_id": record_id, "to_user_id": str(account_manager.user_id)}
    return await actor.request("POST", "/handoffs", json=body)


async def hires(_department: Department, actor: Actor, _record_id: str) -> httpx.Response:
    body = {"name": "New", "email": "new@example.com", "position": "sales_manager"}
    return await actor.request("POST", "/users", json=body)


async def issues_a_key(_department: Department, actor: Actor, _record_id: str) -> httpx.Response:
    return await actor.request("POST", "/api-keys", json={"user_id": str(actor.user_id), "name": "a key"})


async def publishes_a_pipeline(_department: Department, actor: Actor, _record_id: str) -> httpx.Response:
    definition = standard_definition(Subject.OPPORTUNITY).model_dump(mode="json")
    return await actor.request(
        "POST", "/pipelines", json={"name": "Another", "subject": "opportunity", "definition": definition}
    )


_MOVE = "/opportunities/{id}/transitions"
_SURVEY: Json = {"opportunity_id": "{id}", "status": "attempted"}
_REVIEW: Json = {"opportunity_id": "{id}", "reasons": ["The price"], "lesson": "Ask earlier"}
_OBJECTION: Json = {"opportunity_id": "{id}", "summary": "Too expensive"}
_PRODUCT: Json = {"name": "GTX", "unit_price": "550.00", "currency": "USD"}
_ENDPOINT: Json = {"url": "http://127.0.0.1:9/hook", "event_types": ["*"]}
_READ_DEAL = "opportunities.read"

LINES = {
    "accounts.read": Line(make_account, sends("GET", "/accounts/{id}"), 200, "accounts.read"),
    "accounts.write": Line(make_account, sends("PATCH", "/accounts/{id}", name="B"), 200, "accounts.read"),
    "opportunities.read": Line(open_deal_of, sends("GET", "/opportunities/{id}"), 200),
    "opportunities.write": Line(open_deal_of, sends("PATCH", "/opportunities/{id}", name="B"), 200),
    "leads.read": Line(make_lead, sends("GET", "/leads/{id}"), 200, "leads.read"),
    "leads.write": Line(make_lead, sends("PATCH", "/leads/{id}", name="B"), 200, "leads.read"),
    # allowed to try, and refused because there is no evidence yet
    "transitions.qualify": Line(
        open_deal_of, sends("POST", _MOVE, to_stage="qualification"), 409, gate="opportunities.read"
    ),
    "transitions.advance": Line(
        open_deal_of, sends("POST", _MOVE, to_stage="analysis", loss_reason="price"), gate="opportunities.read"
    ),
    "transitions.override": Line(
        open_deal_of,
        sends("POST", _MOVE, to_stage="qualification", override_reason="agreed by phone"),
        gate="opportunities.read",
    ),
    "handoffs.write": Line(won_deal_of, hands_over),
    "satisfaction.write": Line(open_deal_of, sends("POST", "/satisfaction-surveys", **_SURVEY)),
    "issues.write": Line(make_issue, sends("POST", "/issues/{id}/resolution", resolution="Corrected"), 200),
    "reviews.write": Line(lost_deal_of, sends("POST", "/reviews", **_REVIEW)),
    "objections.write": Line(open_deal_of, sends("POST", "/objections", **_OBJECTION)),
    "proposals.read": Line(make_proposal, sends("GET", "/proposals/{id}"), 200, "proposals.read"),
    "proposals.write": Line(make_proposal, sends("PATCH", "/proposals/{id}", title="B"), 200, "proposals.read"),
    "discounts.approve": Line(
        make_proposal, sends("POST", "/proposals/{id}/discount-approval"), 200, "proposals.read", never_own=True
    ),
    "contracts.read": Line(make_contract, sends("GET", "/contracts/{id}"), 200, "contracts.read"),
    "contracts.write": Line(make_contract, sends("PATCH", "/contracts/{id}", number="B"), 200, "contracts.read"),
    "activities.read": Line(make_activity, sends("GET", "/activities/{id}"), 200, "activities.read"),
    "activities.write": Line(make_activity, sends("PATCH", "/activities/{id}", summary="B"), 200, "activities.read"),
    "products.read": Line(no_record, sends("GET", "/products"), 200, "products.read"),
    "products.write": Line(no_record, sends("POST", "/products", **_PRODUCT), 201, "products.read"),
    "people.read": Line(no_record, sends("GET", "/users"), 200, "people.read"),
    "people.write": Line(no_record, hires, 201, "people.read"),
    "api_keys.read": Line(no_record, sends("GET", "/api-keys"), 200, "api_keys.read"),
    "api_keys.write": Line(no_record, issues_a_key, 201, "api_keys.read"),
    "events.read": Line(no_record, sends("GET", "/events"), 200, "events.read"),
    "webhooks.read": Line(no_record, sends("GET", "/webhook-endpoints"), 200, "webhooks.read"),
    "webhooks.write": Line(no_record, sends("POST", "/webhook-endpoints", **_ENDPOINT), 201, "webhooks.read"),
    "pipelines.read": Line(no_record, sends("GET", "/pipelines"), 200, "pipelines.read"),
    "pipelines.write": Line(no_record, publishes_a_pipeline, 201, "pipelines.read"),
    "team_targets.read": Line(set_target_of, sends("GET", "/team-targets/{id}"), 200, "team_targets.read"),
    "team_targets.write": Line(
        set_target_beside, sends("PATCH", "/team-targets/{id}", target_value="2"), 200, "team_targets.read"
    ),
    "audit_log.read": Line(no_record, sends("GET", "/audit-log"), 200, "audit_log.read"),
    "personal_data.read": Line(make_lead, sends("GET", "/leads/{id}/personal-data"), 200, "personal_data.read"),
    "personal_data.erase": Line(make_lead, sends("POST", "/leads/{id}/erasure"), 200, "personal_data.read"),
    "reference.read": Line(no_record, sends("GET", "/positions"), 200, "reference.read"),
}

NOT_YET = {
    "analytics.read",
    "imports.read",
    "imports.write",
}


def cells() -> list[tuple[str, Position, Relation]]:
    """Every cell of the matrix that has a line; without a record there is nobody whose it is."""
    return [
        (action, position, relation)
        for action, line in LINES.items()
        for position in Position
        for relation in ([Relation.OTHER] if line.make is no_record else Relation)
    ]


def expected_status(action: str, position: Position, relation: Relation) -> int:
    """What the matrix says: not for this position 403, out of sight 404, in sight but beyond its reach 403."""
    line = LINES[action]
    if MATRIX[line.gate or action][position] is Reach.NONE:
        return FORBIDDEN
    if MATRIX[line.read][position] < NEEDED[relation]:
        return MISSING
    if MATRIX[action][position] < NEEDED[relation] or (line.never_own and relation is Relation.OWN):
        return FORBIDDEN
    return line.status


async def try_cell(department: Department, action: str, position: Position, relation: Relation) -> httpx.Response:
    """Let a person in the position try the action on a record that relates to them."""
    line = LINES[action]
    actor = await department.hire(position, "north")
    owner = actor if relation is Relation.OWN else await department.representative(TEAMS[relation])
    return await line.attempt(department, actor, await line.make(department, owner))
