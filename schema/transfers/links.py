"""Addresses that let whoever has them do one thing, for a while: send one file, or fetch one.

The address says what for, which workspace, which row and until when, and is signed with the installation's secret: none
can be guessed, and one is good for nothing else.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple
from urllib.parse import quote

from models import clock

UPLOAD_LIMIT_BYTES: Final = 512 << 20


class Purpose(StrEnum):
    """What an address is for."""

    UPLOAD = "upload"
    EXPORT = "export"
    REFUSALS = "refusals"


class Link(NamedTuple):
    """What an address that is good stands for."""

    workspace_id: int
    number: int


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses below `base_url` (no slash at its end), and reads them. `secret` is the installation's."""

    secret: str
    base_url: str = "http://127.0.0.1:8000"
    upload_limit_bytes: int = UPLOAD_LIMIT_BYTES

    def upload(self, workspace_id: int, number: int, until: datetime) -> str:
        """Where to PUT the file of an upload."""
        return f"{self.base_url}/uploads/{self._token(Purpose.UPLOAD, workspace_id, number, until)}"

    def download(self, purpose: Purpose, workspace_id: int, number: int, until: datetime, filename: str) -> str:
        """Where to GET a file, which will be called `filename`."""
        return f"{self.base_url}/downloads/{self._token(purpose, workspace_id, number, until)}/{quote(filename)}"

    def read(self, token: str, *purposes: Purpose) -> tuple[Purpose, Link] | None:
        """What a token stands for; None when it is not ours, is for something else, or its time is over."""
        said, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(said)):
            return None
        purpose, workspace, number, until = urlsafe_b64decode(said + "=" * (-len(said) % 4)).decode().split(".")
        if purpose not in purposes or int(until) <= clock.now().timestamp():
            return None
        return Purpose(purpose), Link(int(workspace), int(number))

    def _token(self, purpose: Purpose, workspace_id: int, number: int, until: datetime) -> str:
        said = f"{purpose}.{workspace_id}.{number}.{int(until.timestamp())}".encode()
        encoded = urlsafe_b64encode(said).rstrip(b"=").decode()
        return f"{encoded}.{self._sign(encoded).decode()}"

    def _sign(self, said: str) -> bytes:
        signature = hmac.new(b"muster links\x00" + self.secret.encode(), said.encode("utf-8", "replace"), sha256)
        return urlsafe_b64encode(signature.digest()).rstrip(b"=")
