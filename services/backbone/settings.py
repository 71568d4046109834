"""All settings of the service, from the environment, in one place.

`DATABASE_URL`, `REDIS_URL` and `S3_ENDPOINT_URL` name the servers, the AWS variables the store's keys; everything
else begins with `SOUNDSTAGE_`. `soundstage up` sets them for a service on one machine.
"""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.backbone.errors import BadSetting

MIB = 1 << 20
GIB = 1 << 30


def _names(value: object) -> object:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]


class Settings(BaseSettings):
    """What an operator may set; every duration is in seconds."""

    model_config = SettingsConfigDict(env_prefix="SOUNDSTAGE_", extra="ignore", frozen=True, populate_by_name=True)

    database_url: str = Field(alias="DATABASE_URL")
    redis_url: str = Field(alias="REDIS_URL")
    s3_endpoint_url: str | None = Field(None, alias="S3_ENDPOINT_URL")
    s3_access_key: str | None = Field(None, alias="AWS_ACCESS_KEY_ID")
    s3_secret_key: SecretStr | None = Field(None, alias="AWS_SECRET_ACCESS_KEY")
    s3_region: str = Field("us-east-1", alias="AWS_REGION")
    s3_bucket: str = "soundstage"
    s3_public_url: str | None = Field(None, description="The store as clients reach it, for presigned URLs")
    source_buckets: Names = Field((), description="Buckets that jobs may name as s3:// sources, comma-separated")

    secret: SecretStr = Field(min_length=32, description="Keys the hashes of API keys and seals webhook secrets")
    public_url: str = Field("http://127.0.0.1:8000", description="The API as clients reach it")
    cors_origins: Names = Field(
        (), description="Origins whose pages may call the API, comma-separated; none by default"
    )
    scratch: Path = Field(Path("/tmp/soundstage-scratch"), description="Where workers keep files while they work")
    allow_loopback: bool = Field(False, description="Let webhooks and sources reach this machine; for trying out only")

    clips: bool | None = Field(
        None, description="Write a proxy clip of every shot, for sound models that watch; unset: where such lie here"
    )
    lease: float = Field(30.0, gt=0, description="How long a claim lives without a heartbeat")
    heartbeat: float = Field(2.0, gt=0, description="How often a worker renews its lease and hears of a cancel")
    sweep: float = Field(1.0, gt=0, description="How often the keeper looks for what was left undone")
    hard_limit: float = Field(4 * 3600.0, gt=0, description="Longest time one step may run")
    attempts: int = Field(4, ge=1, description="Attempts of a step before it is failed for good")

    max_upload: int = Field(64 * GIB, gt=0, description="Largest film in bytes")
    upload_life: float = Field(24 * 3600.0, gt=0, description="How long an unfinished upload is kept")
    presign_life: float = Field(3600.0, gt=0, description="How long a presigned URL is good")
    retention: float = Field(7 * 24 * 3600.0, gt=0, description="How long a finished job is kept")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="The least that is logged")
    metrics_port: int | None = Field(None, ge=0, le=65535, description="Where keepers and workers serve their metrics")
    metrics_host: str = Field("127.0.0.1", description="The address that the metrics' port listens at")

    def __repr__(self) -> str:
        return "Settings(...)"  # never a secret in a log

    @property
    def lease_time(self) -> timedelta:
        """`lease` as a timedelta."""
        return timedelta(seconds=self.lease)


@cache
def settings() -> Settings:
    """The process's settings.

    Raises:
        BadSetting: one is missing or makes no sense; the message names its variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        variable = name if name.isupper() else f"SOUNDSTAGE_{name.upper()}"
        raise BadSetting(f"{variable}: {first['msg']}; set it in the environment.") from error
