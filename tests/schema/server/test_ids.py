"""Global ids are stable, and anything else is no id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import NotFound
from schema.server.ids import find_id, get_id, split_global_id, to_global_id


@given(st.sampled_from(["Contact", "Segment", "ImportJob"]), st.integers(0, 2**63 - 1))
def test_an_id_is_read_as_it_was_written(kind: str, row_id: int) -> None:
    global_id = to_global_id(kind, row_id)
    assert split_global_id(global_id) == (kind, row_id)
    assert find_id(kind, global_id) == row_id
    assert find_id("Other", global_id) is None


def test_an_id_never_changes() -> None:
    assert to_global_id("Contact", 1) == "Q29udGFjdDox"


@pytest.mark.parametrize(
    "text", ["", "x", "äöü", "Q29udGFjdA", "OjE", to_global_id("Contact", 2**63), "Q29udGFjdDot" + "MQ"]
)
def test_another_text_is_no_id(text: str) -> None:
    assert split_global_id(text) is None


def test_an_id_of_another_type_is_not_found_at_its_path() -> None:
    with pytest.raises(NotFound, match="there is no Contact with the id") as missing:
        get_id("Contact", to_global_id("Segment", 1), ("input", "id"))
    assert missing.value.path == ("input", "id")
