"""The one bucket that everything lies in, and the connections to it."""

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Self, cast

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import ClientError
from pydantic import SecretStr

from services.backbone.objects.failures import code_of, status_of, translated
from services.backbone.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import BucketLifecycleConfigurationTypeDef, CreateBucketConfigurationTypeDef

_FIRST_REGION = "us-east-1"  # the only one that must not be named when a bucket is made
# What the store clears away by itself, should every sweeper of ours be gone.
_UNFINISHED = {
    "ID": "unfinished-uploads",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}


@dataclass(frozen=True)
class Bucket:
    """A bucket and its keys. May be used from many threads; a forked process gets connections of its own."""

    endpoint: str | None
    access_key: str | None
    secret_key: SecretStr | None
    region: str
    bucket: str
    public_endpoint: str | None = None
    source_buckets: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The bucket that the settings name."""
        return cls(
            endpoint=settings.s3_endpoint_url,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
            region=settings.s3_region,
            bucket=settings.s3_bucket,
            public_endpoint=settings.s3_public_url,
            source_buckets=settings.source_buckets,
        )

    @property
    def client(self) -> "S3Client":
        """The client of this process."""
        return self._client_at(self.endpoint)

    @property
    def signer(self) -> "S3Client":
        """A client that signs for the address at which users reach the store."""
        return self._client_at(self.public_endpoint or self.endpoint)

    def ping(self) -> None:
        """Ask whether the bucket answers. Raises Unavailable when the store is away, NotFound without the bucket."""
        with translated("The bucket"):
            self.client.head_bucket(Bucket=self.bucket)

    def ensure_bucket(self) -> None:
        """Make the bucket, unless it is there. Raises Unavailable when the store is away."""
        with translated("The bucket"):
            if not self._exists() and self._create():
                self._let_store_clear()

    def _exists(self) -> bool:
        try:
            self.client.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if status_of(error) == 404:
                return False
            raise
        return True

    def _create(self) -> bool:
        """Whether it was made here, not by another process at the same time."""
        try:
            if self.endpoint is None and self.region != _FIRST_REGION:
                place = cast("CreateBucketConfigurationTypeDef", {"LocationConstraint": self.region})
                self.client.create_bucket(Bucket=self.bucket, CreateBucketConfiguration=place)
            else:
                self.client.create_bucket(Bucket=self.bucket)
        except ClientError as error:
            if code_of(error) in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"} and self._exists():
                return False
            raise
        return True

    def _let_store_clear(self) -> None:
        rules = cast("BucketLifecycleConfigurationTypeDef", {"Rules": [_UNFINISHED]})
        try:
            self.client.put_bucket_lifecycle_configuration(Bucket=self.bucket, LifecycleConfiguration=rules)
        except ClientError:
            return  # not every store knows this; our own sweeper does the same, sooner

    def _client_at(self, endpoint: str | None) -> "S3Client":
        return _client(os.getpid(), endpoint, self.access_key, self.secret_key, self.region)


@lru_cache(maxsize=32)
def _client(
    process: int, endpoint: str | None, access: str | None, secret: SecretStr | None, region: str
) -> "S3Client":
    del process  # only part of the cache's key: connections do not survive a fork
    config = Config(
        signature_version="s3v4",
        connect_timeout=3,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 3},
        s3={"addressing_style": "path" if endpoint else "auto"},
        max_pool_connections=32,
        # SHA-256 is sent and checked by us; some stores answer a range with the checksum of the whole.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    # A session of its own: the default one must not be used from several threads.
    return Session().client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        region_name=region,
        config=config,
    )
