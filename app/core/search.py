"""Finding records by their words: in any order, in any case, without accents, the last one as far as it is typed.

The database keeps the words of a record beside it (`search_text`) and in `search_words`, in the transaction that writes
the record. Both stand under row-level security, which lets no index on a text's inside be used, but one on whole words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql.elements import ColumnElement

from app.core.database import Statement, Transaction
from app.core.schema import metadata
from app.core.similar import BEYOND, Spelling

_MOST_WORDS = 8
_MOST_CANDIDATES = 5_000

_Word = sa.Text(collation="C")  # by code points, so that what begins alike stands together

search_words = sa.Table(
    "search_words",
    metadata,
    sa.Column("organization_id", sa.Uuid),
    sa.Column("kind", sa.Text),
    sa.Column("word", _Word),
    sa.Column("record_id", sa.Uuid),
    sa.PrimaryKeyConstraint("organization_id", "kind", "word", "record_id"),
)

search_vocabulary = sa.Table(
    "search_vocabulary",
    metadata,
    sa.Column("organization_id", sa.Uuid, nullable=False),
    sa.Column("word", _Word, nullable=False),
    sa.Column("reversed", _Word, nullable=False),
    sa.Index("ix_search_vocabulary__word", "organization_id", "word"),
    sa.Index("ix_search_vocabulary__reversed", "organization_id", "reversed"),
)


def search_text(*columns: str) -> sa.Column[str]:
    """The words of the columns, kept by the database; the table's triggers keep `search_words` in step."""
    text = f"search_text({', '.join(columns)})"
    return sa.Column("search_text", sa.Text, sa.Computed(text, persisted=True), nullable=False)


@dataclass(frozen=True, slots=True)
class SoughtWord:
    """A word, other spellings of it that there are, and whether it may go on (`is_open`)."""

    word: str
    similar: tuple[str, ...]
    is_open: bool

    @property
    def patterns(self) -> list[str]:
        """What a record's `search_text` is like when the word is in it."""
        whole = [f"% {word} %" for word in (self.word, *self.similar)]
        return [*whole, f"% {self.word}%"] if self.is_open else whole

    def keys(self, number: int = 0) -> dict[str, object]:
        """Where the word's records are in `search_words`: parameters of `_records_of`."""
        start = self.word if self.is_open else ""
        return {
            f"terms_{number}": list(self.similar) if self.is_open else [self.word, *self.similar],
            f"start_{number}": start,
            f"start_below_{number}": start and start + BEYOND,
        }


@dataclass(frozen=True, slots=True)
class Sought:
    """The words that a record must have, every one of them; `rare` are those that together have few records.

    What it says of a row depends on the number of words only, so that a statement is compiled once for each.
    """

    table: sa.Table
    words: Sequence[SoughtWord]
    rare: Sequence[SoughtWord]

    @property
    def shape(self) -> tuple[int, int]:
        """What its conditions depend on."""
        return len(self.words), len(self.rare)

    def narrowed(self) -> "Sought":
        """The same, looked up by a word however many records it has."""
        return self if self.rare else replace(self, rare=self.words[:1])

    def conditions(self) -> list[ColumnElement[bool]]:
        """That a row has all words; where one of them has few records, only those are looked at."""
        if not self.words:
            return [sa.literal_column("false", sa.Boolean)]  # text that holds no word is in no record
        text: ColumnElement[str] = self.table.c.search_text
        has_all: list[ColumnElement[bool]] = [
            text.like(sa.any_(bindparam(f"patterns_{number}", type_=sa.ARRAY(sa.Text))))
            for number in range(len(self.words))
        ]
        if not self.rare:
            # Postgres takes what is LIKE something for rare and would read and sort the whole table; of a CASE it knows
            # nothing, takes every second row to fit, and goes along the order until the page is full
            return [sa.case((each, sa.true()), else_=sa.false()) for each in has_all]
        # an array, so that the primary key is looked up whatever the statistics say of how many there are
        few = sa.func.array(_records(self.table.name, len(self.rare)).scalar_subquery())
        return [*has_all, self.table.c.id == sa.any_(few)]

    def relevance(self) -> ColumnElement[int]:
        """How well a row fits: two for each word that it has, one for each that a word of it begins with."""
        text: ColumnElement[str] = self.table.c.search_text
        fits: list[ColumnElement[int]] = [
            sa.case(
                (text.like(bindparam(f"whole_{number}", type_=sa.Text)), sa.literal_column("2")),
                (text.like(bindparam(f"begun_{number}", type_=sa.Text)), sa.literal_column("1")),
                else_=sa.literal_column("0"),
            )
            for number in range(len(self.words))
        ]
        return sum(fits, start=sa.literal_column("0", sa.Integer))

    def parameters(self, names: Sequence[str]) -> dict[str, object]:
        """The parameters of `conditions` and `relevance` that are among the names."""
        given: dict[str, object] = {}
        for number, each in enumerate(self.words):
            given |= {
                f"whole_{number}": f"% {each.word} %",
                f"begun_{number}": f"% {each.word}%",
                f"patterns_{number}": each.patterns,
            }
        for number, each in enumerate(self.rare):
            given |= each.keys(number)
        return {name: value for name, value in given.items() if name in names}


