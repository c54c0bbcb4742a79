"""Everything in the schema says what it is, in a plain sentence."""

from graphql import build_schema as schema_from_text
from graphql import print_schema

from schema.root import DESCRIPTIONS, build_schema
from schema.server.types.descriptions import describe, each_described

SCHEMA = build_schema()

LONGEST = 300


def test_every_field_argument_and_value_has_a_description() -> None:
    """What lacks one gets it where it is declared, or in `descriptions.py` of its noun."""
    assert [coordinate for coordinate, _, _, described in each_described(SCHEMA) if not described.description] == []


def test_descriptions_are_short_sentences() -> None:
    texts = {coordinate: described.description for coordinate, _, _, described in each_described(SCHEMA)}
    assert {coordinate: text for coordinate, text in texts.items() if not text.endswith((".", "..."))} == {}
    assert {coordinate: text for coordinate, text in texts.items() if len(text) > LONGEST} == {}
    assert {coordinate: text for coordinate, text in texts.items() if text[0].islower()} == {}


def test_no_description_is_of_something_else() -> None:
    texts = {coordinate: described.description for coordinate, _, _, described in each_described(SCHEMA)}
    assert sorted(set(DESCRIPTIONS) - set(texts)) == []
    elsewhere = [coordinate for coordinate, text in DESCRIPTIONS.items() if texts[coordinate] != text]
    assert elsewhere == [], "these are described where they are declared"


def test_a_field_has_the_description_of_its_interface_or_of_its_name() -> None:
    schema = schema_from_text("""
        interface Named { name: String }
        type Person implements Named { id: ID name: String age("In years." of: Int, first: Int): Int }
        type PersonPayload { person: Person people: [Person!] }
        type Query { person: PersonPayload }
    """)
    describe(schema, {"Named.name": "What it is called.", "Person.age(first:)": "The first one."})
    printed = print_schema(schema)
    assert printed.count("What it is called.") == 2
    for text in ("Its id in every part", "In years.", "The first one.", "As it is after the mutation"):
        assert printed.count(text) == 1
