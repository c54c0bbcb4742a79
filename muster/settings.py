"""All settings, from the environment and `.env` (the environment wins). Only this module reads them; the rooms get plain
values."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from muster.errors import SetupError

PREFIX = "MUSTER_"

QUEUES = ("realtime", "bulk", "broadcast", "webhook")
"""`models.queue.work.Queue`, repeated to avoid loading the ORM."""

TEST_PREFIX = f"{PREFIX}TEST_"
"""Only tests read these."""

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the API processes of one port share their metrics; the name is that of the Prometheus client."""

RENAMED = {"sealing_keys": "secret_keys"}
"""Old names, which are still read, to new names."""

HEADINGS = {
    "host": "Where",
    "database_url": "Servers",
    "storage_url": "Files",
    "api_processes": "Processes",
    "secret": "Signing in",
    "allowed_origins": "Limits of the API",
    "change_log_days": "Keeping",
    "whatsapp_url": "WhatsApp",
    "webhook_local": "Webhooks",
    "meta_url": "Advertising audiences",
    "url": "Operators' commands",
    "log_format": "Logs",
}
"""For docs/settings.md and .env.example, by the first setting below each."""


class Settings(BaseSettings):
    """`make docs` generates docs/settings.md and .env.example from this."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    host: str = Field(
        "127.0.0.1", description="Address that the API listens on. `0.0.0.0` accepts calls from other machines."
    )
    port: int = Field(8000, ge=1, le=65535, description="Port that the API listens on.")
    public_url: str | None = Field(
        None,
        description="Address under which browsers and clients reach Muster, for links. Its path is that of the console; the proxy"
        " may take the path away or leave it. Unset: `http://HOST:PORT`.",
        examples=["https://muster.example.com"],
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks of the proxies in front, separated by commas: their X-Forwarded-For names the caller."
        " Unset: the address that connects is the caller.",
        examples=["10.0.0.0/8"],
    )
    data_dir: Path = Field(
        Path(".muster"),
        description="Folder for everything that Muster keeps on this machine: the embedded servers' data, files, the secret.",
    )

    database_url: str | None = Field(
        None,
        description="PostgreSQL 15 to 18, as a libpq URL. Unset: an embedded one in the data directory.",
        examples=["postgresql://muster:PASSWORD@db.internal:5432/muster"],
    )
    redis_url: str | None = Field(
        None,
        description="Redis 6.2 or newer, or Valkey, with persistence on. Unset: an embedded Valkey in the data directory.",
        examples=["redis://cache.internal:6379/0"],
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        le=200,
        description="Maximum of connections to PostgreSQL per process; on a cluster, of an API process to each node too.",
    )
    statement_timeout_ms: int = Field(
        10_000, ge=100, description="Time limit of one SQL statement of an API operation, in milliseconds."
    )

    storage_url: str | None = Field(
        None,
        description="Where the files of imports and exports are kept: a folder that API and workers share, or a bucket."
        " Unset: `files` in the data directory.",
        examples=["s3://muster-files/production"],
    )
    s3_endpoint: str | None = Field(
        None,
        description="Address of the bucket's server, if it is not Amazon's.",
        examples=["https://minio.internal:9000"],
    )
    s3_region: str | None = Field(None, description="Region of the bucket.", examples=["eu-west-1"])
    s3_access_key_id: SecretStr | None = Field(
        None, description="Access key of the bucket. Unset: the machine's own role."
    )
    s3_secret_access_key: SecretStr | None = Field(None, description="Secret of the access key.")

    api_processes: int = Field(1, ge=1, le=64, description="API processes that `muster up` and `muster api` start.")
    workers_per_queue: int = Field(1, ge=1, le=64, description="Worker processes per queue that `muster up` starts.")
    worker_metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Port on which a worker serves Prometheus metrics, on MUSTER_HOST. Unset: none. One worker per port.",
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="What Prometheus sends as a bearer token to read /metrics, of the API and of workers. Unset: only callers on"
        " the same machine may read them.",
        examples=["$(openssl rand -hex 32)"],
    )
    least_free_mib: int = Field(
        256,
        ge=0,
        description="With less free space in the folder of MUSTER_STORAGE_URL, in MiB, /health/ready answers 503. A bucket has"
        " no such limit.",
    )
    demo: bool = Field(True, description="Whether `muster up` fills an empty database with a demo workspace.")

    secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="Signs bearer tokens and links; 32 characters or more, the same for every process of an installation."
        " Unset: made at the first start and kept in the data directory.",
        examples=["$(openssl rand -hex 32)"],
    )
    session_minutes: int = Field(60, ge=1, le=1440, description="How long a token of `signIn` is valid, in minutes.")
    session_days: int = Field(
        30, ge=1, le=365, description="How long a session can be kept with `tokenRefresh`, in days."
    )

    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Web origins that may call the API from a browser, separated by commas; `*` for all. The API's own"
        " origin always may.",
        examples=["https://app.example.com,https://admin.example.com"],
    )
    allowed_headers: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Request headers that browsers may send from those origins, separated by commas, besides those of the"
        " usual clients and tracing tools, which always may be sent.",
        examples=["x-tenant,x-feature-flags"],
    )
    body_limit_kib: int = Field(2048, ge=16, description="Largest body of a GraphQL request, in KiB.")
    upload_limit_mib: int = Field(512, ge=1, description="Largest file that can be uploaded for an import, in MiB.")
    cost_bucket: int = Field(
        1_000_000, ge=100, description="Most points of `extensions.cost` that one caller can spend at once."
    )
    cost_per_second: int = Field(50_000, ge=1, description="Points that a caller gets back each second.")
    cost_per_operation: int = Field(100_000, ge=100, description="Most points that a single operation may cost.")

    change_log_days: int = Field(
        90,
        ge=1,
        description="How long the logs of membership changes and of events are kept, in days. An older cursor is"
        " refused.",
    )

    activity_days: int | None = Field(
        None,
        ge=1,
        description="How long activities are kept after they occurred, in days. Rules over activities no longer see what is"
        " dropped, and segments follow. Unset: for good.",
        examples=["730"],
    )
    job_days: int = Field(
        365,
        ge=40,
        description="How long jobs are kept after their end, in days. Files of exports are kept for 7 days, reports of imports"
        " and what undoes them for 30.",
    )
    failed_webhook_days: int = Field(
        90,
        ge=1,
        description="How long inbound webhooks that could not be processed are kept for a person, in days. All others are gone"
        " when they are processed.",
    )
    workflow_step_days: int = Field(
        400,
        ge=1,
        description="How long the log of what contacts did in workflows is kept, in days, and who was inside. An older cursor"
        " is refused.",
    )

    whatsapp_url: str | None = Field(
        None,
        description="Address of the WhatsApp Cloud API, without a version. Unset: `muster up` starts a sandbox that behaves like"
        " it and sends nothing, on MUSTER_PORT + 90 or near it, and uses that.",
        examples=["https://graph.facebook.com"],
    )
    whatsapp_version: str = Field(
        "v26.0", pattern=r"^v[0-9]{1,3}\.[0-9]$", description="Version of the Cloud API to use."
    )
    whatsapp_timeout_seconds: float = Field(
        20.0,
        gt=0,
        le=300,
        description="Time limit of a call of the Cloud API. A message without an answer in time is UNCONFIRMED.",
    )
    broadcast_failure_percent: float = Field(
        50.0,
        ge=1,
        le=100,
        description="A broadcast is paused when more than this percentage of its recent messages fail (of at least 100).",
    )
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Keys that encrypt the secrets of channels and endpoints in the database, and the cursors of lists; 32"
        " characters or more each, separated by commas: the first encrypts, all decrypt, so that a key can be replaced."
        " Unset: derived from MUSTER_SECRET.",
    )

    tracking_events_per_second: int = Field(
        5_000,
        ge=1,
        description="How many events a tracking key may record in a second, over all API processes; ten times as many at once.",
    )
    webhook_local: bool = Field(
        False,
        description="Whether webhook endpoints may use http and addresses of this machine: for development and tests. Otherwise"
        " only https to public addresses is allowed.",
    )

    meta_url: str | None = Field(
        None,
        description="Address of Meta's Marketing API, without a version. Unset: `muster up` starts a sandbox that behaves like it"
        " and shows nobody anything, on MUSTER_PORT + 92 or near it, and uses that.",
        examples=["https://graph.facebook.com"],
    )
    meta_version: str = Field(
        "v26.0", pattern=r"^v[0-9]{1,3}\.[0-9]$", description="Version of the Marketing API to use."
    )
    meta_timeout_seconds: float = Field(
        60.0, gt=0, le=300, description="Time limit of a call of the Marketing API, which takes up to 10,000 people."
    )

    url: str | None = Field(
        None,
        description="Address of the API that `muster import`, `export`, `recompute`, `broadcast`, `jobs` and `job` call. Unset:"
        " MUSTER_PUBLIC_URL, or this machine's API.",
        examples=["https://muster.example.com"],
    )
    token: SecretStr | None = Field(
        None, description="API token that these commands call it with.", examples=["$(cat token)"]
    )

    sealing_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field((), description="The old name of `secret_keys`.")

    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="`json` for machines, `text` for people; `auto` is text on a terminal and JSON elsewhere."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Lowest level that is logged.")

    @field_validator("allowed_origins", "allowed_headers", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("secret_keys", "sealing_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: Any) -> Any:
        keys = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        if any(isinstance(key, str) and len(key) < 32 for key in keys):
            raise ValueError("each key needs 32 characters or more")
        return tuple(keys)

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    def renamed_in_use(self) -> Iterator[tuple[str, str]]:
        """The variables that are set by an old name, each with its new name."""
        for old, new in RENAMED.items():
            if getattr(self, old):
                yield variable(old), variable(new)

    @property
    def called_url(self) -> str:
        """The URL that operators' commands call, without a slash at the end."""
        return (self.url or self.served_url).rstrip("/")

    @property
    def served_url(self) -> str:
        """The URL for clients, without a slash at the end."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared, not listened on
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


def metrics_token(settings: Settings) -> str | None:
    return None if settings.metrics_token is None else settings.metrics_token.get_secret_value()


def variable(setting: str) -> str:
    return f"{PREFIX}{setting.upper()}"


def environment_with(**variables: str) -> dict[str, str]:
    """Returns this process's environment with more variables, for a child process."""
    return os.environ | variables


def metrics_folder() -> Path | None:
    """The folder in which this process shares its metrics with others."""
    folder = os.environ.get(METRICS_FOLDER)
    return Path(folder) if folder else None


def unknown_variables() -> list[str]:
    """Returns variables with our prefix that are no setting: misspelt, or of another version."""
    known = {variable(name) for name in Settings.model_fields}
    ours = (name for name in os.environ if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX))
    return sorted(name for name in ours if name not in known)


def read_settings() -> Settings:
    """SetupError, with a line for each invalid setting."""
    try:
        return Settings()
    except ValidationError as error:
        raise SetupError("\n".join(_line(problem) for problem in error.errors(include_input=False))) from None


def _line(problem: Any) -> str:
    name = variable(str(problem["loc"][0])) if problem["loc"] else "settings"
    message = problem["msg"][0].lower() + problem["msg"][1:]
    return f"{name}: {message} (docs/settings.md says what it is for)"
