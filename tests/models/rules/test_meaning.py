"""What rules find, by examples that often surprise users."""

from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.contacts import activities, fields
from models.contacts.activities import NewActivity
from models.contacts.create import create_contact
from models.contacts.find import contacts_by_ids
from models.contacts.update import update_contact
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.tree import FieldType
from models.segments.explain import explain
from models.segments.preview import Wanted, preview
from tests.kit.workspaces import new_workspace

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
async def scope(database):
    clock.set_source(lambda: NOW)
    return await new_workspace(timezone="Europe/Madrid")


async def found(scope, rule):
    """The names of the contacts that a rule finds; its count agrees."""
    seen = await preview(scope, rule, Wanted(100))
    assert seen.count == len(seen.contact_ids)
    rows = await contacts_by_ids(scope, seen.contact_ids)
    return sorted(row["name"] or "-" for row in rows)


def field(name, operator, value=None):
    return {"field": {"field": name, "operator": operator, "value": value}}


def purchases(**body):
    return {"activity": {"kind": "purchase", "operator": "EQUALS", "value": 0} | body}


async def buyer(scope, name, *ages_days, **properties):
    contact = await create_contact(scope, {"name": name})
    for age in ages_days:
        await db.execute(
            "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties)"
            " VALUES ($1, $2, 'purchase', $3, $4)",
            scope.workspace_id, contact["id"], NOW - timedelta(days=age), db.dump_json(properties),
        )  # fmt: skip


async def test_a_rule_and_its_negation_split_the_contacts(scope):
    for name, score in (("Ana", 1), ("Bea", 2), (None, 3)):
        await create_contact(scope, {"name": name, "score": score})
    rule = field("name", "NOT_EQUALS", "ana")
    assert await found(scope, rule) == ["Bea"]
    assert await found(scope, {"not": rule}) == ["-", "Ana"]


async def test_a_count_of_zero_finds_those_who_never_bought(scope):
    await buyer(scope, "never")
    await buyer(scope, "long ago", 200)
    await buyer(scope, "lately", 200, 3)
    assert await found(scope, purchases()) == ["never"]
    assert await found(scope, purchases(within="P30D")) == ["long ago", "never"]


async def test_older_than_means_one_and_none_since(scope):
    await buyer(scope, "never")
    await buyer(scope, "long ago", 200)
    await buyer(scope, "lately", 200, 3)
    last = purchases(metric="LAST_OCCURRED", operator="MORE_THAN_AGO", value="P30D")
    assert await found(scope, last) == ["long ago"]
    assert await found(scope, {"not": last}) == ["lately", "never"]


async def test_sums_are_zero_and_averages_missing_without_activities(scope):
    await buyer(scope, "never")
    await buyer(scope, "small", 1, 2, amount=10)
    total = {"metric": "SUM", "property": "amount", "operator": "LT", "value": 100}
    assert await found(scope, purchases(**total)) == ["never", "small"]
    assert await found(scope, purchases(**total | {"metric": "AVERAGE"})) == ["small"]


async def test_tags_are_one_whatever_their_case(scope):
    await create_contact(scope, {"name": "Ana", "tags": ["Botox"]})
    await create_contact(scope, {"name": "Bea"})
    assert await found(scope, {"tags": {"operator": "HAS_ANY", "tags": ["BOTOX"]}}) == ["Ana"]
    assert await found(scope, {"tags": {"operator": "HAS_NONE", "tags": ["botox"]}}) == ["Bea"]


async def test_wildcards_in_a_text_mean_themselves(scope):
    for name in ("100%", "100 euros", "a_b", "axb", "a\\b"):
        await create_contact(scope, {"name": name})
    assert await found(scope, field("name", "CONTAINS", "0%")) == ["100%"]
    assert await found(scope, field("name", "STARTS_WITH", "A_")) == ["a_b"]
    assert await found(scope, field("name", "ENDS_WITH", "\\b")) == ["a\\b"]


