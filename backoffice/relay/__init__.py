"""The gate's road: facts are gathered, every rule is asked, and what came of it is written down in one transaction.

Owns: contents, judgements, outcomes, decisions, sends and the outbox; rulebooks as they were when they decided, with
their files (`policies`); sends that left late (`late_send`), and campaigns that are kept back (`kept_back`). Single
sends come in through `intake`, which commits together what queued while the last commit ran; campaigns call
`service.send` with up to a thousand recipients. `facts` turns what the rooms below have on record (`gathering`: one
statement) into the three records that rules read, `judging` asks the gate, `recording` writes send, decision, ledger
entry, debit and outbox row. `late` sees to it that caps count a send when it leaves, however long after it was made.
Two narrow doors lead through a stop, each for one message without advertising: its confirmation, and the answer to what
the person asked for since; the contact keeps which send went through (`facts`). Lists are judged without a database by
`judge`.

Verbs: `service.send` decide and record · `release` what is due (`releasing`) · `take_up` and `look_again` before a
send leaves · `stop` · `outbox.keep_back`, `let_go` a campaign · `reconsider` what waits for
an event, which `reconsidering.step` does by itself after a change (`plumbing.changes`) · `try_out` without a trace ·
`content.review` what staff found, `halt_template` what a provider said · `replay.replay` a decision, to the byte ·
`judge.Judge.judge` a list.

Ledger: relay:send:decided, relay:send:released, relay:send:looked_at_again, relay:send:stopped, relay:content:reviewed.

Serves: every gate clause of every operator and every row of law on a send; GDPR 5(2), 7(1) and 22(3) by its reasons.
"""
