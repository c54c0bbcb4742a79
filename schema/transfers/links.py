"""Links to upload or download one file."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from schema.server.signed_links import LinkSigner

UPLOAD_LIMIT_BYTES: Final = 512 << 20


class Purpose(StrEnum):
    UPLOAD = "upload"
    EXPORT = "export"
    REFUSALS = "refusals"


@dataclass(frozen=True, slots=True)
class Links(LinkSigner):
    """The row of a link is an upload or a job."""

    upload_limit_bytes: int = UPLOAD_LIMIT_BYTES

    def upload(self, workspace_id: int, upload_id: int, until: datetime) -> str:
        """Returns the URL to PUT the file of an upload."""
        return f"{self.base_url}/uploads/{self.token(Purpose.UPLOAD, workspace_id, upload_id, until)}"

    def download(self, purpose: Purpose, workspace_id: int, job_id: int, until: datetime, filename: str) -> str:
        """Returns the URL to GET a file under the name `filename`."""
        return f"{self.base_url}/downloads/{self.token(purpose, workspace_id, job_id, until)}/{quote(filename)}"
