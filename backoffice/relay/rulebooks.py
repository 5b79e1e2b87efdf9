"""Rulebooks: one an operator and edition, kept with the policies they were made from so that they can judge again."""

from __future__ import annotations

import zlib
from functools import lru_cache

import msgspec

from backoffice.kernel.canonical import canonical_json, content_hash
from backoffice.kernel.errors import Refused
from backoffice.plumbing.install import Work
from backoffice.plumbing.memory import settle
from backoffice.policy.library import Library
from backoffice.policy.rulebook import Rulebook
from backoffice.relay import store


@lru_cache(maxsize=64)
def rulebook(library: Library, operator: str, edition: str) -> Rulebook:
    """Return the rulebook of an edition of an operator's Terms by these policies, with what the operator set."""
    made = Rulebook(library, operator, edition)
    settle()
    return made


async def keep(work: Work, book: Rulebook) -> None:
    """Keep a rulebook before it decides anything that is recorded."""
    known, key = work.install.known, ("rulebook", book.name)
    if key in known:
        return
    body = zlib.compress(canonical_json(dict(book.library.files)))
    await store.add_rulebook(work, book.name, book.operator, book.edition, _hash(body), body)
    work.after_commit(lambda: known.add(key))


async def recall(work: Work, name: str) -> Rulebook:
    """Return the rulebook of this name.

    Raises NotFound where it never decided anything, and Refused (`rulebook_needs_its_release`) where the program has
    changed since: the same policies would now answer under another name.
    """
    kept = await store.get_rulebook(work, name)
    book = rulebook(work.install.library, kept.operator, kept.edition)
    if book.name != name:
        book = _remade(kept.policies, kept.operator, kept.edition)
    if book.name != name:
        raise Refused("rulebook_needs_its_release", rulebook=name, made_at=kept.made_at.isoformat())
    return book


@lru_cache(maxsize=4)
def _remade(policies: bytes, operator: str, edition: str) -> Rulebook:
    files = msgspec.json.decode(zlib.decompress(policies), type=dict[str, str])
    return Rulebook(Library(files), operator, edition)


def _hash(body: bytes) -> bytes:
    return bytes.fromhex(content_hash(body).removeprefix("sha256:"))
