"""GraphQL documents and conditions of the tests of rules."""

PREVIEW = "query ($rule: RuleInput!) { segmentPreview(rule: $rule) { count ruleText contacts { name } } }"


def field(name, operator, value=None):
    return {"field": {"field": name, "operator": operator, "value": value}}


IS_SET = {"field": "name", "operator": "IS_SET"}
