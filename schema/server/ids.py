"""Opaque, durable ids: a type's name and a row's number, in URL-safe base64 without padding."""

from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from typing import Final

from models.errors import NotFound

_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")


def to_global_id(kind: str, number: int) -> str:
    """The outside id of row `number` of GraphQL type `kind`."""
    return b2a_base64(f"{kind}:{number}".encode(), newline=False).translate(_URL_SAFE, b"=").decode()


def find_id(kind: str, outside_id: str) -> int | None:
    """The row's number, or None when this is no id of a `kind`."""
    decoded = split_global_id(outside_id)
    return decoded[1] if decoded is not None and decoded[0] == kind else None


def split_global_id(outside_id: str) -> tuple[str, int] | None:
    """The GraphQL type's name and the row's number, or None when this is no id at all."""
    try:
        text = a2b_base64(
            (outside_id + "=" * (-len(outside_id) % 4)).encode("ascii").translate(_FROM_URL_SAFE)
        ).decode()
    except ValueError:
        return None
    kind, _, digits = text.partition(":")
    if not kind or not digits.isascii() or not digits.isdigit() or len(digits) > 19 or int(digits) >= 2**63:
        return None
    return kind, int(digits)


def get_id(kind: str, outside_id: str, path: Sequence[str | int]) -> int:
    """The row's number. Raises NotFound at `path` when this is no id of a `kind`."""
    number = find_id(kind, outside_id)
    if number is None:
        raise NotFound(f"there is no {kind} with the id {outside_id[:100]!r}", path)
    return number
