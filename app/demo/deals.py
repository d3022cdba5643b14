"""One deal's life: it walks from stage to stage at plausible moments, with its evidence, until today or its end."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from app.activities import writing as activities
from app.activities.schemas import ActivityCreate
from app.contracts import writing as contracts
from app.contracts.schemas import ContractCreate, ContractSignature
from app.core.caller import Caller
from app.core.database import Transaction
from app.demo.cast import LESSONS
from app.follow_up import writing as follow_up
from app.follow_up.handoff import decide_handoff, request_handoff
from app.follow_up.schemas import HandoffStatus
from app.opportunities import contact_roles, line_items, objections
from app.opportunities import writing as deals
from app.opportunities.qualification_schemas import QualificationReplace
from app.proposals import writing as proposals
from app.proposals.schemas import ProposalCreate
from app.transitions.transition import Move, move
from app.transitions.workflows import DEAL
from app.workflow.decision import LossReason, TransitionInputs

_DAYS_IN_STAGE = {
    "prospecting": (4, 20),
    "qualification": (4, 18),
    "presentation": (5, 20),
    "negotiation": (6, 28),
    "closing": (3, 18),
    "follow_up": (10, 40),
    "analysis": (3, 20),
}
_STAGES = tuple(_DAYS_IN_STAGE)
_SHARE_LOST = 0.09  # per stage: about four of ten deals are lost before they close
_SHARE_OBJECTING = 0.4
_SHARE_REVIEWED = 0.5
_LIMIT_PERCENT = 10  # an organization's default
_LOSABLE = _STAGES[:5]
_LOSS_REASONS = (LossReason.PRICE, LossReason.COMPETITOR, LossReason.NO_DECISION, LossReason.TIMING)


@dataclass(frozen=True, slots=True)
class Plot:
    """Who sells what to whom, from when on; `until` is now."""

    seller: Caller
    manager: Caller
    account_manager: Caller
    account: tuple[UUID, str]
    contact_id: UUID
    product: tuple[UUID, Decimal]
    started_at: datetime
    until: datetime


class Story:
    """A deal in the making: its moment advances with each deed."""

    def __init__(self, tx: Transaction, plot: Plot, dice: random.Random) -> None:
        self._tx = tx
        self._plot = plot
        self._dice = dice
        self._moment = plot.started_at
        self._amount = plot.product[1] * dice.randint(1, 12)
        self._deal_id = UUID(int=0)

    async def tell(self) -> str:
        """Play the deal until today or its end; gives the stage where it stands."""
        await self._open()
        for stage in _STAGES:
            leave_at = self._moment + timedelta(days=self._dice.uniform(*_DAYS_IN_STAGE[stage]))
            if leave_at > self._plot.until:
                return stage
            if stage in _LOSABLE and self._dice.random() < _SHARE_LOST:
                self._moment = leave_at
                return await self._lose()
            evidence, to_stage = _CHAPTERS[stage]
            await evidence(self)
            self._moment = leave_at
            await self._move(to_stage)
        return "completed"

    async def prospect(self) -> None:
        role = {"contact_id": self._plot.contact_id, "role": "decision_maker"}
        await contact_roles.add_contact_role(self._seller(), self._deal_id, role)
        await self._hold(self._dice.choice(("call", "email", "meeting", "networking")), "First conversation")

    async def qualify(self) -> None:
        qualification = QualificationReplace(
            need="Replace a system at the end of its life",
            budget_amount=self._amount,
            budget_currency="USD",
            timeline_on=(self._moment + timedelta(days=75)).date(),
            decision_process="Department head, then purchasing",
            qualification_score=self._dice.randint(55, 95),
        )
        await deals.qualify_deal(self._seller(), self._deal_id, qualification.model_dump(), None)
        await self._hold("meeting", "Needs and budget")

    async def present(self) -> None:
        await self._hold(self._dice.choice(("presentation", "demonstration")), "Showed the product on site")
        if self._dice.random() < _SHARE_OBJECTING:
            raised = await objections.raise_objection(self._seller(), self._deal_id, "The introduction takes too long")
            await objections.resolve_objection(self._seller(), raised["id"], "A pilot of two weeks was agreed")

    async def negotiate(self) -> None:
        discount = self._dice.choice((0, 0, 5, 10, 15))
        proposal = ProposalCreate(
            opportunity_id=self._deal_id,
            title="Offer",
            amount=self._amount,
            pricing="Per unit, invoiced on delivery",
            terms="30 days net",
            delivery_timeline="Six weeks from signature",
            discount_percent=Decimal(discount),
        )
        row = await proposals.draft(self._seller(), proposal.model_dump())
        if discount > _LIMIT_PERCENT:
            await proposals.approve_discount(self._acting(self._plot.manager), row["id"], None)
        await proposals.send(self._seller(), row["id"], None)

    async def close(self) -> None:
        contract = ContractCreate(opportunity_id=self._deal_id, amount=self._amount)
        row = await contracts.add(self._seller(), contract)
        signature = ContractSignature(signed_on=self._moment.date(), signed_by_contact_id=self._plot.contact_id)
        await contracts.sign(self._seller(), row["id"], signature, None)

    async def follow_up(self) -> None:
        to_user_id = self._plot.account_manager.user_id
        request = {"opportunity_id": self._deal_id, "to_user_id": to_user_id, "note": None}
        handoff = await request_handoff(self._seller(), request)
        accepting = self._acting(self._plot.account_manager)
        await decide_handoff(accepting, handoff["id"], HandoffStatus.ACCEPTED, None)
        answer = {"status": "answered", "score": self._dice.randint(6, 10), "comment": None, "contact_id": None}
        about = {"opportunity_id": self._deal_id, "asked_at": self._moment}
        await follow_up.record_satisfaction(self._seller(), answer | about)

    async def review(self) -> None:
        lesson = {"reasons": ["price", "fit"], "competitor": None, "lesson": self._dice.choice(LESSONS)}
        await follow_up.file_review(self._seller(), {"opportunity_id": self._deal_id} | lesson)

    async def _open(self) -> None:
        account_id, name = self._plot.account
        fields = {
            "name": f"{name}: new equipment",
            "account_id": account_id,
            "amount": self._amount,
            "currency": "USD",
            "close_on": (self._moment + timedelta(days=75)).date(),
            "owner_id": None,
            "pipeline_id": None,
            "source_opportunity_id": None,
            "external_id": None,
        }
        self._deal_id = (await deals.open_deal(self._seller(), fields)).id
        product_id, price = self._plot.product
        item = {"product_id": product_id, "quantity": self._amount / price, "unit_price": None}
        rest = {"discount_percent": Decimal(0), "description": None}
        await line_items.add_line_item(self._seller(), self._deal_id, item | rest)

    async def _lose(self) -> str:
        inputs = TransitionInputs(loss_reason=self._dice.choice(_LOSS_REASONS))
        await move(self._seller(), DEAL, self._deal_id, Move("analysis", inputs))
        if self._dice.random() < _SHARE_REVIEWED:
            await self.review()
            await self._move("completed")
            return "completed"
        return "analysis"

    async def _move(self, to_stage: str) -> None:
        await move(self._seller(), DEAL, self._deal_id, Move(to_stage))

    async def _hold(self, kind: str, summary: str) -> None:
        held = {"status": "held", "held_at": self._moment, "opportunity_id": self._deal_id}
        await activities.add(self._seller(), ActivityCreate.model_validate({"kind": kind, "summary": summary} | held))

    def _seller(self) -> Transaction:
        return self._acting(self._plot.seller)

    def _acting(self, caller: Caller) -> Transaction:
        self._moment += timedelta(minutes=self._dice.randint(1, 90))
        return self._tx.acting(caller, min(self._moment, self._plot.until))


_CHAPTERS: dict[str, tuple[Callable[[Story], Awaitable[None]], str]] = {
    "prospecting": (Story.prospect, "qualification"),
    "qualification": (Story.qualify, "presentation"),
    "presentation": (Story.present, "negotiation"),
    "negotiation": (Story.negotiate, "closing"),
    "closing": (Story.close, "follow_up"),
    "follow_up": (Story.follow_up, "analysis"),
    "analysis": (Story.review, "completed"),
}
