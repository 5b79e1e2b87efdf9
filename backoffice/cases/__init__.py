"""Cases: what a person must judge, until when, and what came of it.

Owns: cases (`case_file`), each of one kind about one person as the contact of one account. What was written is sealed
with the contact's key, and shredded with it; a case keeps the token of the address, so that what comes of it holds also
for somebody who was erased meanwhile.

Verbs (`service`): `open_unclear_reply` a reply that may be a stop · `get_case`, `read_said` one with its words ·
`list_open` what waits, the most urgent first · `list_lapsed` what nobody judged in time · `decide`, `lapse`, `close`
end one; what follows from it is for the rooms above (`delivery.unclear`).

One person has one open case of a kind with an account: what they write while it is open joins it, and never moves the
moment it is due to a later one.

    open -> decided   somebody judged it: stop, or no_stop
          | lapsed    nobody did within 24 hours of the reply: it counts as a stop
          | closed    the person has said stop clearly meanwhile: nothing is left to judge

Ledger: cases:unclear_reply:opened, :joined, :decided, :lapsed, :closed; ids and moments, and nothing that was written.

Serves: a revocation by any reasonable means, in any words (47 CFR 64.1200(a)(10), US-TC-06, GL-STOP-02); human review
of what a program can't tell.
"""
