"""The ledger: why an entry, a proof or a checkpoint can't be made or does not hold."""

from __future__ import annotations

LEDGER: dict[str, str] = {
    "ledger_behind": "The ledger is {minutes} minutes behind. Nothing is sent until it has caught up.",
    "ledger_behind_signed": "The ledger has {size} entries, but {signed} were signed already. An old backup may have "
    "been restored. Nothing is signed until a person has looked.",
    "ledger_behind_witness": "The witness {witness} has seen {seen} entries of this ledger, which has {size}. An old "
    "backup may have been restored.",
    "ledger_damaged": "The ledger's tiles, its edge and its {places} places don't fit together at {size} entries.",
    "ledger_day_open": "The day {day} is not over yet, or entries of it still wait for their places.",
    "ledger_disowned": "The witness {witness} has seen another history of this ledger than the one of these {size} "
    "entries.",
    "ledger_edge_broken": "The right edge of the ledger doesn't fit its size of {size}.",
    "ledger_entry_too_long": "An entry of the kind {kind} has {bytes} bytes. 65,535 is the most.",
    "ledger_entry_unknown": "The ledger has no entry {entry}.",
    "ledger_forked": "The ledger of {new} entries does not begin with that of {old}.",
    "ledger_key_invalid": "The file of the ledger's keys can't be read: {why}.",
    "ledger_key_last": "The ledger's only key can't be retired. Add another one first.",
    "ledger_key_other": "What was signed last can't be verified with the ledger's keys ({why}). Bring back its own "
    "keys, or its own file.",
    "ledger_key_unknown": "The ledger doesn't sign with the key {vkey}.",
    "ledger_key_unreadable": "The file of the ledger's keys can't be opened.",
    "ledger_not_sealed": "No checkpoint holds this yet. Ask again in some seconds.",
    "ledger_rewritten": "The first {signed} entries of the ledger are not those that were signed. Nothing is signed "
    "until a person has looked.",
    "ledger_size_invalid": "The ledger never grew from {old} to {new} entries.",
    "tile_path_invalid": "{path} is no path of a tile.",
    "tile_short": "Tile {number} of level {level} is shorter than its ledger.",
    "tile_unknown": "The ledger has no such tile, or not yet.",
}
"""Why the ledger can't be written, sealed or read."""

PROOFS: dict[str, str] = {
    "checkpoint_invalid": "The checkpoint can't be read: {why}.",
    "note_invalid": "The signed note can't be read: {why}.",
    "note_signature_wrong": "The signature of {key} doesn't fit the note.",
    "note_unsigned": "None of the keys that are trusted here has signed the note.",
    "origin_other": "This is a checkpoint of {origin}, and not signed by a key of that name.",
    "proof_invalid": "The proof can't be read: {why}.",
    "proof_without_entry": "The proof file carries no entry. State the entry that it is to prove.",
    "proof_wrong": "The entry doesn't stand in the ledger of this checkpoint.",
    "vkey_invalid": "This is no key: {why}.",
    "witness_away": "The witness {witness} can't be reached ({why}).",
    "witness_missing": "The witness {witness} has not cosigned the checkpoint.",
    "witness_refuses": "The witness {witness} doesn't cosign (status {status}).",
}
"""Why a proof does not hold, and why nobody stands behind a checkpoint."""
