"""Contacts with names alike and another hint: the day of birth, the end of the number, or the e-mail's name."""

from typing import Final

LEAST_ALIKE: Final = 0.5
"""Of two names, by trigrams."""

MOST_WITH_A_HINT: Final = 100
"""Contacts that share a hint. More have it in common with everybody, as `info@` is."""

_NAMED: Final = r"""
    SELECT c.id, regexp_replace(normalize(lower(c.name), NFD), '[\u0300-\u036f]', '', 'g') AS name, c.date_of_birth::text AS born,
           right(c.phone_key, 8) AS number, nullif(split_part(c.email, '@', 1), '') AS address
    FROM contacts c WHERE c.workspace_id = $1 AND c.name <> ''
"""
"""Names without accents."""

_REASONS: Final = {
    "born": "They were born on the same day.",
    "number": "Their phone numbers end alike.",
    "address": "Their e-mail addresses begin alike.",
}

# Names are compared among those that begin alike: with a hint alone, a million contacts make too many pairs.
_SHARING: Final = ", ".join(
    f"""
    with_{hint} AS MATERIALIZED (
        SELECT id, name, hint FROM (
            SELECT n.id, n.name, n.{hint} AS hint, count(*) OVER (PARTITION BY n.{hint}, left(n.name, 1)) AS sharing
            FROM named n WHERE n.{hint} IS NOT NULL) AS hinted
        WHERE sharing BETWEEN 2 AND {MOST_WITH_A_HINT})
    """  # noqa: S608 - constants
    for hint in _REASONS
)

_ALIKE: Final = " UNION ALL ".join(
    f"""
    SELECT b.id, a.id AS older_id, similarity(a.name, b.name)::float8 AS likeness, '{reason}' AS reason
    FROM with_{hint} AS a
    JOIN with_{hint} AS b ON b.hint = a.hint AND left(b.name, 1) = left(a.name, 1) AND a.id < b.id
    WHERE similarity(a.name, b.name) >= {LEAST_ALIKE}
    """  # noqa: S608 - constants
    for hint, reason in _REASONS.items()
)

ALIKE: Final = f"WITH named AS MATERIALIZED ({_NAMED}), {_SHARING} {_ALIKE}"
"""Gives (id, older_id, likeness, reason) of the workspace $1; a pair once for each reason."""
