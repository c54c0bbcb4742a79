"""All segments of a workspace in one file: exported, edited, compared, and made so in another workspace."""

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from models.contacts import fields as contact_fields
from models.rules.tree import FieldType
from models.segments import segments
from models.segments.segments import SegmentKind
from muster.client.segments import segment
from tests.kit.api import application, bearer_of, serving
from tests.kit.command_line import CommandLine, Ended
from tests.kit.segments import dynamic_segment, in_segment, static_segment
from tests.kit.workspaces import new_workspace

FILE = """
[[segment]]
name = "Rich in Paris"
kind = "DYNAMIC"
rule = "city = 'Paris' and in segment 'Rich'"

[[segment]]
name = "Rich"
kind = "DYNAMIC_PLUS"
description = "Those who bought much"
rule = '''
sum(purchase, total) within last 1 year > 1000
'''

[[segment]]
name = "VIPs"
kind = "DYNAMIC"
rule = "tagged 'gold' or in segment 'Rich'"
"""


@dataclass
class Segments:
    """`muster segment` with a token, in a thread of this process."""

    url: str
    token: str

    async def run(self, *arguments):
        options = SimpleNamespace(settings=SimpleNamespace(token=SecretStr(self.token), called_url=self.url))
        ran = await asyncio.to_thread(CliRunner().invoke, segment, arguments, obj=options)
        return Ended(ran.exit_code, ran.stdout, ran.stderr)


@pytest.fixture
async def muster(database, redis_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with serving(application(redis_url=redis_url)) as address:

        async def of(scope):
            return Segments(f"http://{address}", await bearer_of(scope))

        yield of


async def rules_of(scope, muster):
    exported = await muster.run("export")
    assert exported.code == 0, exported.errors
    return exported.output


async def test_a_workspace_is_made_like_a_file_and_another_one_like_it(muster, tmp_path):
    scope = await new_workspace()
    await contact_fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    vips = await dynamic_segment(scope)
    await static_segment(scope, [], name="Chosen")
    line = await muster(scope)
    (tmp_path / "a.toml").write_text(FILE)

    shown = await line.run("apply", "a.toml", "--dry-run")
    assert shown.code == 0, shown.errors
    assert [(row["action"], row["name"]) for row in shown.rows] == [
        ("create", "Rich"), ("create", "Rich in Paris"), ("change", "VIPs"),
    ]  # fmt: skip
    assert shown.rows[2]["changes"]["rule"] == {
        "from": "tagged any ('vip')",
        "to": "tagged 'gold' or in segment 'Rich'",
    }
    assert (await segments.get(scope, vips.id)).version == 1

    done = await line.run("apply", "a.toml")
    assert (done.code, done.errors.splitlines()[-1]) == (0, "Done.")
    again = await line.run("apply", "a.toml")
    assert (again.code, again.rows) == (0, [])
    assert "3 as they are; 1 are not in the file, and stay" in again.errors

    assert (await line.run("export", "-o", "b.toml")).code == 0
    assert "tagged any ('gold') or in segment 'Rich'" in (tmp_path / "b.toml").read_text()
    other = await new_workspace("Other")
    await contact_fields.create(other, key="city", label="City", kind=FieldType.TEXT)
    away = await dynamic_segment(other, name="Away")
    there = await muster(other)
    moved = await there.run("apply", "b.toml", "--delete")
    assert moved.code == 0, moved.errors
    assert {row["action"] for row in moved.rows} == {"create", "delete"}
    exported = await CommandLine(there.url, there.token, tmp_path).run("segment", "export")
    assert (exported.code, exported.output) == (0, (tmp_path / "b.toml").read_text())
    assert await segments.find(other, away.id) is None


async def test_a_file_with_mistakes_changes_nothing(muster, tmp_path):
    scope = await new_workspace()
    used = await dynamic_segment(scope, name="Used")
    await dynamic_segment(scope, in_segment(used), name="User")
    line = await muster(scope)

    async def applied(content, *options):
        (tmp_path / "a.toml").write_text(content)
        return await line.run("apply", "a.toml", *options)

    def table(name, rule, kind="DYNAMIC"):
        return f'[[segment]]\nname = "{name}"\nkind = "{kind}"\nrule = """{rule}"""\n'

    wrong = await applied(table("Fine", "score > 1") + table("A", "scroe > 1") + table("B", "score ==\n 1 and 5"))
    assert wrong.code == 2
    assert "'A', line 1, column 1 of the rule: there is no field" in wrong.errors
    assert "'B', line 1, column 7 of the rule" in wrong.errors
    circle = await applied(table("A", "in segment 'B'") + table("B", "in segment 'A'"))
    assert "name each other: 'A' -> 'B' -> 'A'" in circle.errors
    assert "make it DYNAMIC_PLUS" in (await applied(table("A", "not (score > 1 or count(x) > 1)"))).errors
    assert "never changes its kind" in (await applied(table("Used", "score > 1", "DYNAMIC_PLUS"))).errors
    assert {one.name for one in await segments.Segment.filter(workspace_id=scope.workspace_id)} == {"Used", "User"}
    in_use = await applied(table("User", "in segment 'Used'"), "--delete")
    assert (in_use.code, "is used by" in in_use.errors) == (1, True)


async def test_segments_that_share_a_name_are_told_apart_by_id(muster, tmp_path):
    scope = await new_workspace()
    first, second = [await dynamic_segment(scope, name="Same"), await dynamic_segment(scope, name="Same")]
    line = await muster(scope)
    text = await rules_of(scope, line)
    assert text.count("\nid = ") == 2
    (tmp_path / "a.toml").write_text(text.replace('name = "Same"', 'name = "First"', 1))
    assert (await line.run("apply", "a.toml")).code == 0
    names = {(await segments.get(scope, one.id)).name for one in (first, second)}
    assert names == {"First", "Same"}
    static = await segments.create(scope, SegmentKind.STATIC, name="Same")
    (tmp_path / "a.toml").write_text('[[segment]]\nname = "Same"\nkind = "STATIC"\n')
    told = await line.run("apply", "a.toml")
    assert (told.code, "2 segments are called so, so give an id" in told.errors) == (2, True)
    assert static.segment.version == 1
