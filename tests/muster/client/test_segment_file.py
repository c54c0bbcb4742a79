"""Segments as a file: what was written is read, and a wrong file says what is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.client.exits import CommandEnds
from muster.client.segment_file import Entry, read, write

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30).filter(
    lambda text: text == text.strip()
) | st.sampled_from(
    ['it\'s """ \\n', "a\nb", "a\r\nb", "'''", '""""', 'x = \'a\\\'\nand y = """', "# no comment", "[segment]"]
)
entries = st.lists(
    st.builds(lambda name, kind, description, rule: Entry(name, kind, description, None if kind == "STATIC" else rule),
        texts, st.sampled_from(["STATIC", "DYNAMIC", "DYNAMIC_PLUS"]), st.none() | texts, texts),
    max_size=4, unique_by=lambda entry: entry.name,
)  # fmt: skip


@given(entries)
def test_what_was_written_is_read(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("file") / "segments.toml"
    path.write_text(write(entries), encoding="utf-8", newline="")
    assert read(path) == entries


def test_a_rule_has_lines_of_its_own():
    text = write([Entry("VIP", "DYNAMIC", None, "city = 'Madrid'\nand score > 1")])
    assert text.endswith(
        '[[segment]]\nname = "VIP"\nkind = "DYNAMIC"\nrule = """\ncity = \'Madrid\'\nand score > 1\n"""\n'
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[[segment]", "line 1"),
        ("[[segments]]", "only have tables"),
        ("segment = 5", "only have tables"),
        ("segment = [5]", "segment 1 is no table"),
        ('[[segment]]\nkind = "STATIC"', "segment 1 needs a name"),
        ('[[segment]]\nname = "A"\nkind = "OTHER"', "'A' needs a name, and a kind"),
        ('[[segment]]\nname = "A"\nkind = "STATIC"\nrule = "x"', "only dynamic segments have a rule"),
        ('[[segment]]\nname = "A"\nkind = "DYNAMIC"', "only dynamic segments have a rule"),
        ('[[segment]]\nname = "A"\nkind = "STATIC"\nmembers = "x"', "has 'members'"),
        ('[[segment]]\nname = 5\nkind = "STATIC"', "has 'name'"),
        ('[[segment]]\nname = "A"\nkind = "STATIC"\n' * 2, "'A' is there twice"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "segments.toml"
    path.write_text(content)
    with pytest.raises(CommandEnds) as raised:
        read(path)
    assert message in raised.value.message
    assert str(path) in raised.value.message
