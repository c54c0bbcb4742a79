"""Links that allow their holder one upload or one download, for a limited time.

A link names its purpose, workspace, row and end, signed with the installation's secret.
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
    """What a link allows."""

    UPLOAD = "upload"
    EXPORT = "export"
    REFUSALS = "refusals"


class Link(NamedTuple):
    """The row is an upload or a job."""

    workspace_id: int
    row_id: int


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads links. `base_url` has no slash at its end."""

    secret: str
    base_url: str = "http://127.0.0.1:8000"
    upload_limit_bytes: int = UPLOAD_LIMIT_BYTES

    def upload(self, workspace_id: int, upload_id: int, until: datetime) -> str:
        """The url to PUT the file of an upload."""
        return f"{self.base_url}/uploads/{self._token(Purpose.UPLOAD, workspace_id, upload_id, until)}"

    def download(self, purpose: Purpose, workspace_id: int, job_id: int, until: datetime, filename: str) -> str:
        """The url to GET a file under the name `filename`."""
        return f"{self.base_url}/downloads/{self._token(purpose, workspace_id, job_id, until)}/{quote(filename)}"

    def read(self, token: str, *purposes: Purpose) -> tuple[Purpose, Link] | None:
        """None when the signature is wrong, the purpose is none of `purposes`, or the time is over."""
        claims, _, signature = token.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(claims)):
            return None
        purpose, workspace_id, row_id, until = urlsafe_b64decode(claims + "=" * (-len(claims) % 4)).decode().split(".")
        if purpose not in purposes or int(until) <= clock.now().timestamp():
            return None
        return Purpose(purpose), Link(int(workspace_id), int(row_id))

    def _token(self, purpose: Purpose, workspace_id: int, row_id: int, until: datetime) -> str:
        claims = f"{purpose}.{workspace_id}.{row_id}.{int(until.timestamp())}".encode()
        encoded = urlsafe_b64encode(claims).rstrip(b"=").decode()
        return f"{encoded}.{self._sign(encoded).decode()}"

    def _sign(self, claims: str) -> bytes:
        signature = hmac.new(b"muster links\x00" + self.secret.encode(), claims.encode("utf-8", "replace"), sha256)
        return urlsafe_b64encode(signature.digest()).rstrip(b"=")
