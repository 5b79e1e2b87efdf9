"""The vault: where what names a person is sealed before it is stored, and turned into tokens to be found again.

Owns: the file of master keys (`keys`); the data key of each subject, a person or an account, in `vault_key`, and what
is sealed under it (`sealing`); the keys of the blind indexes in `vault_secret`, and the tokens made with them
(`tokens`); the marks `master:…` and `token:…` that tell at start whether these are the right keys (`opening`).

Verbs: `opening.open_vault` at start · `store.add_subjects`, `store.load_subjects`, `store.destroy_subject` the keys of
subjects · `Subject.seal`, `Subject.open` a value of one cell · `Vault.token` what a number or an address is looked up
by · `Vault.digest` what is known again and can't be guessed · `rotation.rotate`, `rotation.remove_master` a new master
key while everybody goes on working.

How the keys hang together: a master key wraps data keys and index keys; a data key seals the cells of one subject; an
index key turns values into tokens and is drawn at random, so that whoever learns one kind of key has none of the
others. A sealed value opens only in the table, column and row it was sealed for, and only for its subject.

Ledger: no entries; who destroys or rotates a key writes why.

Serves: encryption and pseudonymisation (GDPR 25(1), 32(1)(a)); erasure by destroying the key (GDPR 17(1)), which
leaves suppressions standing, since a token needs no key of the person (GDPR 17(3)(e), 21(3)).
"""

from backoffice.plumbing.vault.opening import open_vault
from backoffice.plumbing.vault.sealing import Place, Subject, Vault, WrappedKey

__all__ = ["Place", "Subject", "Vault", "WrappedKey", "open_vault"]
