"""Journeys: verbs that span rooms, and the stories that show them working together.

Owns no tables. A story is written by a lawyer (`policy.stories`) and played on a real database: each step is the verb
of the room that owns it, at the step's moment, in its own unit of work; afterwards nothing has happened.

Verbs: `stories.run_stories` play stories and hold what came out against what they expect · `rehearsing.rehearse` an
install in one transaction that is undone · `coverage.proved_atoms`, `count_proved` which
clauses a set of stories proves · `suppressing` imports stops that another system received, and tells whom of them
campaigns have · `clock.move_clock` moves a sandbox's test clock on.

A decision is proved as the database has it: it is made again of what is stored, must come out the same to the byte,
and its facts must be those that the story states.

Ledger: what the rooms write, of stories undone with the rest; sandbox:clock:moved.
"""
