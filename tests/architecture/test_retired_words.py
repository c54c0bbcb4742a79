"""The words that the project no longer uses: in names of files, names, comments, docstrings, messages, SQL and documents.

Released migrations, tests of upgrades from them and CHANGELOG.md are exempt.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Retired(NamedTuple):
    """What is no longer written, what is written instead, and where (a part of a path; empty: everywhere).

    A text that holds none of `parts`, in lower case, is not searched: that takes a tenth of the time.
    """

    pattern: re.Pattern[str]
    instead: str
    parts: tuple[str, ...]
    where: tuple[str, ...] = ("",)


def _words(words: str, instead: str, *where: str) -> Retired:
    """Whole words, alone or as parts of snake_case and CamelCase names. `words` are alternatives in lower case."""
    capital = "|".join(word[0].upper() + word[1:] for word in words.split("|"))
    pattern = rf"(?<![A-Za-z])(?:{words}|{words.upper()}|{capital})(?![a-z])|(?<=[a-z])(?:{capital})(?![a-z])"
    return Retired(re.compile(pattern), instead, tuple(words.split("|")), where or ("",))


def _phrase(words: str, instead: str) -> Retired:
    """Words one after another, though a line break of a text or of a comment stands between them."""
    pattern = r"(?<!\w)" + words.replace(" ", r"(?:_|[\s#*-]+)") + r"(?!\w)"
    return Retired(re.compile(pattern, re.IGNORECASE), instead, (words.rpartition(" ")[2],))


def _name(name: str, instead: str, *where: str) -> Retired:
    """A name of Python, spelled exactly so."""
    pattern = re.compile(rf"(?<![\w'\"])(?:class {name}\b|{name}(?=[(\[.,):|\]]))")
    return Retired(pattern, instead, (name.lower(),), where or (".py",))


RETIRED: Final = (
    _words("bell|bells", "enqueue"),
    _words("errand|errands", "ProviderRequest"),
    _words("tally|tallies", "counters"),
    _words("doorkeeper", "Authenticator"),
    _words("stumble|stumbles|stumbled", "attempts"),
    _words("rulebook|rulebooks", "CompiledRules"),
    _words("seal|seals|sealed|sealing|unseal|unseals|unsealed", "secrets, encrypt, decrypt"),
    _words("lane|lanes", "lease"),
    _words("letter|letters", "InboundWebhook", "inbox", "webhook"),
    _words("desk|desks", "WorkerContext"),
    _words("sweep|sweeps", "PeriodicTask"),
    _name("HABITS", "PeriodicTask"),
    _words("leftover|leftovers", "cleanup, what is left"),
    _words("survey|surveys|surveyed", "inspection"),
    _words("trial|trials", "test send", "messaging", "broadcasts"),
    _words("buried|bury|undead", "deleted"),
    _words("whoever|whom", "who, or the noun that is meant"),
    _phrase("rules? in force", "active rule"),
    _phrase("force version", "active_version"),
    _phrase("told out to", "logged_up_to"),
    _phrase("by hand", "manual, directly"),
    _phrase("told of", "notified of"),
    _phrase("for ever", "forever, for good"),
    _phrase("(?:take|takes|taken|taking|took) in", "process, receive"),
    _phrase("by numbers", "by_ids"),
    _name("Asked", "GraphQLRequest"),
    _name("Told", "FormattedError"),
    _name("Odd", "Fallback"),
    _name("Deep", "DeferredField"),
    _name("Burst", "EventBatch"),
    _name("Followed", "CompiledRules"),
    _name("Line", "Threshold", "models/"),
    _name("Slot", "Placeholder"),
)

SUFFIXES: Final = {".py", ".sql", ".md", ".graphql", ".toml", ".yml", ".yaml", ".mjs", ".css", ".html", ""}
PASSED_OVER: Final = {"node_modules", "__pycache__"}
EXEMPT: Final = (
    ".git",
    "CHANGELOG.md",
    "bench/data/",
    "schema/server/pages/static/",
    "tests/architecture/test_retired_words.py",
    *(f"models/db/migrations/{number:04}_" for number in (*range(1, 13), 15, 16, 18)),
    "tests/models/db/rows_of_",
    "tests/models/db/test_upgrades.py",
)


STILL_READ: Final = re.compile("sealing_keys|MUSTER_SEALING_KEYS")
"""Old names that installations may still use."""


def files() -> list[str]:
    """The files of the project that people read, by their paths."""
    found: list[str] = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in PASSED_OVER and (name == ".ci" or name[0] != ".")]
        found += [str((Path(folder) / name).relative_to(ROOT)) for name in names if Path(name).suffix in SUFFIXES]
    return sorted(path for path in found if not path.startswith(EXEMPT))


def found_in(path: str, text: str) -> Iterator[str]:
    """Each retired word of a file, with its place and what is written instead."""
    text = STILL_READ.sub("", text)
    lowered = f"{path}\n{text}".lower()
    for retired in RETIRED:
        if any(part in path for part in retired.where) and any(part in lowered for part in retired.parts):
            if retired.pattern.search(path):
                yield f"{path} is called so: write {retired.instead}"
            for match in retired.pattern.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                yield f"{path}:{line} says {' '.join(match[0].split())!r}: write {retired.instead}"


def test_no_retired_word_is_used() -> None:
    found = [line for path in files() for line in found_in(path, (ROOT / path).read_text())]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the bells ring", 1),
        ("WorkerBells ring_bells BELLS", 3),
        ("bellows, Isabell, barbells", 0),
        ("changed by\n    # hand", 1),
        ("by handing it on", 0),
        ("class Told: pass", 1),
        ("Told what to do, it waits", 0),
        ("taken into account", 0),
    ],
)
def test_a_word_is_found_in_names_and_over_line_breaks_and_in_no_other_word(text: str, words: int) -> None:
    assert len(list(found_in("a.py", text))) == words
