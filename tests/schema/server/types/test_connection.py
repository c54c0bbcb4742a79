"""Pages of connections."""

from typing import Any

import pytest

from models.errors import Invalid
from permissions.capabilities import Permission
from schema.server.types.connection import Edge, page_of, page_size
from tests.kit.api import Api, token_with
from tests.kit.toys import toy_schema
from tests.kit.workspaces import new_workspace

ROWS = [{"id": number, "joined_at": f"day {number}"} for number in range(3)]


def cursor_of(row: Any) -> str:
    return f"after {row['id']}"


@pytest.mark.parametrize("first", [0, -1, 251])
async def test_a_page_has_between_1_and_250_nodes(database: str, first: int) -> None:
    del database
    reader = await token_with(await new_workspace(), Permission.CONTACT_READ)
    api = Api(toy_schema())
    error = (await api.ask(reader, "query ($n: Int) { toys(first: $n) { nodes { id } } }", n=first))["errors"][0]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert error["message"] == f"`first` is {first}: ask for between 1 and 250 at a time"


def test_a_page_without_a_size_has_the_default() -> None:
    assert (page_size(None), page_size(None, default=7), page_size(250)) == (50, 7, 250)
    with pytest.raises(Invalid) as refused:
        page_size(0, "ids")
    assert refused.value.path == ("ids",)


def test_one_row_more_shows_that_there_is_a_next_page() -> None:
    page = page_of(ROWS, 2, None, cursor_of)
    assert [row["id"] for row in page.nodes] == [0, 1]
    info = page.page_info
    assert (info.has_next_page, info.has_previous_page) == (True, False)
    assert (info.start_cursor, info.end_cursor) == ("after 0", "after 1")
    assert not page_of(ROWS, 3, "after 7", cursor_of).page_info.has_next_page


def test_an_empty_page_has_no_cursors() -> None:
    info = page_of([], None, "after 7", cursor_of).page_info
    assert (info.start_cursor, info.end_cursor, info.has_previous_page) == (None, None, True)


def test_an_edge_has_its_cursor_and_the_columns_of_its_row() -> None:
    edge = Edge(ROWS[1], cursor_of)
    assert (edge.cursor, edge.node, edge.joined_at) == ("after 1", ROWS[1], "day 1")
    with pytest.raises(AttributeError):
        _ = edge.missing


async def test_a_page_is_counted_only_when_it_was_made_with_a_count() -> None:
    async def count() -> int:
        return 17

    assert await page_of(ROWS, 2, None, cursor_of, count).count() == 17
    with pytest.raises(RuntimeError):
        await page_of(ROWS, 2, None, cursor_of).count()
