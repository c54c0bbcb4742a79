"""What an import may not do to consent is set aside, and the report names the rows."""

import pytest

from models import clock
from models.contacts import person_consent
from models.contacts.consent import ConsentSource, Word
from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.contacts.suppressions import Heard
from models.transfers.imports import run
from models.values.phones import phone_key
from permissions.principal import Scope
from tests.kit.transfers import counts, everyone, imported, refused
from tests.kit.workspaces import new_workspace

REASON = "the row went in without this: this person has opted out, which an import does not undo"


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.mark.parametrize("chunk_rows", [1, 10])
@pytest.mark.parametrize("dry_run", [False, True])
async def test_the_report_names_the_rows_whose_consent_was_set_aside(scope, monkeypatch, chunk_rows, dry_run):
    monkeypatch.setattr(run, "CHUNK_ROWS", chunk_rows)
    gone = await create_contact(scope, {"phone": "+34600000001"})
    stop = Heard(phone_key("+34600000001"), Word.STOP, clock.now(), ConsentSource.PERSON)
    await person_consent.heed(scope.workspace_id, [stop])
    await delete_contacts(scope, [gone["id"]])
    await create_contact(scope, {"phone": "+34600000002", "whatsapp_consent": "OPTED_OUT"})
    content = (
        "phone,whatsapp_consent,score\n+34600000001,OPTED_IN,1\n+34600000002,OPTED_IN,2\n+34600000003,OPTED_IN,3\n"
    )
    job = await imported(scope, content, overwrite=True, dry_run=dry_run)
    assert counts(job) == {"created": 2, "updated": 1, "partial": 2}
    rows = await refused(scope, job)
    assert [(row["import_line"], row["import_column"], row["import_reason"]) for row in rows] == [
        ("2", "whatsapp_consent", REASON),
        ("3", "whatsapp_consent", REASON),
    ]
    if not dry_run:
        assert sorted(await everyone(scope, "phone", "whatsapp_consent", "score")) == [
            ("+34600000001", "OPTED_OUT", 1),
            ("+34600000002", "OPTED_OUT", 2),
            ("+34600000003", "OPTED_IN", 3),
        ]
