"""Renames a tag, or takes it away, in contacts, rules, scores and workflows of a workspace, by a job: there may be many contacts.

A rename is one transaction: contacts, rules, scores and workflows change together, so nobody leaves a segment and comes back.
Writers of tags (see models/contacts/tags.py) and workflows wait for it. It adds no tag and removes none: no workflow is set off.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

from models import db
from models.accounts import audit_log
from models.changelog import events
from models.contacts import tags
from models.contacts.built_in_fields import LONGEST_TAG
from models.db import Record
from models.errors import InUse, Invalid, NotFound, at
from models.membership import dirty_contacts, engine_lock, rule_versions
from models.queue import jobs, running_jobs, work
from models.queue.enqueue import enqueue
from models.queue.jobs import Job, JobKind
from models.rules.renamed_tags import with_renamed_tags
from models.score_models import renamed_tags as renamed_in_scores
from models.segments.segments import hold_rules
from models.values.texts import check_name
from models.workflows import engine_lock as workflow_lock
from models.workflows import renamed_tags
from permissions.principal import Scope

CHUNK: Final = 10_000
"""Contacts per statement."""


async def rename_tag(scope: Scope, tag: str, to: str) -> Job:
    """Queue it. Onto an existing tag, it makes one of the two. Raises NotFound at `tag`, Invalid at `to`."""
    with at("to"):
        name = check_name(to, LONGEST_TAG)
    async with db.transaction():
        known = await _get_name(scope, tag)
        if known == name:
            raise Invalid("this is the tag's name already", ("to",))
        return await _queue(scope, "tag_rename", {"tag": known, "to": name})


async def delete_tag(scope: Scope, tag: str) -> Job:
    """Queue it. Raises NotFound at `tag`, and InUse there while a segment, a score or a running workflow speaks of it."""
    async with db.transaction():
        known = await _get_name(scope, tag)
        await _refuse_used(scope, known)
        return await _queue(scope, "tag_delete", {"tag": known, "to": None})


async def carry_on(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """Yields wherever it may be stopped. Raises InUse when a rule speaks of a tag that is to go."""
    if job.input["to"] is not None:
        if not job.progress.get("renamed"):
            await _rename(scope, job)
        return
    while await _remove_chunk(scope, job):
        yield
    await _remove_rest(scope, job)


async def _get_name(scope: Scope, tag: str) -> str:
    with at("tag"):
        known = await tags.find_spelling(scope, check_name(tag, LONGEST_TAG))
    if known is None:
        raise NotFound("there is no such tag", ("tag",))
    return known


async def _queue(scope: Scope, action: str, change: dict[str, Any]) -> Job:
    job = await jobs.create(scope, JobKind.TAG_CHANGE, change)
    await audit_log.record(scope, action, "Job", job.id, change)
    return job


# ---------------------------------------------------------------- renamed


async def _rename(scope: Scope, job: Job) -> None:
    async with db.transaction():
        await workflow_lock.hold(scope.workspace_id)
        await hold_rules(scope)
        await tags.hold_all(scope)
        old = await tags.find_spelling(scope, job.input["tag"])
        changed = 0
        if old is not None:
            merges = await tags.is_another(scope, job.input["to"], old)
            new = await tags.rename(scope, old, job.input["to"])
            changed = await _rename_in_contacts(scope, old, new)
            await db.execute(_RENAME_IN_IMPORTS, scope.workspace_id, old, new)
            await engine_lock.take(scope.workspace_id)
            await _rename_in_rules(scope, old, new)
            await renamed_in_scores.rename(scope, old, new, merges=merges)
            await renamed_tags.rename(scope, old, new)
        await running_jobs.progress(job, done=changed, total=changed, progress={"renamed": True})


async def _rename_in_contacts(scope: Scope, old: str, new: str) -> int:
    changed, after = 0, 0
    while ids := await _next_contacts(scope, old, after):
        async with dirty_contacts.marked_by_hand():
            await db.execute(_RENAME, scope.workspace_id, ids, old, new)
        changed, after = changed + len(ids), ids[-1]
    if changed:
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
    return changed


async def _next_contacts(scope: Scope, tag: str, after: int) -> list[int]:
    """Locked, in the order of their ids."""
    return [row["id"] for row in await db.fetch(_NEXT, scope.workspace_id, after, tag, CHUNK)]


_NEXT: Final = """
    SELECT id FROM contacts WHERE workspace_id = $1 AND id > $2 AND tag_keys @> muster_fold(ARRAY[$3::text])
    ORDER BY id LIMIT $4 FOR NO KEY UPDATE
"""

# Where the contact has the other tag too, the old one goes. The marks say that rules of tags are to be asked, and name no tag
# that came or went.
_RENAME: Final = """
    WITH renamed AS (UPDATE contacts c SET tags = ARRAY(
        SELECT CASE WHEN lower(held.name) = lower($3) THEN $4 ELSE held.name END
        FROM unnest(c.tags) WITH ORDINALITY AS held (name, place)
        WHERE lower(held.name) <> lower($3) OR lower($3) = lower($4) OR lower($4) <> ALL (c.tag_keys)
        ORDER BY held.place)
    WHERE c.workspace_id = $1 AND c.id = ANY ($2::bigint[]) RETURNING c.id)
    INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk) SELECT $1, id, '{tags,updated_at}', true FROM renamed
