"""Consent: a person's recorded yes, what proves it, and what it covers.

Owns: the evidence an account hands in with a list (`evidence`), what words name (`words`), and the grade a claim
reaches by them (`grades`). No tables yet: consents come with the list or with the case that is asked about.

Verbs: `evidence.read_evidence` what was handed in · `grades.grade` one row's claim against one send.

A: confirmed by the person over the channel itself · B: captured by a form, with words, the state of the control and a
time per person · C: stated by the account for a list, shown and accepted, in words that name sender, channel and
purpose · D: a bare flag, or words that name something else. D never satisfies a rule that asks for consent.

Ledger: no entries yet.

Serves: GDPR 4(11) and 7(1) (EU-CONS-01, EU-CONS-02), ePrivacy 13(1) (EU-EPR-01, LV-MKT-01, LV-MKT-03), written consent
(AZ-PD-01, AZ-PD-02, AZ-MKT-01, US-TC-01, US-FL-03) and every clause that asks for an opt-in.
"""
