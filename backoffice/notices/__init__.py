"""Notices: what we tell people. Rows, never wires: whoever carries them is a room above.

Owns: an account's webhooks, each an address of its own programs that is told what happened (`webhook`); what each of
them is told, one row an event and webhook, until it was taken (`webhook_delivery`). Address, secrets and bodies are
sealed with the account's key.

Forms: `standard`, as Standard Webhooks 1.0.0 has them: `webhook-id`, `webhook-timestamp`, `webhook-signature` ·
`cloud_api`, byte-shaped as the WhatsApp Cloud API's own and signed `X-Hub-Signature-256` with the secret that the
account's program knows as its app secret; such an address must first echo a challenge (`hub.challenge`).

Verbs (`service`): `register`, `rotate`, `close`, `list_webhooks`, `secret_of` · `tell`, `tell_many`, in the transaction
of what happened · `try_one` · `list_deliveries`, `redeliver`. For the wire (`carrying`): `claim`, `settle`,
`claim_challenges`, `settle_challenge`, `purge`.

Promises: at least once, so that the receiver looks at the id, which stays the same · in no order · again and again,
later each time, for seven days, and then `given_up`; what was given up or taken can be delivered anew for thirty days.

    unverified -> open -> closed          waiting -> delivered | given_up -> waiting (delivered anew)

Ledger: notices:webhook:registered, notices:webhook:opened, notices:webhook:rotated, notices:webhook:closed.

Serves: the account's right to know what became of its sends, in whatever standing it is.
"""
