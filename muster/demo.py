"""The demo workspace: what a newcomer finds on the first start."""

import json
import secrets
from dataclasses import asdict, dataclass

from muster.installation import Installation
from muster.settings import Settings

ADMIN_EMAIL = "admin@demo.example"
WORKSPACE = "Demo"


@dataclass(frozen=True)
class DemoAdmin:
    """How to sign in. Kept in the data directory, for its owner alone: the password is nowhere else."""

    workspace: str
    email: str
    password: str


def read_demo_admin(settings: Settings) -> DemoAdmin | None:
    """None when the demo workspace was not made from this data directory."""
    path = settings.data_dir / "demo.json"
    return DemoAdmin(**json.loads(path.read_text())) if path.exists() else None


def _write_demo_admin(settings: Settings, admin: DemoAdmin) -> None:
    path = settings.data_dir / "demo.json"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(admin), indent=2))


async def seed(place: Installation) -> str:
    """Make the workspace and its admin; a line that says what was made."""
    admin = DemoAdmin(WORKSPACE, ADMIN_EMAIL, secrets.token_urlsafe(9))
    raise NotImplementedError
