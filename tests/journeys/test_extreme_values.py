"""Every value at the ends of what a field holds goes the whole way: written, read, exported, imported, found, explained."""

import json
from typing import Any

import pytest

from models import clock, db
from models.contacts import fields
from models.contacts.built_in_fields import COLUMNS
from models.contacts.create import create_contact
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.tree import FieldType
from models.segments.explain import explain
from models.segments.preview import Wanted, preview
from models.transfers.exports.columns import BUILT_IN
from models.transfers.exports.export_file import Format
from permissions.principal import Scope
from tests.kit.api import Api, bearer_of
from tests.kit.extreme_values import CHOICES, EXTREMES, Extreme
from tests.kit.transfers import counts, exported, imported, snapshot, undone
from tests.kit.workspaces import new_workspace

CUSTOM = [f"attributes.{kind.value.lower()}" for kind in FieldType]
FIELDS = [*(name for name in BUILT_IN if name not in ("created_at", "updated_at")), *CUSTOM]


@pytest.fixture
async def scope(database: str) -> Scope:
    """A workspace with a custom field of each type."""
    scope = await new_workspace()
    for kind in FieldType:
        choices = CHOICES if kind in (FieldType.CHOICE, FieldType.MULTI_CHOICE) else None
        await fields.create(scope, key=kind.value.lower(), label=kind.value, kind=kind, choices=choices)
    return scope


def as_written(value: Extreme) -> dict[str, Any]:
    """The values of a contact that has this one, for models."""
    return {"attributes": {value.key: value.written}} if value.key else {value.field: value.written}


def as_api_shows(value: Extreme, shown: Any) -> Any:
    """What another door shows, in the API's form: a large float, written out in digits, as that float.

    Files write instants with six digits always, the API without them when they are zero.
    """
    if isinstance(value.shown, float) and isinstance(shown, int):
        return float(shown)
    if value.field not in ("subscribed_at", "last_interaction_at"):
        return shown
    return shown.replace("+00:00", "Z").replace(".000000Z", "Z")


async def made(scope: Scope, values: tuple[Extreme, ...] = EXTREMES) -> list[int]:
    """A contact for each value. Gives their ids."""
    return [(await create_contact(scope, as_written(value)))["id"] for value in values]


# ---------------------------------------------------------------- over GraphQL

CREATE = """
    mutation ($input: ContactInput!) { contactCreate(input: $input) { contact { id } userErrors { code message field } } }
"""
READ = """
    query ($id: ID!) { contact(id: $id) {
        externalId name firstName lastName email phone timezone
        dateOfBirth subscribedAt lastInteractionAt score whatsappConsent tags attributes } }
"""
OUTSIDE = {
    "external_id": "externalId",
    "first_name": "firstName",
    "last_name": "lastName",
    "date_of_birth": "dateOfBirth",
    "subscribed_at": "subscribedAt",
    "last_interaction_at": "lastInteractionAt",
    "whatsapp_consent": "whatsappConsent",
}


async def test_each_value_is_read_over_graphql_as_it_was_written(scope: Scope) -> None:
    api, bearer = Api(), await bearer_of(scope)
    for value in EXTREMES:
        name = OUTSIDE.get(value.field, value.field)
        given = {"attributes": {value.key: value.written}} if value.key else {name: value.written}
        created = (await api.data(bearer, CREATE, input=given))["contactCreate"]
        assert created["userErrors"] == [], value
        read = (await api.data(bearer, READ, id=created["contact"]["id"]))["contact"]
        shown = read["attributes"].get(value.key) if value.key else read[name]
        assert as_api_shows(value, shown) == value.shown, value


# ---------------------------------------------------------------- out and in again


@pytest.mark.parametrize("policy", ["OVERWRITE", "REPLACE"])
async def test_what_is_exported_comes_in_unchanged(scope: Scope, policy: str) -> None:
    await made(scope)
    before = await snapshot(scope)
    file = await exported(scope, None, FIELDS)
    columns = [(name, name, "OVERWRITE" if name == "id" else policy) for name in FIELDS]
    job = await imported(scope, file, *columns, overwrite=True)
    assert counts(job) == {"unchanged": len(EXTREMES)}
    assert await snapshot(scope) == before


