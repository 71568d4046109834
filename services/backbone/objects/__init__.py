"""The object store: S3 or anything that speaks it."""
