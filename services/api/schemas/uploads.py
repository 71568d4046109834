"""Uploads: what a client declares, and where it is to send what."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from services.api.schemas.base import Body, Moment, Sha256, View
from services.backbone.ledger.tables import UploadState
from services.backbone.objects.parts import LEAST_PART, MOST_PART, MOST_PARTS

# What S3 can hold: ten thousand parts of 5 GiB.
_MOST_BYTES = MOST_PARTS * MOST_PART

FileName = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f/\\]+$")]
MediaType = Annotated[str, StringConstraints(max_length=120, pattern=r"^[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+$")]


class DeclaredPart(Body):
    """A part as its sender declares it."""

    size: int = Field(ge=1, le=MOST_PART, description="Bytes; all parts but the last have 5 MiB at least")
    sha256: Sha256 | None = Field(None, description="The store refuses a part that has another; for all parts or none")


class UploadRequest(Body):
    """A film that is to be sent; in equal parts, or in the parts that are declared."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"filename": "harbour.mp4", "size": 1288490188}],
            "not": {
                "required": ["part_size", "parts"],
                "properties": {"part_size": {"type": "integer"}, "parts": {"type": "array"}},
            },
        }
    )

    filename: FileName = Field(description="The film's name; shown, never used as a path")
    size: int = Field(ge=1, le=_MOST_BYTES, description="Bytes of the whole")
    content_type: MediaType = Field("application/octet-stream", description="Its media type, if you know")
    sha256: Sha256 | None = Field(None, description="Of the whole; checked when the upload is completed")
    part_size: int | None = Field(None, ge=LEAST_PART, le=MOST_PART, description="Bytes of all parts but the last")
    parts: list[DeclaredPart] | None = Field(
        None, min_length=1, max_length=MOST_PARTS, description="Sizes and digests of the parts, in order"
    )

    @model_validator(mode="after")
    def _one_way(self) -> "UploadRequest":
        if self.part_size is not None and self.parts is not None:
            raise ValueError("give part_size or parts, not both")
        return self


class PartView(View):
    """Where a part is to be sent, and how."""

    number: int
    size: int = Field(description="Exactly so many bytes")
    method: str = Field(description="PUT")
    url: str
    headers: dict[str, str] = Field(
        description="To be sent as they are; your HTTP library may add Content-Length itself"
    )
    expires_at: Moment = Field(description="Ask for the part again after this")


class PartsPage(View):
    """Some parts of an upload."""

    data: list[PartView]
    next_from: int | None = Field(description="Give it as `from` to get what follows; null at the end")


class ArrivedPart(View):
    """A part that is in the store."""

    number: int
    size: int


class UploadView(View):
    """An upload as it stands."""

    id: str
    state: UploadState
    filename: str
    content_type: str
    size: int
    sha256: str | None
    part_count: int
    created_at: Moment
    expires_at: Moment = Field(description="When the upload is given up, unless it is completed")
    completed_at: Moment | None
    status_url: str
    parts_url: str
    complete_url: str


class UploadStatus(UploadView):
    """An upload, and what of it is there."""

    arrived: list[ArrivedPart] = Field(description="The parts that arrived; send the others. Empty once it has ended")


class UploadCreated(UploadView):
    """An upload that was just begun."""

    parts: list[PartView] = Field(description="The first parts; more at `parts_url`")
    next_from: int | None = Field(description="The first part that is not among them; null when all are")
