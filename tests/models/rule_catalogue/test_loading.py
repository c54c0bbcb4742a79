"""The catalogue of a workspace, as rules need it."""

from models import db
from models.contacts import fields
from models.rule_catalogue.loading import load_catalogue, load_fields
from models.rules.tree import FieldType
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


async def new_segment(scope: Scope, *mentions: int) -> int:
    rule = {"all": [{"segment": {"segmentId": segment_id}} for segment_id in mentions]}
    return int(
        await db.fetch_value(
            "INSERT INTO segments (workspace_id, name, kind, rule, active_rule)"
            " VALUES ($1, 'S ' || random(), 'DYNAMIC', $2, $2) RETURNING id",
            scope.workspace_id,
            db.dump_json(rule),
        )
    )


async def test_segments_are_loaded_that_a_rule_mentions_directly_or_not(database: str) -> None:
    scope = await new_workspace()
    first = await new_segment(scope)
    second = await new_segment(scope, first)
    third = await new_segment(scope, second)
    await new_segment(scope)
    catalogue = await load_catalogue(scope, {"segment": {"segmentId": third}})
    assert {segment_id: set(known.uses) for segment_id, known in catalogue.segments.items()} == {
        first: set(),
        second: {first},
        third: {second},
    }
    assert (await load_catalogue(await new_workspace("Other"), {"segment": {"segmentId": third}})).segments == {}


async def test_fields_are_loaded_without_deleted_ones(database: str) -> None:
    scope = await new_workspace()
    await fields.create(scope, key="size", label="Size", kind=FieldType.CHOICE, choices=["S", "M"])
    city = await fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    assert set(await load_fields(scope)) == {"attributes.size", "attributes.city"}
    await fields.delete(scope, city.id)
    assert [field.choices for field in (await load_fields(scope)).values()] == [("S", "M")]
