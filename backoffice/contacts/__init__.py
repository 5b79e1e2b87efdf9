"""Contacts: who is messaged, read from the lists that accounts hand in.

Owns: how a contact list is opened, mapped to our columns and read row by row (`lists`, `columns`, `cells`), and how
rows with one address become one recipient (`merge`). No tables yet: a list is read where it lies, twice, and nothing
of it is kept but keyed hashes of its addresses, in a temporary file that goes with the run.

Verbs: `lists.open_list` a list as it came · `ContactList.read` its rows and rejections · `merge.gather` what the whole
list says of each address · `Gathered.find` what it says of one recipient.

Ledger: no entries yet.

Serves: the opt-out rows, since a stop anywhere in a list stops its address everywhere and no import lifts one
(GDPR 21(3), EU-OBJ-01, LV-MKT-05, US-TC-06); the candidate places of a person, since a fact only adds (US-FL-03,
US-SAFE-01); the age rows (EU-CONS-05); clauses that want a lawful list whose every row is accounted for.
"""