async def test_a_birthday_on_29_february_comes_on_the_28th_in_common_years(scope):
    await create_contact(scope, {"name": "leap", "date_of_birth": "2000-02-29"})
    await create_contact(scope, {"name": "plain", "date_of_birth": "1999-02-28"})
    birthday = field("date_of_birth", "ANNIVERSARY_WITHIN_NEXT", "P0D")
    for day, celebrated in (("2026-02-28", ["leap", "plain"]), ("2028-02-28", ["plain"]), ("2028-02-29", ["leap"])):
        clock.set_source(lambda day=day: datetime.fromisoformat(day + "T12:00:00+00:00"))
        assert await found(scope, birthday) == celebrated


async def test_a_day_begins_at_midnight_in_the_workspace_s_zone(scope):
    await create_contact(scope, {"name": "born on the 23rd", "date_of_birth": "1990-11-23"})
    birthday = field("date_of_birth", "ANNIVERSARY_WITHIN_NEXT", "P0D")
    clock.set_source(lambda: datetime(2026, 11, 22, 22, 59, 59, tzinfo=UTC))
    assert await found(scope, birthday) == []
    clock.set_source(lambda: datetime(2026, 11, 22, 23, tzinfo=UTC))
    assert await found(scope, birthday) == ["born on the 23rd"]


async def test_the_first_and_the_last_of_all_days_are_days_and_not_infinity(scope):
    for name, day, instant in (
        ("first", "0001-01-01", "0001-01-01T00:00:00Z"),
        ("last", "9999-12-31", "9999-12-31T23:59:59.999999Z"),
    ):
        made = await create_contact(scope, {"name": name, "date_of_birth": day, "subscribed_at": instant})
        await update_contact(scope, made["id"], {"last_interaction_at": instant})
        when = datetime.fromisoformat(instant)
        await activities.record(scope, [NewActivity("visit", made["id"], occurred_at=when)])
    await db.execute(
        "INSERT INTO contacts (workspace_id, name, date_of_birth, subscribed_at, last_interaction_at)"
        " VALUES ($1, 'ever', 'infinity', 'infinity', 'infinity'), ($1, 'never', '-infinity', '-infinity', '-infinity')",
        scope.workspace_id,
    )
    for name, last in (("date_of_birth", "9999-12-31"), ("subscribed_at", "9999-12-31T23:59:59.999999Z")):
        assert await found(scope, field(name, "IN", [last])) == ["last"]
        assert await found(scope, field(name, "GT", last)) == ["ever"]
    first = "0001-01-01T00:00:00Z"
    assert await found(scope, field("last_interaction_at", "EQUALS", first)) == ["first"]
    assert await found(scope, field("last_interaction_at", "LT", first)) == ["never"]
    visits = {"kind": "visit", "since": first, "until": "9999-12-31T23:59:59.999999Z", "operator": "GT", "value": 0}
    assert await found(scope, {"activity": visits}) == ["first"]


async def test_thirty_days_of_silence_are_over_to_the_microsecond(scope):
    await create_contact(scope, {"name": "Ana", "last_interaction_at": (NOW - timedelta(days=30)).isoformat()})
    silent = field("last_interaction_at", "MORE_THAN_AGO", "P30D")
    assert await found(scope, silent) == []
    clock.set_source(lambda: NOW + timedelta(microseconds=1))
    assert await found(scope, silent) == ["Ana"]


async def test_a_value_of_a_wrong_type_is_missing(scope):
    for key, kind in (("visits", FieldType.NUMBER), ("renewal", FieldType.DATE), ("seen", FieldType.DATETIME)):
        await fields.create(scope, key=key, label=key, kind=kind, choices=None)
    await create_contact(scope, {"name": "good", "attributes": {"visits": 5, "renewal": "2026-11-23"}})
    for broken in ("many", "2026-02-30", "9", True, [], {}, None):
        await db.execute(
            "INSERT INTO contacts (workspace_id, name, attributes)"  # an operator's own hand
            " SELECT $1, 'broken', jsonb_build_object('visits', x, 'renewal', x, 'seen', x) FROM (SELECT $2::jsonb AS x) AS v",
            scope.workspace_id,
            db.dump_json(broken),
        )
    assert await found(scope, field("attributes.visits", "GT", 1)) == ["good"]
    assert await found(scope, field("attributes.renewal", "WITHIN_NEXT", "P7D")) == ["good"]
    assert await found(scope, field("attributes.seen", "IS_SET")) == []
    assert (await found(scope, field("attributes.renewal", "IS_NOT_SET"))) == ["broken"] * 7


