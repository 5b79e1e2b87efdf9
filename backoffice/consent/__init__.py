"""Consent: a person's recorded yes, what proves it and what it covers; and the stops that outlive it.

Owns: wordings, kept once however many agreed (`wording`); consents, which a withdrawal ends and nothing removes
(`consent`, their evidence sealed); suppressions, which hold the token of an address and nothing of its owner
(`suppression`). And the evidence an account hands in with a list (`evidence`), what words name (`words`), the grade a
claim reaches by them (`grades`), for each send it may serve (`acts`), and which of all that is on record stands for one
send (`standing`).

Verbs (`service`): `record_consent` · `withdraw` · `suppress`, `suppress_address` · `list_consents`, `get_receipt`,
`list_stops`. Lists (`importing`): `state_list` · `preview` counts and stores nothing but the file's hash ·
`begin_commit`, `commit` a slice of at most 1,000 rows a transaction, taken up where it stood · `progress`; and `spool`,
which keeps the file sealed between its upload and the job that imports it, and no longer than seven days otherwise.

Stops that another system received (`stops`): `importing.state_stops` · `preview` · `begin`, `commit` a slice of at most
1,000 lines a transaction · `progress`, `list_results` what became of each line. How far each import is and what became
of its lines (`suppression_import`, `suppression_lines`), and, while it lasts, whom of it campaigns have
(`suppression_meeting`): who is met, a room above says.

A: confirmed by the person over the channel itself · B: captured by a form, with words, the state of the control and a
time per person · C: stated by the account for a list, shown and accepted, in words that name sender, channel and
purpose · D: a bare flag, or words that name something else. D never satisfies a rule that asks for consent.

Replies (`replies.read_reply`): whether what somebody wrote is a stop, of everything or of advertising, or a wish to
hear again, by the words in `policies/replies`; what may be one and isn't clear is for a person to read. It is a reading
and records nothing: `delivery` acts on it.

A stop and a withdrawal take the person's lock alone before they look, and whoever sends shares it: what is recorded
first is seen. Withdrawing a consent is no opt-out, and an opt-out no withdrawal. A stop is lifted by no verb: the
person's own later act of grade A is weighed against it each time (`standing`).

Ledger: consent:consent:recorded, consent:consent:withdrawn, consent:suppression:added; those of a list are leaves under
the root in contacts:list:imported, those of a list of stops under that in consent:suppression:imported.

Serves: GDPR 4(11), 7(1) and 7(3) (EU-CONS-01, EU-CONS-02, EU-CONS-03), 21(3) (EU-OBJ-01), ePrivacy 13(1) (EU-EPR-01,
LV-MKT-01, LV-MKT-03), written consent (AZ-PD-01, AZ-PD-02, AZ-MKT-01, US-TC-01, US-FL-03), stops at once (US-TC-06,
US-TC-07, PL-EM-03) and every clause that asks for an opt-in.
"""
