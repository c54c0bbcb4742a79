"""Scores follow the facts, time included: against a naive oracle, whichever way facts and clocks move."""

import random
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from models import clock, db
from models.contacts.activities import NewActivity, record
from models.contacts.create import create_contact
from models.membership import batches
from models.score_models import build, of_contacts, score_models
from models.score_models.adjust import adjust
from models.transfers.exports.export_file import Format
from permissions.principal import Scope
from tests.kit.engine import assert_all_is_right, plus_segment, settled
from tests.kit.segments import members_of
from tests.kit.transfers import exported
from tests.kit.workspaces import new_workspace

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
KINDS = ("visit", "purchase")


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moving = Clock()
    monkeypatch.setattr(clock, "_source", moving)
    return moving


@pytest.fixture
async def scope(database: str, time: Clock) -> Scope:
    return await new_workspace(timezone="UTC")


# ---------------------------------------------------------------- the oracle


def value_of(model: dict[str, Any], contact: dict[str, Any], now: datetime) -> Decimal:
    """Step by step, from the facts alone."""
    total = Decimal(0)
    for group in model["groups"]:
        summed = Decimal(0)
        for part in group["parts"]:
            summed += earned(part, contact, now)
        total += limited(summed, group)
    total += sum((points for points, until in contact["adjusted"] if until is None or until > now), Decimal(0))
    return limited(total, model).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def limited(value: Decimal, of: dict[str, Any]) -> Decimal:
    if of.get("maximum") is not None:
        value = min(value, Decimal(str(of["maximum"])))
    return value if of.get("minimum") is None else max(value, Decimal(str(of["minimum"])))


