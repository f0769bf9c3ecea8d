"""SQL that makes a table of events a ledger, and the independent recount of its chain.

`ledger_sql` is used by migrations: numbering and chaining on insert, the outbox row, and the refusal of
update, delete and truncate. `broken_links` recomputes every hash in Python, so that what the database
wrote is checked by other code than the code that wrote it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.db import connection

FIELD_SEPARATOR = "\x1f"
_TIME = 'YYYY-MM-DD"T"HH24:MI:SS.US'


def _canonical(row: str, key: str) -> str:
    """The SQL text whose SHA-256 is the hash of `row` (an alias)."""
    parts = (
        f"{row}.previous_hash",
        f"{row}.{key}::text",
        f"{row}.position::text",
        f"{row}.verb",
        f"to_char({row}.at AT TIME ZONE 'UTC', '{_TIME}')",
        f"coalesce({row}.actor_id::text, '')",
        f"{row}.actor_name",
        f"{row}.via",
        f"{row}.on_behalf_of",
        f"{row}.request_id",
        f"{row}.data::text",
        f"{row}.note_digest",
    )
    return "concat_ws(chr(31), " + ", ".join(parts) + ")"


def ledger_sql(table: str, key: str, parent: str = "") -> str:
    """Functions and triggers that make `table` a ledger of chains, one chain per value of column `key`.

    Where the key is the id of a row of the table `parent`, that row's lock is the chain's: it takes no room in the
    server's table of locks, so that a sweep may write thousands of chains in one transaction.
    """
    lock = (
        f"PERFORM FROM {parent} WHERE id = NEW.{key} FOR NO KEY UPDATE;"
        if parent
        else f"PERFORM pg_advisory_xact_lock(hashtextextended('{table}:' || NEW.{key}::text, 0));"
    )
    return f"""
CREATE FUNCTION {table}_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
    -- One writer per chain at a time: two that saw the same last row would claim the same place.
    {lock}
    SELECT position, hash INTO last FROM {table} WHERE {key} = NEW.{key} ORDER BY position DESC LIMIT 1;
    NEW.position := coalesce(last.position, 0) + 1;
    NEW.previous_hash := coalesce(last.hash, '');
    NEW.note_digest := CASE WHEN NEW.note = '' THEN '' ELSE
        encode(sha256(convert_to(NEW.note, 'UTF8')), 'hex') END;
    NEW.hash := encode(sha256(convert_to({_canonical("NEW", key)}, 'UTF8')), 'hex');
    RETURN NEW;
END $$;
CREATE FUNCTION {table}_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_unsettled (ledger, event_id, attempts, last_error)
    SELECT '{table}', id, 0, '' FROM added ORDER BY id;
    RETURN NULL;
END $$;
CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.note = '' AND OLD.note <> '' THEN
            OLD.note := '';
            IF NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;
        END IF;
    END IF;
    RAISE EXCEPTION 'Events are never changed or removed (% on {table}).', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER {table}_chain BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_chain();
CREATE TRIGGER {table}_outbox AFTER INSERT ON {table} REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_outbox();
CREATE TRIGGER {table}_refuse BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_refuse();
CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse();
"""


def undo_ledger_sql(table: str) -> str:
    """Takes away what `ledger_sql` made."""
    return f"""
DROP TRIGGER {table}_refuse_truncate ON {table};
DROP TRIGGER {table}_refuse ON {table};
DROP TRIGGER {table}_outbox ON {table};
DROP TRIGGER {table}_chain ON {table};
DROP FUNCTION {table}_refuse();
DROP FUNCTION {table}_outbox();
DROP FUNCTION {table}_chain();
"""


def access_sql(table: str, users: str) -> str:
    """Triggers that raise the access version of the people a row of `table` decides about.

    `users` is a SQL condition on `accounts_user` in which `row` stands for the changed row.
    """
    body = "\n".join(
        f"    IF TG_OP <> '{skip}' THEN UPDATE accounts_user SET access_version = access_version + 1"
        f" WHERE {users.replace('row.', source + '.')}; END IF;"
        for skip, source in (("DELETE", "NEW"), ("INSERT", "OLD"))
    )
    return f"""
CREATE FUNCTION {table}_access() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
{body}
    RETURN NULL;
END $$;
CREATE TRIGGER {table}_access AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_access();
"""


def undo_access_sql(table: str) -> str:
    """Takes away what `access_sql` made."""
    return f"DROP TRIGGER {table}_access ON {table}; DROP FUNCTION {table}_access();"


def broken_links(table: str, key: str) -> Iterator[str]:
    """One sentence for each row of the ledger `table` whose place or hash is not what its contents say."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, {key}::text, position, verb, to_char(at AT TIME ZONE 'UTC', '{_TIME}'),"
            " coalesce(actor_id::text, ''), actor_name, via, on_behalf_of, request_id, data::text, note_digest,"
            f" note, previous_hash, hash FROM {table} ORDER BY {key}, position"
        )
        chain, place, last_hash = None, 0, ""
        while rows := cursor.fetchmany(2000):
            for pk, own_key, position, *facts, note, previous_hash, own_hash in rows:
                if own_key != chain:
                    chain, place, last_hash = own_key, 0, ""
                place += 1
                where = f"{table} row {pk} ({key} {own_key}, position {position})"
                text = FIELD_SEPARATOR.join([previous_hash, own_key, str(position), *facts])
                if position != place:
                    yield f"{where}: position {place} was expected."
                    place = position
                if previous_hash != last_hash:
                    yield f"{where}: does not follow the row before it."
                if hashlib.sha256(text.encode()).hexdigest() != own_hash:
                    yield f"{where}: its contents do not match its hash."
                if note and hashlib.sha256(note.encode()).hexdigest() != facts[-1]:
                    yield f"{where}: its note does not match its digest."
                last_hash = own_hash
