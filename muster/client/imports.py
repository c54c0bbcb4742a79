"""`muster import`: a file of contacts, from this machine to a finished job."""

from pathlib import Path
from typing import Any

import click

from muster.client import columns, documents
from muster.client.endings import end_with_job, summary_of_job
from muster.client.names import segment_id
from muster.client.output import Step
from muster.client.session import Session, with_session
from muster.client.watch import watch_job


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapped", multiple=True, metavar="COLUMN=FIELD", help="Put this column into this field.")
@click.option("--suggested", is_flag=True, help="Take the suggested field of each column that --map does not name.")
@click.option(
    "--policy",
    multiple=True,
    metavar="[FIELD=]POLICY",
    help="OVERWRITE, FILL_EMPTY, MERGE or REPLACE: what a cell does to a contact that has a value.",
)
@click.option("--overwrite", is_flag=True, help="Update contacts that exist already.")
@click.option("--no-create", is_flag=True, help="Create no contacts.")
@click.option("--segment", help="Put the contacts into this static segment: its id or its name.")
@click.option("--tag", "tags", multiple=True, help="Give each contact this tag.")
@click.option("--delimiter", help="One character; worked out from the file when absent.")
@click.option("--list-separator", default=";", show_default=True, help="What stands between the tags in one cell.")
@click.option("--no-header", is_flag=True, help="The first row is a contact; columns are called 0, 1, ...")
@click.option("--dry-run", is_flag=True, help="Count the outcomes and write the report, and change nothing.")
@click.option("--detach", is_flag=True, help="Do not wait for the end.")
@with_session
def import_file(session: Session, file: Path, detach: bool, **given: Any) -> None:
    """Import contacts from FILE: CSV, TSV or XLSX.

    Without --map and --suggested, the suggested fields are shown and a person is asked. Exit code 3 says that rows were
    rejected; `muster job download` gets the report.
    """
    fields, policies = columns.parse_map(given["mapped"]), columns.parse_policies(given["policy"])
    segment = None if given["segment"] is None else segment_id(session, given["segment"])
    upload = _upload(session, file)
    if not fields or given["suggested"]:
        fields = columns.chosen(session, _suggestions(session, upload, given), fields, given["suggested"])
    options = _options(given, columns.inputs(fields, policies), segment)
    job = session.api.do(documents.IMPORT, upload=upload, options=options)["job"]
    if detach:
        session.output.line(job, summary_of_job(job))
    else:
        end_with_job(session, watch_job(session, job["id"]))


def _upload(session: Session, file: Path) -> str:
    size = file.stat().st_size
    staged = session.api.do(documents.UPLOAD, filename=file.name, bytes=size)["stagedUpload"]
    sent = 0
    with session.output.bar() as bar:

        def progress(more: int) -> None:
            nonlocal sent
            sent += more
            bar.update(Step("upload (bytes)", sent, size))

        session.api.upload(staged["url"], file, progress)
    return str(staged["id"])


def _suggestions(session: Session, upload: str, given: dict[str, Any]) -> list[columns.Suggestion]:
    asked = session.api.ask(
        documents.SUGGESTIONS, upload=upload, hasHeader=not given["no_header"], delimiter=given["delimiter"]
    )
    found: list[columns.Suggestion] = asked["importColumnSuggestions"]["columns"]
    return found


def _options(given: dict[str, Any], mapped: list[dict[str, str]], segment: str | None) -> dict[str, Any]:
    return {
        "columns": mapped,
        "hasHeader": not given["no_header"],
        "delimiter": given["delimiter"],
        "listSeparator": given["list_separator"],
        "overwrite": given["overwrite"],
        "create": not given["no_create"],
        "dryRun": given["dry_run"],
        "addToSegmentId": segment,
        "addTags": list(given["tags"]),
    }
