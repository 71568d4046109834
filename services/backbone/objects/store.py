"""The object store, over boto3: S3, or any server that speaks it; and what clients do with it by presigned URLs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from services.backbone.errors import NotFound, Unprocessable
from services.backbone.objects.contents import Contents, Found
from services.backbone.objects.digests import to_header
from services.backbone.objects.disposition import attachment
from services.backbone.objects.failures import translated
from services.backbone.objects.parts import (
    Part,
    PartUrl,
    Unfinished,
    check_size,
    latest_parts,
    to_complete,
    with_digests,
)
from services.backbone.objects.writer import Stored

__all__ = ["Found", "ObjectStore", "Part", "PartUrl", "Stored", "Unfinished"]


@dataclass(frozen=True)
class ObjectStore(Contents):
    """One bucket and all in it, for ourselves and, with our signature, for clients.

    May be used from many threads; a forked process gets connections of its own.
    """

    def presign_get(self, key: str, filename: str, content_type: str, life: float, *, inline: bool = False) -> str:
        """A URL that fetches an object for `life` seconds, and saves it as `filename` unless shown `inline`."""
        parameters = {
            "Bucket": self.bucket,
            "Key": key,
            "ResponseContentType": content_type,
            "ResponseContentDisposition": attachment(filename, inline=inline),
        }
        with translated("The object"):
            return self.signer.generate_presigned_url("get_object", Params=parameters, ExpiresIn=int(life))

    def create_upload(self, key: str, content_type: str, *, digests: bool = False) -> str:
        """Begin an upload in parts; returns the store's id of it.

        With `digests`, the SHA-256 of every part must be declared when it is signed, without it of none: S3 refuses
        parts with a checksum of another kind than was announced, and those without one where one was.
        """
        parameters = {"Bucket": self.bucket, "Key": key, "ContentType": content_type}
        algorithm = {"ChecksumAlgorithm": "SHA256"} if digests else {}
        with translated("The upload"):
            return self.client.create_multipart_upload(**parameters, **algorithm)["UploadId"]  # type: ignore[arg-type]

    def presign_part(
        self, key: str, store_upload: str, number: int, size: int, sha256: str | None, life: float
    ) -> PartUrl:
        """Where to send one part of exactly `size` bytes, and of these contents where `sha256` (hex) says so."""
        headers = {"Content-Length": str(size)}
        parameters: dict[str, object] = {
            "Bucket": self.bucket,
            "Key": key,
            "UploadId": store_upload,
            "PartNumber": number,
            "ContentLength": size,
        }
        if sha256 is not None:
            parameters["ChecksumSHA256"] = headers["x-amz-checksum-sha256"] = to_header(sha256)
        with translated("The part"):
            url = self.signer.generate_presigned_url("upload_part", Params=parameters, ExpiresIn=int(life))
        return PartUrl(url, headers)

    def arrived_parts(self, key: str, store_upload: str) -> list[Part]:
        """The parts that arrived, by number. Raises NotFound when the upload is not under way."""
        pages = self.client.get_paginator("list_parts").paginate(Bucket=self.bucket, Key=key, UploadId=store_upload)
        with translated("The upload"):
            return latest_parts(part for page in pages for part in page.get("Parts", []))

    def is_lost(self, key: str, store_upload: str) -> bool:
        """Whether the store knows neither the upload nor an object from it: some forget what is under way.

        Raises Unavailable when the store is away: that is not to be lost.
        """
        try:
            with translated("The upload"):
                self.client.list_parts(Bucket=self.bucket, Key=key, UploadId=store_upload, MaxParts=1)
        except NotFound:
            return self.head(key) is None
        return False

    def complete_upload(
        self,
        key: str,
        store_upload: str,
        parts: Sequence[Part] | None = None,
        *,
        size: int | None = None,
        sha256: str | None = None,
        digests: Mapping[int, str] | None = None,
    ) -> int:
        """Make an object of the parts, `parts` or all that arrived; returns its size in bytes.

        May be called again when it was cut short. Where `size` or `sha256` are given, `check` follows.

        Args:
            key: of the object.
            store_upload: what `create_upload` returned.
            parts: those to join, where not all that arrived.
            size: what the whole should have in bytes.
            sha256: what the whole should have, in hex.
            digests: of the parts, in hex by number, where they were declared: SeaweedFS wants to hear them again, and
                does not list them.

        Raises:
            NotFound: the upload is not under way, and there is no object from it.
            Unprocessable: parts are missing, or the whole is not what was declared.
        """
        with suppress(NotFound):  # done by a call whose answer was lost, if there is an object
            arrived = self.arrived_parts(key, store_upload) if parts is None else parts
            self._join(key, store_upload, with_digests(arrived, digests or {}), size)
        return self.check(key, size, sha256)

    def check(self, key: str, size: int | None, sha256: str | None) -> int:
        """Compare an object with what was declared, and delete it if it is something else; returns its size in bytes.

        A digest is compared by reading the object once through: no store tells that of an object sent in parts.

        Raises:
            NotFound: there is no such object.
            Unprocessable: it is not what was declared.
        """
        stored = self.size(key)
        if size is not None and stored != size:
            self._refuse(key, f"The upload has {stored} bytes, not {size}; begin a new one.", "/size")
        if sha256 is not None and self.digest(key) != sha256.lower():
            self._refuse(key, "The upload has another SHA-256 than declared; begin a new one.", "/sha256")
        return stored

    def abort_upload(self, key: str, store_upload: str) -> None:
        """Give an upload up and free its parts; one that is not under way is no matter."""
        with suppress(NotFound), translated("The upload"):
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=store_upload)

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """The uploads under way whose key begins so, with the time when each was begun."""
        pages = self.client.get_paginator("list_multipart_uploads")
        with suppress(NotFound), translated("The uploads"):  # as some stores say where there are none
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                for each in page.get("Uploads", []):
                    yield Unfinished(each["Key"], each["UploadId"], each["Initiated"])

    def _join(self, key: str, store_upload: str, parts: Sequence[Part], size: int | None) -> None:
        listed = to_complete(parts)
        if size is not None:
            check_size(parts, size)
        with translated("The upload"):
            self.client.complete_multipart_upload(
                Bucket=self.bucket, Key=key, UploadId=store_upload, MultipartUpload={"Parts": listed}
            )

    def _refuse(self, key: str, why: str, pointer: str) -> None:
        self.delete([key])
        raise Unprocessable(why, pointer=pointer)