async def test_a_sum_too_large_for_a_number_does_not_stop_the_others(scope):
    await buyer(scope, "huge", 1, 2, amount=1)
    await db.execute(
        "UPDATE activities SET properties = jsonb_build_object('amount', ('9' || repeat('0', 131000))::numeric)"
    )
    await buyer(scope, "plain", 1, amount=7)
    rule = purchases(metric="SUM", property="amount", operator="GT", value=5)
    assert await found(scope, rule) == ["plain"]


async def test_a_list_within_a_list_is_no_choice(scope):
    await fields.create(scope, key="wishes", label="Wishes", kind=FieldType.MULTI_CHOICE, choices=["Lips"])
    for name, wishes in (("nested", [["Lips"]]), ("odd", [5, "lips"]), ("other", ["Brows"])):
        await db.execute(
            "INSERT INTO contacts (workspace_id, name, attributes) VALUES ($1, $2, $3)",
            scope.workspace_id, name, db.dump_json({"wishes": wishes}),
        )  # fmt: skip
    assert await found(scope, field("attributes.wishes", "IS_SET")) == ["odd", "other"]
    assert await found(scope, field("attributes.wishes", "HAS_ANY", ["Lips"])) == ["odd"]
    assert await found(scope, field("attributes.wishes", "HAS_NONE", ["Lips"])) == ["other"]


async def test_a_deleted_segment_has_no_members(scope):
    contact = await create_contact(scope, {"name": "Ana"})
    number = await db.fetch_value(
        "INSERT INTO segments (workspace_id, name, kind, deleted_at) VALUES ($1, 'old', 'STATIC', now()) RETURNING id",
        scope.workspace_id,
    )
    await db.execute(
        "INSERT INTO memberships (workspace_id, segment_id, contact_id, origin) VALUES ($1, $2, $3, 'MANUAL')",
        scope.workspace_id, number, contact["id"],
    )  # fmt: skip
    for member in (True, False):
        rule = {"segment": {"segmentId": number, "member": member}}
        tree = check(rule, await load_catalogue(scope, rule), stored=True)
        assert (await explain(scope, tree, contact["id"], NOW)).holds is not member


async def test_numbers_beyond_the_largest_of_a_rule_are_not_summed(scope):
    await buyer(scope, "largest", 1, amount=1e100)
    await buyer(scope, "beyond", 1, amount=1.0000001e100)
    for metric in ("SUM", "AVERAGE"):
        total = purchases(metric=metric, property="amount", operator="EQUALS", value=1e100)
        assert await found(scope, total) == ["largest"]
    assert await found(scope, purchases(metric="MAXIMUM", property="amount", operator="GT", value=1e100)) == ["beyond"]


@pytest.mark.parametrize("zero", [0, -0.0, 0.0])
async def test_zero_is_zero_in_a_long_list_too(scope, zero):
    await create_contact(scope, {"name": "Ana"})
    await create_contact(scope, {"name": "Bea", "score": 10})
    others = [number + 0.5 for number in range(120)]
    assert await found(scope, field("score", "IN", [*others, zero])) == ["Ana"]
    assert await found(scope, field("score", "NOT_IN", [*others, zero])) == ["Bea"]


