"""The gate's road: facts are gathered, every rule is asked, and the answer is written down.

Owns the judging of lists; sends themselves, holds and replay come with the database.
Verbs: `judge.Judge.judge` a list, row by row · `profile.read_profile` what a list can't hold · `lines.Lines.told`
what is written of a row. No ledger entries yet. Serves every gate clause of every operator.
"""
