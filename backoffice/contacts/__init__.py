"""Contacts: who is messaged, one at a time or by the lists that accounts hand in.

Owns: addresses, each under a key of its owner's and found by its token (`contact`): numbers, mail addresses, and the
ids that WhatsApp gives people for one business; the other names of one person (`alias`), since a stop under one is a
stop under each; where their owners may be, worked out once by the tables of numbers and shared (`whereabouts`), and how
far everybody is located anew since these changed (`relocation`); lists with what their accounts state of everybody on
them (`contact_list`) and who stands in each (`list_member`), how far an import is (`contact_import`) and its sealed
file while it lasts (`import_part`); registers that are held, do-not-call and carrier domains (`register_list`,
`listing`). And how a list is opened, mapped to our columns and read row by row (`lists`, `columns`, `cells`), and how
rows with one address become one recipient (`merge`).

Verbs (`service`): `find_or_add`, `find_or_add_each` the contacts of a batch, in one statement where all are known ·
`add_contact` · `get_contact` in clear for its account · `record_inbound`, `record_window_shut`, `record_request`,
`record_unclear_stop`, `record_door`, `record_provider_error` what happened with one · `was_confirmed` ·
`record_register` (its files: `registers`) · `unlist` whoever is erased · `aliases.add_aliases`, `list_aliases`,
`hold_names` a person's locks under every name.
Lists: `lists.open_list` a list as it came · `ContactList.read` its rows and rejections · `merge.gather` what the whole
list says of each address. Lists are imported by the room of consent, which grades what they claim.

Answers: `facts.list_facts` what is true of everybody on a list · `facts.registers` · `WHEREABOUTS.recall` places ·
`locating.Locator` where somebody may be, with no database · `domains.days_listed` whose mail domain is a carrier's.

A new version of the number tables holds at once: until the walk of `relocating.relocate` comes to somebody, they are
located each time they are judged.

What is said of an address only adds up to the strict side (`persons`): places are united, the youngest birth and the
newest acts count, a person is natural unless every statement says the same other type.

Ledger: contacts:contact:added, contacts:contact:changed (by `add_contact`; a contact that a send finds or adds is in
the send's own entry), contacts:register:recorded; contacts:list:imported, one a slice of at most 1,000 rows, with the
Merkle root over each contact, consent and stop that it added.

Serves: the opt-out rows, since a stop anywhere in a list stops its address everywhere and no import lifts one
(GDPR 21(3), EU-OBJ-01, LV-MKT-05, US-TC-06); the candidate places of a person, since a fact only adds (US-FL-03,
US-SAFE-01); the age rows (EU-CONS-05); US-TC-11 and US-CS-09; clauses that want a lawful list whose every row is
accounted for; encryption and erasure by key (GDPR 17, 25, 32).
"""
