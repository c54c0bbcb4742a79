"""E-mail addresses as stored."""

import re

from email_validator import EmailNotValidError, validate_email

from models.errors import Invalid
from models.values.texts import check_text

# email-validator would not change these, and is thirty times slower.
_PLAIN = re.compile(
    r"(?=.{6,254}\Z)"
    r"(?=[^@]{1,64}@)[a-z0-9_%+-]+(?:\.[a-z0-9_%+-]+)*"
    r"@(?:(?![a-z0-9]{2}--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    r"(?!arpa\Z|invalid\Z|local\Z|localhost\Z|onion\Z|test\Z)[a-z]{2,63}\Z"
)


def normal_email(value: object) -> str:
    """Returns the address as it is stored. Raises Invalid for a wrong form; delivery is not checked."""
    text = value.strip() if isinstance(value, str) else check_text(value, 0)
    lowered = text.lower()
    if lowered.isascii() and _PLAIN.match(lowered):
        return lowered
    try:
        return validate_email(check_text(text, 320), check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise Invalid(f"this is not an e-mail address: {error}") from error
