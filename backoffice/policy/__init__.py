"""The law: Terms and statutes as data, rules as small functions, and the gate that asks them all.

Pure: it is handed file contents and facts, and returns decisions. Start with `questions` (what is answered),
`facts` (what a rule may know) and `language` (what a rule may be); then `library` (files tied together),
`rulebook` and `program` (rules in scope), `compile`, `decide` and `release`; `scenarios`, `proving` and `coverage`
show what holds, and `dates` by when.
"""
