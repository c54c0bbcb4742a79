"""The API's errors, and its checks of what people are sent as."""

import re
from collections.abc import Sequence
from typing import Any, Final

COLUMNS: Final = (
    *("EXTERN_ID", "EMAIL", "PHONE", "GEN", "DOBY", "DOBM", "DOBD"),
    *("LN", "FN", "FI", "CT", "ST", "ZIP", "MADID", "COUNTRY"),
)

NOT_HASHED: Final = frozenset({"EXTERN_ID", "MADID"})

MOST_ROWS: Final = 10_000

_HASH: Final = re.compile("[0-9a-f]{64}")

_HASH_OF_NOTHING: Final = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class ApiError(Exception):
    """An HTTP status and an error object."""

    def __init__(
        self, status: int, code: int, message: str, subcode: int | None = None, transient: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.body = {
            "error": {
                "message": f"(#{code}) {message}",
                "type": "OAuthException",
                "code": code,
                **({} if subcode is None else {"error_subcode": subcode}),
                "is_transient": transient,
                "fbtrace_id": "Asandbox",
            }
        }


def invalid(message: str) -> ApiError:
    return ApiError(400, 100, f"Invalid parameter: {message}")


def update_failed(subcode: int, message: str) -> ApiError:
    return ApiError(400, 2650, f"Failed to update the custom audience: {message}", subcode)


def unknown_object() -> ApiError:
    return ApiError(400, 100, "Unsupported request. There is no object with this id, or you may not see it.", 33)


def checked_payload(body: Any) -> tuple[tuple[str, ...], list[list[str]]]:
    """The schema and the rows of a request. Raises ApiError for what Meta refuses as a whole."""
    payload = body.get("payload") if isinstance(body, dict) else None
    if not isinstance(payload, dict):
        raise ApiError(400, 194, "The parameter payload is required.")
    schema, data = payload.get("schema"), payload.get("data")
    if not isinstance(schema, list) or not schema or len(set(schema)) != len(schema) or not set(schema) <= {*COLUMNS}:
        raise invalid("payload.schema must be a list of known keys, each once.")
    if not isinstance(data, list) or not data:
        raise invalid("payload.data must be a list of rows.")
    if len(data) > MOST_ROWS:
        raise ApiError(400, 105, f"A request takes {MOST_ROWS:,} rows at most.")
    if not all(isinstance(row, list) and len(row) == len(schema) for row in data):
        raise invalid("each row of payload.data must have one value for each key of the schema.")
    return tuple(schema), data


def is_well_formed(schema: Sequence[str], row: Sequence[Any]) -> bool:
    """Whether a row can be read: each value a hash in lower case or empty, and not all of them empty."""
    return any(row) and all(
        isinstance(value, str) and (value == "" or column in NOT_HASHED or _is_hash(value))
        for column, value in zip(schema, row, strict=True)
    )


def _is_hash(value: str) -> bool:
    return _HASH.fullmatch(value) is not None and value != _HASH_OF_NOTHING
