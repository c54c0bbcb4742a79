"""`muster import`: a file of contacts, from this machine to a finished job."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from muster.client import columns, documents
from muster.client.endings import end_with_job, summary_of_job
from muster.client.import_options import as_input, import_options, lenient, saved_options
from muster.client.names import segment_id
from muster.client.output import Step
from muster.client.session import Session, with_session
from muster.client.watch import watch_job


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "mapped", multiple=True, metavar="COLUMN=FIELD", help="Put this column into this field.")
@click.option("--suggested", is_flag=True, help="Take the suggested field of each column that --map does not name.")
@click.option("--mapping", metavar="NAME", help="Take the columns and options of this saved mapping.")
@click.option("--save-mapping", metavar="NAME", help="Save the columns and options for the next such file.")
@click.option(
    "--policy",
    multiple=True,
    metavar="[FIELD=]POLICY",
    help="OVERWRITE, FILL_EMPTY, MERGE or REPLACE: what a cell does to a contact that has a value.",
)
@import_options
@click.option("--detach", is_flag=True, help="Do not wait for the end.")
@with_session
def import_file(session: Session, file: Path, detach: bool, **given: Any) -> None:
    """Import contacts from FILE: CSV, TSV or XLSX.

    Without --map, --suggested and --mapping, the suggested fields are shown and a person is asked. Exit code 3 says that
    rows were rejected; `muster job download` gets the report.
    """
    mapped, policies = columns.parse_map(given["mapped"]), columns.parse_policies(given["policy"])
    segment = None if given["segment"] is None else segment_id(session, given["segment"])
    options = as_input(given, segment)
    if given["mapping"] is not None:
        options = saved_options(session.api.ask(documents.MAPPINGS)["importMappings"], given["mapping"]) | options
    upload = _upload(session, file)
    options = _with_columns(session, upload, options, mapped, policies, given)
    if given["save_mapping"] is not None:
        session.api.do(documents.MAPPING_SAVE, name=given["save_mapping"], options=options)
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


def _with_columns(
    session: Session,
    upload: str,
    options: dict[str, Any],
    mapped: dict[str, str],
    policies: dict[str, str],
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """The options with the columns: of the saved mapping, as named, as suggested or as a person answers."""
    if "columns" in options and not mapped and not given["suggested"]:
        return options | {"columns": lenient(options["columns"], given["lenient"])}
    if not mapped or given["suggested"]:
        found = _suggestions(session, upload, options)
        mapped, taken = columns.chosen(session, found, mapped, given["suggested"])
        options = taken | options
    return options | {"columns": lenient(columns.inputs(mapped, policies), given["lenient"])}


def _suggestions(session: Session, upload: str, options: Mapping[str, Any]) -> columns.Suggestions:
    layout = {name: options[name] for name in ("delimiter", "encoding", "headerRow", "sheet") if name in options}
    asked = session.api.ask(documents.SUGGESTIONS, upload=upload, hasHeader=options.get("hasHeader", True), **layout)
    found: columns.Suggestions = asked["importColumnSuggestions"]
    return found
