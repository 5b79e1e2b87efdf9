"""Stops that another system received, imported before anything is sent: what each export says, and how it is stored.

A row is never read to anybody's disadvantage: where a date, a status, a scope or a channel can't be read, the stop is
taken as said at the import's moment, of everything, and the row is told as doubtful. A row that is no opt-out lifts
nothing (GDPR 7(3), 21(3)).
"""
