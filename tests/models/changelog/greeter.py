"""A worker that follows a log with a stored reader; as a program, one process of it after the other, each killed a line later.

`python -m tests.models.changelog.greeter DATABASE_URL WORKSPACE_ID`: the nth process reads as the reader n, and ends without
a word before the nth line of the worker's or the reader's code. Prints how many that took: the last one came to its end.
"""

import asyncio
import itertools
import os
import sys
from types import FrameType
from typing import Any

from models import db
from models.accounts import workspaces
from models.changelog import readers
from models.changelog.events import EVENTS
from models.changelog.readers import StoredReader
from permissions.principal import Scope


async def read_all(scope: Scope, reader: StoredReader, limit: int = 1) -> None:
    """Process page after page, each with its effects in one transaction."""
    more = True
    while more:
        async with readers.next_page(scope, EVENTS, reader, limit) as page:
            if page is None:
                return
            for event in page.entries:
                await act(scope, reader, event.position)
            more = page.more


async def act(scope: Scope, reader: StoredReader, position: int) -> None:
    """The effect of an event."""
    await db.execute("INSERT INTO effects VALUES ($1, $2, $3)", scope.workspace_id, reader.id, position)


# ---------------------------------------------------------------- killed


class Killer:
    """Ends the process before it runs the nth line of these files."""

    def __init__(self, line: int, *files: str) -> None:
        self.left, self.files = line, files

    def enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        """To be given to sys.settrace."""
        return self.line if frame.f_code.co_filename in self.files else None

    def line(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Called before each line, among others."""
        self.left -= event == "line"
        if self.left == 0:
            os._exit(9)
        return self.line


async def die_at(line: int, url: str, workspace_id: int) -> None:
    await db.connect(url, pool_max=1)
    scope = await workspaces.find_system_scope(workspace_id)
    assert scope is not None
    reader = StoredReader("greeter", line)
    await readers.start(scope, EVENTS, reader, 0)
    sys.settrace(Killer(line, readers.__file__, __file__).enter)
    await read_all(scope, reader)
    os._exit(0)


def main() -> None:
    url, workspace_id = sys.argv[1], int(sys.argv[2])
    for line in itertools.count(1):
        child = os.fork()
        if child == 0:
            asyncio.run(die_at(line, url, workspace_id))
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != 9:
            assert status == 0
            print(line)
            return


if __name__ == "__main__":
    main()