async def seek(tx: Transaction, table: sa.Table, text: str) -> Sought:
    """What a text asks for: its first words, with other spellings that records of the organization have."""
    words: list[str] = await tx.fetch_value(_split, text=text)
    asked = words[:_MOST_WORDS]
    sought = [await _look_up(tx, word, is_open=number == len(asked)) for number, word in enumerate(asked, 1)]
    return Sought(table, sought, await _rare(tx, table, sought))


async def _look_up(tx: Transaction, word: str, *, is_open: bool) -> SoughtWord:
    spelling = Spelling.of(word)
    similar = await tx.fetch_all(_find_similar, **spelling.parameters()) if spelling is not None else []
    return SoughtWord(word, tuple(row["word"] for row in similar), is_open)


async def _rare(tx: Transaction, table: sa.Table, sought: Sequence[SoughtWord]) -> Sequence[SoughtWord]:
    """The word that fewest records have, or two that hardly ever stand together; none where each of them is frequent.

    Where none are rare, a page is soon found by going through the records in their order.
    """
    longest_first = sorted(sought, key=lambda each: len(each.word), reverse=True)
    found = {each: await _count(tx, table, [each]) for each in longest_first}
    rarest = sorted(found, key=lambda each: found[each])
    if rarest and found[rarest[0]] <= _MOST_CANDIDATES:
        return rarest[:1]
    if len(rarest) > 1 and await _count(tx, table, rarest[:2]) <= _MOST_CANDIDATES:
        return rarest[:2]
    return []


async def _count(tx: Transaction, table: sa.Table, words: Sequence[SoughtWord]) -> int:
    """How many records have all of one or two words, as far as it is of interest."""
    shape = (table.name, len(words))
    statement = _counts.get(shape)
    if statement is None:
        some = _records(*shape).limit(bindparam("most", type_=sa.Integer)).subquery()
        statement = _counts[shape] = Statement(sa.select(sa.func.count()).select_from(some))
    keys = {name: value for number, each in enumerate(words) for name, value in each.keys(number).items()}
    count: int = await tx.fetch_value(statement, **keys, most=_MOST_CANDIDATES + 1)
    return count


_counts: dict[tuple[str, int], Statement] = {}


def _records(kind: str, words: int) -> sa.Select[Any]:
    """The records that have the first word, and the second where there are two."""
    first = _records_of(kind, 0)
    return first if words == 1 else first.where(first.selected_columns.record_id.in_(_records_of(kind, 1)))


def _records_of(kind: str, number: int) -> sa.Select[Any]:
    """The records that have one of the `terms`, or a word from `start` to `start_below`."""
    these = (
        search_words.c.organization_id == bindparam("organization_id", type_=sa.Uuid),
        search_words.c.kind == sa.literal_column(f"'{kind}'", sa.Text),
    )
    whole = search_words.c.word == sa.any_(bindparam(f"terms_{number}", type_=sa.ARRAY(_Word)))
    begins = sa.and_(
        search_words.c.word >= bindparam(f"start_{number}", type_=_Word),
        search_words.c.word < bindparam(f"start_below_{number}", type_=_Word),
    )
    found = sa.union_all(
        sa.select(search_words.c.record_id).where(*these, whole),
        sa.select(search_words.c.record_id).where(*these, begins),
    ).subquery(f"found_{number}")
    return sa.select(found.c.record_id)


_split = Statement(
    sa.select(
        sa.func.array_remove(
            sa.func.string_to_array(
                sa.func.btrim(sa.func.search_text(bindparam("text", type_=sa.Text))), sa.literal_column("' '")
            ),
            sa.literal_column("''"),
        )
    )
)


def _alike(column: ColumnElement[str], name: str) -> sa.Select[Any]:
    word = search_vocabulary.c.word
    return sa.select(word).where(
        search_vocabulary.c.organization_id == bindparam("organization_id", type_=sa.Uuid),
        column >= bindparam(name, type_=_Word),
        column < bindparam(f"{name}_below", type_=_Word),
        sa.func.length(word).between(bindparam("shortest", type_=sa.Integer), bindparam("longest", type_=sa.Integer)),
        word.like(sa.any_(bindparam("spellings", type_=sa.ARRAY(sa.Text)))),
    )


# one mistake leaves the beginning of a word as it is, or its end
_find_similar = Statement(
    sa.union(_alike(search_vocabulary.c.word, "start"), _alike(search_vocabulary.c.reversed, "end_reversed")).limit(
        sa.literal_column("50")
    )
)
