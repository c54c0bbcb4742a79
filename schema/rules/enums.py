"""The enums of rules.

Import them from here: a type must not use an enum before it is registered.
"""

import strawberry

from models.rules.tree import ActivityMetric, ActivityOperator, FieldOperator, FieldType, TagsOperator

strawberry.enum(FieldType)
strawberry.enum(FieldOperator)
strawberry.enum(TagsOperator)
strawberry.enum(ActivityMetric)
strawberry.enum(ActivityOperator)


__all__ = ["ActivityMetric", "ActivityOperator", "FieldOperator", "FieldType", "TagsOperator"]
