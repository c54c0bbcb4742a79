"""Links that allow one thing for a limited time, to anybody who has the link."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple, TypeVar

from models import clock

Purpose = TypeVar("Purpose", bound=str)


class Link(NamedTuple):
    workspace_id: int
    row_id: int


@dataclass(frozen=True, slots=True)
class LinkSigner:
    """`base_url` has no slash at its end."""

    secret: str
    base_url: str = "http://127.0.0.1:8000"

    def token(self, purpose: str, workspace_id: int, row_id: int, until: datetime) -> str:
        """The token needs no escapes in a path."""
        claims = f"{purpose}.{workspace_id}.{row_id}.{int(until.timestamp())}".encode()
        encoded = urlsafe_b64encode(claims).rstrip(b"=").decode()
        return f"{encoded}.{self._sign(encoded).decode()}"

    def read(self, token: str, *purposes: Purpose) -> tuple[Purpose, Link] | None:
        """Returns None when the signature is wrong, the purpose is another, or the time is over."""
        claims, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(claims)):
            return None
        named, workspace_id, row_id, until = urlsafe_b64decode(claims + "=" * (-len(claims) % 4)).decode().split(".")
        purpose = next((one for one in purposes if one == named), None)
        if purpose is None or int(until) <= clock.now().timestamp():
            return None
        return purpose, Link(int(workspace_id), int(row_id))

    def _sign(self, claims: str) -> bytes:
        signature = hmac.new(b"muster links\x00" + self.secret.encode(), claims.encode("utf-8", "replace"), sha256)
        return urlsafe_b64encode(signature.digest()).rstrip(b"=")
