"""Builders: what a department does in which every type of event occurs that the demonstration leaves out."""

from pathlib import Path

from app.core.settings import Settings
from app.people.permissions import Position
from tests.builders.deals import add_contact_role, add_line_item, offer_product
from tests.builders.evidence import (
    days_from_now,
    draft_contract,
    draft_proposal,
    open_deal,
    plan_activity,
    send_proposal,
)
from tests.builders.follow_up import open_issue
from tests.builders.imports import import_small, write_folder
from tests.builders.leads import converted_lead, disqualified_lead, qualified_lead
from tests.builders.outcomes import lose_deal, open_deal_of, win_deal
from tests.builders.pipelines import create_pipeline
from tests.builders.receiver import Message, listening
from tests.builders.targets import set_target
from tests.builders.workers import working
from tests.department import Actor, Department


async def do_everything_else(department: Department, folder: Path) -> None:
    """Change, reject, reopen, remove and import."""
    rep, manager = await department.representative(), await department.manager()
    await _work_on_leads(rep, await department.representative())
    await _change_records(rep)
    await _change_parts(department, rep)
    await _decide_evidence(rep)
    await _go_other_ways(department, rep, manager)
    for path in ("leads", "contacts"):
        record = await rep.post(f"/{path}", {"name": "Zoë Gone", "email": "zoe@gone.example"})
        await department.operations.post(f"/{path}/{record['id']}/erasure", expect=200)
    target = await set_target(department)
    await department.operations.delete(f"/team-targets/{target['id']}")
    await create_pipeline(department, "Renewals")
    await import_small(department, write_folder(folder))


async def be_tested_and_gone(department: Department, settings: Settings) -> list[Message]:
    """An endpoint that gets a ping, and answers the first delivery that it is not there any more."""
    async with listening() as receiver:
        fields = {"url": receiver.url, "event_types": ["account.*", "webhook_endpoint.*"]}
        endpoint = await department.operations.post("/webhook-endpoints", fields)
        await department.operations.post("/webhook-endpoints", fields)  # hears that the first one is gone
        await department.operations.post(f"/webhook-endpoints/{endpoint['id']}/test", expect=200)
        receiver.fail_first(1, status=410)
        async with working(settings):
            await department.operations.post("/accounts", {"name": "Acme"})
            await receiver.until(lambda so_far: any(_is_disabling(each) for each in so_far.messages))
    return receiver.messages


def _is_disabling(message: Message) -> bool:
    return bool(message.event["type"] == "webhook_endpoint.disabled")


async def _work_on_leads(rep: Actor, colleague: Actor) -> None:
    given_up = await disqualified_lead(rep)
    await rep.post(f"/leads/{given_up['id']}/transitions", {"to_stage": "prospecting", "reason": "They called"})
    lead = await qualified_lead(rep)
    await rep.post(
        f"/leads/{lead['id']}/assignment", {"owner_id": str(colleague.user_id), "reason": "Your region"}, expect=200
    )
    await converted_lead(rep, email="bob@fields.example")


async def _change_records(rep: Actor) -> None:
    for path in ("accounts", "contacts"):
        record = await rep.post(f"/{path}", {"name": "Acme"})
        await rep.patch(f"/{path}/{record['id']}", {"name": "Acme Ltd"})
    contact = await rep.post("/contacts", {"name": "Ann"})
    for about in ({"contact_id": contact["id"]}, {"account_id": (await rep.post("/accounts", {"name": "B"}))["id"]}):
        activity = await plan_activity(rep, **about)
        await rep.patch(f"/activities/{activity['id']}", {"duration_minutes": 30})
        await rep.post(f"/activities/{activity['id']}/completion", {"status": "held"}, expect=200)


async def _change_parts(department: Department, rep: Actor) -> None:
    deal = await open_deal(rep)
    role = await add_contact_role(rep, deal)
    await rep.delete(f"/opportunities/{deal['id']}/contact-roles/{role['id']}")
    item = await add_line_item(rep, deal, await offer_product(department, "A fence"))
    path = f"/opportunities/{deal['id']}/line-items/{item['id']}"
    await rep.patch(path, {"quantity": "2.5", "discount_percent": "7.50"})
    await rep.delete(path)


async def _decide_evidence(rep: Actor) -> None:
    deal = await open_deal(rep)
    for decision in ("acceptance", "rejection", "expiry"):
        proposal = await send_proposal(rep, deal["id"])
        await rep.post(f"/proposals/{proposal['id']}/{decision}", {}, expect=200)
    draft = await draft_proposal(rep, deal["id"])
    await rep.patch(f"/proposals/{draft['id']}", {"discount_percent": "5.00"})
    contract = await draft_contract(rep, deal["id"])
    await rep.patch(f"/contracts/{contract['id']}", {"amount": "900.00"})
    await rep.post(f"/contracts/{contract['id']}/signature", {"signed_on": days_from_now(-1)}, expect=200)
    await rep.post(f"/contracts/{contract['id']}/termination", {"reason": "They moved"}, expect=200)


async def _go_other_ways(department: Department, rep: Actor, manager: Actor) -> None:
    lost = await open_deal_of(department, rep)
    await lose_deal(rep, lost)
    await manager.post(f"/opportunities/{lost}/transitions", {"to_stage": "prospecting", "reason": "They called"})
    await department.operations.post(
        f"/opportunities/{lost}/assignment", {"owner_id": str(manager.user_id)}, expect=200
    )
    won = await open_deal_of(department, rep)
    await win_deal(manager, won)
    account_manager = await department.hire(Position.ACCOUNT_MANAGER)
    handoff = await rep.post("/handoffs", {"opportunity_id": won, "to_user_id": str(account_manager.user_id)})
    await account_manager.post(f"/handoffs/{handoff['id']}/rejection", {"note": "Not mine"}, expect=200)
    issue = await open_issue(rep, won)
    await manager.post(f"/issues/{issue['id']}/resolution", {"resolution": "Sent again"}, expect=200)
