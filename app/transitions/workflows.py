"""What leads and deals differ in when their stage changes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.caller import Caller
from app.core.database import Row, Statement, Transaction
from app.core.problems import Forbidden, NotFound
from app.leads import aggregate as lead_aggregate
from app.leads.tables import leads
from app.opportunities import aggregate as deal_aggregate
from app.opportunities.tables import opportunities
from app.outbox.event import Subject
from app.outbox.record import lock, lock_all
from app.people.permissions import is_within
from app.people.scopes import covers, demand_scope, scope_of
from app.pipelines.queries import definition_of
from app.transitions.evidence import evidence_of, find_deal, find_deals, find_lead
from app.transitions.ledger import Moving
from app.workflow.criteria import Evidence
from app.workflow.decision import Standing
from app.workflow.pipeline import Edge, Outcome, PipelineDefinition, Step, TransitionKind


@dataclass(frozen=True, slots=True)
class Workflow:
    """How one kind of record is read, moved and published; `action_of` gives the permission an edge needs."""

    noun: str
    read: str
    find: Statement
    moving: Moving
    payload_of: Callable[[Mapping[str, Any]], dict[str, Any]]
    action_of: Callable[[Edge, PipelineDefinition], str]


@dataclass(slots=True)
class Walker:
    """A lead or a deal on its way: its row, evidence and definition, all read at the same moment."""

    workflow: Workflow
    subject: Subject
    row: Row
    definition: PipelineDefinition

    @property
    def id(self) -> UUID:
        return self.subject.id

    @property
    def evidence(self) -> Evidence:
        return evidence_of(self.row)

    @property
    def standing(self) -> Standing:
        return Standing(self.row["stage"], Outcome(self.row["outcome"]), self.row["left_stage"])

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Every edge from here."""
        standing = self.standing
        return self.definition.edges_from(standing.stage, standing.outcome, standing.left_stage)

    def demand(self, caller: Caller, action: str) -> None:
        """Raise `Forbidden` when the record lies beyond the reach of the action, or the credential lacks its scope.

        Routes demand that the record may be read: which action a move needs is known here only.
        """
        if not is_within(caller, action, self.row):
            raise Forbidden("Your position may not move this record that way.")
        demand_scope(caller, action)

    def may(self, caller: Caller, action: str) -> bool:
        """Whether `demand` would let the caller."""
        return is_within(caller, action, self.row) and covers(caller.scopes, scope_of(action))


async def lock_walker(tx: Transaction, workflow: Workflow, record_id: UUID) -> Walker:
    """Lock a record and read it with its evidence; raises `NotFound` beyond the caller's reach."""
    await lock(tx, record_id)
    return await read_walker(tx, workflow, record_id)


async def read_walker(tx: Transaction, workflow: Workflow, record_id: UUID) -> Walker:
    """Read a record with its evidence; raises `NotFound` beyond the caller's reach."""
    row = await tx.fetch_one(workflow.find, id=record_id)
    if row is None or not is_within(tx.caller, workflow.read, row):
        raise NotFound
    return await _walker(tx, workflow, row)


async def lock_deals(tx: Transaction, opportunity_ids: Sequence[UUID]) -> dict[UUID, Walker]:
    """Lock many deals and read them with their evidence; those within the caller's reach, by id."""
    await lock_all(tx, opportunity_ids)
    return await read_deals(tx, opportunity_ids)


async def read_deals(tx: Transaction, opportunity_ids: Sequence[UUID]) -> dict[UUID, Walker]:
    """Read many deals with their evidence, without locks; those within the caller's reach, by id."""
    rows = await tx.fetch_all(find_deals, ids=list(opportunity_ids))
    return {row["id"]: await _walker(tx, DEAL, row) for row in rows if is_within(tx.caller, DEAL.read, row)}


async def _walker(tx: Transaction, workflow: Workflow, row: Row) -> Walker:
    definition = await definition_of(tx, row["pipeline_id"], row["pipeline_version"])
    return Walker(workflow, Subject(workflow.noun, row["id"], row["last_sequence"]), row, definition)


def _deal_action(edge: Edge, definition: PipelineDefinition) -> str:
    if edge.kind is TransitionKind.REOPEN:
        return "transitions.override"
    is_forward = edge.kind is TransitionKind.FORWARD and definition.stage(edge.from_stage).step is Step.PROSPECTING
    is_back = edge.kind is TransitionKind.BACK and definition.stage(edge.to_stage).step is Step.PROSPECTING
    return "transitions.qualify" if is_forward or is_back else "transitions.advance"


def _lead_action(edge: Edge, _definition: PipelineDefinition) -> str:
    is_about_work = edge.kind in {TransitionKind.DISQUALIFY, TransitionKind.RECYCLE}
    return "leads.write" if is_about_work else "transitions.qualify"


DEAL = Workflow(
    noun="opportunity",
    read="opportunities.read",
    find=find_deal,
    moving=Moving(opportunities),
    payload_of=deal_aggregate.payload_of,
    action_of=_deal_action,
)

LEAD = Workflow(
    noun="lead",
    read="leads.read",
    find=find_lead,
    moving=Moving(leads),
    payload_of=lead_aggregate.payload_of,
    action_of=_lead_action,
)
