"""Checks a member's new password, and hashes it."""

from collections.abc import Sequence

from models import db
from models.accounts.password_strength import refuse_weak
from models.accounts.passwords import check_password, hashed

# In all workspaces: the hashes of one e-mail share their salt, so that one computation serves to sign in.
_SALT_OF = "SELECT password_hash FROM members WHERE email = $1 AND password_hash <> '' ORDER BY workspace_id LIMIT 1"


async def new_hash(password: object, *, email: str, about: Sequence[str] = ()) -> str:
    """Checks and hashes a new password. `about` is what others know of the member, such as the name.

    Raises Invalid for a short or weak password.
    """
    checked = check_password(password)
    await refuse_weak(checked, [email, *about])
    return await hashed(checked, await db.fetch_value(_SALT_OF, email))
