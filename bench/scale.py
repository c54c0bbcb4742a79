"""Many workspaces on one server, and a Citus cluster beside one server.

BENCH_CITUS_URL names a database of a coordinator whose role may create databases on all nodes, as the tests do; without it
the second part is left out.
"""

import os

from bench.cluster import beside_one_server
from bench.environment import Place
from bench.idle import idle_workspaces
from bench.table import Result

TITLE = "Scale (milliseconds)"


async def measure(place: Place) -> list[Result]:
    results = await idle_workspaces(place)
    url = os.environ.get("BENCH_CITUS_URL")
    if url:
        results += await beside_one_server(place, url)
    else:
        print("BENCH_CITUS_URL names no cluster: Citus beside one server is left out")
    return results
