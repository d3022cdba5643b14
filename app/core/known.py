"""Writing into a statement what is known when it is compiled.

A kept plan is one for all values of its parameters. Whether rows are narrowed at all must not be one of them: a plan
for somebody who sees everything walks through everything for somebody who sees three rows.
"""

from collections.abc import Hashable, Mapping
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, CollectionAggregate

Known = tuple[tuple[str, Hashable], ...]


def known_in(parameters: Mapping[str, object]) -> Known:
    """The parameters that decide on a plan: yes, no, and lists with nothing in them."""
    return tuple(
        (name, bool(value)) for name, value in sorted(parameters.items()) if isinstance(value, bool) or value == []
    )


def with_known(select: sa.Select[Any], known: Known) -> sa.Select[Any]:
    """The statement with what is known in place of the parameters: `= ANY` of an empty list is never true."""
    values = dict(known)

    def replacement(element: Any, **_: Any) -> Any:
        if isinstance(element, BindParameter) and element.key in values and isinstance(element.type, sa.Boolean):
            return sa.true() if values[element.key] else sa.false()
        if isinstance(element, BinaryExpression) and isinstance(element.right, CollectionAggregate):
            (given,) = element.right.element.get_children()  # it stands in brackets
            if isinstance(given, BindParameter) and given.key in values:
                return sa.false()
        return None

    return cast("sa.Select[Any]", visitors.replacement_traverse(select, {}, replacement))  # the same kind of element
