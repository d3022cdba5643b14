"""A person of whom as much is held as possible: a lead that became a contact, with everything that can name them."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

import asyncpg

from app.core.settings import Settings
from tests.builders.evidence import days_from_now, draft_contract, draft_proposal
from tests.builders.leads import BANT, hold_call
from tests.builders.outcomes import manager_over
from tests.builders.receiver import listening
from tests.builders.workers import until_settled, working
from tests.department import Actor, Department, Json

# only words of letters are kept in the vocabulary of searches
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


@dataclass(frozen=True)
class Words:
    """What says who it is; no two people share any of it."""

    token: str = field(default_factory=lambda: uuid4().hex[:8].translate(_LETTERS))

    @property
    def first_name(self) -> str:
        return f"Zebulon Oldham{self.token}"

    @property
    def name(self) -> str:
        return f"Zebulon Quixwood{self.token}"

    @property
    def email(self) -> str:
        return f"zebulon@{self.token}.example"

    @property
    def phone(self) -> str:
        return f"+44 {int.from_bytes(self.token.encode())}"

    @property
    def title(self) -> str:
        return f"Keeper of Quagmire {self.token}"

    @property
    def said(self) -> str:
        return f"has a bad knee and {self.token} parrots"

    @property
    def all(self) -> tuple[str, ...]:
        return self.first_name, self.name, self.email, self.phone, self.title, self.said


_COUNT = """
SELECT count(*) FROM events
WHERE organization_id = $1 AND subject_type IN ('lead', 'contact', 'account', 'opportunity')
"""


@dataclass(frozen=True)
class Held:
    """Who it is, and where else they are mentioned."""

    rep: Actor
    lead_id: str
    contact_id: str
    deal_id: str
    account_id: str
    person: Json
    words: Words
    key: str = "zebulon-1"


async def hold_person(department: Department, settings: Settings, owner: asyncpg.Connection) -> Held:
    """Create, rename, qualify and convert the lead; write of the person wherever one can; deliver it to an endpoint."""
    async with listening() as receiver, working(settings):
        endpoint = await department.operations.post("/webhook-endpoints", {"url": receiver.url, "event_types": ["*"]})
        rep = await department.representative()
        held = await _become_a_customer(rep)
        await _write_about(department, rep, held)
        count = await owner.fetchval(_COUNT, department.organization_id)
        await until_settled(owner, endpoint["id"], count)
    await owner.execute(
        "UPDATE webhook_attempts SET response_excerpt = $2 WHERE organization_id = $1",
        department.organization_id,
        f"thank you, {held.words.name}",
    )
    return held


async def _become_a_customer(rep: Actor) -> Held:
    words = Words()
    person = {"name": words.first_name, "email": words.email, "phone": words.phone, "title": words.title}
    person |= {"external_id": words.email}
    lead: Json = (await rep.post_keyed("/leads", person, Held.key)).json()
    path = f"/leads/{lead['id']}"
    await hold_call(rep, lead["id"])
    await rep.patch(path, {"name": words.name})
    await rep.post(f"{path}/transitions", {"to_stage": "qualification", "reason": words.said})
    await rep.put(f"{path}/qualification", BANT | {"need_note": f"{words.name} {words.said}"})
    converted = (await rep.post_keyed(f"{path}/conversion", {"contact_role": "decision_maker"}, "zebulon-2")).json()
    ids = {f"{noun}_id": converted[noun]["id"] for noun in ("contact", "account")}
    return Held(rep, lead["id"], deal_id=converted["opportunity"]["id"], person=person, words=words, **ids)


async def _write_about(department: Department, rep: Actor, held: Held) -> None:
    deal, words = held.deal_id, held.words
    await rep.patch(f"/contacts/{held.contact_id}", {"title": words.title + " in chief"})
    call = {"kind": "call", "status": "held", "summary": f"{words.name} {words.said}", "note": words.said}
    await rep.post("/activities", call | {"contact_id": held.contact_id})
    shown = {
        "kind": "presentation",
        "status": "held",
        "summary": f"Shown to {words.name}",
        "note": f"Write to {words.email}",
    }
    await rep.post("/activities", shown | {"opportunity_id": deal})
    await rep.post("/objections", {"opportunity_id": deal, "summary": f"{words.name.upper()} finds it expensive"})
    manager = await manager_over(department, rep)
    await draft_proposal(manager, deal, title=f"For {words.name}", terms=f"Call {words.phone}.")
    contract = await draft_contract(manager, deal, number="Quixwood-1")
    await manager.post(
        f"/contracts/{contract['id']}/signature",
        {"signed_on": days_from_now(0), "signed_by_contact_id": held.contact_id},
        expect=200,
    )
    survey = {
        "opportunity_id": deal,
        "status": "answered",
        "score": 9,
        "contact_id": held.contact_id,
        "comment": words.said,
    }
    await rep.post("/satisfaction-surveys", survey)
    await rep.post(
        "/issues", {"opportunity_id": deal, "title": f"Invoice of {words.name}", "description": f"Ask {words.email}"}
    )


async def where_named(owner: asyncpg.Connection, secret: str, organization_id: UUID) -> list[str]:
    """The tables of one organization that hold a text, in whatever column, in any case."""
    tables = await owner.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id' "
        "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace"
    )
    found = []
    for (table,) in tables:
        bodies = "|| convert_from(body, 'UTF8')" if table in {"events", "idempotency_keys"} else ""
        named = await owner.fetchval(
            f"SELECT count(*) FROM {table} held WHERE organization_id = $1 "  # noqa: S608 # names from the catalogue
            f"AND strpos(lower(held::text {bodies}), lower($2)) > 0",
            organization_id,
            secret,
        )
        found += [table] if named else []
    return found
