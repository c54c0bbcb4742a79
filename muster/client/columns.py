"""Which column of a file goes into which field: as given, as suggested, or as a person answers."""

from collections.abc import Sequence
from typing import Any, Final

import click

from muster.client.exits import CommandEnds, Exit
from muster.client.session import Session

POLICIES: Final = ("OVERWRITE", "FILL_EMPTY", "MERGE", "REPLACE")
LEAVE_OUT: Final = "-"

Suggestion = dict[str, Any]
Suggestions = dict[str, Any]
"""As importColumnSuggestions answers."""


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


def chosen(
    session: Session, found: Suggestions, given: dict[str, str], accept: bool
) -> tuple[dict[str, str], dict[str, Any]]:
    """The fields by column, and options that go with them.

    `given` wins over suggestions; a person is asked, unless `accept` takes the suggested fields. How cells seem to be written is
    offered, and taken only by a person.
    """
    suggested = {one["column"]: one["field"] for one in found["columns"] if one["field"]}
    header = {"headerRow": found["headerRow"]} if found["headerRow"] > 1 else {}
    if accept:
        _tell_options(session, found)
        return suggested | given, header
    if not session.output.can_ask:
        _show(session, found)
        raise CommandEnds(
            Exit.USAGE, "say which column goes into which field: --map COLUMN=FIELD for each, or --suggested"
        )
    options = {one["option"]: one["value"] for one in found["options"]}
    return _asked(session, found, suggested), header | options


def inputs(columns: dict[str, str], policies: dict[str, str]) -> list[dict[str, str]]:
    """The columns as importStart takes them."""
    unknown = set(policies) - {""} - set(columns.values())
    if unknown:
        raise click.BadParameter(f"no column goes into {', '.join(sorted(unknown))}", param_hint="--policy")
    every = policies.get("", "OVERWRITE")
    return [
        {"column": column, "field": field, "policy": policies.get(field, every)} for column, field in columns.items()
    ]


def _asked(session: Session, found: Suggestions, suggested: dict[str, str]) -> dict[str, str]:
    _show(session, found)
    _tell_options(session, found)
    answer = click.prompt("Import it like this?", type=click.Choice(["yes", "edit", "no"]), default="yes", err=True)
    if answer == "no":
        raise CommandEnds(Exit.CANCELLED, "nothing was imported")
    return suggested if answer == "yes" else _edited(found["columns"])


def _edited(columns: Sequence[Suggestion]) -> dict[str, str]:
    fields = {}
    for one in columns:
        default = one["field"] or LEAVE_OUT
        field = click.prompt(f"{one['column']} goes into ({LEAVE_OUT} leaves it out)", default=default, err=True)
        if field != LEAVE_OUT:
            fields[one["column"]] = field
    return fields


def _show(session: Session, found: Suggestions) -> None:
    headings = {"column": "column", "field": "field", "sure": "sure", "samples": "some of its cells"}
    rows = [
        {**one, "samples": one["samples"][:3], "sure": f"{one['confidence']:.0%}" if one["field"] else None}
        for one in found["columns"]
    ]
    session.output.table(rows, headings)


def _tell_options(session: Session, found: Suggestions) -> None:
    for one in found["options"]:
        session.output.remark(f"{one['option']}: {one['value']} ({one['reason']})")
