"""A field is suggested for each column."""

import pytest

from models.contacts.attributes import ContactField
from models.rules.tree import FieldType
from models.transfers.imports.suggestions import suggestions

FIELDS = {
    "city": ContactField(1, "city", "Ciudad de residencia", FieldType.TEXT),
    "score_2": ContactField(2, "score_2", "Second score", FieldType.NUMBER),
}


def suggested(header, *rows) -> list[str | None]:
    width = len(header or rows[0])
    return [one.field for one in suggestions(header, width, rows, FIELDS, "ES").columns]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("email", "email"),
        ("E-Mail Address", "email"),
        ("Correo electrónico", "email"),
        ("Teléfono", "phone"),
        ("WhatsApp number", "phone"),
        ("Mobile Phone", "phone"),
        ("Full Name", "name"),
        ("Nombre", "name"),
        ("First Name", "first_name"),
        ("Vorname", "first_name"),
        ("Apellidos", "last_name"),
        ("Time zone", "timezone"),
        ("Date of birth", "date_of_birth"),
        ("Customer ID", "external_id"),
        ("external_id", "external_id"),
        ("externalId", "external_id"),
        ("Etiquetas", "tags"),
        ("whatsapp_consent", "whatsapp_consent"),
        ("last_interaction_at", "last_interaction_at"),
        ("attributes.city", "attributes.city"),
        ("City", "attributes.city"),
        ("Ciudad de Residencia", "attributes.city"),
        ("Second score", "attributes.score_2"),
        ("Shoe size", None),
        ("", None),
    ],
)
def test_a_heading_names_its_field(heading, field):
    assert suggested([heading]) == [field]


def test_no_field_is_suggested_twice():
    assert suggested(["email", "E-mail", "phone", "mobile"]) == ["email", None, "phone", None]


def test_cells_decide_when_the_heading_does_not():
    rows = [["Ana", "a@x.org", "600 111 222", "12"], ["Bea", "b@x.org", "+34 600111223", "13"], ["Cea", "", "", ""]]
    assert suggested(["who", "where", "how", "many"], *rows) == [None, "email", "phone", None]
    assert suggested(None, *rows) == [None, "email", "phone", None]


def test_some_cells_of_each_column_are_shown():
    [first, second] = suggestions(["a", "b"], 2, [["1", ""], ["1", "x"], ["2"]], {}, None).columns
    assert (first.column, first.samples, second.samples) == ("a", ["1", "2"], ["x"])
    assert [one.column for one in suggestions(None, 2, [["1", "2"]], {}, None).columns] == ["0", "1"]


def test_a_column_with_cells_and_a_better_heading_is_preferred():
    header = ["Phone", "Mobile Phone", "WhatsApp Number"]
    assert suggested(header, ["910000000", "600000001", "600000002"]) == [None, None, "phone"]
    assert suggested(header, ["910000000", "600000001", ""]) == [None, "phone", None]
    assert suggested(header, ["910000000", "", ""]) == ["phone", None, None]


def test_how_sure_a_field_is_depends_on_heading_and_cells():
    def confidence(heading: str, *cells: str) -> float:
        [column] = suggestions([heading], 1, [[cell] for cell in cells], FIELDS, "ES").columns
        return column.confidence

    assert confidence("email", "a@x.org") == 1
    assert confidence("Ciudad de residencia", "Madrid") == 0.95
    assert confidence("E-mail", "a@x.org") == confidence("Teléfono", "600 111 222") == 0.9
    assert confidence("E-mail", "yes", "a@x.org") == 0.45
    assert confidence("who", "a@x.org") == 0.6
    assert confidence("who", "Ana") == 0
