"""Message ids: a send's id and back, and nobody else's is taken for one."""

from __future__ import annotations

import base64
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backoffice.delivery.wamid import send_of, wamid_of


@given(st.uuids())
def test_a_sends_id_comes_back(send_id: UUID) -> None:
    """And looks as the provider's ids look."""
    wamid = wamid_of(send_id)

    assert send_of(wamid) == send_id
    assert wamid.startswith("wamid.")
    assert base64.b64decode(wamid.removeprefix("wamid."), validate=True).endswith(send_id.bytes)


def near_misses() -> st.SearchStrategy[str]:
    """Ids of ours of which one sign is another, or one more."""
    ours = st.uuids().map(lambda one: wamid_of(one).removeprefix("wamid."))
    sign = st.sampled_from("ABCxyz059+/=-_ ")
    return st.builds(
        lambda one, place, new, more: one[:place] + new + one[place + (not more) :],
        *(ours, st.integers(0, 60), sign, st.booleans()),
    )


@given(st.text() | near_misses())
@example(wamid_of(UUID(int=1)).removeprefix("wamid."))
def test_whatever_is_written_is_ours_or_none(text: str) -> None:
    """No error, whatever it is; what is taken for ours is written the same again."""
    for wamid in (text, f"wamid.{text}"):
        send_id = send_of(wamid)
        assert send_id is None or wamid_of(send_id) == wamid


@given(st.binary(max_size=60))
def test_the_providers_own_ids_are_not_ours(raw: bytes) -> None:
    """They begin with other bytes, and have other lengths."""
    wamid = "wamid." + base64.b64encode(b"\x1d\x18" + raw).decode()

    assert send_of(wamid) is None


@pytest.mark.parametrize("wamid", ["", "wamid.", "wamid.!", "wamid." + "A" * 4096, "wamid.Qk8B", "WAMID.Qk8B"])
def test_what_is_no_id_is_none(wamid: str) -> None:
    """Nor is one that was cut short."""
    assert send_of(wamid) is None
