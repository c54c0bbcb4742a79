"""Tags of a rule get other names."""

from models.rules.renamed_tags import with_renamed_tags


def tagged(*tags: str) -> dict:
    return {"tags": {"operator": "HAS_ANY", "tags": list(tags)}}


def test_a_tag_is_renamed_wherever_a_rule_names_it() -> None:
    name = {"field": {"field": "name", "operator": "EQUALS", "value": "old"}}
    rule = {"all": [tagged("old", "x"), {"not": tagged("OLD", "new")}, {"any": [name, tagged("y")]}]}
    renamed = {"all": [tagged("new", "x"), {"not": tagged("new")}, {"any": [name, tagged("y")]}]}
    assert with_renamed_tags(rule, {"old": "new", "OLD": "new"}) == renamed
    assert with_renamed_tags(None, {"old": "new"}) is None
