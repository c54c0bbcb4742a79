"""`muster export`: contacts into a file on this machine."""

import json
from pathlib import Path
from typing import Any

import click

from muster.client import documents
from muster.client.downloads import download, must_be_new
from muster.client.endings import end_with_job, summary_of_job
from muster.client.names import segment_id
from muster.client.session import Session, with_session
from muster.client.watch import watch_job


@click.command("export")
@click.option("--output", "-o", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.option("--segment", help="The contacts of this segment: its id or its name.")
@click.option("--search", help="The contacts that this search finds.")
@click.option(
    "--rule", help="The contacts that this rule finds: its text form, JSON in the shape of RuleInput, or @FILE."
)
@click.option("--field", "fields", multiple=True, help="Write only these fields, in this order.")
@click.option(
    "--format", "file_format", type=click.Choice(["csv", "ndjson", "xlsx"]), help="By default that of the file's name."
)
@click.option("--bom", is_flag=True, help="CSV with a byte order mark, so that Excel reads accents.")
@click.option("--detach", is_flag=True, help="Do not wait for the end: `muster job download` gets the file.")
@with_session
def export(session: Session, output: Path, force: bool, detach: bool, **given: Any) -> None:
    """Export contacts to a file: all of them, or a segment, a search or a rule.

    The file is there only when it is whole.
    """
    selection = _selection(session, given)
    if not detach:
        must_be_new(output, force)
    fields = list(given["fields"]) or None
    asked = {"contacts": selection, "fields": fields, "format": _format(given, output), "bom": given["bom"]}
    job = session.api.do(documents.EXPORT, input=asked)["job"]
    if detach:
        session.output.line(job, summary_of_job(job))
        return
    job = watch_job(session, job["id"])
    if job["status"] == "SUCCEEDED":
        download(session, job["id"], output)
    end_with_job(session, job)


def _selection(session: Session, given: dict[str, Any]) -> dict[str, Any] | None:
    chosen = [name for name in ("segment", "search", "rule") if given[name] is not None]
    if len(chosen) > 1:
        raise click.UsageError(f"choose one of {', '.join(f'--{name}' for name in chosen)}")
    if given["segment"] is not None:
        return {"segmentId": segment_id(session, given["segment"])}
    if given["search"] is not None:
        return {"search": given["search"]}
    return None if given["rule"] is None else _rule(given["rule"])


def _rule(given: str) -> dict[str, Any]:
    """Texts of rules never begin with a brace."""
    try:
        text = Path(given[1:]).read_text() if given.startswith("@") else given
        return {"filter": json.loads(text)} if text.lstrip().startswith("{") else {"ruleQuery": text}
    except (ValueError, OSError) as error:
        raise click.BadParameter(f"this is no JSON: {error}", param_hint="--rule") from None


def _format(given: dict[str, Any], output: Path) -> str:
    chosen = given["file_format"] or output.suffix.removeprefix(".").lower()
    return {"ndjson": "NDJSON", "jsonl": "NDJSON", "xlsx": "XLSX"}.get(chosen, "CSV")
