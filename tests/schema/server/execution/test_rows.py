"""Rows of the database are shown by types."""

from collections import UserDict
from dataclasses import dataclass
from typing import Any

import strawberry

from schema.server.execution.rows import Named, named, read, reads_by_item, typename_of
from schema.server.ids import to_global_id
from tests.kit.api import Api
from tests.kit.toys import Toy, toy_schema


@dataclass
class Plain:
    name: str = "plain"


@strawberry.type
class Shown:
    name: str = "shown"

    def __getitem__(self, key: str) -> Any:
        return key


def test_a_row_is_read_by_column_and_an_object_by_attribute() -> None:
    assert [read(source, "name") for source in ({"name": "row"}, UserDict(name="row"), Plain(), Shown())] == [
        "row", "row", "plain", "shown",
    ]  # fmt: skip
    assert not reads_by_item(type(Plain))


def test_a_named_row_is_read_as_its_row() -> None:
    row: Named = named(Toy, {"name": "row"})
    assert (row.typename, row["name"]) == ("Toy", "row")
    assert named(Toy, None) is None


def test_a_value_tells_its_type_or_does_not() -> None:
    values = [named(Toy, {}), Shown(), {"__typename": "Box"}, {}, Plain()]
    assert [typename_of(value) for value in values] == ["Toy", "Shown", "Box", None, None]


async def test_ids_are_shown_as_global_ids_and_derived_values_are_computed() -> None:
    data = await Api(toy_schema()).data(None, "{ toy(number: 7) { id shout } }")
    assert data == {"toy": {"id": to_global_id("Toy", 7), "shout": "TOY 7"}}
