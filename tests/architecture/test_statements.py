"""One SQL for one PostgreSQL server and for a distributed one: each statement of the product keeps the rules of rules.py.

Read here: the SQL in the source, and the functions and triggers of the schema. What is composed while the product runs is looked
at as it is sent (tests/conftest.py).
"""

import pytest

from tests.kit.statements import exceptions
from tests.kit.statements.functions import broken_in_schema, names_in_schema
from tests.kit.statements.rules import ALL_WORKSPACES, broken_rules
from tests.kit.statements.source import Source, Statement, read
from tests.kit.statements.tables import SCHEMA, tenant_tables


@pytest.fixture(scope="module")
def source() -> Source:
    return read()


@pytest.fixture(scope="module")
def broken(source: Source) -> dict[str, tuple[Statement, list[str]]]:
    found = {one.where: (one, broken_rules(one.sql, tenant_tables())) for one in source.statements}
    return {where: (one, wrong) for where, (one, wrong) in found.items() if wrong}


def test_each_statement_in_the_source_keeps_the_rules(broken: dict[str, tuple[Statement, list[str]]]) -> None:
    lines = [
        f"{where}: {'; '.join(wrong)}" for where, (one, wrong) in broken.items() if one.file not in exceptions.NOT_YET
    ]
    assert not lines, "\n" + "\n".join(lines)


def test_what_still_breaks_rules_can_only_become_less(broken: dict[str, tuple[Statement, list[str]]]) -> None:
    gone = exceptions.NOT_YET - {one.file for one, _ in broken.values()}
    assert not gone, f"these keep the rules now: take them out of the list: {sorted(gone)}"


def test_only_named_places_ask_all_workspaces(source: Source) -> None:
    asking = {one.file for one in source.statements if ALL_WORKSPACES in one.sql}
    assert asking <= set(exceptions.ALL_WORKSPACES), sorted(asking - set(exceptions.ALL_WORKSPACES))


def test_functions_and_triggers_keep_the_rules() -> None:
    found = broken_in_schema(SCHEMA.read_text(), tenant_tables())
    lines = [f"{name}: {'; '.join(wrong)}" for name, wrong in found.items() if name not in exceptions.FUNCTIONS]
    assert not lines, "\n" + "\n".join(lines)
    gone = set(exceptions.FUNCTIONS) - found.keys()
    assert not gone, f"these keep the rules now: take them out of the list: {sorted(gone)}"


def test_no_count_is_taken_from_the_tag_of_an_insert_that_skips(source: Source) -> None:
    lines = [
        f"{one.where}: of several servers the tag counts skipped rows too: count what RETURNING gives"
        for one in source.counted
        if "ON CONFLICT" in one.sql and one.file not in exceptions.NOT_YET
    ]
    assert not lines, "\n" + "\n".join(lines)


def test_all_was_read(source: Source) -> None:
    """Lest a reader that finds nothing says that all is well."""
    rooms = {one.file.split("/")[1] for one in source.statements if one.file.startswith("models/")}
    assert len(source.statements) > 800
    assert {"accounts", "broadcasts", "contacts", "identity", "membership", "messaging", "queue", "workflows"} <= rooms
    assert len(source.counted) > 10
    assert len(tenant_tables()) > 80
    assert len(names_in_schema(SCHEMA.read_text())) > 40


def test_composed_statements_are_few(source: Source) -> None:
    """They are looked at only when a test sends them."""
    assert len(source.composed) <= 100
