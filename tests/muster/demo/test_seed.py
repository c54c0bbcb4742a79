from datetime import UTC, datetime, timedelta
from pathlib import Path

import phonenumbers
import pytest

from models import db
from models.accounts.scopes import find_scope
from models.accounts.sign_in import sign_in
from models.contacts import fields
from models.contacts.find import find_contact
from models.contacts.upsert import upsert_contact
from models.messaging.channels import Connection
from models.workflows.trials.simulate import simulate
from muster.demo.channel import SANDBOX
from muster.demo.people import CONTACTS, each_contact
from muster.demo.seed import admin_token, read_demo_admin, seed
from muster.installation import Installation, signing
from muster.settings import Settings
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID, SECRET, TOKEN, VERIFY_TOKEN

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DEMO_CONTACTS = list(each_contact(NOW))


@pytest.fixture
def installation(tmp_path: Path, connected_database: str) -> Installation:
    settings = Settings(data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]
    return Installation(settings, connected_database, "redis://unused", "x" * 32)


async def test_the_demo_workspace_is_made_once(database: str, installation: Installation) -> None:
    assert "3,000 contacts" in await seed(installation)
    assert await seed(installation) == "the demo workspace is there already"
    assert await db.fetch_value("SELECT count(*) FROM contacts") == CONTACTS
    assert await db.fetch_value("SELECT count(DISTINCT workspace_id) FROM members") == 1


async def test_its_admin_can_sign_in_with_what_is_shown_and_with_a_token(
    database: str, installation: Installation
) -> None:
    await seed(installation)
    admin = read_demo_admin(installation.settings)
    assert admin is not None
    signed_in = await sign_in(admin.email, admin.password, signing(installation))
    scope = await find_scope(await admin_token(installation), signing(installation))
    assert scope is not None
    assert scope.principal == signed_in.scope.principal


async def test_only_the_owner_can_read_the_admins_password(database: str, installation: Installation) -> None:
    await seed(installation)
    assert (installation.settings.data_dir / "demo.json").stat().st_mode & 0o077 == 0


async def test_its_contacts_are_as_the_api_stores_them(database: str, installation: Installation) -> None:
    await seed(installation)
    found = await find_scope(await admin_token(installation), signing(installation))
    assert found is not None
    row = await find_contact(found, "external_id", DEMO_CONTACTS[0].external_id)
    assert row is not None
    written, made = await upsert_contact(
        found, {"external_id": DEMO_CONTACTS[0].external_id, "name": row["name"], "phone": row["phone"]}
    )
    assert not made
    assert written["updated_at"] == row["updated_at"], "writing what it holds changes nothing"
    assert len(await fields.load(found)) == 7


async def test_its_channel_is_the_number_of_the_sandbox(database: str, installation: Installation) -> None:
    assert Connection(NUMBER_ID, BUSINESS_ACCOUNT_ID, TOKEN, SECRET, VERIFY_TOKEN) == SANDBOX
    assert "a WhatsApp number of the sandbox" in await seed(installation)


def test_they_are_the_same_every_time() -> None:
    assert [person.name for person in each_contact(NOW, 50)] == [person.name for person in DEMO_CONTACTS[:50]]
    later = list(each_contact(NOW + timedelta(days=3), 50))
    assert [person.last_interaction_at for person in later if person.last_interaction_at] == [
        person.last_interaction_at + timedelta(days=3) for person in DEMO_CONTACTS[:50] if person.last_interaction_at
    ]


def test_nothing_sent_to_them_can_reach_anybody() -> None:
    reserved = ("+3363998", "+447700900", "+4917139200")
    assert all(
        person.email is None or ".".join(person.email.rsplit("@")[1:]).startswith("example.")
        for person in DEMO_CONTACTS
    )
    phones = [person.phone for person in DEMO_CONTACTS if person.phone]
    assert all(phone.startswith(reserved) for phone in phones)
    assert all(phonenumbers.is_possible_number(phonenumbers.parse(phone)) for phone in phones)
    assert len(set(phones)) == len(phones) > 1000


def test_nothing_lies_in_the_future() -> None:
    assert all(activity.occurred_at <= NOW for person in DEMO_CONTACTS for activity in person.activities)
    assert all(person.created_at < NOW for person in DEMO_CONTACTS)


async def test_its_workflows_run_and_lead_to_an_end(database: str, installation: Installation) -> None:
    assert "3 workflows" in await seed(installation)
    scope = await find_scope(await admin_token(installation), signing(installation))
    assert scope is not None
    rows = await db.fetch("SELECT name, status, draft FROM workflows ORDER BY name")
    names = ["Birthday", "Welcome after the first purchase", "Win back"]
    assert [(row["name"], row["status"]) for row in rows] == [(name, "ACTIVE") for name in names]
    contact_id = await db.fetch_value(
        "SELECT id FROM contacts WHERE whatsapp_consent = 'OPTED_IN' AND phone IS NOT NULL LIMIT 1"
    )
    for row in rows:
        graph = db.load_json(row["draft"]) | {"entryRule": None}
        path = await simulate(scope, {key: part for key, part in graph.items() if part is not None}, contact_id)
        assert path.end == "REACHED_END", path
        assert all(step.outcome not in ("failed", "held") for step in path.steps), path