def earned(part: dict[str, Any], contact: dict[str, Any], now: datetime) -> Decimal:
    points = Decimal(str(part["points"]))
    if "while" in part["earn"]:
        return points if contact["score"] >= part["earn"]["while"]["field"]["value"] else Decimal(0)
    each = part["earn"]["each"]
    ages = sorted((now - at).total_seconds() for kind, at in contact["done"] if kind == each["kind"] and at <= now)
    if each.get("lasting"):
        ages = [age for age in ages if age < hours(each["lasting"]) * 3600]
    total = Decimal(0)
    for age in ages[: each.get("atMost")]:
        left = Decimal(1)
        if each.get("decay"):
            steps = int(age // (hours(each["decay"]["every"]) * 3600))
            left = (1 - Decimal(str(each["decay"]["percent"])) / 100) ** steps if steps else left
        total += left if left >= Decimal("0.000001") else 0
    return points * total


def hours(duration: str) -> int:
    return int(duration[2:-1]) if duration.startswith("PT") else int(duration[1:-1]) * 24


def level_of(model: dict[str, Any], value: Decimal) -> str | None:
    reached = [level for level in model["levels"] if value >= level["from"]]
    return max(reached, key=lambda level: level["from"])["name"] if reached else None


def a_model(rng: random.Random, key: str) -> dict[str, Any]:
    def part() -> dict[str, Any]:
        if rng.random() < 0.3:
            rule = {"field": {"field": "score", "operator": "GTE", "value": rng.randrange(1, 4)}}
            return {"label": "Keen", "points": rng.choice([5, -3, 0.5]), "earn": {"while": rule}}
        each: dict[str, Any] = {"kind": rng.choice(KINDS)}
        if rng.random() < 0.5:
            each["atMost"] = rng.randrange(1, 4)
        if rng.random() < 0.6:
            each["lasting"] = rng.choice(["P1D", "PT6H", "P3D"])
        if rng.random() < 0.5:
            each["decay"] = {"percent": rng.choice([25, 50, 100]), "every": rng.choice(["PT6H", "P1D"])}
        return {"label": "Does", "points": rng.choice([1, 2.5, -1, 10]), "earn": {"each": each}}

    def limits() -> dict[str, Any]:
        return rng.choice([{}, {"maximum": 12}, {"minimum": 0}, {"minimum": -2, "maximum": 20}])

    groups = [
        {"name": f"Group {n}", "parts": [part() for _ in range(rng.randrange(1, 4))], **limits()}
        for n in range(rng.randrange(1, 3))
    ]
    levels = [{"name": "WARM", "from": 3}, {"name": "HOT", "from": 8}]
    return {"key": key, "name": key.title(), "groups": groups, "levels": levels, **limits()}


# ---------------------------------------------------------------- against it


async def right(
    scope: Scope, models: dict[int, dict[str, Any]], people: dict[int, dict[str, Any]], now: datetime
) -> None:
    found = await of_contacts.of_contacts(scope, list(people))
    for contact_id, contact in people.items():
        shown = {score.model_id: (score.value, score.level) for score in found[contact_id]}
        for model_id, model in models.items():
            value = value_of(model, contact, now)
            assert shown[model_id] == (value, level_of(model, value)), (model, contact, now)


@pytest.mark.parametrize("seed", range(6))
async def test_scores_are_what_the_oracle_says(scope: Scope, time: Clock, seed: int) -> None:
    rng = random.Random(seed)
    models: dict[int, dict[str, Any]] = {}
    people: dict[int, dict[str, Any]] = {}
    for n in range(5):
        points = rng.randrange(4)
        row = await create_contact(scope, {"external_id": f"c{n}", "score": points})
        people[row["id"]] = {"score": points, "done": [], "adjusted": []}
    for step in range(22):
        match rng.randrange(7):
            case 0 | 1 | 2:
                contact_id = rng.choice(list(people))
                at = time.now + timedelta(hours=rng.choice([-30, -3, 0, 0, 0, 5]))
                kind = rng.choice(KINDS)
                await record(scope, [NewActivity(kind, contact_id, occurred_at=at)])
                people[contact_id]["done"].append((kind, at))
            case 3:
                contact_id, points = rng.choice(list(people)), rng.randrange(4)
                await db.execute("UPDATE contacts SET score = $2 WHERE id = $1", contact_id, points)
                people[contact_id]["score"] = points
            case 4 if models:
                contact_id, until = rng.choice(list(people)), rng.choice([None, time.now + timedelta(hours=7)])
                for model_id in models:
                    await adjust(scope, contact_id, model_id, 2, "because", until)
                people[contact_id]["adjusted"].append((Decimal(2), until))
            case _:
                given = a_model(rng, f"m{len(models)}" if len(models) < 2 else "m0")
                if len(models) < 2:
                    model_id = (await score_models.create(scope, given))["id"]
                    for contact in people.values():
                        assert contact["adjusted"] == [] or models, "adjustments are of scores that exist"
                else:
                    model_id = min(models)
                    await score_models.update(scope, model_id, given, None)
                assert await build.build(scope.workspace_id, model_id)
                if model_id not in models and any(contact["adjusted"] for contact in people.values()):
                    for contact_id, contact in people.items():
                        for points_, until_ in contact["adjusted"]:
                            if until_ is None or until_ > time.now:
                                await adjust(scope, contact_id, model_id, points_, "because", until_)
                models[model_id] = given
        await settled(scope)
        await right(scope, models, people, time.now)
        time.now += timedelta(hours=rng.choice([0, 1, 3, 13, 30]))
        await settled(scope)
        await right(scope, models, people, time.now)
        if step == 15:
            gone = next(iter(people))
            await db.execute("DELETE FROM contacts WHERE id = $1", gone)
            del people[gone]
            await settled(scope)
            assert await db.fetch_value("SELECT count(*) FROM contact_scores WHERE contact_id = $1", gone) == 0
    incremental = await db.fetch("SELECT contact_id, model_id, value, level FROM contact_scores ORDER BY 1, 2")
    for model_id, model in models.items():
        await db.execute("UPDATE score_models SET status = 'BUILDING' WHERE id = $1", model_id)
        assert await build.build(scope.workspace_id, model_id), model
    rebuilt = await db.fetch("SELECT contact_id, model_id, value, level FROM contact_scores ORDER BY 1, 2")
    assert [tuple(row) for row in rebuilt] == [tuple(row) for row in incremental]


INTEREST: dict[str, Any] = {
    "key": "interest",
    "name": "Interest",
    "groups": [
        {
            "name": "Behaviour",
            "parts": [
                {
                    "label": "Visits",
                    "points": 5,
                    "earn": {"each": {"kind": "visit", "lasting": "P2D", "decay": {"percent": 50, "every": "P1D"}}},
                }
            ],
        }
    ],
    "levels": [{"name": "COLD", "from": 0}, {"name": "HOT", "from": 8}],
}


async def test_a_segment_follows_a_score_that_decays(scope: Scope, time: Clock) -> None:
    model = await score_models.create(scope, INTEREST)
    await build.build(scope.workspace_id, model["id"])
    hot = await plus_segment(
        scope, {"field": {"field": "scores.interest.level", "operator": "EQUALS", "value": "hot"}}, "Hot"
    )
    warm = await plus_segment(scope, {"field": {"field": "scores.interest", "operator": "GTE", "value": 5}}, "Warm")
    ana = (await create_contact(scope, {"name": "Ana"}))["id"]
    await settled(scope)
    await record(scope, [NewActivity("visit", ana)] * 2)
    await settled(scope)
    assert (await members_of(scope, hot), await members_of(scope, warm)) == ({ana}, {ana})
    time.now += timedelta(days=1)
    await settled(scope)
    assert (await members_of(scope, hot), await members_of(scope, warm)) == (set(), {ana}), "half of it is left"
    time.now += timedelta(days=1)
    await settled(scope)
    assert await members_of(scope, warm) == set()
    entries = (await of_contacts.history(scope, [ana], model["id"], 10))[ana]
    assert [(row["value"], row["level"]) for row in entries] == [
        (Decimal(0), "COLD"),
        (Decimal(5), "COLD"),
        (Decimal(10), "HOT"),
    ]
    told = await db.fetch(
        "SELECT payload->>'was' AS was, payload->>'now' AS now FROM events WHERE type = 'score.level_changed'"
    )
    assert [tuple(row) for row in told] == [("COLD", "HOT"), ("HOT", "COLD")]
    await assert_all_is_right(scope)


async def test_a_score_reads_segments_and_segments_read_it(scope: Scope, time: Clock) -> None:
    vips = await plus_segment(scope, {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}, "VIPs")
    rule = {"segment": {"segmentId": vips.id, "member": True}}
    given = {**INTEREST, "groups": [{"name": "Fit", "parts": [{"label": "VIP", "points": 9, "earn": {"while": rule}}]}]}
    model = await score_models.create(scope, given)
    await build.build(scope.workspace_id, model["id"])
    hot = await plus_segment(
        scope, {"field": {"field": "scores.interest.level", "operator": "EQUALS", "value": "HOT"}}, "Hot"
    )
    ana = (await create_contact(scope, {"tags": ["vip"]}))["id"]
    await batches.process_batch(scope.workspace_id, 100)
    assert await members_of(scope, hot) == {ana}, "in one batch"
    await db.execute("UPDATE contacts SET tags = '{}'")
    await settled(scope)
    assert await members_of(scope, hot) == set()


async def test_what_changes_while_a_score_is_built_is_in_it(
    scope: Scope, time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bob = [(await create_contact(scope, {"name": name}))["id"] for name in ("Ana", "Bob")]
    await settled(scope)
    model = await score_models.create(scope, INTEREST)
    original = build._compute

    async def while_others_write(*given: Any) -> None:
        await record(scope, [NewActivity("visit", ana)])
        await settled(scope)
        await original(*given)
        await record(scope, [NewActivity("visit", bob)] * 2)
        await settled(scope)
        await db.execute("UPDATE contact_scores SET next_change_at = NULL WHERE false")

    monkeypatch.setattr(build, "_compute", while_others_write)
    assert await build.build(scope.workspace_id, model["id"])
    time.now += timedelta(seconds=1)
    await settled(scope)
    found = await of_contacts.of_contacts(scope, [ana, bob])
    assert [found[one][0].value for one in (ana, bob)] == [5, 10]
    assert await db.fetch_value("SELECT status FROM score_models") == "READY"


@pytest.mark.parametrize("file_format", list(Format))
async def test_an_export_has_scores_as_columns(
    scope: Scope, time: Clock, file_folder: Path, file_format: Format
) -> None:
    model = await score_models.create(scope, INTEREST)
    await build.build(scope.workspace_id, model["id"])
    ana = (await create_contact(scope, {"external_id": "ana"}))["id"]
    await record(scope, [NewActivity("visit", ana)] * 2)
    await settled(scope)
    names = ["external_id", "scores.interest", "scores.interest.level"]
    content = await exported(scope, None, names, file_format)
    if file_format is Format.CSV:
        assert content.decode().splitlines() == [",".join(names), "ana,10,HOT"]
    elif file_format is Format.NDJSON:
        assert content == b'{"external_id" : "ana", "scores.interest" : 10, "scores.interest.level" : "HOT"}\n'
