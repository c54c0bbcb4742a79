"""Each contact counts once, and the ledger is what was counted."""

import random
from typing import Any

import pytest

from models import db
from models.broadcasts import drafts, lifecycle, starting
from models.broadcasts.audience import ExclusionReason
from models.contacts import fields as contact_fields
from models.db.tables.broadcasts import Broadcast
from models.messaging.rendering import Binding
from models.rules.tree import FieldType
from permissions.principal import Scope
from tests.kit.broadcasts import a_draft, a_segment, a_sender, people, read_again
from tests.kit.draws import with_seeds


async def counted(scope: Scope, broadcast: Broadcast) -> tuple[int, dict[str, int]]:
    found = await drafts.audience_of(scope, broadcast)
    return found.recipients, {reason.value: n for reason, n in found.exclusions.items()}


async def started(scope: Scope, broadcast: Broadcast) -> Broadcast:
    await lifecycle.schedule(scope, broadcast.id, None)
    await starting.prepare(scope, broadcast.id)
    return await read_again(broadcast)


async def ledger(broadcast: Broadcast) -> list[dict[str, Any]]:
    rows = await db.fetch(
        "SELECT contact_id, phone, parameters, status FROM messages WHERE source_id = $1 ORDER BY phone",
        broadcast.id,
    )
    return [dict(row) for row in rows]


async def change(contact_id: int, **values: Any) -> None:
    for name, value in values.items():
        await db.execute(f"UPDATE contacts SET {name} = $2 WHERE id = $1", contact_id, value)


async def test_each_contact_is_counted_under_the_first_reason_that_holds(database: str):
    scope = await a_sender()
    ids = await people(scope, 8)
    excluded = await a_segment(scope, ids[:2], "Not these")
    await change(ids[0], phone=None, whatsapp_consent="OPTED_OUT", name=None)  # excluded comes first
    await change(ids[2], phone=None, whatsapp_consent="OPTED_OUT", name=None)  # then the phone
    await change(ids[3], whatsapp_consent="OPTED_OUT", name=None)
    await change(ids[4], whatsapp_consent="UNKNOWN", name=None)
    await change(ids[5], name="  \n ")
    # the last one's number, in a contact of before the phone key
    await db.execute("UPDATE contacts SET phone = '+34 600 000 008', phone_twin = 1 WHERE id = $1", ids[6])
    draft = await a_draft(
        scope, await a_segment(scope, ids), exclude_segment_ids=[excluded], parameters=[Binding("1", field="name")]
    )
    wanted = {
        "EXCLUDED_SEGMENT": 2,
        "NO_PHONE": 1,
        "OPTED_OUT": 1,
        "NO_CONSENT": 1,
        "MISSING_PARAMETER": 1,
        "DUPLICATE_PHONE": 1,
    }
    assert await counted(scope, draft) == (1, wanted)
    begun = await started(scope, draft)
    assert await counted(scope, begun) == (1, wanted)
    assert [row["contact_id"] for row in await ledger(draft)] == [ids[6]]


async def test_two_spellings_of_a_number_are_one_recipient(database: str):
    scope = await a_sender()
    ids = await people(scope, 2)
    await db.execute("UPDATE contacts SET phone = '+5511976500001' WHERE id = $1", ids[0])
    await db.execute("UPDATE contacts SET phone = '+551176500001', phone_twin = 1 WHERE id = $1", ids[1])
    draft = await a_draft(scope, await a_segment(scope, ids))
    assert await counted(scope, draft) == (1, {"DUPLICATE_PHONE": 1})
    await started(scope, draft)
    assert [row["phone"] for row in await ledger(draft)] == ["+5511976500001"]


async def test_without_required_consent_only_opted_out_contacts_are_left_out(database: str):
    scope = await a_sender()
    ids = await people(scope, 3, consent="UNKNOWN")
    await change(ids[0], whatsapp_consent="OPTED_OUT")
    draft = await a_draft(scope, await a_segment(scope, ids), require_opt_in=False)
    assert await counted(scope, draft) == (2, {"OPTED_OUT": 1})


async def test_a_contact_of_several_segments_is_counted_once(database: str):
    scope = await a_sender()
    ids = await people(scope, 4)
    one, two = await a_segment(scope, ids[:3], "One"), await a_segment(scope, ids[1:], "Two")
    draft = await a_draft(scope, one, two)
    assert await counted(scope, draft) == (4, {})


async def test_the_audience_follows_the_segment_until_it_starts_and_not_after(database: str):
    scope = await a_sender()
    ids = await people(scope, 5)
    segment = await a_segment(scope, ids[:3])
    draft = await a_draft(scope, segment)
    assert (await counted(scope, draft))[0] == 3
    await db.execute("INSERT INTO memberships SELECT $1, $2, $3, 'MANUAL'", scope.workspace_id, segment, ids[3])
    assert (await counted(scope, draft))[0] == 4
    begun = await started(scope, draft)
    await db.execute("INSERT INTO memberships SELECT $1, $2, $3, 'MANUAL'", scope.workspace_id, segment, ids[4])
    await change(ids[0], phone=None)
    assert (await counted(scope, begun))[0] == 4
    assert len(await ledger(draft)) == 4


async def test_contacts_of_another_workspace_are_in_no_audience(database: str):
    scope = await a_sender()
    segment = await a_segment(scope, await people(scope, 2))
    other = await db.fetch_value("INSERT INTO workspaces (name) VALUES ('Other') RETURNING id")
    await db.execute("INSERT INTO memberships SELECT $1, $2, 1, 'MANUAL'", other, segment)
    assert (await counted(scope, await a_draft(scope, segment)))[0] == 2


