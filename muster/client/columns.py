"""Which column of a file goes into which field: as given, as suggested, or as a person answers."""

from collections.abc import Sequence
from typing import Any, Final

import click

from muster.client.exits import CommandEnds, Exit
from muster.client.session import Session

POLICIES: Final = ("OVERWRITE", "FILL_EMPTY", "MERGE", "REPLACE")
LEAVE_OUT: Final = "-"

Suggestion = dict[str, Any]


def parse_map(given: Sequence[str]) -> dict[str, str]:
    """Reads COLUMN=FIELD. The last = divides, because headers may have others."""
    columns = {}
    for one in given:
        column, divider, field = one.rpartition("=")
        if not divider or not column or not field:
            raise click.BadParameter(f"{one!r}: write COLUMN=FIELD, such as 'E-mail=email'", param_hint="--map")
        columns[column] = field.strip()
    return columns


def parse_policies(given: Sequence[str]) -> dict[str, str]:
    """Reads POLICY, for all fields (under the key ``), or FIELD=POLICY."""
    policies = {}
    for one in given:
        field, _, policy = one.rpartition("=")
        if policy.upper() not in POLICIES:
            hint = f"{one!r}: write POLICY or FIELD=POLICY, with one of {', '.join(POLICIES)}"
            raise click.BadParameter(hint, param_hint="--policy")
        policies[field.strip()] = policy.upper()
    return policies


def chosen(session: Session, suggestions: Sequence[Suggestion], given: dict[str, str], accept: bool) -> dict[str, str]:
    """The fields by column. `given` wins over suggestions; a person is asked, unless `accept` takes the suggestions."""
    suggested = {one["column"]: one["field"] for one in suggestions if one["field"]}
    if accept:
        return suggested | given
    if given:
        return given
    if not session.output.can_ask:
        _show(session, suggestions)
        raise CommandEnds(
            Exit.USAGE, "say which column goes into which field: --map COLUMN=FIELD for each, or --suggested"
        )
    return _asked(session, suggestions, suggested)


def inputs(columns: dict[str, str], policies: dict[str, str]) -> list[dict[str, str]]:
    """The columns as importStart takes them."""
    unknown = set(policies) - {""} - set(columns.values())
    if unknown:
        raise click.BadParameter(f"no column goes into {', '.join(sorted(unknown))}", param_hint="--policy")
    every = policies.get("", "OVERWRITE")
    return [
        {"column": column, "field": field, "policy": policies.get(field, every)} for column, field in columns.items()
    ]


def _asked(session: Session, suggestions: Sequence[Suggestion], suggested: dict[str, str]) -> dict[str, str]:
    _show(session, suggestions)
    answer = click.prompt("Import it like this?", type=click.Choice(["yes", "edit", "no"]), default="yes", err=True)
    if answer == "no":
        raise CommandEnds(Exit.CANCELLED, "nothing was imported")
    if answer == "yes":
        return suggested
    return _edited(suggestions)


def _edited(suggestions: Sequence[Suggestion]) -> dict[str, str]:
    columns = {}
    for one in suggestions:
        default = one["field"] or LEAVE_OUT
        field = click.prompt(f"{one['column']} goes into ({LEAVE_OUT} leaves it out)", default=default, err=True)
        if field != LEAVE_OUT:
            columns[one["column"]] = field
    return columns


def _show(session: Session, suggestions: Sequence[Suggestion]) -> None:
    headings = {"column": "column", "field": "field", "samples": "some of its cells"}
    session.output.table([{**one, "samples": one["samples"][:3]} for one in suggestions], headings)
