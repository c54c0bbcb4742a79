"""Ids as clients know them: type name and row id, in URL-safe base64 without padding."""

from binascii import b2a_base64
from typing import Final

_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def to_global_id(kind: str, row_id: int) -> str:
    return to_url_safe_base64(f"{kind}:{row_id}".encode())


def to_url_safe_base64(data: bytes) -> str:
    """Without padding."""
    return b2a_base64(data, newline=False).translate(_URL_SAFE, b"=").decode()
