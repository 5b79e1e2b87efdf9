"""Signing: how a webhook's receiver knows that we told it, and told just this (pure).

Standard Webhooks 1.0.0 signs `id.timestamp.body` by HMAC-SHA256, under each secret that holds, in one header. The
Cloud API's form has room for one signature, over the body alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
HUB_SIGNATURE = "X-Hub-Signature-256"


def standard_headers(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers of a body under Standard Webhooks; `at` is the attempt's moment, while the id stays the same.

    >>> told = standard_headers("one", datetime.fromtimestamp(1674087231), b"{}", ["whsec_" + "A" * 32])
    >>> told["webhook-timestamp"], told["webhook-signature"][:3]
    ('1674087231', 'v1,')
    """
    moment = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), moment.encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(_standard(secret, signed) for secret in secrets),
    }


def hub_headers(body: bytes, secret: str) -> dict[str, str]:
    """Return the header of a body in the Cloud API's form.

    >>> hub_headers(b"{}", "s")["X-Hub-Signature-256"][:11]
    'sha256=143c'
    """
    return {HUB_SIGNATURE: "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def _standard(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
