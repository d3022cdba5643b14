r"""Words of records, so that lists find them: `search_text` beside the fields, one row a word, and each word once.

Adding the column rewrites a table and the words of all its records are written, under a lock that holds its writers up
meanwhile (what a million leads take is in docs/decisions/0018-search-by-words-in-plain-tables.md).
"""

import sqlalchemy as sa
from alembic import op

from app.core.walls import isolate

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_SEARCHED = {
    "accounts": ("name", "website"),
    "contacts": ("name", "email"),
    "leads": ("name", "company_name", "email"),
    "opportunities": ("name",),
    "products": ("name",),
    "teams": ("name",),
    "users": ("name", "email"),
}

# Letters without case and accents, whatever the locale of the database: a separator is named, never a letter. Words
# keep no `%`, `_` or `\`, so they are patterns of LIKE that mean themselves.
_SEARCH_TEXT = r"""
CREATE FUNCTION search_text(VARIADIC said text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    words text := array_to_string(said, ' ');
BEGIN
    IF words ~ '[^\x01-\x7f]' THEN
        words := regexp_replace(normalize(words, NFKD), '[\u0300-\u036f\u2018\u2019\u02bc]', '', 'g');
        words := replace(replace(replace(lower(words), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe');
        words := translate(words, 'øØłŁđĐħı', 'oollddhi');
        words := regexp_replace(words, '[\u0080-\u00bf\u2000-\u206f\u3000-\u3020]+', ' ', 'g');
    END IF;
    words := regexp_replace(replace(lower(words), '''', ''), '[\x01-\x2f:-@\[-`{-\x7f]+', ' ', 'g');
    IF words ~ '[^ ]{65}' THEN
        words := regexp_replace(words, '([^ ]{64})[^ ]+', '\1', 'g');
    END IF;
    RETURN ' ' || btrim(words) || ' ';
END $$
"""

# A word that another transaction is just adding may be added twice: to wait for that transaction would let an import
# hold up everybody who writes the same word. Plans do not depend on how large the tables were when they were made.
_PLANS = "SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off"
_ADD = """
    INSERT INTO public.search_words (organization_id, kind, word, record_id)
    SELECT DISTINCT written.organization_id, TG_TABLE_NAME, word, written.id
    FROM {written}, string_to_table(btrim(written.search_text), ' ') AS word
    WHERE word <> '' {and_is_new};
    INSERT INTO public.search_vocabulary (organization_id, word, reversed)
    SELECT said.organization_id, said.word, reverse(said.word)
    FROM (
        SELECT DISTINCT written.organization_id, word
        FROM {written}, string_to_table(btrim(written.search_text), ' ') AS word
        WHERE length(word) BETWEEN 4 AND 25 AND word !~ '[0-9]'
    ) said
    WHERE NOT EXISTS (
        SELECT FROM public.search_vocabulary known
        WHERE known.organization_id = said.organization_id AND known.word = said.word
    );
"""
_ON_INSERT = f"""
CREATE FUNCTION add_search_words() RETURNS trigger LANGUAGE plpgsql {_PLANS} AS $$
BEGIN
    {_ADD.format(written="written", and_is_new="")}
    RETURN NULL;
END $$
"""
_ON_CHANGE = f"""
CREATE FUNCTION change_search_words() RETURNS trigger LANGUAGE plpgsql {_PLANS} AS $$
DECLARE
    before text[] := string_to_array(btrim(OLD.search_text), ' ');
    after text[] := '{{}}';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        after := string_to_array(btrim(NEW.search_text), ' ');
    END IF;
    DELETE FROM public.search_words gone
    WHERE gone.organization_id = OLD.organization_id AND gone.kind = TG_TABLE_NAME AND gone.record_id = OLD.id
        AND gone.word = ANY (before) AND gone.word <> ALL (after);
    IF TG_OP = 'UPDATE' THEN
        {_ADD.format(written="(SELECT NEW.organization_id, NEW.id, NEW.search_text) written", and_is_new="AND word <> ALL (before)")}
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGERS = {
    "add_search_words": "AFTER INSERT ON {table} REFERENCING NEW TABLE AS written "
    "FOR EACH STATEMENT EXECUTE FUNCTION add_search_words()",
    "change_search_words": "AFTER UPDATE ON {table} FOR EACH ROW "
    "WHEN (OLD.search_text IS DISTINCT FROM NEW.search_text) EXECUTE FUNCTION change_search_words()",
    "remove_search_words": "AFTER DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION change_search_words()",
}


def upgrade() -> None:
    op.create_table(
        "search_words",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
    )
    op.create_table(
        "search_vocabulary",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("reversed", sa.Text(collation="C"), nullable=False),
    )
    op.execute(_SEARCH_TEXT)
    for function in (_ON_INSERT, _ON_CHANGE):
        op.execute(function)
    for table, columns in _SEARCHED.items():
        _make_searchable(table, columns)
    op.execute(
        "INSERT INTO search_vocabulary (organization_id, word, reversed) "
        "SELECT DISTINCT organization_id, word, reverse(word) FROM search_words "
        "WHERE length(word) BETWEEN 4 AND 25 AND word !~ '[0-9]'"
    )
    # after the words of what is there, which would take four times as long
    op.create_primary_key("pk_search_words", "search_words", ["organization_id", "kind", "word", "record_id"])
    op.create_index("ix_search_vocabulary__word", "search_vocabulary", ["organization_id", "word"])
    op.create_index("ix_search_vocabulary__reversed", "search_vocabulary", ["organization_id", "reversed"])
    isolate("search_words", app="SELECT, INSERT, DELETE")
    isolate("search_vocabulary", app="SELECT, INSERT")


def _make_searchable(table: str, columns: tuple[str, ...]) -> None:
    text = f"search_text({', '.join(columns)})"
    op.add_column(table, sa.Column("search_text", sa.Text(), sa.Computed(text, persisted=True), nullable=False))
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")  # the owner reads all organizations' records once
    op.execute(
        "INSERT INTO search_words (organization_id, kind, word, record_id) "
        f"SELECT DISTINCT organization_id, '{table}', word, id FROM {table}, "
        "string_to_table(btrim(search_text), ' ') AS word WHERE word <> ''"
    )
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for name, deed in _TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {deed.format(table=table)}")


def downgrade() -> None:
    for table in _SEARCHED:
        for name in _TRIGGERS:
            op.execute(f"DROP TRIGGER {name} ON {table}")
        op.drop_column(table, "search_text")
    op.drop_table("search_vocabulary")
    op.drop_table("search_words")
    for function in ("add_search_words()", "change_search_words()", "search_text(text[])"):
        op.execute(f"DROP FUNCTION {function}")
