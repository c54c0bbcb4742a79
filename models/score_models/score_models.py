"""Creates, changes and deletes scores."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.contacts import fields as contact_fields
from models.errors import Conflict, Invalid, LimitExceeded, NotFound, Problems, Taken, Unsupported
from models.queue import work
from models.queue.enqueue import enqueue
from models.rule_catalogue.loading import load_catalogue
from models.score_models import mentions
from models.scores import epochs
from models.scores.definition import Definition, check_key, read
from models.values.texts import check_name, check_text, storable
from permissions.principal import PrincipalKind, Scope

MOST: Final = 50
"""Of a workspace."""

LONGEST_DESCRIPTION: Final = 2_000

_COLUMNS: Final = """
    id, key, name, description, definition, status, version, active_build, active_definition, built_at, created_at, updated_at
"""


async def create(scope: Scope, given: Mapping[str, Any]) -> db.Record:
    """`given` has the shape of ScoreModelInput. Raises Problems, Taken at `key`, or LimitExceeded."""
    key = check_key(given.get("key"))
    async with db.transaction():
        await contact_fields.load_to_write(scope)
        definition = await _checked(scope, given, key)
        if (
            await db.fetch_value("SELECT count(*) FROM score_models WHERE workspace_id = $1", scope.workspace_id)
            >= MOST
        ):
            raise LimitExceeded(f"a workspace has at most {MOST} scores: delete one that nobody reads")
        rows = await db.fetch(
            _CREATE,
            scope.workspace_id,
            key,
            *_names(given),
            db.dump_json(stored_form(given)),
            scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None,
            clock.now(),
        )
        if not rows:
            raise Taken("another score has this key", ("key",))
        row = rows[0]
        await audit_log.record(scope, "score_model_create", "ScoreModel", row["id"], {"parts": len(definition.parts)})
        await enqueue(work.BUILD_SCORE, scope.workspace_id, row["id"])
    return row


_CREATE: Final = f"""
    INSERT INTO score_models (workspace_id, key, name, description, definition, created_by, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING RETURNING {_COLUMNS}
"""  # noqa: S608 - columns of a list


async def update(scope: Scope, model_id: int, given: Mapping[str, Any], version: int | None) -> db.Record:
    """A new definition is built beside the one that counts. Raises NotFound, Conflict at `version`, Unsupported, or Problems."""
    async with db.transaction():
        await contact_fields.load_to_write(scope)
        row = await _hold(scope, model_id)
        if version is not None and version != row["version"]:
            raise Conflict(f"somebody has changed it: it is at version {row['version']} now", ("version",))
        if check_key(given.get("key")) != row["key"]:
            raise Unsupported("a key stays, because rules name it: make another score", ("key",))
        await _checked(scope, given, row["key"])
        definition = db.dump_json(stored_form(given))
        is_new = not db.same_json(db.load_json(row["definition"]), db.load_json(definition))
        changed = await db.fetch_row(
            _UPDATE, scope.workspace_id, model_id, *_names(given), definition, is_new, clock.now()
        )
        assert changed is not None
        await audit_log.record(scope, "score_model_update", "ScoreModel", model_id, {"definition": is_new})
        if is_new:
            await enqueue(work.BUILD_SCORE, scope.workspace_id, model_id)
        else:
            await epochs.grow(scope.workspace_id)
    return changed


_UPDATE: Final = f"""
    UPDATE score_models SET name = $3, description = $4, definition = $5, version = version + 1, updated_at = $7,
        status = CASE WHEN $6::boolean THEN 'BUILDING' ELSE status END,
        build_started_at = CASE WHEN $6::boolean THEN NULL ELSE build_started_at END
    WHERE workspace_id = $1 AND id = $2 RETURNING {_COLUMNS}
"""  # noqa: S608 - columns of a list


async def delete(scope: Scope, model_id: int) -> None:
    """Raises NotFound, or InUse while a rule or a workflow reads it."""
    async with db.transaction():
        row = await _hold(scope, model_id)
        await mentions.refuse_used(scope, row["key"])
        builds = [row[name] for name in ("active_build", "next_build") if row[name] is not None]
        await db.execute(
            "INSERT INTO score_old_builds (workspace_id, build_id) SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING",
            scope.workspace_id,
            builds,
        )
        for table in ("score_history", "score_adjustments"):
            await db.execute(
                f"DELETE FROM {table} WHERE workspace_id = $1 AND model_id = $2",  # noqa: S608 - one of two tables
                scope.workspace_id,
                model_id,
            )
        await db.execute("DELETE FROM score_models WHERE workspace_id = $1 AND id = $2", scope.workspace_id, model_id)
        await audit_log.record(scope, "score_model_delete", "ScoreModel", model_id, {"key": row["key"]})
        await epochs.grow(scope.workspace_id)


async def _hold(scope: Scope, model_id: int) -> db.Record:
    row = await db.fetch_row(
        f"SELECT {_COLUMNS}, next_build FROM score_models WHERE workspace_id = $1 AND id = $2 FOR UPDATE",  # noqa: S608
        scope.workspace_id,
        model_id,
    )
    if row is None:
        raise NotFound("there is no such score", ("id",))
    return row


# ---------------------------------------------------------------- checked


async def _checked(scope: Scope, given: Mapping[str, Any], key: str) -> Definition:
    """Raises Problems below `input`'s fields, with a score that would depend on itself."""
    rules = rules_of(given)
    definition = read(given, await load_catalogue(scope, *rules))
    await mentions.refuse_cycle(scope, key, rules)
    return definition


def rules_of(given: Mapping[str, Any]) -> list[object]:
    """The rules in a definition of any shape."""
    groups = _objects(given.get("groups"))
    parts = [part for group in groups for part in _objects(group.get("parts"))]
    earned = [part["earn"] for part in parts if isinstance(part.get("earn"), dict)]
    return [earn["while"] for earn in earned if earn.get("while") is not None]


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def stored_form(given: Mapping[str, Any]) -> dict[str, Any]:
    """What counts of the input: without names that mean nothing to the numbers."""
    return {name: given.get(name) for name in ("groups", "minimum", "maximum", "levels")}


def _names(given: Mapping[str, Any]) -> tuple[str, str | None]:
    problems = []
    name = description = None
    try:
        name = check_name(given.get("name"), 200)
    except Invalid as error:
        problems.append(error.under("name"))
    if given.get("description"):
        try:
            description = check_text(given["description"], LONGEST_DESCRIPTION)
        except Invalid as error:
            problems.append(error.under("description"))
    if problems or name is None:
        raise Problems(problems)
    return name, description


# ---------------------------------------------------------------- read


async def find(scope: Scope, model_id: int | None = None, key: str | None = None) -> db.Record | None:
    return await db.fetch_row(
        f"SELECT {_COLUMNS} FROM score_models WHERE workspace_id = $1 AND (id = $2 OR key = $3)",  # noqa: S608
        scope.workspace_id,
        model_id,
        None if key is None else storable(key),
    )


async def page(scope: Scope, limit: int, after: int = 0) -> list[db.Record]:
    return await db.fetch(
        f"SELECT {_COLUMNS} FROM score_models WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3",  # noqa: S608
        scope.workspace_id,
        after,
        limit,
    )


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[db.Record]:
    return await db.fetch(
        f"SELECT {_COLUMNS} FROM score_models WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",  # noqa: S608
        scope.workspace_id,
        list(ids),
    )


async def counts_by_level(scope: Scope, model_ids: Sequence[int]) -> dict[int, dict[str | None, int]]:
    """How many contacts each level of each score has."""
    rows = await db.fetch(
        """
        SELECT m.id, s.level, count(*) AS contacts FROM score_models AS m
        JOIN contact_scores AS s ON s.workspace_id = $1 AND s.build_id = m.active_build
        WHERE m.workspace_id = $1 AND m.id = ANY ($2::bigint[]) GROUP BY m.id, s.level
        """,
        scope.workspace_id,
        list(model_ids),
    )
    found: dict[int, dict[str | None, int]] = {model_id: {} for model_id in model_ids}
    for row in rows:
        found[row["id"]][row["level"]] = row["contacts"]
    return found
