"""Many subscribers of one API process, beside bare sockets."""

import asyncio
import json
import sys
import time

import psutil

from bench.environment import Place, cpu_seconds, free_port, process
from bench.serving import api
from bench.table import Result
from bench.world import bearer, empty_of_segments
from models import db
from models.changelog.members import MEMBERS
from models.changelog.read import read_head
from models.membership import manual_changes
from models.membership.origins import Origin
from permissions.principal import Scope

SUBSCRIBERS = 500
RATES = (200, 150, 100, 50)
GOAL_P99_MS = 500
BARE = f"bare sockets, {SUBSCRIBERS} x {RATES[0]}/s"


async def measure(place: Place, url: str, scope: Scope) -> list[Result]:
    """The largest rate that reaches all in time."""
    await empty_of_segments(scope)
    segment_id = await db.fetch_value(
        "INSERT INTO segments (workspace_id, name, kind) VALUES ($1, 'followed', 'STATIC') RETURNING id",
        scope.workspace_id,
    )
    found = {}
    for rate in RATES:
        with api(place, url) as (port, server):
            figures = await _followed(place, scope, segment_id, port, server, rate, "sockets")
        found[f"{SUBSCRIBERS} subscribers, {rate} changes/s"] = figures
        if figures["delivered %"] == 100 and figures["p99"] <= GOAL_P99_MS:
            break
    with api(place, url) as (port, server):
        figures = await _followed(place, scope, segment_id, port, server, RATES[0], "events")
    found[f"the same as events, {RATES[0]} changes/s"] = figures
    bare = await _bare(place, RATES[0])
    await empty_of_segments(scope)
    return [*(_beside(name, figures, bare) for name, figures in found.items()), Result(BARE, bare)]


def _beside(name: str, figures: dict[str, float], bare: dict[str, float]) -> Result:
    ratios = {figure: figures[figure] / bare[figure] for figure in ("p50", "p99", "API CPU %")}
    goal = f"goal: all, p99 {GOAL_P99_MS}" if f"{RATES[0]} changes/s" in name else ""
    return Result(name, figures, BARE, ratios, goal)


async def _followed(
    place: Place, scope: Scope, segment_id: int, port: int, api: psutil.Process, rate: int, way: str
) -> dict[str, float]:
    seconds = max(5.0, place.seconds * 2)
    total = int(rate * seconds)
    followers = await _followers(port, total, seconds + 20, way, await bearer(scope))
    began, cpu = time.perf_counter(), cpu_seconds(api)
    await _change_members(scope, segment_id, rate, total)
    heard = await _heard(followers)
    cpu = (cpu_seconds(api) - cpu) / (time.perf_counter() - began) * 100
    return _figures(heard, total) | {"API CPU %": cpu}


async def _followers(port: int, total: int, seconds: float, way: str, bearer: str) -> asyncio.subprocess.Process:
    numbers = [str(number) for number in (port, SUBSCRIBERS, total, seconds)]
    arguments = ["-m", "bench.followers", "127.0.0.1", *numbers, way, bearer]
    followers = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert followers.stdout is not None
    assert await followers.stdout.readline() == b"ready\n"
    return followers


async def _heard(followers: asyncio.subprocess.Process) -> dict[str, float]:
    assert followers.stdout is not None
    heard: dict[str, float] = json.loads(await followers.stdout.readline())
    await followers.wait()
    return heard


def _figures(heard: dict[str, float], total: int) -> dict[str, float]:
    share = heard["delivered"] / (total * SUBSCRIBERS) * 100
    return {"p50": heard["p50_ms"], "p99": heard["p99_ms"], "delivered %": share, "their CPU %": heard["cpu_percent"]}


async def _change_members(scope: Scope, segment_id: int, rate: int, total: int) -> None:
    """A few per commit, as an engine under load writes them."""
    each = max(1, rate // 50)
    rows = await db.fetch(
        "SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY id LIMIT $2", scope.workspace_id, each
    )
    ids = [row["id"] for row in rows]
    before, start, done = (await read_head(scope, MEMBERS)).position, time.perf_counter(), 0
    while done < total:
        some = ids[: total - done]
        moved = {"remove": some} if (done // each) % 2 else {"add": some}
        await manual_changes.change_members(scope, segment_id, origin=Origin.API, **moved)
        done = (await read_head(scope, MEMBERS)).position - before
        await asyncio.sleep(max(0.0, start + done / rate - time.perf_counter()))


async def _bare(place: Place, rate: int) -> dict[str, float]:
    """Texts of the same size, at the same rate."""
    port = free_port()
    seconds = max(5.0, place.seconds * 2)
    total = int(rate * seconds)
    arguments = ["-m", "bench.bare_sockets", str(port), str(rate)]
    with process(arguments, place.environment(""), f"http://127.0.0.1:{port}/", "bare_sockets.log") as bare:
        followers = await _followers(port, total, seconds + 20, "sockets", "")
        began, cpu = time.perf_counter(), cpu_seconds(bare)
        heard = await _heard(followers)
        figures = _figures(heard, total)
        figures["API CPU %"] = (cpu_seconds(bare) - cpu) / (time.perf_counter() - began) * 100
    figures["delivered %"] = min(100.0, figures["delivered %"])
    return figures