async def test_nothing_of_another_workspace_is_found(scope):
    other = await new_workspace("Other")
    await create_contact(other, {"name": "theirs", "tags": ["vip"]})
    await buyer(other, "their buyer", 1)
    await create_contact(scope, {"name": "ours"})
    assert await found(scope, purchases()) == ["ours"]
    assert await found(scope, {"not": {"tags": {"operator": "HAS_ANY", "tags": ["vip"]}}}) == ["ours"]


async def test_a_segment_of_another_workspace_is_not_known(scope):
    other = await new_workspace("Other")
    number = await db.fetch_value(
        "INSERT INTO segments (workspace_id, name, kind) VALUES ($1, 'theirs', 'STATIC') RETURNING id",
        other.workspace_id,
    )
    rule = {"segment": {"segmentId": number}}
    assert number in (await load_catalogue(other, rule)).segments
    assert number not in (await load_catalogue(scope, rule)).segments


@pytest.mark.parametrize(
    ("operator", "value", "finds"),
    [
        ("EQUALS", "SKU1", ["list", "text"]),
        ("CONTAINS", "ku1", ["list", "text"]),
        ("IN", ["sku2", "x"], ["list"]),
        ("EQUALS", 5, ["numbers"]),
        ("CONTAINS", 5, ["numbers"]),
        ("CONTAINS", 2.50, ["numbers"]),
        ("CONTAINS", "5", []),
        ("EQUALS", True, ["numbers"]),
        ("NOT_EQUALS", "sku1", ["nested", "numbers"]),
        ("NOT_IN", ["sku2", 5], ["nested", "text"]),
    ],
)
async def test_a_filter_looks_into_lists(scope, operator, value, finds):
    for name, items in (
        ("list", ["sku1", "Sku2"]),
        ("text", "sku1"),
        ("numbers", [5, 2.5, True, None]),
        ("nested", [["sku1"], {"a": "sku1"}]),
        ("empty", []),
        ("none", None),
    ):
        await buyer(scope, name, 1, items=items)
    rule = purchases(operator="GTE", value=1, where=[{"property": "items", "operator": operator, "value": value}])
    assert await found(scope, rule) == finds
    assert await found(scope, {"not": rule}) == sorted(
        {"list", "text", "numbers", "nested", "empty", "none"} - {*finds}
    )


async def test_letters_that_look_alike_are_one(scope):
    await fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    made = await create_contact(
        scope, {"name": "Zoe\u0301", "tags": ["re\u0301gulier"], "attributes": {"city": "Orle\u0301ans"}}
    )
    await activities.record(scope, [NewActivity("visit", made["id"], properties={"cafe\u0301": "the\u0301"})])
    for e in ("é", "e\u0301", "E\u0301"):
        seen = {"property": f"caf{e}".lower(), "operator": "EQUALS", "value": f"th{e}"}
        for rule in (
            field("name", "EQUALS", f"zo{e}"),
            field("name", "CONTAINS", e),
            field("attributes.city", "IN", [f"orl{e}ans"]),
            {"tags": {"operator": "HAS_ALL", "tags": [f"r{e}gulier"]}},
            {"activity": {"kind": "visit", "operator": "EQUALS", "value": 1, "where": [seen]}},
        ):
            assert await found(scope, rule) == ["Zoé"], rule


@pytest.mark.parametrize(
    "part", ['"', "\\", ".", "a.b*", "%", "_", "\t", "/", "'", "$[*]", "(", "🙂", "İ", "Σ", "\x01"]
)
async def test_special_characters_mean_themselves_in_lists(scope, part):
    await buyer(scope, "has it", 1, items=["x", f"1{part}2"])
    await buyer(scope, "has it alone", 1, items=f"1{part}2")
    await buyer(scope, "lacks it", 1, items=["12", "1a2", "1 2", 5, [f"1{part}2"]])
    for operator, value in (("CONTAINS", part), ("EQUALS", f"1{part}2"), ("IN", ["y", f"1{part}2"])):
        where = [{"property": "items", "operator": operator, "value": value}]
        assert await found(scope, purchases(operator="GTE", value=1, where=where)) == ["has it", "has it alone"]
