"""Segments as a file that people read and review: TOML, with rules in their text form."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.items import String

from muster.client.exits import CommandEnds, Exit

KINDS: Final = ("STATIC", "DYNAMIC", "DYNAMIC_PLUS")

_KEYS: Final = ("id", "name", "kind", "description", "rule")

_HEAD: Final = (
    "The segments of a workspace. `muster segment apply FILE` makes a workspace so; members are not in the file.",
    "docs/rule-query.md explains the rules.",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A segment in a file. `segment_id` is there when several segments have its name."""

    name: str
    kind: str
    description: str | None = None
    rule: str | None = None
    segment_id: str | None = None


def write(entries: Iterable[Entry]) -> str:
    document = tomlkit.document()
    for line in _HEAD:
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    tables = tomlkit.aot()
    for entry in entries:
        table = tomlkit.table()
        for key, value in zip(
            _KEYS, (entry.segment_id, entry.name, entry.kind, entry.description, entry.rule), strict=True
        ):
            if value is not None:
                table.add(key, _long(value) if key == "rule" else _string(value))
        tables.append(table)
    document.add("segment", tables)
    # TOML ignores a newline after three quotes, which no text can have in it.
    return re.sub(r'^rule = """(?=.)', 'rule = """\n', tomlkit.dumps(document), flags=re.MULTILINE)


def _long(rule: str) -> String:
    """Between three quotes, of which the last stand in a line of their own."""
    return _string(f"{rule}\n")


def _string(text: str) -> String:
    """TOML makes one newline of a carriage return and a newline, so such a text stays in one line, with escapes."""
    return tomlkit.string(text, multiline="\n" in text and "\r" not in text)


def read(path: Path) -> list[Entry]:
    """Raises CommandEnds that says what is wrong in the file."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _wrong(path, str(error)) from None
    tables = document.get("segment", [])
    if set(document) - {"segment"} or not isinstance(tables, list):
        raise _wrong(path, "it may only have tables [[segment]]")
    entries = [_entry(path, number, table) for number, table in enumerate(tables, start=1)]
    _refuse_doubles(path, entries)
    return entries


def _entry(path: Path, number: int, table: Any) -> Entry:
    where = f"segment {number}"
    if not isinstance(table, dict):
        raise _wrong(path, f"{where} is no table")
    if isinstance(table.get("name"), str):
        where = f"segment {table['name']!r}"
    for key, value in table.items():
        if key not in _KEYS or not isinstance(value, str):
            raise _wrong(path, f"{where} has {key!r}: a segment has the texts {', '.join(_KEYS)}")
    if "name" not in table or table.get("kind") not in KINDS:
        raise _wrong(path, f"{where} needs a name, and a kind that is one of {', '.join(KINDS)}")
    if (table["kind"] == "STATIC") is ("rule" in table):
        raise _wrong(path, f"{where} is {table['kind']}: only dynamic segments have a rule, and they need one")
    rule = table.get("rule")
    description = table.get("description", "").strip() or None
    return Entry(
        table["name"].strip(), table["kind"], description, None if rule is None else rule.strip(), table.get("id")
    )


def _refuse_doubles(path: Path, entries: list[Entry]) -> None:
    names = Counter(entry.name for entry in entries if entry.segment_id is None)
    ids = Counter(entry.segment_id for entry in entries if entry.segment_id is not None)
    for double in (key for key, count in (names + ids).items() if count > 1):
        raise _wrong(path, f"{double!r} is there twice: each segment has one table, and an id where names are the same")


def _wrong(path: Path, message: str) -> CommandEnds:
    return CommandEnds(Exit.USAGE, f"{path}: {message}")
