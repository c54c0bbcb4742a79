"""Random imports give the same contacts as plain Python that applies row by row."""

import csv
import io
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import db
from models.contacts.create import create_contact
from models.transfers.imports import run
from models.transfers.imports.mapping import BadCell, Column, Policy
from tests.kit.transfers import counts, everyone, imported, refused
from tests.kit.workspaces import new_workspace

FIELDS = ("external_id", "email", "phone", "name", "score", "whatsapp_consent", "tags")
KEYS = FIELDS[:3]
BAD = "@@@"

VALUES = {
    "external_id": st.sampled_from(["1", "2", "3", "4"]),
    "email": st.sampled_from([f"{c}@x.org" for c in "abcd"]),
    "phone": st.sampled_from(["+34600000001", "+34600000002", "+5511976500001", "+551176500001", "+5511976500002"]),
    "name": st.sampled_from(["Ana", "Bea", "=Cea"]),
    "score": st.sampled_from(["0", "5", "-7"]),
    "whatsapp_consent": st.sampled_from(["UNKNOWN", "OPTED_IN", "OPTED_OUT"]),
    "tags": st.sampled_from(["vip", "new;vip", "VIP;old"]),
}
ONE_NUMBER = {"+551176500001": "+5511976500001"}
EMPTY = {"score": 0, "whatsapp_consent": "UNKNOWN", "tags": ()}


def sparse(name: str, bad: bool) -> st.SearchStrategy[str]:
    wrong = [st.just(BAD)] if bad and name in ("email", "phone", "score", "whatsapp_consent") else []
    return st.one_of(st.just(""), VALUES[name], VALUES[name], VALUES[name], *wrong)


def rows(bad: bool, most: int) -> st.SearchStrategy[list[dict[str, str]]]:
    return st.lists(st.fixed_dictionaries({name: sparse(name, bad) for name in FIELDS}), max_size=most)


policies = st.fixed_dictionaries(
    {
        name: st.sampled_from(list(Policy) if name == "tags" else [p for p in Policy if p is not Policy.MERGE])
        for name in FIELDS
    }
)


# ---------------------------------------------------------------- the oracle


@dataclass
class Oracle:
    """Contacts as dicts, and an import that applies its rows one by one."""

    known: list[dict[str, Any]]
    policies: dict[str, Policy]
    overwrite: bool
    create: bool
    replace: bool = True
    may_lack: frozenset[str] = frozenset()
    """Fields of which a bad cell is left out."""
    partial: int = 0
    matched: list[dict[str, Any]] = field(default_factory=list)

    def outcome(self, row: dict[str, str]) -> str:
        lacking = {name for name, text in row.items() if text == BAD}
        if lacking - self.may_lack:
            return "rejected"
        values = {name: None if name in lacking else stored(name, text) for name, text in row.items()}
        outcome = self._outcome(values, lacking)
        self.partial += bool(lacking) and outcome in ("created", "updated", "unchanged")
        return outcome

    def _outcome(self, values: dict[str, Any], lacking: set[str]) -> str:
        given = {key: values[key] for key in KEYS if values[key] is not None}
        matches = [c for c in self.known if any(same(c[key], value) for key, value in given.items())]
        if not given or len(matches) > 1:
            return "rejected"
        return self._update(matches[0], values, lacking) if matches else self._create(values)

    def _is_taken(self, contact: dict[str, Any], values: dict[str, Any]) -> bool:
        """Found by e-mail or phone, the contact has another external id."""
        held, given = contact["external_id"], values["external_id"]
        fills = self.policies["external_id"] is Policy.FILL_EMPTY
        return not self.replace and not fills and None not in (held, given) and held != given

    def _create(self, values: dict[str, Any]) -> str:
        if not self.create:
            return "skipped"
        made = {name: EMPTY.get(name) if value is None else value for name, value in values.items()}
        made["tags"] = as_first_written(made["tags"])
        self.known.append(made)
        self.matched.append(made)
        return "created"

    def _update(self, contact: dict[str, Any], values: dict[str, Any], lacking: set[str]) -> str:
        if any(contact is one for one in self.matched) or not self.overwrite:
            return "skipped"
        if self._is_taken(contact, values):
            return "rejected"
        before = dict(contact)
        self._set_aside(before, values, lacking)
        for name, value in values.items():
            contact[name] = before[name] if name in lacking else self._merged(name, before[name], value)
        if before["whatsapp_consent"] == "OPTED_OUT":
            contact["whatsapp_consent"] = "OPTED_OUT"
        self.matched.append(contact)
        return "unchanged" if contact == before else "updated"

    def _set_aside(self, before: dict[str, Any], values: dict[str, Any], lacking: set[str]) -> None:
        """An opt-out stays, and the row is a partial one."""
        fills = self.policies["whatsapp_consent"] is Policy.FILL_EMPTY
        given = values["whatsapp_consent"]
        if before["whatsapp_consent"] == "OPTED_OUT" and given not in (None, "OPTED_OUT") and not fills:
            lacking.add("whatsapp_consent")

    def _merged(self, name: str, old: Any, new: Any) -> Any:
        policy, nothing = self.policies[name], EMPTY.get(name)
        if name == "tags" and new is not None:
            new = as_first_written(new)
            if policy is Policy.MERGE:
                return (*old, *(tag for tag in new if tag not in old))
            new = old if set(new) == set(old) else new
        if policy is Policy.FILL_EMPTY:
            return old if old != nothing or new is None else new
        if policy is Policy.REPLACE:
            return nothing if new is None else new
        return old if new is None else new