async def test_each_value_can_be_made_by_an_import(scope: Scope) -> None:
    """The file of one workspace makes the same contacts in another one."""
    await made(scope)
    columns = [name for name in FIELDS if name != "id"]
    # An external id is what makes a row a contact of its own, so those that have none get one.
    await db.execute("UPDATE contacts SET external_id = 'made-' || id::text WHERE external_id IS NULL")
    file, before = await exported(scope, None, columns), await snapshot(scope)
    await db.execute("DELETE FROM contacts")
    job = await imported(scope, file, *columns)
    assert counts(job) == {"created": len(EXTREMES)}
    by_import = [without_consent_source(one) for one in await snapshot(scope)]
    assert by_import == [without_consent_source(one) for one in before]


def without_consent_source(contact: dict[str, Any]) -> dict[str, Any]:
    """An import says of itself, not of the API, that it set the consent."""
    return {name: value for name, value in contact.items() if name not in ("consent_source", "consent_at")}


async def test_an_import_over_all_values_can_be_taken_back(scope: Scope) -> None:
    await made(scope)
    before = await snapshot(scope)
    names = "name,date_of_birth,subscribed_at,last_interaction_at,score,attributes.text,attributes.number,attributes.datetime"
    values = "New,2000-01-01,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,77,New,77,2026-01-01T00:00:00Z"
    ids = (await exported(scope, None, ["id"])).decode().split()[1:]
    job = await imported(scope, f"id,{names}\n" + "".join(f"{one},{values}\n" for one in ids), overwrite=True)
    assert counts(job) == {"updated": len(EXTREMES)}
    await undone(scope, job)
    assert await snapshot(scope) == before


async def test_ndjson_shows_each_value_as_the_api_does(scope: Scope) -> None:
    await made(scope)
    lines = (await exported(scope, None, FIELDS, Format.NDJSON)).decode().split("\n")[:-1]
    for value, line in zip(EXTREMES, map(json.loads, lines), strict=True):
        shown = line["attributes"].get(value.key) if value.key else line[value.field]
        assert as_api_shows(value, shown) == value.shown, value


# ---------------------------------------------------------------- rules


def rule_for(value: Extreme) -> dict[str, Any]:
    """A rule that holds of the contacts that have exactly this value."""
    if value.field == "tags":
        return {"tags": {"operator": "HAS_ALL", "tags": value.named[:100]}}
    operator = "HAS_ALL" if value.field == "attributes.multi_choice" else "EQUALS"
    return {"field": {"field": value.field, "operator": operator, "value": value.named}}


async def test_a_rule_that_names_a_value_finds_who_has_it_and_explains_it(scope: Scope) -> None:
    ids = await made(scope)
    for contact_id, value in zip(ids, EXTREMES, strict=True):
        if value.named in (None, []):
            continue
        found = await preview(scope, rule_for(value), Wanted(len(EXTREMES)))
        assert contact_id in found.contact_ids, value
        rule = check(rule_for(value), await load_catalogue(scope, rule_for(value)))
        told = await explain(scope, rule, contact_id, clock.now())
        assert told.holds, value
        assert told.actual is not None
        actual = json.loads(told.actual)
        assert as_api_shows(value, actual) == value.shown, value


_WITH = {"first_name": ("name",), "last_name": ("name",)}
"""A name that nobody gave is made of these."""


async def test_what_counts_as_a_value_is_set_and_the_rest_is_not(scope: Scope) -> None:
    ids = await made(scope)
    for field in (*COLUMNS, *CUSTOM):
        if field == "tags":
            continue
        found = set(
            (await preview(scope, {"field": {"field": field, "operator": "IS_SET"}}, Wanted(len(ids)))).contact_ids
        )
        always = field in ("score", "whatsapp_consent")
        wanted = {
            contact_id
            for contact_id, value in zip(ids, EXTREMES, strict=True)
            if always or (value.shown is not None and field in (value.field, *_WITH.get(value.field, ())))
        }
        assert found == wanted, field


@pytest.mark.parametrize(
    "field", ["date_of_birth", "subscribed_at", "last_interaction_at", "attributes.date", "attributes.datetime"]
)
async def test_times_are_in_the_order_of_time_to_their_ends(scope: Scope, field: str) -> None:
    values = tuple(value for value in EXTREMES if value.field == field and value.named is not None)
    ids = await made(scope, values)
    for place, value in enumerate(values):
        for operator, wanted in (("LT", ids[:place]), ("GTE", ids[place:]), ("IN", [ids[place]])):
            named = [value.named] if operator == "IN" else value.named
            rule = {"field": {"field": field, "operator": operator, "value": named}}
            assert list((await preview(scope, rule, Wanted(100))).contact_ids) == wanted, (operator, value)
