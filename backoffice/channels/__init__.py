"""Channels: the wire. What a provider is handed, what it may answer, and who may hand it anything.

Owns: the port every provider is spoken to through (`port`), the leave that each message needs (`permits`), what is kept
instead of sent in tests and dry runs (`recording`), the adapter for WhatsApp's Cloud API (`whatsapp`), its error codes
(`codes`) and its webhooks (`graph`), the adapter for channels that have no provider of their own yet (`http`, `wire`),
the connections of both (`lines`), and the sandbox (`sandbox`): a process of its own that speaks WhatsApp's Cloud API
and that JSON, misbehaves on demand and counts, with nobody at the other end. Owns no tables.

Verbs: `Channel.deliver` one parcel, against a permit · `Channel.look_up` what became of one, where the provider can be
asked: WhatsApp can't · `wire.is_signed`, `graph.read` and `http.read` what a provider tells us of its own accord, part
by part: what can't be read is counted, and harms nothing else.

An answer is `Accepted` or `Refused`; no answer is `Unanswered`, and then nobody knows. Only a refusal says that a
message was not taken; silence, a broken connection and an error inside the provider never do. Each code of the Cloud
API is retried, held, suppressed, halted or given up by its row in `codes`; one that nobody has read is given up.

Ledger: no entries; who hands over records it.

Serves: the road of a send. A permit is made by the second look alone and is spent by one delivery, so that no message
leaves without a decision, and none twice on the same one.
"""
