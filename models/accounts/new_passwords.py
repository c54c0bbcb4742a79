"""Checks a member's new password, and hashes it."""

from collections.abc import Sequence

from models import db
from models.accounts import sign_in_emails
from models.accounts.password_strength import refuse_weak
from models.accounts.passwords import check_password, hashed

_HASH_OF = "SELECT password_hash FROM members WHERE workspace_id = $1 AND id = $2 AND email = $3"


async def new_hash(password: object, *, email: str, about: Sequence[str] = ()) -> str:
    """Checks and hashes a new password. `about` is what others know of the member, such as the name.

    Raises Invalid for a short or weak password.
    """
    checked = check_password(password)
    await refuse_weak(checked, [email, *about])
    return await hashed(checked, await _known_hash(email))


async def _known_hash(email: str) -> str | None:
    """In all workspaces: the hashes of one e-mail share their salt, so that one computation serves to sign in."""
    for place in await sign_in_emails.places(email):
        known: str | None = await db.fetch_value(_HASH_OF, *place, email)
        if known:
            return known
    return None
