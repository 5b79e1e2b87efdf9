"""How the locks of persons are taken under all their names: in one go, since a stop should wait for no round trip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backoffice.plumbing.migrating import PICCOLO, ddl

if TYPE_CHECKING:
    from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "0019"
VERSION = PICCOLO
DESCRIPTION = "names"

SQL = """
-- The lock of a person's token, as plumbing/locks.py has it.
CREATE FUNCTION person_key(token bytea) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('x' || encode(substring(token FOR 8), 'hex'))::bit(64)::bigint
$$;

-- The tokens under which accounts know persons, by the place that each was asked at.
CREATE FUNCTION names_of(places int[], accounts uuid[], asked bytea[]) RETURNS TABLE (place int, token bytea)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE known AS (
        SELECT person.* FROM unnest(places, accounts, asked) AS person (place, account_id, token)
        UNION SELECT known.place, known.account_id, alias.other FROM known
            JOIN alias ON alias.account_id = known.account_id AND alias.token = known.token
    ) SELECT known.place, known.token FROM known ORDER BY 1, 2
$$;

-- Holds the locks of persons alone, under all their names, in one order, and until there is no other name: one may be
-- learnt while we wait, and whoever learns it holds these locks too. Each of its statements sees what has committed.
CREATE FUNCTION hold_names(places int[], accounts uuid[], asked bytea[]) RETURNS TABLE (place int, token bytea)
LANGUAGE plpgsql AS $$
DECLARE
    had bytea[];
    known bytea[];
BEGIN
    LOOP
        known := ARRAY(SELECT DISTINCT names.token FROM names_of(places, accounts, asked) AS names ORDER BY 1);
        EXIT WHEN known = had;
        PERFORM pg_advisory_xact_lock(key)
        FROM (SELECT DISTINCT person_key(name) AS key FROM unnest(known) AS name ORDER BY 1) AS sorted;
        had := known;
    END LOOP;
    RETURN QUERY SELECT * FROM names_of(places, accounts, asked);
END
$$;
"""


async def forwards() -> MigrationManager:
    """Make the functions."""
    return ddl(ID, SQL)
