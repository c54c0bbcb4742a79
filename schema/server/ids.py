"""Global ids: type name and row id, in URL-safe base64 without padding."""

from binascii import a2b_base64
from collections.abc import Sequence
from typing import Final

from models.errors import NotFound
from models.values.global_ids import to_global_id

__all__ = ["find_id", "get_id", "split_global_id", "to_global_id"]

_FROM_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")


def find_id(kind: str, global_id: str) -> int | None:
    """Returns None when this is not the global id of a `kind`."""
    decoded = split_global_id(global_id)
    return decoded[1] if decoded is not None and decoded[0] == kind else None


def split_global_id(global_id: str) -> tuple[str, int] | None:
    """Returns the type's name and the row's id; None when this is not a global id."""
    try:
        text = a2b_base64((global_id + "=" * (-len(global_id) % 4)).encode("ascii").translate(_FROM_URL_SAFE)).decode()
    except ValueError:
        return None
    kind, _, digits = text.partition(":")
    if not kind or not digits.isascii() or not digits.isdigit() or len(digits) > 19 or int(digits) >= 2**63:
        return None
    return kind, int(digits)


def get_id(kind: str, global_id: str, path: Sequence[str | int]) -> int:
    """Raises NotFound at `path` when it is not the global id of a `kind`."""
    row_id = find_id(kind, global_id)
    if row_id is None:
        raise NotFound(f"there is no {kind} with the id {global_id[:100]!r}", path)
    return row_id
