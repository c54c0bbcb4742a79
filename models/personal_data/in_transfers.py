"""What imports, exports and their files hold of one person."""

from typing import Any, Final

from models import db
from models.personal_data.identity import ERASED, MENTIONS, Identity, without_person
from models.queue.jobs import ENDED
from models.transfers import cleanup


async def values_of(workspace_id: int, identity: Identity) -> dict[str, set[str]]:
    """Numbers and addresses that imports have replaced in the contact."""
    found: dict[str, set[str]] = {"phones": set(), "emails": set(), "external_ids": set()}
    columns = {"phone": "phones", "email": "emails", "external_id": "external_ids"}
    for job_id in await _imports(workspace_id):
        before = await db.fetch_value(
            "SELECT before FROM import_changes WHERE workspace_id = $1 AND job_id = $2 AND contact_id = $3",
            workspace_id,
            job_id,
            identity.contact_id,
        )
        for name, value in (db.load_json(before) if before else {}).items():
            if name in columns and isinstance(value, str):
                found[columns[name]].add(value)
    return found


async def erase(workspace_id: int, identity: Identity) -> bool:
    """Empties rows of reports, forgets what would undo, and removes files. False while a job may still hold the person."""
    for job_id in await _imports(workspace_id):
        await _erase_import(workspace_id, job_id, identity)
    await _erase_texts(workspace_id, identity)
    if await _is_busy(workspace_id):
        return False
    await _remove_files(workspace_id)
    return True


async def _imports(workspace_id: int) -> list[int]:
    """Those that have not been forgotten yet."""
    rows = await db.fetch(
        "SELECT id FROM jobs WHERE workspace_id = $1 AND kind = 'IMPORT' AND NOT progress ? 'forgotten' ORDER BY id",
        workspace_id,
    )
    return [row["id"] for row in rows]


_REFUSALS: Final = f"""
    UPDATE import_refusals SET cells = '{{}}', reason = 'The contact was erased.'
    WHERE workspace_id = $1 AND job_id = $4
      AND (cells && $5::text[] OR {MENTIONS.format(text="array_to_string(cells, '|')", kept="|")}
           OR {MENTIONS.format(text="reason", kept="")})
"""  # noqa: S608 - constants

_DRY_KEYS: Final = f"""
    DELETE FROM import_dry_keys
    WHERE workspace_id = $1 AND job_id = $4 AND (value = ANY ($5::text[]) OR {MENTIONS.format(text="value", kept="")})
"""  # noqa: S608


async def _erase_import(workspace_id: int, job_id: int, identity: Identity) -> None:
    found = (workspace_id, identity.words, identity.digits, job_id, sorted(identity.external_ids))
    await db.execute(_REFUSALS, *found)
    await db.execute(_DRY_KEYS, *found)
    await db.execute(
        "DELETE FROM import_changes WHERE workspace_id = $1 AND job_id = $2 AND contact_id = $3",
        workspace_id,
        job_id,
        identity.contact_id,
    )


# ---------------------------------------------------------------- texts of jobs


_JOBS: Final = f"""
    SELECT id, input, progress, error FROM jobs
    WHERE workspace_id = $1 AND status IN ('SUCCEEDED', 'FAILED', 'CANCELLED')
      AND {MENTIONS.format(text="(input::text || progress::text || coalesce(error, ''))", kept='"')}
    ORDER BY id
"""  # noqa: S608


async def _erase_texts(workspace_id: int, identity: Identity) -> None:
    """What somebody searched for, names of files, errors."""
    for row in await db.fetch(_JOBS, workspace_id, identity.words, identity.digits):
        await db.execute(
            "UPDATE jobs SET input = $3, progress = $4, error = $5 WHERE workspace_id = $1 AND id = $2",
            workspace_id,
            row["id"],
            db.dump_json(without_person(db.load_json(row["input"]), identity)),
            db.dump_json(without_person(db.load_json(row["progress"]), identity)),
            without_person(row["error"], identity),
        )
    for table, column in (("segment_uses", "label"), ("uploads", "filename")):
        await db.execute(
            f"UPDATE {table} SET {column} = $4 WHERE workspace_id = $1 AND {MENTIONS.format(text=column, kept='')}",  # noqa: S608
            workspace_id,
            identity.words,
            identity.digits,
            ERASED,
        )
    await db.execute(_EVENTS, workspace_id, identity.words, identity.digits, ERASED)
    await _erase_requests(workspace_id, identity)


_EVENTS: Final = f"""
    UPDATE events SET payload = jsonb_set(payload, '{{error}}', to_jsonb($4::text))
    WHERE workspace_id = $1 AND type = 'job.finished' AND payload ->> 'error' IS NOT NULL
      AND {MENTIONS.format(text="(payload ->> 'error')", kept="")}
"""  # noqa: S608


async def _erase_requests(workspace_id: int, identity: Identity) -> None:
    """Test sends name contacts with numbers and values."""
    rows = await db.fetch(
        "SELECT id, input, result, error FROM provider_requests WHERE workspace_id = $1 AND finished_at IS NOT NULL",
        workspace_id,
    )
    for row in rows:
        given: dict[str, Any] = db.load_json(row["input"])
        people = [one for one in given.get("people", ()) if one["contact"] != identity.contact_id]
        if "people" in given:
            given["people"] = people
        await db.execute(
            "UPDATE provider_requests SET input = $3, result = $4, error = $5 WHERE workspace_id = $1 AND id = $2",
            workspace_id,
            row["id"],
            db.dump_json(without_person(given, identity)),
            db.dump_json(without_person(db.load_json(row["result"]), identity)),
            without_person(row["error"], identity),
        )


# ---------------------------------------------------------------- files


async def _is_busy(workspace_id: int) -> bool:
    """Whether a job reads or writes files, or a request to a provider names people."""
    job = await db.fetch_value(
        """
        SELECT 1 FROM jobs WHERE workspace_id = $1 AND kind IN ('IMPORT', 'EXPORT') AND NOT status = ANY ($2::text[]) LIMIT 1
        """,
        workspace_id,
        sorted(ENDED),
    )
    request = await db.fetch_value(
        "SELECT 1 FROM provider_requests WHERE workspace_id = $1 AND kind = 'TEST' AND finished_at IS NULL LIMIT 1",
        workspace_id,
    )
    return job is not None or request is not None


async def _remove_files(workspace_id: int) -> None:
    """All files of the workspace: nobody looks through them, and they would be kept for some days only."""
    await db.execute("DELETE FROM uploads WHERE workspace_id = $1 AND key IS NOT NULL", workspace_id)
    await db.execute(
        """
        UPDATE jobs SET progress = progress || '{"removed": true}'
        WHERE workspace_id = $1 AND kind = 'EXPORT' AND NOT progress ? 'removed'
        """,
        workspace_id,
    )
    await cleanup.remove_files_of(workspace_id)
