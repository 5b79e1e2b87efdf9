"""Delivery: the way out. What the gate let pass is handed over once, and what became of it is found out.

Owns: `delivery`, what is known of each message at its provider; `callback`, what providers told us, raw and sealed;
`inbound_message`, what persons sent us, each once; `sender_pace`, the rate of each number over all couriers, and
`portfolio_person`, whom a portfolio wrote to in a day. The outbox is the relay's; its queries for couriers are
`relay.outbox`: one queue a number and campaign, of which one that is paused is passed over.

Verbs: `courier.Courier.step` claim, look again, hand over, record (`service.settle`) · `service.reap` what a dead
courier had begun · `reconcile.Reconciler.step` look up what is unknown (`service.resolve`) · `inbound.receive` keep a
callback and heed the stops in it, `inbound.step` act on the rest (`said`, `replies`) · `confirming.confirm` a stop,
once · `starting.restart` after START · `statuses.tell` raise what is known of messages · `service.get_delivery` what is
known of one · `loops.delivering` all of it, for a worker · `unclear.hold`, `unclear.decide`, `unclear.lapse` what may
be a stop: held, judged by somebody, or a stop after 24 hours; `unclear.settle` once a clear one has come ·
`telling_out.post` what accounts' webhooks are told (the rows of `notices`) · `naming.note` what the provider calls
messages, for accounts that are told in its form. `dropin`, the Cloud API's own calls, has a page of its own.

How nothing is sent twice or lost: a courier leases a few sends (`queued`), looks at each again with its person's
stop locked out, commits `sending`, and only then speaks to the channel, against a permit that serves once. It is told
yes (`sent`), no (`failed`, or `queued` again for later) or nothing: then the send is `unknown`, as it is when its
courier dies on the way. From `unknown` nothing is sent again unless the provider says for certain that it never had
the message, later than the message can still be on its way; otherwise its statuses, a look-up or 24 hours end it.

How soon a stop counts: it is committed before its webhook is answered. It waits for the second look at its person, or
for what this person wrote before to be acted on, and those wait for nobody: who is saying stop just then is passed
over, and so are sends that others hold and those that are to be taken back, whose credits a batch may hold; a round
looks at them once the others are on their way.

    queued  -> sending
    sending -> sent      the provider took it; failed later, if it could not bring it
             | failed    refused for good, or put off too often
             | queued    surely not handed over
             | unknown   nobody heard an answer -> sent | failed | queued

A status only rises: accepted, sent, failed, delivered, read, whatever the order and however often it is told. What the
provider refused when it was handed over, or put off too often, was never transmitted, and its credit comes back.

Ledger: `delivery:sends:told` what providers answered and reported of an account's sends · `delivery:sends:unknown` ·
`delivery:sends:returned` found never to have left, and queued again · `delivery:default:stated`, `:withdrawn` by the
drop-in door.

A stop is on record before the provider that brought it is answered, in whatever standing account and number are, under
every name that the account knows the person by; what may be one holds from then on. All else is acted on by a loop.

Nothing waits for ever: what moves each state on is in `relay.states.MOVERS`.

Serves: WhatsApp's window, limits and error codes (PL-WA-02, PL-WA-05, PL-WA-10, PL-WA-11: 131050 becomes a suppression,
131049 waits a day, 132015 halts a template); stops by reply at once, in any words (47 CFR 64.1200(a)(10), US-TC-06,
US-TC-07), confirmed once (64.1200(a)(12), US-TC-08);
opt-outs by a provider's word as by any other (GDPR 21(3)); the account's right to know what became of its sends.
"""
