"""Calls of the protocol become contacts and activities."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models import clock, db
from models.contacts import fields
from models.contacts.create import create_contact
from models.errors import LimitExceeded, NotFound, Problems
from models.rules.tree import FieldType
from models.tracking import keys, protocol, record, rejections
from models.tracking.kinds import ECOMMERCE, kind_of
from models.tracking.protocol import CallType
from models.tracking.rejections import RejectionCode
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def taken(scope: Scope, *calls: dict[str, Any], **body: Any) -> tuple[int, list[str]]:
    """How many activities are new, and the codes of what was rejected."""
    read, bad = protocol.read({"batch": list(calls), **body}, None, clock.now())
    recorded, rejected = await record.record(scope, read)
    return recorded, [one.code.value for one in (*bad, *rejected)]


def track(event: str = "Order Completed", **values: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "userId": "u1", **values}


async def people() -> list[tuple[Any, ...]]:
    rows = await db.fetch("SELECT external_id, email, name FROM contacts ORDER BY id")
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("Order Completed", "purchase"),
        ("  product  VIEWED ", "product.visit"),
        ("Signed Up", "signed_up"),
        ("signedUp", "signed_up"),
        ("video.Played To End", "video.played_to_end"),
        ("¡Olé!", "ol"),
        ("日本", None),
        ("..", None),
    ],
)
def test_an_event_has_a_kind(event: str, kind: str | None) -> None:
    assert kind_of(event) == kind
    assert kind_of("x" * 300) == "x" * 100
    assert all(kind_of(name.title()) == known for name, known in ECOMMERCE.items())


async def test_a_visitor_browses_buys_and_is_identified(scope: Scope) -> None:
    await fields.create(scope, key="pet_name", label="Pet", kind=FieldType.TEXT)
    visitor = {"anonymousId": "a-1", "userId": None}
    assert await taken(scope, track("Product Viewed", **visitor, messageId="m1"), {"type": "page", **visitor}) == (
        2,
        [],
    )
    assert await people() == [(None, None, None)]
    traits = {
        "email": "Ana@Example.com",
        "firstName": "Ana",
        "petName": "Luna",
        "birthday": "1990-02-28T00:00:00Z",
        "plan": 7,
    }
    identified = {"type": "identify", "userId": "u1", "anonymousId": "a-1", "traits": traits}
    bought = track(properties={"revenue": 30, "order_id": "7"}, messageId="m2")
    assert await taken(scope, identified, bought, bought) == (1, [])
    row = await db.fetch_row("SELECT * FROM contacts")
    assert row is not None
    assert (row["external_id"], row["email"], row["name"], str(row["date_of_birth"])) == (
        "u1",
        "ana@example.com",
        "Ana",
        "1990-02-28",
    )
    assert db.load_json(row["attributes"]) == {"pet_name": "Luna"}
    activities = await db.fetch("SELECT kind, properties->>'total' AS total FROM activities ORDER BY id")
    assert [tuple(one) for one in activities] == [("product.visit", None), ("page.visit", None), ("purchase", "30")]
    assert await taken(scope, track("Product Viewed", **visitor, messageId="m1")) == (0, []), "a call that comes twice"


async def test_a_bad_call_costs_no_other(scope: Scope) -> None:
    calls: list[Any] = [
        "nonsense",
        {"type": "dance", "userId": "u1"},
        track(userId=None),
        track(userId="undefined"),
        track(event=7),
        track(properties=[]),
        track(properties={"x": "\x00"}),
        track(properties={"x": "y" * 20_000}),
        track(timestamp="yesterday"),
        track(messageId="m" * 300),
        {"type": "group", "userId": "u1"},
        {"type": "identify", "userId": "u1", "traits": {"email": "no address", "name": "Ana"}},
        track(userId=42),
    ]
    recorded, rejected = await taken(scope, *calls)
    assert recorded == 1
    assert rejected == [
        *("NO_OBJECT", "UNKNOWN_TYPE", "NOBODY", "NO_EVENT", "BAD_PROPERTIES", "BAD_PROPERTIES", "BAD_PROPERTIES"),
        *("BAD_TIMESTAMP", "BAD_MESSAGE_ID", "NOBODY", "NOBODY", "BAD_TRAIT"),
    ]
    assert await people() == [("u1", None, "Ana"), ("42", None, None)]


async def test_times_are_by_our_clock(scope: Scope) -> None:
    ahead = timedelta(hours=5)
    (call,), _ = protocol.read(
        {
            "batch": [track(timestamp=(NOW + ahead - timedelta(minutes=1)).isoformat())],
            "sentAt": (NOW + ahead).isoformat(),
        },
        None,
        NOW,
    )
    assert call.occurred_at == NOW - timedelta(minutes=1)
    (late,), _ = protocol.read(track(timestamp="2026-10-01T00:00:00Z"), CallType.TRACK, NOW)
    assert late.occurred_at == datetime(2026, 10, 1, tzinfo=UTC)
    assert protocol.read(track(timestamp="2027-10-01T00:00:00Z"), CallType.TRACK, NOW)[1][0].code == "BAD_TIMESTAMP"
    assert len(protocol.read({"batch": [track()] * 1_001}, None, NOW)[0]) == 1_000


async def test_what_somebody_else_has_stays_there(scope: Scope) -> None:
    await create_contact(scope, {"external_id": "u2", "email": "bob@example.com", "name": "Bob"})
    call = {"type": "identify", "userId": "u1", "traits": {"email": "bob@example.com", "name": "Ana"}}
    assert await taken(scope, call) == (0, ["TAKEN"])
    assert await people() == [("u2", "bob@example.com", "Bob"), ("u1", None, "Ana")]
    assert await taken(scope, {"type": "alias", "userId": "u1", "previousId": "u2"}) == (0, ["TAKEN"])
    assert await taken(
        scope, track(userId=None, anonymousId="v"), {"type": "alias", "userId": "u1", "previousId": "v"}
    ) == (
        1,
        [],
    )
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 2


async def test_rejections_are_counted_by_reason(scope: Scope) -> None:
    key = await keys.find((await keys.create(scope, "Shop"))["key"])
    assert key is not None
    bad = [rejections.Rejection(RejectionCode.NOBODY, "why", "track X")] * 3
    await rejections.count(scope, key.id, bad)
    await rejections.count(scope, key.id, bad[:1])
    [counted] = (await rejections.of_keys(scope, [key.id], clock.now() - timedelta(hours=2)))[key.id]
    assert (counted["code"], counted["count"], counted["message"], counted["event"]) == ("NOBODY", 4, "why", "track X")


async def test_keys_name_their_workspace_and_their_origins(scope: Scope) -> None:
    row = await keys.create(scope, "Shop", ["https://Shop.Example:443/", "http://localhost:3000"])
    assert row["origins"] == ["https://shop.example", "http://localhost:3000"]
    key = await keys.find(row["key"])
    assert key is not None
    assert [key.admits(one) for one in (None, "https://shop.example", "https://evil.example")] == [True, True, False]
    for wrong in ("shop.example", "https://shop.example/path", "ftp://x", "https://", "https://a:b@c", "https://x:y"):
        with pytest.raises(Problems):
            await keys.create(scope, "Shop", [wrong])
    with pytest.raises(LimitExceeded):
        await keys.create(scope, "Shop", ["https://shop.example"] * 51)
    assert await keys.find(row["key"].replace(f"mtk_{scope.workspace_id}", "mtk_999")) is None
    await keys.revoke(scope, row["id"])
    await keys.revoke(scope, row["id"])
    assert await keys.find(row["key"]) is None
    with pytest.raises(NotFound):
        await keys.revoke(await new_workspace("Other"), row["id"])
