"""Settings: what an install is told from outside, and what of it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from backoffice.plumbing.settings import Settings, read_settings

KEY = "hush"


def test_no_key_is_shown() -> None:
    """Neither in a line that is told nor in a failure."""
    told = Settings(
        data=Path("data"),
        database_url=f"postgresql://{KEY}@host",
        provider_secret=KEY,
        whatsapp_token=KEY,
        whatsapp_secret=KEY,
        whatsapp_verify=KEY,
    )

    assert KEY not in repr(told)
    assert KEY not in str([told])


@pytest.mark.parametrize(
    ("environ", "is_live"),
    [
        ({}, False),
        ({"BACKOFFICE_MODE": "live"}, True),
        ({"BACKOFFICE_WHATSAPP_TOKEN": KEY}, False),
        ({"BACKOFFICE_WHATSAPP_TOKEN": KEY, "BACKOFFICE_WHATSAPP_URL": "http://127.0.0.1:8123"}, False),
        ({"BACKOFFICE_WHATSAPP_TOKEN": KEY, "BACKOFFICE_WHATSAPP_URL": "https://graph.facebook.com"}, True),
        ({"BACKOFFICE_WHATSAPP_URL": "https://graph.facebook.com"}, False),
    ],
)
def test_a_key_for_a_provider_elsewhere_is_live(environ: dict[str, str], *, is_live: bool) -> None:
    """One for the sandbox on this machine is not, and without a key nothing leaves."""
    assert read_settings(environ).holds_live_key is is_live
