"""Who may read the metrics: they say how much business a company does, though they name no person."""

import hmac
from ipaddress import ip_address


def may_read_metrics(token: str | None, authorization: str | None, address: str | None, *, forwarded: bool) -> bool:
    """With a token, who sends it as `Bearer TOKEN`; without one, callers on this machine.

    `address` is that of the connection. A call that a proxy forwarded is never one of this machine.
    """
    if token is not None:
        return hmac.compare_digest((authorization or "").encode(), f"Bearer {token}".encode())
    return not forwarded and _is_loopback(address)


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address((address or "").removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False
