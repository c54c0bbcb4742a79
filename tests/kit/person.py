"""A person, with some data in every table that can hold personal data, and a search for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from models import db
from models.changelog import events
from models.contacts import suppressions
from models.contacts.activities import NewActivity, record
from models.contacts.create import create_contact
from models.identity.merge import merge_contacts
from models.queue import failed_webhooks, inbox, jobs
from models.queue.failed_webhooks import failure_of
from models.queue.jobs import JobKind
from models.score_models import score_models
from models.score_models.adjust import adjust
from models.transfers.files import storage
from permissions.principal import Scope
from tests.kit.broadcasts import a_draft, a_segment, connected
from tests.kit.transfers import sent

PHONE: Final = "+34600111222"
OLD_PHONE: Final = "+34699000111"
EMAIL: Final = "zoe.nandu@example.org"
NAME: Final = "Zoé Ñandú"
EXTERNAL_ID: Final = "shop-zoe-4711"
USER_ID: Final = "ZZ.opaque-zoe"
WAMID: Final = "wamid.HBgLMzQ2MDAxMTEyMjIVAgARGBI5"

SIGNS: Final = (PHONE[3:], OLD_PHONE[3:], EMAIL, NAME, "Ñandú", EXTERNAL_ID, USER_ID, WAMID, "I said this")
"""Texts of which each names the person."""

OTHER: Final = "+34600999888"


@dataclass(frozen=True)
class Person:
    scope: Scope
    contact_id: int


async def everywhere(scope: Scope) -> Person:
    """The person, in every table that can hold personal data; another person stands beside."""
    await connected(scope)
    values = {"external_id": EXTERNAL_ID, "email": EMAIL, "phone": PHONE, "name": NAME}
    contact_id = (await create_contact(scope, {**values, "whatsapp_consent": "OPTED_OUT"}))["id"]
    other_id = (await create_contact(scope, {"phone": OTHER, "name": "Other", "whatsapp_consent": "OPTED_IN"}))["id"]
    await record(scope, [NewActivity("message.received", contact_id, properties={"text": "I said this", "name": NAME})])
    await _messages(scope, contact_id, other_id)
    await _at_whatsapp(scope, contact_id, other_id)
    await _webhooks(scope)
    await _transfers(scope, contact_id)
    await _workflows(scope, contact_id)
    await _identity(scope, contact_id)
    await _partners(scope, contact_id)
    await _scores(scope, contact_id)
    return Person(scope, contact_id)


async def _partners(scope: Scope, contact_id: int) -> None:
    """A message to a partner that holds the person."""
    await db.execute(
        """
        INSERT INTO webhook_deliveries (workspace_id, endpoint_id, kind, event_type, events, payload, contact_id, tried,
                                        next_attempt_at, created_at)
        VALUES ($1, 1, 'MESSAGE', 'workflow.message', 1, $2, $3, $4, now(), now())
        """,
        scope.workspace_id,
        f'{{"email": "{EMAIL}"}}',
        contact_id,
        f'[{{"response": "thanks, {NAME}"}}]',
    )


async def _messages(scope: Scope, contact_id: int, other_id: int) -> None:
    broadcast = await a_draft(scope, await a_segment(scope, [contact_id, other_id]))
    statuses = (("SENT", PHONE, 1), ("PENDING", PHONE, 2), ("FAILED", OLD_PHONE, 3), ("SENT", OTHER, 4))
    for status, phone, visit in statuses:
        await db.execute(
            """
            INSERT INTO messages (workspace_id, source_kind, source_id, contact_id, phone, parameters, status, due_at, visit,
                                  message_id, reason, lease_token)
            VALUES ($1, 'BROADCAST', $2, $3, $4, $5, $6, now(), $7, $8, $9, 7)
            """,
            scope.workspace_id,
            broadcast.id,
            other_id if phone == OTHER else contact_id,
            phone,
            ["Other" if phone == OTHER else NAME],
            status,
            visit,
            None if phone == OTHER or status != "SENT" else WAMID,
            f"{phone} is wrong" if status == "FAILED" else None,
        )
    await db.execute(
        "INSERT INTO message_counters (workspace_id, source_kind, source_id, pending, sent, failed) VALUES ($1, $2, $3, 1, 2, 1)",
        scope.workspace_id,
        "BROADCAST",
        broadcast.id,
    )


async def _identity(scope: Scope, contact_id: int) -> None:
    """The person has another key, of a contact that was merged into it."""
    other = (await create_contact(scope, {"external_id": f"{EXTERNAL_ID}-old", "name": NAME}))["id"]
    await merge_contacts(scope, contact_id, other, {})


async def _scores(scope: Scope, contact_id: int) -> None:
    """A correction whose reason names the person."""
    parts = [{"label": "Buys", "points": 1, "earn": {"each": {"kind": "purchase"}}}]
    given = {"key": "interest", "name": "Interest", "groups": [{"name": "Does", "parts": parts}]}
    model = await score_models.create(scope, given)
    await adjust(scope, contact_id, model["id"], 3, f"{NAME} asked for it", None)


async def _workflows(scope: Scope, contact_id: int) -> None:
    """A workflow whose re-entry key is an address, as a purchase may hold it."""
    for sql, text in (
        (
            """
            INSERT INTO enrollments_ended (workspace_id, id, workflow_id, number, contact_id, entry_key, trigger, node, visit,
                                           node_at, control, entered_at, ended_at, "end")
            VALUES ($1, 1, 1, 1, $2, $3, 'buys', 1, 1, now(), false, now(), now(), 'REACHED_END')
            """,
            EMAIL,
        ),
        ("INSERT INTO workflow_entries VALUES ($1, 1, $2, $3, 1, now(), now())", EMAIL),
        (
            """
            INSERT INTO workflow_steps (workspace_id, append_id, place, workflow_id, enrollment_id, contact_id, number, node,
                                        outcome, detail, at)
            VALUES ($1, 1, 1, 1, 1, $2, 1, 1, 'sent', jsonb_build_object('to', $3::text), now())
            """,
            NAME,
        ),
        ("INSERT INTO workflow_turned_away VALUES ($1, 1, $2, $3, now())", f"{EMAIL} is inside"),
    ):
        await db.execute(sql, scope.workspace_id, contact_id, text)
    await db.execute(
        "INSERT INTO workflow_tests (workspace_id, workflow_id, clock_at, phone, created_at) VALUES ($1, 1, now(), $2, now())",
        scope.workspace_id,
        PHONE,
    )


async def _at_whatsapp(scope: Scope, contact_id: int, other_id: int) -> None:
    workspace_id = scope.workspace_id
    for sql in (
        "INSERT INTO whatsapp_reached VALUES ($1, 'account', $2, now())",
        "INSERT INTO whatsapp_aliases VALUES ($1, '34600111222', $2)",
    ):
        await db.execute(sql, workspace_id, PHONE)
    await db.execute(
        "INSERT INTO whatsapp_users (workspace_id, user_id, phone, seen_at) VALUES ($1, $2, $3, now())",
        workspace_id,
        USER_ID,
        PHONE,
    )
    await db.execute(
        "INSERT INTO contact_merge_suggestions VALUES ($1, $2, $3, $4, now())", workspace_id, contact_id, other_id, NAME
    )
    stop = suppressions.Heard(PHONE, suppressions.Word.STOP, await db.fetch_value("SELECT now()"))
    await suppressions.hear(workspace_id, [stop])
    await db.execute(
        """
        INSERT INTO consent_changes (workspace_id, contact_id, at, source, from_consent, to_consent, evidence, recorded_at)
        VALUES ($1, $2, now(), 'PERSON', 'OPTED_IN', 'OPTED_OUT', $3, now())
        """,
        workspace_id,
        contact_id,
        WAMID,
    )


def webhook(*phones: str) -> bytes:
    """A webhook with a message of each number."""
    people = [
        {"profile": {"name": NAME if phone == PHONE else "Other"}, "wa_id": phone[1:], "user_id": USER_ID}
        for phone in phones
    ]
    messages = [
        {"from": phone[1:], "id": WAMID if phone == PHONE else "wamid.x", "text": {"body": "I said this"}}
        if phone == PHONE
        else {"from": phone[1:], "id": "wamid.x", "text": {"body": "Hello"}}
        for phone in phones
    ]
    for one, phone in zip(people, phones, strict=True):
        if phone != PHONE:
            del one["user_id"]
    value = {"messaging_product": "whatsapp", "contacts": people, "messages": messages}
    return orjson.dumps({"object": "x", "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]})


async def _webhooks(scope: Scope) -> None:
    workspace_id, now = scope.workspace_id, await db.fetch_value("SELECT now()")
    await inbox.put([(workspace_id, 1, webhook(PHONE, OTHER))])
    failures = [
        failure_of(ValueError(f"{PHONE} has no business"), 1, "messages", webhook(PHONE), 5, now),
        failure_of(ValueError("no"), 1, "webhook", b"{ broken " + PHONE.encode(), 5, now),
        failure_of(ValueError("no"), 1, "messages", webhook(OTHER), 5, now),
    ]
    await failed_webhooks.keep(workspace_id, failures)


async def _transfers(scope: Scope, contact_id: int) -> None:
    workspace_id = scope.workspace_id
    await sent(scope, f"name,phone\n{NAME},{PHONE}\n", f"{EMAIL}.csv")
    imported = await jobs.create(scope, JobKind.IMPORT, {"filename": f"{EMAIL}.csv", "options": {}})
    exported = await jobs.create(scope, JobKind.EXPORT, {"format": "CSV", "contacts": {"search": EMAIL.upper()}})
    progress = orjson.dumps({"parts": [10], "header": [NAME, EMAIL]}).decode()
    await db.execute(
        "UPDATE jobs SET status = 'SUCCEEDED', started_at = now(), finished_at = now(), error = $2, progress = $3 WHERE id = $1",
        exported.id,
        f"not for {PHONE}",
        progress,
    )
    await db.execute("UPDATE jobs SET status = 'SUCCEEDED', finished_at = now() WHERE id = $1", imported.id)
    async with db.transaction():
        await events.record(workspace_id, events.JobFinished(exported.id, "EXPORT", "FAILED", f"not for {PHONE}"))
    before = orjson.dumps({"phone": OLD_PHONE, "name": NAME, "tags": ["vip"]}).decode()
    statements = (
        (
            """
            INSERT INTO import_changes (workspace_id, job_id, contact_id, line, outcome, before)
            VALUES ($1, $2, $3, 2, 'UPDATED', $4)
            """,
            (contact_id, before),
        ),
        (
            "INSERT INTO import_refusals VALUES ($1, $2, 3, 'REJECTED', 'phone', $3, $4)",
            (f"{EMAIL} is taken", [NAME, "600 11 12 22", "x"]),
        ),
        ("INSERT INTO import_refusals VALUES ($1, $2, 4, 'SKIPPED', NULL, $3, $4)", ("known", [NAME, EXTERNAL_ID])),
        ("INSERT INTO import_refusals VALUES ($1, $2, 5, 'SKIPPED', NULL, $3, $4)", ("known", ["Other", OTHER])),
        ("INSERT INTO import_dry_keys VALUES ($1, $2, 'email', $3, $4)", (EMAIL, contact_id)),
        (
            """
            INSERT INTO segment_uses (workspace_id, segment_id, kind, used_by_id, label, active)
            VALUES ($1, 1, 'IMPORT', $2, $3, $4)
            """,
            (f"Import of {EMAIL}.csv", False),
        ),
    )
    for sql, values in statements:
        await db.execute(sql, workspace_id, imported.id, *values)
    people = [{"contact": contact_id, "phone": PHONE, "parameters": [NAME]}]
    await db.execute(
        """
        INSERT INTO provider_requests (workspace_id, kind, input, status, result, finished_at)
        VALUES ($1, 'TEST', $2, 'DONE', $3, now())
        """,
        workspace_id,
        orjson.dumps({"people": people}).decode(),
        orjson.dumps({"sent": 0, "failed": [[contact_id, f"{PHONE} is no number"]]}).decode(),
    )
    async with storage().writer(f"exports/{workspace_id}/{exported.id}/000000") as part:
        await part.write(f"{NAME},{EMAIL}\n".encode())


async def found_in(folder: Path) -> dict[str, set[str]]:
    """The signs of the person in each table (all columns of text, JSON and bytes) and in the storage (`files`)."""
    found: dict[str, set[str]] = {}
    names = await db.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
    for (name,) in names:
        rows = await db.fetch(f'SELECT to_jsonb(t)::text AS row FROM public."{name}" t')
        signs = {sign for row in rows for sign in SIGNS if _is_in(sign, row["row"])}
        if signs:
            found[name] = signs
    held = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    if signs := {sign for sign in SIGNS if sign.encode() in held}:
        found["files"] = signs
    return found


def _is_in(sign: str, row: str) -> bool:
    """PostgreSQL shows bytes as hexadecimal digits."""
    return sign.lower() in row.lower() or sign.encode().hex() in row
