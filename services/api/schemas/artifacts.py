"""What a job made, as it is told."""

from pydantic import Field

from services.api.schemas.base import Moment, Sha256, View


class ArtifactView(View):
    """Something that a job made, and where to fetch it."""

    name: str = Field(description="film, master.flac, stems/ambience.flac, cuesheet.json, captions.vtt, ...")
    content_type: str
    bytes: int
    sha256: Sha256
    revision: int = Field(description="The job's round of work that made it")
    created_at: Moment
    url: str = Field(description="Fetches it from us, with your API key; conditional and range requests are answered")
    presigned_url: str = Field(description="Fetches it from the store, without a key")
    expires_at: Moment = Field(description="Until when the presigned URL is good")


class ArtifactPage(View):
    """Artifacts of a job: by name, and those in folders last."""

    data: list[ArtifactView]
    next_cursor: str | None = Field(description="Give it as `cursor` to get what follows; null at the end")
