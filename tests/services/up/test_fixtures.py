"""The fixtures of the service's tests give what they promise."""

from collections.abc import Mapping

import boto3
import psycopg
import redis

from services.backbone.settings import Settings, settings


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    return {name for (name,) in rows}


def test_databases_are_migrated_and_apart(database_url: str, fresh_database_url: str) -> None:
    assert tables(database_url) == tables(fresh_database_url)
    assert "alembic_version" in tables(database_url)
    assert database_url != fresh_database_url


def test_an_empty_database_is_empty(empty_database_url: str) -> None:
    assert tables(empty_database_url) == set()


def test_redis_is_empty_and_never_evicts(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_settings_name_the_servers_and_the_bucket(
    service_settings: Settings, database_url: str, bucket: str, object_store_env: Mapping[str, str]
) -> None:
    assert service_settings.database_url == database_url
    assert service_settings.s3_bucket == bucket
    assert service_settings.s3_endpoint_url == object_store_env["S3_ENDPOINT_URL"]
    assert settings() is service_settings


def test_the_bucket_takes_objects(bucket: str, object_store_env: Mapping[str, str]) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=object_store_env["S3_ENDPOINT_URL"],
        aws_access_key_id=object_store_env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=object_store_env["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )
    client.put_object(Bucket=bucket, Key="a/b", Body=b"sound")
    assert client.get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"sound"
