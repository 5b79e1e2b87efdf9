"""Callers: a key is looked up once in a while, an unknown one each time, and a revoked one is forgotten soon."""

from __future__ import annotations

from uuid import UUID

import pytest

from backoffice.kernel.errors import Refused
from backoffice.plumbing.http import callers
from backoffice.plumbing.http.callers import Callers
from backoffice.plumbing.install import Install, Work
from tests.plumbing.http.notebook import MIRDZA


class Keys:
    """Keys that are known, and how often somebody looked."""

    def __init__(self) -> None:
        self.known = {"secret": MIRDZA}
        self.looked = 0

    async def find(self, _: Work, secret: str) -> UUID | None:
        """Look a key up."""
        self.looked += 1
        return self.known.get(secret)


async def test_a_busy_caller_is_looked_up_once(install: Install) -> None:
    """And is remembered by the hash of the key."""
    keys = Keys()
    known = Callers(install, keys.find)
    for _ in range(10):
        assert (await known.get("Bearer secret")).account_id == MIRDZA

    assert keys.looked == 1
    assert "secret" not in str(vars(known))


async def test_a_revoked_key_stops_working_when_it_is_looked_up_again(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once where it is forgotten, else after the time for which it is remembered."""
    keys = Keys()
    known = Callers(install, keys.find)
    await known.get("Bearer secret")
    keys.known.clear()
    await known.get("Bearer secret")
    known.forget()
    with pytest.raises(Refused, match="key_unknown"):
        await known.get("Bearer secret")

    monkeypatch.setattr(callers, "REMEMBERED", -1.0)
    keys.known["secret"] = MIRDZA
    await known.get("Bearer secret")
    keys.known.clear()
    with pytest.raises(Refused, match="key_unknown"):
        await known.get("Bearer secret")


async def test_a_key_just_issued_works_at_once(install: Install) -> None:
    """That it was unknown a moment ago is not remembered."""
    keys = Keys()
    known = Callers(install, keys.find)
    with pytest.raises(Refused, match="key_unknown"):
        await known.get("Bearer new")
    keys.known["new"] = MIRDZA

    assert (await known.get("Bearer new")).account_id == MIRDZA


async def test_what_is_remembered_has_an_end(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many keys do not fill the memory."""
    monkeypatch.setattr(callers, "MOST_REMEMBERED", 3)
    keys = Keys()
    keys.known = {str(number): MIRDZA for number in range(10)}
    known = Callers(install, keys.find)
    for number in range(10):
        await known.get(f"Bearer {number}")
        assert len(known._known) <= 3
