"""Who uses the console in these tests, and what they may do."""

import asyncio
import fcntl
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from models import db
from muster.local.postgres import Postgres
from tests.kit.run import START_SECONDS, Run, until

SETTINGS: Final = {"MUSTER_WEBHOOK_LOCAL": "true"}
"""Of the Muster that runs for the tests: webhooks may go to a server of a test."""

PASSWORD: Final = "seven purple umbrellas"

SIGN_IN: Final = """
    mutation ($email: String!, $password: String!) {
        signIn(email: $email, password: $password) { token userErrors { message } }
    }
"""
MEMBER: Final = """
    mutation ($input: MemberCreateInput!) { memberCreate(input: $input) { member { id } userErrors { message } } }
"""
SET_PASSWORD: Final = """
    mutation ($token: String!, $new: String!) { passwordSet(token: $token, new: $new) { userErrors { message } } }
"""

GUESTS: Final = """
    INSERT INTO contacts (workspace_id, name, email, created_at)
    SELECT w.id, 'Guest ' || n, 'guest' || n || '@bighouse.example', timestamptz '2026-01-01' + n * interval '1 second'
    FROM workspaces w, generate_series(1, $2::int) n WHERE w.name = $1
"""


@dataclass(frozen=True)
class Person:
    email: str
    password: str = PASSWORD


NEWCOMER: Final = Person("ana@casaverde.example")

HOST: Final = Person("host@bighouse.example")


@dataclass
class Muster:
    """A run with the demo workspace, and what tests do in it over the API, beside the browser."""

    run: Run

    @property
    def url(self) -> str:
        return self.run.url

    @cached_property
    def admin(self) -> Person:
        """The admin of the demo workspace."""
        until(lambda: "Stop       Ctrl-C" in self.run.said(), START_SECONDS)
        demo = json.loads((self.run.data_dir / "demo.json").read_text())
        return Person(demo["email"], demo["password"])

    @cached_property
    def stranger(self) -> Person:
        """A USER of the demo workspace who has no permission at all."""
        person = Person("nobody@demo.example")
        member = {"email": person.email, "name": "Nora Nobody", "password": person.password, "role": "USER"}
        self.once("stranger", lambda: self.do(MEMBER, input=member))
        return person

    @cached_property
    def newcomer(self) -> Person:
        """The admin of a workspace of their own, which is empty."""
        self.once("newcomer", lambda: self.move_in("Casa Verde", NEWCOMER))
        return NEWCOMER

    @cached_property
    def host(self) -> Person:
        """The admin of a workspace with 100,000 contacts, from Guest 1, the first one who came, to Guest 100000."""
        self.once("host", self._make_big_house)
        return HOST

    def once(self, name: str, make: Callable[[], Any]) -> None:
        """Makes something that all processes of the tests use; the others wait until it is there."""
        with (self.run.data_dir / f"{name}.made").open("a") as made:
            fcntl.flock(made, fcntl.LOCK_EX)
            if Path(made.name).stat().st_size == 0:  # the file knows where its end was when it was opened
                make()
                made.write("yes")

    def move_in(self, workspace: str, admin: Person) -> None:
        """A new workspace, and the password of its admin."""
        options = ("--zone", "Europe/Madrid", "--country", "ES", "--admin", admin.email)
        made = self.run.muster("workspace", "create", workspace, *options)
        link = re.search(r"/password/(\S+)", made.stdout)
        assert link is not None, made.stderr
        self.do(SET_PASSWORD, None, token=link[1], new=admin.password)

    def _make_big_house(self) -> None:
        self.move_in("Big House", HOST)
        self.execute(GUESTS, "Big House", 100_000)
        self.execute("ANALYZE contacts")

    def execute(self, statement: str, *arguments: object) -> None:
        """Does in the database what nobody can do by the API."""
        with ThreadPoolExecutor(1) as pool:  # this thread has a loop already, which is Playwright's
            pool.submit(lambda: asyncio.run(self._execute(statement, *arguments))).result()

    async def _execute(self, statement: str, *arguments: object) -> None:
        await db.connect(Postgres(self.run.data_dir / "postgres").url, pool_max=1)
        try:
            await db.execute(statement, *arguments)
        finally:
            await db.disconnect()

    @cached_property
    def _tokens(self) -> dict[str, str]:
        return {}

    def token(self, person: Person) -> str:
        """A bearer token of a person."""
        if person.email not in self._tokens:
            answer = self.run.ask(SIGN_IN, email=person.email, password=person.password)
            self._tokens[person.email] = answer["data"]["signIn"]["token"]
        return self._tokens[person.email]

    def ask(self, query: str, person: Person | None = None, **variables: Any) -> Any:
        """The data of a query, asked by a person, or by the admin."""
        answer = self.run.ask(query, self.token(person or self.admin), **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def do(self, mutation: str, person: Person | str | None = "admin", **variables: Any) -> Any:
        """The payload of a mutation that has no errors, done by a person, by the admin, or (None) by nobody."""
        caller = self.admin if isinstance(person, str) else person
        answer = self.run.ask(mutation, None if caller is None else self.token(caller), **variables)
        assert "errors" not in answer, answer["errors"]
        (payload,) = answer["data"].values()
        assert payload["userErrors"] == [], payload["userErrors"]
        return payload
