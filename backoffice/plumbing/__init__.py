"""I/O tools that know no feature: database, vault, idempotency, HTTP, jobs, loops, settings, files, translations."""
