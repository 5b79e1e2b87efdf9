"""Registers: public lists of people who want no calls, of carriers' mail domains and the like, each held with its age.

`reading` reads their files line by line, `replacing` puts a copy in place of the one before, `law` says which rows ask
for a register and how old its data may be.
"""