async def test_parameters_are_rendered_cleaned_and_frozen(database: str):
    scope = await a_sender()
    fields = {
        "city": FieldType.TEXT,
        "sizes": FieldType.MULTI_CHOICE,
        "next": FieldType.DATETIME,
        "points": FieldType.NUMBER,
    }
    for key, kind in fields.items():
        choices = ["S", "M"] if kind is FieldType.MULTI_CHOICE else None
        await contact_fields.create(scope, key=key, label=key, kind=kind, choices=choices)
    ids = await people(scope, 2)
    await change(ids[0], name="Ada\n\tLovelace    (the first)", attributes='{"city": "Paris"}')
    bindings = [
        Binding("1", field="name"),
        Binding("2", field="attributes.city", fallback="your city"),
        Binding("button.1", text="sale"),
    ]
    draft = await a_draft(scope, await a_segment(scope, ids), template_name="spring_sale", parameters=bindings)
    await started(scope, draft)
    rows = await ledger(draft)
    assert rows[0]["parameters"] == ["Ada Lovelace (the first)", "Paris", None, "sale"]
    assert rows[1]["parameters"] == ["Person 2", "your city", None, "sale"]
    await change(ids[0], name="Somebody else")
    assert (await ledger(draft))[0]["parameters"][0] == "Ada Lovelace (the first)"


@pytest.mark.parametrize(
    ("field", "values", "text"),
    [
        ("score", {"score": 7}, "7"),
        ("email", {"email": "a@example.com"}, "a@example.com"),
        ("tags", {"tags": ["vip", "new"]}, "vip, new"),
        ("attributes.sizes", {"attributes": '{"sizes": ["S", "M"]}'}, "S, M"),
        ("attributes.next", {"attributes": '{"next": "2026-07-01T10:30:00.000000Z"}'}, "2026-07-01 12:30"),
        ("attributes.next", {"attributes": '{"next": "no instant at all"}'}, "no instant at all"),
        ("attributes.points", {"attributes": '{"points": 12.5}'}, "12.5"),
        ("attributes.sizes", {"attributes": '{"sizes": "not a list"}'}, None),
        ("attributes.points", {}, None),
        ("email", {}, None),
    ],
)
async def test_a_field_of_any_type_becomes_text(database: str, field: str, values: dict, text: str | None):
    scope = await a_sender()
    fields = {"sizes": FieldType.MULTI_CHOICE, "next": FieldType.DATETIME, "points": FieldType.NUMBER}
    for key, kind in fields.items():
        choices = ["S", "M"] if kind is FieldType.MULTI_CHOICE else None
        await contact_fields.create(scope, key=key, label=key, kind=kind, choices=choices)
    ids = await people(scope, 1)
    await change(ids[0], **values)
    draft = await a_draft(scope, await a_segment(scope, ids), parameters=[Binding("1", field=field)])
    await started(scope, draft)
    rows = await ledger(draft)
    assert [row["parameters"] for row in rows] == ([] if text is None else [[text]])
    assert await counted(scope, await read_again(draft)) == ((1, {}) if text else (0, {"MISSING_PARAMETER": 1}))


# ---------------------------------------------------------------- against a naive oracle


def oracle(person: dict, require_opt_in: bool) -> str | None:
    if person["excluded"]:
        return "EXCLUDED_SEGMENT"
    if person["phone"] is None:
        return "NO_PHONE"
    if person["consent"] == "OPTED_OUT":
        return "OPTED_OUT"
    if require_opt_in and person["consent"] != "OPTED_IN":
        return "NO_CONSENT"
    return "MISSING_PARAMETER" if not person["name"] else None


@with_seeds(4)
async def test_the_predicate_agrees_with_a_naive_count(database: str, seed: int):
    dice = random.Random(seed)
    scope = await a_sender()
    crowd, ids = [], await people(scope, 60)
    for contact_id in ids:
        person = {
            "id": contact_id,
            "phone": dice.choice([None, "kept", "kept"]),
            "consent": dice.choice(["OPTED_IN", "OPTED_IN", "UNKNOWN", "OPTED_OUT"]),
            "name": dice.choice([None, "Ada", "Bo"]),
            "excluded": dice.random() < 0.2,
            "included": dice.random() < 0.8,
        }
        await change(contact_id, whatsapp_consent=person["consent"], name=person["name"])
        if person["phone"] is None:
            await change(contact_id, phone=None)
        crowd.append(person)
    include = await a_segment(scope, [p["id"] for p in crowd if p["included"]], "In")
    exclude = await a_segment(scope, [p["id"] for p in crowd if p["excluded"]], "Out")
    require = dice.random() < 0.5
    draft = await a_draft(
        scope, include, exclude_segment_ids=[exclude], require_opt_in=require, parameters=[Binding("1", field="name")]
    )
    verdicts = [oracle(person, require) for person in crowd if person["included"]]
    wanted = {reason.value: verdicts.count(reason.value) for reason in ExclusionReason if reason.value in verdicts}
    assert await counted(scope, draft) == (verdicts.count(None), wanted)
    begun = await started(scope, draft)
    assert await counted(scope, begun) == (verdicts.count(None), wanted)
    right = {p["id"] for p in crowd if p["included"] and oracle(p, require) is None}
    assert {row["contact_id"] for row in await ledger(draft)} == right
