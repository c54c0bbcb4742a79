"""The ids of contacts as callers and files write them: those of the API."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from models.errors import NotFound


def write_contact_id(contact_id: int) -> str:
    return urlsafe_b64encode(f"Contact:{contact_id}".encode()).decode().rstrip("=")


def read_contact_id(text: str) -> int:
    """Raises NotFound for what cannot be one."""
    try:
        kind, _, digits = urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4)).decode().partition(":")
        if kind == "Contact" and digits.isascii() and digits.isdigit() and int(digits) < 2**63:
            return int(digits)
    except ValueError:
        pass
    raise NotFound(f"{text[:100]!r} is not the id of a contact")
