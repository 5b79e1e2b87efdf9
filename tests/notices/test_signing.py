"""Signatures: as the receivers' own libraries check them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from backoffice.notices.signing import HUB_SIGNATURE, hub_headers, standard_headers

# The worked example that the libraries of Standard Webhooks are tested by.
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_worked_example_is_signed_as_it_is_published() -> None:
    """Byte for byte."""
    assert standard_headers(ID, datetime.fromtimestamp(AT, UTC), BODY, [SECRET]) == {
        "webhook-id": ID,
        "webhook-timestamp": str(AT),
        "webhook-signature": SIGNED,
    }


def test_while_a_secret_is_rotated_both_sign() -> None:
    """Each in its own part, parted by a blank."""
    other = "whsec_" + base64.b64encode(b"o" * 32).decode()
    signed = standard_headers(ID, datetime.fromtimestamp(AT, UTC), BODY, [other, SECRET])["webhook-signature"].split()

    assert signed[1:] == [SIGNED]
    assert signed[0].startswith("v1,")


@given(st.binary(), st.text(min_size=1))
def test_the_cloud_api_form_is_the_hash_of_the_very_bytes(body: bytes, secret: str) -> None:
    """As the provider itself signs, whatever the bytes are."""
    expected = hmac.new(secret.encode("utf-8", "surrogatepass"), body, hashlib.sha256).hexdigest()

    assert hub_headers(body, secret)[HUB_SIGNATURE] == f"sha256={expected}"
