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
    return [one.field for one in suggestions(header, width, rows, FIELDS, "ES")]


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
    [first, second] = suggestions(["a", "b"], 2, [["1", ""], ["1", "x"], ["2"]], {}, None)
    assert (first.column, first.samples, second.samples) == ("a", ["1", "2"], ["x"])
    assert [one.column for one in suggestions(None, 2, [["1", "2"]], {}, None)] == ["0", "1"]
