"""The gate's road: facts are gathered, every rule is asked, and the answer is written down.

Owns the judging of lists and of single sends; sends themselves, holds and replay come with the database.
Verbs: `judge` a list, `judge_one`. It writes no ledger entry yet. Serves every gate clause of every operator.
"""
