"""The tags that a rule (JSON) names."""

from collections.abc import Iterator


def tags_named(rule: object) -> Iterator[str]:
    """As the rule writes them; it need not be checked before."""
    if isinstance(rule, list):
        for part in rule:
            yield from tags_named(part)
    elif isinstance(rule, dict):
        condition = rule.get("tags")
        if isinstance(condition, dict):
            yield from condition["tags"]
        for group in ("all", "any", "not"):
            yield from tags_named(rule.get(group))