def stored(name: str, text: str) -> Any:
    if text == "":
        return None
    return int(text) if name == "score" else tuple(text.split(";")) if name == "tags" else text


def same(held: str | None, given: str) -> bool:
    return held is not None and ONE_NUMBER.get(held, held) == ONE_NUMBER.get(given, given)


def as_first_written(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("vip" if tag == "VIP" else tag for tag in tags)


# ---------------------------------------------------------------- the comparison


def consistent(candidates: list[dict[str, str]]) -> list[dict[str, str]]:
    """The contacts that have no key of an earlier one."""
    taken: set[tuple[str, str]] = set()
    kept = []
    for contact in candidates:
        keys = {(key, ONE_NUMBER.get(contact[key], contact[key])) for key in KEYS if contact[key]}
        if not keys & taken:
            kept.append(contact)
            taken |= keys
    return kept


def as_csv(given_rows: list[dict[str, str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, FIELDS)
    writer.writeheader()
    writer.writerows(given_rows)
    return text.getvalue()


@pytest.fixture
async def clean(database: str):
    """Empties the tables for each example."""

    async def empty() -> None:
        for table in ("contacts", "tags", "jobs", "import_changes", "import_refusals", "import_dry_keys", "uploads"):
            await db.execute(f"DELETE FROM {table}")

    return empty


@given(
    there=rows(False, 4),
    file=rows(True, 8).filter(bool),
    chosen=policies,
    overwrite=st.booleans(),
    create=st.booleans(),
    replace=st.booleans(),
    may_lack=st.frozensets(st.sampled_from(FIELDS)),
    chunk_rows=st.integers(1, 5),
)
async def test_an_import_does_what_its_rows_one_by_one_would_do(
    clean, monkeypatch, there, file, chosen, overwrite, create, replace, may_lack, chunk_rows
):
    if not (overwrite or create) or not any(any(row.values()) for row in file):
        return
    await clean()
    scope = await new_workspace()
    await create_contact(scope, {"tags": ["vip"]})  # so that this is how it is spelled
    there = consistent(there)
    for contact in there:
        wanted = {name: stored(name, text) for name, text in contact.items()}
        await create_contact(scope, {**wanted, "tags": list(as_first_written(wanted["tags"] or ()))})
    start = [{"tags": ("vip",), **{n: EMPTY.get(n) for n in FIELDS if n != "tags"}}] + [
        {**{n: EMPTY.get(n) if stored(n, c[n]) is None else stored(n, c[n]) for n in FIELDS}} for c in there
    ]
    for contact in start:
        contact["tags"] = tuple(dict.fromkeys(as_first_written(contact["tags"])))
    oracle = Oracle(start, chosen, overwrite, create, replace, may_lack)
    outcomes = [oracle.outcome(row) for row in file if any(row.values())]

    monkeypatch.setattr(run, "CHUNK_ROWS", chunk_rows)
    bad_cells = {True: BadCell.LEAVE_OUT, False: BadCell.REJECT_ROW}
    columns = [Column(name, name, chosen[name], bad_cells[name in may_lack]) for name in FIELDS]
    options = {"overwrite": overwrite, "create": create, "replace_external_id": replace}
    dry = await imported(scope, as_csv(file), *columns, **options, dry_run=True)
    wet = await imported(scope, as_csv(file), *columns, **options)

    expected = {name: outcomes.count(name) for name in run.COUNTS if name in outcomes}
    expected |= {"partial": oracle.partial} if oracle.partial else {}
    assert counts(wet) == expected
    assert counts(dry) == expected
    assert await refused(scope, dry) == await refused(scope, wet)
    found = [tuple(tuple(v) if isinstance(v, list) else v for v in row) for row in await everyone(scope, *FIELDS)]
    assert sorted(map(repr, found)) == sorted(repr(tuple(c[name] for name in FIELDS)) for c in oracle.known)
