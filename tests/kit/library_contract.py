"""What schema/ and muster/ use of graphql-core and strawberry that these do not promise to keep. Two tests read these lists."""

from typing import Final

SIGNATURES: Final = {
    # (module, name): the parameters that are passed, by position or by name
    ("graphql.execution.collect_fields", "collect_fields"): "schema fragments variable_values runtime_type operation",
    ("graphql.execution.collect_fields", "collect_subfields"): (
        "schema fragments variable_values operation return_type field_details_list"
    ),
    ("graphql.execution.get_variable_signature", "get_variable_signature"): "schema var_def_node",
    ("graphql.execution.values", "coerce_argument"): (
        "coerced_values node arg_name arg_def argument_node variable_values fragment_variable_values"
    ),
    ("strawberry.resolvers", "is_default_resolver"): "func",
    ("strawberry.tools", "merge_types"): "name types",
}
TUPLES: Final = {
    # (module, name): the first fields of a named tuple
    ("graphql.execution.collect_fields", "FieldDetails"): "node defer_usage fragment_variable_values",
    ("graphql.execution.collect_fields", "FragmentDetails"): "definition",
    ("graphql.execution.get_variable_signature", "GraphQLVariableSignature"): "name type",
    ("graphql.execution.values", "VariableValueSource"): "signature value",
    ("graphql.pyutils", "Path"): "prev key typename",
}
OTHER_NAMES: Final = {
    ("strawberry.schema", "schema_converter"),
    ("strawberry.schema.config", "StrawberryConfig"),
    ("strawberry.types.base", "StrawberryMaybe"),
}
EXECUTOR_METHODS: Final = {
    # Overridden or called; position_context is what an executor of incremental delivery would pass on.
    "__init__": (
        "schema fragment_definitions fragments root_value context_value operation variable_values field_resolver"
        " type_resolver subscribe_field_resolver"
    ),
    "execute_field": "parent_type source field_details_list path position_context",
    "complete_value": "return_type field_details_list info path result position_context",
    "handle_field_error": "raw_error return_type field_details_list path",
    "build_resolve_info": "field_def field_nodes parent_type path",
    "execute_operation": "serially",
    "build_per_event_executor": "payload",
}
EXECUTOR_ATTRIBUTES: Final = {
    "schema", "fragments", "context_value", "operation", "variable_values", "middleware_manager", "is_awaitable",
    "collected_errors",
}  # fmt: skip
PRIVATE_ATTRIBUTES: Final = {"_raw_info", "_schema", "__strawberry_definition__"}
EXTENSION_KEYS: Final = {"strawberry-definition"}
