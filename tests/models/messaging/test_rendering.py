"""Bindings are checked, and text is cleaned."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models import db
from models.errors import Problems
from models.messaging import rendering
from models.messaging.placeholders import placeholders_of
from models.messaging.rendering import Binding
from tests.kit.extreme_values import BLANKS
from tests.kit.workspaces import new_workspace

TEMPLATE = placeholders_of([{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hi {{1}}"}])
IMAGE = Binding("header.image", text="https://a.example/b.png")


@example(text="a".join(BLANKS))
@given(text=st.text(max_size=30))
async def test_text_is_cleaned_alike_in_python_and_in_sql(connected_database: str, text: str):
    text = text.replace("\x00", "").encode("utf-8", "ignore").decode()
    assert (rendering.clean(text) or None) == await db.fetch_value("SELECT muster_parameter($1)", text)


async def test_first_and_last_name_and_zone_can_fill_a_placeholder(database: str):
    scope = await new_workspace()
    for field in ("first_name", "last_name", "timezone"):
        bindings = [IMAGE, Binding("1", field=field)]
        assert await rendering.check(scope, TEMPLATE, bindings, ("parameters",)) == bindings


async def test_bindings_that_fill_the_template_come_back_cleaned(database: str):
    scope = await new_workspace()
    bindings = [IMAGE, Binding("1", field="name", fallback=" my\n friend ")]
    assert await rendering.check(scope, TEMPLATE, bindings, ("parameters",)) == [
        IMAGE,
        Binding("1", field="name", fallback="my friend"),
    ]


@pytest.mark.parametrize(
    ("bindings", "path", "words"),
    [
        ([IMAGE], ("parameters",), "1 must be filled"),
        ([IMAGE, Binding("1", text="x"), Binding("1", text="y")], ("parameters", "2", "name"), "filled twice"),
        ([IMAGE, Binding("2", text="x")], ("parameters", "1", "name"), "no placeholder '2'"),
        ([IMAGE, Binding("1")], ("parameters", "1", "field"), "nothing to be filled with: give a field"),
        ([IMAGE, Binding("1", field="name", text="x")], ("parameters", "1", "field"), "either a field"),
        ([IMAGE, Binding("1", text="x", fallback="y")], ("parameters", "1", "fallback"), "goes with a field"),
        ([IMAGE, Binding("1", field="attributes.none")], ("parameters", "1", "field"), "no field"),
        ([IMAGE, Binding("1", text=" \n ")], ("parameters", "1", "text"), "empty"),
        ([Binding("header.image", text="ftp://x"), Binding("1", text="x")], ("parameters", "0", "text"), "https"),
    ],
)
async def test_wrong_bindings_are_refused_at_their_index(
    database: str, bindings: list[Binding], path: tuple, words: str
):
    scope = await new_workspace()
    with pytest.raises(Problems) as found:
        await rendering.check(scope, TEMPLATE, bindings, ("parameters",))
    problem = found.value.errors[0]
    assert problem.path == path
    assert words in problem.message
