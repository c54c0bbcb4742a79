"""Logging of structlog and the standard library, as JSON or text, without personal data and secrets."""

import logging
import logging.config
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from muster.settings import Settings

HIDDEN = "[hidden]"

SECRET_KEYS = re.compile(
    r"(pass(word|wd)?|secret|token|authorization|cookie|api_?key|signature|dsn|(database|redis)_url)$", re.IGNORECASE
)
PERSONAL_KEYS = re.compile(r"(^|_)(e?mail|phone|recipient|wa_id|to_number|birth|address|ip)(_|$)", re.IGNORECASE)

_IN_TEXT = (
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"), "[account]"),
    (re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"(?<![\w.:-])\+[1-9](?:[ ().-]?\d){6,14}(?!\w)"), "[phone]"),
    (re.compile(r"(?<![\w.:-])\d{10,15}(?![\w.:-])"), "[number]"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"), "[token]"),
    (re.compile(r"\b(?:muster|mst)_[\w-]{24,}"), "[token]"),
    (re.compile(r"(?i)\b(bearer|basic) [\w.~+/=-]{8,}"), r"\1 [token]"),
)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Must be the last processor before rendering. Hides by key and by pattern."""
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: Any) -> Any:
    if SECRET_KEYS.search(key) or PERSONAL_KEYS.search(key):
        return HIDDEN if value not in (None, "") else value
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {inner: _clean(str(inner), part) for inner, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [_clean("", part) for part in value]
    if isinstance(value, int | float | bool | None):
        return value
    return redact_text(str(value))


def redact_text(text: str) -> str:
    """Hides e-mail addresses, international phone numbers, tokens and passwords in URLs."""
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


def is_text(log_format: str, out: TextIO) -> bool:
    return log_format == "text" or (log_format == "auto" and out.isatty())


def set_up_logging(level: str, log_format: str, stream: TextIO | None = None) -> None:
    """`log_format`: json, text, or auto (text on a terminal)."""
    out = stream or sys.stderr
    as_text = is_text(log_format, out)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if as_text else "iso", utc=not as_text),
        structlog.processors.StackInfoRenderer(),
    ]
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendering(as_text, out.isatty()))
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    _quieten()
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def warn_of_renamed(settings: Settings) -> None:
    for old, new in settings.renamed_in_use():
        structlog.get_logger("muster.settings").warning(
            f"{old} is the old name of {new}: set {new} instead, to the same value"
        )


def _rendering(as_text: bool, colours: bool) -> list[Processor]:
    """Exceptions become text before `redact`, so that their values are hidden too."""
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0)]
        if as_text
        else [structlog.processors.EventRenamer("message"), structlog.processors.JSONRenderer()]
    )
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        *last,
    ]


def _quieten() -> None:
    """They log too much, or quote SQL statements with values."""
    for name in ("tortoise", "asyncio", "aiohttp.access", "strawberry.execution", "uvicorn.error", "arq"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # While the database is away it warns of each try, with a traceback; models.db.outages says it once a second.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
