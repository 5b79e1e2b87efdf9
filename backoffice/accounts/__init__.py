"""Accounts: who may use the service, and how they stand.

Owns: accounts with their standing, ground and closed channels (`account`); the numbers, addresses and apps they send
from (`sender`); what they accepted, in which edition, language and text (`document_acceptance`); the keys of their
programs (`api_key`); and facts that no column of any room holds yet, as somebody stated them (`account_statement`). A
name and an address are sealed under the account's own key, for an account is a subject too; a number is found by its
token.

Verbs (`service`): `register_account`, `complete_registration` · `set_standing` by the table in `states` ·
`restrict_channels` · `accept_document` · `link_number`, `mark_number`, `mark_portfolio`, `find_by_number` ·
`numbers.limit_portfolio` · `numbers.find_by_code` whose number a provider means · `state_fact` a fact of the closed
list in `statements` · `issue_key`, `revoke_key`, `find_caller` whose program is asking.

Answers: `facts.gather` the account's facts for the gate, in one statement, and whose Terms in which edition judge it;
what nobody stated is left out, a gap · `asking.declared` what those Terms declare for a room to ask ·
`asking.reasons` what stands in the way of all its sends.

Ledger: accounts:account:registered, accounts:registration:completed, accounts:standing:changed,
accounts:channels:restricted, accounts:document:accepted, accounts:number:linked, accounts:number:marked,
accounts:fact:stated, accounts:key:issued, accounts:key:revoked. What changes nothing writes nothing.

Serves: clauses of registration, standing, acceptance, declared use and numbers; GL-STAND-01; a ground for each
suspension, closure and restriction (Reg. (EU) 2019/1150 Art. 4, Reg. (EU) 2022/2065 Art. 17).

An account's documents come in the editions of its operator's Terms: one counts as accepted in the edition that binds
the account, and in no older one.
"""
