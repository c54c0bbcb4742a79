"""The class of a value says how its fields are read."""

from typing import Any

import pytest

from schema.server.execution.compiling.row_kinds import ROW_KINDS, RowKind, row_kind_of
from schema.server.execution.rows import Named
from tests.kit.toys import Toy


async def later() -> None:
    return


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (dict, RowKind.ITEM),
        (Toy, RowKind.ATTRIBUTE),
        (object, RowKind.ATTRIBUTE),
        (ValueError, RowKind.NOT_A_ROW),
        (type(iter([])), RowKind.NOT_A_ROW),
    ],
)
def test_a_class_has_its_kind(kind: type[Any], expected: RowKind) -> None:
    assert row_kind_of(kind) is expected
    assert ROW_KINDS[kind] is expected


def test_a_coroutine_is_no_row() -> None:
    coroutine = later()
    assert row_kind_of(type(coroutine)) is RowKind.NOT_A_ROW
    coroutine.close()


def test_null_and_named_rows_are_known_from_the_start() -> None:
    assert (ROW_KINDS[type(None)], ROW_KINDS[Named]) == (RowKind.NOT_A_ROW, RowKind.NAMED)
