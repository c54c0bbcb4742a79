import click
import pytest

from muster.client.columns import inputs, parse_map, parse_policies


def test_a_column_is_named_before_the_last_equals_sign() -> None:
    assert parse_map(["E-mail=email", "a=b=attributes.city"]) == {"E-mail": "email", "a=b": "attributes.city"}


@pytest.mark.parametrize("given", ["email", "=email", "E-mail="])
def test_a_map_without_a_column_or_a_field_is_refused(given: str) -> None:
    with pytest.raises(click.BadParameter, match="write COLUMN=FIELD"):
        parse_map([given])


def test_a_policy_is_for_all_columns_or_for_one_field() -> None:
    mapped = {"E-mail": "email", "Tags": "tags", "Name": "name"}
    policies = parse_policies(["fill_empty", "tags=MERGE"])
    assert [column["policy"] for column in inputs(mapped, policies)] == ["FILL_EMPTY", "MERGE", "FILL_EMPTY"]
    assert {column["policy"] for column in inputs(mapped, {})} == {"OVERWRITE"}


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(click.BadParameter, match="OVERWRITE, FILL_EMPTY"):
        parse_policies(["tags=ADD"])


def test_a_policy_of_a_field_that_no_column_goes_into_is_refused() -> None:
    with pytest.raises(click.BadParameter, match="no column goes into tags"):
        inputs({"E-mail": "email"}, {"tags": "MERGE"})
