"""An installation of any released version comes to today's schema with all that it holds."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from models.contacts.suppressions import phone_hash
from models.db import migrations
from tests.kit.catalogue import catalogue, differences
from tests.kit.servers import Servers, bare_database, with_database

ROWS = Path(__file__).with_name("rows_of_0011.sql")
"""A row, or several, of every table that migration 0011 has: statements that name the migration that they need."""

RELEASED = [name.stem for name in migrations.migrations() if name.stem < "0012"]

RENAMED = {
    "people": "members",
    "channel_errands": "provider_requests",
    "broadcast_recipients": "messages",
    "broadcast_tallies": "message_counters",
    "whatsapp_opt_outs": "suppressions",
}
"""Tables that have another name now."""

GONE = {"membership_errands"}


def rows_at(release: str) -> Iterator[str]:
    """The statements for a schema that has come up to `release`."""
    needed = "0001"
    for statement in ROWS.read_text().split("\n\n"):
        for line in statement.splitlines():
            if line.startswith("-- from "):
                needed = line.split()[2]
        if needed <= release[:4]:
            yield statement


async def counts(connection: asyncpg.Connection) -> dict[str, int]:
    """How many rows each table holds."""
    tables = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for (name,) in tables}


async def install(connection: asyncpg.Connection, release: str) -> None:
    """The schema of `release`, with rows in it."""
    for path in migrations.migrations():
        if path.stem <= release:
            await connection.execute(path.read_text())
    for statement in rows_at(release):
        await connection.execute(statement)


async def upgrade(connection: asyncpg.Connection, release: str, to: str = "9999") -> None:
    """From the schema of `release` to that of today, or of `to`."""
    for path in migrations.migrations():
        if release < path.stem <= to:
            async with connection.transaction():
                await connection.execute(path.read_text())


@pytest.mark.parametrize("release", RELEASED)
async def test_each_release_is_upgraded_to_the_current_schema_without_losing_a_row(
    release: str, servers: Servers, template: str
) -> None:
    async with bare_database(servers) as url:
        connection = await asyncpg.connect(url)
        today = await asyncpg.connect(with_database(servers.postgres_url, template))
        try:
            await install(connection, release)
            before = await counts(connection)
            await upgrade(connection, release)
            after = await counts(connection)
            after["webhook_inbox"] += after["webhook_failures"]  # what had no attempts left moved there
            found = differences(await catalogue(connection), await catalogue(today))
        finally:
            await connection.close()
            await today.close()
    found = [line for line in found if "schema_migrations" not in line]
    assert not found, "upgraded | new:\n" + "\n".join(found)
    now = {table: after.get(RENAMED.get(table, table)) for table in before if table not in GONE}
    empty = {table for table, rows in before.items() if not rows}
    assert release < "0011" or empty <= GONE, f"tables that no row tests: {empty}"
    before = {table: rows for table, rows in before.items() if table not in GONE}
    assert now.pop("dirty_contacts") >= before.pop("dirty_contacts"), "an opt-out in force again is a change"
    assert now == before


async def test_messages_of_broadcasts_are_in_the_message_ledger(servers: Servers) -> None:
    async with bare_database(servers) as url:
        connection = await asyncpg.connect(url)
        try:
            await install(connection, RELEASED[-1])
            before = await connection.fetch("SELECT * FROM broadcast_recipients ORDER BY id")
            await upgrade(connection, RELEASED[-1])
            after = await connection.fetch("SELECT * FROM messages ORDER BY id")
            sources = await connection.fetch("SELECT * FROM message_sources ORDER BY source_id")
            counters = await connection.fetch("SELECT * FROM message_counters ORDER BY source_id")
        finally:
            await connection.close()
    new_names = {
        "broadcast_id": "source_id",
        "tries": "attempts",
        "claimed_until": "leased_until",
        "claimed_by": "lease_token",
    }
    assert len({row["status"] for row in before}) == 8, "a row in every state"
    for was, now in zip(before, after, strict=True):
        expected = {new_names.get(name, name): value for name, value in was.items()}
        of_workflows = {"enrollment_id": None, "closes_at": None}
        assert dict(now) == {**expected, "source_kind": "BROADCAST", "visit": 0, **of_workflows}
    assert [tuple(row)[:4] for row in sources] == [(1, "BROADCAST", 1, "SENDING"), (1, "BROADCAST", 3, "PAUSED")]
    assert {(row["template_id"], row["business_account_id"]) for row in sources} == {(1, "102")}
    assert '"hello"' in sources[0]["message"]
    assert [(row["source_kind"], row["source_id"], row["pending"]) for row in counters] == [
        ("BROADCAST", 1, 1),
        ("BROADCAST", 3, 1),
    ]


async def test_claims_of_older_releases_become_leases_with_their_attempts(
    servers: Servers,
) -> None:
    async with bare_database(servers) as url:
        connection = await asyncpg.connect(url)
        try:
            await install(connection, "0011_members_by_hand")
            await upgrade(connection, "0011_members_by_hand")
            jobs = await connection.fetch("SELECT status, lease_token, attempts FROM jobs ORDER BY id")
            requests = await connection.fetch(
                "SELECT status, leased_until, attempts FROM provider_requests ORDER BY id"
            )
            webhooks = await connection.fetch(
                "SELECT leased_until IS NULL AS free, attempts FROM webhook_inbox ORDER BY id"
            )
            failures = await connection.fetch("SELECT item, body, attempts FROM webhook_failures")
        finally:
            await connection.close()
    assert [tuple(row) for row in jobs] == [("RUNNING", 3, 3), ("SUCCEEDED", None, 0)]
    held_until = datetime(2026, 1, 1, tzinfo=UTC)
    assert [tuple(row) for row in requests] == [("WAITING", None, 0), ("RUNNING", held_until, 1), ("DONE", None, 0)]
    assert [tuple(row) for row in webhooks] == [(True, 0)]
    assert [tuple(row) for row in failures] == [("webhook", b"{}", 5)]


async def test_an_import_keeps_the_inspection_of_its_file(servers: Servers) -> None:
    async with bare_database(servers) as url:
        connection = await asyncpg.connect(url)
        try:
            await install(connection, RELEASED[-1])
            await upgrade(connection, RELEASED[-1])
            progress = await connection.fetchval("SELECT progress FROM jobs WHERE kind = 'IMPORT'")
        finally:
            await connection.close()
    assert json.loads(progress) == {"line": 10, "inspection": {"rows": 12}}


async def test_two_contacts_that_have_one_number_are_kept_and_the_younger_is_marked(servers: Servers) -> None:
    async with bare_database(servers) as url:
        connection = await asyncpg.connect(url)
        try:
            await install(connection, "0011_members_by_hand")
            await upgrade(connection, "0011_members_by_hand")
            contacts = await connection.fetch("SELECT id, phone, phone_key, phone_twin FROM contacts ORDER BY id")
            reached = await connection.fetch("SELECT phone_key FROM whatsapp_reached ORDER BY phone_key")
            assert await connection.fetchval("SELECT count(*) FROM dirty_contacts WHERE contact_id > 2") == 2, (
                "those of their making: no rule reads the mark"
            )
            with pytest.raises(asyncpg.UniqueViolationError):
                await connection.execute("INSERT INTO contacts (workspace_id, phone) VALUES (1, '55 11 7650 0001')")
        finally:
            await connection.close()
    assert [tuple(row) for row in contacts[2:]] == [
        (3, "+551176500001", "+5511976500001", 0),
        (4, "+5511976500001", "+5511976500001", 1),
    ]
    assert [row["phone_key"] for row in reached] == ["+34600000001", "+5511976500001"]


async def test_opt_outs_become_a_suppression_list_and_what_a_machine_undid_is_in_force_again(servers: Servers) -> None:
    async with bare_database(servers) as url:
        connection = await asyncpg.connect(url)
        try:
            await install(connection, "0011_members_by_hand")
            await connection.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_IN' WHERE id IN (1, 2)")
            await upgrade(connection, "0011_members_by_hand")
            contacts = await connection.fetch(
                "SELECT whatsapp_consent, consent_source, consent_at FROM contacts WHERE id IN (1, 2) ORDER BY id"
            )
            number = await connection.fetchrow("SELECT * FROM suppressions")
            history = await connection.fetch("SELECT contact_id, source, from_consent, to_consent FROM consent_changes")
        finally:
            await connection.close()
    said_at = datetime(2026, 1, 1, tzinfo=UTC)
    assert [tuple(row) for row in contacts] == [("OPTED_IN", None, None), ("OPTED_OUT", "PERSON", said_at)]
    assert number is not None
    assert (number["phone_key"], number["stopped_at"], number["active"]) == ("+34600000002", said_at, True)
    assert number["phone_hash"] == phone_hash(1, "+34600000002")
    assert [tuple(row) for row in history] == [(2, "PERSON", "OPTED_IN", "OPTED_OUT")]


async def test_an_append_that_was_left_open_is_captured_and_its_entries_are_logged_later(servers: Servers) -> None:
    async with bare_database(servers) as url:
        connection = await asyncpg.connect(url)
        try:
            await install(connection, RELEASED[-1])
            await upgrade(connection, RELEASED[-1], "0064_duplicates_are_distributed")
            before = await connection.fetch(_CHANGES)
            await connection.execute(_OPEN_APPEND)
            await upgrade(connection, "0064_duplicates_are_distributed")
            after = await connection.fetch(_CHANGES)
            captured = await connection.fetch(
                "SELECT segment_id, contact_id, kind, origin FROM captured_members ORDER BY at, id"
            )
            marked = await connection.fetch("SELECT fields FROM dirty_contacts WHERE contact_id = 77 ORDER BY id")
        finally:
            await connection.close()
    assert after == before
    assert [tuple(row) for row in captured] == [(1, 77, "ENTERED", "API"), (1, 77, "LEFT", "MANUAL")]
    assert [row["fields"] for row in marked] == [["segment:1", "rule:1"]] * 2


_CHANGES = "SELECT * FROM membership_changes ORDER BY workspace_id, append_id, place"

_OPEN_APPEND = """
SET session_replication_role = replica; -- no trigger closes it
INSERT INTO membership_open_appends (workspace_id, append_id) VALUES (1, 4711);
INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
VALUES (1, 4711, 1, 1, 77, 'ENTERED', 'API', now()), (1, 4711, 2, 1, 77, 'LEFT', 'MANUAL', now());
SET session_replication_role = DEFAULT;
"""


async def test_members_and_tokens_of_before_are_found_without_their_workspace(servers: Servers) -> None:
    async with bare_database(servers) as url:
        connection = await asyncpg.connect(url)
        try:
            await install(connection, RELEASED[-1])
            await upgrade(connection, RELEASED[-1])
            members = await connection.fetch("SELECT email, workspace_id, id FROM members ORDER BY email, workspace_id")
            emails = await connection.fetch("SELECT * FROM sign_in_emails ORDER BY email, workspace_id")
            tokens = await connection.fetch("SELECT secret_hash, workspace_id FROM api_tokens WHERE revoked_at IS NULL")
            places = await connection.fetch("SELECT * FROM old_api_tokens")
        finally:
            await connection.close()
    assert members
    assert [tuple(row) for row in emails] == [tuple(row) for row in members]
    assert tokens
    assert {tuple(row) for row in places} == {tuple(row) for row in tokens}
