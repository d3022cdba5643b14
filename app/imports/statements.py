"""The statements that check and merge one entity's staged rows, each over the whole set.

What is refused or already there leaves the staging table; what remains is written.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from app.core.database import Statement
from app.imports.entities import OPPORTUNITIES, TEAMS, USERS, Entity, Reference
from app.opportunities.tables import opportunity_line_items
from app.outbox.tables import subjects
from app.people.scoping import in_organization
from app.people.tables import teams, users
from app.products.tables import products
from app.transitions.tables import stage_transitions

_ORGANIZATION = sa.bindparam("organization_id", type_=sa.Uuid)


def remove_repeated(entity: Entity) -> Statement:
    """Rows whose key an earlier row has: refused, with the place of the first."""
    staged = entity.staged
    earlier = staged.alias("earlier")
    first = (
        sa.select(earlier.c[entity.key], earlier.c.seq, earlier.c.file, earlier.c.line)
        .ext(distinct_on(earlier.c[entity.key]))
        .order_by(earlier.c[entity.key], earlier.c.seq)
        .subquery("first")
    )
    return Statement(
        sa.delete(staged)
        .where(staged.c[entity.key] == first.c[entity.key], staged.c.seq > first.c.seq)
        .returning(
            staged.c.file,
            staged.c.line,
            staged.c[entity.key].label("value"),
            first.c.file.label("first_file"),
            first.c.line.label("first_line"),
        )
    )


def remove_known(entity: Entity) -> Statement:
    """Rows whose key a record of the organization has: they are left as they are."""
    table = entity.table
    return Statement(
        sa.delete(entity.staged).where(
            sa.exists().where(in_organization(table), table.c[entity.key] == entity.staged.c[entity.key])
        )
    )


def remove_taken(entity: Entity, field: str, *, is_exact: bool) -> Statement:
    """Rows whose unique field a record or an earlier row has: refused."""
    staged, table, earlier = entity.staged, entity.table, entity.staged.alias("earlier")

    def same(one: sa.ColumnElement[Any], other: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return one == other if is_exact else sa.func.lower(one) == sa.func.lower(other)

    return Statement(
        sa.delete(staged)
        .where(
            sa.or_(
                sa.exists().where(in_organization(table), same(table.c[field], staged.c[field])),
                sa.exists().where(earlier.c.seq < staged.c.seq, same(earlier.c[field], staged.c[field])),
            )
        )
        .returning(staged.c.file, staged.c.line, staged.c[field].label("value"))
    )


def remove_unknown(entity: Entity, reference: Reference) -> Statement:
    """Rows that refer to nothing in the organization: refused."""
    staged, target = entity.staged, reference.table
    return Statement(
        sa.delete(staged)
        .where(
            staged.c[reference.field].is_not(None),
            ~sa.exists().where(in_organization(target), target.c[reference.key] == staged.c[reference.field]),
        )
        .returning(staged.c.file, staged.c.line, staged.c[reference.field].label("value"))
    )


def remove_ungrounded(entity: Entity) -> Statement:
    """Rows with a parent from which no chain leads to a record that is there or needs none: refused."""
    staged, table, child = entity.staged, entity.table, entity.staged.alias("child")
    grounded = (
        sa.select(staged.c[entity.key].label("key"))
        .where(
            sa.or_(
                staged.c.parent.is_(None),
                sa.exists().where(in_organization(table), table.c[entity.key] == staged.c.parent),
            )
        )
        .cte("grounded", recursive=True)
    )
    grounded = grounded.union(
        sa.select(child.c[entity.key]).join_from(child, grounded, child.c.parent == grounded.c.key)
    )
    return Statement(
        sa.delete(staged)
        .where(staged.c[entity.key].not_in(sa.select(grounded.c.key)))
        .returning(staged.c.file, staged.c.line, staged.c.parent.label("value"))
    )


def write(entity: Entity) -> Statement:
    """INSERT of all rows that remain, with the ids of what they refer to."""
    staged, table = entity.staged, entity.table
    source: sa.FromClause = staged
    values: dict[str, Any] = {"organization_id": _ORGANIZATION}
    values |= {column.name: column for column in staged.c if column.name in table.c}
    for reference in (each for each in entity.references if each.column is not None):
        target = reference.table.alias(reference.field)
        source = source.outerjoin(
            target, sa.and_(in_organization(target), target.c[reference.key] == staged.c[reference.field])
        )
        values |= {str(reference.column): target.c.id, **{name: target.c[name] for name in reference.carries}}
    if entity.has_parent:
        old, new = table.alias("old_parent"), staged.alias("new_parent")
        source = source.outerjoin(old, sa.and_(in_organization(old), old.c[entity.key] == staged.c.parent))
        source = source.outerjoin(new, new.c[entity.key] == staged.c.parent)
        values["parent_id"] = sa.func.coalesce(old.c.id, new.c.id)
    rows = sa.select(*(value.label(name) for name, value in values.items())).select_from(source).order_by(staged.c.seq)
    return Statement(insert(table).from_select(list(values), rows))


def start_subjects(entity: Entity) -> Statement:
    """The subjects of the new records, so that later writes find a lock to take; no event has been about them yet."""
    rows = sa.select(_ORGANIZATION, entity.staged.c.id, sa.literal(entity.noun, sa.Text), sa.literal(0, sa.BigInteger))
    return Statement(insert(subjects).from_select(["organization_id", "id", "type", "last_sequence"], rows))


# Teams and users refer to each other: a team's manager is checked against whoever is there or staged, and written last.
remove_unmanaged = Statement(
    sa.delete(TEAMS.staged)
    .where(
        TEAMS.staged.c.manager.is_not(None),
        ~sa.exists().where(in_organization(users), users.c.external_id == TEAMS.staged.c.manager),
        ~sa.exists().where(USERS.staged.c.external_id == TEAMS.staged.c.manager),
    )
    .returning(TEAMS.staged.c.file, TEAMS.staged.c.line, TEAMS.staged.c.manager.label("value"))
)

write_managers = Statement(
    sa.update(teams)
    .where(
        in_organization(teams),
        teams.c.id == TEAMS.staged.c.id,
        users.c.organization_id == teams.c.organization_id,
        users.c.external_id == TEAMS.staged.c.manager,
    )
    .values(manager_id=users.c.id)
)

_deal = OPPORTUNITIES.staged

write_line_items = Statement(
    insert(opportunity_line_items).from_select(
        ["organization_id", "id", "opportunity_id", "product_id", "quantity", "unit_price"],
        sa.select(
            _ORGANIZATION,
            _deal.c.line_item_id,
            _deal.c.id,
            products.c.id,
            sa.literal(1, sa.Integer),
            sa.func.coalesce(sa.func.nullif(_deal.c.amount, 0), products.c.unit_price),
        ).join_from(_deal, products, sa.and_(in_organization(products), products.c.external_id == _deal.c.product)),
    )
)

_moves = (
    sa.func.unnest(
        _deal.c.move_ids,
        _deal.c.move_from,
        _deal.c.move_to,
        _deal.c.move_steps,
        _deal.c.move_kinds,
        _deal.c.moved_at,
        _deal.c.move_seconds,
    )
    .table_valued(
        sa.column("id", sa.Uuid),
        sa.column("from_stage", sa.Text),
        sa.column("to_stage", sa.Text),
        sa.column("step", sa.Text),
        sa.column("kind", sa.Text),
        sa.column("moved_at", sa.DateTime(timezone=True)),
        sa.column("seconds", sa.BigInteger),
        name="moves",
        joins_implicitly=True,
    )
    .render_derived()
)
_closes = _moves.c.kind.in_([sa.literal("won", sa.Text), sa.literal("lost", sa.Text)])

_transition: dict[str, sa.ColumnElement[Any]] = {
    "organization_id": _ORGANIZATION,
    "id": _moves.c.id,
    "opportunity_id": _deal.c.id,
    "from_stage": _moves.c.from_stage,
    "to_stage": _moves.c.to_stage,
    "step": _moves.c.step,
    "kind": _moves.c.kind,
    "outcome": sa.case((_closes, _moves.c.kind), else_=sa.literal("open", sa.Text)),
    "reason": sa.case((_moves.c.kind == sa.literal("lost", sa.Text), _deal.c.loss_note)),
    "loss_reason": sa.case((_moves.c.kind == sa.literal("lost", sa.Text), _deal.c.loss_reason)),
    "record_version": sa.literal(1, sa.Integer),
    "occurred_at": _moves.c.moved_at,
    "seconds_in_from_stage": _moves.c.seconds,
    "import_id": sa.bindparam("import_id", type_=sa.Uuid),
}

write_transitions = Statement(
    insert(stage_transitions).from_select(
        list(_transition), sa.select(*_transition.values()).select_from(_deal).select_from(_moves)
    )
)
