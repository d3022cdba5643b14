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
_MOST_CANDIDATES = 2_000

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
    similar: Sequence[str]
    is_open: bool
    found: int

    @property
    def patterns(self) -> list[str]:
        """What a record's `search_text` is like when the word is in it."""
        whole = [f"% {word} %" for word in (self.word, *self.similar)]
        return [*whole, f"% {self.word}%"] if self.is_open else whole

    @property
    def keys(self) -> dict[str, object]:
        """Where the word's records are in `search_words`: parameters of `_records`."""
        is_from = self.word if self.is_open else ""
        return {"terms": [self.word, *self.similar], "is_from": is_from, "is_below": is_from and is_from + BEYOND}


@dataclass(frozen=True, slots=True)
class Sought:
    """The words that a record must have, every one of them; `is_narrow` where one of them has few records.

    What it says of a row depends on the number of words only, so that a statement is compiled once for each.
    """

    table: sa.Table
    words: Sequence[SoughtWord]
    is_narrow: bool

    @property
    def shape(self) -> tuple[int, bool]:
        """What its conditions depend on."""
        return len(self.words), self.is_narrow

    def narrowed(self) -> "Sought":
        """The same, looked up by its rarest word however many records that has."""
        return replace(self, is_narrow=True)

    def conditions(self) -> list[ColumnElement[bool]]:
        """That a row has all words; where one of them has few records, only those are looked at."""
        if not self.words:
            return [sa.literal_column("false", sa.Boolean)]  # text that holds no word is in no record
        text: ColumnElement[str] = self.table.c.search_text
        has_all: list[ColumnElement[bool]] = [
            text.like(sa.any_(bindparam(f"patterns_{number}", type_=sa.ARRAY(sa.Text))))
            for number in range(len(self.words))
        ]
        if not self.is_narrow:
            return has_all
        # an array, so that the primary key is looked up whatever the statistics say of how many there are
        few = sa.func.array(_records(self.table.name).scalar_subquery())
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
        given |= self._rarest.keys if self.is_narrow else {}
        return {name: value for name, value in given.items() if name in names}

    @property
    def _rarest(self) -> SoughtWord:
        return min(self.words, key=lambda each: each.found)


async def seek(tx: Transaction, table: sa.Table, text: str) -> Sought:
    """What a text asks for: its first words, with other spellings that records of the organization have."""
    words: list[str] = await tx.fetch_value(_split, text=text)
    asked = words[:_MOST_WORDS]
    sought = [await _look_up(tx, table, word, is_open=word is asked[-1]) for word in asked]
    return Sought(table, sought, is_narrow=any(each.found <= _MOST_CANDIDATES for each in sought))


async def _look_up(tx: Transaction, table: sa.Table, word: str, *, is_open: bool) -> SoughtWord:
    similar: list[str] = []
    if (spelling := Spelling.of(word)) is not None:
        similar = [row["word"] for row in await tx.fetch_all(_find_similar, **spelling.parameters())]
    unweighed = SoughtWord(word, similar, is_open, 0)
    count = _counts.get(table.name) or _counts.setdefault(table.name, _count(table.name))
    found = await tx.fetch_value(count, **unweighed.keys, most=_MOST_CANDIDATES + 1)
    return SoughtWord(word, similar, is_open, found)


def _records(kind: str) -> sa.Select[Any]:
    """The records that have one of the `terms`, or a word between `is_from` and `is_below`."""
    these = (
        search_words.c.organization_id == bindparam("organization_id", type_=sa.Uuid),
        search_words.c.kind == sa.literal_column(f"'{kind}'", sa.Text),
    )
    whole = search_words.c.word == sa.any_(bindparam("terms", type_=sa.ARRAY(_Word)))
    begins = sa.and_(
        search_words.c.word >= bindparam("is_from", type_=_Word),
        search_words.c.word < bindparam("is_below", type_=_Word),
    )
    found = sa.union_all(
        sa.select(search_words.c.record_id).where(*these, whole),
        sa.select(search_words.c.record_id).where(*these, begins),
    ).subquery()
    return sa.select(found.c.record_id)


def _count(kind: str) -> Statement:
    some = _records(kind).limit(bindparam("most", type_=sa.Integer)).subquery()
    return Statement(sa.select(sa.func.count()).select_from(some))


_counts: dict[str, Statement] = {}

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
