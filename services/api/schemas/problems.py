"""Problem documents (RFC 9457)."""

from pydantic import BaseModel, ConfigDict, Field


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    detail: str = Field(description="What is wrong, and what to do about it")
    pointer: str | None = Field(None, description="Where in the body, as a JSON pointer (RFC 6901)")
    parameter: str | None = Field(None, description="The parameter or header at fault")


class Problem(BaseModel):
    """Why a request was not answered as asked (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "https://soundstage.example/problems/unprocessable",
                    "title": "The content is not acceptable",
                    "status": 422,
                    "detail": "A part has 5 MiB to 5 GiB; declare larger parts.",
                    "instance": "req_01jdk3w5t7m2q9v8x4c6b1n0za",
                    "errors": [{"detail": "A part has 5 MiB to 5 GiB; declare larger parts.", "pointer": "/part_size"}],
                }
            ]
        }
    )

    type: str = Field(description="A URI that names the kind of problem; it does not change")
    title: str = Field(description="The kind of problem in words")
    status: int = Field(description="The HTTP status")
    detail: str = Field(description="What is wrong this time, and what to do about it")
    instance: str = Field(description="The id of the request, as in its X-Request-Id header")
    errors: list[Fault] | None = Field(None, description="What is wrong, one by one")
