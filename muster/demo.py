"""The demo workspace: what a newcomer finds on the first start."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta

from models import db, people, sessions, workspaces
from muster.errors import SetupError
from muster.installation import Installation
from muster.settings import Settings
from permissions.principal import Scope
from permissions.roles import Role

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
    path.write_text(json.dumps(asdict(admin), indent=2) + "\n")


async def seed(place: Installation) -> str:
    """Make the workspace with its admin, unless it is there; a line that says what was made. All of it, or nothing."""
    admin = DemoAdmin(WORKSPACE, ADMIN_EMAIL, secrets.token_urlsafe(9))
    async with db.transaction():
        await db.advisory_lock("muster:demo")
        if await _find_admin() is not None:
            return "the demo workspace is there already"
        scope = await workspaces.create(admin.workspace, timezone="Europe/Madrid", default_country="ES")
        await people.create(scope, email=admin.email, name="Demo Admin", password=admin.password, role=Role.ADMIN)
        made = await _fill(scope)
    _write_demo_admin(place.settings, admin)
    return f"made the demo workspace: {made}"


async def _fill(scope: Scope) -> str:
    return f"workspace {scope.workspace_id}"


async def _find_admin() -> tuple[Scope, int] | None:
    row = await db.fetch_row(
        "SELECT workspace_id, id FROM people WHERE email = $1 AND role = 'ADMIN' ORDER BY workspace_id LIMIT 1",
        ADMIN_EMAIL,
    )
    scope = None if row is None else await workspaces.find_system_scope(row["workspace_id"])
    return None if row is None or scope is None else (scope, row["id"])


async def admin_token(place: Installation) -> str:
    """A bearer token of the demo workspace's admin. SetupError when there is none."""
    found = await _find_admin()
    token = None if found is None else await sessions.token_of(*found, signing(place))
    if token is None:
        raise SetupError("There is no demo workspace in this database: `muster seed` makes it.")
    return token


def signing(place: Installation) -> sessions.Signing:
    """How this installation signs sessions."""
    return sessions.Signing(place.secret, timedelta(minutes=place.settings.session_minutes))
