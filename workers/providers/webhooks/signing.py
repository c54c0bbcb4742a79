"""Signs by Standard Webhooks 1.0.0: HMAC-SHA256 over the id, the moment and the very bytes that are sent."""

import base64
import hmac
from collections.abc import Sequence


def signatures(secrets: Sequence[str], webhook_id: str, timestamp: int, body: bytes) -> str:
    """Returns the header `webhook-signature`: one signature for each secret (`whsec_` and base64), separated by spaces."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets)


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
