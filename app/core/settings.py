"""Settings: environment variables with the prefix `STAGELINE_`, each with its unit."""

from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, model_validator
from pydantic.functional_validators import BeforeValidator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.core.secret_box import SecretBox
from app.core.secret_keys import parse_keys


def _split_commas(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _check_keys(value: SecretStr) -> SecretStr:
    parse_keys(value.get_secret_value())
    return value


def _check_url(value: str) -> str:
    try:
        make_url(value)
        urlsplit(value).port  # noqa: B018 # raises
    except (ArgumentError, ValueError):
        raise ValueError("this is not a database URL, such as postgresql://user@host:5432/name") from None
    return value


Networks = Annotated[list[IPv4Network | IPv6Network], NoDecode, BeforeValidator(_split_commas)]
Origins = Annotated[list[str], NoDecode, BeforeValidator(_split_commas)]
SecretKeys = Annotated[SecretStr, AfterValidator(_check_keys)]
DatabaseUrl = Annotated[str, AfterValidator(_check_url)]

LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


class Settings(BaseSettings):
    """Everything an operator may set; read once, at the composition root."""

    model_config = SettingsConfigDict(env_prefix="STAGELINE_", extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: DatabaseUrl | None = Field(
        default=None,
        validation_alias=AliasChoices("database_url", "DATABASE_URL", "STAGELINE_DATABASE_URL"),
        description="Postgres to use; absent: an embedded one in the data directory.",
        repr=False,  # it may hold a password
    )
    direct_database_url: DatabaseUrl | None = Field(
        default=None,
        description="Postgres itself, where the database URL is a pooler of transactions, such as PgBouncer.",
        repr=False,  # as above
    )
    migration_database_url: DatabaseUrl | None = Field(
        default=None,
        description="Postgres URL of the owner that migrates; absent: that of the service, past a pooler.",
        repr=False,  # as above
    )
    data_dir: Path | None = Field(
        default=None, description="Where the embedded Postgres lives; absent: $XDG_DATA_HOME/stageline."
    )
    postgres_bindir: Path | None = Field(
        default=None,
        description="Directory of the Postgres binaries for the embedded server; absent: the packaged ones.",
    )
    secret_keys: SecretKeys = Field(
        default=SecretStr(""),
        description="Keys that stored secrets are encrypted with, `<id>:<base64 of 32 bytes>`, comma separated, the "
        "newest first; absent with the embedded Postgres: a key in the data directory.",
    )
    database_pool_size: int = Field(default=10, ge=1, le=500, description="Connections of one API process.")
    worker_pool_size: int = Field(default=4, ge=2, le=100, description="Connections of one worker.")
    database_acquire_timeout_seconds: float = Field(
        default=1.0,
        gt=0,
        description="How long a request waits for a connection of the pool; while the queue stands, not at all.",
    )
    statement_timeout_ms: int = Field(default=15_000, ge=0)
    lock_timeout_ms: int = Field(default=5_000, ge=0)
    idle_in_transaction_timeout_ms: int = Field(default=30_000, ge=0)
    caller_cache_seconds: float = Field(
        default=1.0, ge=0, le=1.0, description="How long a resolved credential is believed; bounds revocation."
    )
    openid_issuer: str | None = Field(
        default=None, description="The `iss` of bearer tokens that are believed; absent: none are."
    )
    openid_audience: str | None = Field(default=None, description="What the `aud` of tokens must name.")
    openid_jwks_url: str | None = Field(
        default=None, description="Where the provider's keys are; absent: where its discovery document says."
    )
    openid_user_claim: str = Field(
        default="sub", description="The claim that holds a user's `external_id`, or `email` for the e-mail address."
    )
    openid_organization_id: UUID | None = Field(default=None, description="The organization of all tokens.")
    openid_organization_claim: str | None = Field(
        default=None, description="The claim that holds the organization's id, where it is not one for all."
    )
    openid_scope_claim: str | None = Field(
        default=None, description="The claim with the scopes of a token; absent: all that its user may do."
    )
    openid_leeway_seconds: float = Field(
        default=30.0, ge=0, le=120, description="How far the provider's clock may be from this one."
    )
    openid_keys_fresh_seconds: float = Field(
        default=300.0, ge=30, le=86_400, description="How old the provider's keys may be before they are fetched again."
    )
    openid_allowed_networks: Networks = Field(
        default=[], description="Networks that the provider may be in although they are not public, comma separated."
    )
    openid_allow_http: bool = Field(default=False, description="Whether the provider may use http instead of https.")
    max_body_bytes: int = Field(default=1_048_576, ge=1_024)
    body_deadline_seconds: float = Field(
        default=30.0, gt=0, description="How long a request's body may take to arrive, all of it."
    )
    rate_limit_window_seconds: int = Field(
        default=10, ge=1, le=3_600, description="The window of the rate limits: what is used up comes back in it."
    )
    rate_limit_key_requests: int = Field(
        default=1_000, ge=0, description="Requests of one key in a window, to one process; 0: as many as it likes."
    )
    rate_limit_organization_requests: int = Field(
        default=5_000, ge=0, description="Requests of one organization in a window, to one process; 0: no limit."
    )
    rate_limit_unknown_keys: int = Field(
        default=100,
        ge=0,
        description="Unknown keys that one client address may have looked up in a window, and all addresses together "
        "ten times as many; 0: no limit.",
    )
    max_requests_in_flight: int = Field(
        default=100, ge=1, description="Requests that one API process works on at once; more are answered 503 at once."
    )
    max_connections: int = Field(
        default=4_000, ge=1, description="Connections of clients to one API process; more are answered 503 and closed."
    )
    max_header_bytes: int = Field(default=32_768, ge=1_024, description="A request's line and headers.")
    header_deadline_seconds: float = Field(
        default=10.0, gt=0, description="How long a request's headers may take to arrive, all of them."
    )
    keep_alive_seconds: int = Field(
        default=5, ge=1, le=3_600, description="How long a connection that is not used stays open."
    )
    shutdown_delay_seconds: float = Field(
        default=1.0,
        ge=0,
        description="How long, after SIGTERM, a process is not ready any more and still takes requests.",
    )
    is_behind_tls: bool = Field(
        default=False,
        description="Whether clients reach the service by https only; browsers are then told to keep to it.",
    )
    cors_allowed_origins: Origins = Field(default=[], description="Origins of browser applications, comma separated.")
    event_retention_months: int | None = Field(
        default=None, ge=1, description="Whole months for which events are kept; absent: for ever."
    )
    attempt_retention_months: int = Field(
        default=3, ge=1, description="Whole months for which attempts and settled deliveries are kept."
    )
    audit_retention_months: int | None = Field(
        default=None, ge=1, description="Whole months for which the audit log is kept; absent: for ever."
    )
    webhook_allowed_networks: Networks = Field(
        default=[], description="Networks that webhooks may reach although they are not public, comma separated."
    )
    webhook_allow_http: bool = Field(default=False, description="Whether endpoints may use http instead of https.")
    webhook_deadline_seconds: float = Field(default=15.0, gt=0, le=60)
    webhook_concurrency: int = Field(default=50, ge=1, le=1_000, description="Open webhook requests of one worker.")
    webhook_in_flight: int = Field(
        default=1_000,
        ge=1,
        description="Sent webhooks of one worker that are not settled yet: those come again when it is killed.",
    )
    max_event_streams: int = Field(default=200, ge=1, description="Open event streams of one API process.")
    event_stream_heartbeat_seconds: float = Field(default=15.0, gt=0)
    event_stream_slow_reader_seconds: float = Field(
        default=60.0, gt=0, le=86_400, description="How long an event stream waits for a client that takes nothing."
    )
    metrics_token: SecretStr = Field(
        default=SecretStr(""), description="What `/metrics` asks for; absent: it answers this machine only."
    )
    metrics_address: str | None = Field(
        default=None,
        pattern=r"^[^\s/]+:\d{1,5}$",
        description="Where the first process of `stageline serve --workers` shows its metrics, `<host>:<port>`, and "
        "each further one at the next port; absent: nowhere.",
    )
    worker_metrics_address: str | None = Field(
        default=None,
        pattern=r"^[^\s/]+:\d{1,5}$",
        description="Where `stageline worker` shows its metrics, `<host>:<port>`; absent: nowhere.",
    )
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    @model_validator(mode="after")
    def _check_pooler(self) -> Self:
        if self.direct_database_url is not None and self.database_url is None:
            raise ValueError("STAGELINE_DIRECT_DATABASE_URL needs DATABASE_URL, the pooler")
        return self

    @model_validator(mode="after")
    def _check_openid(self) -> Self:
        if self.openid_issuer is None:
            return self
        if not self.openid_audience:
            raise ValueError("STAGELINE_OPENID_ISSUER needs STAGELINE_OPENID_AUDIENCE")
        if (self.openid_organization_id is None) == (self.openid_organization_claim is None):
            raise ValueError("STAGELINE_OPENID_ISSUER needs one of STAGELINE_OPENID_ORGANIZATION_ID and …_CLAIM")
        return self

    @cached_property
    def is_embedded(self) -> bool:
        """Whether the service brings its own Postgres."""
        return self.database_url is None

    @property
    def is_pooled(self) -> bool:
        """Whether a pooler lends the service its connections, for one transaction each."""
        return self.direct_database_url is not None

    @property
    def service_url(self) -> str:
        """Where transactions go; raises `ValueError` without a database."""
        if self.database_url is None:
            raise ValueError("there is no database URL; `stageline serve` brings an embedded one")
        return self.database_url

    @property
    def session_url(self) -> str:
        """Postgres itself, for what outlives a transaction: listening, and the lock of a migration."""
        return self.direct_database_url or self.service_url

    def secret_box(self) -> SecretBox:
        """What seals and opens stored secrets; raises `SecretKeysMissing`."""
        return SecretBox(parse_keys(self.secret_keys.get_secret_value()))

    def server_options(self) -> dict[str, str]:
        """Server settings of every connection: no statement, lock or idle transaction outlives its timeout."""
        return {
            "statement_timeout": str(self.statement_timeout_ms),
            "lock_timeout": str(self.lock_timeout_ms),
            "idle_in_transaction_session_timeout": str(self.idle_in_transaction_timeout_ms),
        }

    def for_development(self) -> "Settings":
        """The same settings with webhooks to this machine allowed, as the embedded default needs them."""
        return self.model_copy(
            update={
                "webhook_allow_http": True,
                "webhook_allowed_networks": [*self.webhook_allowed_networks, *LOOPBACK],
            }
        )
