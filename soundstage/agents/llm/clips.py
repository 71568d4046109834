"""Clips for servers that speak OpenAI's protocol and more: vLLM, say, takes them where OpenAI itself takes none."""

from typing import Any

from pydantic_ai.messages import BinaryContent
from pydantic_ai.models.openai import OpenAIChatModel


class ClipChatModel(OpenAIChatModel):
    """A model that is also sent clips, as vLLM's `video_url` parts."""

    # The client has no public way to a part that OpenAI's own protocol lacks; its version is pinned.
    async def _map_binary_content_item(self, item: BinaryContent) -> Any:  # noqa: ANN401
        if item.is_video:
            return {"type": "video_url", "video_url": {"url": item.data_uri}}
        return await super()._map_binary_content_item(item)
