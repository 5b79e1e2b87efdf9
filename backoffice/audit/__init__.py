"""The ledger: what happened, in an order that nobody can change afterwards without being found out.

Owns: entries (`ledger_entry`) and the queue in which they wait for a place; the Merkle tree over them in places, tiles
and the right edge; signed checkpoints; the heads of days; the ledger's keys, and in a file outside the database what
was signed last.

Verbs: `ledger.append`, `ledger.append_many` write entries with what happened, `ledger.entry_rows` for whoever writes
rows itself, `ledger.require_room` before a send · `sequencer.step` the worker's loop, `sequencer.seal_now` ·
`proving.prove_entry`, `proving.prove_growth`, `proving.newest_checkpoint` what others are handed (`views`: to
anybody, without a key, where nothing of anyone is in it) · `heads.make_heads` after each day · `checking.verify_ledger`
the whole of it · `anchors.anchor_day`, `cosigning.Asking.cosign` where it leaves the house · `keys.rotate_key`,
`keys.retire_key`.

How it hangs together: an entry is canonical JSON; its hash is a leaf (RFC 6962, section 2.1). One sequencer at a time
gives entries their places in the order of their ids, commits, and only then signs the root (C2SP tlog-checkpoint). A
proof file (C2SP tlog-proof) shows an entry's place offline; `verify` checks it with plain Python, and imports nothing
of ours. `merkle`, `tiles`, `notes` and `proofs` are pure. `witness` is a program of its own, for somebody else's
machine. An entry that has no place yet is as lasting as its transaction, and can't be proved yet.

What stops it: the sequencer refuses to sign what contradicts the last checkpoint in the database, in the file or at
the witness; when entries have waited for ten minutes nothing more is sent.

Ledger: `audit:key:added`, `audit:key:retired`, `audit:checkpoint:anchored`, `audit:head:made`.

Serves: accountability and records (GDPR 5(2), 7(1), 30), integrity (GDPR 32(1)(b)); entries hold ids and salted
commitments only, so that erasure (GDPR 17) breaks no proof.
"""
