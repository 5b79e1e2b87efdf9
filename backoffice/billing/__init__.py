"""Billing: what is paid for. So far the credits of accounts, each good for one message on one channel.

Owns: credit lots (`credit_lot`): credits granted together, valid from a moment to another, half-open.

Verbs (`service`): `grant_lot` · `top_up` credits bought, as long as the Terms let them last, with what is left carried
forward where they say so · `lock_lots` what a batch may spend, held to the end of its transaction · `Lots.debit` and
`Lots.flush` spend it · `release` gives credits back to the lots they came from · `expire_lots` enters in the ledger
what ended unspent.

Answers: `facts.credits` the fact `account.credits` · `terms.expiry`, `terms.carries_forward` what the Terms that bind
an account say of its credits (question `credit_terms`).

Credits of the lot that ends first are spent first. What a lot granted is what it has left and what is debited from it:
expiry takes nothing away, it only ends the spending, so that a credit given back to an expired lot stays expired.

Ledger: billing:lot:granted, billing:lot:carried_forward, billing:lot:expired. A debit and its release stand in the
entries of the send.

Serves: clauses of credits: credit_ledger (one credit a message, none of it below nothing, no interest), credit_expiry,
topup. Readings where the Terms are silent: a term runs from the moment of the grant and ends with its last day in the
operator's zone; a smaller purchase carries nothing forward; a channel carries its own credits only; what has expired
stays so.
"""
