"""Fills the demo workspace on the first start."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from models import clock, db
from models.accounts import audit_log, members, sessions, sign_in_emails, workspaces
from models.contacts import fields as contact_fields
from models.contacts import tags
from models.contacts.built_in_fields import check_all
from models.rules.tree import FieldType
from muster.demo.ad_account import connect_ad_account
from muster.demo.channel import connect_sandbox
from muster.demo.people import FIELDS, TAGS, DemoContact, each_contact
from muster.demo.segments import make_segments
from muster.demo.workflows import make_workflows
from muster.errors import SetupError
from muster.installation import Installation, signing
from muster.settings import Settings
from permissions.principal import OPERATOR, Scope
from permissions.roles import Role

ADMIN_EMAIL = "admin@demo.example"
WORKSPACE = "Demo"


@dataclass(frozen=True)
class DemoAdmin:
    """How to sign in; it is stored in the data directory, readable by its owner only."""

    workspace: str
    email: str
    password: str


def read_demo_admin(settings: Settings) -> DemoAdmin | None:
    """Returns None when another data directory made the demo workspace."""
    path = settings.data_dir / "demo.json"
    return DemoAdmin(**json.loads(path.read_text())) if path.exists() else None


def _write_demo_admin(settings: Settings, admin: DemoAdmin) -> None:
    path = settings.data_dir / "demo.json"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(admin), indent=2) + "\n")


async def seed(installation: Installation) -> str:
    """Unless it exists. Returns a line for people."""
    admin = DemoAdmin(WORKSPACE, ADMIN_EMAIL, secrets.token_urlsafe(9))
    async with db.transaction():
        await db.advisory_lock("muster:demo")
        if await _find_admin() is not None:
            return "the demo workspace is there already"
        made = await workspaces.create(admin.workspace, timezone="Europe/Paris", default_country="FR")
        scope = replace(made, principal=OPERATOR)
        await audit_log.record(scope, "seed", "Workspace", scope.workspace_id)
        await members.create(scope, email=admin.email, name="Demo Admin", password=admin.password, role=Role.ADMIN)
        filled, segment_ids = await _fill(scope)
        sends = await connect_sandbox(scope, installation)
        if sends:
            filled += ", a WhatsApp number of the sandbox"
        workflows = await make_workflows(scope, segment_ids, sends=sends)
        filled += f", {workflows} workflows"
        if await connect_ad_account(scope, installation):
            filled += ", an ad account of the sandbox"
        _write_demo_admin(installation.settings, admin)  # overwritten by the next attempt if the commit fails
    await db.execute("ANALYZE contacts, activities, memberships")  # otherwise the planner assumes empty tables
    return f"made the demo workspace: {filled}"


async def _fill(scope: Scope) -> tuple[str, dict[str, int]]:
    """What was made, for people, and the ids of segments by name."""
    demo_contacts = list(each_contact(clock.now()))
    for key, (label, kind, choices) in FIELDS.items():
        await contact_fields.create(scope, key=key, label=label, kind=FieldType(kind), choices=choices)
    await tags.spell(scope, TAGS)
    await _copy_contacts(scope, demo_contacts)
    activities = await _copy_activities(scope, demo_contacts)
    made = await make_segments(scope)
    told = f"{len(demo_contacts):,} contacts with {len(FIELDS)} custom fields, {activities:,} activities, {len(made)} segments"
    return told, made


CHECKED = (
    "external_id",
    "name",
    "email",
    "phone",
    "date_of_birth",
    "subscribed_at",
    "last_interaction_at",
    "score",
    "tags",
)


async def _copy_contacts(scope: Scope, contacts: Sequence[DemoContact]) -> None:
    """Values are checked and normalised as by the API."""
    fields = await contact_fields.load(scope)
    rows = []
    for contact in contacts:
        values = {name: getattr(contact, name) for name in (*CHECKED, "whatsapp_consent", "attributes")}
        stored = check_all(values, fields, scope.default_country)
        stored["attributes"] = db.dump_json(stored["attributes"])
        rows.append((scope.workspace_id, contact.created_at, contact.created_at, *stored.values()))
    columns = ["workspace_id", "created_at", "updated_at", *CHECKED, "whatsapp_consent", "attributes"]
    await db.copy_in("contacts", columns, rows)


async def _copy_activities(scope: Scope, contacts: Sequence[DemoContact]) -> int:
    rows = await db.fetch("SELECT external_id, id FROM contacts WHERE workspace_id = $1", scope.workspace_id)
    ids = {row["external_id"]: row["id"] for row in rows}
    return await db.copy_in(
        "activities",
        ["workspace_id", "contact_id", "kind", "occurred_at", "properties", "created_at"],
        (
            (
                scope.workspace_id,
                ids[contact.external_id],
                activity.kind,
                activity.occurred_at,
                db.dump_json(activity.properties),
                activity.occurred_at,
            )
            for contact in contacts
            for activity in contact.activities
        ),
    )


async def _find_admin() -> tuple[Scope, int] | None:
    for workspace_id, member_id in await sign_in_emails.places(ADMIN_EMAIL):
        scope = await workspaces.find_system_scope(workspace_id)
        if scope is not None and any(one.role == Role.ADMIN for one in await members.by_ids(scope, [member_id])):
            return scope, member_id
    return None


async def admin_token(installation: Installation) -> str:
    """Returns a bearer token of the demo's admin. Raises SetupError when there is none."""
    found = await _find_admin()
    if found is not None:
        scope, member_id = found
        async with db.transaction():
            token = await sessions.token_of(scope, member_id, signing(installation))
            await audit_log.record(replace(scope, principal=OPERATOR), "token", "Member", member_id)
        if token is not None:
            return token
    raise SetupError("There is no demo workspace in this database: `muster seed` makes it.")
