"""Cursors are read as they were written, for their own list only, and show nothing."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Invalid
from permissions.principal import Principal, PrincipalKind, Scope
from schema.contacts.inputs import ContactSelectionInput
from schema.server.types import cursors as module
from schema.server.types.cursors import Cursors, a_number, a_text, an_instant, nothing_or, read_for_each, use_keys

KEY = "a key of the tests, which is long enough"


@pytest.fixture(autouse=True)
def _keys() -> Iterator[None]:
    before = list(module._ciphers)
    use_keys([KEY])
    yield
    module._ciphers[:] = before


def scope(workspace_id: int = 1) -> Scope:
    return Scope(workspace_id, Principal(PrincipalKind.TOKEN, 1, frozenset()), timezone="UTC", default_country=None)


def a_list(*about: Any) -> Cursors:
    return Cursors(scope(), "things", *about)


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), st.integers(0, 2**63 - 1))
def test_a_key_is_read_as_it_was_written(text: str, number: int) -> None:
    assert a_list().read(a_list().write(text, number), a_text, a_number) == (text, number)


def test_an_instant_and_null_are_parts_of_keys() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert a_list().read(a_list().write(at, None), an_instant, nothing_or(a_number)) == (at, None)


def test_without_a_cursor_there_is_no_key() -> None:
    assert a_list().read(None, a_number) is None


def test_a_row_of_a_list_has_one_cursor() -> None:
    assert a_list().write("Ana", 7) == a_list().write("Ana", 7)


def test_a_cursor_shows_nothing_of_its_key() -> None:
    cursor = a_list().write("Ana Lovelace", "+34600000001")
    shown = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"Ana" not in shown
    assert b"+346" not in shown


SEARCH = ContactSelectionInput(search="ana")


@pytest.mark.parametrize(
    "other",
    [
        Cursors(scope(2), "things", "ASC", SEARCH, None),
        Cursors(scope(), "toys", "ASC", SEARCH, None),
        a_list("DESC", SEARCH, None),
        a_list("ASC", ContactSelectionInput(search="anna"), None),
        a_list("ASC", None, SEARCH),
        a_list("ASC", SEARCH),
    ],
)
def test_a_cursor_of_another_workspace_list_order_or_filter_is_invalid(other: Cursors) -> None:
    mine = a_list("ASC", SEARCH, None)
    assert mine.read(a_list("ASC", ContactSelectionInput(search="ana"), None).write(1), a_number) == (1,)
    with pytest.raises(Invalid, match="is not a cursor of this list") as refused:
        mine.read(other.write(1), a_number, path="before")
    assert refused.value.path == ("before",)


@pytest.mark.parametrize("cursor", ["", "x", "ü", "=" * 40, "A" * 5_000])
def test_what_is_no_cursor_is_invalid(cursor: str) -> None:
    with pytest.raises(Invalid, match="is not a cursor of this list"):
        a_list().read(cursor, a_number)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_cursor_is_invalid(index: int, change: int) -> None:
    cursor = a_list().write("Ana", 7)
    decoded = bytearray(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    decoded[index % len(decoded)] ^= change
    with pytest.raises(Invalid):
        a_list().read(urlsafe_b64encode(decoded).decode(), a_text, a_number)


@pytest.mark.parametrize("key", [(1,), (1, 2, 3), (-1, 1), ("1", 1), (2**63, 1), (1.5, 1), (True, 1)])
def test_a_key_of_another_form_is_invalid(key: tuple[Any, ...]) -> None:
    with pytest.raises(Invalid):
        a_list().read(a_list().write(*key), a_number, a_number)


def test_a_key_can_be_replaced() -> None:
    old = a_list().write(7)
    use_keys(["another key, which is long enough too", KEY])
    assert a_list().read(old, a_number) == (7,)
    assert a_list().write(7) != old
    use_keys(["another key, which is long enough too"])
    with pytest.raises(Invalid):
        a_list().read(old, a_number)


def test_a_filter_that_is_nested_too_deeply_gives_a_list_all_the_same() -> None:
    nested: Any = []
    for _ in range(5_000):
        nested = [nested]
    assert a_list(nested).read(a_list(nested).write(7), a_number) == (7,)


def test_one_cursor_is_read_for_the_lists_of_several_parents() -> None:
    lists = [a_list(parent) for parent in (1, 2, 3)]
    key, problems = read_for_each(lists, lists[1].write(7), a_number)
    assert (key, [problem is None for problem in problems]) == ((7,), [False, True, False])
    assert read_for_each(lists, None, a_number) == (None, [None] * 3)
    with pytest.raises(Invalid):
        read_for_each(lists, a_list(4).write(7), a_number)
