"""A workspace saves mappings, and finds the one that fits a file."""

import pytest

from models import db
from models.errors import LimitExceeded, NotFound, Problems
from models.transfers.imports import saved_mappings
from models.transfers.imports.mapping import BadCell, Column, Options, Policy
from models.transfers.imports.suggestions import suggest
from models.transfers.imports.uploads import get_stored
from models.transfers.reading.inspection import InspectionRequest
from permissions.principal import Scope
from tests.kit.transfers import sent
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


def mapping_of(*headers: str, **options) -> Options:
    fields = ("email", "name", "phone", "external_id")
    return Options(tuple(Column(header, field) for header, field in zip(headers, fields, strict=False)), **options)


async def test_all_but_the_options_of_one_import_are_kept(scope):
    columns = (Column("E-mail", "email"), Column("Tags", "tags", Policy.MERGE, BadCell.LEAVE_OUT))
    options = Options(columns, date_format="DD/MM/YYYY", consent_values={"yes": "OPTED_IN"}, add_tags=("new",))
    row = await saved_mappings.save(scope, " Shop ", Options(**{**vars_of(options), "dry_run": True}))
    assert row["name"] == "Shop"
    assert saved_mappings.options_of(row) == options


def vars_of(options: Options) -> dict:
    return {name: getattr(options, name) for name in options.__dataclass_fields__}


async def test_a_mapping_with_the_same_name_is_replaced(scope):
    first = await saved_mappings.save(scope, "Shop", mapping_of("E-mail"))
    second = await saved_mappings.save(scope, "shop", mapping_of("Mail"))
    assert second["id"] == first["id"]
    assert [row["name"] for row in await saved_mappings.every(scope)] == ["shop"]
    assert saved_mappings.options_of(second) == mapping_of("Mail")


async def test_a_mapping_that_could_not_be_imported_with_is_refused(scope):
    for name, options, path in (
        (" ", mapping_of("E-mail"), ("name",)),
        ("Shop", Options((Column("E-mail", "nothing"),)), ("options", "columns", "0", "field")),
        ("Shop", mapping_of("E-mail", date_format="?"), ("options", "dateFormat")),
    ):
        with pytest.raises((Problems, Exception)) as caught:
            await saved_mappings.save(scope, name, options)
        errors = caught.value.errors if isinstance(caught.value, Problems) else [caught.value]
        assert [error.path for error in errors] == [path]
    assert await saved_mappings.every(scope) == []


async def test_a_workspace_saves_so_many(scope, monkeypatch):
    monkeypatch.setattr(saved_mappings, "MOST_MAPPINGS", 1)
    await saved_mappings.save(scope, "Shop", mapping_of("E-mail"))
    await saved_mappings.save(scope, "SHOP", mapping_of("Mail"))
    with pytest.raises(LimitExceeded):
        await saved_mappings.save(scope, "Other", mapping_of("E-mail"))


async def test_a_mapping_is_deleted_once_and_only_by_its_workspace(scope):
    row = await saved_mappings.save(scope, "Shop", mapping_of("E-mail"))
    with pytest.raises(NotFound):
        await saved_mappings.delete(await new_workspace("Other"), row["id"])
    await saved_mappings.delete(scope, row["id"])
    with pytest.raises(NotFound):
        await saved_mappings.delete(scope, row["id"])
    actions = await db.fetch("SELECT action FROM audit_log WHERE target_kind = 'ImportMapping' ORDER BY id")
    assert [row["action"] for row in actions] == ["import_mapping_save", "import_mapping_delete"]


async def test_the_mapping_with_most_columns_of_the_file_is_found(scope):
    await saved_mappings.save(scope, "Small", mapping_of("E-mail"))
    large = await saved_mappings.save(scope, "Large", mapping_of("E-mail", "Name"))
    await saved_mappings.save(scope, "Other", mapping_of("E-mail", "Name", "Phone"))
    await saved_mappings.save(scope, "Numbered", Options((Column("0", "email"),), has_header=False))
    await saved_mappings.save(await new_workspace("Other"), "Theirs", mapping_of("E-mail", "Name"))
    upload = await get_stored(scope, await sent(scope, "Name,E-mail,Note\nAna,a@x.org,x\n"))
    _, found = await suggest(scope, upload, InspectionRequest(), ("uploadId",))
    assert found.mapping["id"] == large["id"]
    assert await saved_mappings.find_for(scope, ["E-mail", "E-mail"]) is None
    assert await saved_mappings.find_for(scope, None) is None
