import pytest

from models.personal_data.identity import ERASED, Identity, from_json, without_person

ZOE = Identity(
    1,
    phones=frozenset({"+34600111222"}),
    emails=frozenset({"zoe@example.org"}),
    external_ids=frozenset({"17"}),
    user_ids=frozenset({"ZZ.Opaque"}),
    names=frozenset({"zoé ñandú"}),
)


@pytest.mark.parametrize(
    "text",
    [
        "+34600111222",
        "600 11 12 22",
        "0034-600-111-222",
        "tel: 34600111222!",
        "Zoe <ZOE@example.org>",
        "17",
        " 17 ",
        "zz.opaque",
    ],
)
def test_a_text_that_names_the_person_is_found(text: str) -> None:
    assert ZOE.mentioned_in(text)


@pytest.mark.parametrize("text", ["", "+34600111223", "170", "order 17", "zoe", "Zoé Ñandú", "example.org"])
def test_a_text_that_could_be_about_somebody_else_is_not(text: str) -> None:
    assert not ZOE.mentioned_in(text)


@pytest.mark.parametrize(
    ("phone", "spelled"),
    [
        ("+5511976500001", "551176500001"),
        ("+551176500001", "5511976500001"),
        ("+525512340001", "5215512340001"),
        ("+5491123456789", "541123456789"),
    ],
)
def test_each_spelling_of_a_number_is_found(phone: str, spelled: str) -> None:
    assert Identity(1, phones=frozenset({phone})).mentioned_in(spelled)


def test_a_number_that_another_contact_has_is_no_sign() -> None:
    shared = Identity(1, phones=frozenset({"+34600111222"}), emails=frozenset({"zoe@example.org"}), shared=True)
    assert not shared.mentioned_in("+34600111222")
    assert shared.mentioned_in("zoe@example.org")
    assert (shared.keys, shared.numbers, shared.digits) == ([], [], [])


def test_texts_about_the_person_are_replaced_in_json_and_the_rest_is_left() -> None:
    value = {"search": "ZOE@example.org", "rows": [["Zoé Ñandú", "600111222", "Ana"]], "done": 17, "none": None}
    assert without_person(value, ZOE) == {
        "search": ERASED,
        "rows": [[ERASED, ERASED, "Ana"]],
        "done": 17,
        "none": None,
    }


def test_an_identity_is_stored_and_read_back() -> None:
    assert from_json(1, ZOE.to_json()) == ZOE
