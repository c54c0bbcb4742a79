"""What the fields, arguments and enum values of rules are; see schema/server/types/descriptions.py."""

from typing import Final

_COMPARISONS: Final = {
    "EQUALS": "The value is this one.",
    "NOT_EQUALS": "There is a value, and it is another one.",
    "IN": "The value is one of these.",
    "NOT_IN": "There is a value, and it is none of these.",
    "CONTAINS": "The text has this in it.",
    "LT": "The value is less than this.",
    "LTE": "The value is this or less.",
    "GT": "The value is more than this.",
    "GTE": "The value is this or more.",
    "IS_SET": "There is a value.",
    "IS_NOT_SET": "There is no value.",
}

_SETS: Final = {
    "HAS_ANY": "It has at least one of these.",
    "HAS_ALL": "It has all of these.",
    "HAS_NONE": "It has none of these.",
}

_FIELD_OPERATORS: Final = {
    **_COMPARISONS,
    **_SETS,
    "NOT_CONTAINS": "There is a text, and it does not have this in it.",
    "STARTS_WITH": "The text begins with this.",
    "ENDS_WITH": "The text ends with this.",
    "BETWEEN": "The value is between these two, both included.",
    "WITHIN_LAST": "It was in the time of this length that ends now.",
    "MORE_THAN_AGO": "It was longer ago than this.",
    "WITHIN_NEXT": "It will be in the time of this length that begins now.",
    "MORE_THAN_AHEAD": "It will be later than in this time.",
    "ANNIVERSARY_WITHIN_NEXT": "Its day and month come round within this time, today included.",
}

_METRICS: Final = {
    "COUNT": "How many activities there are.",
    "SUM": "The sum of the property.",
    "AVERAGE": "The mean of the property.",
    "MINIMUM": "The smallest value of the property.",
    "MAXIMUM": "The largest value of the property.",
    "DISTINCT_COUNT": "How many different values the property has.",
    "FIRST_OCCURRED": "When the first one happened.",
    "LAST_OCCURRED": "When the last one happened.",
}

_TYPES: Final = {
    "TEXT": "A text.",
    "NUMBER": "A number.",
    "BOOLEAN": "True or false.",
    "DATE": "A calendar day.",
    "DATETIME": "An instant.",
    "CHOICE": "One of the field's choices.",
    "MULTI_CHOICE": "Some of the field's choices.",
}


def _values(enum: str, sentences: dict[str, str]) -> dict[str, str]:
    return {f"{enum}.{value}": sentence for value, sentence in sentences.items()}


_INPUTS: Final = {
    "RuleInput.all": "Each of these holds.",
    "RuleInput.any": "At least one of these holds.",
    "RuleInput.not": "This does not hold.",
    "RuleInput.field": "A condition on a field of the contact.",
    "RuleInput.tags": "A condition on the contact's tags.",
    "RuleInput.segment": "The contact is in another segment, or is not.",
    "RuleInput.activity": "A condition on the contact's activities.",
    "FieldConditionInput.field": "The field's key, as `ruleFields` gives it.",
    "FieldConditionInput.operator": "How to compare; `ruleFields` gives those of each field.",
    "TagsConditionInput.operator": "Any, all or none of the tags.",
    "TagsConditionInput.tags": "The tags, in any case.",
    "SegmentConditionInput.segmentId": "The other segment.",
    "SegmentConditionInput.member": "Whether the contact is in it; false: it is not.",
    "ActivityConditionInput.kind": "The kind of the activities, such as order.placed.",
    "ActivityConditionInput.where": "Only activities for which all of these hold.",
    "ActivityConditionInput.metric": "What is measured over the activities.",
    "ActivityConditionInput.until": "Only the activities before this instant.",
    "ActivityConditionInput.value": "What the metric is compared with.",
    "ActivityFilterInput.property": "A property of the activities.",
    "ActivityFilterInput.operator": "How to compare the property.",
    "ActivityFilterInput.value": "What it is compared with; absent for IS_SET and IS_NOT_SET, a list for IN and NOT_IN.",
}

DESCRIPTIONS: Final = {
    **_values("FieldOperator", _FIELD_OPERATORS),
    **_values("TagsOperator", _SETS),
    **_values("ActivityOperator", _COMPARISONS),
    **_values("ActivityMetric", _METRICS),
    **_values("FieldType", _TYPES),
    **_INPUTS,
    "Query.ruleFields": "The fields that rules can use, with the operators of each.",
    "Query.ruleValueSuggestions": "Values that contacts have in a field, the most frequent first.",
    "Query.ruleValueSuggestions(field:)": "The field's key.",
    "Query.ruleValueSuggestions(prefix:)": "Only values that begin with this.",
    "Query.activityValueSuggestions": "Values that activities of a kind have in a property, the most frequent first.",
    "Query.activityValueSuggestions(kind:)": "The kind of the activities.",
    "Query.activityValueSuggestions(property:)": "The property.",
    "Query.activityValueSuggestions(prefix:)": "Only values that begin with this, in any case.",
    "Query.ruleQueryCompletions(query:)": "The text.",
    "Query.ruleQueryCompletions(cursor:)": "Where to write: from 0 to the length of the text.",
    "Query.ruleFromQuery(query:)": "The text.",
    "Query.ruleToQuery(rule:)": "The rule.",
    "RuleWarning.message": "What may be wrong, in plain words.",
    "RuleField.key": "The key to use in a rule.",
    "RuleField.label": "The name that people see.",
    "RuleField.type": "What kind of values it has.",
    "RuleField.custom": "Whether it is a field of the workspace's own.",
    "RuleField.operators": "How it can be compared.",
    "RuleField.choices": "The possible values of a CHOICE or MULTI_CHOICE.",
}
