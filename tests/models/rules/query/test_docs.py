"""docs/rule-query.md explains the whole language."""

from pathlib import Path

from models.rules.query.grammar import GRAMMAR
from models.rules.query.mistakes import MAX_CHARACTERS, MAX_TOKENS, SHORT_CHARACTERS, QueryErrorCode
from models.rules.query.printing import WIDTH
from models.rules.query.words import METRICS, OPERATORS, RESERVED, TAGGED
from models.rules.tree import FieldOperator
from tests.kit.queries import read

PAGE = (Path(__file__).parents[4] / "docs" / "rule-query.md").read_text()


def test_the_page_has_the_grammar_and_every_word():
    assert GRAMMAR.read_text() in PAGE
    words = [*OPERATORS, *METRICS, *TAGGED, *RESERVED, *QueryErrorCode, *FieldOperator]
    assert [word for word in words if word not in PAGE] == []
    assert f"{MAX_CHARACTERS:,} characters" in PAGE
    assert f"{MAX_TOKENS:,} words" in PAGE
    assert f"up to {SHORT_CHARACTERS:,} characters" in PAGE
    assert f"more than {WIDTH} characters" in PAGE


def test_the_examples_of_activities_are_rules():
    examples = PAGE.split("## Activities\n\n")[1].split("\n\n`count`")[0].splitlines()
    assert len(examples) == 4
    assert all(read(example.strip()) for example in examples)