"""

# What an import would put back when it is taken back.
_RENAME_IN_IMPORTS: Final = """
    UPDATE import_changes SET before = jsonb_set(before, '{tags}', (
        SELECT coalesce(jsonb_agg(CASE WHEN held.name = $2 THEN $3 ELSE held.name END ORDER BY held.place), '[]')
        FROM jsonb_array_elements_text(before -> 'tags') WITH ORDINALITY AS held (name, place)
        WHERE held.name <> $2 OR ($3::text IS NOT NULL AND NOT (before -> 'tags') ? $3)))
    WHERE workspace_id = $1 AND before -> 'tags' ? $2
"""


async def _rename_in_rules(scope: Scope, old: str, new: str) -> None:
    """The rule that decides now changes in the same moment as the contacts; a build follows, because two tags became one.

    The engine's lock keeps away a batch that knows the old rules.
    """
    names = dict.fromkeys(await _spellings(scope, old), new)
    for segment in await db.fetch(_SPEAKING, scope.workspace_id, old):
        rules = [with_renamed_tags(db.load_json(segment[which]), names) for which in ("rule", "active_rule")]
        written = [None if rule is None else db.dump_json(rule) for rule in rules]
        row = await db.fetch_row(_WRITE_RULES, scope.workspace_id, segment["id"], *written)
        assert row is not None, "the segment is locked"
        if written[0] is not None:
            await rule_versions.record(scope, segment["id"], written[0], row["rule_version"])
        if not segment["deleted"]:
            await enqueue(work.REBUILD, scope.workspace_id, segment["id"])
            await events.record(
                scope.workspace_id, events.SegmentUpdated(segment["id"], segment["name"], row["version"], ["rule"])
            )


_TAGS_OF_RULES: Final = """
    jsonb_path_query(jsonb_build_array(s.rule, s.active_rule), '$.**.tags.tags[*]') AS named (tag)
    WHERE lower(normalize(named.tag #>> '{}')) = lower($2)
"""

_SPELLINGS: Final = f"""
    SELECT DISTINCT named.tag #>> '{{}}' AS name FROM segments s, {_TAGS_OF_RULES} AND s.workspace_id = $1
"""  # noqa: S608 - a path of our own

_SPEAKING: Final = f"""
    SELECT s.id, s.name, s.rule, s.active_rule, s.deleted_at IS NOT NULL AS deleted FROM segments s
    WHERE s.workspace_id = $1 AND EXISTS (SELECT FROM {_TAGS_OF_RULES}) ORDER BY s.id FOR NO KEY UPDATE
"""  # noqa: S608 - a path of our own

_WRITE_RULES: Final = """
    UPDATE segments SET rule = $3::jsonb, active_rule = $4::jsonb, version = version + 1, rule_version = rule_version + 1,
                        status = CASE WHEN deleted_at IS NULL THEN 'BUILDING' ELSE status END
    WHERE workspace_id = $1 AND id = $2 RETURNING version, rule_version
"""


async def _spellings(scope: Scope, tag: str) -> list[str]:
    """The tag as rules write it, in any case."""
    return [row["name"] for row in await db.fetch(_SPELLINGS, scope.workspace_id, tag)]


# ---------------------------------------------------------------- taken away


async def _remove_chunk(scope: Scope, job: Job) -> bool:
    async with db.transaction():
        ids = await _next_contacts(scope, job.input["tag"], job.progress.get("after", 0))
        if ids:
            await _remove_from(scope, job.input["tag"], ids)
            await running_jobs.progress(job, done=job.done + len(ids), progress={"after": ids[-1]})
    return bool(ids)


async def _remove_rest(scope: Scope, job: Job) -> None:
    """From contacts that got it meanwhile, and from the list of tags. No writer of tags is between its steps."""
    tag = job.input["tag"]
    async with db.transaction():
        await workflow_lock.hold(scope.workspace_id)
        await hold_rules(scope)
        await tags.hold_all(scope)
        await _refuse_used(scope, tag)
        done = job.done
        while ids := await _next_contacts(scope, tag, 0):
            await _remove_from(scope, tag, ids)
            done += len(ids)
        await db.execute(_RENAME_IN_IMPORTS, scope.workspace_id, tag, None)
        await tags.forget(scope, tag)
        await running_jobs.progress(job, done=done, total=done, progress={"removed": True})


async def _remove_from(scope: Scope, tag: str, ids: Sequence[int]) -> None:
    async with dirty_contacts.as_bulk(only_if=len(ids) > dirty_contacts.MANY):
        await db.execute(_REMOVE, scope.workspace_id, list(ids), tag)
    await enqueue(work.PROCESS_CHANGES, scope.workspace_id)


_REMOVE: Final = """
    UPDATE contacts c SET tags = ARRAY(
        SELECT held.name FROM unnest(c.tags) WITH ORDINALITY AS held (name, place)
        WHERE lower(held.name) <> lower($3) ORDER BY held.place)
    WHERE c.workspace_id = $1 AND c.id = ANY ($2::bigint[])
"""


async def _refuse_used(scope: Scope, tag: str) -> None:
    rows: list[Record] = await db.fetch(_SPEAKING, scope.workspace_id, tag)
    names = [repr(row["name"]) for row in rows if not row["deleted"]]
    if names:
        listed = ", ".join(names[:10]) + (" and more" if len(names) > 10 else "")
        raise InUse(f"the rules of these segments speak of this tag: {listed}. Change them first", ("tag",))
    await renamed_in_scores.refuse_used(scope, tag)
    await renamed_tags.refuse_used(scope, tag)
