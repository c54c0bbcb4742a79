"""Who uses the console in these tests, and what they may do."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from tests.kit.run import Run, until

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


@dataclass(frozen=True)
class Person:
    email: str
    password: str = PASSWORD


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
        until(lambda: "Stop       Ctrl-C" in self.run.said(), 60)
        demo = json.loads((self.run.data_dir / "demo.json").read_text())
        return Person(demo["email"], demo["password"])

    @cached_property
    def stranger(self) -> Person:
        """A USER of the demo workspace who has no permission at all."""
        person = Person("nobody@demo.example")
        member = {"email": person.email, "name": "Nora Nobody", "password": person.password, "role": "USER"}
        self.do(MEMBER, input=member)
        return person

    @cached_property
    def newcomer(self) -> Person:
        """The admin of a workspace of their own, which is empty."""
        person = Person("ana@casaverde.example")
        options = ("--zone", "Europe/Madrid", "--country", "ES", "--admin", person.email)
        made = self.run.muster("workspace", "create", "Casa Verde", *options)
        link = re.search(r"/password/(\S+)", made.stdout)
        assert link is not None, made.stderr
        self.do(SET_PASSWORD, None, token=link[1], new=person.password)
        return person

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
        assert payload["userErrors"] == []
        return payload
