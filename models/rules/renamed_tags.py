"""Rules (JSON) with other names for some tags."""

from collections.abc import Mapping
from typing import Any


def with_renamed_tags(rule: Any, names: Mapping[str, str]) -> Any:
    """The rule with each tag that is a key of `names` called as its value. A list holds each tag once."""
    if isinstance(rule, list):
        return [with_renamed_tags(part, names) for part in rule]
    if not isinstance(rule, dict):
        return rule
    if "tags" in rule:
        condition = rule["tags"]
        return {"tags": condition | {"tags": list(dict.fromkeys(names.get(tag, tag) for tag in condition["tags"]))}}
    return {key: with_renamed_tags(part, names) if key in ("all", "any", "not") else part for key, part in rule.items()}
