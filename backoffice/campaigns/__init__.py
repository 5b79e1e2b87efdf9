"""Campaigns: one message to many people, each decided about by the gate like any other send.

Owns: `campaign`, what is sent from which number and how far it is; `campaign_row`, its recipients, each once;
`campaign_part`, what was handed in until it has become rows; `campaign_preview`, what judging everybody found.

Verbs: `service.create` · `files.take` its file · `preview.begin` judge everybody and record nothing · `service.start`,
`pause`, `resume`, `stop` · `advancing.advance` the next slice, `clear` what a stop left behind, `run_campaigns` the
slice of whoever's turn it is · `watching.watch`, `report.Report`.

    draft -> importing -> ready -> running <-> paused
             importing -> failed;  running -> done | failed;  done -> paused
    all of them -> stopped, also what is done or has failed, while something of it has not left

How nobody is skipped and nobody comes twice: a slice of at most a thousand recipients, their decisions, sends, credits
and ledger entries, and the number of the last row are one transaction, which holds the account's credit lots, then the
campaign. Pausing, resuming and stopping hold the campaign too: a slice is before them or never is. Accounts take turns,
a slice each, whatever their size; many workers may run at once.

From a pause or a stop on nothing more leaves but what is being handed over at that instant: the outbox keeps the
campaign's sends back, however many, by one row (`relay.outbox`). A pause leaves them queued, with their credits, and in
nobody's way; once it is resumed, each leaves after its second look, by what is true by then. A stop also ends them,
slice by slice, looked through again while one of them is being handed over and may come back.

What a campaign knows of its message are facts for the gate: `recipients_count`, `repeats_text` (the same words as an
earlier campaign), `since_last_batch`. They and what staff have found of its content by then are fixed at its start.

A list's people are all who stand in it, whatever other lists they stand in. A file's people are imported as any
list's, evidence, stops and all; its other columns are the parameters of their messages, sealed under each person's key
as soon as they are read: who is erased takes them along, and is counted as `gone`.

Ledger: campaigns:campaign:created, :started, :paused, :resumed, :stopped, :ended (done or failed), with counts. What
was decided of each person stands in the entries of the sends.

Serves: the clauses that advise on size, repetition and intervals of bulk sends; the account's right to know whom a
campaign left out and why, none of it trimmed in silence.
"""
