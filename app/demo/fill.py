"""Filling an organization: people and teams, customers, leads, a year of deals, and their targets."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from app.accounts.writing import ACCOUNT, CONTACT, create
from app.core.caller import Caller
from app.core.database import Database, Transaction, new_id
from app.demo import cast
from app.demo.deals import Plot, Story
from app.demo.leads import tell_lead
from app.demo.staff import Staff, hire_staff
from app.demo.targets import set_targets
from app.people.permissions import Position
from app.products.queries import insert_product

DEALS = 90
LEADS = 24
_DAYS = 365
_RECENT = 1.7  # more deals began lately than long ago
_AT_ONCE = 4

Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Market:
    """Whom to sell to, and what."""

    accounts: list[tuple[UUID, str]]
    contacts: dict[UUID, UUID]
    products: list[tuple[UUID, Decimal]]


async def fill(database: Database, operations: Caller, *, seed: int = 1, watch: Watch | None = None) -> int:
    """Make the department in an organization that has only its manager of operations; gives the number of deals.

    The same seed makes the same department, dated relative to today.
    """
    staff = await hire_staff(database, operations)
    market = await _open_market(database, operations, staff)
    now, at_once, done = datetime.now(UTC), asyncio.Semaphore(_AT_ONCE), 0

    async def tell(number: int) -> None:
        nonlocal done
        dice = random.Random(f"{seed}-{number}")  # noqa: S311 # a story, not a secret
        async with at_once:
            if number < DEALS:
                await _tell_deal(database, _plot(dice, staff, market, now), dice)
            else:
                await _tell_lead(database, staff, dice, now)
        done += 1
        if watch is not None:
            watch(done, DEALS + LEADS)

    await asyncio.gather(*(tell(number) for number in range(DEALS + LEADS)))
    async with database.begin(operations) as tx:
        await set_targets(tx, staff, now)
    return DEALS


async def _tell_deal(database: Database, plot: Plot, dice: random.Random) -> None:
    async with database.begin(plot.seller) as tx:
        await Story(tx, plot, dice).tell()


async def _tell_lead(database: Database, staff: Staff, dice: random.Random, now: datetime) -> None:
    team = dice.choice(("North", "South"))
    async with database.begin(staff.of(team, Position.BUSINESS_DEVELOPMENT_REPRESENTATIVE)[0]) as tx:
        await tell_lead(tx, dice, now)


async def _open_market(database: Database, operations: Caller, staff: Staff) -> Market:
    sellers = [caller for _, caller in staff.people if caller.position in cast.SELLERS]
    accounts, contacts = [], {}
    async with database.begin(operations) as tx:
        products = [await _add_product(tx, *product) for product in cast.PRODUCTS]
        for number, name in enumerate(cast.COMPANIES):
            owner_id = sellers[number % len(sellers)].user_id
            about = {"name": name, "owner_id": owner_id, "industry": cast.INDUSTRIES[number % len(cast.INDUSTRIES)]}
            account = await create(tx, ACCOUNT, dict.fromkeys(ACCOUNT.fields) | about)
            person = f"{_pick(cast.FIRST_NAMES, number)} {_pick(cast.LAST_NAMES, number * 7)}"
            email = f"{person.lower().replace(' ', '.')}@{name.split(' ', maxsplit=1)[0].lower()}.example"
            of_person = {"name": person, "email": email, "account_id": account["id"], "owner_id": owner_id}
            contact = await create(tx, CONTACT, dict.fromkeys(CONTACT.fields) | of_person)
            accounts.append((account["id"], name))
            contacts[account["id"]] = contact["id"]
    return Market(accounts, contacts, products)


async def _add_product(tx: Transaction, name: str, series: str, price: int) -> tuple[UUID, Decimal]:
    fields = {"name": name, "series": series, "unit_price": Decimal(price), "currency": "USD", "is_active": True}
    row = await tx.fetch_row(insert_product, id=new_id(), external_id=None, **fields)
    return row["id"], row["unit_price"]


def _plot(dice: random.Random, staff: Staff, market: Market, now: datetime) -> Plot:
    team = dice.choice(("North", "South"))
    account = dice.choice(market.accounts)
    return Plot(
        seller=dice.choice(staff.of(team, *cast.SELLERS)),
        manager=staff.of(team, Position.SALES_MANAGER)[0],
        account_manager=staff.of(team, Position.ACCOUNT_MANAGER)[0],
        account=account,
        contact_id=market.contacts[account[0]],
        product=dice.choice(market.products),
        started_at=now - timedelta(days=1 + _DAYS * dice.random() ** _RECENT),
        until=now,
    )


def _pick(names: tuple[str, ...], number: int) -> str:
    return names[number % len(names)]
