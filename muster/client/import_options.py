"""The options of `muster import` that say how a file is written, and what an import does with it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click

from muster.client.exits import CommandEnds, Exit

Command = Callable[..., None]

_OPTIONS: Final = (
    click.option("--overwrite", is_flag=True, help="Update contacts that exist already."),
    click.option("--no-create", is_flag=True, help="Create no contacts."),
    click.option("--segment", help="Put the contacts into this static segment: its id or its name."),
    click.option("--tag", "tags", multiple=True, help="Give each contact this tag."),
    click.option("--encoding", help="Such as windows-1251; worked out from the file when absent."),
    click.option("--delimiter", help="One character; worked out from the file when absent."),
    click.option("--sheet", help="Of a workbook: its name; the first one when absent."),
    click.option("--no-header", is_flag=True, help="The first row is a contact; columns are called 0, 1, ..."),
    click.option("--header-row", type=click.IntRange(1), help="The row of the header, when a title stands above it."),
    click.option("--list-separator", help="What stands between the tags in one cell; ; when absent."),
    click.option("--date-format", help="How days are written, such as DD/MM/YYYY; YYYY-MM-DD when absent."),
    click.option("--decimal-comma", is_flag=True, help="Numbers are written as 1.234,5."),
    click.option("--country", help="For phone numbers without one, such as ES; the workspace's when absent."),
    click.option(
        "--consent", multiple=True, metavar="CELL=CONSENT", help="What a cell of a consent column means: yes=OPTED_IN."
    ),
    click.option(
        "--lenient", multiple=True, metavar="FIELD", help="Leave out cells of it that cannot be read, not rows."
    ),
    click.option(
        "--replace-external-id",
        is_flag=True,
        help="Give a contact that was found otherwise the external id of the file.",
    ),
    click.option("--dry-run", is_flag=True, help="Count the outcomes and write the report, and change nothing."),
)


def import_options(command: Command) -> Command:
    """All of them, in the order of the help."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_GIVEN: Final[Mapping[str, str]] = {
    "overwrite": "overwrite",
    "encoding": "encoding",
    "delimiter": "delimiter",
    "sheet": "sheet",
    "header_row": "headerRow",
    "list_separator": "listSeparator",
    "date_format": "dateFormat",
    "decimal_comma": "decimalComma",
    "country": "country",
    "replace_external_id": "replaceExternalId",
    "dry_run": "dryRun",
}


def as_input(given: Mapping[str, Any], segment: str | None) -> dict[str, Any]:
    """Those that were given, as ImportOptionsInput takes them, without the columns."""
    options = {name: given[key] for key, name in _GIVEN.items() if given[key] not in (None, False)}
    if given["no_header"]:
        options["hasHeader"] = False
    if given["no_create"]:
        options["create"] = False
    if given["tags"]:
        options["addTags"] = list(given["tags"])
    if given["consent"]:
        options["consentValues"] = _consents(given["consent"])
    return options | ({} if segment is None else {"addToSegmentId": segment})


def lenient(columns: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> list[dict[str, Any]]:
    """The columns, of which those that go into `fields` leave out what cannot be read."""
    unknown = set(fields) - {column["field"] for column in columns}
    if unknown:
        raise click.BadParameter(f"no column goes into {', '.join(sorted(unknown))}", param_hint="--lenient")
    return [{**column, **({"onBadCell": "LEAVE_OUT"} if column["field"] in fields else {})} for column in columns]


def saved_options(mappings: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    """Those of the saved mapping that is called so. Raises CommandEnds."""
    for mapping in mappings:
        if mapping["name"] == name:
            return dict(mapping["options"])
    known = ", ".join(repr(mapping["name"]) for mapping in mappings) or "none"
    raise CommandEnds(Exit.FAILED, f"there is no saved mapping {name!r}: there is {known}")


def _consents(given: Sequence[str]) -> dict[str, str]:
    values = {}
    for one in given:
        cell, divider, consent = one.rpartition("=")
        if not divider:
            raise click.BadParameter(f"{one!r}: write CELL=CONSENT, such as yes=OPTED_IN", param_hint="--consent")
        values[cell] = consent.upper()
    return values
