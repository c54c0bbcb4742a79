import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from muster.logs import redact_text, set_up_logging

TOKEN = "muster_" + "A1b2C3d4-_" * 4


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    set_up_logging("info", "json", out)
    yield out
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def line_of(stream: io.StringIO) -> dict[str, object]:
    line: dict[str, object] = json.loads(stream.getvalue().splitlines()[-1])
    return line


def test_a_line_for_machines_is_json(stream: io.StringIO) -> None:
    structlog.get_logger("muster.test").info("import ended", rows=3)
    line = line_of(stream)
    assert (line["message"], line["rows"], line["level"], line["logger"]) == ("import ended", 3, "info", "muster.test")


def test_the_standard_library_logs_in_the_same_format(stream: io.StringIO) -> None:
    logging.getLogger("library").warning("lost %s", "it", extra={"tries": 2})
    line = line_of(stream)
    assert (line["message"], line["tries"]) == ("lost it", 2)


def test_an_outage_of_the_database_has_no_traceback_for_each_try_of_the_pool(stream: io.StringIO) -> None:
    """What asks the database says that it does not answer: one line each second."""
    try:
        raise ConnectionRefusedError
    except ConnectionRefusedError:
        logging.getLogger("asyncpg.pool").warning(
            "Failed to restore the pool connection floor; retrying", exc_info=True
        )
    assert stream.getvalue() == ""


def test_a_line_for_people_is_not_json(stream: io.StringIO) -> None:
    out = io.StringIO()
    set_up_logging("info", "text", out)
    structlog.get_logger("muster.test").info("import ended", rows=3)
    assert "import ended" in out.getvalue()
    assert "rows=3" in out.getvalue()


@pytest.mark.parametrize(
    "key", ["email", "phone", "contact_phone", "password", "api_token", "secret", "recipient", "address"]
)
def test_personal_data_and_secrets_are_hidden_by_their_key(stream: io.StringIO, key: str) -> None:
    structlog.get_logger("muster.test").info("said", **{key: "the value itself"}, nested={key: ["the value itself"]})
    assert "the value itself" not in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "ada.lovelace@example.com",
        "+34 600 123 456",
        "+34600123456",
        "34600123456",
        TOKEN,
        "muster_12345678901234_" + "0123456789abcdef" * 4,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.XW7ipizDUmxx",
        "Bearer abcdefgh12345678",
        "postgresql://muster:hunter2@db/muster",
    ],
)
def test_personal_data_and_secrets_are_hidden_in_text(stream: io.StringIO, text: str) -> None:
    structlog.get_logger("muster.test").info(f"saw {text}, and went on", more=[f"({text})"])
    assert text not in stream.getvalue()
    assert "went on" in stream.getvalue()


def test_values_that_an_exception_quotes_are_hidden(stream: io.StringIO) -> None:
    try:
        raise ValueError("Key (email)=(ada@example.com) already exists")
    except ValueError:
        structlog.get_logger("muster.test").exception("failed")
    assert "ada@example.com" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


@pytest.mark.parametrize("text", ["2026-11-22T10:00:00Z", "10.000 rows", "segment 12345", "muster.membership", "12:30"])
def test_ordinary_text_is_kept(text: str) -> None:
    assert redact_text(text) == text
