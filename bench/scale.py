"""Many workspaces on one server, what a contact and a change cost, and a Citus cluster beside one server.

BENCH_CITUS_URL names a database of a coordinator whose role may create databases on all nodes, as the tests do; without it
the last part is left out.
"""

import os

from bench.capacity import capacity
from bench.cluster import beside_one_server
from bench.environment import Place
from bench.idle import idle_workspaces
from bench.table import Result

TITLE = "Scale (milliseconds, unless the figure says otherwise)"


async def measure(place: Place) -> list[Result]:
    results = [*await idle_workspaces(place), *await capacity(place)]
    url = os.environ.get("BENCH_CITUS_URL")
    if url:
        results += await beside_one_server(place, url)
    else:
        print("BENCH_CITUS_URL names no cluster: Citus beside one server is left out")
    return results
