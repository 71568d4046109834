"""`python -m services.backbone.objects.prepare`: makes the bucket, and lets pages of the allowed origins use it.

May be run at any time, and again. A bucket that somebody else keeps needs it not.
"""

import sys

import structlog

from services.backbone import logs
from services.backbone.objects.failures import translated
from services.backbone.objects.store import ObjectStore
from services.backbone.settings import settings
from soundstage.errors import SoundstageError

_log = structlog.get_logger()


def prepare(store: ObjectStore, origins: tuple[str, ...]) -> None:
    """Make the bucket ready to be used.

    Args:
        store: where it is.
        origins: whose pages may send and fetch films; with none, what the bucket allows is left as it is.

    Raises:
        Unavailable: the store is away.
    """
    store.ensure_bucket()
    if not origins:
        return
    rule = {
        "AllowedOrigins": list(origins),
        "AllowedMethods": ["GET", "HEAD", "PUT"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag", "Content-Length", "Content-Range"],
        "MaxAgeSeconds": 3600,
    }
    with translated("The bucket"):
        store.client.put_bucket_cors(Bucket=store.bucket, CORSConfiguration={"CORSRules": [rule]})  # type: ignore[list-item]


def main() -> None:
    """Prepare the bucket of the settings."""
    try:
        chosen = settings()
        logs.configure("bucket")
        prepare(ObjectStore.of(chosen), chosen.cors_origins)
    except SoundstageError as error:
        sys.exit(str(error))
    _log.info("the bucket is ready", bucket=chosen.s3_bucket, origins=chosen.cors_origins)


if __name__ == "__main__":
    main()
